/* engine/local/admin.h - the stand-in's own operations, under /_mmectl/ (no bucket can have that
 * name), signed like AWS's with the service `mmectl`; identity alone is open.
 */
#ifndef ENGINE_LOCAL_ADMIN_H
#define ENGINE_LOCAL_ADMIN_H

#include "engine/local/call.h"

/* X(service, name, action, handler, flags); call.h has the checklist. */
#define LOCAL_ADMIN_OPS(X) \
    X(LOCAL_ADMIN, "identity", "mmectl:identity", admin_identity, OP_OUTSIDE) \
    X(LOCAL_ADMIN, "world", "mmectl:world", admin_world, OP_OUTSIDE) \
    X(LOCAL_ADMIN, "reset", "mmectl:reset", admin_reset, OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_ADMIN, "add-key", "mmectl:add-key", admin_add_key, OP_MUTATING | OP_OUTSIDE) \
    X(LOCAL_ADMIN, "used", "mmectl:used", access_used, OP_OUTSIDE)

#define ADMIN_DECLARE(service, name, action, handler, flags) local_op_fn handler;
LOCAL_ADMIN_OPS(ADMIN_DECLARE)
#undef ADMIN_DECLARE

#endif
