/* Many models: what a plan costs in requests, and that the record's hints only spare some - lost,
 * broken or stale, the plan for what exists is the same. */
#include "tests/unit/engine/kinds/life.h"

#include "engine/xgb/artifact.h"

#define MODELS 1100 /* with one older version each: three pages, listed in ranges */
#define FIXED_REQUESTS 11
#define EXTRA_PAGES 2

/* An artifact that passes every check, and is another one for each model and version. */
static void write_artifact(struct life *life, size_t i, unsigned version)
{
    struct err err = {0};
    char model[200] = "binf";
    snprintf(model + 100, sizeof(model) - 100, "model %zu version %u", i, version);
    AUTO(buf_done) struct buf packed = BUF_INIT(KIB(64));
    assert_ok(artifact_pack(str_of(model, sizeof(model)), &packed, &err), &err);
    char path[300];
    snprintf(path, sizeof(path), "%s/m%04zu.tar.gz", life->folder, i);
    FILE *file = fopen(path, "wb"); /* thousands, and nobody minds a power cut */
    assert_non_null(file);
    assert_int_equal(fwrite(packed.ptr, 1, packed.len, file), packed.len);
    fclose(file);
}

static struct str spec_of(struct life *life, size_t count, const char *targets)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    buf_fmt(
        &text,
        "apiVersion: mmectl/v1\nkind: MultiModelEndpoint\nmetadata: {name: demo}\nspec:\n"
        "  region: us-east-1\n  role: " LIFE_ROLE "\n"
        "  storage: {bucket: life-bucket, prefix: demo}\n"
        "  endpoint: {targetModels: %s, instance: {type: ml.m5.large, count: 1}}\n  models:\n",
        targets);
    for (size_t i = 0; i < count; i++)
        buf_fmt(&text, "    - {name: m%04zu, artifact: m%04zu.tar.gz}\n", i, i);
    return str_dup(life->arena, buf_str(&text));
}

/* Two versions of every model are there, the second one live. */
static struct str publish(struct life *life, const char *targets)
{
    struct str spec = spec_of(life, MODELS, targets);
    for (unsigned version = 1; version <= 2; version++) {
        for (size_t i = 0; i < MODELS; i++)
            write_artifact(life, i, version);
        assert_ok(life_apply(life, spec), &life->err);
    }
    return spec;
}

static size_t objects_there(struct life *life)
{
    return json_get(json_at(json_get(life_world(life), "buckets"), 0), "objects")->len;
}

static size_t budget(struct life *life, size_t changed)
{
    return FIXED_REQUESTS + (objects_there(life) + 999) / 1000 + changed + EXTRA_PAGES;
}

/* Nothing to do, within the budget, and an apply asks for no more than a plan. */
static void expect_nothing(struct life *life, struct str spec, size_t changed)
{
    size_t most = budget(life, changed);
    for (int apply = 0; apply < 2; apply++) {
        assert_ok(apply ? life_apply(life, spec) : life_plan(life, spec), &life->err);
        if (!life->empty || life->mutating > 0)
            fail_msg(
                "%zu to add, %zu to change, %zu to destroy, %zu mutating", life->n_add,
                life->n_change, life->n_destroy, life->mutating);
        if (life->requests > most)
            fail_msg("%zu requests, at most %zu", life->requests, most);
    }
}

/* ---- the record ---- */

struct edit {
    struct str (*change)(struct arena *arena, struct str text); /* NULL: it is deleted */
};

static void edit_record(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    const struct edit *edit = arg;
    struct str key = STR("demo/control/stack.json"), text;
    struct err err = {0};
    (void) life;
    if (edit->change == NULL) {
        assert_ok(s3_delete(aws, r->arena, STR("life-bucket"), key, STR_NULL, &err), &err);
        return;
    }
    assert_ok(s3_get(aws, r->arena, STR("life-bucket"), key, NULL, &text, NULL, &err), &err);
    text = edit->change(r->arena, text);
    assert_ok(s3_put(aws, r->arena, STR("life-bucket"), key, text, NULL, NULL, &err), &err);
}

static struct str broken(struct arena *arena, struct str text)
{
    (void) arena;
    return str_slice(text, 0, text.len / 2);
}

/* The live ETags of the first seven models are other ones: as if they had been stored anew since.
 */
static struct str stale(struct arena *arena, struct str text)
{
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(4));
    struct str line;
    unsigned n = 0;
    while (str_split(&text, '\n', &line)) {
        bool live = str_starts(line, STR("      \"etag\":")) && n++ < 7;
        buf_fmt(&out, STR_FMT "\n", STR_ARG(live ? STR("      \"etag\": \"\\\"0\\\"\",") : line));
    }
    return str_dup(arena, buf_str(&out));
}

static void a_plan_costs_pages_and_little_more(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = publish(life, "versioned");
    assert_true(objects_there(life) > 2 * MODELS);
    expect_nothing(life, spec, 0);
    /* Less models in the spec than under the prefix, and more. */
    assert_ok(life_plan(life, spec_of(life, 3, "versioned")), &life->err);
    assert_true(life->requests <= budget(life, 0));
}

static void small_stacks_take_one_page(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    for (size_t i = 0; i < 20; i++)
        write_artifact(life, i, 1);
    struct str spec = spec_of(life, 20, "versioned");
    assert_ok(life_apply(life, spec), &life->err);
    assert_ok(life_plan(life, spec), &life->err);
    assert_true(life->empty);
    assert_true(life->requests <= 11);
}

static void a_stale_hint_costs_one_request(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = publish(life, "versioned");
    struct edit edit = {stale};
    size_t before;
    assert_ok(life_plan(life, spec), &life->err);
    before = life->requests;
    life_run(life, edit_record, &edit);
    assert_ok(life_plan(life, spec), &life->err);
    assert_int_equal(life->n_add + life->n_change + life->n_destroy, 0);
    assert_int_equal(life->requests, before + 7);
}

/* Every object of ours is under the key that says what it is. */
static void a_lost_or_broken_record_changes_no_plan(void **state)
{
    (void) state;
    for (int lost = 0; lost < 2; lost++) {
        AUTO(life_close) struct life *life = life_new();
        struct str spec = publish(life, "versioned");
        struct edit edit = {lost ? NULL : broken};
        life_run(life, edit_record, &edit);
        assert_ok(life_plan(life, spec), &life->err);
        assert_int_equal(life->n_add + life->n_change + life->n_destroy, 0);
        assert_ok(life_apply(life, spec), &life->err);
        expect_nothing(life, spec, 0);
    }
}

/* Keys do not say it here: without the record it is one look at each, side by side. */
static void stable_without_a_record_looks_at_each_once(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = publish(life, "stable");
    expect_nothing(life, spec, 0);
    size_t objects = objects_there(life);
    struct edit edit = {NULL};
    life_run(life, edit_record, &edit);
    assert_ok(life_plan(life, spec), &life->err);
    assert_int_equal(life->n_add + life->n_change + life->n_destroy, 0);
    assert_true(life->requests <= budget(life, objects));
}

/* Foreign objects before, between and behind ours; more than a page of them in one range. */
static void strangers_are_left_alone(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = publish(life, "versioned");
    static const char *const s_keys[] = {
        "demo/!first", "demo/models/m0500", "demo/models/m0500--zz.tar.gz", "demo/models/zzz",
        "demo/zzz/last"};
    for (size_t i = 0; i < ARRAY_LEN(s_keys); i++)
        life_put(life, str_from(s_keys[i]), STR("theirs"));
    for (size_t i = 0; i < 1100; i++)
        life_put(life, str_fmt(life->arena, "demo/models/m0700/%04zu", i), STR("theirs"));
    size_t objects = objects_there(life);
    expect_nothing(life, spec, 0);
    assert_int_equal(objects_there(life), objects);
}

/* What was written over is looked at, and made good; nothing else is. */
static void what_was_overwritten_is_found_by_its_etag(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = publish(life, "versioned");
    const struct json *objects =
        json_get(json_at(json_get(life_world(life), "buckets"), 0), "objects");
    size_t n = 0;
    JSON_EACH (object, objects) {
        struct str key = json_get_str(object, "key");
        if (str_find(key, STR("/models/m0042--")) == SIZE_MAX)
            continue;
        life_put(life, str_dup(life->arena, key), STR("somebody else's"));
        n++;
    }
    assert_int_equal(n, 2);
    assert_ok(life_plan(life, spec), &life->err);
    assert_int_equal(life->n_add, 1); /* the live one; the older one is nobody's now */
    assert_true(life->requests <= budget(life, 2));
    assert_ok(life_apply(life, spec), &life->err);
    assert_ok(life_plan(life, spec), &life->err);
    assert_int_equal(life->n_add + life->n_change, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_costs_pages_and_little_more),
        cmocka_unit_test(small_stacks_take_one_page),
        cmocka_unit_test(a_stale_hint_costs_one_request),
        cmocka_unit_test(a_lost_or_broken_record_changes_no_plan),
        cmocka_unit_test(stable_without_a_record_looks_at_each_once),
        cmocka_unit_test(strangers_are_left_alone),
        cmocka_unit_test(what_was_overwritten_is_found_by_its_etag),
    };
    return cmocka_run_group_tests_name("observe_listing", tests, NULL, NULL);
}
