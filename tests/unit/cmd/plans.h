/* tests/unit/cmd/plans.h - plans that the planner made, for the views, and the files of
 * tests/golden.
 *
 * Header-only. `MMECTL_GOLDEN=write` writes the files anew: look at the difference before
 * committing it.
 */
#ifndef TESTS_UNIT_CMD_PLANS_H
#define TESTS_UNIT_CMD_PLANS_H

#include "tests/unit/engine/reconcile/scene.h"

#include "cmd/view.h"
#include "engine/base/file.h"

#include <stdlib.h>

#define PLANS_WALL_MS INT64_C(1795412940000)

static UNUSED void golden(const char *name, struct str actual)
{
    AUTO(arena_close) struct arena *arena = arena_new("golden", 0);
    struct err err = {0};
    const char *path = str_z(arena, str_fmt(arena, "tests/golden/%s", name));
    const char *mode = getenv("MMECTL_GOLDEN");
    if (mode != NULL && strcmp(mode, "write") == 0)
        assert_ok(file_write_atomic(path, actual, 0644, &err), &err);
    struct str expected;
    assert_ok(file_read(arena, path, MIB(16), &expected, &err), &err);
    if (!str_eq(actual, expected))
        fail_msg("tests/golden/%s is not:\n" STR_FMT, name, STR_ARG(actual));
}

static UNUSED struct scene *plans_deployed(struct arena *arena, bool stable)
{
    struct scene *s = scene_trained(arena, stable, 3);
    for (size_t i = 0; i < s->want.n_models; i++) {
        struct want_model *model = &s->want.models[i];
        const struct want_pair depth = {STR("max_depth"), STR("2")};
        model->hyperparameters = sample_pairs(arena, &depth, 1);
        model->n_hyperparameters = 1;
    }
    s->seen.jobs_listed = true;
    assert_ok(plan(s), &s->err);
    arrive(s);
    return s;
}

/* A first apply. */
static UNUSED struct plan *plans_first(struct arena *arena)
{
    struct scene *s = scene_trained(arena, true, 2);
    s->seen.jobs_listed = true;
    assert_ok(plan(s), &s->err);
    return s->plan;
}

/* A bit of everything: content, fleet and environment changed, a protected model is taken out, an
 * artifact was overwritten and the endpoint moved by somebody else; of the routes, too. */
static UNUSED struct plan *plans_mixed(struct arena *arena)
{
    struct scene *s = plans_deployed(arena, true);
    change_model(s, 0, 2);
    const struct want_pair secret = {STR("WORKERS"), STR("topsecret")};
    s->want.environment = sample_pairs(arena, &secret, 1);
    s->want.instance_type = STR("ml.c5.xlarge");
    s->seen.record.models.items[2].protect = true;
    s->want.n_models = 2;
    struct seen_object *object = map_get(s->seen.objects, s->seen.record.models.items[1].live.key);
    object->etag = STR("\"other\"");
    object->owner = OWNER_OTHER;
    s->seen.endpoint.failure_reason = STR("no <capacity> & no luck");
    put_text(s, "demo/notes.txt", OWNER_OTHER);
    put_route(s, "churn", "m0 90 m1 10", NULL);
    put_route(s, "old", "m0 1", "m2")->fp = STR("edited by hand");
    want_route(s, "churn", "m0 80 m1 20", NULL);
    want_route(s, "next", "m1 1", "m0");
    assert_ok(plan(s), &s->err);
    return s->plan;
}

/* All of 10,000 models with long names change, and 5,000 go. */
static UNUSED struct plan *plans_large(struct arena *arena)
{
    struct scene *s = scene_new(arena, false, 10000);
    for (size_t i = 0; i < s->want.n_models; i++) {
        s->want.models[i].name = str_fmt(arena, "customer-%05zu-%080d", i, 7);
        change_model(s, i, 1);
    }
    assert_ok(plan(s), &s->err);
    arrive(s);
    s->want.n_models = 5000;
    for (size_t i = 0; i < s->want.n_models; i++)
        change_model(s, i, 2);
    assert_ok(plan(s), &s->err);
    return s->plan;
}

#endif
