#include "cmd/plan_file.h"

#include "cmd/view.h"
#include "engine/base/file.h"
#include "engine/reconcile/approve.h"

#include <stdio.h>

bool plan_file_is(const char *path)
{
    char head[sizeof(SAVED_MAGIC) - 1];
    FILE *file = file_is_dir(path) ? NULL : fopen(path, "re");
    if (file == NULL)
        return false;
    size_t got = fread(head, 1, sizeof(head), file);
    fclose(file);
    return saved_is(str_of(head, got));
}

enum err_code
plan_file_read(struct app *app, struct str path, struct saved_plan *out, struct err *err)
{
    struct str bytes;
    const char *name = str_z(app->arena, path);
    enum err_code code = file_read(app->arena, name, SAVED_MAX_BYTES, &bytes, err);
    if (code != ERR_NONE)
        return code;
    code = saved_read(app->arena, bytes, out, err);
    return code == ERR_NONE ? code : err_wrap(err, "'%s'", name);
}

void plan_file_add(struct plan_file *file, struct session *session, const struct plan *plan)
{
    struct app *app = session->app;
    struct saved_stack *stack = VEC_PUSH(app->arena, &file->stacks);
    saved_describe(app->arena, plan, stack);
    stack->spec_file = session->spec->file;
    stack->spec_sha256 = session->spec->sha256;
    stack->observed_sha256 = plan_observed(app->arena, plan);
    struct view_options options = {
        .full = app->args.full,
        .wall_ms = clock_wall_ms(app->clock),
        .region = session->label,
    };
    struct buf text AUTO(buf_done) = BUF_INIT(SAVED_MAX_BYTES);
    view_plan_text(app->arena, &text, plan, &options);
    stack->text = str_dup(app->arena, buf_str(&text));
    stack->json = json_text(app->arena, view_plan_json(app->arena, plan, &options), JSON_COMPACT);
}

enum err_code
plan_file_write(struct app *app, const struct plan_file *file, struct str path, struct err *err)
{
    const struct args *args = &app->args;
    const struct saved_plan plan = {
        .tool_version = STR(MMECTL_VERSION),
        .created = time_iso(app->arena, clock_wall_ms(app->clock)),
        .retry_failed = args->retry_failed,
        .allow_empty = args->allow_empty,
        .allow_deletes = args->allow_deletes,
        .allow_destroy = args->allow_destroy,
        .region = args->region,
        .targets = args->targets.items,
        .replaces = args->replaces.items,
        .n_targets = args->targets.len,
        .n_replaces = args->replaces.len,
        .stacks = file->stacks.items,
        .n_stacks = file->stacks.len,
    };
    struct buf bytes AUTO(buf_done) = BUF_INIT(SAVED_MAX_BYTES);
    saved_write(app->arena, &plan, &bytes);
    if (!buf_ok(&bytes))
        return err_set(err, ERR_IO, "the plan is too large to be saved");
    enum err_code code = file_write_atomic(str_z(app->arena, path), buf_str(&bytes), 0600, err);
    return code == ERR_NONE ? code : err_wrap(err, "saving the plan");
}

/* ---- apply FILE ---- */

/* An option that is given makes another plan. */
static enum err_code check_options(const struct args *args, struct err *err)
{
    const char *option = args->targets.len > 0        ? "target"
                         : args->replaces.len > 0     ? "replace"
                         : args->retry_failed         ? "retry-failed"
                         : !str_is_null(args->region) ? "region"
                                                      : NULL;
    if (option == NULL)
        return ERR_NONE;
    err_set(err, ERR_USAGE, "a saved plan is applied as it is, without --%s", option);
    return err_hint(err, "give --%s to 'mmectl plan'", option);
}

/* Guards may be lifted by the plan or now. */
static void use_options(struct args *args, const struct saved_plan *plan)
{
    args->retry_failed = plan->retry_failed;
    args->allow_empty = args->allow_empty || plan->allow_empty;
    if (plan->allow_deletes > args->allow_deletes)
        args->allow_deletes = plan->allow_deletes;
    if (str_is_null(args->allow_destroy))
        args->allow_destroy = plan->allow_destroy;
    args->region = plan->region;
    args->targets = (struct opt_list){plan->targets, plan->n_targets, plan->n_targets};
    args->replaces = (struct opt_list){plan->replaces, plan->n_replaces, plan->n_replaces};
}

/* Each file once, in the plan's order. */
static struct opt_list spec_files(struct app *app, const struct saved_plan *plan)
{
    struct opt_list files = {0};
    for (size_t i = 0; i < plan->n_stacks; i++) {
        struct str file = plan->stacks[i].spec_file;
        bool known = false;
        for (size_t k = 0; k < files.len && !known; k++)
            known = str_eq(files.items[k], file);
        if (!known)
            *VEC_PUSH(app->arena, &files) = file;
    }
    return files;
}

const struct saved_stack *plan_file_stack(const struct saved_plan *plan, const struct spec *spec)
{
    for (size_t i = 0; i < plan->n_stacks; i++)
        if (str_eq(plan->stacks[i].stack, spec->name.value) &&
            (str_is_null(spec->region.value) || str_eq(plan->stacks[i].region, spec->region.value)))
            return &plan->stacks[i];
    return NULL;
}

static enum err_code changed_spec(struct str file, struct str stack, struct err *err)
{
    err_set(
        err, ERR_PRECONDITION,
        "Saved plan is stale: spec '" STR_FMT "' of stack '" STR_FMT "' changed since it was made",
        STR_ARG(file), STR_ARG(stack));
    return err_hint(err, "apply it in the checkout it was made in, or look at a new plan");
}

/* Regions in which nothing was among the targets are not in the plan. */
static void drop_untargeted(const struct saved_plan *plan, struct spec_list *specs)
{
    size_t kept = 0;
    for (size_t i = 0; i < specs->len; i++) {
        struct spec *spec = specs->items[i];
        bool aside = plan->n_targets > 0 && spec->whole != NULL;
        if (!aside || plan_file_stack(plan, spec) != NULL)
            specs->items[kept++] = spec;
    }
    specs->len = kept;
}

static enum err_code
check_specs(const struct saved_plan *plan, const struct spec_list *specs, struct err *err)
{
    for (size_t i = 0; i < specs->len; i++) {
        const struct spec *spec = specs->items[i];
        const struct saved_stack *stack = plan_file_stack(plan, spec);
        if (stack == NULL || !str_eq(stack->spec_sha256, spec->sha256))
            return changed_spec(spec->file, spec->name.value, err);
    }
    for (size_t i = 0; i < plan->n_stacks; i++) {
        bool found = false;
        for (size_t k = 0; k < specs->len && !found; k++)
            found = plan_file_stack(plan, specs->items[k]) == &plan->stacks[i];
        if (!found)
            return changed_spec(plan->stacks[i].spec_file, plan->stacks[i].stack, err);
    }
    return ERR_NONE;
}

enum err_code plan_file_specs(
    struct app *app, const struct saved_plan *plan, struct spec_list *ret_specs, struct err *err)
{
    enum err_code code = check_options(&app->args, err);
    if (code != ERR_NONE)
        return code;
    use_options(&app->args, plan);
    app->args.operands.len = 0;
    if (app->args.files.len == 0)
        app->args.files = spec_files(app, plan);
    struct spec_list specs;
    code = session_specs(app, false, &specs, err);
    if (code == ERR_NONE) {
        drop_untargeted(plan, &specs);
        code = check_specs(plan, &specs, err);
    }
    if (code == ERR_NONE)
        *ret_specs = specs;
    return code;
}
