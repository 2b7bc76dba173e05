#include "tests/harness/test.h"

#include "engine/base/clock.h"
#include "engine/reconcile/fan.h"

struct counting {
    struct loop *loop;
    struct arena *arena;
    size_t count, fails_at, done, inside, most;
    enum err_code code;
    struct err err;
};

static enum err_code one(void *arg, size_t index, struct err *err)
{
    struct counting *c = arg;
    c->inside++;
    c->most = c->inside > c->most ? c->inside : c->most;
    loop_yield(c->loop);
    c->inside--;
    c->done++;
    return index + 1 == c->fails_at ? err_set(err, ERR_DENIED, "number %zu", index) : ERR_NONE;
}

static void fan(void *arg)
{
    struct counting *c = arg;
    c->code = fan_out(c->loop, c->arena, c->count, one, c, &c->err);
}

static void counts(size_t count, size_t fails_at, struct counting *out)
{
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(loop_close) struct loop *loop = loop_new(clock_system());
    *out = (struct counting){.loop = loop, .arena = arena, .count = count, .fails_at = fails_at};
    loop_run(loop, fan, out);
}

static void everything_is_done(void **state)
{
    (void) state;
    struct counting c;
    counts(0, 0, &c);
    assert_int_equal(c.done, 0);
    counts(100, 0, &c);
    assert_ok(c.code, &c.err);
    assert_int_equal(c.done, 100);
    assert_int_equal(c.most, FAN_WIDTH);
}

static void the_first_error_ends_it(void **state)
{
    (void) state;
    struct counting c;
    counts(1000, 40, &c);
    assert_fails(c.code, ERR_DENIED, &c.err, "number 39");
    assert_true(c.done < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_done), cmocka_unit_test(the_first_error_ends_it)};
    return cmocka_run_group_tests_name("fan", tests, NULL, NULL);
}
