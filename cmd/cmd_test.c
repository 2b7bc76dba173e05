#include "cmd/cmd.h"
#include "cmd/sample.h"
#include "cmd/score.h"
#include "cmd/shares.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "engine/aws/runtime.h"
#include "engine/base/map.h"
#include "engine/base/template.h"

#include <math.h>

#define DEFAULT_CALLS 100
#define PAYLOAD_ROWS 10U
/* The container widens float32 to double and prints it exactly; an image of the user's may not. */
#define TOLERANCE 1e-5

enum {
    COL_MODEL,
    COL_RESULT,
    COL_COLD,
    COL_FIRST,
    COL_P50,
    COL_P99,
    COL_PREDICTION,
    COL_DIFF,
    COL_CHECKS,
    COL_TARGET
};

/* Whether a first call was a cold one is known on the stand-in alone; JSON has both columns. */
static const struct table_column s_columns[] = {
    [COL_MODEL] = {"MODEL", "name", false, false},
    [COL_RESULT] = {"RESULT", "result", false, false},
    [COL_COLD] = {"COLD MS", "cold_ms", true, false},
    [COL_FIRST] = {"FIRST MS", "first_ms", true, false},
    [COL_P50] = {"WARM P50 MS", "warm_p50_ms", true, false},
    [COL_P99] = {"WARM P99 MS", "warm_p99_ms", true, false},
    [COL_PREDICTION] = {"PREDICTION", "prediction", true, false},
    [COL_DIFF] = {"MAX DIFF", "max_abs_difference", true, false},
    [COL_CHECKS] = {"CHECKS", "checks", true, false},
    [COL_TARGET] = {"TARGET MODEL", "target_model", false, false},
};

static struct table *new_table(const struct session *session)
{
    struct arena *arena = session->app->arena;
    struct table_column *columns = ARENA_ARRAY(arena, ARRAY_LEN(s_columns), struct table_column);
    memcpy(columns, s_columns, sizeof(s_columns));
    /* The models of containers are in memory from the start on: there are no cold calls. */
    bool cold = session->local && session->spec->endpoint.mode == SPEC_MULTI_MODEL;
    columns[COL_FIRST].hidden = cold;
    columns[COL_COLD].hidden = session->local && !cold;
    columns[COL_CHECKS].hidden = session->spec->n_checks == 0;
    if (session->spec->endpoint.mode == SPEC_CONTAINERS_DIRECT) {
        columns[COL_MODEL].title = "CONTAINER";
        columns[COL_TARGET] =
            (struct table_column){"TARGET CONTAINER", "target_container", false, false};
    } else if (session->spec->endpoint.mode == SPEC_CONTAINERS_SERIAL) {
        columns[COL_MODEL].title = "PIPELINE";
        columns[COL_TARGET].hidden = true;
    }
    return table_new(arena, columns, ARRAY_LEN(s_columns));
}

struct test_run {
    struct json *stacks;
    struct buf buf;
    size_t n_models, n_failed;
    size_t n_uneven; /* routes whose shares are not their weights */
};

/* Rows that were read before: most models of a stack share them. */
struct kept_sample {
    struct sample_place place;
    struct sample sample;
};

/* What is the same for all models of a stack. */
struct bench {
    struct session *session;
    struct sample sample; /* of the model's turn */
    VEC(struct kept_sample) samples;
    const struct status *status;
    struct table *table;
    size_t calls;
};

struct measured {
    int64_t first_us, p50_us, p99_us;
    struct str body;
};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* The first call, then `calls` more. One arena per call, so that memory stays flat. */
static enum err_code
measure(const struct bench *bench, struct str target, struct measured *out, struct err *err)
{
    struct session *session = bench->session;
    enum want_mode mode = bench->status->mode;
    struct runtime_request request = {
        .endpoint = bench->status->endpoint,
        .target_model = mode == WANT_MULTI_MODEL ? target : STR_NULL,
        .target_container = mode == WANT_DIRECT ? target : STR_NULL,
        .content_type = bench->sample.content_type,
        .accept = STR("text/csv"),
        .body = bench->sample.body,
    };
    struct arena *scratch = arena_new("calls", 0);
    int64_t *times = ARENA_ARRAY(session->app->arena, bench->calls, int64_t);
    enum err_code code = ERR_NONE;
    for (size_t i = 0; i <= bench->calls && code == ERR_NONE; i++) {
        struct runtime_response response;
        struct runtime_fault fault = {0};
        arena_reset(scratch);
        code = runtime_invoke(session->aws, scratch, &request, &response, &fault, err);
        if (code != ERR_NONE) {
            if (!str_is_empty(fault.original_message))
                err_hint(
                    err, "the model's container said: " STR_FMT, STR_ARG(fault.original_message));
        } else if (i == 0) {
            out->first_us = response.total_us;
            out->body = str_dup(session->app->arena, response.body);
        } else {
            times[i - 1] = response.total_us;
        }
    }
    arena_free(scratch);
    if (code != ERR_NONE || bench->calls == 0)
        return code;
    qsort(times, bench->calls, sizeof(*times), by_value);
    out->p50_us = times[(bench->calls - 1) / 2];
    out->p99_us = times[(bench->calls * 99 + 99) / 100 - 1];
    return ERR_NONE;
}

static double ms(int64_t us)
{
    return (double) us / 1000.0;
}

/* Out of memory, so that the first call is a cold one. */
static enum err_code unload(
    const struct bench *bench,
    const struct status_model *const *models,
    size_t n_models,
    struct err *err)
{
    struct session *session = bench->session;
    enum err_code code = ERR_NONE;
    bool loads = session->local && bench->status->mode == WANT_MULTI_MODEL;
    for (size_t i = 0; loads && i < n_models && code == ERR_NONE; i++)
        code = standin_unload(
            session->app, session->curl, &session->standin, bench->status->endpoint,
            models[i]->target_model, err);
    return code;
}

/* libxgboost speaks for the algorithm's image alone. */
static bool can_score(const struct status_model *const *models, size_t n_models)
{
    for (size_t i = 0; i < n_models; i++)
        if (models[i]->image_only || models[i]->other_image)
            return false;
    return true;
}

static enum err_code score(
    const struct bench *bench,
    const struct status_model *const *models,
    size_t n_models,
    struct str answer,
    struct err *err)
{
    struct arena *scratch = arena_new("scores", SCORE_MAX_BYTES);
    double *answers = NULL, diff = 0;
    size_t n_answers = 0;
    enum err_code code = sample_numbers(scratch, answer, &answers, &n_answers, err);
    if (code == ERR_NONE && n_answers > 0)
        table_number(bench->table, COL_PREDICTION, answers[0], 6);
    if (code == ERR_NONE) {
        const struct score_call call = {
            bench->session, bench->status, &bench->sample, answers, n_answers};
        code = score_models(&call, models, n_models, scratch, &diff, err);
    }
    arena_free(scratch);
    if (code != ERR_NONE)
        return code;
    table_number(bench->table, COL_DIFF, diff, -1);
    if (diff > TOLERANCE)
        return err_set(
            err, ERR_TERMINAL, "the endpoint's predictions differ from libxgboost's by up to %g",
            diff);
    return ERR_NONE;
}

/* One model; of a pipeline all of them. */
static enum err_code test_models(
    const struct bench *bench,
    const struct status_model *const *models,
    size_t n_models,
    struct err *err)
{
    struct table *table = bench->table;
    struct measured measured = {0};
    enum err_code code = unload(bench, models, n_models, err);
    if (code == ERR_NONE)
        code = measure(bench, models[0]->target_model, &measured, err);
    if (code != ERR_NONE)
        return code;
    if (bench->session->local && bench->status->mode == WANT_MULTI_MODEL)
        table_number(table, COL_COLD, ms(measured.first_us), 2);
    table_number(table, COL_FIRST, ms(measured.first_us), 2);
    if (bench->calls > 0) {
        table_number(table, COL_P50, ms(measured.p50_us), 2);
        table_number(table, COL_P99, ms(measured.p99_us), 2);
    }
    if (!can_score(models, n_models))
        return ERR_NONE;
    return score(bench, models, n_models, measured.body, err);
}

/* The spec's own checks: its payloads against its golden predictions. */
static enum err_code
check_model(const struct bench *bench, const struct status_model *model, struct err *err)
{
    struct session *session = bench->session;
    size_t calls = 0;
    struct str fault = STR_NULL;
    enum err_code code =
        reconcile_check(&session->reconciler, bench->status, model, &calls, &fault, err);
    if (code != ERR_NONE)
        return code;
    if (calls > 0)
        table_int(bench->table, COL_CHECKS, (int64_t) calls - (str_is_null(fault) ? 0 : 1));
    if (str_is_null(fault))
        return ERR_NONE;
    err_set(err, ERR_TERMINAL, "a check fails: " STR_FMT, STR_ARG(fault));
    return err_hint(err, "'mmectl history' shows the versions to roll back to");
}

static const struct status_model *find_model(const struct status *status, struct str name)
{
    for (size_t i = 0; i < status->n_models; i++)
        if (str_eq(status->models[i].name, name) && !str_is_empty(status->models[i].target_model))
            return &status->models[i];
    return NULL;
}

static void end_row(
    const struct bench *bench,
    const char *what,
    struct str name,
    struct test_run *run,
    struct err *err)
{
    bool ok = err->code == ERR_NONE;
    table_text(bench->table, COL_RESULT, ok ? STR("ok") : STR("failed"));
    table_paint(bench->table, COL_RESULT, ok ? PAINT_GREEN : PAINT_RED);
    run->n_models++;
    if (ok)
        return;
    run->n_failed++;
    err_wrap(err, "%s '" STR_FMT "'", what, STR_ARG(name));
    (void) app_fail(bench->session->app, err);
}

static void test_row(const struct bench *bench, struct str name, struct test_run *run)
{
    struct err err = {0};
    const struct status_model *model = find_model(bench->status, name);
    table_row(bench->table);
    table_text(bench->table, COL_MODEL, name);
    if (model == NULL) {
        err_set(&err, ERR_NOT_FOUND, "it is not published");
        err_hint(&err, "run 'mmectl apply'");
    } else {
        table_text(bench->table, COL_TARGET, model->target_model);
        if (test_models(bench, &model, 1, &err) == ERR_NONE && !model->image_only)
            (void) !check_model(bench, model, &err);
    }
    end_row(bench, bench->status->mode == WANT_DIRECT ? "container" : "model", name, run, &err);
}

/* All containers of a pipeline in one call, and in one row. */
static void test_pipeline(const struct bench *bench, struct test_run *run)
{
    const struct status *status = bench->status;
    struct arena *arena = bench->session->app->arena;
    const struct status_model **models =
        ARENA_ARRAY(arena, status->n_models, const struct status_model *);
    struct str name = STR(""), missing = STR_NULL;
    struct err err = {0};
    size_t n = 0;
    for (size_t i = 0; i < status->n_models; i++) {
        const struct status_model *model = &status->models[i];
        if (!model->in_spec)
            continue;
        if (str_is_empty(model->target_model))
            missing = model->name;
        name = str_fmt(
            arena, STR_FMT "%s" STR_FMT, STR_ARG(name), n > 0 ? " > " : "", STR_ARG(model->name));
        models[n++] = model;
    }
    table_row(bench->table);
    table_text(bench->table, COL_MODEL, name);
    if (!str_is_null(missing)) {
        err_set(&err, ERR_NOT_FOUND, "container '" STR_FMT "' is not published", STR_ARG(missing));
        err_hint(&err, "run 'mmectl apply'");
    } else {
        (void) !test_models(bench, models, n, &err);
    }
    end_row(bench, "pipeline", name, run, &err);
}

static enum err_code
prepare(struct session *session, struct bench *bench, struct status *status, struct err *err)
{
    struct app *app = session->app;
    bench->session = session;
    bench->status = status;
    bench->calls = app->args.calls > 0 ? (size_t) app->args.calls : DEFAULT_CALLS;
    bench->table = new_table(session);
    if (!status->endpoint_present) {
        err_set(
            err, ERR_NOT_FOUND, "endpoint '" STR_FMT "' does not exist", STR_ARG(status->endpoint));
        return err_hint(err, "run 'mmectl apply'");
    }
    return ERR_NONE;
}

/* A partition's models are told by their names: what they are named after is in the data. */
static struct sample_place place_of(const struct spec *spec, struct str name)
{
    for (size_t i = 0; i < spec->n_models; i++)
        if (str_eq(spec->models[i].name.value, name) && str_is_null(spec->models[i].artifact.value))
            return (struct sample_place){
                spec->models[i].channels, spec->models[i].n_channels,
                &spec->models[i].hyperparameters, SIZE_MAX};
        else if (str_eq(spec->models[i].name.value, name))
            break;
    for (size_t i = 0; i < spec->n_sets; i++) {
        const struct spec_model_set *set = &spec->sets[i];
        if (set->partition.set && template_matches(set->name.value, name))
            return (struct sample_place){
                set->channels, set->n_channels, &set->hyperparameters,
                (size_t) set->partition.column};
    }
    return (struct sample_place){
        spec->training.channels, spec->training.n_channels, &spec->training.hyperparameters,
        SIZE_MAX};
}

static enum err_code take_sample(struct bench *bench, struct str name, struct err *err)
{
    struct session *session = bench->session;
    const struct sample_place place = place_of(session->spec, name);
    for (size_t i = 0; i < bench->samples.len; i++)
        if (bench->samples.items[i].place.channels == place.channels &&
            bench->samples.items[i].place.column == place.column) {
            bench->sample = bench->samples.items[i].sample;
            return ERR_NONE;
        }
    enum err_code code = sample_load(session, &place, PAYLOAD_ROWS, &bench->sample, err);
    if (code == ERR_NONE)
        *VEC_PUSH(session->app->arena, &bench->samples) =
            (struct kept_sample){place, bench->sample};
    return code;
}

/* In the spec's order, then those of partitions. */
static size_t names_of(struct session *session, const struct status *status, struct str **ret_names)
{
    const struct spec *spec = session->spec;
    struct arena *arena = session->app->arena;
    const struct args *args = &session->app->args;
    struct str wanted = str_is_null(args->container) ? args->model : args->container;
    struct map *known = map_new(arena);
    struct str *names = ARENA_ARRAY(arena, spec->n_models + status->n_models, struct str);
    size_t n = 0;
    for (size_t i = 0; i < spec->n_models; i++) {
        struct str name = spec->models[i].name.value;
        map_put(known, name, session);
        if (str_is_null(wanted) || str_eq(wanted, name))
            names[n++] = name;
    }
    for (size_t i = 0; i < status->n_models; i++) {
        const struct status_model *model = &status->models[i];
        if (model->in_spec && !map_has(known, model->name) &&
            (str_is_null(wanted) || str_eq(wanted, model->name)))
            names[n++] = model->name;
    }
    *ret_names = names;
    return n;
}

static size_t names_of_route(
    const struct session *session, const struct record_route *route, struct str **ret_names)
{
    struct str *names = ARENA_ARRAY(session->app->arena, route->split.len + 1, struct str);
    size_t n = 0;
    for (size_t i = 0; i < route->split.len; i++)
        names[n++] = route->split.items[i].model;
    if (!str_is_null(route->shadow))
        names[n++] = route->shadow;
    *ret_names = names;
    return n;
}

/* The shares of --route, in the text and in the stack's JSON. */
static void describe_route(
    struct test_run *run,
    const struct bench *bench,
    const struct record_route *route,
    struct json *stack)
{
    struct arena *arena = bench->session->app->arena;
    struct shares shares = shares_count(arena, bench->status->record, route);
    struct json *out = json_object(arena);
    json_put(arena, out, "name", json_string(arena, route->name));
    json_put(arena, out, "keys", json_int(arena, SHARES_KEYS));
    json_put(arena, out, "good", json_bool(arena, shares.good));
    json_put(arena, out, "max_difference_percent", json_num(arena, 100 * shares.worst));
    json_put(arena, out, "shares", table_json(arena, shares.table));
    json_put(arena, stack, "route", out);
    buf_fmt(
        &run->buf,
        "\nRoute " STR_FMT ": shares over %u keys, largest difference to the weights %.2f %%\n\n",
        STR_ARG(route->name), SHARES_KEYS, 100 * shares.worst);
    table_render(&run->buf, shares.table, bench->session->app->term.color_out);
    run->n_uneven += shares.good ? 0 : 1;
}

static struct json *describe(struct test_run *run, const struct bench *bench)
{
    struct arena *arena = bench->session->app->arena;
    struct json *stack = json_object(arena);
    json_put(arena, stack, "stack", json_string(arena, bench->status->stack));
    json_put(arena, stack, "endpoint", json_string(arena, bench->status->endpoint));
    session_put_region(bench->session, stack);
    json_put(arena, stack, "rows", json_int(arena, (int64_t) bench->sample.rows));
    json_put(arena, stack, "calls", json_int(arena, (int64_t) bench->calls));
    json_put(arena, stack, "models", table_json(arena, bench->table));
    json_push(run->stacks, stack);
    if (run->buf.len > 0)
        buf_add_char(&run->buf, '\n');
    session_head(bench->session, &run->buf);
    buf_fmt(
        &run->buf,
        "Endpoint " STR_FMT ": %zu row%s of '" STR_FMT "' per call, %zu warm calls per model\n\n",
        STR_ARG(bench->status->endpoint), bench->sample.rows, bench->sample.rows == 1 ? "" : "s",
        STR_ARG(bench->sample.source), bench->calls);
    table_render(&run->buf, bench->table, bench->session->app->term.color_out);
    if (!bench->session->local)
        buf_add_z(
            &run->buf, "\nWhether a first call had to load its model cannot be known on AWS.\n");
    return stack;
}

/* The route of --route; NULL without it. */
static enum err_code find_route(
    const struct session *session,
    const struct status *status,
    const struct record_route **ret_route,
    struct err *err)
{
    struct str name = session->app->args.route;
    *ret_route = str_is_null(name) ? NULL : route_find(status->record, name);
    if (str_is_null(name) || *ret_route != NULL)
        return ERR_NONE;
    err_set(
        err, ERR_NOT_FOUND, "route '" STR_FMT "' is not published in stack '" STR_FMT "'",
        STR_ARG(name), STR_ARG(status->stack));
    return err_hint(err, "run 'mmectl status' to see what is, and 'mmectl apply' to publish it");
}

static enum exit_code test_one(struct session *session, void *arg)
{
    struct test_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct status *status = NULL;
    struct bench bench = {0};
    const struct record_route *route = NULL;
    if (reconcile_status(&session->reconciler, session->spec, &status, &err) != ERR_NONE ||
        prepare(session, &bench, status, &err) != ERR_NONE ||
        find_route(session, status, &route, &err) != ERR_NONE)
        return app_fail(app, &err);
    struct str *names;
    size_t failed_before = run->n_failed + run->n_uneven;
    size_t count =
        route != NULL ? names_of_route(session, route, &names) : names_of(session, status, &names);
    if (status->mode == WANT_SERIAL) {
        count = 0;
        if (take_sample(&bench, status->models[0].name, &err) != ERR_NONE)
            return app_fail(app, &err);
        test_pipeline(&bench, run);
    }
    for (size_t i = 0; i < count && !loop_cancelled(app->loop); i++) {
        if (take_sample(&bench, names[i], &err) != ERR_NONE)
            return app_fail(app, &err);
        test_row(&bench, names[i], run);
    }
    struct json *described = describe(run, &bench);
    if (route != NULL)
        describe_route(run, &bench, route, described);
    if (loop_cancelled(app->loop))
        return EXIT_CODE_SIGINT;
    return run->n_failed + run->n_uneven > failed_before ? EXIT_CODE_ERROR : EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    if (!str_is_null(app->args.model) && !str_is_null(app->args.route)) {
        struct err err = {0};
        err_set(&err, ERR_USAGE, "'test' takes --model or --route, not both");
        return app_fail(app, &err);
    }
    struct test_run run = {.stacks = json_array(app->arena), .buf = BUF_INIT(MIB(64))};
    enum exit_code code = target_each(app, false, test_one, &run), printed;
    if (code == EXIT_CODE_OK && run.n_models == 0) {
        struct err err = {0};
        if (str_is_null(app->args.model))
            err_set(&err, ERR_USAGE, "the spec has no models");
        else
            err_set(
                &err, ERR_USAGE, "the spec has no model '" STR_FMT "'", STR_ARG(app->args.model));
        code = app_fail(app, &err);
    }
    if (app->args.json) {
        struct json *out = json_object(app->arena);
        json_put(app->arena, out, "format_version", json_z(app->arena, "1.0"));
        json_put(app->arena, out, "models", json_int(app->arena, (int64_t) run.n_models));
        json_put(app->arena, out, "failed", json_int(app->arena, (int64_t) run.n_failed));
        json_put(app->arena, out, "stacks", run.stacks);
        session_add_stats(app, NULL, out);
        printed = app_print_json(app, out);
    } else {
        if (run.n_models > 0)
            buf_fmt(
                &run.buf, "\n%zu model%s, %zu failed.\n", run.n_models,
                run.n_models == 1 ? "" : "s", run.n_failed);
        printed = app_print(app, &run.buf);
    }
    buf_done(&run.buf);
    return exit_worst(code, printed);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_STRING, 0, "data", "FILE", AT(data), NULL, 0,
     "rows of features without a label, as CSV (default: the first 10 rows of the validation "
     "channel, or a check's payload)"},
    {OPT_STRING, 0, "model", "NAME", AT(model), NULL, 0, "only this model"},
    {OPT_STRING, 0, "container", "NAME", AT(container), NULL, 0,
     "only this container of a multi-container-direct endpoint"},
    {OPT_STRING, 0, "route", "NAME", AT(route), NULL, 0,
     "only the models of this route, and how 100,000 keys fall on them"},
    {OPT_INT, 0, "calls", "N", AT(calls), NULL, 1, "warm calls per model (default 100)"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_test = {
    .name = "test",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "call every model: latencies, predictions, agreement with libxgboost here",
    .text =
        "Calls every model of the spec through the endpoint and prints the milliseconds of the\n"
        "first call (on the stand-in after taking the model out of memory: a cold call) and of\n"
        "warm ones, the first prediction, and the largest difference to libxgboost scoring the\n"
        "same rows here with the published artifact; then makes the spec's checks, if it has any:\n"
        "how many a model passes stands under CHECKS. Of a multi-container endpoint it calls "
        "every\n"
        "container, or the whole pipeline. With --route, how many of 100,000 keys each\n"
        "model of the route gets, which has to be its weight's share within 0.5 % (or what chance\n"
        "does at five standard deviations). Exits with 1 when a model or a share fails.",
    .sets = s_sets,
    .run = run,
};
