/* engine/local/pattern.h - the regular expressions of AWS's service models.
 *
 * Decides whether a whole text matches a pattern as the models write them (Java's syntax): classes
 * with \d \w \s \S \p{..} \u...., groups, alternatives, counts, (?:..) (?!..) (?=..) (?<!x).
 * Nothing is compiled and nothing allocated; the work is bounded, and a text that needs more does
 * not match. Letters beyond ASCII are all taken as \p{L}. Patterns come from our own tables: a
 * broken one matches nothing. Threads: re-entrant.
 */
#ifndef ENGINE_LOCAL_PATTERN_H
#define ENGINE_LOCAL_PATTERN_H

#include "engine/base/str.h"

bool pattern_matches(const char *pattern, struct str text);

#endif
