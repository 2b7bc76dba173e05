#include "tests/unit/engine/kinds/life.h"

#include "engine/reconcile/desired.h"

/* spec.modelSets from the data to what is published: values become names, parts become channels,
 * and a change of some rows is a change of their model alone. */

/* LIFE_SPEC with that set in the place of its models. */
static struct str with_set(struct arena *arena, const char *set)
{
    struct str text = text_replace(
        arena, STR(LIFE_SPEC), "    - {name: two, hyperparameters: {max_depth: 3}}\n",
        str_fmt(arena, "  modelSets:\n    - {%s}\n", set).ptr);
    return text_replace(
        arena, text, "channels: {train: {source: train.csv, contentType: text/csv}}",
        "channels: {train: {source: parts.csv, contentType: text/csv}, validation: {source: "
        "check.csv, contentType: text/csv}}");
}

static struct str without_models(struct arena *arena, struct str text)
{
    return text_replace(
        arena, text, "  models:\n    - {name: one, hyperparameters: {max_depth: 2}}\n", "");
}

#define CUSTOMERS "name: \"c-{key}\", description: \"of {key}\", partition: {column: 0}"
#define ROWS "acme,1,0.1,0.2\nacme,0,0.3,0.4\nbeta,1,0.1,0.2\nbeta,0,0.9,0.7\n"

static void faults(void **state)
{
    (void) state;
    static const struct {
        const char *set, *train, *validation;
        enum err_code code;
        const char *message;
    } cases[] = {
        {CUSTOMERS, ROWS, "acme,1,0.1\n", ERR_SPEC,
         "channel 'validation' has 1 features, channel 'train' has 2"},
        {"name: \"{key}\", partition: {column: 0}", "one,1,2\n", "one,1,2\n", ERR_SPEC,
         "set '{key}' makes model 'one', which is defined already"},
        {CUSTOMERS, "a b,1,2\na_b,1,2\n", "a_b,1,2\n", ERR_SPEC,
         "values 'a b' and 'a_b' of column 0 both make model 'c-a_b'"},
        {CUSTOMERS "}\n    - {" CUSTOMERS, ROWS, ROWS, ERR_SPEC,
         "set 'c-{key}' makes model 'c-acme', which is defined already"},
        {CUSTOMERS ", minRows: 50", ROWS, ROWS, ERR_SPEC,
         "set 'c-{key}' makes no model: no value has 50 rows"},
        {CUSTOMERS, NULL, ROWS, ERR_NOT_FOUND, "channel 'train'"},
        {CUSTOMERS, "acme,1,2\nacme,1\n", ROWS, ERR_SPEC, "channel 'train'"},
        {"name: \"c-{key}\", partition: {column: 9}", ROWS, ROWS, ERR_SPEC, "column 9"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(life_close) struct life *life = life_new();
        if (cases[i].train != NULL)
            life_write(life, "parts.csv", cases[i].train);
        life_write(life, "check.csv", cases[i].validation);
        assert_fails(
            life_plan(life, with_set(life->arena, cases[i].set)), cases[i].code, &life->err,
            cases[i].message);
        assert_true(life->err.at.line > 0);
    }
}

static void too_many_values(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    AUTO(buf_done) struct buf rows = BUF_INIT(MIB(1));
    for (int i = 0; i < 10000; i++)
        buf_fmt(&rows, "v%d,1,2\n", i);
    buf_add_char(&rows, '\0');
    life_write(life, "parts.csv", rows.ptr);
    life_write(life, "check.csv", "v1,1,2\n");
    assert_fails(
        life_plan(life, with_set(life->arena, CUSTOMERS)), ERR_SPEC, &life->err,
        "set 'c-{key}' makes 10000 models, which are 10001 in all");
}

/* Any text may be a value; a name is what is left of it, and the plan says so. */
static void values_become_names(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    AUTO(buf_done) struct buf rows = BUF_INIT(KIB(8));
    buf_add_z(&rows, ROWS "M\xC3\xBCller & S\xC3\xB6hne,1,2,3\n\"\",1,2,3\na--b,1,2,3\n");
    for (int i = 0; i < 120; i++)
        buf_add_char(&rows, 'n');
    buf_add_z(&rows, ",1,2,3\nf,1,2,3\ng h,1,2,3\n\xff,1,2,3\n");
    buf_add_char(&rows, '\0');
    life_write(life, "parts.csv", rows.ptr);
    life_write(life, "check.csv", "acme,1,2,3\nnobody,1,2,3\n");
    struct str spec = without_models(life->arena, with_set(life->arena, CUSTOMERS));
    assert_ok(life_plan(life, spec), &life->err);
    static const char *const told[] = {
        "note: set c-{key}: 9 models from column 0 of 'parts.csv'",
        "note: set c-{key}: 6 values cannot be part of a name as they are: ",
        "'M\xC3\xBCller & S\xC3\xB6hne' is c-Mu00fcller___Su00f6hne",
        "'' is c-_",
        "'a--b' is c-a-_b",
        "note: set c-{key}: 8 models without validation rows, trained without that channel",
        "note: set c-{key}: 1 value of its other channels has no training rows and no model",
    };
    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        if (!life_told(life, told[i]))
            fail_msg("'%s' is not in:\n" STR_FMT, told[i], STR_ARG(buf_str(&life->events)));
    spec = text_replace(
        life->arena, spec, "partition: {column: 0}", "partition: {column: 0}, minRows: 2");
    assert_ok(life_plan(life, spec), &life->err);
    assert_true(life_told(life, "2 models from column 0"));
    assert_true(life_told(life, "7 values below minRows (2) left out: "));
    assert_true(life_told(life, "and 2 more (-json lists all)"));
}

static size_t jobs_of(struct life *life)
{
    return json_get(life_world(life), "trainingJobs")->len;
}

/* Rows of one customer change, one is new, one goes. */
static void one_customers_rows(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = without_models(life->arena, with_set(life->arena, CUSTOMERS));
    life_write(life, "parts.csv", ROWS);
    life_write(life, "check.csv", ROWS);
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(jobs_of(life), 2);
    life_settled(life, spec);
    life_write(life, "parts.csv", ROWS "beta,1,0.5,0.5\n");
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(jobs_of(life), 3);
    life_settled(life, spec);
    life_write(life, "parts.csv", "beta,1,0.1,0.2\nbeta,0,0.9,0.7\nbeta,1,0.5,0.5\ngamma,1,1,1\n");
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(jobs_of(life), 4);
    assert_true(life_told(life, "aws_s3_object.model[\"c-acme\"]")); /* it goes */
    life_settled(life, spec);
    assert_ok(life_destroy(life, spec), &life->err);
}

/* Weights stand in a column of their own, behind the label. */
static void weighted_rows(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_write(life, "parts.csv", "acme,1,0.5,0.1\nacme,0,0.5,0.3\n");
    life_write(life, "check.csv", "acme,1,0.5,0.1\n");
    struct str spec = without_models(
        life->arena,
        with_set(life->arena, CUSTOMERS ", hyperparameters: {csv_weights: 1, max_depth: 2}"));
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(jobs_of(life), 1);
    life_write(life, "parts.csv", "acme,1,0.5,0.1\nacme,0,-0.5,0.3\n");
    assert_true(life_plan(life, spec) == ERR_SPEC);
}

#define REGIONS \
    "name: \"r-{region}\", matrix: {region: [us, eu]}, channels: {train: {source: " \
    "\"{region}.csv\", contentType: text/csv}}"

/* Each region has data of its own; what all share is uploaded once. */
static void data_of_its_own(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = with_set(life->arena, REGIONS);
    life_write(life, "parts.csv", "1,2,3\n");
    life_write(life, "check.csv", "0,2,3\n");
    life_write(life, "us.csv", "1,5,6\n");
    assert_fails(life_plan(life, spec), ERR_NOT_FOUND, &life->err, "eu.csv");
    life_write(life, "eu.csv", "1,5,x\n");
    assert_fails(life_plan(life, spec), ERR_SPEC, &life->err, "channel 'train'");
    life_write(life, "eu.csv", "1,7,8\n");
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(jobs_of(life), 3);
    life_settled(life, spec);
    life_write(life, "eu.csv", "1,7,9\n");
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(jobs_of(life), 4);
}

/* Here no data is uploaded, so what is read is checked with the models that train on it. */
static void data_of_its_own_here(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = without_models(life->arena, with_set(life->arena, REGIONS));
    spec = text_replace(life->arena, spec, "backend: sagemaker", "backend: local");
    life_write(life, "parts.csv", "1,2,3\n");
    life_write(life, "check.csv", "0,2,3\n");
    life_write(life, "us.csv", "1,5,6\n");
    life_write(life, "eu.csv", "1,5,x\n");
    assert_fails(life_plan(life, spec), ERR_SPEC, &life->err, "channel 'train'");
    life_write(life, "eu.csv", "1,7,8\n");
    assert_ok(life_plan(life, spec), &life->err);
    assert_int_equal(life->mutating, 0);
}

/* ---- without AWS, and part of it ---- */

struct asking {
    struct str spec;
    struct str target;
    size_t n_models, unread;
    struct str first;
};

static void ask(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    struct asking *asking = arg;
    struct diags diags;
    struct spec_list specs;
    struct spec_options options = {0};
    (void) aws;
    diags_init(&diags, r->arena);
    struct str path = path_join(r->arena, str_from(life->folder), STR("spec.yaml"));
    assert_ok(file_write_atomic(str_z(r->arena, path), asking->spec, 0600, &life->err), &life->err);
    assert_ok(spec_load(r->arena, &path, 1, &options, &diags, &specs, &life->err), &life->err);
    if (!str_is_null(asking->target)) {
        struct plan *plan;
        r->targets = &asking->target;
        r->n_targets = 1;
        life->code = reconcile_plan(r, specs.items[0], PLAN_APPLY, &plan, &life->err);
        asking->n_models = life->code == ERR_NONE ? plan->n_add : 0;
        return;
    }
    struct want *want = NULL;
    life->code = desired_offline(r, specs.items[0], &want, &asking->unread, &life->err);
    asking->n_models = life->code == ERR_NONE ? want->n_models : 0;
}

static void names_without_aws(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct asking asking = {.spec = with_set(life->arena, CUSTOMERS)};
    life_write(life, "check.csv", ROWS);
    life_run(life, ask, &asking);
    assert_fails(life->code, ERR_NOT_FOUND, &life->err, "channel 'train'");
    life_write(life, "parts.csv", ROWS);
    life_run(life, ask, &asking);
    assert_ok(life->code, &life->err);
    assert_int_equal(asking.n_models, 3);
    assert_int_equal(asking.unread, 0);
    asking.spec = text_replace(life->arena, asking.spec, "parts.csv", "s3://bucket/parts.csv");
    life_run(life, ask, &asking);
    assert_ok(life->code, &life->err);
    assert_int_equal(asking.n_models, 1); /* what S3 holds is not known here */
    assert_int_equal(asking.unread, 1);
    assert_int_equal(life->requests, 0);
}

static void a_part_as_a_target(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_write(life, "parts.csv", ROWS);
    life_write(life, "check.csv", ROWS);
    struct asking asking = {
        .spec = with_set(life->arena, CUSTOMERS),
        .target = STR("aws_s3_object.data[\"c-acme/train\"]")};
    life_run(life, ask, &asking);
    assert_ok(life->code, &life->err);
    asking.target = STR("aws_s3_object.data[\"c-nobody/train\"]");
    life_run(life, ask, &asking);
    assert_true(life->code != ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults),
        cmocka_unit_test(too_many_values),
        cmocka_unit_test(values_become_names),
        cmocka_unit_test(one_customers_rows),
        cmocka_unit_test(weighted_rows),
        cmocka_unit_test(data_of_its_own),
        cmocka_unit_test(data_of_its_own_here),
        cmocka_unit_test(names_without_aws),
        cmocka_unit_test(a_part_as_a_target),
    };
    return cmocka_run_group_tests_name("model_sets", tests, NULL, NULL);
}
