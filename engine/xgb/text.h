/* engine/xgb/text.h - the text formats of training data and of requests, down to one float.
 *
 * Numbers: the text as a double, rounded to float. That is what the XGBoost container does with a
 * request (Python float, then numpy's float32), and every path here uses it, so a row means the
 * same floats in training, in a request and in an oracle's hands. (Its File mode training reads
 * through dmlc-core's faster parser, which can be one float off for long decimals.) Grammar:
 * Python's float() without underscores; no hexadecimal, no NUL. Threads: pure functions.
 */
#ifndef ENGINE_XGB_TEXT_H
#define ENGINE_XGB_TEXT_H

#include "engine/base/str.h"

enum data_format {
    DATA_FORMAT_UNKNOWN,
    DATA_FORMAT_CSV,
    DATA_FORMAT_LIBSVM,
    DATA_FORMAT_PARQUET,
    DATA_FORMAT_RECORDIO,
    DATA_FORMAT_BAD_LABEL_SIZE /* CSV with a label_size other than 1 */
};

/* By the container's rules (data_utils.get_content_type): case does not count, parameters may
 * follow, none at all is libsvm. */
enum data_format data_format_of(struct str content_type);

/* The whole of text must be one number; blanks around it are allowed. Overflow gives infinity. */
bool number_parse(struct str text, float *out);

/* What csv.Sniffer finds in the first line, as the container uses it: the first of , tab ; blank
 * and : that occurs, else the most frequent character when it can be one, else a comma. */
char csv_delimiter(struct str first_line);

enum cell_fault {
    CELL_OK,
    CELL_NOT_A_NUMBER,
    CELL_NOT_FINITE, /* "inf", or too large for a float */
    CELL_TOO_MANY,   /* more cells than capacity */
    CELL_NO_COLON,   /* libsvm: a token without "index:value" */
    CELL_BAD_INDEX,  /* libsvm: the index is no whole number, or above the limit */
    CELL_REPEATED_INDEX
};

/* Parses one line of CSV into values; an empty or blank cell is NaN. count is the number of cells
 * (also on CELL_TOO_MANY: all of them). On a fault ret_cell is the text at fault and *count its
 * number, from 0. */
enum cell_fault csv_line(
    struct str line,
    char delimiter,
    float *values,
    size_t capacity,
    size_t *count,
    struct str *ret_cell);

/* The next line of *rest without its line end (\n or \r\n); false when *rest is used up. */
bool text_line(struct str *rest, struct str *line);
/* The next token between blanks and tabs of *rest; false at the end. */
bool text_token(struct str *rest, struct str *token);

#define LIBSVM_MAX_COLUMNS 10000000U

/* "index:value" */
enum cell_fault libsvm_pair(struct str token, unsigned *index, float *value);

/* For messages: at most 40 bytes of a cell, unprintable ones as '?'. out holds 44 bytes. */
#define CELL_SHOWN 44
const char *cell_shown(struct str cell, char *out);

#endif
