#include "engine/local/sm_tables.h"

#include "tests/harness/test.h"

struct shape_case {
    const char *operation;
    const char *input; /* ' for " */
    enum sm_verdict verdict;
    const char *message; /* a part of it */
};

#define JOB_REST \
    ",'RoleArn':'arn:aws:iam::123456789012:role/r','OutputDataConfig':{'S3OutputPath':'s3://b/" \
    "o'}}"

static const struct shape_case s_cases[] = {
    {"DescribeModel", "{'ModelName':'a-1'}", SM_FINE, ""},
    {"DescribeModel", "{'ModelName':'a','Unknown':1}", SM_FINE, ""},
    {"DescribeModel", "{}", SM_INVALID,
     "1 validation error detected: Value null at 'modelName' failed to satisfy constraint: Member "
     "must not be null"},
    {"DescribeModel", "{'ModelName':null}", SM_INVALID, "Value null at 'modelName'"},
    {"DescribeModel", "{'ModelName':'a_b'}", SM_INVALID,
     "1 validation error detected: Value 'a_b' at 'modelName' failed to satisfy constraint: Member "
     "must satisfy regular expression pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?"},
    {"DescribeModel", "{'ModelName':'-a'}", SM_INVALID, "regular expression"},
    {"DescribeModel", "{'ModelName':'a-'}", SM_INVALID, "regular expression"},
    {"DescribeModel",
     "{'ModelName':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}", SM_INVALID,
     "1 validation error detected: "},
    {"DescribeModel", "{'ModelName':7}", SM_MALFORMED,
     "NUMBER_VALUE can not be converted to a String"},
    {"ListModels", "{'MaxResults':100,'SortBy':'Name'}", SM_FINE, ""},
    {"ListModels", "{'MaxResults':101}", SM_INVALID,
     "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than "
     "or equal to 100"},
    {"ListModels", "{'MaxResults':0}", SM_INVALID, "greater than or equal to 1"},
    {"ListModels", "{'MaxResults':'1'}", SM_MALFORMED, "converted to an Integer"},
    {"ListModels", "{'SortBy':'Status'}", SM_INVALID,
     "Value 'Status' at 'sortBy' failed to satisfy constraint: Member must satisfy enum value set: "
     "[Name, CreationTime]"},
    {"ListModels", "{'NameContains':'a.b'}", SM_INVALID, "at 'nameContains'"},
    {"AddTags",
     "{'ResourceArn':'arn:aws:sagemaker:eu-west-1:123456789012:model/x','Tags':[{'Key':'a'}]}",
     SM_INVALID, "Value null at 'tags.1.member.value'"},
    {"AddTags", "{'ResourceArn':'arn:aws:sagemaker:eu-west-1:12345678901:model/x','Tags':[]}",
     SM_INVALID, "at 'resourceArn'"},
    {"AddTags",
     "{'ResourceArn':'arn:aws:sagemaker:eu-west-1:123456789012:model/x','Tags':[{'Key':'a<b',"
     "'Value':''}]}",
     SM_INVALID, "'tags.1.member.key'"},
    {"DeleteTags",
     "{'ResourceArn':'arn:aws:sagemaker:eu-west-1:123456789012:model/x','TagKeys':[]}", SM_INVALID,
     "at 'tagKeys' failed to satisfy constraint: Member must have length greater than or equal to "
     "1"},
    {"CreateEndpointConfig", "{'EndpointConfigName':'c','ProductionVariants':[]}", SM_INVALID,
     "at 'productionVariants'"},
    {"CreateEndpointConfig",
     "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','InstanceType':'m5'}]}",
     SM_INVALID, "Value 'm5' at 'productionVariants.1.member.instanceType'"},
    {"CreateEndpointConfig",
     "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','InitialVariantWeight':"
     "-1}]}",
     SM_INVALID, "greater than or equal to 0"},
    {"CreateEndpoint",
     "{'EndpointName':'e','EndpointConfigName':'c','DeploymentConfig':{'BlueGreenUpdatePolicy':{"
     "'TrafficRoutingConfiguration':{'Type':'ONCE','WaitIntervalInSeconds':0}}}}",
     SM_INVALID,
     "Value 'ONCE' at "
     "'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.type'"},
    {"CreateTrainingJob", "{'TrainingJobName':'j'" JOB_REST, SM_FINE, ""},
    {"CreateTrainingJob", "{'TrainingJobName':'j','HyperParameters':{'a':1}" JOB_REST, SM_MALFORMED,
     "NUMBER_VALUE can not be converted to a String"},
    {"CreateTrainingJob", "{'TrainingJobName':'j','Environment':{'1a':'x'}" JOB_REST, SM_INVALID,
     "Map keys must satisfy constraint: [Member must have length less than or equal to 512, "
     "Member must have length greater than or equal to 0, Member must satisfy regular expression"},
    {"CreateTrainingJob", "{'TrainingJobName':''" JOB_REST, SM_INVALID,
     "Member must have length greater than or equal to 1"},
    {"CreateTrainingJob",
     "{'TrainingJobName':'j','RoleArn':'arn:aws:iam::1:role/rrrrrrrr','OutputDataConfig':{"
     "'S3OutputPath':'/tmp'}}",
     SM_INVALID, "2 validation errors detected: Value 'arn:aws:iam::1:role/rrrrrrrr' at 'roleArn'"},
    {"CreateModel",
     "{'ModelName':'m','PrimaryContainer':{'Mode':'Multi','Image':'x y','ModelDataUrl':'b/k'}}",
     SM_INVALID, "3 validation errors detected: "},
};

static void test_cases(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        char *text = str_z(arena, str_from(s_cases[i].input));
        struct json *input = NULL;
        struct str message = STR("");
        struct err err = {0};

        for (char *c = text; *c != '\0'; c++)
            if (*c == '\'')
                *c = '"';
        assert_ok(json_parse(arena, str_from(text), MIB(1), &input, &err), &err);
        enum sm_verdict verdict = sm_shape_check(
            arena, sm_input_of(LOCAL_SAGEMAKER, s_cases[i].operation), input, &message);
        if (verdict != s_cases[i].verdict ||
            str_find(message, str_from(s_cases[i].message)) == SIZE_MAX)
            fail_msg("%s: %d '" STR_FMT "'", text, (int) verdict, STR_ARG(message));
    }
}

/* However wrong a request, its message stays bounded. */
static void test_many_faults(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct json *input = json_object(arena), *variants = json_array(arena);
    struct str message = STR("");

    json_put(arena, input, "EndpointConfigName", json_z(arena, "c"));
    for (int i = 0; i < 3000; i++)
        json_push(variants, json_object(arena));
    json_put(arena, input, "ProductionVariants", variants);
    assert_int_equal(
        sm_shape_check(
            arena, sm_input_of(LOCAL_SAGEMAKER, "CreateEndpointConfig"), input, &message),
        SM_INVALID);
    assert_true(str_starts(message, STR("3001 validation errors detected: ")));
    assert_true(message.len < 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_many_faults)};
    return cmocka_run_group_tests_name("sm_shape", tests, NULL, NULL);
}
