/* engine/serve/answer.h - predictions as the body of an answer.
 *
 * Byte for byte what AWS's XGBoost container writes in multi-model mode (handler_service.py):
 * text/csv is all rows on one line, joined by commas, without a line end; application/json is
 * json.dumps of the list; a row of several values is a list in both. Numbers are float32 widened to
 * double, as Python prints them. Threads: one owner.
 */
#ifndef ENGINE_SERVE_ANSWER_H
#define ENGINE_SERVE_ANSWER_H

#include "engine/base/buf.h"
#include "engine/serve/refusal.h"

/* The model server's max_response_size. */
#define ANSWER_MAX_BYTES ((size_t) 6553500)

enum answer_format { ANSWER_CSV, ANSWER_JSON };

struct answer_type {
    enum answer_format format;
    struct str content_type; /* what was asked for, as it was written */
};

/* Null, empty or any type gives default_accept (null: application/json). Beyond the container,
 * which takes exactly one type: lists and parameters are understood. 406 when none of them can be
 * had. */
bool answer_type_of(
    struct str accept, struct str default_accept, struct answer_type *out, struct refusal *refusal);

struct answer {
    enum answer_format format;
    size_t outputs; /* values per row */
    size_t rows;    /* written so far */
    bool lines;     /* CSV: each row on a line of its own, instead of all on one */
    struct buf *out;
};

void answer_begin(struct answer *answer);
void answer_rows(struct answer *answer, const float *predictions, size_t rows);
void answer_end(struct answer *answer);

#endif
