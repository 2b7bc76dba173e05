#include "specs/spec_vars.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"

/* A small file must not stand for a large one. */
#define EXPANDED_MAX MIB(16)

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct spec_pair *find(const struct spec_vars *vars, struct str name)
{
    for (size_t i = 0; i < vars->vars.len; i++)
        if (str_eq(vars->vars.items[i].name, name))
            return &vars->vars.items[i];
    return NULL;
}

static void set_from_environment(
    struct spec_vars *vars, struct spec_pair *var, const struct spec_options *options)
{
    if (options->getenv == NULL)
        return;
    struct str key = str_fmt(vars->arena, "MMECTL_VAR_" STR_FMT, STR_ARG(var->name));
    const char *value = options->getenv(str_z(vars->arena, key));
    if (value != NULL)
        var->value = str_dup(vars->arena, str_from(value));
}

void spec_vars_init(
    struct spec_vars *vars,
    struct arena *arena,
    struct diags *diags,
    const struct spec_map *declared,
    const struct spec_options *options)
{
    *vars = (struct spec_vars){.arena = arena, .diags = diags};
    vars->vars.len = declared->len;
    vars->vars.items = ARENA_ARRAY(arena, declared->len, struct spec_pair);
    for (size_t i = 0; i < declared->len; i++) {
        struct spec_pair *var = &vars->vars.items[i];
        *var = declared->items[i];
        if (str_find(var->value, STR("${")) != SIZE_MAX) {
            struct diag *diag = diags_error(
                diags, var->value_at, "the value of variable '" STR_FMT "' uses a variable",
                STR_ARG(var->name));
            diag_hint(diags, diag, "values are put in as they are; write the text out");
            var->value = STR("");
        }
        set_from_environment(vars, var, options);
    }
    for (size_t i = 0; i < options->n_sets; i++) {
        struct spec_pair *var = find(vars, options->sets[i].name);
        struct str value = options->sets[i].value;
        if (var != NULL)
            var->value = str_is_null(value) ? STR("") : value;
    }
}

bool spec_vars_declares(const struct spec_vars *vars, struct str name)
{
    return find(vars, name) != NULL;
}

static bool undeclared(struct spec_vars *vars, struct srcloc at, struct str name)
{
    struct diag *diag =
        diags_error(vars->diags, at, "variable '" STR_FMT "' is not declared", STR_ARG(name));
    for (size_t i = 0; i < vars->vars.len; i++) {
        struct str known = vars->vars.items[i].name;
        if (str_distance(known, name) <= 1 + name.len / 4) {
            diag_hint(vars->diags, diag, "did you mean '" STR_FMT "'?", STR_ARG(known));
            return false;
        }
    }
    diag_hint(
        vars->diags, diag,
        "declare it under 'variables', or write $${" STR_FMT "} for the text itself",
        STR_ARG(name));
    return false;
}

static bool
look_up(struct spec_vars *vars, struct srcloc at, struct str name, struct str *ret_value)
{
    const struct spec_pair *var = find(vars, name);
    if (var == NULL)
        return undeclared(vars, at, name);
    if (str_is_null(var->value)) {
        struct diag *diag =
            diags_error(vars->diags, at, "variable '" STR_FMT "' has no value", STR_ARG(name));
        diag_hint(
            vars->diags, diag, "give --set " STR_FMT "=VALUE or MMECTL_VAR_" STR_FMT "=VALUE",
            STR_ARG(name), STR_ARG(name));
        return false;
    }
    *ret_value = var->value;
    return true;
}

/* text starts with "${"; takes the reference off its front. */
static bool
take_reference(struct spec_vars *vars, struct srcloc at, struct str *text, struct str *ret_value)
{
    size_t end = str_index(*text, '}');
    struct str name = str_slice(*text, 2, end == SIZE_MAX ? text->len : end);
    bool good = end != SIZE_MAX && name.len > 0;
    for (size_t i = 0; good && i < name.len; i++)
        good = is_name_char(name.ptr[i]);
    if (!good) {
        struct diag *diag = diags_error(
            vars->diags, at, "'" STR_FMT "' is not a variable",
            STR_ARG(str_slice(*text, 0, end == SIZE_MAX ? 20 : end + 1)));
        diag_hint(vars->diags, diag, "write ${name}, or $${ for the text '${' itself");
        return false;
    }
    *text = str_from_index(*text, end + 1);
    return look_up(vars, at, name, ret_value);
}

bool spec_vars_expand(
    struct spec_vars *vars, const struct ynode *scalar, struct str *ret_text, bool *ret_emptied)
{
    *ret_emptied = false;
    if (str_find(scalar->text, STR("${")) == SIZE_MAX) {
        *ret_text = scalar->text;
        return true;
    }
    struct buf out AUTO(buf_done) = BUF_INIT(YDOC_MAX_SCALAR_BYTES);
    bool replaced = false;
    for (struct str rest = scalar->text; rest.len > 0;) {
        struct str value;
        if (str_starts(rest, STR("$${"))) {
            buf_add(&out, STR("${"));
            rest = str_from_index(rest, 3);
        } else if (str_starts(rest, STR("${"))) {
            if (!take_reference(vars, scalar->at, &rest, &value))
                return false;
            buf_add(&out, value);
            replaced = true;
        } else {
            buf_add_char(&out, rest.ptr[0]);
            rest = str_from_index(rest, 1);
        }
    }
    vars->expanded_bytes += out.len;
    if (!buf_ok(&out) || vars->expanded_bytes > EXPANDED_MAX) {
        diags_error(vars->diags, scalar->at, "the variables stand for too much text");
        return false;
    }
    *ret_text = str_dup(vars->arena, buf_str(&out));
    *ret_emptied = replaced && out.len == 0;
    return true;
}
