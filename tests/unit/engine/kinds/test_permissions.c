#include "engine/base/arena.h"
#include "engine/kinds/permissions.h"
#include "engine/resource/names.h"
#include "tests/harness/test.h"

struct scene {
    struct arena *arena;
    struct want want;
    struct permission_scope scope;
};

static struct scene scene_of(const char *region, const char *partition, const char *stack)
{
    struct arena *arena = arena_new("permissions", 0);
    struct scene scene = {
        .arena = arena,
        .want =
            {.stack = str_from(stack),
             .account = STR("123456789012"),
             .region = str_from(region),
             .partition = str_from(partition),
             .role = STR("arn:aws:iam::123456789012:role/Sm"),
             .bucket = STR("b"),
             .prefix = STR("p"),
             .endpoint = STR("ep"),
             .image = STR("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
             .serving_image = STR("1.dkr.ecr.us-east-1.amazonaws.com/own/image@sha256:00")},
        .scope = {.trains = true, .uses = USE_OWN}};
    scene.want.uid = STR("abcdefgh");
    return scene;
}

static void scene_close(struct scene *scene)
{
    arena_free(scene->arena);
}

static const struct json *statement(const struct json *policy, const char *sid)
{
    JSON_EACH (one, json_get(policy, "Statement"))
        if (str_eq_z(json_get_str(one, "Sid"), sid))
            return one;
    return NULL;
}

static struct json *caller(struct scene *scene)
{
    scene->scope.want = &scene->want;
    return permissions_caller(scene->arena, &scene->scope, 1);
}

static const char *compact(struct scene *scene, const struct json *node)
{
    return node == NULL ? "(none)"
                        : str_z(scene->arena, json_text(scene->arena, node, JSON_COMPACT));
}

static bool allows(struct scene *scene, const struct json *policy, const char *action)
{
    struct str quoted = str_fmt(scene->arena, "\"%s\"", action);
    JSON_EACH (one, json_get(policy, "Statement"))
        if (str_find(json_text(scene->arena, json_get(one, "Action"), JSON_COMPACT), quoted) !=
            SIZE_MAX)
            return true;
    return false;
}

static void names_the_stack_alone(void **state)
{
    (void) state;
    struct scene scene = scene_of("us-east-1", "aws", "s");
    const struct json *policy = caller(&scene);
    static const struct {
        const char *sid, *member, *text;
    } cases[] = {
        {"ListPrefix", "Condition", "{\"StringLikeIfExists\":{\"s3:prefix\":[\"p/*\"]}}"},
        {"Objects", "Resource", "[\"arn:aws:s3:::b/p/*\"]"},
        {"Objects", "Action",
         "[\"s3:GetObject\",\"s3:PutObject\",\"s3:ListMultipartUploadParts\",\"s3:"
         "AbortMultipartUpload\"]"},
        {"DeleteWhatWasSeen", "Action", "[\"s3:DeleteObject\"]"},
        {"DeleteWhatWasSeen", "Condition", "{\"Null\":{\"s3:if-match\":[\"false\"]}}"},
        {"CreateTagged", "Condition",
         "{\"StringEquals\":{\"aws:RequestTag/mmectl:uid\":[\"abcdefgh\"]}}"},
        {"ChangeOwn", "Condition",
         "{\"StringEquals\":{\"aws:ResourceTag/mmectl:uid\":[\"abcdefgh\"]}}"},
        {"ChangeOwn", "Resource",
         "[\"arn:aws:sagemaker:us-east-1:123456789012:model/s-abcdefgh-m-*\","
         "\"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/s-abcdefgh-c-*\","
         "\"arn:aws:sagemaker:us-east-1:123456789012:training-job/s-abcdefgh-t-*\","
         "\"arn:aws:sagemaker:us-east-1:123456789012:endpoint/ep\"]"},
        {"PassRole", "Resource", "[\"arn:aws:iam::123456789012:role/Sm\"]"},
        {"PassRole", "Condition",
         "{\"StringEquals\":{\"iam:PassedToService\":[\"sagemaker.amazonaws.com\"]}}"},
        {"Invoke", "Resource", "[\"arn:aws:sagemaker:us-east-1:123456789012:endpoint/ep\"]"},
        {"EndpointLogs", "Resource",
         "[\"arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/ep:*\"]"},
        {"RecordsAbove", "Resource", "(none)"},
        {"ReadSources", "Resource", "(none)"},
        {"DescribeToImport", "Resource", "(none)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(
            compact(&scene, json_get(statement(policy, cases[i].sid), cases[i].member)),
            cases[i].text);
    scene_close(&scene);
}

/* Spot and warm pools ask for more, and only when there are training jobs at all. */
static void follows_how_it_is_trained(void **state)
{
    (void) state;
    static const struct {
        int64_t max_wait_s, keep_alive_s;
        bool trains, updates, reads;
    } cases[] = {
        {0, 0, true, false, false},
        {7200, 0, true, false, true},
        {0, 600, true, true, false},
        {7200, 600, false, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene scene = scene_of("us-east-1", "aws", "s");
        scene.want.max_wait_s = cases[i].max_wait_s;
        scene.want.keep_alive_s = cases[i].keep_alive_s;
        scene.scope.trains = cases[i].trains;
        const struct json *policy = caller(&scene);
        assert_int_equal(allows(&scene, policy, "sagemaker:UpdateTrainingJob"), cases[i].updates);
        const struct json *role = permissions_role(scene.arena, &scene.scope, 1);
        struct str output = json_text(
            scene.arena, json_get(statement(role, "WriteOutput"), "Action"), JSON_COMPACT);
        assert_int_equal(str_find(output, STR("s3:GetObject")) != SIZE_MAX, cases[i].reads);
        assert_int_equal(str_find(output, STR("s3:DeleteObject")) != SIZE_MAX, cases[i].reads);
        scene_close(&scene);
    }
}

static void follows_what_the_stack_is(void **state)
{
    (void) state;
    static const struct {
        const char *action;
        bool trains, bucket_exists, bucket_is_default;
        unsigned uses;
        bool allowed;
    } cases[] = {
        {"sagemaker:CreateTrainingJob", true, false, false, USE_OWN, true},
        {"sagemaker:CreateTrainingJob", false, false, false, USE_OWN, false},
        {"sagemaker:ListTrainingJobs", false, false, false, USE_PLAN | USE_APPLY, false},
        {"sagemaker:ListTrainingJobs", false, false, false, USE_DESTROY, true},
        {"logs:GetLogEvents", false, false, false, USE_OWN, false},
        {"s3:CreateBucket", true, false, true, USE_OWN, true},
        {"s3:CreateBucket", true, true, false, USE_OWN, false},
        {"s3:DeleteBucket", true, false, false, USE_OWN, true},
        {"s3:DeleteBucket", true, false, true, USE_OWN, false},
        {"s3:DeleteBucket", true, true, false, USE_OWN, false},
        {"s3:DeleteBucket", true, false, false, USE_PLAN | USE_APPLY, false},
        {"s3:PutObject", true, false, false, USE_PLAN, false},
        {"s3:DeleteObject", true, false, false, USE_PLAN, false},
        {"iam:PassRole", true, false, false, USE_PLAN | USE_DESTROY | USE_CALL, false},
        {"sagemaker:InvokeEndpoint", true, false, false, USE_PLAN | USE_APPLY, false},
        {"sagemaker:InvokeEndpoint", true, false, false, USE_CALL, true},
        {"sagemaker:DeleteEndpoint", true, false, false, USE_CALL, false},
        {"sts:GetCallerIdentity", true, false, false, USE_CALL, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene scene = scene_of("us-east-1", "aws", "s");
        scene.scope.trains = cases[i].trains;
        scene.scope.bucket_exists = cases[i].bucket_exists;
        scene.scope.uses = cases[i].uses;
        scene.want.bucket_is_default = cases[i].bucket_is_default;
        const struct json *policy = caller(&scene);
        if (allows(&scene, policy, cases[i].action) != cases[i].allowed)
            fail_msg("case %zu: %s", i, cases[i].action);
        JSON_EACH (one, json_get(policy, "Statement")) {
            assert_null(strchr(compact(&scene, json_get(one, "Action")), '*'));
        }
        scene_close(&scene);
    }
}

static void knows_places_outside(void **state)
{
    (void) state;
    struct scene scene = scene_of("cn-north-1", "aws-cn", "s");
    static const struct str sources[] = {
        STR_INIT("s3://other/train/"), STR_INIT("s3://other/x.tar.gz"), STR_INIT("no uri")};
    scene.scope.sources = sources;
    scene.scope.n_sources = ARRAY_LEN(sources);
    scene.scope.uses = USE_OWN | USE_IMPORT;
    scene.want.prefix = STR("team/x/p");
    scene.want.endpoint = STR("Ep");
    const struct json *policy = caller(&scene);
    static const struct {
        const char *sid, *member, *text;
    } cases[] = {
        {"RecordsAbove", "Resource",
         "[\"arn:aws-cn:s3:::b/team/x/control/stack.json\","
         "\"arn:aws-cn:s3:::b/team/control/stack.json\"]"},
        {"ListSources", "Resource", "[\"arn:aws-cn:s3:::other\"]"},
        {"ListSources", "Condition",
         "{\"StringLikeIfExists\":{\"s3:prefix\":[\"train/*\",\"x.tar.gz*\"]}}"},
        {"ReadSources", "Resource",
         "[\"arn:aws-cn:s3:::other/train/*\",\"arn:aws-cn:s3:::other/x.tar.gz*\"]"},
        {"Invoke", "Resource",
         "[\"arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint/Ep\","
         "\"arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint/ep\"]"},
        {"DescribeToImport", "Resource",
         "[\"arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint/*\","
         "\"arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint-config/*\","
         "\"arn:aws-cn:sagemaker:cn-north-1:123456789012:model/*\"]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(
            compact(&scene, json_get(statement(policy, cases[i].sid), cases[i].member)),
            cases[i].text);
    scene_close(&scene);
}

static void stacks_share_what_is_the_same(void **state)
{
    (void) state;
    struct scene a = scene_of("us-east-1", "aws", "a"), b = scene_of("us-east-1", "aws", "b");
    b.want.uid = STR("bbbbbbbb");
    b.want.prefix = STR("q");
    a.scope.want = &a.want;
    b.scope.want = &b.want;
    const struct permission_scope both[] = {a.scope, b.scope, a.scope};
    const struct json *policy = permissions_caller(a.arena, both, ARRAY_LEN(both));
    assert_string_equal(
        compact(&a, json_get(statement(policy, "AccountWide"), "Resource")), "[\"*\"]");
    assert_null(statement(policy, "AccountWide2"));
    assert_string_equal(
        compact(&a, json_get(statement(policy, "Objects"), "Resource")),
        "[\"arn:aws:s3:::b/p/*\",\"arn:aws:s3:::b/q/*\"]");
    /* A tag of one stack opens nothing of the other's. */
    assert_non_null(statement(policy, "ChangeOwn2"));
    assert_null(
        strstr(compact(&a, json_get(statement(policy, "ChangeOwn2"), "Resource")), "a-abcdefgh-m"));
    assert_null(statement(policy, "ChangeOwn3"));
    scene_close(&a);
    scene_close(&b);
}

static void the_role_reads_data_and_writes_output(void **state)
{
    (void) state;
    struct scene scene = scene_of("us-east-1", "aws", "s");
    scene.scope.want = &scene.want;
    scene.scope.uses = USE_CALL; /* says nothing about the role */
    const struct json *policy = permissions_role(scene.arena, &scene.scope, 1);
    assert_string_equal(
        compact(&scene, json_get(statement(policy, "ReadData"), "Resource")),
        "[\"arn:aws:s3:::b/p/models/*\",\"arn:aws:s3:::b/p/data/*\"]");
    assert_string_equal(
        compact(&scene, json_get(statement(policy, "WriteOutput"), "Resource")),
        "[\"arn:aws:s3:::b/p/training/*\"]");
    assert_string_equal(
        compact(&scene, json_get(statement(policy, "PullImages"), "Resource")),
        "[\"arn:aws:ecr:us-east-1:1:repository/own/image\","
        "\"arn:aws:ecr:us-east-1:683313688378:repository/sagemaker-xgboost\"]");
    scene.scope.trains = false;
    scene.want.serving_image = STR("docker.io/library/xgboost:1");
    policy = permissions_role(scene.arena, &scene.scope, 1);
    assert_null(statement(policy, "WriteOutput"));
    assert_null(statement(policy, "PullImages"));
    assert_string_equal(
        compact(&scene, json_get(statement(policy, "ReadData"), "Resource")),
        "[\"arn:aws:s3:::b/p/models/*\"]");
    assert_string_equal(
        compact(&scene, permissions_trust(scene.arena, &scene.scope, 1)),
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"
        "\"Service\":\"sagemaker.amazonaws.com\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{"
        "\"StringEquals\":{\"aws:SourceAccount\":[\"123456789012\"]},\"ArnLike\":{"
        "\"aws:SourceArn\":[\"arn:aws:sagemaker:us-east-1:123456789012:*\"]}}}]}");
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_stack_alone),
        cmocka_unit_test(follows_how_it_is_trained),
        cmocka_unit_test(follows_what_the_stack_is),
        cmocka_unit_test(knows_places_outside),
        cmocka_unit_test(stacks_share_what_is_the_same),
        cmocka_unit_test(the_role_reads_data_and_writes_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
