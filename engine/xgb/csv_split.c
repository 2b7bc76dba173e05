#include "engine/xgb/csv_split.h"

#include "engine/base/map.h"
#include "engine/base/vec.h"
#include "engine/xgb/csv_fault.h"

#include <math.h>

#define MAX_VALUE_LEN 1024U
#define MAX_ROWS UINT32_MAX
#define MAX_VALUES UINT64_C(4000000000)

/* A line of the file, without what is cut out of it: the column and one delimiter. */
struct row {
    const char *at;
    unsigned len, cut_from, cut_to;
};

struct part {
    struct str value;
    size_t start, len; /* of its rows */
};

struct csv_split {
    struct csv_split_options options;
    struct str name;
    struct str text; /* the caller's */
    struct arena *arena;
    struct row *rows; /* part by part */
    size_t n_rows;
    VEC(struct part) parts;
    size_t cells; /* of a line, the column included */
    size_t cols;
    char delimiter;
    float *values, *labels, *weights; /* with keep */
};

/* ---- finding the parts ---- */

/* Rows in the order of the file, and which part each belongs to. */
struct scan {
    struct csv_split *split;
    struct map *by_value; /* to its number + 1 */
    struct row *rows;
    unsigned *part_of;
    size_t cap;
};

static enum err_code fault_at(size_t row, struct err *err)
{
    err->at.line = row < UINT32_MAX ? (unsigned) row : UINT32_MAX;
    return err->code;
}

/* The cell that starts at *at, quoted or not; *at moves to its end. False: the quote is open. */
static bool
read_value(const char **at, const char *end, char delimiter, char *room, struct str *ret_value)
{
    const char *c = *at;
    while (c < end && (*c == ' ' || *c == '\t') && *c != delimiter)
        c++;
    if (c == end || *c != '"') {
        while (c < end && *c != delimiter)
            c++;
        *ret_value = str_trim(str_of(*at, (size_t) (c - *at)));
        *at = c;
        return true;
    }
    size_t len = 0;
    for (c++; c < end; c++) {
        if (*c == '"' && (c + 1 == end || c[1] != '"'))
            break;
        if (*c == '"')
            c++;
        if (len <= MAX_VALUE_LEN)
            room[len++] = *c;
    }
    if (c == end)
        return false;
    while (c < end && *c != delimiter)
        c++;
    *ret_value = str_trim(str_of(room, len));
    *at = c;
    return true;
}

static enum err_code too_few(const struct csv_split *split, size_t cells, struct err *err)
{
    err_set(
        err, ERR_SPEC, "there is no column %zu: '" STR_FMT "' has %zu column%s",
        split->options.column, STR_ARG(split->name), cells, cells == 1 ? "" : "s");
    return err_hint(err, "columns are counted from 0, as they stand in the file");
}

static size_t count_cells(const char *at, const char *end, char delimiter)
{
    size_t cells = 1;
    for (; at < end; at++)
        cells += *at == delimiter;
    return cells;
}

/* Finds the column in a line, notes what is to be cut, and gives its value. */
static enum err_code cut_line(
    struct csv_split *split,
    struct str line,
    size_t number,
    char *room,
    struct row *row,
    struct str *ret_value,
    struct err *err)
{
    const char *at = line.ptr, *end = line.ptr + line.len;
    for (size_t column = 0; column < split->options.column; column++) {
        const char *next = memchr(at, split->delimiter, (size_t) (end - at));
        if (next == NULL && split->cells == 0)
            return too_few(split, column + 1, err);
        if (next == NULL) {
            err_set(
                err, ERR_SPEC, "'" STR_FMT "' row %zu has %zu values, the first row has %zu",
                STR_ARG(split->name), number, column + 1, split->cells);
            return fault_at(number, err);
        }
        at = next + 1;
    }
    const char *start = at;
    if (!read_value(&at, end, split->delimiter, room, ret_value) ||
        ret_value->len > MAX_VALUE_LEN) {
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' row %zu, column %zu: %s", STR_ARG(split->name), number,
            split->options.column + 1,
            at == start ? "the quote is not closed" : "the value is longer than 1024 bytes");
        return fault_at(number, err);
    }
    size_t cut_from = (size_t) (start - line.ptr), cut_to = (size_t) (at - line.ptr);
    if (cut_to < line.len)
        cut_to++;
    else if (cut_from > 0)
        cut_from--;
    *row = (struct row){line.ptr, (unsigned) line.len, (unsigned) cut_from, (unsigned) cut_to};
    if (split->cells == 0)
        split->cells = split->options.column + count_cells(at, end, split->delimiter);
    return ERR_NONE;
}

static unsigned part_number(struct scan *scan, struct str value)
{
    struct csv_split *split = scan->split;
    size_t *known = map_get(scan->by_value, value);
    if (known == NULL) {
        struct part *part = VEC_PUSH(split->arena, &split->parts);
        part->value = str_is_empty(value) ? STR("") : str_dup(split->arena, value);
        known = ARENA_NEW(split->arena, size_t);
        *known = split->parts.len - 1;
        map_put(scan->by_value, part->value, known);
    }
    split->parts.items[*known].len++;
    return (unsigned) *known;
}

static enum err_code scan_line(struct scan *scan, struct str line, size_t number, struct err *err)
{
    struct csv_split *split = scan->split;
    char room[MAX_VALUE_LEN + 1];
    struct str value = STR("");
    if (split->n_rows == MAX_ROWS || line.len >= UINT32_MAX) {
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' row %zu: the file is too large", STR_ARG(split->name),
            number);
        return fault_at(number, err);
    }
    if (split->n_rows == scan->cap) {
        scan->cap = scan->cap > 0 ? scan->cap * 2 : 1024;
        scan->rows = xrealloc(scan->rows, scan->cap * sizeof(*scan->rows));
        scan->part_of = xrealloc(scan->part_of, scan->cap * sizeof(*scan->part_of));
    }
    if (split->cells == 0)
        split->delimiter = csv_delimiter(line);
    enum err_code code =
        cut_line(split, line, number, room, &scan->rows[split->n_rows], &value, err);
    if (code == ERR_NONE)
        scan->part_of[split->n_rows++] = part_number(scan, value);
    return code;
}

/* Part by part, in the order of the file within each. */
static void sort_rows(struct scan *scan)
{
    struct csv_split *split = scan->split;
    size_t start = 0;
    for (size_t i = 0; i < split->parts.len; i++) {
        split->parts.items[i].start = start;
        start += split->parts.items[i].len;
        split->parts.items[i].len = 0;
    }
    split->rows = xmalloc(split->n_rows * sizeof(*split->rows));
    for (size_t i = 0; i < split->n_rows; i++) {
        struct part *part = &split->parts.items[scan->part_of[i]];
        split->rows[part->start + part->len++] = scan->rows[i];
    }
}

static enum err_code scan_text(struct csv_split *split, struct err *err)
{
    struct scan scan = {.split = split, .by_value = map_new(split->arena)};
    struct str rest = split->text, line;
    enum err_code code = ERR_NONE;
    for (size_t number = 1; code == ERR_NONE && text_line(&rest, &line); number++)
        if (!str_is_empty(str_trim(line)))
            code = scan_line(&scan, line, number, err);
    size_t label_cells = split->options.csv_weights ? 2 : 1;
    if (code == ERR_NONE && split->n_rows == 0) {
        code = err_set(err, ERR_SPEC, "'" STR_FMT "' is empty", STR_ARG(split->name));
        err_hint(err, "a channel needs at least one row");
    } else if (code == ERR_NONE && split->cells <= 1 + label_cells) {
        code = err_set(
            err, ERR_SPEC, "'" STR_FMT "' row 1 has %zu value%s: %s and a feature are needed",
            STR_ARG(split->name), split->cells, split->cells == 1 ? "" : "s",
            label_cells == 2 ? "the column to part by, a label, a weight"
                             : "the column to part by, a label");
    }
    if (code == ERR_NONE) {
        split->cols = split->cells - 1 - label_cells;
        sort_rows(&scan);
    }
    xfree(scan.rows);
    xfree(scan.part_of);
    return code;
}

enum err_code csv_split_open(
    struct str text,
    const struct csv_split_options *options,
    struct csv_split **out,
    struct err *err)
{
    struct csv_split *split = xmalloc(sizeof(*split));
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_from_index(text, 3);
    *split = (struct csv_split){
        .options = *options, .text = text, .arena = arena_new("parted CSV", MIB(2048))};
    split->name = str_dup(split->arena, options->name);
    enum err_code code = scan_text(split, err);
    if (code == ERR_NONE && split->n_rows > MAX_VALUES / split->cols)
        code = err_set(
            err, ERR_SPEC, "'" STR_FMT "' holds more than 4000000000 values", STR_ARG(split->name));
    if (code != ERR_NONE) {
        csv_split_free(split);
        return code;
    }
    if (options->keep) {
        split->values = xmalloc(split->n_rows * split->cols * sizeof(float));
        split->labels = xmalloc(split->n_rows * sizeof(float));
        split->weights = options->csv_weights ? xmalloc(split->n_rows * sizeof(float)) : NULL;
    }
    *out = split;
    return ERR_NONE;
}

void csv_split_free(struct csv_split *split)
{
    if (split == NULL)
        return;
    xfree(split->rows);
    xfree(split->values);
    xfree(split->labels);
    xfree(split->weights);
    arena_free(split->arena);
    xfree(split);
}

/* ---- what was found ---- */

size_t csv_split_count(const struct csv_split *split)
{
    return split->parts.len;
}

size_t csv_split_rows(const struct csv_split *split)
{
    return split->n_rows;
}

size_t csv_split_cols(const struct csv_split *split)
{
    return split->cols;
}

struct str csv_split_value(const struct csv_split *split, size_t part)
{
    return split->parts.items[part].value;
}

size_t csv_split_len(const struct csv_split *split, size_t part)
{
    return split->parts.items[part].len;
}

/* Only messages ask. */
static size_t number_of(const struct csv_split *split, const struct row *row)
{
    size_t number = 1;
    for (const char *c = split->text.ptr; c < row->at; number++) {
        const char *newline = memchr(c, '\n', (size_t) (row->at - c));
        if (newline == NULL)
            break;
        c = newline + 1;
    }
    return number;
}

void csv_split_text(const struct csv_split *split, size_t part, struct buf *out)
{
    const struct part *found = &split->parts.items[part];
    for (size_t i = found->start; i < found->start + found->len; i++) {
        const struct row *row = &split->rows[i];
        buf_add_mem(out, row->at, row->cut_from);
        buf_add_mem(out, row->at + row->cut_to, row->len - row->cut_to);
        buf_add_char(out, '\n');
    }
}

struct dataset *csv_split_dataset(const struct csv_split *split, size_t part)
{
    const struct part *found = &split->parts.items[part];
    return dataset_borrow(
        split->values + found->start * split->cols, split->labels + found->start,
        split->weights != NULL ? split->weights + found->start : NULL, found->len, split->cols);
}

/* ---- the numbers ---- */

struct cells {
    float *values;    /* of one line, without the column */
    struct buf *line; /* room for it */
};

static enum err_code
row_fault(const struct csv_split *split, const struct row *row, const char *what, struct err *err)
{
    size_t number = number_of(split, row);
    err_set(err, ERR_SPEC, "'" STR_FMT "' row %zu: %s", STR_ARG(split->name), number, what);
    return fault_at(number, err);
}

static enum err_code
check_row(struct csv_split *split, size_t index, const struct cells *cells, struct err *err)
{
    const struct row *row = &split->rows[index];
    size_t count = 0, wanted = split->cells - 1, skip = wanted - split->cols;
    struct str cell = STR_NULL;
    cells->line->len = 0;
    buf_add_mem(cells->line, row->at, row->cut_from);
    buf_add_mem(cells->line, row->at + row->cut_to, row->len - row->cut_to);
    enum cell_fault fault =
        csv_line(buf_str(cells->line), split->delimiter, cells->values, wanted, &count, &cell);
    if (fault == CELL_NOT_A_NUMBER || fault == CELL_NOT_FINITE)
        return csv_cell_fault(
            split->name, number_of(split, row), fault,
            count < split->options.column ? count : count + 1, cell, err);
    if (count != wanted) {
        size_t number = number_of(split, row);
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' row %zu has %zu values, the first row has %zu",
            STR_ARG(split->name), number, count + 1, split->cells);
        return fault_at(number, err);
    }
    if (isnan(cells->values[0]))
        return row_fault(split, row, "the label is missing", err);
    if (split->options.csv_weights && !(cells->values[1] >= 0))
        return row_fault(split, row, "the weight is not a number of at least 0", err);
    if (split->values == NULL)
        return ERR_NONE;
    memcpy(split->values + index * split->cols, cells->values + skip, split->cols * sizeof(float));
    split->labels[index] = cells->values[0];
    if (split->weights != NULL)
        split->weights[index] = cells->values[1];
    return ERR_NONE;
}

enum err_code csv_split_check(struct csv_split *split, size_t from, size_t to, struct err *err)
{
    AUTO(buf_done) struct buf line = BUF_INIT(UINT32_MAX);
    float *values = xmalloc(split->cells * sizeof(float));
    const struct cells cells = {values, &line};
    enum err_code code = ERR_NONE;
    for (size_t i = from; code == ERR_NONE && i < to; i++)
        code = check_row(split, i, &cells, err);
    xfree(values);
    if (code == ERR_SPEC)
        err_hint(
            err, "each row: the column to part by, the label, then as many numbers as in the first "
                 "row; a missing value is an empty cell");
    return code;
}
