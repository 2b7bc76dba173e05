#include "engine/httpd/later.h"

#include "engine/base/vec.h"
#include "tests/harness/test.h"

#include <pthread.h>

enum { MAX = 500 };

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t s_more = PTHREAD_COND_INITIALIZER;
static int s_order[MAX];
static size_t s_fired;

static void note(void *arg)
{
    pthread_mutex_lock(&s_lock);
    s_order[s_fired++] = *(const int *) arg;
    pthread_cond_signal(&s_more);
    pthread_mutex_unlock(&s_lock);
}

static void wait_for(size_t count)
{
    pthread_mutex_lock(&s_lock);
    while (s_fired < count)
        pthread_cond_wait(&s_more, &s_lock);
    pthread_mutex_unlock(&s_lock);
}

static void they_fire_in_order(void **state)
{
    (void) state;
    struct later *later = later_new(note);
    static const int s_delays[] = {60, 20, 40, 1, 20};
    s_fired = 0;
    for (size_t i = 0; i < ARRAY_LEN(s_delays); i++)
        later_call(later, (void *) (uintptr_t) &s_delays[i], s_delays[i]);
    wait_for(ARRAY_LEN(s_delays));
    later_stop(later);
    later_free(later);
    static const int s_wanted[] = {1, 20, 20, 40, 60};
    assert_memory_equal(s_order, s_wanted, sizeof(s_wanted));
}

/* In waves, so that slots are used again and the queue grows meanwhile. */
static void many_are_none_lost(void **state)
{
    (void) state;
    struct later *later = later_new(note);
    int numbers[MAX];
    s_fired = 0;
    for (int i = 0; i < MAX; i++) {
        numbers[i] = i;
        later_call(later, &numbers[i], 1);
        if (i % 50 == 49)
            wait_for((size_t) i - 30);
    }
    wait_for(MAX);
    later_stop(later);
    later_free(later);
    for (int i = 0; i < MAX; i++)
        assert_int_equal(s_order[i], i);
}

static void the_end_fires_what_is_left(void **state)
{
    (void) state;
    struct later *later = later_new(note);
    int numbers[] = {0, 1, 2};
    s_fired = 0;
    later_call(later, &numbers[0], 1000 * 1000);
    later_call(later, &numbers[1], 2000 * 1000);
    later_stop(later);
    assert_int_equal(s_fired, 2);
    later_call(later, &numbers[2], 1000 * 1000); /* at once by now */
    assert_int_equal(s_fired, 3);
    later_free(later);
    later_free(NULL);
}

static void nothing_is_nothing(void **state)
{
    (void) state;
    struct later *later = later_new(note);
    later_stop(later);
    later_free(later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_fire_in_order), cmocka_unit_test(many_are_none_lost),
        cmocka_unit_test(the_end_fires_what_is_left), cmocka_unit_test(nothing_is_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
