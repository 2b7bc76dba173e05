#include "engine/serve/scratch.h"

#include "tests/harness/test.h"

#include <pthread.h>

static void keeps_what_most_calls_need(void **state)
{
    (void) state;
    struct scratch *scratch = scratch_take(KIB(64));
    float *values = scratch_floats(&scratch->values, &scratch->n_values, 1000);
    values[999] = 1;
    buf_add_z(&scratch->text, "answer");
    const char *text = scratch->text.ptr;
    scratch_done(scratch);
    assert_ptr_equal(scratch_take(KIB(64)), scratch);
    assert_int_equal(scratch->text.len, 0);
    buf_add_z(&scratch->text, "another");
    assert_ptr_equal(scratch->text.ptr, text);
    assert_ptr_equal(scratch_floats(&scratch->values, &scratch->n_values, 7), values);
    assert_ptr_equal(scratch_floats(&scratch->values, &scratch->n_values, 1000), values);
    assert_int_equal(scratch->n_values, 1000);
    scratch_done(scratch);
}

static void gives_back_what_few_need(void **state)
{
    (void) state;
    struct scratch *scratch = scratch_take(MIB(8));
    scratch_floats(&scratch->values, &scratch->n_values, KIB(64) + 1);
    scratch_floats(&scratch->predictions, &scratch->n_predictions, KIB(64));
    assert_non_null(buf_reserve(&scratch->text, MIB(1)));
    scratch_done(scratch);
    assert_null(scratch->values);
    assert_int_equal(scratch->n_values, 0);
    assert_non_null(scratch->predictions);
    assert_int_equal(scratch->text.cap, 0);
}

static void holds_to_the_limit_of_each_call(void **state)
{
    (void) state;
    struct scratch *scratch = scratch_take(4);
    buf_add_z(&scratch->text, "12345");
    assert_false(buf_ok(&scratch->text));
    scratch_done(scratch);
    scratch = scratch_take(5);
    buf_add_z(&scratch->text, "12345");
    assert_true(buf_ok(&scratch->text));
    scratch_done(scratch);
}

static void *take_mine(void *arg)
{
    struct scratch *scratch = scratch_take(KIB(1));
    scratch_floats(&scratch->values, &scratch->n_values, 10);
    *(struct scratch **) arg = scratch;
    return NULL;
}

static void each_thread_has_its_own(void **state)
{
    (void) state;
    struct scratch *other = NULL;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, take_mine, &other), 0);
    struct scratch *mine = scratch_take(KIB(1));
    pthread_join(thread, NULL);
    assert_non_null(other);
    assert_ptr_not_equal(mine, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_most_calls_need),
        cmocka_unit_test(gives_back_what_few_need),
        cmocka_unit_test(holds_to_the_limit_of_each_call),
        cmocka_unit_test(each_thread_has_its_own),
    };
    return cmocka_run_group_tests_name("scratch", tests, NULL, NULL);
}
