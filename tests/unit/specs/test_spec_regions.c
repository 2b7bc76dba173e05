#include "tests/harness/test.h"

#include "specs/spec_regions.h"
#include "tests/unit/specs/spec_test.h"

#define REGION "  region: us-east-1"
#define REGIONS "  regions: [us-east-1, eu-west-1]"
#define BUCKET "{bucket: \"${bucket}\", prefix: demo}"
#define TWO "      artifact: s3://bucket/model.tar.gz"

#define SIZES "hyperparameters: {num_round: 5}"

/* The base for two regions, with one more change. */
static struct loaded load_regions(
    struct arena *arena, const char *find, const char *replace, struct str region, bool any)
{
    struct str text = text_replace(arena, STR(SPEC_TEST_BASE), REGION, REGIONS);
    if (find != NULL)
        text = text_replace(arena, text, find, replace);
    const struct spec_options options = {.region = region, .any_region = any};
    return load_with(arena, text, &options);
}

static void a_stack_in_each_region(void **state)
{
    struct loaded loaded = load_regions(*state, NULL, NULL, STR_NULL, false);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.len, 2);
    const struct spec *us = loaded.specs.items[0], *eu = loaded.specs.items[1];
    assert_str(us->region.value, "us-east-1");
    assert_str(eu->region.value, "eu-west-1");
    assert_int_equal(eu->region.at.column, 24);
    assert_ptr_not_equal(us->whole, NULL);
    assert_ptr_equal(us->whole, eu->whole);
    assert_int_equal(eu->whole->n_regions, 2);
    assert_true(str_is_null(eu->region_written.value));
    assert_int_equal(us->n_models, 2);
    assert_str(eu->models[1].name.value, "two");
    assert_str(eu->endpoint.name.value, "demo");
    /* One region is no list. */
    loaded = load_text(*state, STR(SPEC_TEST_BASE));
    assert_null(loaded.specs.items[0]->whole);
}

static void places_are_filled(void **state)
{
    struct loaded loaded =
        load_regions(*state, BUCKET, "{bucket: \"models-{region}\"}", STR_NULL, false);
    assert_str(loaded.faults, "");
    assert_str(loaded.specs.items[0]->bucket.value, "models-us-east-1");
    assert_str(loaded.specs.items[1]->bucket.value, "models-eu-west-1");
    loaded = load_regions(
        *state, "    algorithm: {name: xgboost, version: \"1.7-1\"}",
        "    image: 1.dkr.ecr.{region}.amazonaws.com/x:1", STR_NULL, false);
    assert_str(loaded.faults, "");
    const struct spec_training *training = &loaded.specs.items[1]->training;
    assert_str(training->image.value, "1.dkr.ecr.eu-west-1.amazonaws.com/x:1");
    assert_str(training->image_name, "1.dkr.ecr.{region}.amazonaws.com/x:1");
    loaded = load_regions(
        *state, "container: {", "container: {image: \"1.dkr.ecr.{region}.amazonaws.com/x:1\", ",
        STR_NULL, false);
    assert_str(
        loaded.specs.items[1]->endpoint.image.value, "1.dkr.ecr.eu-west-1.amazonaws.com/x:1");
    loaded = load_regions(
        *state, "    modelCache: enabled\n",
        "    kmsKey: alias/models\n"
        "    dataCapture: {percent: 10, destination: \"s3://captured-{region}/here\"}\n",
        STR_NULL, false);
    assert_str(loaded.faults, "");
    assert_str(
        loaded.specs.items[1]->endpoint.capture.destination.value, "s3://captured-eu-west-1/here");
    /* So are those of containers. */
    struct str text = text_replace(*state, STR(SPEC_TEST_BASE), REGION, REGIONS);
    size_t models = str_find(text, STR("  models:\n")), end = str_find(text, STR("  endpoint:\n"));
    text = str_fmt(
        *state, STR_FMT STR_FMT, STR_ARG(str_slice(text, 0, models)),
        STR_ARG(str_slice(text, end, text.len)));
    text = text_replace(
        *state, text, "    targetModels: stable\n",
        "    mode: multi-container-direct\n"
        "    containers:\n"
        "      - {name: a, image: \"1.dkr.ecr.{region}.amazonaws.com/x:1\"}\n"
        "      - {name: b, image: \"1.dkr.ecr.us-east-1.amazonaws.com/y:1\"}\n");
    text = text_replace(*state, text, "    container: {environment: {WORKERS: \"1\"}}\n", "");
    text = text_replace(*state, text, "    modelCache: enabled\n", "");
    loaded = load_text(*state, text);
    assert_true(str_find(loaded.faults, STR("x:1")) == SIZE_MAX);
    assert_true(str_find(loaded.faults, STR("/y:1' is not in region 'eu-west-1' | ")) != SIZE_MAX);
    text = text_replace(*state, text, "us-east-1.amazonaws.com/y", "{region}.amazonaws.com/y");
    loaded = load_text(*state, text);
    assert_str(loaded.faults, "");
    assert_str(
        loaded.specs.items[1]->endpoint.containers[1].image.value,
        "1.dkr.ecr.eu-west-1.amazonaws.com/y:1");
    /* In one region as well. */
    loaded = load_text(
        *state, text_replace(*state, STR(SPEC_TEST_BASE), BUCKET, "{bucket: \"models-{region}\"}"));
    assert_str(loaded.specs.items[0]->bucket.value, "models-us-east-1");
}

static void models_and_sets_have_their_regions(void **state)
{
    struct loaded loaded =
        load_regions(*state, TWO, TWO "\n      regions: [eu-west-1]", STR_NULL, false);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.items[0]->n_models, 1);
    assert_int_equal(loaded.specs.items[1]->n_models, 2);
    assert_int_equal(loaded.specs.items[0]->whole->n_models, 2);
    loaded = load_regions(
        *state, "  endpoint:\n",
        "  modelSets:\n"
        "    - {name: \"{d}-x\", matrix: {d: [4, 6]}, regions: [us-east-1], " SIZES "}\n"
        "    - {name: \"c-{key}\", partition: {column: 0}, regions: [eu-west-1], " SIZES "}\n"
        "  endpoint:\n",
        STR_NULL, false);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.items[0]->n_models, 4);
    assert_int_equal(loaded.specs.items[1]->n_models, 2);
    assert_int_equal(loaded.specs.items[0]->n_sets, 1);
    assert_int_equal(loaded.specs.items[1]->n_sets, 1);
    assert_true(loaded.specs.items[1]->sets[0].partition.set);
}

static void a_route_is_where_its_models_are(void **state)
{
    struct str text = text_replace(*state, STR(SPEC_TEST_BASE), REGION, REGIONS);
    text = text_replace(*state, text, TWO, TWO "\n      regions: [eu-west-1]");
    struct str both = text_replace(
        *state, text, "    modelCache: enabled\n",
        "    modelCache: enabled\n"
        "  routes:\n"
        "    - {name: here, split: {one: 1}}\n"
        "    - {name: there, split: {two: 1}}\n");
    struct loaded loaded = load_text(*state, both);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.items[0]->n_routes, 1);
    assert_int_equal(loaded.specs.items[1]->n_routes, 2);
    struct str split = text_replace(
        *state, text, "    modelCache: enabled\n",
        "    modelCache: enabled\n"
        "  routes: [{name: mixed, split: {one: 1, two: 9}}]\n");
    loaded = load_text(*state, split);
    assert_str(
        loaded.faults,
        "E spec.yaml:36:42 route 'mixed' names model 'two', which region 'us-east-1' has not | "
        "give all models of the route the same 'regions'; where none of them is, there is no "
        "route\n");
    struct str shadow = text_replace(
        *state, text, "    modelCache: enabled\n",
        "    modelCache: enabled\n"
        "  routes: [{name: shaded, split: {one: 1}, shadow: two}]\n");
    loaded = load_text(*state, shadow);
    assert_str(
        loaded.faults,
        "E spec.yaml:36:52 route 'shaded' names model 'two', which region 'us-east-1' has not | "
        "give all models of the route the same 'regions'; where none of them is, there is no "
        "route\n");
    /* What a partition makes is where the partition is. */
    struct str parted = text_replace(
        *state, text, "    modelCache: enabled\n",
        "    modelCache: enabled\n"
        "  modelSets:\n"
        "    - {name: \"c-{key}\", partition: {column: 0}, regions: [eu-west-1], " SIZES "}\n"
        "  routes: [{name: customer, split: {c-a: 1}}]\n");
    loaded = load_text(*state, parted);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.items[0]->n_routes, 0);
    assert_int_equal(loaded.specs.items[1]->n_routes, 1);
}

static void who_has_what(void **state)
{
    struct str text = text_replace(*state, STR(SPEC_TEST_BASE), REGION, REGIONS);
    text = text_replace(
        *state, text, "    - name: two\n" TWO,
        "    - name: two\n      hyperparameters: {num_round: 5}\n      regions: [eu-west-1]");
    text = text_replace(
        *state, text, "    modelCache: enabled\n",
        "    modelCache: enabled\n"
        "  routes: [{name: there, split: {two: 1}}]\n");
    struct loaded loaded = load_text(*state, text);
    assert_str(loaded.faults, "");
    const struct spec *us = loaded.specs.items[0], *eu = loaded.specs.items[1];
    assert_true(spec_region_has(us, STR("one")));
    assert_false(spec_region_has(us, STR("two")));
    assert_false(spec_region_has(us, STR("there")));
    assert_true(spec_region_has(eu, STR("two")));
    assert_true(spec_region_has(eu, STR("there")));
    assert_true(spec_region_has(us, STR("nobody"))); /* may be a partition's */
    assert_false(spec_is_copied(us, &us->models[0]));
    assert_true(spec_is_copied(eu, &eu->models[0]));
    assert_false(spec_is_copied(eu, &eu->models[1]));
    /* One that was taken out of the list comes last. */
    const struct spec_options options = {.region = STR("sa-east-1"), .any_region = true};
    loaded = load_with(*state, text, &options);
    assert_true(spec_is_copied(loaded.specs.items[0], &loaded.specs.items[0]->models[0]));
    loaded = load_text(*state, STR(SPEC_TEST_BASE));
    const struct spec *alone = loaded.specs.items[0];
    assert_true(spec_region_has(alone, STR("nobody")));
    assert_false(spec_is_copied(alone, &alone->models[0]));
}

static void one_of_them_is_named(void **state)
{
    struct loaded loaded = load_regions(*state, NULL, NULL, STR("eu-west-1"), false);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.len, 1);
    assert_str(loaded.specs.items[0]->region.value, "eu-west-1");
    assert_ptr_not_equal(loaded.specs.items[0]->whole, NULL);
    loaded = load_regions(*state, NULL, NULL, STR("sa-east-1"), false);
    assert_str(
        loaded.faults,
        "E spec.yaml:12:13 region 'sa-east-1' of --region is not in 'regions' | the spec is for "
        "us-east-1, eu-west-1; a stack that was left in another region is removed by 'mmectl "
        "destroy --region sa-east-1'\n");
    loaded = load_regions(*state, NULL, NULL, STR("sa-east-1"), true);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.len, 1);
    assert_str(loaded.specs.items[0]->region.value, "sa-east-1");
}

static void faults(void **state)
{
    static const struct fault_case s_cases[] = {
        {REGION, "  region: us-east-1\n  regions: [eu-west-1]",
         "E spec.yaml:12:11 a spec has either 'region' or 'regions' | keep one of the two\n"},
        {REGION, "  regions: []",
         "E spec.yaml:12:12 'regions' must have 1 to 40 entries, not 0 | 'mmectl help spec "
         "spec.regions' explains it\n"},
        {REGION, "  regions: [us-east-1, eu-west]",
         "E spec.yaml:12:24 'eu-west' is not valid as an entry of 'regions' | an entry of "
         "'regions' takes an AWS region, such as us-east-1\n"},
        {REGION, "  regions: [us-east-1, eu-west-1, us-east-1]",
         "E spec.yaml:12:35 region 'us-east-1' is listed twice, first at spec.yaml:12:13 | take "
         "one of the two out\n"},
        {REGION, "  regions: [us-east-1, cn-north-1]",
         "E spec.yaml:12:24 region 'cn-north-1' is of partition 'aws-cn', the role of 'aws' | "
         "another partition is another account: give it a spec of its own\n"},
        {REGION, "  region: cn-north-1",
         "E spec.yaml:13:9 the role is of partition 'aws', region 'cn-north-1' of 'aws-cn' | a "
         "role of that region begins with arn:aws-cn:iam::\n"},
        {TWO, TWO "\n      regions: [eu-west-1]",
         "E spec.yaml:29:17 region 'eu-west-1' is none of the spec's | the spec is for us-east-1; "
         "add the region to spec.regions first\n"},
    };
    check_faults(*state, s_cases, ARRAY_LEN(s_cases));
    static const struct fault_case s_regional[] = {
        {TWO, TWO "\n      regions: [sa-east-1, eu-west-1, eu-west-1]",
         "E spec.yaml:29:17 region 'sa-east-1' is none of the spec's | the spec is for us-east-1, "
         "eu-west-1; add the region to spec.regions first\n"
         "E spec.yaml:29:39 region 'eu-west-1' is listed twice, first at spec.yaml:29:28 | take "
         "one of the two out\n"},
        {"  endpoint:\n",
         "  modelSets: [{name: \"x-{key}\", partition: {column: 0}, regions: [sa-east-1], " SIZES
         "}]\n"
         "  endpoint:\n",
         "E spec.yaml:29:67 region 'sa-east-1' is none of the spec's | the spec is for us-east-1, "
         "eu-west-1; add the region to spec.regions first\n"},
        {BUCKET, "{bucket: models}",
         "E spec.yaml:14:21 bucket 'models' can be in one region only | write {region} in its "
         "name, or leave it out for sagemaker-<region>-<account>\n"},
        {BUCKET, "{bucket: \"a234567890123456789012345678901234567890123456789012345{region}\"}",
         "E spec.yaml:14:21 "
         "'a234567890123456789012345678901234567890123456789012345us-east-1' is too long for a "
         "bucket: 64 characters | S3 takes up to 63\n"},
        {"container: {", "container: {image: 1.dkr.ecr.us-east-1.amazonaws.com/x:1, ",
         "E spec.yaml:33:24 image '1.dkr.ecr.us-east-1.amazonaws.com/x:1' is not in region "
         "'eu-west-1' | SageMaker pulls an image from its own region: write {region} where it "
         "differs, and replicate the repository\n"},
        {"    - name: one\n      hyperparameters: {num_round: 25, max_depth: 2, eta: 0.3}\n"
         "    - name: two\n",
         "    - name: two\n      regions: [eu-west-1]\n",
         "E spec.yaml:12:13 no model is left for region 'us-east-1' | take the region out, or name "
         "it in the 'regions' of a model\n"},
        {"    modelCache: enabled\n",
         "    dataCapture: {percent: 10, destination: \"s3://captured/here\"}\n",
         "E spec.yaml:34:45 's3://captured/here' can be in one region only | SageMaker writes to a "
         "bucket of its own region: write {region} in it\n"},
        {"    modelCache: enabled\n",
         "    vpc: {subnets: [subnet-0123456789abcdef0], securityGroups: [sg-0123456789abcdef0]}\n",
         "E spec.yaml:34:21 subnets belong to one region, the spec has 2 | give each region a spec "
         "of its own, or leave 'vpc' out\n"},
        {"    modelCache: enabled\n",
         "    kmsKey: "
         "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\n",
         "E spec.yaml:34:13 key "
         "'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab' is not in "
         "region 'eu-west-1' | an alias is looked up in each region: 'alias/NAME'\n"},
        {"prefix: demo}",
         "prefix: demo, kmsKey: \"arn:aws:kms:eu-west-1:123456789012:key/1234abcd\"}",
         "E spec.yaml:14:56 key 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd' is not in region "
         "'us-east-1' | an alias is looked up in each region: 'alias/NAME'\n"},
        {"role: arn:aws:iam::123456789012:role/SageMaker", "role: nobody",
         "E spec.yaml:13:9 'role' must have 20 to 2048 characters, not 6 | 'mmectl help spec "
         "spec.role' explains it\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_regional); i++) {
        struct loaded loaded =
            load_regions(*state, s_regional[i].find, s_regional[i].replace, STR_NULL, false);
        assert_str(loaded.faults, s_regional[i].faults);
        assert_int_equal(loaded.code, ERR_SPEC);
    }
}

/* A spec that empties its stacks empties them everywhere. */
static void no_models_at_all(void **state)
{
    struct loaded loaded = load_regions(
        *state,
        "  models:\n"
        "    - name: one\n"
        "      hyperparameters: {num_round: 25, max_depth: 2, eta: 0.3}\n"
        "    - name: two\n"
        "      artifact: s3://bucket/model.tar.gz\n",
        "  models: []\n", STR_NULL, false);
    assert_str(loaded.faults, "");
    assert_int_equal(loaded.specs.len, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_stack_in_each_region),
        WITH_ARENA(places_are_filled),
        WITH_ARENA(models_and_sets_have_their_regions),
        WITH_ARENA(a_route_is_where_its_models_are),
        WITH_ARENA(who_has_what),
        WITH_ARENA(one_of_them_is_named),
        WITH_ARENA(faults),
        WITH_ARENA(no_models_at_all),
    };
    return cmocka_run_group_tests_name("specs/spec_regions", tests, NULL, NULL);
}
