/* How the endpoint gets from one configuration to the next while answers are lost, others act, and
 * SageMaker takes its time. */
#include "tests/unit/engine/kinds/life.h"

#define MINUTE 60000

static struct str changed(struct life *life)
{
    return text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5");
}

static struct life *slow_life(int64_t updating_ms)
{
    struct local_delays delays = local_delays_zero();
    delays.endpoint_updating_ms = updating_ms;
    return life_new_delayed(false, delays);
}

static const struct json *the_endpoint(struct life *life)
{
    return json_at(json_get(life_world(life), "endpoints"), 0);
}

static size_t count(struct life *life, const char *list)
{
    return json_get(life_world(life), list)->len;
}

static bool has(struct life *life, const char *list, struct str name)
{
    JSON_EACH (item, json_get(life_world(life), list))
        if (str_eq(json_get_str(item, "name"), name))
            return true;
    return false;
}

/* The model of a config. */
static struct str model_of(struct life *life, struct str config)
{
    JSON_EACH (item, json_get(life_world(life), "endpointConfigs"))
        if (str_eq(json_get_str(item, "name"), config))
            return json_get_str(
                json_at(json_get(json_get(item, "request"), "ProductionVariants"), 0), "ModelName");
    return STR_NULL;
}

/* Whether the model is there, and all that it loads. */
static bool is_whole(struct life *life, struct str model)
{
    static const char *const targets[] = {"one.tar.gz", "two.tar.gz"};
    struct str dump = life_dump(life), home = STR("s3://life-bucket/"), url = STR_NULL;
    JSON_EACH (item, json_get(life_world(life), "models"))
        if (str_eq(json_get_str(item, "name"), model))
            url = json_get_str(
                json_get(json_get(item, "request"), "PrimaryContainer"), "ModelDataUrl");
    if (!str_starts(url, home))
        return false;
    url = str_from_index(url, home.len);
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        struct str key = str_fmt(life->arena, STR_FMT "%s", STR_ARG(url), targets[i]);
        if (str_find(dump, key) == SIZE_MAX)
            return false;
    }
    return true;
}

static void
describe_work(struct life *life, struct reconciler *r, struct aws *aws, void *ret_instances)
{
    struct json *body = json_object(r->arena);
    const struct json *reply;
    json_put(r->arena, body, "EndpointName", json_z(r->arena, "demo"));
    life->code =
        aws_json_call(aws, r->arena, AWS_SAGEMAKER, "DescribeEndpoint", body, &reply, &life->err);
    *(int64_t *) ret_instances =
        json_get_int(json_at(json_get(reply, "ProductionVariants"), 0), "CurrentInstanceCount", 0);
}

static int64_t instances(struct life *life)
{
    int64_t count = 0;
    life_run(life, describe_work, &count);
    assert_ok(life->code, &life->err);
    return count;
}

/* ---- what goes, and when ---- */

static void what_serves_outlives_an_update_that_failed(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = slow_life(MINUTE);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    struct str config = json_get_str(the_endpoint(life), "config"), model = model_of(life, config);
    life_fault(life, "{'operation':'UpdateEndpoint','kind':'rollback','reason':'no ping'}");
    assert_fails(life_apply(life, changed(life)), ERR_ROLLED_BACK, &life->err, "no ping");
    assert_str_len(json_get_str(the_endpoint(life), "config"), config);
    assert_true(has(life, "endpointConfigs", config));
    assert_true(is_whole(life, model));
}

/* Somebody moves the endpoint at the moment in which the run has moved it. */
struct mover {
    struct str config; /* to that one */
    struct str model;  /* not null: `config` is made, of this model */
};
static struct mover s_mover;

static void move(struct life *life, const struct event *event)
{
    struct arena *arena = life->arena;
    struct err err = {0};
    if (event->type != EVENT_DONE || event->change == NULL || event->change->kind != KIND_ENDPOINT)
        return;
    life->on_event = NULL;
    struct json *body = json_object(arena);
    if (!str_is_null(s_mover.model)) {
        struct json *variant = json_object(arena), *config = json_object(arena);
        json_put(arena, variant, "VariantName", json_z(arena, "AllTraffic"));
        json_put(arena, variant, "ModelName", json_string(arena, s_mover.model));
        json_put(arena, variant, "InstanceType", json_z(arena, "ml.m5.large"));
        json_put(arena, variant, "InitialInstanceCount", json_int(arena, 1));
        json_put(arena, config, "EndpointConfigName", json_string(arena, s_mover.config));
        json_put(arena, config, "ProductionVariants", json_push(json_array(arena), variant));
        assert_ok(
            aws_json_call(
                life->aws, arena, AWS_SAGEMAKER, "CreateEndpointConfig", config, NULL, &err),
            &err);
    }
    json_put(arena, body, "EndpointName", json_z(arena, "demo"));
    json_put(arena, body, "EndpointConfigName", json_string(arena, s_mover.config));
    assert_ok(
        aws_json_call(life->aws, arena, AWS_SAGEMAKER, "UpdateEndpoint", body, NULL, &err), &err);
}

/* Back on the old config at once, or still on the way to it. */
static void a_config_that_somebody_went_back_to_stays(void **state)
{
    (void) state;
    for (int64_t pending_ms = 0; pending_ms <= MINUTE; pending_ms += MINUTE) {
        AUTO(life_close) struct life *life = slow_life(pending_ms);
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        struct str config = json_get_str(the_endpoint(life), "config");
        struct str model = model_of(life, config);
        s_mover = (struct mover){.config = config};
        life->on_event = move;
        assert_fails(life_apply(life, changed(life)), ERR_PARTIAL, &life->err, "1 failed");
        assert_true(life_told(life, "still uses endpoint configuration"));
        assert_true(has(life, "endpointConfigs", config));
        assert_true(is_whole(life, model));
        assert_ok(life_apply(life, changed(life)), &life->err);
        life_settled(life, changed(life));
        assert_int_equal(count(life, "models"), 1);
    }
}

static void a_model_that_another_config_uses_stays(void **state)
{
    (void) state;
    for (int64_t pending_ms = 0; pending_ms <= MINUTE; pending_ms += MINUTE) {
        AUTO(life_close) struct life *life = slow_life(pending_ms);
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        struct str model = model_of(life, json_get_str(the_endpoint(life), "config"));
        s_mover = (struct mover){.config = STR("by-hand"), .model = model};
        life->on_event = move;
        assert_fails(life_apply(life, changed(life)), ERR_PARTIAL, &life->err, "1 failed");
        assert_true(life_told(life, "endpoint 'demo' still uses model 'demo-"));
        assert_true(is_whole(life, model));
        assert_ok(life_apply(life, changed(life)), &life->err);
        life_settled(life, changed(life));
        assert_int_equal(count(life, "models"), 1);
    }
}

/* One attempt a run, and none of a config that failed before; another one is no matter of it. */
static void a_config_that_failed_is_remembered(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = slow_life(MINUTE);
    struct str other = text_replace(life->arena, changed(life), "max_depth: 5", "max_depth: 6");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_fault(
        life, "{'operation':'UpdateEndpoint','kind':'rollback','times':1,'reason':'no ping'}");
    life->fault.operation = "UpdateEndpoint";
    assert_fails(life_apply(life, changed(life)), ERR_ROLLED_BACK, &life->err, "no ping");
    assert_int_equal(life->of_operation, 1);
    for (int i = 0; i < 2; i++) {
        life->fault.operation = "UpdateEndpoint";
        assert_fails(
            life_apply(life, changed(life)), ERR_ROLLED_BACK, &life->err, "was tried and rolled");
        assert_int_equal(life->of_operation + life->mutating, 0);
    }
    assert_ok(life_apply(life, other), &life->err);
    life_settled(life, other);
    assert_int_equal(count(life, "endpointConfigs"), 1);
    assert_int_equal(count(life, "models"), 1);
}

/* ---- counts ---- */

static void autoscaled_counts_survive_an_update(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(instances(life), 1);
    struct json *body = json_object(life->arena), *desired = json_object(life->arena);
    json_put(life->arena, desired, "VariantName", json_z(life->arena, "AllTraffic"));
    json_put(life->arena, desired, "DesiredInstanceCount", json_int(life->arena, 3));
    json_put(life->arena, body, "EndpointName", json_z(life->arena, "demo"));
    json_put(
        life->arena, body, "DesiredWeightsAndCapacities",
        json_push(json_array(life->arena), desired));
    life_sagemaker(life, "UpdateEndpointWeightsAndCapacities", body);
    assert_int_equal(instances(life), 3);
    life_settled(life, STR(LIFE_SPEC)); /* it is no drift */
    struct str before = json_get_str(the_endpoint(life), "config");
    assert_ok(life_apply(life, changed(life)), &life->err);
    assert_false(str_eq(json_get_str(the_endpoint(life), "config"), before)); /* it rolled */
    assert_int_equal(instances(life), 3);
    /* A count that the spec changes is the spec's. */
    struct str two = text_replace(
        life->arena, changed(life), "    instance: {type: ml.m5.large, count: 1}\n",
        "    instance: {type: ml.m5.large, count: 2}\n");
    assert_ok(life_apply(life, two), &life->err);
    assert_int_equal(instances(life), 2);
}

/* ---- answers that are lost ---- */

static void an_update_is_sent_once_unless_it_never_arrived(void **state)
{
    (void) state;
    static const struct {
        enum http_loss loss;
        size_t sent;
    } cases[] = {{LOSS_ANSWER, 1}, {LOSS_REQUEST, 2}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(life_close) struct life *life = slow_life(MINUTE);
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        life->fault.operation = "UpdateEndpoint";
        life->fault.nth = 1;
        life->fault.loss = cases[i].loss;
        assert_ok(life_apply(life, changed(life)), &life->err);
        assert_str(str_from(life->lost), "UpdateEndpoint");
        assert_int_equal(life->of_operation, cases[i].sent);
        life_settled(life, changed(life));
    }
}

/* An endpoint that has not moved was not rolled back: what became of the request is told, and the
 * config is not held against the next run. */
static void an_update_that_never_arrives_is_no_rollback(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = slow_life(MINUTE);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_fault(
        life, "{'operation':'UpdateEndpoint','kind':'error','times':4,'status':500,"
              "'code':'InternalFailure','message':'out of order'}");
    life->fault.operation = "UpdateEndpoint";
    assert_fails(life_apply(life, changed(life)), ERR_PARTIAL, &life->err, "1 failed");
    assert_true(life_told(life, "updating endpoint 'demo': UpdateEndpoint 'demo': out of order"));
    assert_int_equal(life->of_operation, 4);
    assert_ok(life_apply(life, changed(life)), &life->err);
    life_settled(life, changed(life));
}

/* However late SageMaker shows what it has made. */
static void a_create_whose_answer_is_lost_makes_one_thing(void **state)
{
    (void) state;
    static const char *const creates[] = {
        "CreateTrainingJob", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"};
    static const char *const visible[] = {
        "{'visibleAfterMs':'0'}", "{'visibleAfterMs':'5000'}", "{'visibleAfterMs':'12000'}"};
    for (size_t i = 0; i < ARRAY_LEN(creates) * ARRAY_LEN(visible); i++) {
        AUTO(life_close) struct life *life = life_new();
        life_tell(life, "settings", visible[i / ARRAY_LEN(creates)]);
        life->fault.operation = creates[i % ARRAY_LEN(creates)];
        life->fault.nth = 1;
        life->fault.loss = LOSS_ANSWER;
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        assert_str(str_from(life->lost), creates[i % ARRAY_LEN(creates)]);
        assert_int_equal(count(life, "trainingJobs"), 2);
        assert_int_equal(count(life, "models"), 1);
        assert_int_equal(count(life, "endpointConfigs"), 1);
        assert_int_equal(count(life, "endpoints"), 1);
        life->now_ms += MINUTE;
        life_settled(life, STR(LIFE_SPEC));
    }
}

/* ---- deletions ---- */

static void begin_update(struct life *life, struct aws *aws, struct arena *arena)
{
    struct err err = {0};
    struct json *body = json_object(arena);
    json_put(arena, body, "EndpointName", json_z(arena, "demo"));
    json_put(
        arena, body, "EndpointConfigName",
        json_string(arena, json_get_str(the_endpoint(life), "config")));
    assert_ok(aws_json_call(aws, arena, AWS_SAGEMAKER, "UpdateEndpoint", body, NULL, &err), &err);
}

static void assert_all_gone(struct life *life)
{
    assert_int_equal(count(life, "endpoints"), 0);
    assert_int_equal(count(life, "endpointConfigs"), 0);
    assert_int_equal(count(life, "models"), 0);
}

/* Somebody's update is under way: nothing can be deleted before it has ended. */
static void an_update_under_way_delays_a_deletion(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = slow_life(10 * MINUTE);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life->between = begin_update;
    int64_t before = life->now_ms;
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_true(life->now_ms - before >= 10 * MINUTE);
    assert_all_gone(life);
}

/* It began between our look and our call. */
static void a_deletion_that_is_refused_is_sent_again(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_fault(
        life, "{'operation':'DeleteEndpoint','kind':'error','times':3,'status':400,"
              "'code':'ValidationException','message':'Cannot update in-progress endpoint.'}");
    life->fault.operation = "DeleteEndpoint";
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_int_equal(life->of_operation, 4);
    assert_all_gone(life);
}

static void a_name_that_was_just_deleted_is_waited_for(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_tell(life, "settings", "{'recreateAfterMs':'20000'}");
    life_fault(life, "{'operation':'CreateEndpoint','kind':'fail','nth':1,'reason':'no ping'}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, STR(LIFE_SPEC));
    /* The model and the config, too. */
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, STR(LIFE_SPEC));
}

/* ---- SageMaker's own maintenance ---- */

static void begin_maintenance(struct life *life, struct aws *aws, struct arena *arena)
{
    (void) aws, (void) arena;
    life_fault(life, "{'kind':'status','name':'demo','status':'SystemUpdating','forMs':60000}");
}

static void maintenance_is_waited_out(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    begin_maintenance(life, NULL, NULL);
    int64_t before = life->now_ms;
    life->fault.operation = "UpdateEndpoint";
    assert_ok(life_apply(life, changed(life)), &life->err);
    assert_int_equal(life->of_operation, 1);
    assert_true(life->now_ms - before >= MINUTE);
    /* It begins between the plan and its execution, and the update gets lost, too. */
    life->between = begin_maintenance;
    life->fault.operation = "UpdateEndpoint";
    life->fault.nth = 1;
    life->fault.loss = LOSS_REQUEST;
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life->between = NULL;
    life_settled(life, STR(LIFE_SPEC));
    life->between = begin_maintenance;
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    assert_all_gone(life);
}

/* ---- waits, while nobody answers ---- */

struct outage {
    enum event_type at;
    enum kind_id kind;
    const char *fault;
};
static struct outage s_outage;

static void break_down(struct life *life, const struct event *event)
{
    if (event->type != s_outage.at ||
        (event->type != EVENT_WAIT && event->change->kind != s_outage.kind))
        return;
    life->on_event = NULL;
    life_fault(life, s_outage.fault);
}

#define FAILS(operation, times) \
    "{'operation':'" operation "','kind':'error','times':" times \
    ",'status':500,'code':'InternalFailure','message':'try again'}"

static void waits_survive_failures_of_their_looks(void **state)
{
    (void) state;
    static const struct outage outages[] = {
        {EVENT_STATUS, KIND_TRAINING_JOB, FAILS("DescribeTrainingJob", "40")},
        {EVENT_START, KIND_MODEL, FAILS("DescribeModel", "40")},
        {EVENT_START, KIND_ENDPOINT_CONFIG, FAILS("DescribeEndpointConfig", "40")},
        {EVENT_STATUS, KIND_ENDPOINT, FAILS("DescribeEndpoint", "40")},
        {EVENT_STATUS, KIND_ENDPOINT,
         "{'operation':'DescribeEndpoint','kind':'error','times':100,'status':400,"
         "'code':'ThrottlingException','message':'Rate exceeded'}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(outages); i++) {
        struct local_delays delays = local_delays_zero();
        delays.endpoint_creating_ms = 10 * MINUTE;
        delays.training_downloading_ms = MINUTE;
        AUTO(life_close) struct life *life = life_new_delayed(false, delays);
        s_outage = outages[i];
        life->on_event = break_down;
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        assert_null(life->on_event);
        assert_true(life_told(life, "no answer"));
        life_settled(life, STR(LIFE_SPEC));
    }
}

static void a_deletion_and_a_busy_endpoint_are_waited_for_likewise(void **state)
{
    (void) state;
    struct local_delays delays = local_delays_zero();
    delays.endpoint_deleting_ms = delays.endpoint_updating_ms = 10 * MINUTE;
    AUTO(life_close) struct life *life = life_new_delayed(false, delays);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    begin_maintenance(life, NULL, NULL);
    s_outage = (struct outage){EVENT_WAIT, KIND_COUNT, FAILS("DescribeEndpoint", "40")};
    life->on_event = break_down;
    assert_ok(life_apply(life, changed(life)), &life->err);
    assert_null(life->on_event);
    s_outage = (struct outage){EVENT_STATUS, KIND_ENDPOINT, FAILS("DescribeEndpoint", "40")};
    life->on_event = break_down;
    assert_ok(life_destroy(life, changed(life)), &life->err);
    assert_null(life->on_event);
    assert_all_gone(life);
}

static void no_wait_is_for_ever(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = slow_life(7 * 60 * MINUTE);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_fails(life_apply(life, changed(life)), ERR_PARTIAL, &life->err, "1 failed");
    assert_true(life_told(life, "still not done after 6 hours"));
}

/* Half an hour without any answer is an error, and says which; an answer in between begins anew. */
static void silence_is_not_waited_out_for_ever(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = slow_life(MINUTE);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    s_outage = (struct outage){EVENT_STATUS, KIND_ENDPOINT, FAILS("DescribeEndpoint", "0")};
    life->on_event = break_down;
    assert_fails(life_apply(life, changed(life)), ERR_PARTIAL, &life->err, "1 failed");
    assert_true(life_told(life, "try again"));
    assert_false(life_told(life, "still not done after 6 hours"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_serves_outlives_an_update_that_failed),
        cmocka_unit_test(a_config_that_somebody_went_back_to_stays),
        cmocka_unit_test(a_model_that_another_config_uses_stays),
        cmocka_unit_test(a_config_that_failed_is_remembered),
        cmocka_unit_test(autoscaled_counts_survive_an_update),
        cmocka_unit_test(an_update_is_sent_once_unless_it_never_arrived),
        cmocka_unit_test(an_update_that_never_arrives_is_no_rollback),
        cmocka_unit_test(a_create_whose_answer_is_lost_makes_one_thing),
        cmocka_unit_test(an_update_under_way_delays_a_deletion),
        cmocka_unit_test(a_deletion_that_is_refused_is_sent_again),
        cmocka_unit_test(a_name_that_was_just_deleted_is_waited_for),
        cmocka_unit_test(maintenance_is_waited_out),
        cmocka_unit_test(waits_survive_failures_of_their_looks),
        cmocka_unit_test(silence_is_not_waited_out_for_ever),
        cmocka_unit_test(a_deletion_and_a_busy_endpoint_are_waited_for_likewise),
        cmocka_unit_test(no_wait_is_for_ever),
    };
    return cmocka_run_group_tests_name("rollout", tests, NULL, NULL);
}
