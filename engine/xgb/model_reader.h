/* engine/xgb/model_reader.h - bytes of a model, read from front to end and never beyond.
 *
 * Private to engine/xgb. Threads: a value. Errors: ERR_PROTOCOL of damage().
 */
#ifndef ENGINE_XGB_MODEL_READER_H
#define ENGINE_XGB_MODEL_READER_H

#include "engine/base/err.h"

/* A reader that cannot run past the end: what is not there makes it fail for good. */
struct reader {
    const unsigned char *at, *end;
    bool failed;
    uint64_t number; /* the last whole number; UINT64_MAX: it was none */
    uint64_t trees;  /* that have been met */
    bool linear;     /* the last value was the text "gblinear" */
    bool weights;    /* the last value was an object with a member `weights` */
};

static inline struct reader reader_of(struct str bytes)
{
    const unsigned char *start = (const unsigned char *) bytes.ptr;
    return (struct reader){.at = start, .end = start + bytes.len};
}

static inline const unsigned char *take(struct reader *reader, uint64_t len)
{
    if (reader->failed || len > (uint64_t) (reader->end - reader->at)) {
        reader->failed = true;
        return NULL;
    }
    const unsigned char *bytes = reader->at;
    reader->at += len;
    return bytes;
}

/* Both give -1 at the end. */
static inline int peek(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : -1;
}

static inline int take_char(struct reader *reader)
{
    const unsigned char *byte = take(reader, 1);
    return byte != NULL ? *byte : -1;
}

static inline enum err_code damage(const struct reader *reader, struct str bytes, struct err *err)
{
    if (!reader->failed)
        return ERR_NONE;
    return err_set(
        err, ERR_PROTOCOL, "the model is cut off or damaged at byte %zu",
        (size_t) (reader->at - (const unsigned char *) bytes.ptr));
}

#endif
