#include "tests/harness/test.h"

#include "engine/base/buf.h"
#include "engine/xgb/csv_split.h"

#include <math.h>

static struct csv_split *open_text(const char *text, size_t column, bool weights, bool keep)
{
    const struct csv_split_options options = {STR("f"), column, weights, keep};
    struct csv_split *split = NULL;
    struct err err = {0};
    assert_ok(csv_split_open(str_from(text), &options, &split, &err), &err);
    assert_ok(csv_split_check(split, 0, csv_split_rows(split), &err), &err);
    return split;
}

/* "value:rows:text" of each part, '|' for line ends. */
static struct str parts_of(struct arena *arena, const struct csv_split *split)
{
    AUTO(buf_done) struct buf out = BUF_INIT(KIB(64));
    for (size_t i = 0; i < csv_split_count(split); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT(KIB(64));
        csv_split_text(split, i, &text);
        for (size_t k = 0; k < text.len; k++)
            if (text.ptr[k] == '\n')
                text.ptr[k] = '|';
        struct str value = csv_split_value(split, i), body = buf_str(&text);
        buf_fmt(
            &out, STR_FMT ":%zu:" STR_FMT " ", STR_ARG(value), csv_split_len(split, i),
            STR_ARG(body));
    }
    return str_dup(arena, buf_str(&out));
}

static void parts(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *parts;
    } s_cases[] = {
        {"a,1,2\nb,0,3\na,0,4\n", 0, "a:2:1,2|0,4| b:1:0,3| "},
        {"1,a,2\r\n0,b,3\r\n\r\n0,a,4", 1, "a:2:1,2|0,4| b:1:0,3| "},
        {"1,2,a\n0,3,b\n", 2, "a:1:1,2| b:1:0,3| "},
        {" a ,1,2\na,0,3\n,1,4\n", 0, "a:2:1,2|0,3| :1:1,4| "},
        {"\"a,b\",1,2\n \"say \"\"x\"\"\" ,0,3\n\"\",1,4\n", 0,
         "a,b:1:1,2| say \"x\":1:0,3| :1:1,4| "},
        {"a;1;2\nb;0;3\n", 0, "a:1:1;2| b:1:0;3| "},
        {"a\t1\t2\nb\t0\t3\n", 0, "a:1:1\t2| b:1:0\t3| "},
        {"\xef\xbb\xbf"
         "a,1,2\n",
         0, "a:1:1,2| "},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct csv_split *split = open_text(s_cases[i].text, s_cases[i].column, false, false);
        assert_int_equal(csv_split_cols(split), 1);
        assert_str(parts_of(*state, split), s_cases[i].parts);
        csv_split_free(split);
    }
    csv_split_free(NULL);
}

static void slices(void **state)
{
    (void) state;
    struct csv_split *split = open_text("a,1,0.5,7,8\nb,0,2,9,\na,0,1,5,6\n", 0, true, true);
    assert_int_equal(csv_split_rows(split), 3);
    assert_int_equal(csv_split_cols(split), 2);
    struct dataset *a = csv_split_dataset(split, 0), *b = csv_split_dataset(split, 1);
    assert_int_equal(dataset_rows(a), 2);
    assert_int_equal(dataset_cols(a), 2);
    float row[2];
    dataset_copy_row(a, 1, row);
    assert_int_equal((int) row[0] * 10 + (int) row[1], 56);
    assert_int_equal((int) dataset_labels(a)[0] * 10 + (int) dataset_labels(b)[0], 10);
    dataset_copy_row(b, 0, row);
    assert_int_equal((int) row[0], 9);
    assert_true(isnan(row[1]));
    dataset_free(a);
    dataset_free(b);
    csv_split_free(split);
}

static void faults(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        bool weights;
        const char *message;
        unsigned line;
    } s_cases[] = {
        {"", 0, false, "'f' is empty", 0},
        {"\n \n", 0, false, "'f' is empty", 0},
        {"a,1,2\n", 3, false, "there is no column 3: 'f' has 3 columns", 0},
        {"a\n", 1, false, "there is no column 1: 'f' has 1 column", 0},
        {"a,1\n", 0, false, "'f' row 1 has 2 values: the column to part by, a label and", 0},
        {"a,1,2\n", 0, true, "'f' row 1 has 3 values: the column to part by, a label, a weight", 0},
        {"a\n", 0, false, "'f' row 1 has 1 value: the column", 0},
        {"1,2,a\n\n0,3\n", 2, false, "'f' row 3 has 2 values, the first row has 3", 3},
        {"a,1,2\nb,1,2,3\n", 0, false, "'f' row 2 has 4 values, the first row has 3", 2},
        {"a,1,2\n\"b,1,2\n", 0, false, "'f' row 2, column 1: the quote is not closed", 2},
        {"who,label,x\na,1,2\n", 0, false, "'f' row 1 is a header: column 2 is 'label'", 1},
        {"a,1,2\nb,1,z\n", 0, false, "'f' row 2, column 3: 'z' is not a number", 2},
        {"1,a,2\nz,b,2\n", 1, false, "'f' row 2, column 1: 'z' is not a number", 2},
        {"a,1,2\nb,1,1e99\n", 0, false, "'f' row 2, column 3: '1e99' is infinite or too large", 2},
        {"a,1,2\nb,,2\n", 0, false, "'f' row 2: the label is missing", 2},
        {"a,1,-1,2\n", 0, true, "'f' row 1: the weight is not a number of at least 0", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        const struct csv_split_options options = {
            STR("f"), s_cases[i].column, s_cases[i].weights, false};
        struct csv_split *split = NULL;
        struct err err = {0};
        enum err_code code = csv_split_open(str_from(s_cases[i].text), &options, &split, &err);
        if (code == ERR_NONE)
            code = csv_split_check(split, 0, csv_split_rows(split), &err);
        if (code != ERR_SPEC || strstr(err.message, s_cases[i].message) == NULL)
            fail_msg("case %zu: %s: %s", i, err_name(code), err.message);
        assert_int_equal(err.at.line, s_cases[i].line);
        csv_split_free(split);
    }
    char *longest = str_z(*state, str_fmt(*state, "%01100d,1,2\n", 7));
    const struct csv_split_options options = {STR("f"), 0, false, false};
    struct csv_split *split = NULL;
    struct err err = {0};
    assert_fails(
        csv_split_open(str_from(longest), &options, &split, &err), ERR_SPEC, &err,
        "'f' row 1, column 1: the value is longer than 1024 bytes");
    struct err quoted = {0};
    struct str text = str_fmt(*state, "\"%01100d\",1,2\n", 7);
    assert_fails(
        csv_split_open(text, &options, &split, &quoted), ERR_SPEC, &quoted, "longer than 1024");
}

/* Many rows, so that what grows has grown. */
static void many_rows(void **state)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(4));
    for (int i = 0; i < 5000; i++)
        buf_fmt(&text, "k%d,%d,%d\n", i % 7, i % 2, i);
    struct csv_split *split = open_text(str_z(*state, buf_str(&text)), 0, false, true);
    assert_int_equal(csv_split_count(split), 7);
    for (size_t i = 0; i < 7; i++) {
        struct dataset *data = csv_split_dataset(split, i);
        float value;
        for (size_t row = 0; row < dataset_rows(data); row++) {
            dataset_copy_row(data, row, &value);
            assert_int_equal((int) value, (int) (row * 7 + i));
        }
        dataset_free(data);
    }
    csv_split_free(split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(parts),
        WITH_ARENA(slices),
        WITH_ARENA(faults),
        WITH_ARENA(many_rows),
    };
    return cmocka_run_group_tests_name("csv_split", tests, NULL, NULL);
}
