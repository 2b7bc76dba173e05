/* Waiting for descriptors, with pipes and socket pairs. */
#include "tests/harness/test.h"

#include "engine/base/watch.h"

#include <sys/socket.h>
#include <unistd.h>

static struct watch *make(void)
{
    struct watch *watch = NULL;
    struct err err = {0};
    assert_int_equal(watch_new(&watch, &err), ERR_NONE);
    return watch;
}

static void says_what_is_ready(void **state)
{
    struct watch *watch = make();
    struct watch_event events[4];
    int pair[2];
    (void) state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_true(watch_set(watch, pair[0], WATCH_IN));
    assert_int_equal(watch_wait(watch, events, 4, 0), 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(watch_wait(watch, events, 4, -1), 1);
    assert_int_equal(events[0].fd, pair[0]);
    assert_int_equal(events[0].bits, WATCH_IN);
    assert_true(watch_set(watch, pair[0], WATCH_IN | WATCH_OUT));
    assert_int_equal(watch_wait(watch, events, 4, 0), 1);
    assert_int_equal(events[0].bits, WATCH_IN | WATCH_OUT);
    assert_true(watch_set(watch, pair[0], WATCH_OUT));
    assert_true(watch_set(watch, pair[0], WATCH_OUT)); /* again: nothing to do */
    assert_int_equal(watch_wait(watch, events, 4, 0), 1);
    assert_int_equal(events[0].bits, WATCH_OUT);
    assert_true(watch_set(watch, pair[0], 0));
    assert_int_equal(watch_wait(watch, events, 4, 0), 0);
    close(pair[0]);
    close(pair[1]);
    watch_free(watch);
}

/* A peer that has gone is something to read: the end. */
static void hanging_up(void **state)
{
    struct watch *watch = make();
    struct watch_event events[4];
    int pair[2];
    (void) state;
    assert_int_equal(pipe(pair), 0);
    assert_true(watch_set(watch, pair[0], WATCH_IN));
    close(pair[1]);
    assert_int_equal(watch_wait(watch, events, 4, 1000), 1);
    assert_true((events[0].bits & WATCH_IN) != 0);
    assert_true(watch_set(watch, pair[0], 0));
    close(pair[0]);
    watch_free(watch);
}

static void no_more_than_asked_for(void **state)
{
    struct watch *watch = make();
    struct watch_event events[2];
    int pairs[3][2];
    (void) state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        assert_true(watch_set(watch, pairs[i][0], WATCH_OUT));
    }
    assert_int_equal(watch_wait(watch, events, 2, 0), 2);
    for (size_t i = 0; i < 3; i++) {
        close(pairs[i][0]);
        assert_true(watch_set(watch, pairs[i][0], 0)); /* closed too early: it has gone already */
        close(pairs[i][1]);
    }
    assert_int_equal(watch_wait(watch, events, 2, 0), 0);
    watch_free(watch);
}

static void refuses_what_is_none(void **state)
{
    struct watch *watch = make();
    (void) state;
    assert_false(watch_set(watch, 900, WATCH_IN));
    watch_free(watch);
    watch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_ready),
        cmocka_unit_test(hanging_up),
        cmocka_unit_test(no_more_than_asked_for),
        cmocka_unit_test(refuses_what_is_none),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
