#include "cmd/cmd.h"
#include "cmd/partitions.h"
#include "cmd/session.h"

/* Terraform's `validate -json`, so that editors and checks that read it work. */
static enum exit_code
print_json(struct app *app, enum err_code code, const struct diags *diags, const struct err *err)
{
    struct arena *arena = app->arena;
    size_t errors = diags->n_errors, warnings = diags->list.len - diags->n_errors;
    struct json *list = term_diags_json(arena, diags);
    if (code != ERR_NONE && diags->n_errors == 0) {
        json_push(list, term_error_json(arena, err));
        errors = 1;
    }
    struct json *out = json_object(arena);
    json_put(arena, out, "format_version", json_z(arena, "1.0"));
    json_put(arena, out, "valid", json_bool(arena, code == ERR_NONE));
    json_put(arena, out, "error_count", json_int(arena, (int64_t) (errors + diags->dropped)));
    json_put(arena, out, "warning_count", json_int(arena, (int64_t) warnings));
    json_put(arena, out, "diagnostics", list);
    enum exit_code printed = app_print_json(app, out);
    return printed != EXIT_CODE_OK ? printed : exit_of_err(code);
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct diags diags;
    struct spec_list specs = {0};
    diags_init(&diags, app->arena);
    enum err_code code = session_load(app, true, &diags, &specs, &err);
    struct partitions *found = ARENA_ARRAY(app->arena, specs.len, struct partitions);
    for (size_t i = 0; code == ERR_NONE && i < specs.len; i++)
        code = partitions_find(app, specs.items[i], &found[i], &err);
    if (app->args.json)
        return print_json(app, code, &diags, &err);
    session_print_diags(app, &diags);
    if (code != ERR_NONE)
        return diags.n_errors > 0 ? exit_of_err(code) : app_fail(app, &err);
    struct buf buf = BUF_INIT(MIB(1));
    buf_fmt(
        &buf, "%sSuccess!%s The configuration is valid%s.\n",
        paint(app->term.color_out, PAINT_GREEN), paint_end(app->term.color_out),
        diags.list.len > 0 ? ", but there were some validation warnings as shown above" : "");
    for (size_t i = 0; i < specs.len; i++)
        buf_fmt(
            &buf, "  " STR_FMT ": %zu model%s%s, endpoint " STR_FMT " in " STR_FMT "\n",
            STR_ARG(specs.items[i]->name.value), found[i].n_models,
            found[i].n_models == 1 ? "" : "s",
            found[i].n_unread > 0 ? " and those of partitions in S3" : "",
            STR_ARG(specs.items[i]->endpoint.name.value), STR_ARG(specs.items[i]->region.value));
    enum exit_code printed = app_print(app, &buf);
    buf_done(&buf);
    return printed;
}

static const struct opt_set *const s_sets[] = {&args_spec, &args_json, &args_common, NULL};

const struct cmd cmd_validate = {
    .name = "validate",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "check a spec, offline; says all faults at once",
    .text = "Reads and checks the specs without talking to AWS. Every fault is reported with its\n"
            "file, line and column.",
    .sets = s_sets,
    .run = run,
};
