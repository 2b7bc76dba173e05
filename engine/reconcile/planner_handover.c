#include "engine/reconcile/planner_internal.h"

/* An endpoint that `import --from-stack` gave to the stack's new name carries mmectl:from with our
 * uid. To the old spec's destroy it is not there, nor is its log group; but as long as it serves
 * what is ours, nothing may go. */

static bool serves_ours(const struct planner *p)
{
    const struct snapshot *seen = p->seen;
    return (seen->live_config.present && seen->live_config.owner == OWNER_US) ||
           (seen->live_model.present && seen->live_model.owner == OWNER_US) ||
           name_is_ours(p->want, 'c', seen->endpoint.pending_config);
}

enum err_code plan_handover(struct planner *p, struct err *err)
{
    struct snapshot *seen = p->seen;
    const struct seen_endpoint *endpoint = &seen->endpoint;
    if (!endpoint->present || endpoint->owner == OWNER_US ||
        !str_eq(json_get_str(endpoint->tags, "mmectl:from"), p->want->uid))
        return ERR_NONE;
    struct str heir = json_get_str(endpoint->tags, "mmectl:stack");
    if (serves_ours(p)) {
        err_set(
            err, ERR_REFUSED,
            "endpoint '" STR_FMT "', now of stack '" STR_FMT "', still serves what belongs to "
            "stack '" STR_FMT "'",
            STR_ARG(endpoint->name), STR_ARG(heir), STR_ARG(p->want->stack));
        err_hint(
            err, "apply stack '" STR_FMT "' first: it moves the endpoint to its own",
            STR_ARG(heir));
        return err_locate(err, p->want->endpoint_at);
    }
    planner_warn(
        p, STR("it and its log group stay"),
        "endpoint '" STR_FMT "' belongs to stack '" STR_FMT "' now", STR_ARG(endpoint->name),
        STR_ARG(heir));
    seen->endpoint = (struct seen_endpoint){.name = p->want->endpoint};
    seen->live_config = seen->live_model = (struct seen_thing){0};
    seen->live_model_url = seen->live_instance_type = STR_NULL;
    seen->log_group = false;
    return ERR_NONE;
}
