#include "cmd/table.h"

#include <assert.h>

#define GAP 2

struct row {
    struct cell *cells;
};

struct table {
    struct arena *arena;
    const struct table_column *columns;
    size_t n_columns;
    VEC(struct row) rows;
};

struct table *table_new(struct arena *arena, const struct table_column *columns, size_t n_columns)
{
    struct table *table = ARENA_NEW(arena, struct table);
    table->arena = arena;
    table->columns = columns;
    table->n_columns = n_columns;
    return table;
}

void table_row(struct table *table)
{
    struct row *row = VEC_PUSH(table->arena, &table->rows);
    row->cells = ARENA_ARRAY(table->arena, table->n_columns, struct cell);
}

static struct cell *cell_at(struct table *table, size_t column, enum cell_type type)
{
    assert(table->rows.len > 0 && column < table->n_columns);
    struct cell *cell = &table->rows.items[table->rows.len - 1].cells[column];
    if (type != CELL_NONE)
        cell->type = type;
    return cell;
}

void table_text(struct table *table, size_t column, struct str text)
{
    if (!str_is_null(text))
        cell_at(table, column, CELL_TEXT)->text = text;
}

void table_int(struct table *table, size_t column, int64_t value)
{
    cell_at(table, column, CELL_INT)->integer = value;
}

void table_number(struct table *table, size_t column, double value, int digits)
{
    struct cell *cell = cell_at(table, column, CELL_NUMBER);
    cell->number = value;
    cell->digits = digits;
}

void table_bool(struct table *table, size_t column, bool value)
{
    cell_at(table, column, CELL_BOOL)->boolean = value;
}

void table_paint(struct table *table, size_t column, enum paint paint)
{
    struct cell *cell = cell_at(table, column, CELL_NONE);
    cell->painted = true;
    cell->paint = paint;
}

size_t table_len(const struct table *table)
{
    return table->rows.len;
}

static struct str cell_text(struct arena *arena, const struct cell *cell)
{
    switch (cell->type) {
    case CELL_NONE:
        break;
    case CELL_TEXT:
        return term_clean(arena, cell->text);
    case CELL_INT:
        return str_fmt(arena, "%lld", (long long) cell->integer);
    case CELL_NUMBER:
        return cell->digits < 0 ? str_fmt(arena, "%.3g", cell->number)
                                : str_fmt(arena, "%.*f", cell->digits, cell->number);
    case CELL_BOOL:
        return cell->boolean ? STR("yes") : STR("no");
    }
    return STR("-");
}

/* Characters, not bytes: UTF-8 continuation bytes take no place. */
static size_t text_width(struct str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char) text.ptr[i] & 0xc0U) != 0x80U)
            width++;
    return width;
}

static void pad(struct buf *buf, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(buf, ' ');
}

static void render_cell(
    struct buf *buf,
    struct str text,
    const char *start,
    const char *end,
    size_t width,
    bool right,
    bool last)
{
    size_t fill = width - text_width(text);
    if (right)
        pad(buf, fill);
    buf_fmt(buf, "%s" STR_FMT "%s", start, STR_ARG(text), end);
    if (!last)
        pad(buf, (right ? 0 : fill) + GAP);
}

/* The last column that shows is not padded. */
static size_t last_shown(const struct table *table)
{
    size_t last = 0;
    for (size_t c = 0; c < table->n_columns; c++)
        last = table->columns[c].hidden ? last : c;
    return last;
}

void table_render(struct buf *buf, const struct table *table, bool color)
{
    struct arena *scratch = arena_new("table", 0);
    size_t n = table->n_columns, last = last_shown(table);
    size_t *widths = ARENA_ARRAY(scratch, n, size_t);
    for (size_t c = 0; c < n; c++)
        widths[c] = text_width(str_from(table->columns[c].title));
    struct str *texts = ARENA_ARRAY(scratch, n * table->rows.len, struct str);
    for (size_t r = 0; r < table->rows.len; r++)
        for (size_t c = 0; c < n; c++) {
            struct str text = cell_text(scratch, &table->rows.items[r].cells[c]);
            texts[r * n + c] = text;
            if (text_width(text) > widths[c])
                widths[c] = text_width(text);
        }
    const char *bold = paint(color, PAINT_BOLD), *end = paint_end(color);
    for (size_t c = 0; c < n; c++) {
        const struct table_column *column = &table->columns[c];
        struct str title = str_from(column->title);
        if (!column->hidden)
            render_cell(buf, title, bold, end, widths[c], column->right, c == last);
    }
    buf_add_char(buf, '\n');
    for (size_t r = 0; r < table->rows.len; r++) {
        for (size_t c = 0; c < n; c++) {
            const struct cell *cell = &table->rows.items[r].cells[c];
            bool on = color && cell->painted, right = table->columns[c].right;
            const char *start = paint(on, cell->paint), *stop = paint_end(on);
            if (!table->columns[c].hidden)
                render_cell(buf, texts[r * n + c], start, stop, widths[c], right, c == last);
        }
        buf_add_char(buf, '\n');
    }
    arena_free(scratch);
}

static struct json *cell_json(struct arena *arena, const struct cell *cell)
{
    switch (cell->type) {
    case CELL_NONE:
        break;
    case CELL_TEXT:
        return json_string(arena, cell->text);
    case CELL_INT:
        return json_int(arena, cell->integer);
    case CELL_NUMBER:
        return json_num(arena, cell->number);
    case CELL_BOOL:
        return json_bool(arena, cell->boolean);
    }
    return json_null(arena);
}

struct json *table_json(struct arena *arena, const struct table *table)
{
    struct json *out = json_array(arena);
    for (size_t r = 0; r < table->rows.len; r++) {
        struct json *row = json_object(arena);
        for (size_t c = 0; c < table->n_columns; c++)
            json_set(
                arena, row, str_from(table->columns[c].key),
                cell_json(arena, &table->rows.items[r].cells[c]));
        json_push(out, row);
    }
    return out;
}

/* The validation metric if there is one, else the first. */
struct str metric_text(struct arena *arena, const struct json *metrics)
{
    const struct json *best = NULL;
    JSON_EACH (metric, metrics) {
        if (best == NULL || (str_starts(metric->key, STR("validation")) &&
                             !str_starts(best->key, STR("validation"))))
            best = metric;
    }
    if (best == NULL)
        return STR_NULL;
    return str_fmt(arena, STR_FMT " %.5g", STR_ARG(best->key), best->number);
}
