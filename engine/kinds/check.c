#include "engine/aws/runtime.h"
#include "engine/base/file.h"
#include "engine/kinds/kinds_internal.h"
#include "engine/xgb/artifact.h"
#include "engine/xgb/booster.h"
#include "engine/xgb/text.h"

#include <math.h>

/* A model called through the endpoint, and its answer compared with libxgboost scoring the same
 * rows here, and with golden predictions. */

#define MAX_ARTIFACT_BYTES MIB(1024)
#define MAX_COLUMNS 1000000U

/* ---- the files ---- */

static enum err_code
bad_cell(enum cell_fault fault, size_t row, size_t column, struct str cell, struct err *err)
{
    char shown[CELL_SHOWN];
    return err_set(
        err, ERR_SPEC, "row %zu, column %zu: '%s' is %s", row, column + 1, cell_shown(cell, shown),
        fault == CELL_NOT_FINITE ? "not finite" : "not a number");
}

enum err_code kinds_read_payload(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct want_check *check,
    struct err *err)
{
    (void) world;
    enum err_code code = file_read(arena, str_z(arena, path), RUNTIME_MAX_BODY, &check->body, err);
    if (code != ERR_NONE)
        return code;
    size_t rows = 0, cols = 0, count = 0;
    VEC(float) values = {0};
    float *row = NULL;
    char delimiter = ',';
    struct str rest = check->body, line, cell = STR_NULL;
    while (text_line(&rest, &line)) {
        if (str_is_empty(str_trim(line)) && str_is_empty(str_trim(rest)))
            break;
        rows++;
        if (row == NULL) {
            delimiter = csv_delimiter(line);
            cols = 1;
            for (size_t i = 0; i < line.len; i++)
                cols += line.ptr[i] == delimiter;
            if (cols > MAX_COLUMNS)
                return err_set(err, ERR_SPEC, "row 1 has %zu columns", cols);
            row = ARENA_ARRAY(arena, cols, float);
        }
        enum cell_fault fault = csv_line(line, delimiter, row, cols, &count, &cell);
        if (fault != CELL_OK && fault != CELL_TOO_MANY)
            return bad_cell(fault, rows, count, cell, err);
        if (count != cols)
            return err_set(
                err, ERR_SPEC, "row %zu has %zu column%s, row 1 has %zu", rows, count,
                count == 1 ? "" : "s", cols);
        for (size_t i = 0; i < cols; i++)
            *VEC_PUSH(arena, &values) = row[i];
    }
    if (rows == 0)
        return err_set(err, ERR_SPEC, "it has no rows");
    check->rows = rows;
    check->cols = cols;
    check->values = values.items;
    return ERR_NONE;
}

static bool is_separator(char c)
{
    return c == ',' || c == ';' || c == '[' || c == ']' || c == ' ' || c == '\n' || c == '\r' ||
           c == '\t';
}

struct numbers {
    double *items;
    size_t len, cap;
};

/* Numbers, whatever brackets and separators are around them; false: *ret_token is none. */
static bool
read_numbers(struct arena *arena, struct str text, struct numbers *out, struct str *ret_token)
{
    for (size_t i = 0; i < text.len;) {
        if (is_separator(text.ptr[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < text.len && !is_separator(text.ptr[i]))
            i++;
        double value = 0;
        *ret_token = str_slice(text, start, i);
        if (!str_to_f64(*ret_token, &value))
            return false;
        *VEC_PUSH(arena, out) = value;
    }
    return true;
}

enum err_code kinds_read_golden(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct want_check *check,
    struct err *err)
{
    (void) world;
    struct str rest, line, token = STR_NULL;
    enum err_code code = file_read(arena, str_z(arena, path), MIB(64), &rest, err);
    if (code != ERR_NONE)
        return code;
    struct numbers all = {0};
    size_t rows = 0, width = 0;
    while (text_line(&rest, &line)) {
        if (str_is_empty(str_trim(line)) && str_is_empty(str_trim(rest)))
            break;
        size_t before = all.len;
        char shown[CELL_SHOWN];
        rows++;
        if (!read_numbers(arena, line, &all, &token) ||
            (all.len > 0 && !isfinite(all.items[all.len - 1])))
            return err_set(
                err, ERR_SPEC, "row %zu: '%s' is not a number", rows, cell_shown(token, shown));
        size_t count = all.len - before;
        width = rows == 1 ? count : width;
        if (count != width || count == 0)
            return err_set(
                err, ERR_SPEC, "row %zu has %zu number%s, row 1 has %zu", rows, count,
                count == 1 ? "" : "s", width);
    }
    if (rows != check->rows) {
        err_set(
            err, ERR_SPEC, "it has %zu row%s, the payload has %zu", rows, rows == 1 ? "" : "s",
            check->rows);
        return err_hint(err, "one line for each row of the payload, and no header");
    }
    check->expected = all.items;
    check->n_expected = all.len;
    return ERR_NONE;
}

/* ---- the call ---- */

/* How far apart they are at most; NaN counts as equal to NaN alone. */
static double farthest(const double *a, const double *b, size_t count, size_t *ret_at)
{
    double worst = 0;
    for (size_t i = 0; i < count; i++) {
        double diff = fabs(a[i] - b[i]);
        if ((isnan(a[i]) && isnan(b[i])) || diff <= worst)
            continue;
        worst = isnan(diff) ? (double) INFINITY : diff;
        *ret_at = i;
    }
    return worst;
}

static struct str compare(
    struct arena *arena,
    const struct want_check *check,
    const struct numbers *answer,
    const double *other,
    size_t n_other,
    const char *who)
{
    if (answer->len != n_other)
        return str_fmt(
            arena, "'" STR_FMT "': the endpoint answers %zu numbers, %s %zu",
            STR_ARG(check->payload), answer->len, who, n_other);
    size_t at = 0;
    double worst = farthest(answer->items, other, n_other, &at);
    if (worst <= check->tolerance)
        return STR_NULL;
    size_t width = check->rows > 0 && n_other >= check->rows ? n_other / check->rows : 1;
    return str_fmt(
        arena, "'" STR_FMT "' row %zu: the endpoint answers %.7g, %s %.7g (tolerance %g)",
        STR_ARG(check->payload), at / width + 1, answer->items[at], who, other[at],
        check->tolerance);
}

/* What libxgboost says of the bytes that are published. *ret_fault: it cannot score these rows. */
static enum err_code score_here(
    struct kinds *kinds,
    struct arena *scratch,
    const struct want *want,
    const struct artifact_plan *artifact,
    const struct want_check *check,
    struct numbers *out,
    struct str *ret_fault,
    struct err *err)
{
    struct str bytes;
    struct artifact archive;
    AUTO(booster_close) struct booster *booster = NULL;
    const struct s3_get_options get = {.max_bytes = MAX_ARTIFACT_BYTES};
    enum err_code code =
        s3_get(kinds->aws, scratch, want->bucket, artifact->key, &get, &bytes, NULL, err);
    if (code == ERR_NONE)
        code = artifact_read(scratch, bytes, &archive, err);
    if (code == ERR_NONE)
        code = booster_load_oracle(archive.model, &booster, err);
    if (code != ERR_NONE)
        return code;
    size_t count = check->rows * booster_outputs(booster);
    float *predictions = ARENA_ARRAY(scratch, count, float);
    struct err unfit = {0};
    code = booster_predict(
        booster, check->values, check->rows, check->cols, predictions, count, &unfit);
    if (code != ERR_NONE) {
        *ret_fault = str_fmt(scratch, "'" STR_FMT "': %s", STR_ARG(check->payload), unfit.message);
        return ERR_NONE;
    }
    for (size_t i = 0; i < count; i++)
        *VEC_PUSH(scratch, out) = (double) predictions[i];
    return ERR_NONE;
}

static enum err_code invoke(
    struct kinds *kinds,
    struct arena *scratch,
    const struct want *want,
    const struct artifact_plan *artifact,
    const struct want_check *check,
    struct numbers *out,
    struct str *ret_fault,
    struct err *err)
{
    struct str target = key_target_model(want, artifact->key);
    struct runtime_request request = {
        .endpoint = want->endpoint,
        .target_model = want->mode == WANT_MULTI_MODEL ? target : STR_NULL,
        .target_container = want->mode == WANT_DIRECT ? target : STR_NULL,
        .content_type = STR("text/csv"),
        .accept = STR("text/csv"),
        .body = check->body};
    struct runtime_response response;
    struct runtime_fault fault = {0};
    struct err failure = {0};
    enum err_code code = runtime_invoke(kinds->aws, scratch, &request, &response, &fault, &failure);
    if (code != ERR_NONE && fault.original_status == 0) {
        *err = failure;
        return code;
    }
    if (code != ERR_NONE) {
        *ret_fault = str_fmt(
            scratch, "'" STR_FMT "': the model answers %d: " STR_FMT, STR_ARG(check->payload),
            fault.original_status, STR_ARG(fault.original_message));
        return ERR_NONE;
    }
    struct str token = STR_NULL;
    char shown[CELL_SHOWN];
    if (!read_numbers(scratch, response.body, out, &token))
        *ret_fault = str_fmt(
            scratch, "'" STR_FMT "': the endpoint answers '%s' where a number should be",
            STR_ARG(check->payload), cell_shown(token, shown));
    return ERR_NONE;
}

enum err_code kinds_call_model(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    const struct artifact_plan *artifact,
    const struct want_check *check,
    struct str *ret_fault,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    AUTO(arena_close) struct arena *scratch = arena_new("check", 4 * MAX_ARTIFACT_BYTES);
    struct numbers answer = {0}, here = {0};
    struct str fault = STR_NULL;
    enum err_code code = invoke(kinds, scratch, want, artifact, check, &answer, &fault, err);
    /* What an image of the user's makes of a model, only it knows. */
    bool scored = !want_has_other_image(want, artifact->name);
    if (code == ERR_NONE && str_is_null(fault) && scored)
        code = score_here(kinds, scratch, want, artifact, check, &here, &fault, err);
    if (code != ERR_NONE)
        return err_wrap(err, "calling model '" STR_FMT "'", STR_ARG(artifact->name));
    if (str_is_null(fault) && scored)
        fault = compare(scratch, check, &answer, here.items, here.len, "libxgboost here");
    if (str_is_null(fault) && check->n_expected > 0)
        fault = compare(
            scratch, check, &answer, check->expected, check->n_expected,
            "the golden predictions say");
    *ret_fault = str_is_null(fault) ? STR_NULL : str_dup(arena, fault);
    return ERR_NONE;
}
