/* specs/yaml_scalar.h - what a YAML scalar means: the YAML 1.2 core schema, and nothing else.
 *
 * Follows yaml.org/spec/1.2.2 section 10.3.2: `no`, `yes` and `on` are strings, 0777 is seven
 * hundred seventy-seven, 0o17 is octal, 1e3 is a float. Pure functions; no state.
 */
#ifndef SPECS_YAML_SCALAR_H
#define SPECS_YAML_SCALAR_H

#include "engine/base/str.h"

enum yscalar_type { YSCALAR_NULL, YSCALAR_BOOL, YSCALAR_INT, YSCALAR_FLOAT, YSCALAR_STRING };

struct yscalar {
    enum yscalar_type type;
    bool boolean;
    bool overflow;   /* an integer that does not fit; `integer` is the nearest that does */
    int64_t integer; /* YSCALAR_INT */
    double number;   /* YSCALAR_INT and YSCALAR_FLOAT */
};

/* Types a plain scalar's text; quoted and block scalars are strings and never come here. */
struct yscalar yscalar_of(struct str text);
const char *yscalar_type_name(enum yscalar_type type); /* "a whole number" */

#endif
