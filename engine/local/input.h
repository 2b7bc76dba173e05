/* engine/local/input.h - the input of a call: read from JSON or from a form, and held against the
 * operation's shape (sm_tables.h).
 *
 * Both answer and return false when it is not to be used. Threads: none; no world is needed.
 */
#ifndef ENGINE_LOCAL_INPUT_H
#define ENGINE_LOCAL_INPUT_H

#include "engine/local/call.h"

/* Sets call->input: an object, empty when the protocol has none. The operation is known. */
bool input_read(struct local_call *call) MUST_USE;
/* Required members, lengths, patterns, enums and bounds; all that is wrong in one answer. */
bool input_check(struct local_call *call) MUST_USE;

#endif
