#include "tests/unit/engine/local/sm_fixture.h"

#include <pthread.h>

static struct reply create(struct world *world, const char *name)
{
    char body[4096];

    snprintf(body, sizeof(body), s_job, name, "5", "train/");
    return sm(world, "CreateTrainingJob", body);
}

static struct reply describe(struct world *world, const char *name)
{
    char body[128];

    snprintf(body, sizeof(body), "{'TrainingJobName':'%s'}", name);
    return sm(world, "DescribeTrainingJob", body);
}

static struct str status(struct world *world, const char *name)
{
    return str_dup(world->arena, json_str(at(describe(world, name), "TrainingJobStatus")));
}

enum { LOOKS = 30000 };

/* Nobody signals it: a look each millisecond leaves the world's lock, which is not fair, to the
 * workers. */
static void let_work(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&lock);
    pthread_cond_timedwait(&never, &lock, &until);
    pthread_mutex_unlock(&lock);
}

/* Lets the workers run until the job is in a state. */
static void await(struct world *world, const char *name, const char *wanted)
{
    struct arena *kept = world->arena;
    bool there = false;

    for (int i = 0; i < LOOKS && !there; i++) {
        let_work();
        world_pass(world, 1);
        world->arena = arena_new("look", 0);
        there = str_eq_z(status(world, name), wanted);
        arena_free(world->arena);
        world->arena = kept;
    }
    if (!there)
        fail_msg("%s never became %s: " STR_FMT, name, wanted, STR_ARG(describe(world, name).body));
}

static struct world *open_threads(bool real)
{
    struct world *world = world_open_with((struct opening){.threads = true, .real = real});

    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", fixture_csv(world, 200, 5));
    return world;
}

/* Ten real jobs at once on two threads; the same job gives the same bytes. */
static void test_many_real(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_threads(true);
    char name[16], path[64];
    struct str first = STR_NULL;

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "job-%d", i);
        assert_done(create(world, name));
    }
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "job-%d", i);
        snprintf(path, sizeof(path), "/data-b/out/job-%d/output/model.tar.gz", i);
        await(world, name, "Completed");
        struct reply reply = get(world, path);
        assert_int_equal(reply.status, 200);
        if (i == 0)
            first = reply.body;
        assert_true(reply.body.len > 100 && str_eq(reply.body, first));
    }
}

static void test_stop_running(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_threads(false);

    world->until_cancelled = true;
    assert_done(create(world, "job-1"));
    while (world->trained == 0)
        let_work();
    world_pass(world, 1000);
    assert_str(status(world, "job-1"), "InProgress");
    assert_done(sm(world, "StopTrainingJob", "{'TrainingJobName':'job-1'}"));
    while (world->cancelled == 0)
        let_work();
    world_pass(world, 300);
    assert_str(status(world, "job-1"), "Stopped");
    assert_int_equal(get(world, "/data-b/out/job-1/output/model.tar.gz").status, 404);
}

static void test_max_runtime_stops_the_work(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_threads(false);

    world->until_cancelled = true;
    assert_done(create(world, "job-1"));
    while (world->trained == 0)
        let_work();
    world_pass(world, 61 * 1000);
    assert_str(status(world, "job-1"), "Stopped");
    while (world->cancelled == 0)
        let_work();
}

/* Closing the world in the middle of the work ends at once and leaves the job for the next start.
 */
static void test_close_and_resume(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct world *world = world_open_with((struct opening){.threads = true, .folder = folder});

    make_bucket(world, "data-b");
    put(world, "/data-b/train/a.csv", STR("1,2\n0,3\n"));
    world->until_cancelled = true;
    assert_done(create(world, "job-1"));
    assert_done(create(world, "job-2"));
    assert_done(create(world, "job-3"));
    while (world->trained < 2)
        let_work();
    world_close(&world);
    world = world_open_with((struct opening){.threads = true, .folder = folder});
    await(world, "job-1", "Completed");
    await(world, "job-2", "Completed");
    await(world, "job-3", "Completed");
    assert_int_equal(world->trained, 3);
    world_close(&world);
    test_folder_remove(folder);
}

static void test_bad_data(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_threads(true);
    struct reply reply;

    put(world, "/data-b/train/b.csv", STR("label,a,b,c\n"));
    assert_done(create(world, "job-1"));
    await(world, "job-1", "Failed");
    reply = sm(world, "DescribeTrainingJob", "{'TrainingJobName':'job-1'}");
    assert_true(str_starts(json_str(at(reply, "FailureReason")), STR("ClientError: ")));
    assert_int_equal(get(world, "/data-b/out/job-1/output/model.tar.gz").status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_real),
        cmocka_unit_test(test_stop_running),
        cmocka_unit_test(test_max_runtime_stops_the_work),
        cmocka_unit_test(test_close_and_resume),
        cmocka_unit_test(test_bad_data),
    };
    return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
