/* cmd/sample.h - rows to call a model with, and the same rows as floats to score them here.
 *
 * From --data FILE (features only, CSV), or from the first rows of the validation channel (the
 * train channel when there is none) without label and weight. CSV stays CSV, libsvm stays libsvm
 * with its 0-based indices. Everything lives on the arena.
 */
#ifndef CMD_SAMPLE_H
#define CMD_SAMPLE_H

#include "cmd/session.h"

struct sample {
    struct str body;
    struct str content_type; /* "text/csv" or "text/libsvm" */
    struct str source;       /* for messages */
    size_t rows;
};

/* Where a model's rows come from. */
struct sample_place {
    const struct spec_channel *channels;
    size_t n_channels;
    const struct spec_map *hyperparameters; /* csv_weights */
    size_t column;                          /* dropped: a partition's; SIZE_MAX for none */
};

enum err_code sample_load(
    struct session *session,
    const struct sample_place *place,
    size_t max_rows,
    struct sample *ret_sample,
    struct err *err) MUST_USE;
/* Pure: takes the first rows of a channel's text and drops label (and weight) from each. */
enum err_code sample_from_channel(
    struct arena *arena,
    struct str text,
    struct str content_type,
    bool csv_weights,
    size_t max_rows,
    struct sample *ret_sample,
    struct err *err) MUST_USE;
/* Row-major values, NaN for missing. libsvm rows get `features` columns, CSV rows their own number.
 */
enum err_code sample_values(
    struct arena *arena,
    const struct sample *sample,
    size_t features,
    float **ret_values,
    size_t *ret_cols,
    struct err *err) MUST_USE;
/* Numbers of an answer, whatever brackets and separators are around them: "0.1,0.2", "[[1, 2]]". */
enum err_code sample_numbers(
    struct arena *arena, struct str body, double **ret_numbers, size_t *ret_count, struct err *err)
    MUST_USE;
/* A file, or standard input for "-", up to what InvokeEndpoint takes. */
enum err_code
sample_read(struct arena *arena, struct str path, struct str *ret_text, struct err *err) MUST_USE;

#endif
