#include "tests/unit/engine/kinds/life_theirs.h"

#include "engine/reconcile/adopt.h"
#include "engine/reconcile/doctor.h"
#include "engine/reconcile/forget.h"
#include "engine/reconcile/gc.h"

/* import, forget and gc, killed or cut off at each of their requests: the same command again leads
 * to where a run without any loss leads. And what a diagnosis asks. */

enum verb { VERB_IMPORT, VERB_IMPORT_OLD, VERB_FORGET, VERB_GC, VERB_DOCTOR };

struct order {
    enum verb verb;
    struct str spec;
    size_t n_failed, n_skipped; /* of a diagnosis */
    struct str text;            /* one finding, by name */
    const char *check;
    struct adopt_options options;
};

static void note_diagnosis(struct life *life, struct order *order, const struct diagnosis *found)
{
    order->n_failed = found->n_fail;
    order->n_skipped = found->n_skipped;
    for (size_t i = 0; i < found->len; i++)
        if (order->check != NULL && strcmp(found->items[i].check, order->check) == 0)
            order->text = str_fmt(
                life->arena, "%s: " STR_FMT, verdict_name(found->items[i].verdict),
                STR_ARG(found->items[i].text));
}

static void work(struct life *life, struct reconciler *r, struct aws *aws, void *arg)
{
    (void) aws;
    struct order *order = arg;
    struct diags diags;
    struct spec_list specs;
    struct spec_options options = {0};
    diags_init(&diags, r->arena);
    life->report = (struct report){0};
    struct str path = path_join(r->arena, str_from(life->folder), STR("spec.yaml"));
    assert_ok(file_write_atomic(str_z(r->arena, path), order->spec, 0600, &life->err), &life->err);
    assert_ok(spec_load(r->arena, &path, 1, &options, &diags, &specs, &life->err), &life->err);
    const struct spec *spec = specs.items[0];
    struct adopt_options adopt = order->options;
    struct diagnosis diagnosis;
    size_t forgotten;
    switch (order->verb) {
    case VERB_IMPORT:
    case VERB_IMPORT_OLD:
        adopt.from_stack = order->verb == VERB_IMPORT_OLD ? STR("demo") : STR_NULL;
        life->code = adopt_execute(r, spec, &adopt, &life->report, &life->err);
        break;
    case VERB_FORGET:
        life->code = forget_execute(r, spec, STR_NULL, &forgotten, &life->err);
        break;
    case VERB_GC:
        life->code = gc_execute(r, spec, &life->report, &life->err);
        break;
    case VERB_DOCTOR:
        life->code = doctor_run(r, spec, &diagnosis, &life->err);
        if (life->code == ERR_NONE)
            note_diagnosis(life, order, &diagnosis);
        break;
    }
    life->report.failed.items = NULL;
}

static enum err_code run(struct life *life, enum verb verb, struct str spec)
{
    struct order order = {.verb = verb, .spec = spec};
    life_run(life, work, &order);
    return life->code;
}

static struct str renamed(struct arena *arena)
{
    struct str text =
        text_replace(arena, STR(LIFE_SPEC), "metadata: {name: demo,", "metadata: {name: renamed,");
    return text_replace(arena, text, "prefix: demo}", "prefix: renamed}");
}

static struct str without_two(struct arena *arena)
{
    return text_replace(
        arena, STR(LIFE_SPEC), "    - {name: two, hyperparameters: {max_depth: 3}}\n", "");
}

/* What somebody made by hand. */
static void by_hand(struct life *life)
{
    theirs_endpoint(life, STR("theirs/one.tar.gz"));
}

static void applied(struct life *life)
{
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
}

/* One version of a model after the other, and then one model less. */
static void worn(struct life *life)
{
    static const char *const depths[] = {"max_depth: 4", "max_depth: 5", "max_depth: 6"};
    for (size_t i = 0; i < ARRAY_LEN(depths); i++)
        assert_ok(
            life_apply(life, text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", depths[i])),
            &life->err);
    assert_ok(life_apply(life, without_two(life->arena)), &life->err);
    life_put(life, STR("demo/control/probe"), STR("mmectl"));
    life_put(life, STR("demo/theirs"), STR("not ours"));
}

struct story {
    const char *name;
    enum verb verb;
    void (*before)(struct life *life);
    struct str (*spec)(struct arena *arena);
};

static struct str same(struct arena *arena)
{
    (void) arena;
    return STR(LIFE_SPEC);
}

static const struct story s_stories[] = {
    {"import", VERB_IMPORT, by_hand, same},
    {"import --from-stack", VERB_IMPORT_OLD, applied, renamed},
    {"forget --all", VERB_FORGET, applied, same},
    {"gc --delete", VERB_GC, worn, without_two},
};

/* False when the run has fewer requests than that. */
static bool lose(const struct story *story, struct str wanted, size_t nth, enum http_loss loss)
{
    AUTO(life_close) struct life *life = life_new();
    story->before(life);
    life->fault.nth = nth;
    life->fault.loss = loss;
    enum err_code first = run(life, story->verb, story->spec(life->arena));
    bool struck = life->lost[0] != '\0';
    const char *what = str_z(life->arena, str_from(life->lost));
    if (run(life, story->verb, story->spec(life->arena)) != ERR_NONE)
        fail_msg(
            "%s, request %zu (%s), loss %d: %s (before: %s)", story->name, nth, what, (int) loss,
            life->err.message, err_name(first));
    struct str world = life_dump(life);
    if (struck && !str_eq(world, wanted)) {
        print_message("wanted:\n" STR_FMT "\nis:\n" STR_FMT "\n", STR_ARG(wanted), STR_ARG(world));
        fail_msg("%s, request %zu (%s), loss %d", story->name, nth, what, (int) loss);
    }
    return struck;
}

static void every_request_lost(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_stories); i++) {
        AUTO(life_close) struct life *ideal = life_new();
        const struct story *story = &s_stories[i];
        story->before(ideal);
        assert_ok(run(ideal, story->verb, story->spec(ideal->arena)), &ideal->err);
        struct str wanted = life_dump(ideal);
        for (enum http_loss loss = LOSS_ANSWER; loss <= LOSS_REST; loss++)
            for (size_t nth = 1; lose(story, wanted, nth, loss); nth++)
                ;
        assert_true(ideal->mutating > 2);
        /* A second time there is nothing to do. */
        assert_ok(run(ideal, story->verb, story->spec(ideal->arena)), &ideal->err);
        assert_int_equal(ideal->mutating, 0);
    }
}

static void nothing_is_trained(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    by_hand(life);
    assert_ok(run(life, VERB_IMPORT, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(life->report.n_imported, 1);
    assert_int_equal(life->report.n_added, 2);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(json_get(life_world(life), "trainingJobs")->len, 0);
    life_settled(life, STR(LIFE_SPEC));
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(json_get(life_world(life), "models")->len, 1); /* theirs */
}

/* The spec with a container for each model, and one more that has none. */
static struct str contained(struct arena *arena)
{
    struct str text = text_replace(
        arena, STR(LIFE_SPEC),
        "  models:\n"
        "    - {name: one, hyperparameters: {max_depth: 2}}\n"
        "    - {name: two, hyperparameters: {max_depth: 3}}\n",
        "");
    return text_replace(
        arena, text, "    targetModels: stable\n",
        "    mode: multi-container-direct\n"
        "    containers:\n"
        "    - {name: one, image: builtin, hyperparameters: {max_depth: 2}}\n"
        "    - {name: two, image: builtin, hyperparameters: {max_depth: 3}}\n"
        "    - {name: three, image: builtin, hyperparameters: {max_depth: 4}}\n");
}

static void containers_are_taken_over(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    theirs_bucket(life);
    life_put(life, STR("theirs/a/model.tar.gz"), STR("the first"));
    life_put(life, STR("theirs/b/model.tar.gz"), STR("the second"));
    theirs_make(
        life, "CreateModel",
        "{'ModelName': 'their-model', 'ExecutionRoleArn': '" LIFE_ROLE
        "', 'InferenceExecutionConfig': {'Mode': 'Direct'}, 'Containers': ["
        "{'ContainerHostname': 'one', 'Image': 'sagemaker-xgboost:1.7-1', 'ModelDataUrl': "
        "'s3://life-bucket/theirs/a/model.tar.gz'},"
        "{'ContainerHostname': 'two', 'Image': 'sagemaker-xgboost:1.7-1', 'ModelDataUrl': "
        "'s3://life-bucket/theirs/b/model.tar.gz'}]}");
    theirs_make(
        life, "CreateEndpointConfig",
        "{'EndpointConfigName': 'their-config', 'ProductionVariants': [{'VariantName': "
        "'AllTraffic', 'ModelName': 'their-model', 'InstanceType': 'ml.m5.large', "
        "'InitialInstanceCount': 1}]}");
    theirs_make(
        life, "CreateEndpoint", "{'EndpointName': 'demo', 'EndpointConfigName': 'their-config'}");
    struct str spec = contained(life->arena);
    assert_ok(run(life, VERB_IMPORT, spec), &life->err);
    assert_int_equal(life->report.n_imported, 1);
    assert_int_equal(life->report.n_added, 2);
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(json_get(life_world(life), "trainingJobs")->len, 1); /* the third's */
    life_settled(life, spec);
    assert_ok(life_destroy(life, spec), &life->err);
    assert_int_equal(json_get(life_world(life), "models")->len, 1); /* theirs */
}

static void a_renamed_stack_lives_on(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life);
    size_t jobs = json_get(life_world(life), "trainingJobs")->len;
    struct str spec = renamed(life->arena);
    assert_ok(run(life, VERB_IMPORT_OLD, spec), &life->err);
    assert_fails(
        life_destroy(life, STR(LIFE_SPEC)), ERR_REFUSED, &life->err, "now of stack 'renamed'");
    assert_ok(life_apply(life, spec), &life->err);
    assert_int_equal(json_get(life_world(life), "trainingJobs")->len, jobs);
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, spec);
    assert_ok(life_destroy(life, spec), &life->err);
}

static void what_fails(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    by_hand(life);
    static const struct {
        const char *denied;
        enum verb verb;
    } cases[] = {
        {"s3:ListBucket", VERB_IMPORT},
        {"s3:PutObject", VERB_IMPORT},
        {"sagemaker:DescribeEndpoint", VERB_IMPORT},
        {"sagemaker:DescribeEndpoint", VERB_FORGET},
        {"sagemaker:DescribeEndpoint", VERB_GC},
        {"sts:GetCallerIdentity", VERB_IMPORT},
        {"sts:GetCallerIdentity", VERB_FORGET},
        {"sts:GetCallerIdentity", VERB_GC},
        {"sagemaker:AddTags", VERB_IMPORT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        life_deny(life, cases[i].denied);
        if (run(life, cases[i].verb, STR(LIFE_SPEC)) == ERR_NONE)
            fail_msg("%s was denied and nothing failed", cases[i].denied);
        life_allow(life);
    }
    struct str own =
        text_replace(life->arena, STR(LIFE_SPEC), "{name: demo, tags", "{name: demo2, tags");
    assert_fails(run(life, VERB_IMPORT_OLD, own), ERR_CONFLICT, &life->err, "the prefix");
    assert_fails(
        run(life, VERB_IMPORT_OLD, STR(LIFE_SPEC)), ERR_USAGE, &life->err, "the spec's own stack");
    assert_ok(run(life, VERB_IMPORT, STR(LIFE_SPEC)), &life->err);
    life_deny(life, "sagemaker:DeleteTags");
    assert_fails(
        run(life, VERB_FORGET, STR(LIFE_SPEC)), ERR_DENIED, &life->err,
        "forgetting aws_sagemaker_endpoint.this");
}

static void a_diagnosis(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    applied(life);
    struct order order = {.verb = VERB_DOCTOR, .spec = STR(LIFE_SPEC), .check = "role"};
    life_run(life, work, &order);
    assert_ok(life->code, &life->err);
    assert_int_equal(order.n_failed, 0);
    assert_int_equal(life->mutating, 0);
    assert_str(order.text, "ok: '" LIFE_ROLE "'");
    static const struct {
        const char *deny, *check, *text;
    } cases[] = {
        {"iam:GetRole", "role", "skipped: could not check: "},
        {"s3:GetBucketPublicAccessBlock", "public-access", "skipped: could not check: "},
        {"s3:GetEncryptionConfiguration", "encryption", "skipped: could not check: "},
        {"s3:GetLifecycleConfiguration", "lifecycle", "skipped: could not check: "},
        {"s3:ListBucketMultipartUploads", "uploads", "ok: none"},
        {"sagemaker:DescribeEndpoint", "endpoint", "skipped: could not check: "},
        {"sts:GetCallerIdentity", "credentials", "fail: "},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        life_deny(life, cases[i].deny);
        order.check = cases[i].check;
        life_run(life, work, &order);
        if (!str_starts(order.text, str_from(cases[i].text)))
            fail_msg("%s denied: " STR_FMT, cases[i].deny, STR_ARG(order.text));
        life_allow(life);
    }
    life_fault(
        life, "{'operation': 'CreateTrainingJob', 'kind': 'fail', 'reason': 'ClientError: bad'}");
    order.spec = text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 7");
    (void) !life_apply(life, order.spec);
    order.check = "training";
    life_run(life, work, &order);
    assert_true(str_find(order.text, STR("ClientError: bad")) != SIZE_MAX);
    order.spec = text_replace(life->arena, STR(LIFE_SPEC), "source: train.csv", "source: no.csv");
    order.check = "spec";
    life_run(life, work, &order);
    assert_true(str_starts(order.text, STR("fail: ")));
}

/* Options, and what they find. */
static void told_more(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    by_hand(life);
    struct order order = {.verb = VERB_IMPORT, .spec = STR(LIFE_SPEC)};
    static const struct want_pair nowhere[] = {{STR_INIT("one"), STR_INIT("s3://nowhere/one")}};
    order.options.from = nowhere;
    order.options.n_from = 1;
    life_run(life, work, &order);
    assert_fails(life->code, ERR_NOT_FOUND, &life->err, "model 'one'");
    order.options = (struct adopt_options){0};
    order.spec = text_replace(life->arena, STR(LIFE_SPEC), "life-bucket", "other-bucket");
    life_deny(life, "s3:CreateBucket");
    life_run(life, work, &order);
    assert_fails(life->code, ERR_DENIED, &life->err, "CreateBucket");
    life_allow(life);
    /* A model of the user's own is published from its file, by apply. */
    life_write(life, "own.tar.gz", "bytes");
    order.spec = text_replace(
        life->arena, STR(LIFE_SPEC), "  endpoint:\n",
        "    - {name: own, artifact: own.tar.gz}\n  endpoint:\n    protect: true\n");
    life_run(life, work, &order);
    assert_ok(life->code, &life->err);
    assert_int_equal(life->report.n_added, 2);
    assert_fails(life_destroy(life, order.spec), ERR_REFUSED, &life->err, "is protected");

    AUTO(life_close) struct life *old = life_new();
    applied(old);
    order = (struct order){.verb = VERB_IMPORT_OLD, .spec = renamed(old->arena)};
    order.options.from_home = STR("nonsense");
    life_run(old, work, &order);
    assert_fails(old->code, ERR_USAGE, &old->err, "is not s3://BUCKET/PREFIX");
    life_put(old, STR("demo/control/lease"), STR("{\"ID\":\"x\",\"Who\":\"them\",\"TTL\":120}"));
    order.options.from_home = STR("s3://life-bucket/demo/");
    life_run(old, work, &order);
    assert_fails(old->code, ERR_LOCKED, &old->err, "is being changed by them");
    old->now_ms += 600000;
    order.options.from_home = STR_NULL;
    order.spec = text_replace(old->arena, order.spec, "    name: demo\n", "    name: renamed\n");
    life_run(old, work, &order);
    assert_ok(old->code, &old->err);
    assert_int_equal(old->report.n_imported, 0);
}

/* Fewer older versions are wanted than there are: gc takes them, and out of the record. */
static void fewer_versions(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    struct str spec = text_replace(
        life->arena, STR(LIFE_SPEC), "targetModels: stable", "targetModels: versioned");
    assert_ok(life_apply(life, spec), &life->err);
    spec = text_replace(life->arena, spec, "max_depth: 2", "max_depth: 4");
    assert_ok(life_apply(life, spec), &life->err);
    spec =
        text_replace(life->arena, spec, "  endpoint:\n", "  versions: {retain: 0}\n  endpoint:\n");
    assert_ok(run(life, VERB_GC, spec), &life->err);
    assert_true(life->report.n_destroyed > 0);
    life_settled(life, spec);
    /* Without a record there is none to write. */
    life_put(life, STR("demo/control/stack.json"), STR(""));
    life_put(life, STR("demo/control/probe"), STR("mmectl"));
    assert_ok(run(life, VERB_GC, spec), &life->err);
}

static void a_diagnosis_of_somebody_elses(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    by_hand(life);
    struct order order = {.verb = VERB_DOCTOR, .spec = STR(LIFE_SPEC), .check = "drift"};
    life_run(life, work, &order);
    assert_ok(life->code, &life->err);
    assert_true(str_starts(order.text, STR("fail: endpoint 'demo' exists")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_lost),
        cmocka_unit_test(nothing_is_trained),
        cmocka_unit_test(containers_are_taken_over),
        cmocka_unit_test(a_renamed_stack_lives_on),
        cmocka_unit_test(what_fails),
        cmocka_unit_test(a_diagnosis),
        cmocka_unit_test(told_more),
        cmocka_unit_test(fewer_versions),
        cmocka_unit_test(a_diagnosis_of_somebody_elses)};
    return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
