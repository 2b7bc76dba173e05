#include "engine/aws/logs.h"
#include "engine/kinds/kinds_internal.h"

/* SageMaker makes it for the endpoint, unless it is there; how long it keeps what is written is the
 * spec's. */

static enum err_code remove_group(struct kinds *kinds, struct world_call *call, struct err *err)
{
    struct err failure = {0};
    enum err_code code =
        logs_delete_group(kinds->aws, call->arena, call->change->old_name, &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "deleting log group '" STR_FMT "'", STR_ARG(call->change->old_name));
}

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct change *change = call->change;
    if (change->action == ACTION_DELETE)
        return remove_group(kinds, call, err);
    struct err failure = {0};
    enum err_code code = ERR_NONE;
    if (change->action == ACTION_CREATE)
        code = logs_create_group(kinds->aws, call->arena, change->name, &failure);
    if (code == ERR_NONE)
        code = logs_retain(
            kinds->aws, call->arena, change->name, call->want->retention_days, &failure);
    if (code == ERR_NONE)
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "setting the retention of '" STR_FMT "'", STR_ARG(change->name));
}

const struct kind_ops kind_log_group = {.start = start};
