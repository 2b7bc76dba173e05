#include "specs/spec_help.h"

#include "engine/base/arena.h"
#include "engine/xgb/hyper.h"
#include "specs/spec_fields.h"
#include "specs/spec_value.h"

enum { WIDTH = 92 };

struct page {
    struct buf *out;
    struct arena *arena;
    bool markdown;
};

/* --- words ----------------------------------------------------------------------------------- */

/* Breaks a text between words; every line starts with the indent. */
static void wrap(struct buf *out, const char *text, size_t indent)
{
    struct str rest = str_from(text), word;
    size_t column = 0;
    while (str_split(&rest, ' ', &word)) {
        if (column > 0 && column + 1 + word.len > WIDTH) {
            buf_add_char(out, '\n');
            column = 0;
        }
        if (column == 0) {
            for (; column < indent; column++)
                buf_add_char(out, ' ');
        } else {
            buf_add_char(out, ' ');
            column++;
        }
        buf_add(out, word);
        column += word.len;
    }
    buf_add_char(out, '\n');
}

static struct str limits_words(struct arena *arena, const struct spec_field *field)
{
    static const char *const s_units[] = {
        [FIELD_STRING] = " characters",
        [FIELD_DURATION] = " seconds",
        [FIELD_MAP] = " entries",
        [FIELD_LISTS] = " entries",
        [FIELD_BLOCKS] = " entries",
        [FIELD_NAMED] = " entries",
        [FIELD_STRINGS] = " entries",
        [FIELD_INT] = "",
        [FIELD_NUMBER] = "",
        [FIELD_BOOL] = "",
        [FIELD_ENUM] = "",
        [FIELD_BLOCK] = "",
    };
    if (field->max == 0)
        return STR_NULL;
    if (field->min == field->max)
        return str_fmt(arena, "%lld%s", (long long) field->min, s_units[field->type]);
    return str_fmt(
        arena, "%lld to %lld%s", (long long) field->min, (long long) field->max,
        s_units[field->type]);
}

static struct str value_words(struct arena *arena, const struct spec_field *field)
{
    struct str words = STR("");
    for (size_t i = 0; field->values != NULL && field->values[i] != NULL; i++)
        words = str_fmt(arena, STR_FMT "%s%s", STR_ARG(words), i > 0 ? ", " : "", field->values[i]);
    return words;
}

static struct str need_words(const struct spec_field *field)
{
    return (field->flags & FIELD_REQUIRED) != 0 ? STR("required") : STR("optional");
}

/* --- one field ------------------------------------------------------------------------------- */

static void fact(struct page *page, const char *name, struct str value)
{
    if (str_is_empty(value))
        return;
    if (page->markdown)
        buf_fmt(page->out, "* %s `" STR_FMT "`\n", name, STR_ARG(value));
    else
        buf_fmt(page->out, "    %-9s " STR_FMT "\n", name, STR_ARG(value));
}

static void write_heading(struct page *page, struct str path)
{
    if (page->markdown)
        buf_fmt(page->out, "### `" STR_FMT "`\n\n", STR_ARG(path));
    else
        buf_fmt(page->out, STR_FMT "\n", STR_ARG(path));
}

/* Three columns; the first row is the head. */
static void write_table(struct page *page, const struct spec_table *table)
{
    size_t wide[3] = {0};
    for (size_t i = 0; i < table->n_rows; i++)
        for (size_t k = 0; k < ARRAY_LEN(wide); k++)
            if (strlen(table->rows[i][k]) > wide[k])
                wide[k] = strlen(table->rows[i][k]);
    if (!page->markdown)
        buf_add_char(page->out, '\n');
    for (size_t i = 0; i < table->n_rows; i++) {
        const char *const *row = table->rows[i];
        if (page->markdown)
            buf_fmt(page->out, "| %s | %s | %s |\n", row[0], row[1], row[2]);
        else
            buf_fmt(
                page->out, "    %-*s  %-*s  %s\n", (int) wide[0], row[0], (int) wide[1], row[1],
                row[2]);
        if (i == 0 && page->markdown)
            buf_add_z(page->out, "|---|---|---|\n");
    }
    buf_add_char(page->out, '\n');
}

static void write_field(struct page *page, const struct spec_field *field, struct str path)
{
    write_heading(page, path);
    if (page->markdown)
        buf_fmt(page->out, "%s\n\n", field->help);
    else
        wrap(page->out, field->help, 4);
    if (field->table != NULL)
        write_table(page, field->table);
    fact(page, "type:", str_from(field_type_words(field)));
    fact(page, "need:", need_words(field));
    fact(
        page,
        "default:", str_from(field->fallback != NULL ? field->fallback : field->fallback_note));
    fact(page, "values:", value_words(page->arena, field));
    fact(page, "limits:", limits_words(page->arena, field));
    fact(page, "names:", str_from(field->key_note));
    fact(page, "form:", str_from(field->pattern_note));
    if (field->example != NULL)
        fact(page, "example:", str_fmt(page->arena, "%s: %s", field->name, field->example));
    buf_add_char(page->out, '\n');
}

/* --- hyperparameters ------------------------------------------------------------------------- */

static void write_hyper(struct page *page, const struct hyper_info *info, struct str path)
{
    write_heading(page, path);
    if (info->note != NULL) {
        if (page->markdown)
            buf_fmt(page->out, "%s\n\n", info->note);
        else
            wrap(page->out, info->note, 4);
    }
    fact(page, "type:", str_from(info->type));
    fact(page, "range:", str_from(info->range));
    fact(page, "default:", str_from(info->default_text));
    fact(page, "alias:", str_from(info->alias));
    buf_add_char(page->out, '\n');
}

/* Words in a range may be many; the table has room for the first of them. */
static struct str short_range(struct arena *arena, const char *range)
{
    struct str text = str_from(range);
    if (text.len <= 40)
        return text;
    return str_fmt(arena, STR_FMT ", ...", STR_ARG(str_slice(text, 0, str_index(text, ','))));
}

static void write_hyper_table(struct page *page)
{
    write_heading(page, STR("spec.training.hyperparameters.<name>"));
    const char *intro =
        "The hyperparameters of SageMaker's XGBoost, with its own limits; checked before anything "
        "is sent. What is left out is not sent: the default is the algorithm's.";
    if (page->markdown)
        buf_fmt(
            page->out, "%s\n\n| name | type | range | default | notes |\n|---|---|---|---|---|\n",
            intro);
    else
        wrap(page->out, intro, 4);
    for (size_t i = 0; i < hyper_count(); i++) {
        struct hyper_info info = hyper_info_at(i);
        struct str range =
            page->markdown ? str_from(info.range) : short_range(page->arena, info.range);
        struct str note = str_fmt(
            page->arena, "%s%s%s%s", info.alias != NULL ? "also " : "",
            info.alias != NULL ? info.alias : "",
            info.alias != NULL && info.note != NULL ? "; " : "",
            info.note != NULL ? info.note : "");
        const char *fallback = info.default_text != NULL ? info.default_text : "-";
        if (page->markdown)
            buf_fmt(
                page->out, "| `%s` | %s | `" STR_FMT "` | `%s` | " STR_FMT " |\n", info.name,
                info.type, STR_ARG(range), fallback, STR_ARG(note));
        else
            buf_fmt(
                page->out, "    %-27s %-11s %-28s %-16s " STR_FMT "\n", info.name, info.type,
                str_z(page->arena, range), fallback, STR_ARG(note));
    }
    buf_add_char(page->out, '\n');
}

/* --- walking the tables ---------------------------------------------------------------------- */

static struct str child_path(struct arena *arena, struct str parent, const struct spec_field *field)
{
    return str_fmt(
        arena, STR_FMT "%s%s", STR_ARG(parent), str_is_empty(parent) ? "" : ".", field->name);
}

/* What stands between a list or mapping of blocks and the fields of one of them. */
static struct str inside_path(struct arena *arena, struct str path, const struct spec_field *field)
{
    if (field->type == FIELD_BLOCKS)
        return str_fmt(arena, STR_FMT "[]", STR_ARG(path));
    if (field->type == FIELD_NAMED)
        return str_fmt(arena, STR_FMT ".<name>", STR_ARG(path));
    return path;
}

typedef void visit_field_fn(void *arg, const struct spec_field *field, struct str path);

static void each_field(
    struct arena *arena,
    const struct spec_block *block,
    struct str parent,
    visit_field_fn *visit,
    void *arg)
{
    for (size_t i = 0; i < block->n_fields; i++) {
        const struct spec_field *field = &block->fields[i];
        struct str path = child_path(arena, parent, field);
        visit(arg, field, path);
        if (field->block != NULL)
            each_field(arena, field->block, inside_path(arena, path, field), visit, arg);
    }
}

static void write_visited(void *arg, const struct spec_field *field, struct str path)
{
    write_field(arg, field, path);
}

static void write_tree(struct page *page, const struct spec_field *field, struct str path)
{
    write_field(page, field, path);
    if (field->block != NULL)
        each_field(
            page->arena, field->block, inside_path(page->arena, path, field), write_visited, page);
    if ((field->flags & FIELD_HYPER) != 0)
        write_hyper_table(page);
}

/* --- finding a path -------------------------------------------------------------------------- */

struct target {
    const struct spec_field *field;
    struct str path;         /* canonical */
    struct hyper_info hyper; /* name is NULL unless a hyperparameter is meant */
};

static struct str without_brackets(struct str part)
{
    size_t bracket = str_index(part, '[');
    return bracket == SIZE_MAX ? part : str_slice(part, 0, bracket);
}

static bool find_hyper(struct str name, struct hyper_info *ret_info)
{
    struct str wanted = hyper_canonical(name);
    for (size_t i = 0; i < hyper_count(); i++) {
        *ret_info = hyper_info_at(i);
        if (str_eq_z(wanted, ret_info->name))
            return true;
    }
    *ret_info = (struct hyper_info){0};
    return false;
}

static bool find_below(
    struct arena *arena, const struct spec_block *block, struct str path, struct target *target)
{
    struct str rest = path, part;
    *target = (struct target){.path = STR("")};
    while (str_split(&rest, '.', &part)) {
        struct str name = without_brackets(part);
        const struct spec_field *parent = target->field;
        const struct spec_field *field = block != NULL ? spec_field_find(block, name) : NULL;
        if (field != NULL) {
            target->path = child_path(
                arena, parent != NULL ? inside_path(arena, target->path, parent) : target->path,
                field);
            target->field = field;
            block = field->block;
        } else if (parent != NULL && parent->type == FIELD_NAMED && block == parent->block) {
            continue; /* the name of a channel */
        } else if (
            parent != NULL && (parent->flags & FIELD_HYPER) != 0 && target->hyper.name == NULL &&
            find_hyper(name, &target->hyper)) {
            target->path = str_fmt(arena, STR_FMT ".%s", STR_ARG(target->path), target->hyper.name);
        } else {
            return false;
        }
    }
    return target->field != NULL;
}

static bool find(struct arena *arena, struct str path, struct target *target)
{
    static const char *const s_roots[] = {"", "spec.", "spec.training."};
    for (size_t i = 0; i < ARRAY_LEN(s_roots); i++)
        if (find_below(
                arena, &spec_document_block,
                str_fmt(arena, "%s" STR_FMT, s_roots[i], STR_ARG(path)), target))
            return true;
    return false;
}

bool spec_help(struct buf *out, struct arena *arena, struct str path, enum spec_help_style style)
{
    struct page page = {out, arena, style == SPEC_HELP_MARKDOWN};
    struct target target;
    if (str_is_empty(path)) {
        wrap(out, spec_document_block.help, 0);
        buf_add_char(out, '\n');
        each_field(arena, &spec_document_block, STR(""), write_visited, &page);
        write_hyper_table(&page);
        return true;
    }
    if (!find(arena, path, &target))
        return false;
    if (target.hyper.name != NULL)
        write_hyper(&page, &target.hyper, target.path);
    else
        write_tree(&page, target.field, target.path);
    return true;
}

struct nearest {
    struct str wanted, found;
    size_t best;
};

static void consider(void *arg, const struct spec_field *field, struct str path)
{
    struct nearest *nearest = arg;
    (void) field;
    struct str shorter =
        str_starts(path, STR("spec.")) ? str_from_index(path, STR("spec.").len) : path;
    struct str last =
        str_from_index(path, str_rindex(path, '.') == SIZE_MAX ? 0 : str_rindex(path, '.') + 1);
    struct str forms[] = {path, shorter, last};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        size_t distance = str_distance(nearest->wanted, forms[i]);
        if (distance > 1 + nearest->wanted.len / 4 || distance >= nearest->best)
            continue;
        nearest->best = distance;
        nearest->found = path;
    }
}

struct str spec_help_nearest(struct arena *arena, struct str path)
{
    struct nearest nearest = {.wanted = path, .found = STR_NULL, .best = SIZE_MAX};
    each_field(arena, &spec_document_block, STR(""), consider, &nearest);
    return nearest.found;
}
