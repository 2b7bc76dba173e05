#include "engine/local/fleet.h"

#include "tests/unit/engine/local/sm_fixture.h"

#include <pthread.h>

static void test_instance_memory(void **state)
{
    (void) state;
    static const struct {
        const char *type;
        size_t gib;
    } cases[] = {
        {"ml.t2.medium", 4},   {"ml.t2.large", 8},       {"ml.m5.large", 8},
        {"ml.m5.xlarge", 16},  {"ml.m5.4xlarge", 64},    {"ml.m5.24xlarge", 384},
        {"ml.c5.large", 4},    {"ml.c5.9xlarge", 72},    {"ml.r5.large", 16},
        {"ml.r5.2xlarge", 64}, {"ml.m7i.48xlarge", 768},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(fleet_instance_memory(str_from(cases[i].type)) / MIB(1024), cases[i].gib);
}

static void test_log_stream(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct str one = fleet_log_stream(arena, STR("arn:e"), STR("AllTraffic"), 1);

    assert_true(str_starts(one, STR("AllTraffic/i-")));
    assert_str_len(fleet_log_stream(arena, STR("arn:e"), STR("AllTraffic"), 1), one);
    assert_false(str_eq(fleet_log_stream(arena, STR("arn:e"), STR("AllTraffic"), 2), one));
}

static struct world *open_endpoint(void)
{
    struct world *world = world_open();

    assert_done(
        sm(world, "CreateModel", "{'ModelName':'m','PrimaryContainer':{'Image':'" IMAGE "'}}"));
    assert_done(
        sm(world, "CreateEndpointConfig",
           "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','ModelName':'m',"
           "'InstanceType':'ml.m5.large','InitialInstanceCount':1}]}"));
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}"));
    world_pass(world, 1500);
    return world;
}

static struct fleet *acquire(struct world *world, const char *name)
{
    struct fleet *fleet = NULL;
    struct err err = {0};

    assert_ok(
        fleet_acquire(world->local, STR(REGION), str_from(name), world->now_ms, &fleet, &err),
        &err);
    return fleet;
}

static void test_generations(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_endpoint();
    struct fleet *one = acquire(world, "e"), *again = acquire(world, "e"), *two;

    assert_non_null(one);
    assert_ptr_equal(one, again);
    assert_null(acquire(world, "E"));
    assert_null(acquire(world, "none"));
    /* Changes around it give no new fleet. */
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'f','EndpointConfigName':'c'}"));
    fleet_release(again);
    again = acquire(world, "e");
    assert_ptr_equal(one, again);
    fleet_release(again);
    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}"));
    world_pass(world, 1199);
    again = acquire(world, "e");
    assert_ptr_equal(one, again);
    fleet_release(again);
    world_pass(world, 1);
    two = acquire(world, "e");
    assert_ptr_not_equal(one, two);
    /* The one still held works to its end. */
    assert_str(fleet_variant_pick(one, STR_NULL)->name, "v");
    assert_null(fleet_variant_pick(one, STR("w")));
    fleet_release(one);
    fleet_release(two);
    assert_done(sm(world, "DeleteEndpoint", "{'EndpointName':'e'}"));
    assert_null(acquire(world, "e"));
    world_pass(world, 500);
    assert_done(sm(world, "CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}"));
    assert_null(acquire(world, "e"));
}

struct hammer {
    struct world *world;
    unsigned found;
};

static void *hammer(void *arg)
{
    struct hammer *hammer = arg;
    struct err err = {0};

    for (int i = 0; i < 2000; i++) {
        struct fleet *fleet = NULL;
        if (fleet_acquire(
                hammer->world->local, STR(REGION), STR("e"), hammer->world->now_ms, &fleet, &err) ==
                ERR_NONE &&
            fleet != NULL)
            hammer->found += fleet_variant_pick(fleet, STR_NULL) != NULL;
        fleet_release(fleet);
    }
    return NULL;
}

/* Calls from several threads while the endpoint is updated: one fleet or the other, never none. */
static void test_threads(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_endpoint();
    struct hammer hammers[3] = {{world, 0}, {world, 0}, {world, 0}};
    pthread_t threads[3];

    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}"));
    world_pass(world, 1200);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &hammers[i]), 0);
    for (int i = 0; i < 20; i++)
        assert_done(sm(
            world, "AddTags",
            "{'ResourceArn':'arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e','Tags':[{'Key':"
            "'a','Value':'b'}]}"));
    assert_done(sm(world, "UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}"));
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(hammers[i].found, 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instance_memory), cmocka_unit_test(test_log_stream),
        cmocka_unit_test(test_generations), cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
