#include "engine/reconcile/gates.h"

static struct str place(struct arena *arena, struct srcloc at)
{
    if (at.line == 0 || at.file == NULL)
        return STR("");
    return str_fmt(arena, " (gate at %s:%u:%u)", at.file, at.line, at.column);
}

static const struct json *find(const struct json *metrics, struct str name)
{
    JSON_EACH (metric, metrics) {
        if (str_eq(metric->key, name))
            return metric;
    }
    return NULL;
}

static struct str
gate_fault(struct arena *arena, const struct want_gate *gate, const struct json *metrics)
{
    const struct json *metric = find(metrics, gate->metric);
    struct str at = place(arena, gate->at);
    if (metric == NULL)
        return str_fmt(
            arena, STR_FMT " was not reported by its training" STR_FMT, STR_ARG(gate->metric),
            STR_ARG(at));
    if (metric->type != JSON_NUMBER)
        return str_fmt(
            arena, STR_FMT " is not a number" STR_FMT, STR_ARG(gate->metric), STR_ARG(at));
    double value = metric->number;
    if (gate->has_min && value < gate->min)
        return str_fmt(
            arena, STR_FMT " %.7g is below " STR_FMT STR_FMT, STR_ARG(gate->metric), value,
            STR_ARG(gate->min_text), STR_ARG(at));
    if (gate->has_max && value > gate->max)
        return str_fmt(
            arena, STR_FMT " %.7g is above " STR_FMT STR_FMT, STR_ARG(gate->metric), value,
            STR_ARG(gate->max_text), STR_ARG(at));
    return STR_NULL;
}

static struct str joined(struct arena *arena, struct str all, struct str one)
{
    return str_is_null(all) ? one
                            : str_fmt(arena, STR_FMT ", " STR_FMT, STR_ARG(all), STR_ARG(one));
}

struct str
gates_fault(struct arena *arena, const struct want_model *model, const struct json *metrics)
{
    struct str all = STR_NULL;
    for (size_t i = 0; i < model->n_gates; i++) {
        struct str fault = gate_fault(arena, model->gates[i], metrics);
        if (!str_is_null(fault))
            all = joined(arena, all, fault);
    }
    return all;
}

struct str gates_text(struct arena *arena, const struct want_model *model)
{
    struct str all = STR_NULL;
    for (size_t i = 0; i < model->n_gates; i++) {
        const struct want_gate *gate = model->gates[i];
        struct str one = gate->metric;
        if (gate->has_min)
            one =
                str_fmt(arena, STR_FMT " at least " STR_FMT, STR_ARG(one), STR_ARG(gate->min_text));
        if (gate->has_max)
            one = str_fmt(
                arena, STR_FMT "%s at most " STR_FMT, STR_ARG(one), gate->has_min ? " and" : "",
                STR_ARG(gate->max_text));
        all = joined(arena, all, one);
    }
    return all;
}
