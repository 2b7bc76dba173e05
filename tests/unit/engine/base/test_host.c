#include "tests/harness/test.h"

#include "engine/base/host.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that waits to be killed. */
static pid_t child_new(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    return pid;
}

static void knows_itself(void **state)
{
    struct host host = host_system();
    struct host_process self = host_self(host, *state);
    assert_int_equal(self.pid, getpid());
    assert_true(self.start_time > 0);
    assert_true(self.boot.len >= 32);
    assert_true(str_starts(self.pid_namespace, STR("pid:[")));
    assert_false(host_saw_it_end(host, *state, &self));
}

static void an_unknown_host_knows_nothing(void **state)
{
    struct host host = {NULL, NULL};
    struct host_process self = host_self(host, *state);
    assert_true(str_is_empty(self.machine) && str_is_empty(self.boot));
    assert_false(host_saw_it_end(host, *state, &self));
}

static struct host_process here(struct arena *arena, const struct host_ops **ops)
{
    *ops = host_system().ops;
    return host_self(host_system(), arena);
}

static void sees_a_process_end(void **state)
{
    const struct host_ops *ops;
    struct host_process self = here(*state, &ops);
    pid_t pid = child_new();
    assert_true(ops->is_alive(NULL, pid, 0));
    assert_false(ops->is_alive(NULL, pid, 1)); /* another one had this number before */
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT);
    assert_false(ops->is_alive(NULL, pid, 0)); /* a zombie */
    waitpid(pid, NULL, 0);
    assert_false(ops->is_alive(NULL, pid, 0));
    struct host_process gone = self;
    gone.pid = pid;
    assert_true(host_saw_it_end(host_system(), *state, &gone));
    gone.boot = STR("another");
    assert_false(host_saw_it_end(host_system(), *state, &gone));
}

/* A host of the tests' own, with one process that has ended. */
static struct host_process s_own;

static struct host_process own_self(void *self, struct arena *arena)
{
    (void) self;
    (void) arena;
    return s_own;
}

static bool nobody_is_alive(void *self, int64_t pid, uint64_t start_time)
{
    (void) self;
    (void) pid;
    (void) start_time;
    return false;
}

/* Minimal images have no machine id: the kernel and the namespace tell enough. */
static void what_makes_it_the_same_host(void **state)
{
    static const struct host_ops s_ops = {own_self, nobody_is_alive};
    static const struct {
        const char *machine, *boot, *pid_namespace; /* of whom is asked about */
        const char *own_machine, *own_boot, *own_namespace;
        bool here;
    } s_cases[] = {
        {"m", "b", "pid:[1]", "m", "b", "pid:[1]", true},
        {"", "b", "pid:[1]", "", "b", "pid:[1]", true},
        {"", "b", "pid:[1]", "m", "b", "pid:[1]", false},
        {"m", "b", "pid:[1]", "", "b", "pid:[1]", false},
        {"m", "b", "pid:[1]", "n", "b", "pid:[1]", false},
        {"m", "b", "pid:[1]", "m", "c", "pid:[1]", false},
        {"m", "b", "pid:[1]", "m", "b", "pid:[2]", false},
        {"m", "", "pid:[1]", "m", "", "pid:[1]", false},
        {"m", "b", "", "m", "b", "", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct host_process process = {
            .machine = str_from(s_cases[i].machine),
            .boot = str_from(s_cases[i].boot),
            .pid_namespace = str_from(s_cases[i].pid_namespace),
            .pid = 7};
        s_own = (struct host_process){
            .machine = str_from(s_cases[i].own_machine),
            .boot = str_from(s_cases[i].own_boot),
            .pid_namespace = str_from(s_cases[i].own_namespace),
            .pid = 8};
        bool here = host_saw_it_end((struct host){&s_ops, NULL}, *state, &process);
        if (here != s_cases[i].here)
            fail_msg("case %zu: %d", i, here);
    }
}

static void strange_numbers_are_no_proof(void **state)
{
    const struct host_ops *ops;
    (void) here(*state, &ops);
    assert_true(ops->is_alive(NULL, 0, 0));
    assert_true(ops->is_alive(NULL, -1, 0));
    assert_true(ops->is_alive(NULL, INT64_C(1) << 40, 0));
    assert_true(ops->is_alive(NULL, getpid(), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(knows_itself),
        WITH_ARENA(an_unknown_host_knows_nothing),
        WITH_ARENA(sees_a_process_end),
        WITH_ARENA(what_makes_it_the_same_host),
        WITH_ARENA(strange_numbers_are_no_proof),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
