#include "engine/local/sm_tables.h"

const struct sm_shape *sm_input_of(enum local_service service, const char *operation)
{
    const struct sm_input *const tables[] = {sm_inputs_hosting, sm_inputs_training,
                                             sm_inputs_logs,    sm_inputs_scaling,
                                             sm_inputs_alarms,  sm_inputs_identity};

    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (const struct sm_input *row = tables[i]; row->service != LOCAL_N_SERVICES; row++)
            if (row->service == service && strcmp(row->operation, operation) == 0)
                return row->shape;
    return NULL;
}
