/* engine/local/scaling_tables.h - the input shapes of Application Auto Scaling that the stand-in
 * answers: transcribed from the service model (2016-02-06). Threads: constant data.
 */
#ifndef ENGINE_LOCAL_SCALING_TABLES_H
#define ENGINE_LOCAL_SCALING_TABLES_H

#include "engine/local/sm_shape.h"

extern const struct sm_shape scaling_in_register, scaling_in_deregister, scaling_in_targets,
    scaling_in_put_policy, scaling_in_delete_policy, scaling_in_policies;

#endif
