#include "cmd/advice.h"
#include "cmd/cmd.h"
#include "cmd/partitions.h"
#include "cmd/session.h"
#include "cmd/table.h"
#include "engine/base/file.h"
#include "engine/cost/cost.h"
#include "specs/spec_regions.h"

#include <sys/stat.h>

#define DEFAULT_CALLS 1000000
#define DEFAULT_CALL_BYTES 1024

/* The tutorial's second table. */
static const uint64_t s_scales[] = {10, 100, 1000};

enum {
    COL_MODELS,
    COL_SEP_HOUR,
    COL_MCE_HOUR,
    COL_MME_HOUR,
    COL_SEP_MONTH,
    COL_MCE_MONTH,
    COL_MME_MONTH,
    COL_SAVED,
    COL_RATIO,
    COL_MCE_COUNT
};

static const struct table_column s_columns[] = {
    [COL_MODELS] = {"MODELS", "models", true, false},
    [COL_SEP_HOUR] = {"ENDPOINT EACH/H", "separate_usd_per_hour", true, false},
    [COL_MCE_HOUR] = {"MCE/H", "multi_container_usd_per_hour", true, false},
    [COL_MME_HOUR] = {"ONE MME/H", "shared_usd_per_hour", true, false},
    [COL_SEP_MONTH] = {"ENDPOINT EACH/MONTH", "separate_usd_per_month", true, false},
    [COL_MCE_MONTH] = {"MCE/MONTH", "multi_container_usd_per_month", true, false},
    [COL_MME_MONTH] = {"ONE MME/MONTH", "shared_usd_per_month", true, false},
    [COL_SAVED] = {"SAVED/MONTH", "saved_usd_per_month", true, false},
    [COL_RATIO] = {"SAVED %", "saved_percent", true, false},
    [COL_MCE_COUNT] = {"MCE ENDPOINTS", "multi_container_endpoints", true, true},
};

static void hosting_row(struct table *table, const struct spec_instance *instance, uint64_t models)
{
    struct cost_hosting cost;
    if (!cost_hosting(instance->type.value, instance->count, models, &cost))
        return;
    table_row(table);
    table_int(table, COL_MODELS, (int64_t) models);
    table_number(table, COL_SEP_HOUR, cost.separate_hour, 3);
    table_number(table, COL_MME_HOUR, cost.shared_hour, 3);
    table_number(table, COL_MCE_HOUR, cost.container_hour, 3);
    table_number(table, COL_MCE_MONTH, cost.container_month, 2);
    table_int(table, COL_MCE_COUNT, (int64_t) cost.container_endpoints);
    table_number(table, COL_SEP_MONTH, cost.separate_month, 2);
    table_number(table, COL_MME_MONTH, cost.shared_month, 2);
    table_number(table, COL_SAVED, cost.saved_month, 2);
    table_number(table, COL_RATIO, cost.saved_ratio * 100.0, 1);
}

/* Everything the two printers need about one spec. */
struct estimate {
    const struct spec *spec;
    struct table *own, *scales; /* empty when the instance has no price */
    size_t n_models, jobs;
    size_t n_copied;      /* trained in a region before this one */
    bool remote_training; /* training jobs on AWS */
    bool training_known;
    struct cost_training job;
    uint64_t data_bytes; /* local channel files and artifacts */
    uint64_t live_bytes; /* what is published */
    struct advice_capacity capacity;
};

/* What every spec of the command line is asked. */
struct question {
    uint64_t percent;           /* --resident */
    uint64_t calls, call_bytes; /* a month, and of one with its answer */
    struct json *stacks;
    struct buf buf;
};

static uint64_t file_bytes(struct arena *arena, struct str path)
{
    struct stat info;
    if (str_is_null(path) || stat(str_z(arena, path), &info) != 0 || info.st_size < 0)
        return 0;
    return (uint64_t) info.st_size;
}

/* status: NULL without --live. */
static struct estimate estimate_of(
    struct arena *arena,
    const struct spec *spec,
    const struct partitions *found,
    const struct status *status,
    uint64_t percent)
{
    struct estimate e = {.spec = spec, .n_models = found->n_models};
    e.own = table_new(arena, s_columns, ARRAY_LEN(s_columns));
    e.scales = table_new(arena, s_columns, ARRAY_LEN(s_columns));
    hosting_row(e.own, &spec->endpoint.instance, found->n_models);
    for (size_t i = 0; i < ARRAY_LEN(s_scales); i++)
        hosting_row(e.scales, &spec->endpoint.instance, s_scales[i]);
    e.jobs = found->n_models - spec->n_models;
    for (size_t i = 0; i < spec->n_models; i++) {
        bool trained = str_is_null(spec->models[i].artifact.value);
        bool copied = trained && spec_is_copied(spec, &spec->models[i]);
        e.jobs += trained && !copied;
        e.n_copied += copied;
        e.data_bytes += file_bytes(arena, spec->models[i].artifact_path);
    }
    for (size_t i = 0; i < spec->training.n_channels; i++)
        e.data_bytes += file_bytes(arena, spec->training.channels[i].path);
    for (size_t i = 0; i < spec->n_sets; i++)
        for (size_t k = 0; k < spec->sets[i].n_channels; k++)
            if (spec->sets[i].partition.set && spec->sets[i].channels != spec->training.channels)
                e.data_bytes += file_bytes(arena, spec->sets[i].channels[k].path);
    e.remote_training = e.jobs > 0 && spec->training.backend == SPEC_BACKEND_SAGEMAKER;
    const struct spec_training *training = &spec->training;
    if (e.remote_training)
        e.training_known = cost_training(
            training->instance.type.value, training->instance.count, training->instance.volume_gb,
            training->max_runtime_s, -1, &e.job);
    for (size_t i = 0; status != NULL && i < status->n_models; i++)
        e.live_bytes += status->models[i].size;
    const struct advice_sizes sizes = advice_sizes(arena, spec, found, status);
    e.capacity = advice_capacity(arena, spec, &sizes, percent);
    return e;
}

static void text_training(struct arena *arena, struct buf *buf, const struct estimate *e)
{
    const struct spec_instance *instance = &e->spec->training.instance;
    if (e->jobs == 0 || !e->remote_training) {
        buf_fmt(
            buf, "Training: nothing on AWS (%s)\n",
            e->jobs > 0       ? "backend: local"
            : e->n_copied > 0 ? "what is trained in another region is copied"
                              : "every model is brought along");
        return;
    }
    buf_fmt(
        buf, "Training: %zu job%s on " STR_FMT " × %lld with %lld GB each\n", e->jobs,
        e->jobs == 1 ? "" : "s", STR_ARG(instance->type.value), (long long) instance->count,
        (long long) instance->volume_gb);
    if (!e->training_known) {
        buf_add_z(buf, "  no price for this type\n");
        return;
    }
    buf_fmt(
        buf,
        "  per job " STR_FMT "/h, billed by the second; at most " STR_FMT
        " (maxRuntime %lld s); all jobs at most " STR_FMT "\n",
        STR_ARG(cost_usd(arena, e->job.hour)), STR_ARG(cost_usd(arena, e->job.max_usd)),
        (long long) e->spec->training.max_runtime_s,
        STR_ARG(cost_usd(arena, e->job.max_usd * (double) e->jobs)));
    const struct spec_training *training = &e->spec->training;
    if (training->spot.enabled)
        buf_fmt(
            buf, "  on spot instances: up to %d %% less; a job may wait, %lld s in all\n",
            COST_SPOT_MAX_PERCENT, (long long) training->spot.max_wait_s);
    struct cost_training pool;
    if (training->keep_alive_s > 0 && cost_training(
                                          instance->type.value, instance->count,
                                          instance->volume_gb, 0, training->keep_alive_s, &pool))
        buf_fmt(
            buf, "  warm pools: at most " STR_FMT " for each that is kept %lld s at the end\n",
            STR_ARG(cost_usd(arena, pool.actual_usd)), (long long) training->keep_alive_s);
}

static void text_storage(struct arena *arena, struct buf *buf, const struct estimate *e)
{
    if (e->data_bytes > 0)
        buf_fmt(
            buf, "Storage: %.3f MB of local data and models in S3, $%.6f per month\n",
            (double) e->data_bytes / 1e6, cost_s3_month(e->data_bytes));
    if (e->live_bytes > 0)
        buf_fmt(
            buf, "Storage: %.3f MB of published models in S3, $%.6f per month\n",
            (double) e->live_bytes / 1e6, cost_s3_month(e->live_bytes));
    (void) arena;
}

static void text_data(struct arena *arena, struct buf *buf, const struct question *q)
{
    buf_fmt(
        buf,
        "Data processing: $%.3f per GB into and out of the endpoint; %llu calls of %llu bytes "
        "are " STR_FMT "\n",
        PRICE_DATA_GB, (unsigned long long) q->calls, (unsigned long long) q->call_bytes,
        STR_ARG(cost_usd(arena, cost_data(q->calls * q->call_bytes))));
}

/* The count stands for the least there is to pay; the rest comes and goes with the load. */
static void text_scaling(struct arena *arena, struct buf *buf, const struct spec *spec)
{
    const struct spec_autoscaling *scaling = &spec->endpoint.autoscaling;
    struct str type = spec->endpoint.instance.type.value;
    struct cost_hosting least, most;
    if (!scaling->set || !cost_hosting(type, scaling->min, 1, &least) ||
        !cost_hosting(type, scaling->max, 1, &most))
        return;
    buf_fmt(
        buf,
        "Autoscaling: %lld to %lld instances, " STR_FMT "/h to " STR_FMT
        "/h as the load asks for\n",
        (long long) scaling->min, (long long) scaling->max,
        STR_ARG(cost_usd(arena, least.shared_hour)), STR_ARG(cost_usd(arena, most.shared_hour)));
}

static void print_text(struct app *app, struct question *q, const struct estimate *e)
{
    struct buf *buf = &q->buf;
    struct arena *arena = app->arena;
    bool color = app->term.color_out;
    const struct spec *spec = e->spec;
    const struct spec_instance *instance = &spec->endpoint.instance;
    buf_fmt(
        buf, "%s" STR_FMT "%s" STR_FMT "%s: %zu model%s on " STR_FMT "\n\n",
        paint(color, PAINT_BOLD), STR_ARG(spec->name.value), spec->whole != NULL ? " in " : "",
        STR_ARG(spec->whole != NULL ? spec->region.value : STR("")), paint_end(color), e->n_models,
        e->n_models == 1 ? "" : "s",
        STR_ARG(cost_line(arena, instance->type.value, instance->count)));
    if (table_len(e->own) > 0) {
        buf_add_z(
            buf,
            "Hosting, USD: an endpoint per model, multi-container endpoints (MCE) of up to 15\n"
            "containers, one multi-model endpoint (MME); saved: MME against one per model\n\n");
        table_render(buf, e->own, color);
        buf_add_z(buf, "\nThe same at other numbers of models\n\n");
        table_render(buf, e->scales, color);
        buf_add_z(
            buf,
            spec->endpoint.mode == SPEC_MULTI_MODEL
                ? "\nAll models share the endpoint's memory: those that do not fit at once are "
                  "loaded on\ntheir next call. More traffic or memory needs more instances.\n"
                : "\nThis one is multi-container: every container is loaded at all times. "
                  "\'mmectl help spec\nendpoint.mode\' compares the two.\n");
    }
    buf_add_char(buf, '\n');
    text_scaling(arena, buf, spec);
    text_training(arena, buf, e);
    text_storage(arena, buf, e);
    text_data(arena, buf, q);
    advice_text(arena, buf, spec, &e->capacity, color);
    buf_fmt(
        buf,
        "\nPrices: " PRICE_SOURCE ", " PRICE_REGION ", on demand, read " PRICE_DATE
        "; a month is %.0f hours.\n",
        PRICE_HOURS_PER_MONTH);
    if (!str_eq_z(spec->region.value, PRICE_REGION))
        buf_fmt(
            buf, "The spec's region is " STR_FMT ", where prices differ.\n",
            STR_ARG(spec->region.value));
    if (price_find(instance->type.value) == NULL)
        buf_fmt(
            buf,
            "'" STR_FMT
            "' is not in the price table: see https://aws.amazon.com/sagemaker/pricing/\n",
            STR_ARG(instance->type.value));
}

static struct json *instance_json(struct arena *arena, const struct spec_instance *instance)
{
    struct json *out = json_object(arena);
    const struct price *price = price_find(instance->type.value);
    json_put(arena, out, "type", json_string(arena, instance->type.value));
    json_put(arena, out, "count", json_int(arena, instance->count));
    json_put(
        arena, out, "usd_per_hour",
        price != NULL ? json_num(arena, price->usd_per_hour) : json_null(arena));
    return out;
}

static struct json *scaling_json(struct arena *arena, const struct spec *spec)
{
    const struct spec_autoscaling *scaling = &spec->endpoint.autoscaling;
    struct json *out = json_object(arena);
    struct cost_hosting cost;
    if (!scaling->set)
        return NULL;
    json_put(arena, out, "min_instances", json_int(arena, scaling->min));
    json_put(arena, out, "max_instances", json_int(arena, scaling->max));
    if (cost_hosting(spec->endpoint.instance.type.value, scaling->min, 1, &cost))
        json_put(arena, out, "min_usd_per_hour", json_num(arena, cost.shared_hour));
    if (cost_hosting(spec->endpoint.instance.type.value, scaling->max, 1, &cost))
        json_put(arena, out, "max_usd_per_hour", json_num(arena, cost.shared_hour));
    return out;
}

static struct json *
stack_json(struct arena *arena, const struct question *q, const struct estimate *e)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "stack", json_string(arena, e->spec->name.value));
    json_put(arena, out, "region", json_string(arena, e->spec->region.value));
    json_put(arena, out, "instance", instance_json(arena, &e->spec->endpoint.instance));
    json_put(arena, out, "autoscaling", scaling_json(arena, e->spec));
    json_put(arena, out, "hosting", table_json(arena, e->own));
    json_put(arena, out, "hosting_at_scale", table_json(arena, e->scales));
    struct json *training = json_object(arena);
    json_put(
        arena, training, "jobs", json_int(arena, (int64_t) (e->remote_training ? e->jobs : 0)));
    if (e->remote_training) {
        json_put(arena, training, "instance", instance_json(arena, &e->spec->training.instance));
        json_put(
            arena, training, "max_runtime_seconds",
            json_int(arena, e->spec->training.max_runtime_s));
    }
    if (e->training_known) {
        json_put(arena, training, "usd_per_hour", json_num(arena, e->job.hour));
        json_put(arena, training, "max_usd_per_job", json_num(arena, e->job.max_usd));
        json_put(arena, training, "max_usd", json_num(arena, e->job.max_usd * (double) e->jobs));
    }
    if (e->remote_training && e->spec->training.spot.enabled)
        json_put(
            arena, training, "spot_discount_up_to_percent", json_int(arena, COST_SPOT_MAX_PERCENT));
    if (e->remote_training && e->spec->training.keep_alive_s > 0)
        json_put(
            arena, training, "keep_alive_seconds", json_int(arena, e->spec->training.keep_alive_s));
    json_put(arena, out, "training", training);
    struct json *storage = json_object(arena);
    json_put(arena, storage, "bytes", json_int(arena, (int64_t) e->data_bytes));
    json_put(arena, storage, "usd_per_month", json_num(arena, cost_s3_month(e->data_bytes)));
    if (e->live_bytes > 0)
        json_put(arena, storage, "published_bytes", json_int(arena, (int64_t) e->live_bytes));
    json_put(arena, out, "storage", storage);
    struct json *data = json_object(arena);
    json_put(arena, data, "usd_per_gb", json_num(arena, PRICE_DATA_GB));
    json_put(arena, data, "calls_per_month", json_int(arena, (int64_t) q->calls));
    json_put(arena, data, "bytes_per_call", json_int(arena, (int64_t) q->call_bytes));
    json_put(arena, data, "usd_per_month", json_num(arena, cost_data(q->calls * q->call_bytes)));
    json_put(arena, out, "data_processing", data);
    json_put(arena, out, "capacity", advice_json(arena, &e->capacity));
    return out;
}

static struct json *prices_json(struct arena *arena)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "source", json_z(arena, PRICE_SOURCE));
    json_put(arena, out, "region", json_z(arena, PRICE_REGION));
    json_put(arena, out, "date", json_z(arena, PRICE_DATE));
    json_put(arena, out, "hours_per_month", json_num(arena, PRICE_HOURS_PER_MONTH));
    return out;
}

static enum err_code answer(
    struct app *app,
    struct question *q,
    const struct spec *spec,
    const struct status *status,
    struct err *err)
{
    struct partitions found;
    enum err_code code = partitions_find(app, spec, &found, err);
    if (code != ERR_NONE)
        return code;
    struct estimate e = estimate_of(app->arena, spec, &found, status, q->percent);
    json_push(q->stacks, stack_json(app->arena, q, &e));
    if (q->buf.len > 0)
        buf_add_char(&q->buf, '\n');
    print_text(app, q, &e);
    return ERR_NONE;
}

static enum exit_code answer_live(struct session *session, void *arg)
{
    struct err err = {0};
    struct status *status = NULL;
    if (reconcile_status(&session->reconciler, session->spec, &status, &err) != ERR_NONE ||
        answer(session->app, arg, session->spec, status, &err) != ERR_NONE)
        return app_fail(session->app, &err);
    return EXIT_CODE_OK;
}

static enum exit_code answer_offline(struct app *app, struct question *q)
{
    struct err err = {0};
    struct spec_list specs = {0};
    if (session_specs(app, true, &specs, &err) != ERR_NONE)
        return session_fail(app, &err);
    for (size_t i = 0; i < specs.len; i++)
        if (answer(app, q, specs.items[i], NULL, &err) != ERR_NONE)
            return app_fail(app, &err);
    return EXIT_CODE_OK;
}

/* "80" or "80%". */
static enum err_code percent_of(struct str text, uint64_t *ret_percent, struct err *err)
{
    struct str digits = str_ends(text, STR("%")) ? str_slice(text, 0, text.len - 1) : text;
    if (str_is_null(text))
        return ERR_NONE;
    if (str_to_u64(digits, ret_percent) && *ret_percent >= 1 && *ret_percent <= 100)
        return ERR_NONE;
    err_set(
        err, ERR_USAGE, "--resident is a share of the models, 1%% to 100%%, not '" STR_FMT "'",
        STR_ARG(text));
    return err_hint(err, "for example --resident=80%%");
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct question q = {
        .percent = 100,
        .calls = app->args.calls > 0 ? (uint64_t) app->args.calls : DEFAULT_CALLS,
        .call_bytes =
            app->args.call_bytes > 0 ? (uint64_t) app->args.call_bytes : DEFAULT_CALL_BYTES,
        .stacks = json_array(app->arena),
        .buf = BUF_INIT(MIB(16))};
    if (percent_of(app->args.resident, &q.percent, &err) != ERR_NONE)
        return app_fail(app, &err);
    enum exit_code code =
        app->args.live ? session_each(app, true, answer_live, &q) : answer_offline(app, &q);
    if (code != EXIT_CODE_OK) {
        buf_done(&q.buf);
        return code;
    }
    if (app->args.json) {
        struct json *out = json_object(app->arena);
        json_put(app->arena, out, "format_version", json_z(app->arena, "1.0"));
        json_put(app->arena, out, "prices", prices_json(app->arena));
        json_put(app->arena, out, "stacks", q.stacks);
        code = app_print_json(app, out);
    } else {
        code = app_print(app, &q.buf);
    }
    buf_done(&q.buf);
    return code;
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_STRING, 0, "resident", "SHARE", AT(resident), NULL, 0,
     "find the cheapest instance that keeps this share of the models loaded (default 100%)"},
    {OPT_FLAG, 0, "live", NULL, AT(live), NULL, 0,
     "take the sizes of the models that are published; asks AWS"},
    {OPT_INT, 0, "calls", "N", AT(calls), NULL, 1,
     "calls a month, for the price of their data (default 1,000,000)"},
    {OPT_INT, 0, "call-bytes", "N", AT(call_bytes), NULL, 1,
     "bytes of a call and its answer (default 1,024)"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_cost = {
    .name = "cost",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "what the stack costs: endpoints side by side; training; data; which instances fit",
    .text = "Computes, from the spec and a price list, what hosting costs with one endpoint per\n"
            "model, with multi-container endpoints and with one multi-model endpoint, for the\n"
            "spec's models and for 10, 100 and 1,000; what training costs at most; storage and\n"
            "data processing; how many models stay in memory on each instance type, and the\n"
            "cheapest one that keeps a given share. Sends nothing to AWS, except with --live.",
    .sets = s_sets,
    .run = run,
};
