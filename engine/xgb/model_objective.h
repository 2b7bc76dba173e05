/* engine/xgb/model_objective.h - the objective of a UBJSON model, as an attribute of a binary one.
 *
 * A binary model holds its objective's parameters as JSON in the attribute "objective", as
 * SaveConfig() of src/objective/ writes them. Private to engine/xgb. Threads: pure functions.
 */
#ifndef ENGINE_XGB_MODEL_OBJECTIVE_H
#define ENGINE_XGB_MODEL_OBJECTIVE_H

#include "engine/xgb/ubjson.h"

struct arena;

/* More than any objective has. */
enum { MODEL_OBJECTIVE_PARAMS = 2 };

struct model_objective {
    struct str name, group; /* group: what the parameters are under; STR_NULL when there are none */
    struct {
        struct str name, value;
    } params[MODEL_OBJECTIVE_PARAMS];
    size_t n_params;
};

/* ret_objective: a struct model_objective of views; an ubjson_take_fn. */
bool model_objective_take(struct reader *reader, int type, void *ret_objective);
/* False unless libxgboost would write the same parameters again, and use the objective, with so
 * many classes. */
bool model_objective_json(
    const struct model_objective *objective,
    uint32_t classes,
    struct arena *arena,
    struct str *ret_json);

#endif
