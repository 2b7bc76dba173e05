/* engine/local/sm_tables.h - the one table of what each operation takes.
 *
 * The shapes_*.c are written from AWS's service models as botocore carries them, by
 * tests/interop/validation.py --write, which also tests that they are current and that each of
 * their constraints is answered as AWS words it. Shapes of S3 and of the runtime, which come in
 * headers and paths, are the handlers' own. To add an operation: its line in its room's list, then
 * run that.
 */
#ifndef ENGINE_LOCAL_SM_TABLES_H
#define ENGINE_LOCAL_SM_TABLES_H

#include "engine/local/call.h"
#include "engine/local/sm_shape.h"

struct sm_input {
    enum local_service service; /* LOCAL_N_SERVICES ends a table */
    const char *operation;
    const struct sm_shape *shape;
};

extern const struct sm_input sm_inputs_training[], sm_inputs_hosting[], sm_inputs_logs[],
    sm_inputs_scaling[], sm_inputs_alarms[], sm_inputs_identity[];

/* NULL when the operation takes nothing that is described. */
const struct sm_shape *sm_input_of(enum local_service service, const char *operation);

#endif
