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

/* The machine id may be missing where the tests run. */
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
    bool known = self.machine.len > 0;
    assert_int_equal(host_saw_it_end(host_system(), *state, &gone), known);
    gone.boot = STR("another");
    assert_false(host_saw_it_end(host_system(), *state, &gone));
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
        WITH_ARENA(strange_numbers_are_no_proof),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
