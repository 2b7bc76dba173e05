#include "tests/harness/test.h"

#include "engine/reconcile/compare.h"

static struct json *parse(struct arena *arena, const char *text)
{
    char *copy = str_z(arena, str_from(text));
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    struct json *json;
    struct err err = {0};
    assert_ok(json_parse(arena, str_from(copy), KIB(64), &json, &err), &err);
    return json;
}

static const char s_model[] =
    "{'ExecutionRoleArn': 'r', 'PrimaryContainer': {'Image': 'i', 'Mode': 'MultiModel', "
    "'ModelDataUrl': 's3://b/m/',"
    " 'Environment': {'A': '1'}, 'MultiModelConfig': {'ModelCacheSetting': 'Enabled'}}}";
static const char s_config[] = "{'ProductionVariants': [{'VariantName': 'AllTraffic', 'ModelName': "
                               "'m', 'InitialInstanceCount': 1,"
                               " 'InstanceType': 'ml.m5.large', 'InitialVariantWeight': 1}]}";

/* research: the table of drift rules. `found` replaces the first occurrence of `sent` in what is
 * described. */
static const struct {
    enum kind_id kind;
    const char *sent, *found;
    bool differs;
} s_cases[] = {
    /* compared */
    {KIND_MODEL, "'Mode': 'MultiModel'", "'Mode': 'SingleModel'", true},
    {KIND_MODEL, "'Mode': 'MultiModel', ", "", true}, /* SageMaker's default is the other one */
    {KIND_MODEL, "'Mode': 'MultiModel'", "'Mode': null", true},
    {KIND_MODEL, "'A': '1'", "'A': '2'", true},
    {KIND_MODEL, "'A': '1'", "'A': '1', 'B': '2'", true},
    {KIND_MODEL, "'A': '1'", "", true},
    {KIND_MODEL, "'Environment': {'A': '1'}, ", "", true},
    {KIND_MODEL, "'Image': 'i'", "'Image': 'j'", true},
    {KIND_MODEL, "s3://b/m/", "s3://b/n/", true},
    {KIND_MODEL, "'r'", "'s'", true},
    {KIND_ENDPOINT_CONFIG, "'m'", "'n'", true},
    {KIND_ENDPOINT_CONFIG, "ml.m5.large", "ml.m5.xlarge", true},
    {KIND_ENDPOINT_CONFIG, "'InitialInstanceCount': 1", "'InitialInstanceCount': 2", true},
    {KIND_ENDPOINT_CONFIG, "'AllTraffic'", "'variant-1'", true},
    {KIND_ENDPOINT_CONFIG, "}]", "}, {'VariantName': 'b'}]", true},
    {KIND_ENDPOINT_CONFIG, "[{", "[], 'X': [{", true},
    /* defaults that the service may or may not say */
    {KIND_ENDPOINT_CONFIG, "'VariantName': 'AllTraffic', ", "", false},
    {KIND_ENDPOINT_CONFIG, "'InitialVariantWeight': 1", "'InitialVariantWeight': 0.5", false},
    {KIND_ENDPOINT_CONFIG, ", 'InitialVariantWeight': 1", "", false},
    {KIND_MODEL, "'ModelCacheSetting': 'Enabled'", "'ModelCacheSetting': 'Disabled'", false},
    {KIND_MODEL, ", 'MultiModelConfig': {'ModelCacheSetting': 'Enabled'}", "", false},
    /* the service's own business */
    {KIND_MODEL, "'Image': 'i'",
     "'Image': 'i', 'ModelDataSource': {'S3DataSource': {'S3Uri': 'x'}}", false},
    {KIND_MODEL, "'Image': 'i'",
     "'Image': 'i', 'ImageConfig': {'RepositoryAccessMode': 'Platform'}", false},
    {KIND_MODEL, "'Image': 'i'", "'Image': 'i', 'ContainerHostname': 'c1'", false},
    {KIND_MODEL, "{'ExecutionRoleArn'", "{'EnableNetworkIsolation': false, 'ExecutionRoleArn'",
     false},
    {KIND_MODEL, "{'ExecutionRoleArn'", "{'CreationTime': 1.5, 'ModelArn': 'a', 'ExecutionRoleArn'",
     false},
    {KIND_MODEL, "{'ExecutionRoleArn'",
     "{'DeploymentRecommendation': {'X': []}, 'ExecutionRoleArn'", false},
    {KIND_ENDPOINT_CONFIG, "'m'", "'m', 'VolumeSizeInGB': 30", false},
    {KIND_ENDPOINT_CONFIG, "'m'", "'m', 'ModelDataDownloadTimeoutInSeconds': 60", false},
    {KIND_ENDPOINT_CONFIG, "'m'", "'m', 'RoutingConfig': {'RoutingStrategy': 'RANDOM'}", false},
    {KIND_ENDPOINT_CONFIG, "'m'", "'m', 'InferenceAmiVersion': 'al2'", false},
    {KIND_ENDPOINT_CONFIG, "'m'", "'m', 'NeverHeardOf': {'A': [1, 2]}", false},
    {KIND_ENDPOINT_CONFIG, "{'Prod", "{'EnableNetworkIsolation': false, 'CreationTime': 'x', 'Prod",
     false},
};

static void the_table(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const char *base = s_cases[i].kind == KIND_MODEL ? s_model : s_config;
        const char *at = strstr(base, s_cases[i].sent);
        if (at == NULL)
            fail_msg("case %zu is of nothing: %s", i, s_cases[i].sent);
        struct str described = str_fmt(
            *state, "%.*s%s%s", (int) (at - base), base, s_cases[i].found,
            at + strlen(s_cases[i].sent));
        bool differs = compare_differs(
            s_cases[i].kind, parse(*state, base), parse(*state, str_z(*state, described)));
        if (differs != s_cases[i].differs)
            fail_msg(
                "'%s' -> '%s' %s", s_cases[i].sent, s_cases[i].found,
                differs ? "differs" : "does not differ");
    }
}

/* Asked for otherwise than usual, it counts. */
static void a_cache_that_was_switched_off(void **state)
{
    struct json *sent = parse(
        *state, "{'PrimaryContainer': {'MultiModelConfig': {'ModelCacheSetting': 'Disabled'}}}");
    assert_false(compare_differs(KIND_MODEL, sent, sent));
    struct json *mode = parse(
        *state, "{'PrimaryContainer': {'MultiModelConfig': {'ModelCacheSetting': 'Enabled'}}}");
    assert_true(compare_differs(KIND_MODEL, sent, mode));
    assert_true(compare_differs(KIND_MODEL, sent, parse(*state, "{'PrimaryContainer': {}}")));
}

static void containers(void **state)
{
    static const char model[] =
        "{'Containers': [{'ContainerHostname': 'a', 'Image': 'i', 'Mode': 'SingleModel', "
        "'ModelDataUrl': 's3://b/a'}, {'ContainerHostname': 'b', 'Image': 'j', 'Environment': "
        "{'A': '1'}}], 'InferenceExecutionConfig': {'Mode': 'Direct'}}";
    static const struct {
        const char *sent, *found;
        bool differs;
    } cases[] = {
        {"'a'", "'c'", true},
        {"'b'", "'c'", true},
        {"'j'", "'i'", true},
        {"s3://b/a", "s3://b/b", true},
        {"'A': '1'", "'A': '2'", true},
        {"'Mode': 'SingleModel'", "'Mode': 'MultiModel'", true},
        {"}], 'Inf", "}, {'Image': 'k'}], 'Inf", true},
        {"Direct", "Serial", true},
        {", 'InferenceExecutionConfig': {'Mode': 'Direct'}", "", true},
        {"'Mode': 'SingleModel', ", "", false},
        {"'Image': 'i'", "'Image': 'i', 'Environment': {}, 'ImageConfig': {'X': 'y'}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *at = strstr(model, cases[i].sent);
        assert_non_null(at);
        struct str described = str_fmt(
            *state, "%.*s%s%s", (int) (at - model), model, cases[i].found,
            at + strlen(cases[i].sent));
        bool differs = compare_differs(
            KIND_MODEL, parse(*state, model), parse(*state, str_z(*state, described)));
        if (differs != cases[i].differs)
            fail_msg("'%s' -> '%s'", cases[i].sent, cases[i].found);
    }
    /* Serial is what it is without a word. */
    struct json *serial = parse(*state, "{'InferenceExecutionConfig': {'Mode': 'Serial'}}");
    assert_false(compare_differs(KIND_MODEL, serial, parse(*state, "{}")));
}

static void nothing_was_looked_at(void **state)
{
    assert_false(compare_differs(KIND_MODEL, parse(*state, s_model), NULL));
    assert_false(compare_differs(KIND_BUCKET, parse(*state, s_model), parse(*state, "{}")));
    assert_true(compare_differs(KIND_MODEL, parse(*state, s_model), parse(*state, "[]")));
    assert_true(
        compare_differs(KIND_ENDPOINT_CONFIG, parse(*state, s_config), parse(*state, "{}")));
}

static void paths(void **state)
{
    struct json *node = parse(*state, "{'a': [{'b': 1}, {'b': 2}], 'c': {'d': null}}");
    assert_int_equal(json_get_int(compare_at(node, "a.1"), "b", 0), 2);
    assert_int_equal(compare_at(node, "a.0.b")->integer, 1);
    assert_int_equal(compare_at(node, "c.d")->type, JSON_NULL);
    assert_null(compare_at(node, "a.2.b"));
    assert_null(compare_at(node, "a.x"));
    assert_null(compare_at(node, "x.y.z"));
    assert_null(compare_at(NULL, "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(the_table),  WITH_ARENA(a_cache_that_was_switched_off),
        WITH_ARENA(containers), WITH_ARENA(nothing_was_looked_at),
        WITH_ARENA(paths),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
