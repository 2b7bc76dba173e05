#include "engine/base/digest.h"
#include "engine/base/map.h"
#include "engine/plan/world.h"
#include "engine/reconcile/desired.h"
#include "specs/spec.h"

/* Gates and checks, model by model. Most specs have a few that stand for every model: these share
 * one list. */

struct gate_list {
    const struct want_gate **items;
    size_t len, cap;
};

struct check_list {
    const struct want_check **items;
    size_t len, cap;
};

/* By its name, or by that of the set that made it. */
static bool names(const struct spec_str *models, size_t count, const struct want_model *model)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(models[i].value, model->name) ||
            (!str_is_null(model->set) && str_eq(models[i].value, model->set)))
            return true;
    return count == 0;
}

static const struct want_gate *gate_of(struct arena *arena, const struct spec_gate *from)
{
    struct want_gate *gate = ARENA_NEW(arena, struct want_gate);
    *gate = (struct want_gate){
        .metric = from->metric.value,
        .has_min = from->min.set,
        .has_max = from->max.set,
        .min = from->min.value,
        .max = from->max.value,
        .min_text = from->min.text,
        .max_text = from->max.text,
        .at = from->at};
    return gate;
}

static void fill_gates(struct arena *arena, const struct spec *spec, struct want *want)
{
    const struct want_gate **all = ARENA_ARRAY(arena, spec->n_gates, const struct want_gate *);
    const struct spec_model none = {.n_gates = 0};
    bool narrowed = false;
    for (size_t i = 0; i < spec->n_gates; i++) {
        all[i] = gate_of(arena, &spec->gates[i]);
        narrowed = narrowed || spec->gates[i].n_models > 0;
    }
    for (size_t i = 0; i < want->n_models; i++) {
        struct want_model *model = &want->models[i];
        /* What a partition made stands behind the spec's own. */
        const struct spec_model *from = i < spec->n_models ? &spec->models[i] : &none;
        if (!model->trained)
            continue;
        model->gates = all;
        model->n_gates = spec->n_gates;
        if (!narrowed && from->n_gates == 0)
            continue;
        struct gate_list list = {0};
        for (size_t k = 0; k < spec->n_gates; k++)
            if (names(spec->gates[k].models, spec->gates[k].n_models, model))
                *VEC_PUSH(arena, &list) = all[k];
        for (size_t k = 0; k < from->n_gates; k++)
            *VEC_PUSH(arena, &list) = gate_of(arena, &from->gates[k]);
        model->gates = list.items;
        model->n_gates = list.len;
    }
}

static enum err_code read_check(
    struct reconciler *r, const struct spec_check *from, struct want_check *out, struct err *err)
{
    *out = (struct want_check){
        .payload = from->payload.value,
        .expect = from->expect.value,
        .tolerance = from->tolerance.value,
        .at = from->payload.at,
        .expect_at = from->expect.at};
    const struct world_ops *ops = r->world->ops;
    enum err_code code = ops->read_payload(r->world, r->arena, from->payload_path, out, err);
    if (code != ERR_NONE) {
        err->at = (struct srcloc){NULL, 0, 0};
        err_wrap(err, "payload '" STR_FMT "'", STR_ARG(out->payload));
        return err_locate(err, out->at);
    }
    if (str_is_null(out->expect))
        return ERR_NONE;
    code = ops->read_golden(r->world, r->arena, from->expect_path, out, err);
    if (code == ERR_NONE)
        return code;
    err->at = (struct srcloc){NULL, 0, 0};
    err_wrap(err, "golden predictions '" STR_FMT "'", STR_ARG(out->expect));
    return err_locate(err, out->expect_at);
}

/* What is called and expected: another payload, another golden file or tolerance judges anew. */
static struct str
checks_digest(struct arena *arena, const struct want_check *const *checks, size_t count)
{
    struct buf text AUTO(buf_done) = BUF_INIT(MIB(64));
    for (size_t i = 0; i < count; i++) {
        const struct want_check *check = checks[i];
        struct sha256 body = sha256_of(check->body);
        buf_fmt(
            &text, STR_FMT " %.17g %zu", STR_ARG(hex_of(arena, body.bytes, sizeof(body.bytes))),
            check->tolerance, check->n_expected);
        for (size_t k = 0; k < check->n_expected; k++)
            buf_fmt(&text, " %.17g", check->expected[k]);
        buf_add_char(&text, '\n');
    }
    return str_slice(sha256_hex(arena, buf_str(&text)), 0, 16);
}

static enum err_code
fill_checks(struct reconciler *r, const struct spec *spec, struct want *want, struct err *err)
{
    size_t n = spec->n_checks;
    struct want_check *checks = ARENA_ARRAY(r->arena, n, struct want_check);
    const struct want_check **all = ARENA_ARRAY(r->arena, n, const struct want_check *);
    bool narrowed = false;
    for (size_t i = 0; i < n; i++) {
        enum err_code code = read_check(r, &spec->checks[i], &checks[i], err);
        if (code != ERR_NONE)
            return code;
        all[i] = &checks[i];
        narrowed = narrowed || spec->checks[i].n_models > 0;
    }
    struct str digest = n > 0 && !narrowed ? checks_digest(r->arena, all, n) : STR_NULL;
    for (size_t i = 0; n > 0 && i < want->n_models; i++) {
        struct want_model *model = &want->models[i];
        model->checks = all;
        model->n_checks = n;
        model->checks_digest = digest;
        if (!narrowed)
            continue;
        struct check_list list = {0};
        for (size_t k = 0; k < n; k++)
            if (names(spec->checks[k].models, spec->checks[k].n_models, model))
                *VEC_PUSH(r->arena, &list) = all[k];
        model->checks = list.items;
        model->n_checks = list.len;
        if (list.len > 0)
            model->checks_digest = checks_digest(r->arena, list.items, list.len);
    }
    return ERR_NONE;
}

enum err_code
desired_gates(struct reconciler *r, const struct spec *spec, struct want *want, struct err *err)
{
    fill_gates(r->arena, spec, want);
    return fill_checks(r, spec, want, err);
}
