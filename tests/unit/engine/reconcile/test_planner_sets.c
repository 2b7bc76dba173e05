#include "tests/unit/engine/reconcile/scene.h"

/* A scene whose models are of a set, as desired_build() makes them. */
static struct scene *scene_of_set(struct arena *arena, size_t n_models)
{
    struct scene *s = scene_trained(arena, false, n_models);
    s->want.sets = ARENA_ARRAY(arena, 1, struct want_set);
    s->want.n_sets = 1;
    s->want.sets[0] = (struct want_set){
        .name = STR("model_{key}"), .source = STR("t.csv"), .column = 3, .n_models = n_models};
    for (size_t i = 0; i < n_models; i++) {
        s->want.models[i].set = s->want.sets[0].name;
        s->want.models[i].set_value = STR("v");
    }
    s->seen.jobs_listed = true;
    return s;
}

static bool noted(const struct scene *s, const char *text)
{
    for (size_t i = 0; i < s->plan->notes.len; i++)
        if (str_eq_z(s->plan->notes.items[i], text))
            return true;
    return false;
}

static void changes_are_of_their_sets(void **state)
{
    struct scene *s = scene_of_set(*state, 2);
    assert_ok(plan(s), &s->err);
    assert_str(must_find(s, KIND_ARTIFACT, ACTION_CREATE)->set, "model_{key}");
    assert_str(must_find(s, KIND_TRAINING_JOB, ACTION_CREATE)->set, "model_{key}");
    assert_true(str_is_null(must_find(s, KIND_DATA, ACTION_CREATE)->set)); /* all models share it */
    assert_true(str_is_null(must_find(s, KIND_ENDPOINT, ACTION_CREATE)->set));
    assert_true(noted(s, "set model_{key}: 2 models from column 3 of 't.csv'"));
    assert_int_equal(s->plan->n_sets, 1);
}

static void parts_are_uploaded_for_their_models(void **state)
{
    struct scene *s = scene_of_set(*state, 2);
    struct split split = {0};
    for (size_t i = 0; i < 2; i++) {
        struct want_channel *part = ARENA_NEW(*state, struct want_channel);
        *part = s->want.channels[0];
        part->split = &split;
        part->part = i;
        part->index = str_fmt(*state, STR_FMT "/train", STR_ARG(s->want.models[i].name));
        part->key = str_fmt(*state, "demo/data/%064zu/t.csv", i);
        s->want.models[i].channels = part;
        s->want.models[i].n_channels = 1;
    }
    assert_ok(plan(s), &s->err);
    for (size_t i = 0; i < s->plan->changes.len; i++) {
        const struct change *change = s->plan->changes.items[i];
        if (change->kind == KIND_DATA)
            assert_str(change->set, "model_{key}");
        if (change->kind != KIND_TRAINING_JOB)
            continue;
        const struct training_plan *training = change->subject;
        size_t n_data = 0;
        for (size_t k = 0; k < change->n_needs; k++) {
            n_data += change->needs[k]->kind == KIND_DATA;
            if (change->needs[k]->kind == KIND_DATA)
                assert_str_len(change->needs[k]->name, training->model->channels[0].key);
        }
        assert_int_equal(n_data, 1); /* its own part alone */
    }
    arrive(s);
    settled(s);
}

static void what_goes_was_of_the_set(void **state)
{
    struct scene *s = scene_of_set(*state, 2);
    assert_ok(plan(s), &s->err);
    arrive(s);
    s->want.n_models = 1;
    s->want.sets[0].name =
        str_fmt(*state, STR_FMT "{key}", STR_ARG(str_slice(s->want.models[1].name, 0, 2)));
    assert_ok(plan(s), &s->err);
    assert_str_len(must_find(s, KIND_ARTIFACT, ACTION_DELETE)->set, s->want.sets[0].name);
    s->want.sets[0].name = STR("other_{key}");
    assert_ok(plan(s), &s->err);
    assert_true(str_is_null(must_find(s, KIND_ARTIFACT, ACTION_DELETE)->set));
}

static void what_became_of_the_values(void **state)
{
    struct scene *s = scene_of_set(*state, 1);
    struct want_set *set = &s->want.sets[0];
    static const struct split_part s_parts[] = {
        {STR_INIT("a"), 1, {NULL, 0}, 0}, {STR_INIT("b"), 2, {NULL, 0}, 0}};
    const struct split_part *small[7];
    struct want_pair renamed[7];
    for (size_t i = 0; i < 7; i++) {
        small[i] = &s_parts[i % 2];
        renamed[i] = (struct want_pair){STR("x y"), STR("x_y")};
    }
    set->small = small;
    set->renamed = renamed;
    set->min_rows = 5;
    set->n_small = set->n_renamed = set->n_unvalidated = set->n_strays = 1;
    assert_ok(plan(s), &s->err);
    assert_true(noted(s, "set model_{key}: 1 model from column 3 of 't.csv'"));
    assert_true(noted(s, "set model_{key}: 1 value below minRows (5) left out: 'a' (1)"));
    assert_true(
        noted(s, "set model_{key}: 1 value cannot be part of a name as it is: 'x y' is x_y"));
    assert_true(
        noted(s, "set model_{key}: 1 model without validation rows, trained without that channel"));
    assert_true(noted(
        s, "set model_{key}: 1 value of its other channels has no training rows and no model"));
    set->n_small = set->n_renamed = 7;
    set->n_unvalidated = set->n_strays = 2;
    assert_ok(plan(s), &s->err);
    assert_true(noted(
        s, "set model_{key}: 7 values below minRows (5) left out: 'a' (1), 'b' (2), 'a' (1), 'b' "
           "(2), 'a' (1) and 2 more (-json lists all)"));
    assert_true(noted(
        s, "set model_{key}: 7 values cannot be part of a name as they are: 'x y' is x_y, 'x y' is "
           "x_y, 'x y' is x_y, 'x y' is x_y, 'x y' is x_y and 2 more (-json lists all)"));
    assert_true(noted(
        s, "set model_{key}: 2 values of its other channels have no training rows and no model"));
    assert_true(noted(
        s, "set model_{key}: 2 models without validation rows, trained without that channel"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(changes_are_of_their_sets),
        WITH_ARENA(parts_are_uploaded_for_their_models),
        WITH_ARENA(what_goes_was_of_the_set),
        WITH_ARENA(what_became_of_the_values),
    };
    return cmocka_run_group_tests_name("planner_sets", tests, NULL, NULL);
}
