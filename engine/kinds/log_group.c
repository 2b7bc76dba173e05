#include "engine/aws/logs.h"
#include "engine/kinds/kinds_internal.h"

/* SageMaker makes it for the endpoint; only destroy touches it. */
static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    struct err failure = {0};
    enum err_code code =
        logs_delete_group(kinds->aws, call->arena, call->change->old_name, &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "deleting log group '" STR_FMT "'", STR_ARG(call->change->old_name));
}

const struct kind_ops kind_log_group = {.start = start};
