#include "engine/reconcile/planner_internal.h"

/* The endpoint's log group: made before SageMaker writes to it, so that its first line is kept no
 * longer than the others. */

static struct json *attributes(struct planner *p, struct str name, int64_t days)
{
    struct json *out = json_object(p->arena);
    json_put(p->arena, out, "name", json_string(p->arena, name));
    if (days > 0)
        json_put(p->arena, out, "retention_in_days", json_int(p->arena, days));
    return out;
}

void plan_logs(struct planner *p)
{
    const struct snapshot *seen = p->seen;
    int64_t days = p->want->retention_days;
    if (days == 0 || p->plan->mode == PLAN_ROLLBACK)
        return;
    bool same = seen->log_group && seen->log_retention_days == days;
    struct change *change = planner_change(
        p, KIND_LOG_GROUP,
        same              ? ACTION_NOOP
        : seen->log_group ? ACTION_UPDATE
                          : ACTION_CREATE,
        STR_NULL);
    change->name =
        str_fmt(p->arena, "/aws/sagemaker/Endpoints/" STR_FMT, STR_ARG(p->want->endpoint));
    change->at = p->want->logs_at;
    if (same)
        return;
    change->after = attributes(p, change->name, days);
    if (seen->log_group)
        change->before = attributes(p, change->name, seen->log_retention_days);
}
