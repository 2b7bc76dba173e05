/* engine/xgb/hyper_parse.h - Python's readings and spellings of values, as far as hyperparameters
 * need them.
 *
 * The container parses with int(), float(), str.split and literal evaluation, and prints values
 * with str(); messages must come out the same. Ownership: texts on the arena. Threads: pure
 * functions.
 */
#ifndef ENGINE_XGB_HYPER_PARSE_H
#define ENGINE_XGB_HYPER_PARSE_H

#include "engine/base/arena.h"
#include "engine/base/str.h"
#include "engine/base/vec.h"

/* int(text). A value beyond int64_t is cut to the nearest. */
bool py_int(struct str text, int64_t *ret_value);
/* float(text), without nan: no comparison with it can fail, and no hyperparameter can be it. */
bool py_float(struct str text, double *ret_value);
struct str py_float_text(struct arena *arena, double value); /* str(1e16) is "1e+16" */
/* "a,b" -> ['a', 'b'] */
struct str py_list_text(struct arena *arena, struct str comma_list);

struct py_ints {
    VEC(int64_t) list;
};

/* "(1, 0, -1)" or "[1,2]"; the text as Python prints it back. */
bool py_int_tuple(
    struct arena *arena, struct str text, struct py_ints *ret_values, struct str *ret_text);
/* "[[1,2],[3]]", flattened. */
bool py_nested_list(
    struct arena *arena, struct str text, struct py_ints *ret_values, struct str *ret_text);

#endif
