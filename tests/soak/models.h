/* tests/soak/models.h - models to soak with, and what each has to answer.
 *
 * Of every sort that is served in another way: a flat array with one output and with several,
 * libxgboost in place and by a DMatrix. The answers are libxgboost's, worked out
 * before anything runs side by side. Everything is on the arena. Threads: read-only when made.
 */
#ifndef TESTS_SOAK_MODELS_H
#define TESTS_SOAK_MODELS_H

#include "engine/base/str.h"

enum { SOAK_PAYLOADS = 8 };

struct soak_model {
    struct str name, path; /* path: of a folder as SageMaker unpacks it */
    struct str tar_gz;     /* of the same model */
    struct str payloads[SOAK_PAYLOADS], answers[SOAK_PAYLOADS];
};

struct soak_models {
    struct soak_model *items;
    size_t len;
    size_t memory_bytes; /* of all together, when loaded */
};

/* Trains them and writes their folders. Whatever fails ends the process. */
struct soak_models soak_models_make(struct arena *arena, const char *folder, uint64_t seed);

#endif
