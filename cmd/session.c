#include "cmd/session.h"

#include "cmd/cmd.h"
#include "cmd/view.h"
#include "engine/aws/http_curl.h"
#include "engine/aws/http_trace.h"
#include "engine/aws/profile.h"
#include "engine/kinds/kinds.h"
#include "engine/reconcile/desired.h"
#include "engine/resource/want.h"
#include "specs/spec_regions.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* A stand-in that has ended does not come back by itself. */
#define LOCAL_PATIENCE_MS 2000

/* --set name=value, in order. */
static enum err_code
parse_sets(struct app *app, struct spec_pair **ret_pairs, size_t *ret_count, struct err *err)
{
    const struct opt_list *sets = &app->args.sets;
    struct spec_pair *pairs = ARENA_ARRAY(app->arena, sets->len, struct spec_pair);
    for (size_t i = 0; i < sets->len; i++) {
        size_t equals = str_index(sets->items[i], '=');
        if (equals == SIZE_MAX || equals == 0)
            return err_set(
                err, ERR_USAGE, "option '--set' takes NAME=VALUE, not '" STR_FMT "'",
                STR_ARG(sets->items[i]));
        pairs[i].name = str_slice(sets->items[i], 0, equals);
        pairs[i].value = str_slice(sets->items[i], equals + 1, sets->items[i].len);
    }
    *ret_pairs = pairs;
    *ret_count = sets->len;
    return ERR_NONE;
}

void session_print_diags(struct app *app, const struct diags *diags)
{
    if (diags->list.len == 0)
        return;
    struct buf buf = BUF_INIT(MIB(1));
    term_render_diags(&buf, app->term.color_err, diags, app->args.compact_warnings);
    struct err ignored = {0};
    (void) !term_write(STDERR_FILENO, buf_str(&buf), &ignored);
    buf_done(&buf);
}

/* In one region a missing image is found when the spec is compared; of several, before any of them
 * is asked anything. */
static enum err_code
check_images(struct app *app, const struct spec_list *specs, struct diags *diags, struct err *err)
{
    for (size_t i = 0; i < specs->len; i++) {
        const struct spec *spec = specs->items[i];
        struct want want;
        struct err fault = {0};
        if (spec->whole == NULL ||
            desired_outline(app->arena, spec, spec->account.value, &want, &fault) == ERR_NONE)
            continue;
        struct diag *diag = diags_error(diags, fault.at, "%s", fault.message);
        diag_hint(diags, diag, "%s", fault.hint);
    }
    if (diags->n_errors == 0)
        return ERR_NONE;
    return err_set(err, ERR_SPEC, "the spec has %zu faults", diags->n_errors);
}

enum err_code session_load(
    struct app *app,
    bool operands_are_specs,
    struct diags *diags,
    struct spec_list *ret_specs,
    struct err *err)
{
    struct spec_options options = {
        .region = app->args.region,
        .any_region = app->cmd->any_region || app->args.destroy,
        .getenv = app->getenv};
    struct spec_pair *pairs;
    enum err_code code = parse_sets(app, &pairs, &options.n_sets, err);
    if (code != ERR_NONE)
        return code;
    options.sets = pairs;
    struct opt_list paths = args_specs(app->arena, &app->args, operands_are_specs);
    diags_init(diags, app->arena);
    code = spec_load(app->arena, paths.items, paths.len, &options, diags, ret_specs, err);
    if (code == ERR_NOT_FOUND && app->args.files.len == 0 && app->args.operands.len == 0)
        err_hint(err, "name a spec, or write one with 'mmectl init'");
    else if (code == ERR_NOT_FOUND)
        err_hint(err, "check the path; 'mmectl init' writes a spec to start from");
    if (code == ERR_NONE && !options.any_region)
        code = check_images(app, ret_specs, diags, err);
    diags_sort(diags);
    return code;
}

enum err_code session_specs(
    struct app *app, bool operands_are_specs, struct spec_list *ret_specs, struct err *err)
{
    struct diags diags;
    diags_init(&diags, app->arena);
    enum err_code code = session_load(app, operands_are_specs, &diags, ret_specs, err);
    session_print_diags(app, &diags);
    /* The faults are the message. */
    if (code == ERR_SPEC && diags.n_errors > 0)
        err->message[0] = '\0';
    return code;
}

enum exit_code session_fail(struct app *app, const struct err *err)
{
    return err->message[0] == '\0' ? exit_of_err(err->code) : app_fail(app, err);
}

/* ---- sessions ---- */

static void write_trace(void *arg, struct str text)
{
    FILE *file = arg;
    fwrite(text.ptr, 1, text.len, file);
    fputc('\n', file);
    fflush(file);
}

/* Where requests go and who signs them: the stand-in's address and keys. */
static enum err_code
use_standin(struct session *session, struct aws_options *options, struct err *err)
{
    struct app *app = session->app;
    struct local_info *standin = &session->standin;
    enum err_code code = standin_ensure(app, session->curl, standin, err);
    if (code != ERR_NONE)
        return code;
    session->local = true;
    options->endpoint_url = standin->url;
    session->creds =
        creds_static_new(standin->access_key, standin->secret_key, STR_NULL, "the stand-in's keys");
    if (str_is_empty(options->region))
        options->region = standin->region;
    /* Questions of the stand-in's own are asked in the stack's region. */
    standin->region = options->region;
    return ERR_NONE;
}

static void use_aws(struct session *session, struct aws_options *options)
{
    struct app *app = session->app;
    options->env = app->getenv;
    options->profile = session->profile;
    options->endpoint_url = app->args.endpoint_url;
    if (str_is_empty(options->region))
        options->region = aws_region_find(app->getenv, session->profile, STR_NULL);
    const struct creds_context context = {
        .loop = app->loop,
        .clock = app->clock,
        .rng = &app->rng,
        .http = session->trace != NULL ? session->trace : session->curl,
        .env = app->getenv,
        .profile = session->profile,
        .region = options->region,
        .endpoint_url = options->endpoint_url,
    };
    session->creds = creds_default_new(&context);
}

/* What the sessions of a group share. The loop waits on one transport. */
struct shared {
    struct http_transport *curl;
    struct progress *progress;
    struct kinds_sources *sources;
};

static enum err_code
open_transport(struct session *session, const struct shared *shared, struct err *err)
{
    struct app *app = session->app;
    struct str bundle = app->args.local ? STR_NULL : str_from(app->getenv("AWS_CA_BUNDLE"));
    if (str_is_empty(bundle))
        bundle = profile_get(session->profile, "ca_bundle"); /* none with --local */
    const struct http_curl_options options = {
        .loop = app->loop,
        .user_agent = "mmectl/" MMECTL_VERSION,
        .ca_bundle = str_is_empty(bundle) ? NULL : str_z(app->arena, bundle),
    };
    session->borrows = shared->curl != NULL;
    session->curl = shared->curl;
    enum err_code code = ERR_NONE;
    if (!session->borrows)
        code = http_curl_new(&options, &session->curl, err);
    if (code != ERR_NONE || str_is_null(app->args.trace))
        return code;
    const char *path = str_z(app->arena, app->args.trace);
    session->trace_file = fopen(path, "ae");
    if (session->trace_file == NULL)
        return err_errno(err, errno, "opening '%s' for the trace", path);
    session->trace = http_trace_new(session->curl, write_trace, session->trace_file);
    return ERR_NONE;
}

/* "user@host", as far as they are known; only says who wrote the record. */
static struct str writer_name(struct app *app)
{
    char host[256] = "";
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        memcpy(host, "unknown", sizeof("unknown"));
    const char *user = app->getenv("USER");
    return str_fmt(app->arena, "%s@%s", user != NULL && user[0] != '\0' ? user : "unknown", host);
}

static void on_event(void *arg, const struct event *event)
{
    struct session *session = arg;
    struct event placed = *event;
    placed.region = session->label;
    if (event->type != EVENT_LEASE)
        progress_event(session->progress, &placed);
    else if (session->app->on_lease != NULL)
        session->app->on_lease(event->name, event->elapsed_ms);
}

/* Fine on one that did not open. */
static void session_close(struct session *session)
{
    if (session->aws != NULL) {
        struct aws_stats stats = aws_stats(session->aws);
        session->app->requests += stats.requests;
        session->app->mutating += stats.mutating;
        session->app->retried += stats.retried;
    }
    kinds_free(session->world);
    aws_free(session->aws);
    http_close(session->trace);
    if (!session->borrows)
        http_close(session->curl);
    creds_close(session->creds);
    profile_wipe(session->profile);
    if (session->trace_file != NULL)
        fclose(session->trace_file);
    *session = (struct session){.app = session->app, .label = session->label};
}

static enum err_code session_open(
    struct app *app,
    const struct spec *spec,
    const struct shared *shared,
    struct session *out,
    struct err *err)
{
    *out = (struct session){.app = app, .spec = spec, .label = out->label};
    struct aws_options options = {
        .loop = app->loop,
        .clock = app->clock,
        .rng = &app->rng,
        .region = spec->region.value,
    };
    enum err_code code = ERR_NONE;
    if (!app->args.local)
        code = profile_load(app->arena, app->getenv, app->args.profile, &out->profile, err);
    if (code == ERR_NONE)
        code = open_transport(out, shared, err);
    if (code == ERR_NONE && app->args.local)
        code = use_standin(out, &options, err);
    else if (code == ERR_NONE)
        use_aws(out, &options);
    if (code == ERR_NONE) {
        options.http = out->trace != NULL ? out->trace : out->curl;
        options.creds = out->creds;
        code = aws_new(&options, &out->aws, err);
    }
    if (code != ERR_NONE) {
        session_close(out);
        return code;
    }
    bool on_aws = !out->local && str_is_empty(app->args.endpoint_url);
    out->progress = shared->progress != NULL ? shared->progress : progress_new(app, on_aws);
    const struct kinds_options kinds = {out->aws, app->loop, STR(MMECTL_VERSION), shared->sources};
    out->world = kinds_world(app->arena, &kinds);
    out->reconciler = (struct reconciler){
        .arena = app->arena,
        .loop = app->loop,
        .world = out->world,
        .region = str_dup(app->arena, aws_region(out->aws)), /* outlives the session */
        .writer = writer_name(app),
        .on_event = on_event,
        .event_arg = out,
        .parallelism = (size_t) app->args.parallelism,
        .retry_failed = app->args.retry_failed,
        .follow_logs = app->args.verbose,
        .fail_fast = app->args.fail_fast,
        .allow_destroy = app->args.allow_destroy,
        .allow_empty = app->args.allow_empty,
        .allow_deletes = app->args.allow_deletes,
        .targets = app->args.targets.items,
        .n_targets = app->args.targets.len,
        .replaces = app->args.replaces.items,
        .n_replaces = app->args.replaces.len,
        .use_lock = app->args.lock,
        .lock_timeout_ms = app->args.lock_timeout_ms,
        .rng = &app->rng,
        .host = host_system(),
        .version = STR(MMECTL_VERSION),
        .patience_ms = app->args.local ? LOCAL_PATIENCE_MS : 0,
        .options = app->args.local ? STR(" --local") : STR(""),
    };
    return ERR_NONE;
}

/* Of one that has sisters among the specs. */
static struct str label_of(const struct spec_list *specs, const struct spec *spec)
{
    size_t sisters = 0;
    for (size_t i = 0; spec->whole != NULL && i < specs->len; i++)
        sisters += specs->items[i]->whole == spec->whole;
    return sisters > 1 ? spec->region.value : STR_NULL;
}

/* What the command line is about: a model or a route. */
static struct str subject_of(const struct app *app)
{
    const struct args *args = &app->args;
    if (app->cmd->names_model && args->operands.len > 0)
        return args->operands.items[0];
    return !str_is_null(args->model) ? args->model : args->route;
}

/* Of the regions of one spec those that have what the command is about. */
static enum err_code
choose(struct app *app, const struct spec_list *specs, struct spec_list *out, struct err *err)
{
    struct str subject = subject_of(app);
    const struct spec *before = NULL;
    out->items = ARENA_ARRAY(app->arena, specs->len, struct spec *);
    out->len = 0;
    for (size_t i = 0; i < specs->len; i++) {
        struct spec *spec = specs->items[i];
        if (!str_is_null(subject) && !spec_region_has(spec, subject))
            continue;
        if (app->cmd->one_region && before != NULL && before->whole != NULL &&
            before->whole == spec->whole) {
            err_set(
                err, ERR_USAGE,
                "'%s' is about one endpoint, and stack '" STR_FMT "' is in several regions",
                app->cmd->name, STR_ARG(spec->name.value));
            return err_hint(
                err, "name one of them: --region=" STR_FMT " or --region=" STR_FMT,
                STR_ARG(before->region.value), STR_ARG(spec->region.value));
        }
        out->items[out->len++] = spec;
        before = spec;
    }
    return ERR_NONE;
}

enum exit_code
session_each_of(struct app *app, const struct spec_list *all, session_work_fn *work, void *arg)
{
    struct err err = {0};
    struct spec_list specs;
    enum exit_code worst = EXIT_CODE_OK;
    if (choose(app, all, &specs, &err) != ERR_NONE)
        return app_fail(app, &err);
    for (size_t i = 0; i < specs.len && !loop_cancelled(app->loop); i++) {
        const struct spec *spec = specs.items[i];
        const struct shared none = {0};
        struct session session = {.label = label_of(all, spec)};
        enum exit_code code;
        app->region = session.label;
        if (session_open(app, spec, &none, &session, &err) != ERR_NONE) {
            code = app_fail(app, &err);
            err = (struct err){0};
        } else {
            code = work(&session, arg);
            session_close(&session);
        }
        app->region = STR_NULL;
        worst = exit_worst(worst, code);
    }
    return worst;
}

/* From `from` on, those of the same document. */
static size_t group_len(const struct spec_list *specs, size_t from)
{
    size_t len = 1;
    const struct spec *whole = specs->items[from]->whole;
    while (whole != NULL && from + len < specs->len && specs->items[from + len]->whole == whole)
        len++;
    return len;
}

static enum exit_code run_group(
    struct app *app, const struct spec_list *specs, size_t from, session_group_fn *work, void *arg)
{
    size_t count = group_len(specs, from), n_open = 0;
    struct session *sessions = ARENA_ARRAY(app->arena, count, struct session);
    struct shared shared = {.sources = count > 1 ? kinds_sources_new() : NULL};
    enum exit_code worst = EXIT_CODE_OK;
    for (size_t i = 0; i < count; i++) {
        const struct spec *spec = specs->items[from + i];
        struct err err = {0};
        sessions[i].label = label_of(specs, spec);
        if (session_open(app, spec, &shared, &sessions[i], &err) == ERR_NONE) {
            shared.progress = sessions[i].progress;
            shared.curl = sessions[i].curl;
            n_open++;
            continue;
        }
        sessions[i].code = app_fail(app, &err);
        worst = exit_worst(worst, sessions[i].code);
    }
    if (n_open > 0)
        worst = exit_worst(worst, work(sessions, count, arg));
    for (size_t i = count; i-- > 0;) /* the first has what the others borrow */
        session_close(&sessions[i]);
    kinds_sources_free(shared.sources);
    return worst;
}

enum exit_code
session_groups_of(struct app *app, const struct spec_list *all, session_group_fn *work, void *arg)
{
    struct err err = {0};
    struct spec_list specs;
    enum exit_code worst = EXIT_CODE_OK;
    if (choose(app, all, &specs, &err) != ERR_NONE)
        return app_fail(app, &err);
    for (size_t i = 0; i < specs.len && !loop_cancelled(app->loop); i += group_len(&specs, i))
        worst = exit_worst(worst, run_group(app, &specs, i, work, arg));
    return worst;
}

enum exit_code
session_each(struct app *app, bool operands_are_specs, session_work_fn *work, void *arg)
{
    struct err err = {0};
    struct spec_list specs = {0};
    if (session_specs(app, operands_are_specs, &specs, &err) != ERR_NONE)
        return session_fail(app, &err);
    return session_each_of(app, &specs, work, arg);
}

bool session_is_aside(const struct session *session, const struct err *err, bool any_well)
{
    if (err->code != ERR_USAGE || !any_well || session->app->args.targets.len == 0)
        return false;
    if (!session->app->args.json)
        term_note(STR_FMT ": nothing is among the targets", STR_ARG(session->label));
    return true;
}

void session_head(const struct session *session, struct buf *buf)
{
    if (!str_is_null(session->label))
        view_region_head(buf, session->label, session->app->term.color_out);
}

void session_put_region(const struct session *session, struct json *out)
{
    struct arena *arena = session->app->arena;
    if (!str_is_null(session->label))
        json_put(arena, out, "region", json_string(arena, session->label));
}

/* ---- figures ---- */

static struct json *session_stats(struct app *app, const struct session *sessions, size_t count)
{
    struct aws_stats open = {0};
    for (size_t i = 0; i < count; i++) {
        if (sessions[i].aws == NULL)
            continue;
        struct aws_stats stats = aws_stats(sessions[i].aws);
        open.requests += stats.requests;
        open.mutating += stats.mutating;
        open.retried += stats.retried;
    }
    struct rusage usage = {0};
    (void) getrusage(RUSAGE_SELF, &usage);
    double cpu = (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    struct arena *arena = app->arena;
    struct json *out = json_object(arena);
    json_put(arena, out, "requests", json_int(arena, (int64_t) (app->requests + open.requests)));
    json_put(arena, out, "mutating", json_int(arena, (int64_t) (app->mutating + open.mutating)));
    json_put(arena, out, "retried", json_int(arena, (int64_t) (app->retried + open.retried)));
    json_put(arena, out, "cpu_seconds", json_num(arena, cpu));
    json_put(arena, out, "max_rss_mib", json_num(arena, (double) usage.ru_maxrss / 1024.0));
    return out;
}

void session_add_stats(struct app *app, const struct session *session, struct json *out)
{
    session_add_group_stats(app, session, session != NULL, out);
}

void session_add_group_stats(
    struct app *app, const struct session *sessions, size_t count, struct json *out)
{
    if (!app->args.stats)
        return;
    struct json *own = NULL;
    for (struct json *child = out->first; child != NULL; child = child->next)
        if (str_eq(child->key, STR("mmectl")))
            own = child;
    if (own == NULL) {
        own = json_object(app->arena);
        json_put(app->arena, out, "mmectl", own);
    }
    json_put(app->arena, own, "stats", session_stats(app, sessions, count));
}

enum exit_code
session_finish(struct app *app, enum exit_code code, struct json *stacks, struct buf *text)
{
    enum exit_code printed = EXIT_CODE_OK;
    if (app->args.json) {
        struct json *out = json_object(app->arena);
        json_put(app->arena, out, "format_version", json_z(app->arena, "1.0"));
        json_put(app->arena, out, "stacks", stacks);
        session_add_stats(app, NULL, out);
        printed = app_print_json(app, out);
    } else if (text != NULL) {
        printed = app_print(app, text);
    }
    if (text != NULL)
        buf_done(text);
    return exit_worst(code, printed);
}

void session_tell_failures(struct app *app, const struct report *report)
{
    for (size_t i = 0; i < report->failed.len; i++) {
        const struct change *change = report->failed.items[i];
        struct err err = *change->err;
        err_wrap(&err, STR_FMT, STR_ARG(change->address));
        (void) app_fail(app, &err);
    }
}

void session_print_stats(struct app *app)
{
    const struct json *stats = session_stats(app, NULL, 0);
    term_note(
        "Requests: %lld (%lld mutating, %lld retried), %.2f s CPU, %.1f MiB",
        (long long) json_get_int(stats, "requests", 0),
        (long long) json_get_int(stats, "mutating", 0),
        (long long) json_get_int(stats, "retried", 0), json_get_num(stats, "cpu_seconds", 0),
        json_get_num(stats, "max_rss_mib", 0));
}
