/* engine/serve/repr.h - numbers as Python writes them: repr(float), and what json.dumps makes of
 * it.
 *
 * The shortest digits that read back as the same double; exponents below -4 and from 16 on
 * ("1e-05", "1e+16"), otherwise always a point ("2.0"). Threads: pure functions.
 */
#ifndef ENGINE_SERVE_REPR_H
#define ENGINE_SERVE_REPR_H

#include "engine/base/base.h"

#define REPR_MAX 32

/* Writes to out (REPR_MAX bytes, no terminator) and returns the length. json: "NaN" and "Infinity"
 * instead of "nan" and "inf". */
size_t repr_float(double value, bool json, char *out);

#endif
