/* CSV, read as training data, checked without keeping it, and read as a request: all three see the
 * same numbers, or all refuse. The first byte chooses weights. */
#include "tests/fuzz/fuzz.h"

#include "engine/serve/payload.h"
#include "engine/xgb/dataset.h"

#include <math.h>

static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

/* The rows as a request for a model with as many features as there are columns: label included. */
static void as_request(struct str text, const struct dataset *data)
{
    size_t cols = dataset_cols(data) + 1, got = 0, row = 0;
    struct payload payload;
    struct refusal refusal = {0};
    float *values = xmalloc(cols * 3 * sizeof(float)), *wanted = xmalloc(cols * sizeof(float));
    bool good = payload_open(&payload, text, STR("text/csv"), cols, &refusal);
    while (good && (good = payload_read(&payload, values, 3, &got, &refusal)) && got > 0)
        for (size_t i = 0; i < got && row < dataset_rows(data); i++, row++) {
            dataset_copy_row(data, row, wanted + 1);
            wanted[0] = dataset_labels(data)[row];
            for (size_t column = 0; column < cols; column++)
                FUZZ_HOLDS(same(values[i * cols + column], wanted[column]));
        }
    if (good)
        FUZZ_HOLDS(row == dataset_rows(data));
    else
        FUZZ_HOLDS(refusal.status >= 200 && refusal.status < 500);
    xfree(values);
    xfree(wanted);
}

/* A request is trimmed as a whole, as the container does, so cells that are blanks may go; and a
 * line of blanks is a row of it, where training data has none. */
static bool is_tight(struct str text)
{
    struct str rest = str_trim(text), line;
    if (rest.ptr != text.ptr || str_find(STR("\r\n"), str_from_index(text, rest.len)) == SIZE_MAX)
        return false;
    while (text_line(&rest, &line))
        if (str_is_empty(str_trim(line)))
            return false;
    return true;
}

/* Any number of features: 4xx or rows, never more. */
static void as_any_request(struct str text)
{
    for (size_t cols = 1; cols <= 3; cols++) {
        struct payload payload;
        struct refusal refusal = {0};
        float values[6];
        size_t got = 0, rows = 0;
        if (!payload_open(&payload, text, STR("text/csv"), cols, &refusal))
            continue;
        size_t most = payload_rows_left(&payload);
        while (payload_read(&payload, values, 2, &got, &refusal) && got > 0)
            rows += got;
        FUZZ_HOLDS(rows <= most);
    }
}

void fuzz_csv(struct str input)
{
    struct str text = input;
    bool weights = fuzz_byte(&text) == 'w';
    struct dataset_options options = {
        .name = STR("the input"), .content_type = STR("text/csv"), .csv_weights = weights};
    struct dataset *data = NULL;
    struct err err = {0}, check_err = {0};
    size_t rows = 0, cols = 0;
    enum err_code code = dataset_parse(text, &options, &data, &err);
    fuzz_check_err(code, &err);
    enum err_code checked = dataset_check(text, &options, &rows, &cols, &check_err);
    FUZZ_HOLDS(code == checked);
    as_any_request(text);
    if (code != ERR_NONE) {
        FUZZ_HOLDS(strcmp(err.message, check_err.message) == 0);
        return;
    }
    FUZZ_HOLDS(rows == dataset_rows(data) && cols == dataset_cols(data));
    if (!weights && is_tight(text))
        as_request(text, data);
    dataset_free(data);
}
