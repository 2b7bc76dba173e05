/* control/lease as S3 keeps it, under runs that hold it: whose it is and how old it is. */
#include "tests/unit/engine/kinds/life.h"

#define MINUTE 60000
#define LEASE "/life-bucket/demo/control/lease"

static struct life *locking_life(void)
{
    struct life *life = life_new();
    assert_ok(life_apply(life, STR(LIFE_SPEC)), &life->err);
    life->use_lock = true;
    return life;
}

static struct str changed(struct life *life)
{
    return text_replace(life->arena, STR(LIFE_SPEC), "max_depth: 2", "max_depth: 5");
}

/* Another machine's, written now. */
static void put_other(struct life *life)
{
    life_send(
        life, "s3", "PUT", LEASE,
        life_quoted(
            life, "{'ID':'other','Operation':'apply','Info':'','Who':'you@there','Version':'1',"
                  "'Created':'2026-09-21T14:13:20Z','Path':'s3://life-bucket/demo/control/lease',"
                  "'TTL':120,'Host':{'machine':'m','boot':'b','pidNamespace':'n','pid':1,"
                  "'startTime':7}}"));
}

static bool is_left(struct life *life)
{
    return str_find(life_dump(life), STR("demo/control/lease")) != SIZE_MAX;
}

/* The first write of a run is its lease's. It took effect, nobody heard, and what is sent again is
 * refused (412): what lies there is our own. */
static void a_lost_answer_to_our_own_write(void **state)
{
    (void) state;
    for (enum http_loss loss = LOSS_ANSWER; loss <= LOSS_REQUEST; loss++) {
        AUTO(life_close) struct life *life = locking_life();
        int64_t before = life->now_ms;
        life->fault.nth = 1;
        life->fault.loss = loss;
        assert_ok(life_apply(life, changed(life)), &life->err);
        assert_non_null(strstr(life->lost, "PUT "));
        assert_non_null(strstr(life->lost, LEASE));
        assert_true(life->now_ms - before < MINUTE); /* it was not waited for */
        assert_false(life_told(life, "took over"));
        assert_false(is_left(life));
    }
}

/* The age of a lease is a difference of two times of S3's, whatever the clock here says. */
static void how_old_a_lease_is_says_s3(void **state)
{
    (void) state;
    static const int64_t skews_ms[] = {0, 10 * MINUTE, -10 * MINUTE, 24 * 60 * MINUTE};
    for (size_t i = 0; i < ARRAY_LEN(skews_ms); i++) {
        AUTO(life_close) struct life *life = locking_life();
        life->skew_ms = skews_ms[i];
        put_other(life);
        life->now_ms += MINUTE;
        assert_fails(
            life_apply(life, changed(life)), ERR_LOCKED, &life->err,
            "Error acquiring the state lock");
        assert_non_null(strstr(life->err.message, "Expires:   in 1m"));
        assert_true(is_left(life));
        life->now_ms += 2 * MINUTE;
        assert_ok(life_apply(life, changed(life)), &life->err);
        assert_true(life_told(life, "took over the lease that you@there left behind"));
        assert_false(is_left(life));
    }
}

/* It is waited for as long as it lasts, and no longer. */
static void one_that_ends_is_taken_over_in_time(void **state)
{
    (void) state;
    static const int64_t skews_ms[] = {0, 10 * MINUTE, -10 * MINUTE};
    for (size_t i = 0; i < ARRAY_LEN(skews_ms); i++) {
        AUTO(life_close) struct life *life = locking_life();
        life->skew_ms = skews_ms[i];
        life->lock_timeout_ms = 5 * MINUTE;
        put_other(life);
        int64_t before = life->now_ms;
        assert_ok(life_apply(life, changed(life)), &life->err);
        int64_t waited = life->now_ms - before;
        assert_true(waited >= 2 * MINUTE && waited < 3 * MINUTE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_answer_to_our_own_write),
        cmocka_unit_test(how_old_a_lease_is_says_s3),
        cmocka_unit_test(one_that_ends_is_taken_over_in_time),
    };
    return cmocka_run_group_tests_name("lease_store", tests, NULL, NULL);
}
