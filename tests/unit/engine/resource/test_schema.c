#include "tests/harness/test.h"

#include "engine/resource/kind.h"

static void addresses(void **state)
{
    static const struct {
        enum kind_id kind;
        const char *index, *address;
    } cases[] = {
        {KIND_BUCKET, NULL, "aws_s3_bucket.this"},
        {KIND_DATA, "train", "aws_s3_object.data[\"train\"]"},
        {KIND_TRAINING_JOB, "x", "aws_sagemaker_training_job.model[\"x\"]"},
        {KIND_LOCAL_TRAINING, "x", "mmectl_local_training.model[\"x\"]"},
        {KIND_ARTIFACT, "x", "aws_s3_object.model[\"x\"]"},
        {KIND_MODEL, NULL, "aws_sagemaker_model.this"},
        {KIND_ENDPOINT_CONFIG, NULL, "aws_sagemaker_endpoint_configuration.this"},
        {KIND_ENDPOINT, NULL, "aws_sagemaker_endpoint.this"},
        {KIND_OUTPUT, NULL, "aws_s3_object.training_output"},
        {KIND_LOG_GROUP, NULL, "aws_cloudwatch_log_group.endpoint"},
        {KIND_SCALING_TARGET, NULL, "aws_appautoscaling_target.this"},
        {KIND_SCALING_POLICY, NULL, "aws_appautoscaling_policy.this"},
        {KIND_MODEL, "demo-abcdefgh-m-0123456789ab",
         "aws_sagemaker_model.this[\"demo-abcdefgh-m-0123456789ab\"]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_str(address_of(*state, cases[i].kind, str_from(cases[i].index)), cases[i].address);
}

static void every_kind_has_its_row(void **state)
{
    (void) state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct schema *schema = schema_of((enum kind_id) i);
        assert_int_equal(schema->id, i);
        assert_true(schema->n_fields > 0);
        assert_true(strlen(schema->type) > 0 && strlen(schema->name) > 0);
        assert_true(strlen(schema->what) > 0);
        for (size_t k = 0; k < schema->n_fields; k++)
            assert_ptr_equal(
                schema_field(schema, str_from(schema->fields[k].name)), &schema->fields[k]);
        assert_null(schema_field(schema, STR("no_such_field")));
        assert_null(schema_field(schema, STR("")));
    }
}

/* Jobs, their output and log groups come and go with what made them. */
static void byproducts(void **state)
{
    (void) state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        bool byproduct = i == KIND_TRAINING_JOB || i == KIND_LOCAL_TRAINING || i == KIND_OUTPUT ||
                         i == KIND_LOG_GROUP;
        assert_int_equal((schema_of(i)->flags & KIND_FLAG_BYPRODUCT) != 0, byproduct);
        assert_int_equal(
            (schema_of(i)->flags & KIND_FLAG_UNCOUNTED) != 0, i == KIND_LOCAL_TRAINING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(addresses),
        WITH_ARENA(every_kind_has_its_row),
        WITH_ARENA(byproducts),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
