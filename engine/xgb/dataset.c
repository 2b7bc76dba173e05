#include "engine/xgb/dataset.h"

#include "engine/base/arena.h"
#include "engine/xgb/csv_fault.h"
#include "engine/xgb/text.h"
#include "engine/xgb/xgboost_api.h"

#include <math.h>

#define MAX_VALUES UINT64_C(4000000000)

struct dataset {
    size_t rows, cols;
    float *labels, *weights; /* weights: NULL without */
    unsigned *queries;       /* NULL without */
    float *values;           /* CSV: rows x cols. libsvm: the listed values */
    unsigned *columns;       /* libsvm: one per value; NULL for CSV */
    size_t *row_start;       /* libsvm: rows + 1 */
    bool borrowed;           /* the arrays are somebody else's */
};

/* One parse. With keep off nothing is stored but the counts, so a check needs one row of memory. */
struct parse {
    const struct dataset_options *options;
    struct dataset *into;
    bool keep;
    size_t row;      /* the line, from 1 */
    size_t capacity; /* rows there is room for */
    size_t n_values, cap_values;
    float *cells;   /* CSV: one line, label and weight included */
    size_t n_cells; /* CSV: per line */
    bool weighted, queried;
};

static enum err_code at_row(const struct parse *parse, struct err *err)
{
    err->at.line = parse->row < UINT32_MAX ? (unsigned) parse->row : UINT32_MAX;
    return err->code;
}

#define FAULT(parse, err, fmt, ...) \
    (err_set( \
         (err), ERR_SPEC, "'" STR_FMT "' row %zu" fmt, STR_ARG((parse)->options->name), \
         (parse)->row, __VA_ARGS__), \
     at_row((parse), (err)))

static void *grown(void *items, size_t *cap, size_t need, size_t item_size)
{
    if (need <= *cap)
        return items;
    size_t bigger = *cap > 0 ? *cap * 2 : 256;
    *cap = bigger > need ? bigger : need;
    return xrealloc(items, *cap * item_size);
}

/* Room for one more row in every per-row array. */
static void row_grow(struct parse *parse)
{
    struct dataset *data = parse->into;
    if (data->rows < parse->capacity)
        return;
    size_t capacity = parse->capacity > 0 ? parse->capacity * 2 : 256;
    parse->capacity = capacity;
    data->labels = xrealloc(data->labels, capacity * sizeof(float));
    data->weights = xrealloc(data->weights, capacity * sizeof(float));
    data->queries = xrealloc(data->queries, capacity * sizeof(unsigned));
    data->row_start = xrealloc(data->row_start, (capacity + 1) * sizeof(size_t));
}

static enum err_code
row_add(struct parse *parse, float label, float weight, unsigned query, struct err *err)
{
    struct dataset *data = parse->into;
    if (isnan(label) || isinf(label))
        return FAULT(parse, err, ": %s", "the label is missing");
    if (isnan(weight) || weight < 0)
        return FAULT(parse, err, ": %s", "the weight is not a number of at least 0");
    if (parse->keep) {
        row_grow(parse);
        data->labels[data->rows] = label;
        data->weights[data->rows] = weight;
        data->queries[data->rows] = query;
        data->row_start[data->rows + 1] = parse->n_values;
    }
    data->rows++;
    return ERR_NONE;
}

static enum err_code too_large(const struct parse *parse, struct err *err)
{
    return FAULT(parse, err, ": %s", "the file holds more than 4000000000 values");
}

/* ---- CSV ---- */

static size_t count_cells(struct str line, char delimiter)
{
    size_t cells = 1;
    for (size_t i = 0; i < line.len; i++)
        cells += line.ptr[i] == delimiter;
    return cells;
}

static enum err_code
csv_begin(struct parse *parse, struct str line, char delimiter, struct err *err)
{
    size_t label_cells = parse->options->csv_weights ? 2 : 1;
    parse->n_cells = count_cells(line, delimiter);
    if (parse->n_cells <= label_cells) {
        char shown[CELL_SHOWN];
        return FAULT(
            parse, err, " has %zu %s ('%s'): %s and at least one feature are needed",
            parse->n_cells, parse->n_cells == 1 ? "value" : "values", cell_shown(line, shown),
            label_cells == 2 ? "a label, a weight" : "a label");
    }
    parse->into->cols = parse->n_cells - label_cells;
    if (parse->into->cols > LIBSVM_MAX_COLUMNS)
        return FAULT(parse, err, " has %zu values, more than 10000000", parse->n_cells);
    parse->cells = xmalloc(parse->n_cells * sizeof(float));
    return ERR_NONE;
}

static enum err_code csv_row(struct parse *parse, struct str line, char delimiter, struct err *err)
{
    size_t count = 0;
    struct str cell = STR_NULL;
    enum cell_fault fault = csv_line(line, delimiter, parse->cells, parse->n_cells, &count, &cell);
    if (fault == CELL_NOT_A_NUMBER || fault == CELL_NOT_FINITE)
        return csv_cell_fault(parse->options->name, parse->row, fault, count, cell, err);
    if (count != parse->n_cells)
        return FAULT(parse, err, " has %zu values, the first row has %zu", count, parse->n_cells);

    size_t cols = parse->into->cols, skip = parse->n_cells - cols;
    if (parse->n_values + cols > MAX_VALUES)
        return too_large(parse, err);
    if (parse->keep) {
        parse->into->values =
            grown(parse->into->values, &parse->cap_values, parse->n_values + cols, sizeof(float));
        memcpy(parse->into->values + parse->n_values, parse->cells + skip, cols * sizeof(float));
    }
    parse->n_values += cols;
    return row_add(parse, parse->cells[0], parse->weighted ? parse->cells[1] : 1.0F, 0, err);
}

static enum err_code parse_csv(struct parse *parse, struct str text, struct err *err)
{
    struct str line;
    char delimiter = ',';
    parse->weighted = parse->options->csv_weights;
    while (text_line(&text, &line)) {
        parse->row++;
        if (str_is_empty(str_trim(line)))
            continue;
        enum err_code code = ERR_NONE;
        if (parse->n_cells == 0) {
            delimiter = csv_delimiter(line);
            code = csv_begin(parse, line, delimiter, err);
        }
        if (code == ERR_NONE)
            code = csv_row(parse, line, delimiter, err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

/* ---- libsvm ---- */

static enum err_code pair_fault(
    const struct parse *parse,
    enum cell_fault fault,
    size_t token,
    struct str text,
    struct err *err)
{
    static const char *const what[] = {
        [CELL_NO_COLON] = "is not index:value",
        [CELL_BAD_INDEX] = "has an index that is not a whole number from 0 to 9999999",
        [CELL_NOT_A_NUMBER] = "has a value that is not a number",
        [CELL_NOT_FINITE] = "has a value that is infinite or too large for a float",
        [CELL_REPEATED_INDEX] = "does not follow the index before it: they must rise",
    };
    char shown[CELL_SHOWN];
    return FAULT(
        parse, err, ", token %zu: '%s' %s", token + 1, cell_shown(text, shown), what[fault]);
}

static enum err_code
libsvm_label(struct parse *parse, struct str token, float *label, float *weight, struct err *err)
{
    struct str rest = token, first = STR_NULL;
    char shown[CELL_SHOWN];
    (void) str_split(&rest, ':', &first);
    bool has_weight = !str_is_null(rest);
    if (!number_parse(first, label) || (has_weight && !number_parse(rest, weight)))
        return FAULT(
            parse, err, ": '%s' is not a label (label or label:weight expected)",
            cell_shown(token, shown));
    parse->weighted = parse->weighted || has_weight;
    return ERR_NONE;
}

static enum err_code
libsvm_value(struct parse *parse, unsigned column, float value, struct err *err)
{
    struct dataset *data = parse->into;
    if (parse->n_values == MAX_VALUES)
        return too_large(parse, err);
    if (parse->keep) {
        if (parse->n_values == parse->cap_values) {
            parse->cap_values = parse->cap_values > 0 ? parse->cap_values * 2 : 1024;
            data->values = xrealloc(data->values, parse->cap_values * sizeof(float));
            data->columns = xrealloc(data->columns, parse->cap_values * sizeof(unsigned));
        }
        data->values[parse->n_values] = value;
        data->columns[parse->n_values] = column;
    }
    parse->n_values++;
    if (column >= data->cols)
        data->cols = (size_t) column + 1;
    return ERR_NONE;
}

static enum err_code
libsvm_query(struct parse *parse, struct str digits, unsigned *query, struct err *err)
{
    uint64_t number = 0;
    char shown[CELL_SHOWN];
    if (!str_to_u64(digits, &number) || number > UINT32_MAX)
        return FAULT(parse, err, ": 'qid:%s' is not a whole number", cell_shown(digits, shown));
    if (parse->queried && number < *query)
        return FAULT(
            parse, err,
            ": query %ju comes after query %u (rows must be in the order of their queries)",
            (uintmax_t) number, *query);
    *query = (unsigned) number;
    parse->queried = true;
    return ERR_NONE;
}

static enum err_code
libsvm_row(struct parse *parse, struct str line, unsigned *query, struct err *err)
{
    struct str token;
    float label = NAN, weight = 1.0F;
    if (!text_token(&line, &token))
        return ERR_NONE;
    enum err_code code = libsvm_label(parse, token, &label, &weight, err);
    int64_t last = -1;
    for (size_t n = 1; code == ERR_NONE && text_token(&line, &token); n++) {
        if (token.ptr[0] == '#')
            break;
        if (str_starts(token, STR("qid:"))) {
            code = libsvm_query(parse, str_from_index(token, 4), query, err);
            continue;
        }
        unsigned column = 0;
        float value = 0;
        enum cell_fault fault = libsvm_pair(token, &column, &value);
        if (fault == CELL_OK && (int64_t) column <= last)
            fault = CELL_REPEATED_INDEX;
        if (fault != CELL_OK)
            return pair_fault(parse, fault, n, token, err);
        last = column;
        code = libsvm_value(parse, column, value, err);
    }
    return code == ERR_NONE ? row_add(parse, label, weight, *query, err) : code;
}

static enum err_code parse_libsvm(struct parse *parse, struct str text, struct err *err)
{
    struct str line;
    unsigned query = 0;
    while (text_line(&text, &line)) {
        parse->row++;
        struct str trimmed = str_trim(line);
        if (str_is_empty(trimmed) || trimmed.ptr[0] == '#')
            continue;
        enum err_code code = libsvm_row(parse, line, &query, err);
        if (code != ERR_NONE)
            return code;
    }
    if (parse->into->rows > 0 && parse->into->cols == 0)
        return err_set(
            err, ERR_SPEC, "'" STR_FMT "' has no features", STR_ARG(parse->options->name));
    return ERR_NONE;
}

/* ---- both ---- */

static enum err_code parse_any(struct parse *parse, struct str text, struct err *err)
{
    const struct dataset_options *options = parse->options;
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_from_index(text, 3);
    if (str_is_empty(str_trim(text))) {
        err_set(err, ERR_SPEC, "'" STR_FMT "' is empty", STR_ARG(options->name));
        return err_hint(err, "a channel needs at least one row");
    }
    enum err_code code = ERR_NONE;
    switch (data_format_of(options->content_type)) {
    case DATA_FORMAT_CSV:
        code = parse_csv(parse, text, err);
        if (code == ERR_SPEC)
            err_hint(
                err, "each row: the label, then as many numbers as in the first row; a missing "
                     "value is an empty cell");
        break;
    case DATA_FORMAT_LIBSVM:
        code = parse_libsvm(parse, text, err);
        if (code == ERR_SPEC)
            err_hint(err, "each row: label[:weight] [qid:number] index:value index:value ...");
        break;
    case DATA_FORMAT_PARQUET:
    case DATA_FORMAT_RECORDIO:
        code = err_set(
            err, ERR_SPEC,
            "'" STR_FMT "': content type '" STR_FMT
            "' cannot be read here, only text/csv and text/libsvm",
            STR_ARG(options->name), STR_ARG(options->content_type));
        break;
    case DATA_FORMAT_BAD_LABEL_SIZE:
        code = err_set(
            err, ERR_SPEC,
            STR_FMT " is not an accepted csv ContentType. Optional parameter label_size must be "
                    "equal to 1",
            STR_ARG(options->content_type));
        break;
    case DATA_FORMAT_UNKNOWN:
        code = err_set(
            err, ERR_SPEC,
            STR_FMT " is not an accepted ContentType: csv, libsvm, parquet, recordio-protobuf, "
                    "text/csv, text/libsvm, text/x-libsvm, application/x-parquet, "
                    "application/x-recordio-protobuf",
            STR_ARG(options->content_type));
        break;
    }
    xfree(parse->cells);
    if (code == ERR_NONE && parse->into->rows == 0)
        code = err_set(err, ERR_SPEC, "'" STR_FMT "' has no rows", STR_ARG(options->name));
    return code;
}

enum err_code dataset_parse(
    struct str text, const struct dataset_options *options, struct dataset **out, struct err *err)
{
    struct dataset *data = xmalloc(sizeof(*data));
    *data = (struct dataset){0};
    struct parse parse = {.options = options, .into = data, .keep = true};
    enum err_code code = parse_any(&parse, text, err);
    if (code != ERR_NONE) {
        dataset_free(data);
        return code;
    }
    data->row_start[0] = 0;
    if (!parse.weighted) {
        xfree(data->weights);
        data->weights = NULL;
    }
    if (!parse.queried) {
        xfree(data->queries);
        data->queries = NULL;
    }
    *out = data;
    return ERR_NONE;
}

enum err_code dataset_check(
    struct str text,
    const struct dataset_options *options,
    size_t *rows,
    size_t *cols,
    struct err *err)
{
    struct dataset counts = {0};
    struct parse parse = {.options = options, .into = &counts};
    enum err_code code = parse_any(&parse, text, err);
    if (code == ERR_NONE) {
        *rows = counts.rows;
        *cols = counts.cols;
    }
    return code;
}

struct dataset *
dataset_borrow(float *values, float *labels, float *weights, size_t rows, size_t cols)
{
    struct dataset *data = xmalloc(sizeof(*data));
    *data = (struct dataset){
        .rows = rows,
        .cols = cols,
        .labels = labels,
        .weights = weights,
        .values = values,
        .borrowed = true};
    return data;
}

void dataset_free(struct dataset *dataset)
{
    if (dataset == NULL)
        return;
    if (dataset->borrowed) {
        xfree(dataset);
        return;
    }
    xfree(dataset->labels);
    xfree(dataset->weights);
    xfree(dataset->queries);
    xfree(dataset->values);
    xfree(dataset->columns);
    xfree(dataset->row_start);
    xfree(dataset);
}

void dataset_close(struct dataset **dataset)
{
    dataset_free(*dataset);
    *dataset = NULL;
}

size_t dataset_rows(const struct dataset *dataset)
{
    return dataset->rows;
}

size_t dataset_cols(const struct dataset *dataset)
{
    return dataset->cols;
}

const float *dataset_labels(const struct dataset *dataset)
{
    return dataset->labels;
}

bool dataset_is_sparse(const struct dataset *dataset)
{
    return dataset->columns != NULL;
}

void dataset_copy_row(const struct dataset *dataset, size_t row, float *values)
{
    if (!dataset_is_sparse(dataset)) {
        memcpy(values, dataset->values + row * dataset->cols, dataset->cols * sizeof(float));
        return;
    }
    for (size_t i = 0; i < dataset->cols; i++)
        values[i] = NAN;
    for (size_t i = dataset->row_start[row]; i < dataset->row_start[row + 1]; i++)
        values[dataset->columns[i]] = dataset->values[i];
}

enum err_code
dataset_matrix(const struct dataset *dataset, struct xgb_matrix **out, struct err *err)
{
    AUTO(xgb_matrix_close) struct xgb_matrix *matrix = NULL;
    size_t rows = dataset->rows, cols = dataset->cols;
    enum err_code code =
        dataset_is_sparse(dataset)
            ? xgb_matrix_csr(
                  dataset->row_start, dataset->columns, dataset->values, rows, cols, &matrix, err)
            : xgb_matrix_dense(dataset->values, rows, cols, &matrix, err);
    if (code == ERR_NONE)
        code = xgb_matrix_set_floats(matrix, "label", dataset->labels, rows, err);
    if (code == ERR_NONE && dataset->weights != NULL)
        code = xgb_matrix_set_floats(matrix, "weight", dataset->weights, rows, err);
    if (code == ERR_NONE && dataset->queries != NULL)
        code = xgb_matrix_set_queries(matrix, dataset->queries, rows, err);
    if (code != ERR_NONE)
        return code;
    *out = matrix;
    matrix = NULL;
    return ERR_NONE;
}
