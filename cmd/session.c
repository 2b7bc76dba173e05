#include "cmd/session.h"

#include <unistd.h>

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

enum err_code session_load(
    struct app *app,
    bool operands_are_specs,
    struct diags *diags,
    struct spec_list *ret_specs,
    struct err *err)
{
    struct spec_options options = {.region = app->args.region, .getenv = app->getenv};
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
