#include "cmd/cmd.h"
#include "cmd/session.h"
#include "cmd/table.h"
#include "engine/reconcile/rollback.h"

enum { COL_MODEL, COL_VERSION, COL_STATE, COL_SIZE, COL_METRIC, COL_AT, COL_BY };

static const struct table_column s_columns[] = {
    [COL_MODEL] = {"MODEL", "model", false, false},
    [COL_VERSION] = {"VERSION", "version", false, false},
    [COL_STATE] = {"STATE", "state", false, false},
    [COL_SIZE] = {"BYTES", "size_bytes", true, false},
    [COL_METRIC] = {"METRIC", "metric", false, false},
    [COL_AT] = {"PUBLISHED", "published_at", false, false},
    [COL_BY] = {"BY", "published_by", false, false},
};

struct history_run {
    struct str model; /* STR_NULL: all */
    struct buf buf;
    struct json *stacks;
};

/* "live, held": what is true of it, the most important first. */
static struct str
state_of(struct arena *arena, const struct history_model *model, const struct version *version)
{
    bool held = version_is(model->hold.fp, version->known.fp);
    bool pinned = model->pin.len > 0 && version_matches(version->known.fp, model->pin);
    struct str base = version->object == NULL ? STR("gone")
                      : version->live         ? STR("live")
                      : version->held         ? STR("held back")
                                              : STR("kept");
    return str_fmt(
        arena, STR_FMT "%s%s", STR_ARG(base), held ? ", held" : "", pinned ? ", pinned" : "");
}

static struct table *versions_table(struct arena *arena, const struct history *history)
{
    struct table *table = table_new(arena, s_columns, ARRAY_LEN(s_columns));
    for (size_t i = 0; i < history->n_models; i++) {
        const struct history_model *model = &history->models[i];
        for (size_t k = 0; k < model->versions.len; k++) {
            const struct version *version = &model->versions.items[k];
            table_row(table);
            table_text(table, COL_MODEL, model->name);
            table_text(table, COL_VERSION, str_slice(version->known.fp, 0, FP16));
            table_text(table, COL_STATE, state_of(arena, model, version));
            if (version->live)
                table_paint(table, COL_STATE, PAINT_GREEN);
            table_int(table, COL_SIZE, (int64_t) version->known.size);
            table_text(table, COL_METRIC, metric_text(arena, version->known.metrics));
            table_text(table, COL_AT, version->known.at);
            table_text(table, COL_BY, version->known.by);
        }
    }
    return table;
}

static struct json *hold_json(struct arena *arena, const struct record_hold *hold)
{
    if (str_is_null(hold->fp))
        return json_null(arena);
    struct json *out = json_object(arena);
    json_put(arena, out, "version", json_string(arena, hold->fp));
    json_put(arena, out, "at", json_string(arena, hold->at));
    json_put(arena, out, "by", json_string(arena, hold->by));
    json_put(
        arena, out, "reason",
        str_is_null(hold->reason) ? json_null(arena) : json_string(arena, hold->reason));
    return out;
}

static struct json *
version_json(struct arena *arena, const struct history_model *model, const struct version *version)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "version", json_string(arena, version->known.fp));
    json_put(arena, out, "state", json_string(arena, state_of(arena, model, version)));
    json_put(arena, out, "live", json_bool(arena, version->live));
    json_put(arena, out, "held_back", json_bool(arena, version->held));
    json_put(
        arena, out, "reason",
        str_is_null(version->reason) ? json_null(arena) : json_string(arena, version->reason));
    json_put(arena, out, "present", json_bool(arena, version->object != NULL));
    json_put(arena, out, "key", json_string(arena, version->known.key));
    json_put(arena, out, "size_bytes", json_int(arena, (int64_t) version->known.size));
    json_put(
        arena, out, "metrics",
        version->known.metrics != NULL ? json_copy(arena, version->known.metrics)
                                       : json_object(arena));
    json_put(
        arena, out, "published_at",
        str_is_null(version->known.at) ? json_null(arena) : json_string(arena, version->known.at));
    json_put(
        arena, out, "published_by",
        str_is_null(version->known.by) ? json_null(arena) : json_string(arena, version->known.by));
    return out;
}

static struct json *history_json(struct arena *arena, const struct history *history)
{
    struct json *out = json_object(arena), *models = json_array(arena);
    json_put(arena, out, "stack", json_string(arena, history->stack));
    for (size_t i = 0; i < history->n_models; i++) {
        const struct history_model *model = &history->models[i];
        struct json *node = json_object(arena), *versions = json_array(arena);
        json_put(arena, node, "name", json_string(arena, model->name));
        json_put(arena, node, "hold", hold_json(arena, &model->hold));
        json_put(
            arena, node, "pin",
            str_is_null(model->pin) ? json_null(arena) : json_string(arena, model->pin));
        for (size_t k = 0; k < model->versions.len; k++)
            json_push(versions, version_json(arena, model, &model->versions.items[k]));
        json_put(arena, node, "versions", versions);
        json_push(models, node);
    }
    json_put(arena, out, "models", models);
    return out;
}

static void hold_lines(struct buf *buf, const struct history *history)
{
    for (size_t i = 0; i < history->n_models; i++) {
        const struct history_model *model = &history->models[i];
        if (str_is_null(model->hold.fp))
            continue;
        buf_fmt(
            buf, "\nModel '" STR_FMT "' is held at " STR_FMT " by ", STR_ARG(model->name),
            STR_ARG(str_slice(model->hold.fp, 0, FP16)));
        buf_add_clean(buf, model->hold.by);
        buf_fmt(
            buf, " since " STR_FMT "%s", STR_ARG(model->hold.at),
            str_is_null(model->hold.reason) ? "" : ": ");
        buf_add_clean(buf, model->hold.reason);
        buf_add_char(buf, '\n');
    }
}

static void held_lines(struct buf *buf, const struct history *history)
{
    for (size_t i = 0; i < history->n_models; i++) {
        const struct history_model *model = &history->models[i];
        for (size_t k = 0; k < model->versions.len; k++) {
            const struct version *version = &model->versions.items[k];
            if (!version->held || str_is_null(version->reason))
                continue;
            buf_fmt(
                buf, "\nVersion " STR_FMT " of model '" STR_FMT "' was made and not published: ",
                STR_ARG(str_slice(version->known.fp, 0, FP16)), STR_ARG(model->name));
            buf_add_clean(buf, version->reason);
            buf_add_char(buf, '\n');
        }
    }
}

static enum exit_code history_one(struct session *session, void *arg)
{
    struct history_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct history history = {0};
    if (reconcile_history(&session->reconciler, session->spec, run->model, &history, &err) !=
        ERR_NONE)
        return app_fail(app, &err);
    struct json *json = history_json(app->arena, &history);
    session_put_region(session, json);
    json_push(run->stacks, json);
    if (run->buf.len > 0)
        buf_add_char(&run->buf, '\n');
    session_head(session, &run->buf);
    if (history.n_models > 0)
        table_render(&run->buf, versions_table(app->arena, &history), app->term.color_out);
    else
        buf_fmt(
            &run->buf, "Nothing of stack '" STR_FMT "' is published.\n", STR_ARG(history.stack));
    hold_lines(&run->buf, &history);
    held_lines(&run->buf, &history);
    return EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    struct history_run run = {
        .model = app->args.operands.len > 0 ? app->args.operands.items[0] : STR_NULL,
        .buf = BUF_INIT(MIB(256)),
        .stacks = json_array(app->arena)};
    enum exit_code code = session_each(app, false, history_one, &run);
    return session_finish(app, code, run.stacks, &run.buf);
}

static const struct opt_set *const s_sets[] = {
    &args_spec, &args_json, &args_aws, &args_common, NULL};

const struct cmd cmd_history = {
    .name = "history",
    .operands = "[MODEL]",
    .max_operands = 1,
    .summary =
        "list the versions of a model, or of all: which is live, and what can be gone back to",
    .text =
        "Lists every version that is known: the live one and those that are kept for 'mmectl\n"
        "rollback' (versions.retain in the spec says how many), with size, metric, and when and\n"
        "by whom it was published. The spec is given with -f.",
    .names_model = true,
    .sets = s_sets,
    .run = run,
};
