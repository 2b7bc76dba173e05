/* The list of rooms and the one table of operations. */
#include "engine/local/admin.h"
#include "engine/local/alarms.h"
#include "engine/local/call.h"
#include "engine/local/cloudwatch.h"
#include "engine/local/identity.h"
#include "engine/local/measures.h"
#include "engine/local/s3.h"
#include "engine/local/scaling.h"
#include "engine/local/sm_ops.h"
#include "engine/local/world.h"

#define LOCAL_OPS(X) \
    LOCAL_S3_OPS(X) \
    LOCAL_ID_OPS(X) \
    LOCAL_ADMIN_OPS(X) \
    LOCAL_SM_OPS(X) LOCAL_SCALING_OPS(X) LOCAL_ALARM_OPS(X) LOCAL_METRIC_OPS(X)

/* To add a room: its struct here; SageMaker's are in sm_ops.h. */
#define LOCAL_ROOMS(X) \
    X(local_room_s3) \
    LOCAL_SM_ROOMS(X) X(local_scaling_room) X(local_alarms_room) X(local_measures_room)

/* Most are declared by their room's header already, and some names share a handler. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#define DECLARE_OP(service, name, action, handler, flags) local_op_fn handler;
LOCAL_OPS(DECLARE_OP)
#undef DECLARE_OP
#pragma GCC diagnostic pop

static const struct local_op s_ops[] = {
#define OP_ROW(service, name, action, handler, flags) {service, name, action, handler, flags},
    LOCAL_OPS(OP_ROW)
#undef OP_ROW
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#define DECLARE_ROOM(room) extern const struct local_room room;
LOCAL_ROOMS(DECLARE_ROOM)
#undef DECLARE_ROOM
#pragma GCC diagnostic pop

const struct local_room *const local_rooms[] = {
#define ROOM_ROW(room) &room,
    LOCAL_ROOMS(ROOM_ROW)
#undef ROOM_ROW
};
const size_t local_n_rooms = ARRAY_LEN(local_rooms);
_Static_assert(ARRAY_LEN(local_rooms) <= LOCAL_MAX_ROOMS, "raise LOCAL_MAX_ROOMS");

static const struct str s_names[] = {
#define OP_NAME(service, name, action, handler, flags) STR_INIT(name),
    LOCAL_OPS(OP_NAME)
#undef OP_NAME
};

const struct local_op *local_op_find(enum local_service service, struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_ops); i++)
        if (s_ops[i].service == service && str_eq(name, s_names[i]))
            return &s_ops[i];
    return NULL;
}

size_t local_op_count(void)
{
    return ARRAY_LEN(s_ops);
}

const struct local_op *local_op_at(size_t index)
{
    return &s_ops[index];
}
