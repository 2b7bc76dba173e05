#include "cmd/cmd.h"
#include "cmd/session.h"
#include "engine/reconcile/doctor.h"

struct doctor_run {
    struct buf buf;
    struct json *stacks;
};

static const enum paint s_paints[] = {
    [VERDICT_OK] = PAINT_GREEN,
    [VERDICT_WARN] = PAINT_YELLOW,
    [VERDICT_FAIL] = PAINT_RED,
    [VERDICT_SKIPPED] = PAINT_DIM,
};

static void show(struct app *app, struct buf *buf, const struct diagnosis *diagnosis)
{
    bool color = app->term.color_out;
    for (size_t i = 0; i < diagnosis->len; i++) {
        const struct finding *finding = &diagnosis->items[i];
        buf_fmt(
            buf, "%s%-7s%s  %-13s  ", paint(color, s_paints[finding->verdict]),
            verdict_name(finding->verdict), paint_end(color), finding->check);
        buf_add_clean(buf, finding->text);
        buf_add_char(buf, '\n');
        if (!str_is_null(finding->hint) && (finding->verdict != VERDICT_OK || app->args.verbose)) {
            buf_fmt(buf, "%24s hint: ", "");
            buf_add_clean(buf, finding->hint);
            buf_add_char(buf, '\n');
        }
    }
    buf_fmt(
        buf, "\n%zu checks: %zu ok, %zu warnings, %zu failed, %zu could not be made.\n",
        diagnosis->len, diagnosis->n_ok, diagnosis->n_warn, diagnosis->n_fail,
        diagnosis->n_skipped);
}

static struct json *
diagnosis_json(struct arena *arena, struct str stack, const struct diagnosis *diagnosis)
{
    struct json *out = json_object(arena), *checks = json_array(arena);
    for (size_t i = 0; i < diagnosis->len; i++) {
        const struct finding *finding = &diagnosis->items[i];
        struct json *item = json_object(arena);
        json_put(arena, item, "check", json_z(arena, finding->check));
        json_put(arena, item, "meaning", json_z(arena, finding->meaning));
        json_put(arena, item, "verdict", json_z(arena, verdict_name(finding->verdict)));
        json_put(arena, item, "text", json_string(arena, finding->text));
        json_put(
            arena, item, "hint",
            str_is_null(finding->hint) ? json_null(arena) : json_string(arena, finding->hint));
        json_push(checks, item);
    }
    json_put(arena, out, "stack", json_string(arena, stack));
    json_put(arena, out, "ok", json_int(arena, (int64_t) diagnosis->n_ok));
    json_put(arena, out, "warnings", json_int(arena, (int64_t) diagnosis->n_warn));
    json_put(arena, out, "failed", json_int(arena, (int64_t) diagnosis->n_fail));
    json_put(arena, out, "skipped", json_int(arena, (int64_t) diagnosis->n_skipped));
    json_put(arena, out, "checks", checks);
    return out;
}

static enum exit_code doctor_one(struct session *session, void *arg)
{
    struct doctor_run *run = arg;
    struct app *app = session->app;
    struct err err = {0};
    struct diagnosis diagnosis;
    if (doctor_run(&session->reconciler, session->spec, &diagnosis, &err) != ERR_NONE)
        return app_fail(app, &err);
    struct str stack = session->spec->name.value;
    struct json *json = diagnosis_json(app->arena, stack, &diagnosis);
    session_put_region(session, json);
    json_push(run->stacks, json);
    if (run->buf.len > 0)
        buf_add_char(&run->buf, '\n');
    session_head(session, &run->buf);
    buf_fmt(&run->buf, "Stack " STR_FMT "\n\n", STR_ARG(stack));
    show(app, &run->buf, &diagnosis);
    return diagnosis.n_fail > 0 ? EXIT_CODE_ERROR : EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    struct doctor_run run = {BUF_INIT(MIB(16)), json_array(app->arena)};
    enum exit_code code = session_each(app, true, doctor_one, &run);
    return session_finish(app, code, run.stacks, &run.buf);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_FLAG, 'v', "verbose", NULL, AT(verbose), NULL, 0, "hints of good checks, too"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_doctor = {
    .name = "doctor",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary =
        "check credentials, bucket, role, record, artifacts and endpoint, and say what helps",
    .text = "Asks AWS everything that a stack depends on and prints one line per check, with a\n"
            "hint where something is wrong. Changes nothing. What may not be asked is said and is\n"
            "no failure. Ends with 1 when a check failed.",
    .sets = s_sets,
    .run = run,
};
