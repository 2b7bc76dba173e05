/* specs/spec_schema.h - the language as JSON Schema 2020-12, for editors.
 *
 * Made from the tables, so it never lags behind. It accepts every spec that the loader accepts, and
 * not the other way round: rules of more than one field are the loader's. Threads: pure function.
 */
#ifndef SPECS_SPEC_SCHEMA_H
#define SPECS_SPEC_SCHEMA_H

#include "engine/base/json.h"

struct json *spec_schema(struct arena *arena);

#endif
