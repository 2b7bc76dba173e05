/* tests/unit/engine/reconcile/gate_scene.h - whole runs over the toy world whose models have gates
 * and checks. Its training always ends with validation:auc 0.5.
 *
 * Header-only. Everything is on the scene's arena.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_GATE_SCENE_H
#define TESTS_UNIT_ENGINE_RECONCILE_GATE_SCENE_H

#include "tests/unit/engine/reconcile/toy.h"

static UNUSED void gate(struct scene *s, double min)
{
    struct want_gate *one = ARENA_NEW(s->arena, struct want_gate);
    const struct want_gate **list = ARENA_NEW(s->arena, const struct want_gate *);
    *one = (struct want_gate){
        .metric = STR("validation:auc"),
        .has_min = true,
        .min = min,
        .min_text = str_fmt(s->arena, "%g", min),
        .at = {"mme.yaml", 4, 7}};
    list[0] = one;
    for (size_t i = 0; i < s->want.n_models; i++) {
        s->want.models[i].gates = list;
        s->want.models[i].n_gates = 1;
    }
}

static UNUSED void check(struct scene *s, const char *digest)
{
    const struct want_check **list = ARENA_NEW(s->arena, const struct want_check *);
    list[0] = ARENA_NEW(s->arena, struct want_check);
    for (size_t i = 0; i < s->want.n_models; i++) {
        s->want.models[i].checks = list;
        s->want.models[i].n_checks = 1;
        s->want.models[i].checks_digest = str_from(digest);
    }
}

/* What a run marked in its want is gone with it. */
static UNUSED void next_run(struct toy *t)
{
    for (size_t i = 0; i < t->s->want.n_models; i++) {
        struct want_model *model = &t->s->want.models[i];
        model->run = NULL;
        model->failed = model->retrained = false;
    }
    t->answers = NULL;
    t->n_answers = 0;
}

static UNUSED struct str key_of(struct toy *t, const char *folder, size_t model)
{
    const struct want_model *m = &t->s->want.models[model];
    return str_fmt(
        t->s->arena, "demo/%s/" STR_FMT "--" STR_FMT ".tar.gz", folder, STR_ARG(m->name),
        STR_ARG(str_slice(m->spec_fp, 0, 16)));
}

/* Where the endpoint can reach it, whatever the mode. */
static UNUSED bool reachable(struct toy *t, struct str fp)
{
    for (size_t i = 0; i < map_len(t->s->seen.objects); i++) {
        const struct seen_object *object = map_value_at(t->s->seen.objects, i);
        if (str_starts(object->key, STR("demo/models/")) && str_eq(object->fp, fp))
            return true;
    }
    return false;
}

static UNUSED struct toy *deployed(struct arena *arena, bool stable, bool here)
{
    struct scene *s = scene_trained(arena, stable, 2);
    s->want.trains_here = here;
    struct toy *t = toy_new(s);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    return t;
}

static UNUSED void settled_run(struct toy *t)
{
    size_t written = t->n_written;
    next_run(t);
    assert_ok(toy_go(t, PLAN_APPLY), &t->err);
    assert_true(plan_is_empty(t->plan));
    assert_int_equal(t->n_written, written);
}

#endif
