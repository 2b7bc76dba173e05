#include "tests/unit/engine/local/sm_fixture.h"

static struct world *open_with_data(void)
{
    struct world *world = world_open();

    make_bucket(world, "data-b");
    put(world, "/data-b/train/part-1.csv", STR("1,2\n0,1"));
    return world;
}

/* A job whose ResourceConfig has more members, `"'KeepAlivePeriodInSeconds':60"`. */
static struct reply create(struct world *world, const char *name, const char *more)
{
    char body[4096], *at_resources;
    struct str text;

    snprintf(body, sizeof(body), s_job, name, "5", "train/");
    at_resources = strstr(body, "'VolumeSizeInGB':10");
    assert_non_null(at_resources);
    text = str_fmt(
        world->arena, STR_FMT "%s%s" STR_FMT, STR_ARG(str_of(body, (size_t) (at_resources - body))),
        more, more[0] != '\0' ? "," : "", STR_ARG(str_from(at_resources)));
    return sm(world, "CreateTrainingJob", str_z(world->arena, text));
}

#define KEEP_60 "'KeepAlivePeriodInSeconds':60"

static struct reply describe(struct world *world, const char *name)
{
    char body[128];

    snprintf(body, sizeof(body), "{'TrainingJobName':'%s'}", name);
    return sm(world, "DescribeTrainingJob", body);
}

static struct reply set_keep_alive(struct world *world, const char *name, int seconds)
{
    char body[256];

    snprintf(
        body, sizeof(body),
        "{'TrainingJobName':'%s','ResourceConfig':{'KeepAlivePeriodInSeconds':%d}}", name, seconds);
    return sm(world, "UpdateTrainingJob", body);
}

static void assert_pool(struct world *world, const char *name, const char *status)
{
    assert_text(describe(world, name), "WarmPoolStatus.Status", status);
}

static void test_life_of_a_pool(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    assert_done(create(world, "cold", ""));
    assert_done(create(world, "first", KEEP_60));
    assert_null(at(describe(world, "cold"), "WarmPoolStatus"));
    assert_pool(world, "first", "InUse");
    world_pass(world, 10 * 1000);
    assert_text(describe(world, "first"), "TrainingJobStatus", "Completed");
    assert_pool(world, "first", "Available");
    assert_refused(
        sm(world, "DeleteTrainingJob", "{'TrainingJobName':'first'}"), "ResourceInUse",
        "warm pool in status Available");
    /* The next job of the same kind starts at once, and hands the instances on. */
    assert_done(create(world, "second", KEEP_60));
    assert_text(describe(world, "second"), "SecondaryStatus", "Downloading");
    assert_pool(world, "first", "Reused");
    assert_text(describe(world, "first"), "WarmPoolStatus.ReusedByJob", "second");
    assert_int_equal(
        at(describe(world, "first"), "WarmPoolStatus.ResourceRetainedBillableTimeInSeconds")
            ->integer,
        10);
    assert_pool(world, "second", "InUse");
    assert_done(sm(world, "DeleteTrainingJob", "{'TrainingJobName':'first'}"));
    /* One that does not ask to be kept gives them up when it ends. */
    world_pass(world, 10 * 1000);
    assert_done(create(world, "third", ""));
    assert_pool(world, "third", "InUse");
    world_pass(world, 10 * 1000);
    assert_pool(world, "third", "Terminated");
    assert_text(
        sm(world, "ListTrainingJobs", "{'NameContains':'third'}"),
        "TrainingJobSummaries.0.WarmPoolStatus.Status", "Terminated");
}

static void test_pools_end_by_themselves(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    assert_done(create(world, "job-1", KEEP_60));
    world_pass(world, 60 * 1000);
    assert_pool(world, "job-1", "Available");
    world_pass(world, 1000);
    assert_pool(world, "job-1", "Terminated");
    assert_int_equal(
        at(describe(world, "job-1"), "WarmPoolStatus.ResourceRetainedBillableTimeInSeconds")
            ->integer,
        60);
    assert_done(create(world, "job-2", KEEP_60));
    assert_text(describe(world, "job-2"), "SecondaryStatus", "Starting");
}

static void test_what_does_not_fit(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    assert_done(create(world, "job-1", KEEP_60));
    world_pass(world, 5000);
    char body[4096];
    snprintf(body, sizeof(body), s_job, "other", "5", "train/");
    memcpy(strstr(body, "m5.large"), "c5.large", 8);
    assert_done(sm(world, "CreateTrainingJob", body));
    assert_null(at(describe(world, "other"), "WarmPoolStatus"));
    world->region = "us-east-1";
    assert_refused(describe(world, "job-1"), "ValidationException", "not found");
    world->region = REGION;
    assert_pool(world, "job-1", "Available");
}

/* Of two that fit, the one that waits longest. */
static void test_the_oldest_goes_first(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    assert_done(create(world, "b-old", KEEP_60));
    world_pass(world, 1);
    assert_done(create(world, "a-young", KEEP_60));
    world_pass(world, 5000);
    assert_done(create(world, "next", KEEP_60));
    assert_pool(world, "b-old", "Reused");
    assert_pool(world, "a-young", "Available");
}

static void test_a_pool_can_be_given_up(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    assert_refused(set_keep_alive(world, "none", 0), "ResourceNotFound", "");
    assert_refused(set_keep_alive(world, "none", 21601), "ValidationException", "");
    assert_done(create(world, "job-1", KEEP_60));
    assert_done(set_keep_alive(world, "job-1", 120));
    world_pass(world, 90 * 1000);
    assert_pool(world, "job-1", "Available");
    assert_done(set_keep_alive(world, "job-1", 0));
    assert_pool(world, "job-1", "Terminated");
    assert_refused(
        set_keep_alive(world, "job-1", 10), "ValidationException", "no warm pool that is");
    assert_done(sm(world, "UpdateTrainingJob", "{'TrainingJobName':'job-1'}"));
    assert_done(sm(world, "DeleteTrainingJob", "{'TrainingJobName':'job-1'}"));
}

/* The job ends as it would without; only nothing is kept. */
static void test_no_room_for_a_pool(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    assert_done(admin(
        world, "POST", "/_mmectl/settings",
        "{'quota.ml.m5.large for training warm pool usage':'1'}"));
    assert_done(create(world, "job-1", KEEP_60));
    world_pass(world, 10);
    assert_done(create(world, "job-2", KEEP_60));
    world_pass(world, 690);
    assert_pool(world, "job-1", "Available");
    world_pass(world, 5000);
    assert_text(describe(world, "job-2"), "TrainingJobStatus", "Completed");
    assert_pool(world, "job-1", "Available");
    assert_pool(world, "job-2", "Terminated");
}

static void test_a_broken_cluster_is_not_kept(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_data();

    static const struct {
        const char *reason, *status;
    } cases[] = {
        {"InternalServerError: We encountered an internal error.", "Terminated"},
        {"AlgorithmError: exit code 1", "Available"},
        {"ClientError: no label", "Available"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char name[16], fault[256];
        snprintf(name, sizeof(name), "job-%zu", i);
        snprintf(
            fault, sizeof(fault),
            "{'faults':[{'operation':'CreateTrainingJob','kind':'fail','reason':'%s'}]}",
            cases[i].reason);
        assert_done(admin(world, "POST", "/_mmectl/faults", fault));
        assert_done(create(world, name, KEEP_60));
        world_pass(world, 5000);
        assert_text(describe(world, name), "TrainingJobStatus", "Failed");
        assert_pool(world, name, cases[i].status);
        if (strcmp(cases[i].status, "Available") == 0)
            assert_done(set_keep_alive(world, name, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life_of_a_pool),
        cmocka_unit_test(test_pools_end_by_themselves),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_the_oldest_goes_first),
        cmocka_unit_test(test_a_pool_can_be_given_up),
        cmocka_unit_test(test_no_room_for_a_pool),
        cmocka_unit_test(test_a_broken_cluster_is_not_kept),
    };
    return cmocka_run_group_tests_name("sm_pool", tests, NULL, NULL);
}
