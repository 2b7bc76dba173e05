#include "tests/harness/test.h"

#include "engine/base/partition.h"
#include "engine/resource/image.h"
#include "engine/resource/names.h"

static struct want s_want = {
    .stack = STR_INIT("mme-demo"),
    .uid = STR_INIT("abcdefgh"),
    .prefix = STR_INIT("a/b"),
    .bucket = STR_INIT("bucket")};

static void test_names__uid_is_stable(void **state)
{
    struct arena *arena = *state;
    struct str a = name_uid(arena, STR("123456789012"), STR("us-east-1"), STR("mme-demo"));
    /* base32(sha256("123456789012|us-east-1|mme-demo")): a change here would orphan every stack
     * there is. */
    assert_str(a, "c4sqmowk");
    assert_false(
        str_eq(a, name_uid(arena, STR("123456789012"), STR("us-east-2"), STR("mme-demo"))));
    assert_false(str_eq(a, name_uid(arena, STR("123456789012"), STR("us-east-1"), STR("mme-dem"))));
}

static void test_names__ours(void **state)
{
    (void) state;
    static const struct {
        const char *name;
        char kind;
        bool ours;
    } cases[] = {
        {"mme-demo-abcdefgh-m-0123456789ab", 'm', true},
        {"mme-demo-abcdefgh-m-0123456789ab", 'c', false},
        {"mme-demo-abcdefgh-m-0123456789ab-2", 'm', false},
        {"mme-demo-abcdefgh-t-0123456789ab-2", 't', true},
        {"mme-demo-abcdefgh-t-0123456789ab-1", 't', false},
        {"mme-demo-abcdefgh-t-0123456789ab-02", 't', false},
        {"mme-demo-abcdefgh-t-0123456789ab-x", 't', false},
        {"mme-demo-abcdefgh-m-0123456789aB", 'm', false},
        {"mme-demo-abcdefgh-m-0123456789a", 'm', false},
        {"mme-demo2-abcdefgh-m-0123456789ab", 'm', false},
        {"x-mme-demo-abcdefgh-m-0123456789ab", 'm', false},
        {"", 'm', false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (name_is_ours(&s_want, cases[i].kind, str_from(cases[i].name)) != cases[i].ours)
            fail_msg("%s", cases[i].name);
}

static void test_names__attempts(void **state)
{
    struct arena *arena = *state;
    struct str job = STR("mme-demo-abcdefgh-t-0123456789ab");
    for (unsigned attempt = 1; attempt < 30; attempt++)
        assert_int_equal(name_attempt_of(job, name_job_attempt(arena, job, attempt)), attempt);
    assert_int_equal(name_attempt_of(job, STR("mme-demo-abcdefgh-t-0123456789ac")), 0);
    assert_int_equal(name_attempt_of(job, STR("mme-demo-abcdefgh-t-0123456789ab-")), 0);
}

static void test_names__keys(void **state)
{
    (void) state;
    static const struct {
        const char *key;
        enum key_class class;
        const char *model;
    } cases[] = {
        {"a/b/control/stack.json", KEY_CONTROL, NULL},
        {"a/b/control/lease", KEY_CONTROL, NULL},
        {"a/b/models/m--0123456789abcdef.tar.gz", KEY_VERSIONED, "m"},
        {"a/b/models/m.x-y--0123456789abcdef.tar.gz", KEY_VERSIONED, "m.x-y"},
        {"a/b/models/0123456789/m.tar.gz", KEY_STABLE, "m"},
        {"a/b/models/0123456789/m--n.tar.gz", KEY_FOREIGN, NULL},
        {"a/b/models/m--0123456789abcdeF.tar.gz", KEY_FOREIGN, NULL},
        {"a/b/models/m-0123456789abcdef.tar.gz", KEY_FOREIGN, NULL},
        {"a/b/models/m.tar.gz", KEY_FOREIGN, NULL},
        {"a/b/models/0123456789/sub/m.tar.gz", KEY_FOREIGN, NULL},
        {"a/b/models/../m--0123456789abcdef.tar.gz", KEY_FOREIGN, NULL},
        {"a/b/data/"
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/train.csv",
         KEY_DATA, NULL},
        {"a/b/data/train.csv", KEY_FOREIGN, NULL},
        {"a/b/training/mme-demo-abcdefgh-t-0123456789ab/output/model.tar.gz", KEY_TRAINING, NULL},
        {"a/b/training/other/output/model.tar.gz", KEY_FOREIGN, NULL},
        {"a/c/control/stack.json", KEY_FOREIGN, NULL},
        {"a/b", KEY_FOREIGN, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct key_parts parts;
        enum key_class class = key_classify(&s_want, str_from(cases[i].key), &parts);
        if (class != cases[i].class)
            fail_msg("%s: %d", cases[i].key, class);
        if (cases[i].model != NULL)
            assert_true(str_eq_z(parts.model, cases[i].model));
    }
}

static void test_names__content(void **state)
{
    struct map *objects = map_new(*state);
    assert_false(keys_hold_content(&s_want, objects));
    map_put(objects, STR("a/b/control/lease"), objects);
    map_put(objects, STR("a/b/control/probe"), objects);
    assert_false(keys_hold_content(&s_want, objects));
    map_put(objects, STR("a/b/control/stack.json"), objects);
    assert_true(keys_hold_content(&s_want, objects));
    objects = map_new(*state);
    map_put(objects, STR("a/b/notes.txt"), objects);
    assert_true(keys_hold_content(&s_want, objects));
}

static void test_names__target_model(void **state)
{
    struct arena *arena = *state;
    struct str fp = STR("0123456789abcdef0123");
    struct str key = key_versioned(arena, &s_want, STR("m"), fp);
    assert_true(str_eq(key_target_model(&s_want, key), STR("m--0123456789abcdef.tar.gz")));
    key = key_stable(arena, &s_want, STR("0123456789"), STR("m"));
    assert_true(str_eq(key_target_model(&s_want, key), STR("m.tar.gz")));
    /* In a multi-container endpoint the container. */
    struct want direct = s_want;
    direct.mode = WANT_DIRECT;
    assert_true(str_eq(key_target_model(&direct, key), STR("m")));
}

static void test_names__model_data(void **state)
{
    static const struct {
        const char *model, *url;
    } cases[] = {
        {"{\"PrimaryContainer\":{\"ModelDataUrl\":\"s3://b/m/\"}}", "s3://b/m/"},
        {"{\"Containers\":[{},{\"ModelDataUrl\":\"s3://b/m/g/one.tar.gz\"},"
         "{\"ModelDataUrl\":\"s3://b/m/h/two.tar.gz\"}]}",
         "s3://b/m/g/"},
        {"{\"Containers\":[{\"Mode\":\"MultiModel\",\"ModelDataUrl\":\"s3://b/m/x\"}]}",
         "s3://b/m/x"},
        {"{\"Containers\":[{\"ModelDataUrl\":\"odd\"}]}", "odd"},
        {"{}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *model;
        struct err err = {0};
        assert_ok(json_parse(*state, str_from(cases[i].model), KIB(1), &model, &err), &err);
        struct str url = name_model_data(model);
        if (cases[i].url == NULL)
            assert_true(str_is_null(url));
        else
            assert_str(url, cases[i].url);
    }
}

static void test_names__other_images(void **state)
{
    (void) state;
    static const struct want_container containers[] = {
        {.name = STR_INIT("a"), .image = STR_INIT("i")},
        {.name = STR_INIT("b"), .image = STR_INIT("j")}};
    const struct want want = {.image = STR("i"), .containers = containers, .n_containers = 2};
    assert_false(want_has_other_image(&want, STR("a")));
    assert_true(want_has_other_image(&want, STR("b")));
    assert_false(want_has_other_image(&want, STR("c")));
}

static void test_names__images(void **state)
{
    struct arena *arena = *state;
    struct str uri = image_uri(arena, STR("us-east-1"), STR("1.7-1"));
    assert_true(
        str_eq(uri, STR("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1")));
    assert_true(str_eq(image_version_of(uri), STR("1.7-1")));
    uri = image_uri(arena, STR("cn-north-1"), STR("1.7-1"));
    assert_true(str_eq(
        uri, STR("450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1")));
    assert_true(str_is_null(image_uri(arena, STR("mars-1"), STR("1.7-1"))));
    assert_true(str_is_null(image_version_of(STR("my/image:1"))));
    assert_true(str_eq(str_from(partition_of(STR("us-gov-west-1"))->name), STR("aws-us-gov")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_names__uid_is_stable), WITH_ARENA(test_names__ours),
        WITH_ARENA(test_names__attempts),      WITH_ARENA(test_names__keys),
        WITH_ARENA(test_names__content),       WITH_ARENA(test_names__target_model),
        WITH_ARENA(test_names__images),        WITH_ARENA(test_names__model_data),
        WITH_ARENA(test_names__other_images),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
