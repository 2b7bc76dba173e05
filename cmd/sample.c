#include "cmd/sample.h"

#include "engine/aws/runtime.h"
#include "engine/aws/s3.h"
#include "engine/base/file.h"
#include "engine/xgb/csv_split.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#define MAX_CHANNEL_BYTES MIB(512)
#define MAX_COLUMNS 10000000U

static bool is_csv(struct str content_type)
{
    struct str type = content_type;
    (void) str_split(&content_type, ';', &type);
    type = str_trim(type);
    return str_eq_nocase(type, STR("text/csv")) || str_eq_nocase(type, STR("csv"));
}

static struct str strip_cr(struct str line)
{
    return str_ends(line, STR("\r")) ? str_slice(line, 0, line.len - 1) : line;
}

enum err_code sample_from_channel(
    struct arena *arena,
    struct str text,
    struct str content_type,
    bool csv_weights,
    size_t max_rows,
    struct sample *ret_sample,
    struct err *err)
{
    bool csv = is_csv(content_type);
    struct buf buf = BUF_INIT(RUNTIME_MAX_BODY);
    size_t rows = 0;
    struct str line;
    while (rows < max_rows && str_split(&text, '\n', &line)) {
        line = strip_cr(line);
        if (str_is_empty(str_trim(line)))
            continue;
        size_t drop = csv && csv_weights ? 2 : 1;
        for (; drop > 0; drop--) {
            size_t end = str_index(line, csv ? ',' : ' ');
            line = end == SIZE_MAX ? STR("") : str_from_index(line, end + 1);
        }
        buf_add(&buf, line);
        buf_add_char(&buf, '\n');
        rows++;
    }
    enum err_code code = ERR_NONE;
    if (rows == 0)
        code = err_set(err, ERR_SPEC, "the channel has no rows");
    else if (!buf_ok(&buf))
        code = err_set(err, ERR_SPEC, "%zu rows are more than a request can carry", rows);
    else
        *ret_sample = (struct sample){
            .body = str_dup(arena, buf_str(&buf)),
            .content_type = csv ? STR("text/csv") : STR("text/libsvm"),
            .rows = rows,
        };
    buf_done(&buf);
    return code;
}

static enum err_code
csv_row(struct str line, float *row, size_t cols, size_t number, struct err *err)
{
    struct str cell;
    size_t col = 0;
    while (str_split(&line, ',', &cell)) {
        double value = NAN;
        cell = str_trim(cell);
        if (col < cols && (str_is_empty(cell) || str_to_f64(cell, &value))) {
            row[col++] = (float) value;
            continue;
        }
        if (col >= cols)
            return err_set(err, ERR_SPEC, "row %zu has more than %zu columns", number, cols);
        return err_set(
            err, ERR_SPEC, "row %zu, column %zu: '" STR_FMT "' is not a number", number, col + 1,
            STR_ARG(str_slice(cell, 0, 40)));
    }
    if (col != cols)
        return err_set(err, ERR_SPEC, "row %zu has %zu columns, row 1 has %zu", number, col, cols);
    return ERR_NONE;
}

static enum err_code
libsvm_row(struct str line, float *row, size_t cols, size_t number, struct err *err)
{
    struct str token;
    while (str_split(&line, ' ', &token)) {
        size_t colon = str_index(token, ':');
        if (colon == SIZE_MAX)
            continue;
        uint64_t index;
        double value;
        if (!str_to_u64(str_slice(token, 0, colon), &index) ||
            !str_to_f64(str_slice(token, colon + 1, token.len), &value))
            return err_set(
                err, ERR_SPEC, "row %zu: '" STR_FMT "' is not index:value", number, STR_ARG(token));
        if (index >= cols)
            return err_set(
                err, ERR_SPEC, "row %zu: the model has %zu features, but index %llu is used",
                number, cols, (unsigned long long) index);
        row[index] = (float) value;
    }
    return ERR_NONE;
}

static size_t csv_columns(struct str text)
{
    struct str line, cell;
    size_t cols = 0;
    if (!str_split(&text, '\n', &line))
        return 0;
    while (str_split(&line, ',', &cell))
        cols++;
    return cols;
}

enum err_code sample_values(
    struct arena *arena,
    const struct sample *sample,
    size_t features,
    float **ret_values,
    size_t *ret_cols,
    struct err *err)
{
    bool csv = is_csv(sample->content_type);
    size_t cols = csv ? csv_columns(sample->body) : features;
    if (cols == 0 || cols > MAX_COLUMNS)
        return err_set(err, ERR_SPEC, "the sample has %zu columns", cols);
    float *values = ARENA_ARRAY(arena, sample->rows * cols, float);
    for (size_t i = 0; i < sample->rows * cols; i++)
        values[i] = NAN;
    struct str rest = sample->body, line;
    for (size_t row = 0; row < sample->rows && str_split(&rest, '\n', &line); row++) {
        float *at = values + row * cols;
        line = strip_cr(line);
        enum err_code code =
            csv ? csv_row(line, at, cols, row + 1, err) : libsvm_row(line, at, cols, row + 1, err);
        if (code != ERR_NONE)
            return code;
    }
    *ret_values = values;
    *ret_cols = cols;
    return ERR_NONE;
}

static bool is_separator(char c)
{
    return c == ',' || c == '[' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

enum err_code sample_numbers(
    struct arena *arena, struct str body, double **ret_numbers, size_t *ret_count, struct err *err)
{
    VEC(double) numbers = {0};
    size_t i = 0;
    while (i < body.len) {
        if (is_separator(body.ptr[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < body.len && !is_separator(body.ptr[i]))
            i++;
        double value;
        struct str token = str_slice(body, start, i);
        if (!str_to_f64(token, &value))
            return err_set(
                err, ERR_PROTOCOL, "the answer has '" STR_FMT "' where a number should be",
                STR_ARG(str_slice(token, 0, 40)));
        *VEC_PUSH(arena, &numbers) = value;
    }
    *ret_numbers = numbers.items;
    *ret_count = numbers.len;
    return ERR_NONE;
}

enum err_code
sample_read(struct arena *arena, struct str path, struct str *ret_text, struct err *err)
{
    if (!str_eq(path, STR("-")))
        return file_read(arena, str_z(arena, path), RUNTIME_MAX_BODY, ret_text, err);
    struct buf buf = BUF_INIT(RUNTIME_MAX_BODY);
    enum err_code code = ERR_NONE;
    char chunk[4096];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR) {
            code = err_set(err, ERR_CANCELLED, "interrupted while reading standard input");
            break;
        }
        if (n < 0)
            code = err_errno(err, errno, "reading standard input");
        if (n <= 0)
            break;
        buf_add_mem(&buf, chunk, (size_t) n);
    }
    if (code == ERR_NONE && !buf_ok(&buf))
        code = err_set(err, ERR_IO, "standard input is larger than 6 MiB, all a call can carry");
    if (code == ERR_NONE)
        *ret_text = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    return code;
}

static const struct spec_channel *channel_of(const struct sample_place *place)
{
    const struct spec_channel *found = NULL;
    for (size_t i = 0; i < place->n_channels; i++) {
        const struct spec_channel *channel = &place->channels[i];
        if (str_eq(channel->name.value, STR("validation")) ||
            (found == NULL && str_eq(channel->name.value, STR("train"))))
            found = channel;
    }
    return found;
}

static bool has_weights(const struct sample_place *place)
{
    for (size_t i = 0; i < place->hyperparameters->len; i++) {
        const struct spec_pair *pair = &place->hyperparameters->items[i];
        if (str_eq(pair->name, STR("csv_weights")))
            return str_eq(pair->value, STR("1"));
    }
    return false;
}

/* The first object under an s3:// channel. */
static enum err_code
read_s3(struct session *session, struct str uri, struct str *ret_text, struct err *err)
{
    struct arena *arena = session->app->arena;
    struct str bucket, key;
    if (!s3_uri_split(uri, &bucket, &key))
        return err_set(err, ERR_SPEC, "'" STR_FMT "' is not s3://bucket/key", STR_ARG(uri));
    const struct s3_list_options options = {.prefix = key, .max_objects = 1};
    struct s3_listing listing;
    enum err_code code = s3_list(session->aws, arena, bucket, &options, &listing, err);
    if (code != ERR_NONE)
        return code;
    if (listing.count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no object at '" STR_FMT "'", STR_ARG(uri));
    const struct s3_get_options get = {.max_bytes = MAX_CHANNEL_BYTES};
    return s3_get(session->aws, arena, bucket, listing.objects[0].key, &get, ret_text, NULL, err);
}

/* The first rows without the column that says whose they are. */
static enum err_code drop_column(
    struct arena *arena,
    struct str source,
    size_t column,
    size_t max_rows,
    struct str *text,
    struct err *err)
{
    struct str rest = *text, line;
    size_t rows = 0;
    while (rows < max_rows && str_split(&rest, '\n', &line))
        rows += str_is_empty(str_trim(line)) ? 0 : 1;
    const struct csv_split_options options = {.name = source, .column = column};
    struct csv_split *split;
    struct str first = str_slice(*text, 0, text->len - rest.len);
    enum err_code code = csv_split_open(first, &options, &split, err);
    if (code != ERR_NONE)
        return code;
    struct buf buf = BUF_INIT(MAX_CHANNEL_BYTES);
    for (size_t i = 0; i < csv_split_count(split); i++)
        csv_split_text(split, i, &buf);
    *text = str_dup(arena, buf_str(&buf));
    buf_done(&buf);
    csv_split_free(split);
    return ERR_NONE;
}

/* path: of rows without a label; name: as the user knows it. */
static enum err_code sample_from_file(
    struct session *session, struct str path, struct str name, struct sample *out, struct err *err)
{
    const struct args *args = &session->app->args;
    struct sample sample = {
        .content_type = str_is_null(args->content_type) ? STR("text/csv") : args->content_type,
        .source = name,
    };
    enum err_code code = sample_read(session->app->arena, path, &sample.body, err);
    if (code != ERR_NONE)
        return code;
    struct str rest = sample.body, line;
    while (str_split(&rest, '\n', &line))
        sample.rows += str_is_empty(str_trim(line)) ? 0 : 1;
    if (sample.rows == 0)
        return err_set(err, ERR_SPEC, "'" STR_FMT "' has no rows", STR_ARG(name));
    *out = sample;
    return ERR_NONE;
}

enum err_code sample_load(
    struct session *session,
    const struct sample_place *place,
    size_t max_rows,
    struct sample *ret_sample,
    struct err *err)
{
    struct arena *arena = session->app->arena;
    if (!str_is_null(session->app->args.data))
        return sample_from_file(
            session, session->app->args.data, session->app->args.data, ret_sample, err);
    const struct spec_channel *channel = channel_of(place);
    const struct spec *spec = session->spec;
    if (channel == NULL && spec->n_checks > 0)
        return sample_from_file(
            session, spec->checks[0].payload_path, spec->checks[0].payload.value, ret_sample, err);
    if (channel == NULL) {
        err_set(err, ERR_USAGE, "the spec has no data to call the models with");
        return err_hint(err, "give rows of features, without a label: --data FILE");
    }
    struct str text;
    enum err_code code =
        str_is_null(channel->path)
            ? read_s3(session, channel->source.value, &text, err)
            : file_read(arena, str_z(arena, channel->path), MAX_CHANNEL_BYTES, &text, err);
    if (code == ERR_NONE && place->column != SIZE_MAX)
        code = drop_column(arena, channel->source.value, place->column, max_rows, &text, err);
    if (code == ERR_NONE)
        code = sample_from_channel(
            arena, text, channel->content_type.value, has_weights(place), max_rows, ret_sample,
            err);
    if (code == ERR_NONE)
        ret_sample->source = channel->source.value;
    return code;
}
