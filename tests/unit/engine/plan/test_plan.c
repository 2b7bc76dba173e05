#include "tests/harness/test.h"

#include "engine/base/rng.h"
#include "engine/plan/plan.h"

static struct change *add(struct arena *arena, struct plan *plan, enum action action)
{
    return plan_add(arena, plan, KIND_ARTIFACT, action);
}

static size_t place(const struct plan *plan, const struct change *change)
{
    for (size_t i = 0; i < plan->changes.len; i++)
        if (plan->changes.items[i] == change)
            return i;
    fail_msg("the change is not in the plan");
    return SIZE_MAX;
}

static void check_order(const struct plan *plan)
{
    for (size_t i = 0; i < plan->changes.len; i++) {
        const struct change *change = plan->changes.items[i];
        assert_int_equal(change->outcome, OUTCOME_PENDING);
        for (size_t k = 0; k < change->n_needs; k++)
            assert_true(place(plan, change->needs[k]) < i);
    }
}

static void needs_that_say_nothing_are_skipped(void **state)
{
    struct plan plan = {0};
    struct change *a = add(*state, &plan, ACTION_CREATE);
    struct change *same = add(*state, &plan, ACTION_NOOP);
    change_need(*state, a, NULL);
    change_need(*state, a, a);
    change_need(*state, a, same);
    assert_int_equal(a->n_needs, 0);
    change_need(*state, same, a); /* something unchanged may name what it would wait for */
    assert_int_equal(same->n_needs, 1);
}

static void needs_grow_and_keep_their_order(void **state)
{
    struct plan plan = {0};
    enum { MANY = 1000 };
    struct change *needs[MANY], *last = add(*state, &plan, ACTION_CREATE);
    for (size_t i = 0; i < MANY; i++) {
        needs[i] = add(*state, &plan, ACTION_CREATE);
        change_need(*state, last, needs[i]);
        assert_int_equal(last->n_needs, i + 1);
    }
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(last->needs[i], needs[i]);
    plan_finish(*state, &plan);
    assert_int_equal(place(&plan, last), MANY);
    check_order(&plan);
}

static void order_is_stable_where_needs_do_not_say(void **state)
{
    struct plan plan = {0};
    struct change *c[6];
    for (size_t i = 0; i < ARRAY_LEN(c); i++)
        c[i] = add(*state, &plan, ACTION_CREATE);
    plan_finish(*state, &plan);
    for (size_t i = 0; i < ARRAY_LEN(c); i++)
        assert_int_equal(place(&plan, c[i]), i);
    /* 0 waits for 4, and 4 for 2: just these move, and only as far as they must. */
    change_need(*state, c[0], c[4]);
    change_need(*state, c[4], c[2]);
    plan_finish(*state, &plan);
    static const size_t wanted[] = {2, 4, 0, 1, 3, 5};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_ptr_equal(plan.changes.items[i], c[wanted[i]]);
    plan_finish(*state, &plan); /* and once more changes nothing */
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_ptr_equal(plan.changes.items[i], c[wanted[i]]);
}

static void random_graphs_are_ordered(void **state)
{
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int round = 0; round < 200; round++) {
        struct plan plan = {0};
        size_t n = 1 + (size_t) rng_below(&rng, 40);
        struct change **changes = ARENA_ARRAY(*state, n, struct change *);
        for (size_t i = 0; i < n; i++)
            changes[i] = add(*state, &plan, ACTION_CREATE);
        for (size_t k = 0; k < 2 * n; k++) { /* always from a later one: no cycles */
            size_t a = (size_t) rng_below(&rng, n), b = (size_t) rng_below(&rng, n);
            if (a != b)
                change_need(*state, changes[a < b ? a : b], changes[a < b ? b : a]);
        }
        plan_finish(*state, &plan);
        assert_int_equal(plan.changes.len, n);
        check_order(&plan);
    }
}

static void counts(void **state)
{
    struct plan plan = {0};
    add(*state, &plan, ACTION_NOOP);
    add(*state, &plan, ACTION_CREATE);
    add(*state, &plan, ACTION_CREATE);
    add(*state, &plan, ACTION_UPDATE);
    add(*state, &plan, ACTION_REPLACE);                     /* one to add and one to destroy */
    add(*state, &plan, ACTION_DELETE)->removal_half = true; /* which this one carries out */
    add(*state, &plan, ACTION_DELETE);
    add(*state, &plan, ACTION_DELETE)->n_members = 12;
    add(*state, &plan, ACTION_CREATE)->uncounted = true;
    plan_add(*state, &plan, KIND_LOCAL_TRAINING, ACTION_CREATE);
    plan_finish(*state, &plan);
    assert_int_equal(plan.n_unchanged, 1);
    assert_int_equal(plan.n_add, 3);
    assert_int_equal(plan.n_change, 1);
    assert_int_equal(plan.n_destroy, 14);
    plan_finish(*state, &plan);
    assert_int_equal(plan.n_add, 3);
}

static void emptiness(void **state)
{
    struct plan plan = {0};
    assert_true(plan_is_empty(&plan));
    add(*state, &plan, ACTION_NOOP);
    assert_true(plan_is_empty(&plan));
    plan.record_only = true;
    assert_false(plan_is_empty(&plan));
    plan.record_only = false;
    add(*state, &plan, ACTION_CREATE)->uncounted = true; /* nothing to count, but to do */
    assert_false(plan_is_empty(&plan));
}

static void words(void **state)
{
    (void) state;
    static const struct {
        enum action action;
        const char *name, *symbol, *phrase;
    } actions[] = {
        {ACTION_NOOP, "no-op", " ", "is up to date"},
        {ACTION_CREATE, "create", "+", "will be created"},
        {ACTION_UPDATE, "update", "~", "will be updated in-place"},
        {ACTION_REPLACE, "replace", "-/+", "must be replaced"},
        {ACTION_DELETE, "delete", "-", "will be destroyed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        assert_string_equal(action_name(actions[i].action), actions[i].name);
        assert_string_equal(action_symbol(actions[i].action, false), actions[i].symbol);
        const struct change change = {.action = actions[i].action};
        assert_string_equal(change_phrase(&change), actions[i].phrase);
        if (actions[i].action != ACTION_REPLACE)
            assert_string_equal(action_symbol(actions[i].action, true), actions[i].symbol);
    }
    assert_string_equal(action_symbol(ACTION_REPLACE, true), "+/-");
    static const struct {
        enum reason reason;
        const char *name;
    } reasons[] = {
        {REASON_NONE, ""},
        {REASON_NOT_IN_SPEC, "delete_because_no_resource_config"},
        {REASON_CONTENT_CHANGED, "content_changed"},
        {REASON_CHANGED_OUTSIDE, "object_changed_outside"},
        {REASON_NEW_GENERATION, "new_generation"},
        {REASON_LEFT_BEHIND, "left_behind"},
        {REASON_ENDPOINT_FAILED, "endpoint_failed"},
        {REASON_MOVED, "stack_moved"},
        {REASON_DESTROY, "destroy"},
    };
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        assert_string_equal(reason_name(reasons[i].reason), reasons[i].name);
}

static void a_plan_that_proposes_nothing(void **state)
{
    struct arena *arena = *state;
    struct plan plan = {.n_left_out = 1, .n_waiting = 2, .record_only = true};
    plan_add(arena, &plan, KIND_BUCKET, ACTION_CREATE);
    plan_finish(arena, &plan);
    *VEC_PUSH(arena, &plan.guards) = (struct plan_guard){"deletes", STR("m"), STR("h")};
    *VEC_PUSH(arena, &plan.drift) = plan.changes.items[0];
    plan.instance_type = STR("new");
    plan.old_instance_type = STR("old");
    plan_only_drift(&plan);
    assert_true(plan_is_empty(&plan));
    assert_int_equal(plan.n_add + plan.n_left_out + plan.n_waiting + plan.guards.len, 0);
    assert_int_equal(plan.drift.len, 1);
    assert_str(plan.instance_type, "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(needs_that_say_nothing_are_skipped),
        WITH_ARENA(needs_grow_and_keep_their_order),
        WITH_ARENA(order_is_stable_where_needs_do_not_say),
        WITH_ARENA(random_graphs_are_ordered),
        WITH_ARENA(counts),
        WITH_ARENA(emptiness),
        WITH_ARENA(words),
        WITH_ARENA(a_plan_that_proposes_nothing),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
