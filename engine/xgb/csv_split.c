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
    struct csv_split *p;
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

static enum err_code too_few(const struct csv_split *p, size_t cells, struct err *err)
{
    err_set(
        err, ERR_SPEC, "there is no column %zu: '" STR_FMT "' has %zu column%s", p->options.column,
        STR_ARG(p->name), cells, cells == 1 ? "" : "s");
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
    struct csv_split *p,
    struct str line,
    size_t number,
    char *room,
    struct row *row,
    struct str *ret_value,
    struct err *err)
{
    const char *at = line.ptr, *end = line.ptr + line.len;
    for (size_t column = 0; column < p->options.column; column++) {
        const char *next = memchr(at, p->delimiter, (size_t) (end - at));
        if (next == NULL && p->cells == 0)
            return too_few(p, column + 1, err);
        if (next == NULL) {
            err_set(
                err, ERR_SPEC, "'" STR_FMT "' row %zu has %zu values, the first row has %zu",
                STR_ARG(p->name), number, column + 1, p->cells);
            return fault_at(number, err);
        }
        at = next + 1;
    }
    const char *start = at;
    if (!read_value(&at, end, p->delimiter, room, ret_value) || ret_value->len > MAX_VALUE_LEN) {
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' row %zu, column %zu: %s", STR_ARG(p->name), number,
            p->options.column + 1,
            at == start ? "the quote is not closed" : "the value is longer than 1024 bytes");
        return fault_at(number, err);
    }
    size_t cut_from = (size_t) (start - line.ptr), cut_to = (size_t) (at - line.ptr);
    if (cut_to < line.len)
        cut_to++;
    else if (cut_from > 0)
        cut_from--;
    *row = (struct row){line.ptr, (unsigned) line.len, (unsigned) cut_from, (unsigned) cut_to};
    if (p->cells == 0)
        p->cells = p->options.column + count_cells(at, end, p->delimiter);
    return ERR_NONE;
}

static unsigned part_number(struct scan *scan, struct str value)
{
    struct csv_split *p = scan->p;
    size_t *known = map_get(scan->by_value, value);
    if (known == NULL) {
        struct part *part = VEC_PUSH(p->arena, &p->parts);
        part->value = str_is_empty(value) ? STR("") : str_dup(p->arena, value);
        known = ARENA_NEW(p->arena, size_t);
        *known = p->parts.len - 1;
        map_put(scan->by_value, part->value, known);
    }
    p->parts.items[*known].len++;
    return (unsigned) *known;
}

static enum err_code scan_line(struct scan *scan, struct str line, size_t number, struct err *err)
{
    struct csv_split *p = scan->p;
    char room[MAX_VALUE_LEN + 1];
    struct str value = STR("");
    if (p->n_rows == MAX_ROWS || line.len >= UINT32_MAX) {
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' row %zu: the file is too large", STR_ARG(p->name),
            number);
        return fault_at(number, err);
    }
    if (p->n_rows == scan->cap) {
        scan->cap = scan->cap > 0 ? scan->cap * 2 : 1024;
        scan->rows = xrealloc(scan->rows, scan->cap * sizeof(*scan->rows));
        scan->part_of = xrealloc(scan->part_of, scan->cap * sizeof(*scan->part_of));
    }
    if (p->cells == 0)
        p->delimiter = csv_delimiter(line);
    enum err_code code = cut_line(p, line, number, room, &scan->rows[p->n_rows], &value, err);
    if (code == ERR_NONE)
        scan->part_of[p->n_rows++] = part_number(scan, value);
    return code;
}

/* Part by part, in the order of the file within each. */
static void sort_rows(struct scan *scan)
{
    struct csv_split *p = scan->p;
    size_t start = 0;
    for (size_t i = 0; i < p->parts.len; i++) {
        p->parts.items[i].start = start;
        start += p->parts.items[i].len;
        p->parts.items[i].len = 0;
    }
    p->rows = xmalloc(p->n_rows * sizeof(*p->rows));
    for (size_t i = 0; i < p->n_rows; i++) {
        struct part *part = &p->parts.items[scan->part_of[i]];
        p->rows[part->start + part->len++] = scan->rows[i];
    }
}

static enum err_code scan_text(struct csv_split *p, struct err *err)
{
    struct scan scan = {.p = p, .by_value = map_new(p->arena)};
    struct str rest = p->text, line;
    enum err_code code = ERR_NONE;
    for (size_t number = 1; code == ERR_NONE && text_line(&rest, &line); number++)
        if (!str_is_empty(str_trim(line)))
            code = scan_line(&scan, line, number, err);
    size_t label_cells = p->options.csv_weights ? 2 : 1;
    if (code == ERR_NONE && p->n_rows == 0) {
        code = err_set(err, ERR_SPEC, "'" STR_FMT "' is empty", STR_ARG(p->name));
        err_hint(err, "a channel needs at least one row");
    } else if (code == ERR_NONE && p->cells <= 1 + label_cells) {
        code = err_set(
            err, ERR_SPEC, "'" STR_FMT "' row 1 has %zu value%s: %s and a feature are needed",
            STR_ARG(p->name), p->cells, p->cells == 1 ? "" : "s",
            label_cells == 2 ? "the column to part by, a label, a weight"
                             : "the column to part by, a label");
    }
    if (code == ERR_NONE) {
        p->cols = p->cells - 1 - label_cells;
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
    struct csv_split *p = xmalloc(sizeof(*p));
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_from_index(text, 3);
    *p = (struct csv_split){
        .options = *options, .text = text, .arena = arena_new("parted CSV", MIB(2048))};
    p->name = str_dup(p->arena, options->name);
    enum err_code code = scan_text(p, err);
    if (code == ERR_NONE && p->n_rows > MAX_VALUES / p->cols)
        code = err_set(
            err, ERR_SPEC, "'" STR_FMT "' holds more than 4000000000 values", STR_ARG(p->name));
    if (code != ERR_NONE) {
        csv_split_free(p);
        return code;
    }
    if (options->keep) {
        p->values = xmalloc(p->n_rows * p->cols * sizeof(float));
        p->labels = xmalloc(p->n_rows * sizeof(float));
        p->weights = options->csv_weights ? xmalloc(p->n_rows * sizeof(float)) : NULL;
    }
    *out = p;
    return ERR_NONE;
}

void csv_split_free(struct csv_split *p)
{
    if (p == NULL)
        return;
    xfree(p->rows);
    xfree(p->values);
    xfree(p->labels);
    xfree(p->weights);
    arena_free(p->arena);
    xfree(p);
}

/* ---- what was found ---- */

size_t csv_split_count(const struct csv_split *p)
{
    return p->parts.len;
}

size_t csv_split_rows(const struct csv_split *p)
{
    return p->n_rows;
}

size_t csv_split_cols(const struct csv_split *p)
{
    return p->cols;
}

struct str csv_split_value(const struct csv_split *p, size_t part)
{
    return p->parts.items[part].value;
}

size_t csv_split_len(const struct csv_split *p, size_t part)
{
    return p->parts.items[part].len;
}

/* Only messages ask. */
static size_t number_of(const struct csv_split *p, const struct row *row)
{
    size_t number = 1;
    for (const char *c = p->text.ptr; c < row->at; number++) {
        const char *newline = memchr(c, '\n', (size_t) (row->at - c));
        if (newline == NULL)
            break;
        c = newline + 1;
    }
    return number;
}

void csv_split_text(const struct csv_split *p, size_t part, struct buf *out)
{
    const struct part *found = &p->parts.items[part];
    for (size_t i = found->start; i < found->start + found->len; i++) {
        const struct row *row = &p->rows[i];
        buf_add_mem(out, row->at, row->cut_from);
        buf_add_mem(out, row->at + row->cut_to, row->len - row->cut_to);
        buf_add_char(out, '\n');
    }
}

struct dataset *csv_split_dataset(const struct csv_split *p, size_t part)
{
    const struct part *found = &p->parts.items[part];
    return dataset_borrow(
        p->values + found->start * p->cols, p->labels + found->start,
        p->weights != NULL ? p->weights + found->start : NULL, found->len, p->cols);
}

/* ---- the numbers ---- */

struct cells {
    float *values;    /* of one line, without the column */
    struct buf *line; /* room for it */
};

static enum err_code
row_fault(const struct csv_split *p, const struct row *row, const char *what, struct err *err)
{
    size_t number = number_of(p, row);
    err_set(err, ERR_SPEC, "'" STR_FMT "' row %zu: %s", STR_ARG(p->name), number, what);
    return fault_at(number, err);
}

static enum err_code
check_row(struct csv_split *p, size_t index, const struct cells *cells, struct err *err)
{
    const struct row *row = &p->rows[index];
    size_t count = 0, wanted = p->cells - 1, skip = wanted - p->cols;
    struct str cell = STR_NULL;
    cells->line->len = 0;
    buf_add_mem(cells->line, row->at, row->cut_from);
    buf_add_mem(cells->line, row->at + row->cut_to, row->len - row->cut_to);
    enum cell_fault fault =
        csv_line(buf_str(cells->line), p->delimiter, cells->values, wanted, &count, &cell);
    if (fault == CELL_NOT_A_NUMBER || fault == CELL_NOT_FINITE)
        return csv_cell_fault(
            p->name, number_of(p, row), fault, count < p->options.column ? count : count + 1, cell,
            err);
    if (count != wanted) {
        size_t number = number_of(p, row);
        err_set(
            err, ERR_SPEC, "'" STR_FMT "' row %zu has %zu values, the first row has %zu",
            STR_ARG(p->name), number, count + 1, p->cells);
        return fault_at(number, err);
    }
    if (isnan(cells->values[0]))
        return row_fault(p, row, "the label is missing", err);
    if (p->options.csv_weights && !(cells->values[1] >= 0))
        return row_fault(p, row, "the weight is not a number of at least 0", err);
    if (p->values == NULL)
        return ERR_NONE;
    memcpy(p->values + index * p->cols, cells->values + skip, p->cols * sizeof(float));
    p->labels[index] = cells->values[0];
    if (p->weights != NULL)
        p->weights[index] = cells->values[1];
    return ERR_NONE;
}

enum err_code csv_split_check(struct csv_split *p, size_t from, size_t to, struct err *err)
{
    AUTO(buf_done) struct buf line = BUF_INIT(UINT32_MAX);
    float *values = xmalloc(p->cells * sizeof(float));
    const struct cells cells = {values, &line};
    enum err_code code = ERR_NONE;
    for (size_t i = from; code == ERR_NONE && i < to; i++)
        code = check_row(p, i, &cells, err);
    xfree(values);
    if (code == ERR_SPEC)
        err_hint(
            err, "each row: the column to part by, the label, then as many numbers as in the first "
                 "row; a missing value is an empty cell");
    return code;
}
