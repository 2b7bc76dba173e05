/* libsvm, read as training data, checked without keeping it, and read as a request: all see the
 * same numbers, or say what they do not take. */
#include "tests/fuzz/fuzz.h"

#include "engine/serve/payload.h"
#include "engine/xgb/dataset.h"

#include <math.h>

enum { MOST_COLUMNS = 4096 };

static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

/* "qid:3", what is behind a '#' and a byte order mark are for training alone, a line of blanks is a
 * row of a request alone, and 'label:weight' is a feature there. */
static bool means_the_same(struct str text)
{
    struct str rest = str_trim(text), line, token;
    if (str_starts(text, STR("\xef\xbb\xbf")) || str_index(text, '#') != SIZE_MAX ||
        str_find(text, STR("qid:")) != SIZE_MAX)
        return false;
    while (text_line(&rest, &line))
        if (!text_token(&line, &token) || str_index(token, ':') != SIZE_MAX)
            return false;
    return true;
}

static void as_request(struct str text, const struct dataset *data)
{
    size_t cols = dataset_cols(data), got = 0, row = 0;
    struct payload payload;
    struct refusal refusal = {0};
    float *values = xmalloc(cols * 2 * sizeof(float)), *wanted = xmalloc(cols * sizeof(float));
    bool good = payload_open(&payload, text, STR("text/libsvm"), cols, &refusal);
    while (good && (good = payload_read(&payload, values, 2, &got, &refusal)) && got > 0)
        for (size_t i = 0; i < got; i++, row++) {
            FUZZ_HOLDS(row < dataset_rows(data));
            dataset_copy_row(data, row, wanted);
            for (size_t column = 0; column < cols; column++)
                FUZZ_HOLDS(same(values[i * cols + column], wanted[column]));
        }
    FUZZ_HOLDS(good && row == dataset_rows(data));
    xfree(values);
    xfree(wanted);
}

void fuzz_libsvm(struct str input)
{
    struct dataset_options options = {
        .name = STR("the input"), .content_type = STR("text/libsvm; charset=utf8")};
    struct dataset *data = NULL;
    struct err err = {0}, check_err = {0};
    size_t rows = 0, cols = 0;
    enum err_code code = dataset_parse(input, &options, &data, &err);
    fuzz_check_err(code, &err);
    FUZZ_HOLDS(code == dataset_check(input, &options, &rows, &cols, &check_err));
    if (code != ERR_NONE) {
        FUZZ_HOLDS(strcmp(err.message, check_err.message) == 0);
    } else {
        FUZZ_HOLDS(rows == dataset_rows(data) && cols == dataset_cols(data));
        if (cols <= MOST_COLUMNS && means_the_same(input))
            as_request(input, data);
    }
    dataset_free(data);
    struct payload payload;
    struct refusal refusal = {0};
    float values[8];
    size_t got = 0;
    if (payload_open(&payload, input, STR_NULL, 4, &refusal))
        while (payload_read(&payload, values, 2, &got, &refusal) && got > 0)
            continue;
}
