/* One CSV parted by a column: each part is the data set of its own text. The first byte chooses the
 * column, the second weights. */
#include "tests/fuzz/fuzz.h"

#include "engine/xgb/csv_split.h"

#include <math.h>

static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0;
}

static void same_rows(const struct dataset *a, const struct dataset *b)
{
    size_t cols = dataset_cols(a);
    FUZZ_HOLDS(dataset_rows(a) == dataset_rows(b) && cols == dataset_cols(b));
    float *left = xmalloc(cols * sizeof(float)), *right = xmalloc(cols * sizeof(float));
    for (size_t row = 0; row < dataset_rows(a); row++) {
        FUZZ_HOLDS(same(dataset_labels(a)[row], dataset_labels(b)[row]));
        dataset_copy_row(a, row, left);
        dataset_copy_row(b, row, right);
        for (size_t column = 0; column < cols; column++)
            FUZZ_HOLDS(same(left[column], right[column]));
    }
    xfree(left);
    xfree(right);
}

/* The text of a part, read as a file of its own. Another first line may have another delimiter. */
static void read_alone(const struct csv_split *split, size_t part, bool weights)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    csv_split_text(split, part, &text);
    FUZZ_HOLDS(buf_ok(&text));
    struct dataset_options options = {
        .name = STR("a part"), .content_type = STR("text/csv"), .csv_weights = weights};
    struct err err = {0};
    AUTO(dataset_close) struct dataset *alone = NULL;
    AUTO(dataset_close) struct dataset *slice = csv_split_dataset(split, part);
    FUZZ_HOLDS(dataset_rows(slice) == csv_split_len(split, part));
    struct str first = buf_str(&text);
    if (str_index(str_slice(first, 0, str_index(first, '\n')), ',') == SIZE_MAX)
        return;
    enum err_code code = dataset_parse(buf_str(&text), &options, &alone, &err);
    fuzz_check_err(code, &err);
    FUZZ_HOLDS(code == ERR_NONE);
    same_rows(slice, alone);
}

void fuzz_split(struct str input)
{
    struct str text = input;
    unsigned column = fuzz_byte(&text) % 8;
    bool weights = fuzz_byte(&text) == 'w';
    struct csv_split_options options = {
        .name = STR("the input"), .column = column, .csv_weights = weights, .keep = true};
    struct csv_split *split = NULL;
    struct err err = {0};
    enum err_code code = csv_split_open(text, &options, &split, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    size_t rows = csv_split_rows(split), counted = 0;
    code = csv_split_check(split, 0, rows, &err);
    fuzz_check_err(code, &err);
    for (size_t part = 0; part < csv_split_count(split); part++) {
        FUZZ_HOLDS(csv_split_value(split, part).len <= 1024);
        counted += csv_split_len(split, part);
        if (code == ERR_NONE)
            read_alone(split, part, weights);
    }
    FUZZ_HOLDS(counted == rows);
    csv_split_free(split);
}
