/* engine/serve/pins.h - which models are never dropped to make room for others.
 *
 * A list of names with commas between them; a name that ends with '*' stands for all that begin so:
 * "premium.tar.gz,gold-*". Blanks around a name do not count. Threads: a pure function.
 */
#ifndef ENGINE_SERVE_PINS_H
#define ENGINE_SERVE_PINS_H

#include "engine/base/str.h"

bool pins_have(struct str pins, struct str name);

#endif
