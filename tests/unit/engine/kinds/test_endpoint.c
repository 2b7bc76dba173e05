#include "tests/unit/engine/kinds/life.h"

static struct str changed(struct life *life)
{
    return text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5");
}

static struct str member(struct life *life, const char *name)
{
    return json_get_str(json_at(json_get(life_world(life), "endpoints"), 0), name);
}

static void a_rolled_back_update_keeps_the_old_fleet(void **state)
{
    (void) state;
    static const char *const reasons[] = {"no ping", ""};
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        AUTO(life_close) struct life *life = life_new();
        assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
        struct str before = member(life, "config");
        life_fault(
            life, str_fmt(
                      life->arena, "{'operation':'UpdateEndpoint','kind':'rollback','reason':'%s'}",
                      reasons[i])
                      .ptr);
        assert_fails(
            life_apply(life, changed(life)), ERR_ROLLED_BACK, &life->err,
            "SageMaker rolled the update of endpoint 'demo' back");
        assert_non_null(strstr(
            life->err.message, reasons[i][0] != '\0' ? reasons[i] : "SageMaker gave no reason"));
        assert_str(member(life, "status"), "InService");
        assert_str_len(member(life, "config"), before);
        /* Nothing is tried again, and nothing that serves has gone. */
        assert_fails(life_apply(life, changed(life)), ERR_ROLLED_BACK, &life->err, "was tried");
        assert_int_equal(life->mutating, 0);
        life->retry_failed = true;
        assert_ok(life_apply(life, changed(life)), &life->err);
        life->retry_failed = false;
        life_settled(life, changed(life));
        assert_int_equal(json_get(life_world(life), "endpointConfigs")->len, 1);
    }
}

static void going_back_after_a_rollback_cleans_up(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    struct str before = life_dump(life);
    life_fault(life, "{'operation':'UpdateEndpoint','kind':'rollback','reason':'no ping'}");
    assert_fails(life_apply(life, changed(life)), ERR_ROLLED_BACK, &life->err, "");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, STR(LIFE_SPEC));
    (void) before;
    assert_int_equal(json_get(life_world(life), "models")->len, 1);
    assert_int_equal(json_get(life_world(life), "endpointConfigs")->len, 1);
}

static void no_capacity_is_no_fault_of_the_config(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_fault(life, "{'operation':'UpdateEndpoint','kind':'capacity'}");
    assert_fails(life_apply(life, changed(life)), ERR_ROLLED_BACK, &life->err, "");
    assert_ok(life_apply(life, changed(life)), &life->err); /* simply tried again */
    life_settled(life, changed(life));
}

/* Only a deletion helps a first endpoint that failed: once a run it is made anew. */
static void a_failed_first_endpoint_is_made_anew_once(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_fault(life, "{'operation':'CreateEndpoint','kind':'fail','nth':1,'reason':'no ping'}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, STR(LIFE_SPEC));
    AUTO(life_close) struct life *never = life_new();
    life_fault(never, "{'operation':'CreateEndpoint','kind':'fail','times':2,'reason':'no ping'}");
    assert_fails(life_apply(never, STR(LIFE_SPEC)), ERR_PARTIAL, &never->err, "1 failed");
    assert_true(life_told(never, "endpoint 'demo' failed: no ping"));
    assert_str(member(never, "status"), "Failed");
    assert_ok(life_apply(never, STR(LIFE_SPEC)), &never->err); /* the next run helps */
    life_settled(never, STR(LIFE_SPEC));
}

static void tags_and_counts(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    struct str before = member(life, "config");
    struct str tagged = text_replace(life->arena, STR(LIFE_SPEC), "team: risk", "team: fraud");
    assert_ok(life_apply(life, tagged), &life->err);
    assert_int_equal(life->n_change, 1);
    assert_str_len(member(life, "config"), before); /* no roll */
    life_settled(life, tagged);
    struct str protected = text_replace(
        life->arena, STR(LIFE_SPEC), "targetModels: stable\n",
        "targetModels: stable\n    protect: true\n");
    assert_ok(life_apply(life, protected), &life->err);
    assert_fails(life_destroy(life, protected), ERR_REFUSED, &life->err, "is protected");
    /* Taking it out of the spec alone does not help. */
    assert_fails(life_destroy(life, STR(LIFE_SPEC)), ERR_REFUSED, &life->err, "is protected");
}

static void an_account_without_instances(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_tell(life, "settings", "{'quota.ml.m5.large for endpoint usage':'0'}");
    assert_fails(life_apply(life, STR(LIFE_SPEC)), ERR_PARTIAL, &life->err, "1 failed");
    assert_true(life_told(life, "creating endpoint 'demo'"));
    life_tell(life, "settings", "{'quota.ml.m5.large for endpoint usage':'1'}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life_settled(life, STR(LIFE_SPEC));
}

static void throttling_is_ridden_out(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    life_fault(life, "{'kind':'error','every':4,'times':0,'status':503,'code':'SlowDown'}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
}

/* Where conditions are ignored, mmectl looks before it writes: the same world comes of it. */
static void a_store_without_conditions(void **state)
{
    (void) state;
    AUTO(life_close) struct life *usual = life_new();
    AUTO(life_close) struct life *life = life_new();
    life_tell(life, "settings", "{'s3IgnoresConditions':'true'}");
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    assert_true(life_told(life, "ignores conditional requests"));
    assert_ok(life_apply(life, changed(life)), &life->err);
    assert_false(life_told(life, "ignores conditional requests"));
    life_settled(life, changed(life));
    assert_ok(life_apply(usual, STR(LIFE_SPEC)), &usual->err);
    assert_ok(life_apply(usual, changed(usual)), &usual->err);
    assert_str_len(life_dump(life), life_dump(usual));
    assert_ok(life_destroy(life, changed(life)), &life->err);
}

/* SageMaker writes a last line after the endpoint is gone, whoever deleted it. */
static void a_log_group_that_comes_back_goes_again(void **state)
{
    (void) state;
    struct local_delays delays = local_delays_zero();
    delays.log_group_recreate_ms = 300;
    AUTO(life_close) struct life *life = life_new_delayed(false, delays);
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    struct json *body = json_object(life->arena);
    json_put(life->arena, body, "EndpointName", json_z(life->arena, "demo"));
    life_sagemaker(life, "DeleteEndpoint", body);
    assert_ok(life_destroy(life, STR(LIFE_SPEC)), &life->err);
    JSON_EACH (group, json_get(life_world(life), "logGroups"))
        assert_str(json_get_str(group, "name"), "/aws/sagemaker/TrainingJobs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rolled_back_update_keeps_the_old_fleet),
        cmocka_unit_test(going_back_after_a_rollback_cleans_up),
        cmocka_unit_test(no_capacity_is_no_fault_of_the_config),
        cmocka_unit_test(a_failed_first_endpoint_is_made_anew_once),
        cmocka_unit_test(tags_and_counts),
        cmocka_unit_test(an_account_without_instances),
        cmocka_unit_test(throttling_is_ridden_out),
        cmocka_unit_test(a_store_without_conditions),
        cmocka_unit_test(a_log_group_that_comes_back_goes_again),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
