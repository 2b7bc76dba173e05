#include "cmd/cmd.h"
#include "cmd/session.h"
#include "cmd/table.h"
#include "cmd/view.h"
#include "engine/cost/cost.h"
#include "engine/stack/record.h"

enum { COL_MODEL, COL_STATE, COL_TARGET, COL_VERSION, COL_SIZE, COL_METRIC, COL_LOADED };

static const struct table_column s_columns[] = {
    [COL_MODEL] = {"MODEL", "name", false, false},
    [COL_STATE] = {"STATE", "state", false, false},
    [COL_TARGET] = {"TARGET MODEL", "target_model", false, false},
    [COL_VERSION] = {"VERSION", "version", false, false},
    [COL_SIZE] = {"BYTES", "size_bytes", true, false},
    [COL_METRIC] = {"METRIC", "metric", false, false},
    [COL_LOADED] = {"LOADED", "loaded", false, false},
};

/* What a call names: a model, a container, or in a pipeline nothing. */
static const struct table_column *columns_of(struct arena *arena, enum want_mode mode)
{
    struct table_column *columns = ARENA_ARRAY(arena, ARRAY_LEN(s_columns), struct table_column);
    memcpy(columns, s_columns, sizeof(s_columns));
    if (mode == WANT_MULTI_MODEL)
        return columns;
    columns[COL_MODEL].title = "CONTAINER";
    columns[COL_TARGET] =
        (struct table_column){"TARGET CONTAINER", "target_container", false, mode == WANT_SERIAL};
    return columns;
}

static const char *state_of(const struct status_model *model)
{
    if (str_is_empty(model->target_model))
        return "missing";
    if (!model->in_spec)
        return "not in spec";
    if (!model->published)
        return "outdated";
    if (model->image_only)
        return "image only";
    return model->held ? "held" : model->pinned ? "pinned" : "ready";
}

static struct table *
models_table(struct session *session, const struct status *status, const struct json *loaded)
{
    struct arena *arena = session->app->arena;
    struct table *table = table_new(arena, columns_of(arena, status->mode), ARRAY_LEN(s_columns));
    for (size_t i = 0; i < status->n_models; i++) {
        const struct status_model *model = &status->models[i];
        const char *state = state_of(model);
        bool ready = model->in_spec && model->published && !model->held;
        table_row(table);
        table_text(table, COL_MODEL, model->name);
        table_text(table, COL_STATE, str_from(state));
        table_paint(table, COL_STATE, ready ? PAINT_GREEN : PAINT_YELLOW);
        table_text(table, COL_VERSION, str_slice(model->fp, 0, 16));
        table_text(table, COL_METRIC, metric_text(arena, model->metrics));
        if (str_is_empty(model->target_model))
            continue;
        table_text(table, COL_TARGET, model->target_model);
        if (model->image_only)
            continue;
        table_int(table, COL_SIZE, (int64_t) model->size);
        if (loaded != NULL) {
            bool is_loaded = false;
            JSON_EACH (target, loaded) {
                is_loaded = is_loaded || str_eq(target->string, model->target_model);
            }
            table_bool(table, COL_LOADED, is_loaded);
        }
    }
    return table;
}

static void head_lines(struct app *app, struct buf *buf, const struct status *status)
{
    struct arena *arena = app->arena;
    bool color = app->term.color_out, serving = str_eq(status->endpoint_status, STR("InService"));
    buf_fmt(
        buf, "Stack    " STR_FMT " in " STR_FMT ", account " STR_FMT "\nHome     ",
        STR_ARG(status->stack), STR_ARG(status->region), STR_ARG(status->account));
    buf_add_clean(buf, status->home);
    buf_fmt(buf, "\nEndpoint " STR_FMT ": ", STR_ARG(status->endpoint));
    if (!status->endpoint_present) {
        buf_add_z(buf, "does not exist\n");
        return;
    }
    buf_fmt(
        buf, "%s" STR_FMT "%s, " STR_FMT "\n", paint(color, serving ? PAINT_GREEN : PAINT_YELLOW),
        STR_ARG(term_clean(arena, status->endpoint_status)), paint_end(color),
        STR_ARG(cost_line(arena, status->instance_type, status->instance_count)));
    if (!str_is_empty(status->failure_reason)) {
        buf_add_z(buf, "         ");
        buf_add_clean(buf, status->failure_reason);
        buf_add_char(buf, '\n');
    }
    buf_add_z(buf, "Config   ");
    buf_add_clean(buf, status->config);
    buf_add_z(buf, "\n");
}

static struct json *
status_json(struct session *session, const struct status *status, const struct table *models)
{
    struct arena *arena = session->app->arena;
    struct json *out = json_object(arena), *endpoint = json_object(arena);
    json_put(arena, out, "stack", json_string(arena, status->stack));
    json_put(arena, out, "account", json_string(arena, status->account));
    json_put(arena, out, "region", json_string(arena, status->region));
    json_put(arena, out, "uid", json_string(arena, status->uid));
    json_put(arena, out, "home", json_string(arena, status->home));
    json_put(arena, endpoint, "name", json_string(arena, status->endpoint));
    static const char *const s_modes[] = {
        "multi-model", "multi-container-direct", "multi-container-serial"};
    json_put(arena, endpoint, "mode", json_z(arena, s_modes[status->mode]));
    json_put(arena, endpoint, "present", json_bool(arena, status->endpoint_present));
    if (status->endpoint_present) {
        struct cost_hosting cost;
        bool priced = cost_hosting(status->instance_type, status->instance_count, 1, &cost);
        json_put(arena, endpoint, "status", json_string(arena, status->endpoint_status));
        json_put(arena, endpoint, "config", json_string(arena, status->config));
        json_put(arena, endpoint, "model", json_string(arena, status->model));
        json_put(arena, endpoint, "model_data_url", json_string(arena, status->model_data_url));
        json_put(arena, endpoint, "instance_type", json_string(arena, status->instance_type));
        json_put(arena, endpoint, "instance_count", json_int(arena, status->instance_count));
        json_put(
            arena, endpoint, "usd_per_hour",
            priced ? json_num(arena, cost.shared_hour) : json_null(arena));
    }
    json_put(arena, out, "endpoint", endpoint);
    struct json *rows = table_json(arena, models);
    size_t i = 0;
    for (struct json *row = rows->first; row != NULL; row = row->next, i++) {
        const struct json *metrics = status->models[i].metrics;
        json_put(
            arena, row, "metrics",
            metrics != NULL ? json_copy(arena, metrics) : json_object(arena));
    }
    json_put(arena, out, "models", rows);
    json_put(arena, out, "holds", view_holds_json(arena, status->plan));
    json_put(arena, out, "held", view_held_json(arena, status->plan));
    json_put(arena, out, "foreign_objects", json_int(arena, (int64_t) status->n_foreign));
    json_put(arena, out, "drift", json_bool(arena, !plan_is_empty(status->plan)));
    json_put(arena, out, "summary", json_string(arena, view_summary_line(arena, status->plan)));
    return out;
}

/* ---- routes ---- */

static struct str split_text(struct arena *arena, const struct record_route *route)
{
    struct str text = STR("");
    for (size_t i = 0; i < route->split.len; i++)
        text = str_fmt(
            arena, STR_FMT "%s" STR_FMT " %lld", STR_ARG(text), i > 0 ? ", " : "",
            STR_ARG(route->split.items[i].model), (long long) route->split.items[i].weight);
    return text;
}

static struct table *routes_table(struct arena *arena, const struct record *record)
{
    static const struct table_column columns[] = {
        {"ROUTE", "name", false, false},
        {"SPLIT", "split_text", false, false},
        {"SHADOW", "shadow", false, false},
    };
    struct table *table = table_new(arena, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < record->routes.len; i++) {
        const struct record_route *route = &record->routes.items[i];
        table_row(table);
        table_text(table, 0, route->name);
        table_text(table, 1, split_text(arena, route));
        if (!str_is_null(route->shadow))
            table_text(table, 2, route->shadow);
    }
    return table;
}

static struct json *routes_json(struct arena *arena, const struct record *record)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < record->routes.len; i++) {
        const struct record_route *route = &record->routes.items[i];
        struct json *node = json_object(arena), *split = json_object(arena);
        for (size_t k = 0; k < route->split.len; k++)
            json_set(
                arena, split, route->split.items[k].model,
                json_int(arena, route->split.items[k].weight));
        json_put(arena, node, "name", json_string(arena, route->name));
        json_put(arena, node, "split", split);
        json_put(
            arena, node, "shadow",
            str_is_null(route->shadow) ? json_null(arena) : json_string(arena, route->shadow));
        json_push(out, node);
    }
    return out;
}

struct status_run {
    struct buf buf;
    struct json *stacks;
};

static enum exit_code status_one(struct session *session, void *arg)
{
    struct status_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct status *status = NULL;
    if (reconcile_status(&session->reconciler, session->spec, &status, &err) != ERR_NONE)
        return app_fail(app, &err);
    struct json *loaded = NULL;
    if (session->local && status->endpoint_present &&
        standin_loaded(app, session->curl, &session->standin, status->endpoint, &loaded, &err) !=
            ERR_NONE)
        return app_fail(app, &err);
    struct table *models = models_table(session, status, loaded);
    struct table *routes = routes_table(app->arena, status->record);
    struct json *described = status_json(session, status, models);
    json_put(app->arena, described, "routes", routes_json(app->arena, status->record));
    json_push(run->stacks, described);
    if (run->buf.len > 0)
        buf_add_char(&run->buf, '\n');
    head_lines(app, &run->buf, status);
    if (table_len(models) > 0) {
        buf_add_char(&run->buf, '\n');
        table_render(&run->buf, models, app->term.color_out);
    }
    if (table_len(routes) > 0) {
        buf_add_char(&run->buf, '\n');
        table_render(&run->buf, routes, app->term.color_out);
    }
    buf_add_char(&run->buf, '\n');
    /* Which versions are held, and why. */
    for (size_t i = 0; i < status->plan->notes.len; i++) {
        buf_add_clean(&run->buf, status->plan->notes.items[i]);
        buf_add_char(&run->buf, '\n');
    }
    if (status->n_foreign > 0)
        buf_fmt(
            &run->buf, "%zu objects under the prefix are not the stack's.\n", status->n_foreign);
    buf_fmt(
        &run->buf, STR_FMT "%s\n", STR_ARG(view_summary_line(app->arena, status->plan)),
        plan_is_empty(status->plan) ? "" : " (mmectl plan shows it)");
    return EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    struct status_run run = {BUF_INIT(MIB(64)), json_array(app->arena)};
    enum exit_code code = session_each(app, true, status_one, &run);
    return session_finish(app, code, run.stacks, &run.buf);
}

static const struct opt_set *const s_sets[] = {
    &args_spec, &args_json, &args_aws, &args_common, NULL};

const struct cmd cmd_status = {
    .name = "status",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "show the endpoint, every model with its TargetModel, drift and cost per hour",
    .text = "Shows the stack as it is: the endpoint and its status, every model with its version,\n"
            "TargetModel, size and metric, the routes, which versions are held by a rollback, a\n"
            "gate or a check and why, and whether apply would change something.",
    .sets = s_sets,
    .run = run,
};
