/* engine/local/token.h - tokens of paged listings.
 *
 * A token says where the next page begins, and which query it belongs to: with another operation,
 * region or filter it is refused, as AWS does. The page's size may change between pages.
 * Threads: re-entrant. Ownership: the call's arena.
 */
#ifndef ENGINE_LOCAL_TOKEN_H
#define ENGINE_LOCAL_TOKEN_H

#include "engine/local/call.h"

struct str token_make(struct local_call *call, struct str position);
/* What token_make() was given; STR_NULL when the call has no token. false: it is none of this
 * query's, and nothing is answered yet. */
bool token_read(struct local_call *call, struct str *ret_position);

#endif
