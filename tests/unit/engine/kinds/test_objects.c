#include "tests/unit/engine/kinds/life.h"

static const struct json *objects(struct life *life)
{
    return json_get(json_at(json_get(life_world(life), "buckets"), 0), "objects");
}

static struct str find_key(struct life *life, const char *part)
{
    JSON_EACH (object, objects(life)) {
        if (str_find(json_get_str(object, "key"), str_from(part)) != SIZE_MAX)
            return json_get_str(object, "key");
    }
    return STR_NULL;
}

static struct str without_two(struct life *life)
{
    return text_replace(
        life->arena, STR(LIFE_SPEC), "    - {name: two, hyperparameters: {max_depth: 3}}\n", "");
}

static void overwrite(struct life *life, struct aws *aws, struct arena *arena)
{
    struct s3_put_options options = {0};
    struct err err = {0};
    struct str key = find_key(life, "/two.tar.gz");
    assert_ok(
        s3_put(aws, arena, STR("life-bucket"), key, STR("theirs"), &options, NULL, &err), &err);
}

/* An object goes only as it was when the plan was made. */
static void what_changed_since_the_plan_stays(void **state)
{
    (void) state;
    for (int ignores = 0; ignores < 2; ignores++) {
        AUTO(life_close) struct life *life = life_new();
        if (ignores)
            life_tell(life, "settings", "{'s3IgnoresConditions':'true'}");
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        life->between = overwrite;
        assert_fails(
            life_apply(life, without_two(life)), ERR_PRECONDITION, &life->err,
            "changed since it was looked at");
        assert_false(str_is_null(find_key(life, "/two.tar.gz")));
        /* It is not ours any more, so it is nobody's business here. */
        life->between = NULL;
        life_settled(life, without_two(life));
    }
}

static void delete_it(struct life *life, struct aws *aws, struct arena *arena)
{
    struct err err = {0};
    struct str key = find_key(life, "/two.tar.gz");
    assert_ok(s3_delete(aws, arena, STR("life-bucket"), key, STR_NULL, &err), &err);
}

static void what_is_gone_already_is_fine(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life->between = delete_it;
    assert_ok(life_apply(life, without_two(life)), &life->err);
    life->between = NULL;
    life_settled(life, without_two(life));
}

static void what_may_not_be_deleted_is_said(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_deny(life, "s3:DeleteObject");
    assert_fails(life_apply(life, without_two(life)), ERR_DENIED, &life->err, "s3:DeleteObject");
    assert_non_null(strstr(life->err.hint, "s3:DeleteObject"));
    assert_fails(life_destroy(life, without_two(life)), ERR_PARTIAL, &life->err, "");
    life_allow(life);
    assert_ok(life_destroy(life, without_two(life)), &life->err);
    assert_int_equal(json_get(life_world(life), "buckets")->len, 0);
}

static void unfinished_uploads_go_with_the_stack(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_send(life, "s3", "POST", "/life-bucket/demo/models/x?uploads=", STR(""));
    life_send(life, "s3", "POST", "/life-bucket/elsewhere/x?uploads=", STR(""));
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    const struct json *buckets = json_get(life_world(life), "buckets");
    JSON_EACH (bucket, buckets) { /* an upload of somebody else does not keep an S3 bucket */
        JSON_EACH (upload, json_get(bucket, "uploads")) {
            assert_str(json_str(upload), "elsewhere/x");
        }
    }
}

static size_t n_uploads(struct life *life, const char *part)
{
    size_t n = 0;
    JSON_EACH (bucket, json_get(life_world(life), "buckets")) {
        JSON_EACH (upload, json_get(bucket, "uploads"))
            n += str_find(json_str(upload), str_from(part)) != SIZE_MAX;
    }
    return n;
}

/* What cannot be aborted is left, and the stack's record with it; somebody's upload stays anyway.
 */
static void an_upload_that_may_not_be_aborted_is_left(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_put(life, STR("demo/notes.txt"), STR("theirs")); /* it keeps the bucket */
    life_send(life, "s3", "POST", "/life-bucket/demo/models/x?uploads=", STR(""));
    life_send(life, "s3", "POST", "/life-bucket/demo/data/y?uploads=", STR(""));
    life_send(life, "s3", "POST", "/life-bucket/demo/notes.bin?uploads=", STR(""));
    life_deny(life, "s3:AbortMultipartUpload");
    assert_fails(
        life_destroy(life, STR(LIFE_SPEC)), ERR_PARTIAL, &life->err,
        "destroy was not finished: 2 left");
    assert_true(life_told(life, "aborting the upload of 'demo/data/y'"));
    assert_false(str_is_null(find_key(life, "control/stack.json")));
    assert_int_equal(n_uploads(life, "demo/"), 3);
    life_allow(life);
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(n_uploads(life, "demo/"), 1);
    assert_int_equal(n_uploads(life, "demo/notes.bin"), 1);
    assert_true(str_is_null(find_key(life, "control/stack.json")));
}

/* ---- artifacts of the user's own ---- */

struct fetching {
    struct str key, bytes;
};

static void fetch_work(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    struct fetching *fetching = arg;
    struct s3_get_options options = {0};
    struct str bytes;
    life->code = s3_get(
        aws, r->arena, STR("life-bucket"), fetching->key, &options, &bytes, NULL, &life->err);
    if (life->code == ERR_NONE)
        fetching->bytes = str_dup(life->arena, bytes);
}

/* A real artifact, made by training here, as own.tar.gz and at s3://life-bucket/theirs/. */
static struct life *life_with_artifact(void)
{
    struct life *life = life_new();
    struct err err = {0};
    struct str text =
        text_replace(life->arena, STR(LIFE_SPEC), "backend: sagemaker", "backend: local");
    assert_ok(life_apply(life, text), &life->err);
    struct fetching fetching = {.key = find_key(life, "/one.tar.gz")};
    life_run(life, fetch_work, &fetching);
    assert_ok(life->code, &life->err);
    assert_ok(life_destroy(life, text), &life->err);
    struct str path = path_join(life->arena, str_from(life->folder), STR("own.tar.gz"));
    assert_ok(file_write_atomic(str_z(life->arena, path), fetching.bytes, 0600, &err), &err);
    life_send(life, "s3", "PUT", "/life-bucket", STR(""));
    life_put(life, STR("theirs/own.tar.gz"), fetching.bytes);
    life_put(life, STR("theirs/broken.tar.gz"), STR("no gzip"));
    life_write(life, "broken.tar.gz", "no gzip");
    return life;
}

static struct str with_artifact(struct life *life, const char *source)
{
    return text_replace(
        life->arena, STR(LIFE_SPEC), "{name: two, hyperparameters: {max_depth: 3}}",
        str_z(life->arena, str_fmt(life->arena, "{name: two, %s}", source)));
}

static void own_artifacts(void **state)
{
    (void) state;
    static const char *const sources[] = {
        "artifact: own.tar.gz", "artifact: \"s3://life-bucket/theirs/own.tar.gz\""};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        AUTO(life_close) struct life *life = life_with_artifact();
        struct str text = with_artifact(life, sources[i]);
        assert_ok(life_apply(life, text), &life->err);
        assert_false(str_is_null(find_key(life, "/two.tar.gz")));
        life_settled(life, text);
        assert_ok(life_destroy(life, text), &life->err);
        assert_int_equal(objects(life)->len, 2); /* theirs */
    }
}

static void own_artifacts_that_are_none(void **state)
{
    (void) state;
    static const struct {
        const char *source;
        enum err_code code;
        const char *part;
    } cases[] = {
        {"artifact: broken.tar.gz", ERR_NONE, "model 'two': artifact 'broken.tar.gz'"},
        {"artifact: \"s3://life-bucket/theirs/broken.tar.gz\"", ERR_NONE, "model 'two': artifact"},
        {"artifact: \"s3://life-bucket/theirs/none.tar.gz\"", ERR_SPEC, "there is no object"},
        {"artifact: \"s3://life-bucket/theirs/\"", ERR_SPEC, ""},
        {"artifact: \"s3://no-such-bucket/x.tar.gz\"", ERR_SPEC, "there is no object"},
        {"artifact: missing.tar.gz", ERR_NOT_FOUND, "model 'two'"},
        {"artifact: \"s3://life-bucket/theirs/own.tar.gz\", sha256: "
         "1111111111111111111111111111111111111111111111111111111111111111",
         ERR_SPEC, "not the pinned one"},
    };
    AUTO(life_close) struct life *life = life_with_artifact();
    struct str before = life_dump(life);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum err_code code = life_apply(life, with_artifact(life, cases[i].source));
        if (code == ERR_NONE || (cases[i].code != ERR_NONE && code != cases[i].code) ||
            strstr(life->err.message, cases[i].part) == NULL)
            fail_msg("%s: %s: %s", cases[i].source, err_name(code), life->err.message);
        assert_int_equal(life->mutating, 0);
        assert_true(life->err.at.line > 0 || code == ERR_SPEC);
    }
    assert_str_len(life_dump(life), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changed_since_the_plan_stays),
        cmocka_unit_test(what_is_gone_already_is_fine),
        cmocka_unit_test(what_may_not_be_deleted_is_said),
        cmocka_unit_test(unfinished_uploads_go_with_the_stack),
        cmocka_unit_test(an_upload_that_may_not_be_aborted_is_left),
        cmocka_unit_test(own_artifacts),
        cmocka_unit_test(own_artifacts_that_are_none),
    };
    return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
