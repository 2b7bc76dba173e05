/* engine/xgb/csv_split.h - one CSV parted into many by the values of a column.
 *
 * The rows of one value are a part: in the file's order, without the column, so that a part's text
 * is the CSV somebody would have written for that value alone. The value's column may stand in
 * double quotes ("" is a quote within); blanks around a value do not count. Everything else is as
 * in dataset.h, and so are the messages: rows and columns are those of the whole file, from 1.
 *
 * csv_split_open() finds the parts, csv_split_check() reads the numbers; with keep, they are kept
 * in one buffer of which csv_split_dataset() gives slices. The text is the caller's and must stay
 * until it is no longer asked for: csv_split_text() and csv_split_check() read it. Threads:
 * csv_split_check() on ranges that do not overlap, and everything after it, from any thread.
 */
#ifndef ENGINE_XGB_CSV_SPLIT_H
#define ENGINE_XGB_CSV_SPLIT_H

#include "engine/base/buf.h"
#include "engine/xgb/dataset.h"

struct csv_split;

struct csv_split_options {
    struct str name; /* for messages */
    size_t column;   /* from 0 */
    bool csv_weights;
    bool keep;
};

/* ERR_SPEC, with err->at.line where it is a row's: no rows, no such column (the message says how
 * many there are), a value that is longer than 1,024 bytes, an open quote. */
enum err_code csv_split_open(
    struct str text,
    const struct csv_split_options *options,
    struct csv_split **out,
    struct err *err) MUST_USE;
void csv_split_free(struct csv_split *split);
size_t csv_split_count(const struct csv_split *split); /* parts, by first appearance */
size_t csv_split_rows(const struct csv_split *split);  /* of all of them */
size_t csv_split_cols(const struct csv_split *split);  /* features */
struct str csv_split_value(const struct csv_split *split, size_t part);
size_t csv_split_len(const struct csv_split *split, size_t part); /* rows */
/* Reads rows from <= i < to, counted part by part. */
enum err_code csv_split_check(struct csv_split *split, size_t from, size_t to, struct err *err)
    MUST_USE;
/* Adds a part's CSV, each line with \n. */
void csv_split_text(const struct csv_split *split, size_t part, struct buf *out);
/* A slice of what was kept; dataset_free() it before the split. */
struct dataset *csv_split_dataset(const struct csv_split *split, size_t part);

#endif
