#include "engine/kinds/kinds_internal.h"

/* SageMaker models and endpoint configs: immutable, named by the hash of what they are made of. */

#define VISIBLE_WITHIN_POLLS 16 /* more than two minutes at settle's pace */

struct thing_kind {
    const char *what, *create, *describe, *remove, *member, *resource;
    char letter;
};

static const struct thing_kind s_model = {
    "model", "CreateModel", "DescribeModel", "DeleteModel", "ModelName", "model", 'm'};
static const struct thing_kind s_config = {
    "endpoint configuration",
    "CreateEndpointConfig",
    "DescribeEndpointConfig",
    "DeleteEndpointConfig",
    "EndpointConfigName",
    "endpoint-config",
    'c'};

struct thing_state {
    bool created;
    unsigned polls, unheard;
};

static const struct thing_kind *kind_for(const struct change *change)
{
    return change->kind == KIND_MODEL ? &s_model : &s_config;
}

/* It is there already, or the answer to our create was lost: ours, or in the way? */
static enum err_code adopt(
    struct kinds *kinds,
    struct world_call *call,
    const struct thing_kind *kind,
    struct str name,
    struct err *err)
{
    const struct json *tags;
    struct str arn = kinds_arn(call->arena, call->want, kind->resource, name);
    /* Describe says in known words when it is not there; ListTags does not. */
    enum err_code code = kinds_call(
        kinds, call->arena, kind->describe, kinds_body(call->arena, kind->member, name), NULL, err);
    if (code == ERR_NONE)
        code = kinds_list_tags(kinds, call->arena, arn, &tags, err);
    if (code != ERR_NONE)
        return code;
    if (kinds_owner(call->want, tags) == OWNER_US)
        return ERR_NONE;
    err_set(
        err, ERR_CONFLICT, "%s '" STR_FMT "' exists and is not this stack's", kind->what,
        STR_ARG(name));
    return err_hint(err, "rename the stack, or delete that %s", kind->what);
}

static enum err_code try_create(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct thing_kind *kind = kind_for(call->change);
    const struct thing_plan *subject = call->change->subject;
    struct json *body = json_copy(call->arena, subject->request);
    json_set(call->arena, body, str_from(kind->member), json_string(call->arena, subject->name));
    json_put(
        call->arena, body, "Tags",
        kinds_tags(kinds, call->arena, call->want, str_slice(subject->fp, 0, FP16), STR_NULL));
    struct err failure = {0};
    enum err_code code = kinds_call(kinds, call->arena, kind->create, body, NULL, &failure);
    if (code == ERR_NONE)
        return code;
    if (code == ERR_EXISTS || failure.aws.maybe_done) {
        struct err other = {0};
        enum err_code adopted = adopt(kinds, call, kind, subject->name, &other);
        if (adopted != ERR_NOT_FOUND) {
            if (adopted != ERR_NONE)
                *err = other;
            return adopted;
        }
    }
    *err = failure;
    return err_wrap(err, "creating %s '" STR_FMT "'", kind->what, STR_ARG(subject->name));
}

/* Whether an endpoint that is on that config, or moving to it, uses the thing. */
static enum err_code config_uses(
    struct kinds *kinds,
    struct world_call *call,
    const struct thing_kind *kind,
    struct str config,
    struct str name,
    bool *ret_uses,
    struct err *err)
{
    *ret_uses = kind->letter == 'c' && str_eq(config, name);
    if (kind->letter == 'c' || str_is_empty(config))
        return ERR_NONE;
    const struct json *reply;
    struct err failure = {0};
    enum err_code code = kinds_call(
        kinds, call->arena, s_config.describe, kinds_body(call->arena, s_config.member, config),
        &reply, &failure);
    if (code == ERR_NOT_FOUND)
        return ERR_NONE;
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    JSON_EACH (variant, json_get(reply, "ProductionVariants")) {
        if (str_eq(json_get_str(variant, "ModelName"), name))
            *ret_uses = true;
    }
    return ERR_NONE;
}

/* Whatever the endpoint uses or is moving to stays (API_DeleteEndpointConfig warns of it, and does
 * not stop anybody). */
static enum err_code check_unused(
    struct kinds *kinds,
    struct world_call *call,
    const struct thing_kind *kind,
    struct str name,
    struct err *err)
{
    struct seen_endpoint endpoint;
    enum err_code code =
        kinds_describe_endpoint(&kinds->world, call->arena, call->want, &endpoint, err);
    if (code != ERR_NONE || !endpoint.present)
        return code;
    const struct str configs[] = {endpoint.config, endpoint.pending_config};
    for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
        bool uses;
        code = config_uses(kinds, call, kind, configs[i], name, &uses, err);
        if (code != ERR_NONE)
            return code;
        if (uses)
            return err_set(
                err, ERR_BUSY, "endpoint '" STR_FMT "' still uses %s '" STR_FMT "'",
                STR_ARG(endpoint.name), kind->what, STR_ARG(name));
    }
    return ERR_NONE;
}

static enum err_code remove_thing(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct thing_kind *kind = kind_for(call->change);
    struct str name = call->change->old_name;
    struct err failure = {0};
    enum err_code code = adopt(kinds, call, kind, name, &failure);
    if (code == ERR_NONE)
        code = check_unused(kinds, call, kind, name, &failure);
    if (code == ERR_NONE)
        code = kinds_call(
            kinds, call->arena, kind->remove, kinds_body(call->arena, kind->member, name), NULL,
            &failure);
    if (code == ERR_NONE || code == ERR_NOT_FOUND)
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "deleting %s '" STR_FMT "'", kind->what, STR_ARG(name));
}

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    if (call->change->action == ACTION_DELETE)
        return remove_thing(kinds, call, err);
    struct thing_state *state = ARENA_NEW(call->arena, struct thing_state);
    const struct thing_plan *subject = call->change->subject;
    state->created = subject->exists;
    call->state = state;
    return ERR_NONE;
}

static enum err_code
poll_thing(struct kinds *kinds, struct world_call *call, struct settle *out, struct err *err)
{
    *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
    struct thing_state *state = call->state;
    if (call->change->action == ACTION_DELETE)
        return ERR_NONE;
    const struct thing_kind *kind = kind_for(call->change);
    const struct thing_plan *subject = call->change->subject;
    struct err failure = {0};
    enum err_code code = ERR_NONE;
    if (!state->created) {
        code = try_create(kinds, call, &failure);
        state->created = code == ERR_NONE;
    }
    /* Seen by Describe before anything refers to it (API_CreateEndpoint advises so). */
    if (code == ERR_NONE)
        code = kinds_call(
            kinds, call->arena, kind->describe,
            kinds_body(call->arena, kind->member, subject->name), NULL, &failure);
    if (code == ERR_NONE)
        return ERR_NONE;
    if (state->created && kinds_outlives(call, code)) {
        *out = kinds_silent();
        return ERR_NONE;
    }
    /* "Already existing" and not to be seen: just deleted and still known, or just made by us. */
    bool not_yet =
        kinds_not_yet(&failure) || code == ERR_EXISTS || (state->created && code == ERR_NOT_FOUND);
    if ((not_yet && state->polls++ < VISIBLE_WITHIN_POLLS) ||
        (failure.aws.maybe_done && state->unheard++ < KINDS_UNHEARD_LIMIT)) {
        *out = (struct settle){.state = SETTLE_PENDING, .status = STR("NotVisibleYet")};
        return ERR_NONE;
    }
    *err = failure;
    return code;
}

const struct kind_ops kind_model = {.start = start, .poll = poll_thing};
const struct kind_ops kind_endpoint_config = {.start = start, .poll = poll_thing};
