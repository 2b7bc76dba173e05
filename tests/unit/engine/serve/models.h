/* tests/unit/engine/serve/models.h - small models as folders, the way SageMaker unpacks them.
 *
 * A model of COLS features; another number of rounds is another model. Threads: one.
 */
#ifndef TESTS_UNIT_ENGINE_SERVE_MODELS_H
#define TESTS_UNIT_ENGINE_SERVE_MODELS_H

#include "engine/base/file.h"
#include "tests/harness/test.h"
#include "tests/unit/engine/xgb/fixture.h"

enum { MODEL_COLS = 4, MODEL_ROWS = 40 };

static inline struct str
model_bytes(struct arena *arena, unsigned rounds, const char *objective, unsigned classes)
{
    AUTO(dataset_close)
    struct dataset *data = fixture_dataset(fixture_csv(arena, 7, MODEL_ROWS, MODEL_COLS, classes));
    struct hyper_value values[] = {
        {STR("num_round"), str_fmt(arena, "%u", rounds)},
        {STR("objective"), str_from(objective)},
        {STR("num_class"), str_fmt(arena, "%u", classes)}};
    return fixture_train(arena, data, NULL, values, classes > 2 ? 3 : 2).model;
}

/* FOLDER/name/file, and the folder of it. */
static inline struct str model_file(
    struct arena *arena, const char *folder, const char *name, const char *file, struct str bytes)
{
    struct err err = {0};
    struct str path = path_join(arena, str_from(folder), str_from(name));
    assert_ok(file_mkdirs(path.ptr, 0700, &err), &err);
    assert_ok(
        file_write_atomic(path_join(arena, path, str_from(file)).ptr, bytes, 0600, &err), &err);
    return path;
}

#endif
