#include "engine/kinds/kinds_internal.h"
#include "engine/resource/failure.h"

/* How long an endpoint may look untouched after UpdateEndpoint before that means "rolled back". */
#define UNTOUCHED_MS 15000
#define NOT_YET_POLLS 16 /* more than two minutes at settle's pace */

enum step { STEP_DELETE, STEP_CREATE, STEP_UPDATE, STEP_WAIT, STEP_GONE, STEP_DONE };

struct endpoint_state {
    enum step step;
    bool removal;   /* the whole change is a removal */
    bool was_busy;  /* seen in progress since the update */
    bool recreated; /* a failed first endpoint is made anew once */
    bool tagged;
    bool unscaled; /* taken off autoscaling for the time of the update */
    bool unheard;  /* no answer came to the update: it may never have arrived */
    unsigned not_yet, sent_again;
    int64_t sent_ms;
    struct str reason_before; /* an old FailureReason proves nothing */
    struct err lost;          /* what the last update that was not heard of failed with */
};

/* A removal may be of a name the endpoint had before. */
static struct str endpoint_name(const struct world_call *call)
{
    return call->change->action == ACTION_DELETE ? call->change->old_name : call->want->endpoint;
}

static enum err_code
describe(struct kinds *kinds, struct world_call *call, struct seen_endpoint *out, struct err *err)
{
    return kinds_describe_named(kinds, call->arena, endpoint_name(call), out, err);
}

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    (void) kinds;
    (void) err;
    struct endpoint_state *state = ARENA_NEW(call->arena, struct endpoint_state);
    const struct endpoint_plan *subject = call->change->subject;
    state->removal = call->change->action == ACTION_DELETE;
    state->step = state->removal || subject->recreate     ? STEP_DELETE
                  : call->change->action == ACTION_CREATE ? STEP_CREATE
                                                          : STEP_UPDATE;
    state->reason_before = call->seen->endpoint.failure_reason;
    call->state = state;
    return ERR_NONE;
}

static struct json *endpoint_tags(struct kinds *kinds, struct world_call *call)
{
    struct json *tags = kinds_tags(kinds, call->arena, call->want, STR_NULL, STR_NULL);
    if (call->want->protect) {
        struct json *tag = json_object(call->arena);
        json_put(call->arena, tag, "Key", json_z(call->arena, "mmectl:protect"));
        json_put(call->arena, tag, "Value", json_z(call->arena, "true"));
        json_push(tags, tag);
    }
    return tags;
}

static enum err_code add_tags(struct kinds *kinds, struct world_call *call, struct err *err)
{
    struct json *body = kinds_body(call->arena, "ResourceArn", call->seen->endpoint.arn);
    json_put(call->arena, body, "Tags", endpoint_tags(kinds, call));
    return kinds_call(kinds, call->arena, "AddTags", body, NULL, err);
}

static struct json *create_body(struct kinds *kinds, struct world_call *call)
{
    const struct endpoint_plan *subject = call->change->subject;
    struct json *body = kinds_body(call->arena, "EndpointName", call->want->endpoint);
    json_put(call->arena, body, "EndpointConfigName", json_string(call->arena, subject->config));
    json_put(call->arena, body, "Tags", endpoint_tags(kinds, call));
    return body;
}

static enum err_code refuse_foreign(struct world_call *call, struct err *err)
{
    err_set(
        err, ERR_CONFLICT, "endpoint '" STR_FMT "' exists and is not this stack's",
        STR_ARG(call->want->endpoint));
    return err_hint(err, "choose another endpoint.name");
}

/* An endpoint of that name is there after all: our own lost create, or somebody's. */
static enum err_code adopt(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct json *tags;
    struct seen_endpoint endpoint;
    enum err_code code = describe(kinds, call, &endpoint, err);
    if (code != ERR_NONE)
        return code;
    if (!endpoint.present)
        return err_set(err, ERR_NOT_FOUND, "the endpoint is not there");
    code = kinds_list_tags(kinds, call->arena, endpoint.arn, &tags, err);
    if (code != ERR_NONE)
        return code;
    return kinds_owner(call->want, tags) == OWNER_US ? ERR_NONE : refuse_foreign(call, err);
}

static enum err_code try_create(struct kinds *kinds, struct world_call *call, struct err *err)
{
    struct err failure = {0};
    enum err_code code =
        kinds_call(kinds, call->arena, "CreateEndpoint", create_body(kinds, call), NULL, &failure);
    if (code == ERR_NONE)
        return code;
    if (code == ERR_EXISTS || failure.aws.maybe_done) {
        struct err other = {0};
        enum err_code adopted = adopt(kinds, call, &other);
        if (adopted != ERR_NOT_FOUND) {
            if (adopted != ERR_NONE)
                *err = other;
            return adopted;
        }
    }
    *err = failure;
    return code;
}

static enum err_code try_update(struct kinds *kinds, struct world_call *call, struct err *err)
{
    const struct endpoint_plan *subject = call->change->subject;
    struct json *body = kinds_body(call->arena, "EndpointName", call->want->endpoint);
    json_put(call->arena, body, "EndpointConfigName", json_string(call->arena, subject->config));
    /* A count that autoscaling changed survives, unless the spec changed it (API_UpdateEndpoint).
     */
    json_put(
        call->arena, body, "RetainAllVariantProperties",
        json_bool(call->arena, subject->keep_counts));
    /* What is recorded counts as a property of the variant: retained, it would stay as it was. */
    if (subject->keep_counts &&
        (call->want->capture != NULL ||
         json_get(call->seen->live_config.describe, "DataCaptureConfig") != NULL))
        json_put(
            call->arena, body, "ExcludeRetainedVariantProperties",
            json_push(
                json_array(call->arena),
                kinds_body(call->arena, "VariantPropertyType", STR("DataCaptureConfig"))));
    if (subject->deployment != NULL)
        json_put(
            call->arena, body, "DeploymentConfig", json_copy(call->arena, subject->deployment));
    return kinds_call(kinds, call->arena, "UpdateEndpoint", body, NULL, err);
}

static struct settle pending(struct str status)
{
    return (struct settle){.state = SETTLE_PENDING, .status = status};
}

/* "Updating", and what SageMaker is doing about it, where it says so: "Updating: Baking". */
static struct str status_of(struct arena *arena, const struct seen_endpoint *endpoint)
{
    const struct json *pending_update = json_get(endpoint->describe, "PendingDeploymentSummary");
    const struct json *variant = json_at(json_get(pending_update, "ProductionVariants"), 0);
    struct str step = json_get_str(json_at(json_get(variant, "VariantStatus"), 0), "Status");
    if (str_is_null(step))
        return endpoint->status;
    return str_fmt(arena, STR_FMT ": " STR_FMT, STR_ARG(endpoint->status), STR_ARG(step));
}

/* As describe(), within a wait: what cannot be asked now is asked again, and *ret_asked is false.
 */
static enum err_code look(
    struct kinds *kinds,
    struct world_call *call,
    struct seen_endpoint *out,
    struct settle *settle,
    bool *ret_asked,
    struct err *err)
{
    struct err failure = {0};
    enum err_code code = describe(kinds, call, out, &failure);
    *ret_asked = code == ERR_NONE;
    if (code == ERR_NONE)
        return ERR_NONE;
    if (kinds_outlives(call, code)) {
        *settle = kinds_silent();
        return ERR_NONE;
    }
    *err = failure;
    return code;
}

/* The last look before the fleet moves: is this run still the one that holds the stack's record? */
static enum err_code check_claim(struct kinds *kinds, struct world_call *call, struct err *err)
{
    struct str claimed = call->seen->record.store_etag;
    if (str_is_null(claimed))
        return ERR_NONE;
    struct s3_info info;
    struct err failure = {0};
    enum err_code code = s3_head(
        kinds->aws, call->arena, call->want->bucket, key_record(call->arena, call->want), &info,
        &failure);
    if (code == ERR_NONE && str_eq(info.etag, claimed))
        return ERR_NONE;
    if (code == ERR_NONE || code == ERR_NOT_FOUND) {
        err_set(
            err, ERR_PRECONDITION, "another run changed stack '" STR_FMT "' in the meantime",
            STR_ARG(call->want->stack));
        return err_hint(err, "wait for it to end, then run the same command again");
    }
    *err = failure;
    return code;
}

/* A 500 that names neither an error nor a request comes from something else than SageMaker, which
 * does not know the operation: sending it again does not help, and the endpoint does not move. */
static bool is_foreign(const struct err *failure)
{
    return (failure->aws.http_status == 500 || failure->aws.http_status == 501) &&
           failure->aws.code[0] == '\0' && failure->aws.request_id[0] == '\0';
}

/* Sends the create or the update; both may have to wait for the world to catch up. */
static enum err_code step_send(
    struct kinds *kinds,
    struct world_call *call,
    struct endpoint_state *state,
    struct settle *out,
    struct err *err)
{
    const struct endpoint_plan *subject = call->change->subject;
    bool create = state->step == STEP_CREATE;
    struct err failure = {0};
    enum err_code code = ERR_NONE;
    if (!create && !state->tagged) {
        code = add_tags(kinds, call, &failure);
        state->tagged = code == ERR_NONE;
    }
    if (code == ERR_NONE && !create && subject->tags_only) {
        state->step = STEP_DONE;
        *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
        return ERR_NONE;
    }
    if (code == ERR_NONE) {
        code = check_claim(kinds, call, err);
        if (code != ERR_NONE)
            return code;
    }
    if (code == ERR_NONE && !create && subject->unscale && !state->unscaled) {
        code = kinds_unscale(kinds, call->arena, call->want, &failure);
        state->unscaled = code == ERR_NONE;
    }
    if (code == ERR_NONE)
        code = create ? try_create(kinds, call, &failure) : try_update(kinds, call, &failure);
    bool unheard = code != ERR_NONE && !create && failure.aws.maybe_done && !is_foreign(&failure);
    if (code == ERR_NONE || unheard) {
        /* An update whose answer was lost: what Describe says next decides. */
        state->unheard = unheard;
        state->lost = failure;
        state->step = STEP_WAIT;
        state->sent_ms = clock_mono_ms(loop_clock(kinds->loop));
        *out = pending(create ? STR("Creating") : STR("Updating"));
        return ERR_NONE;
    }
    if (create && failure.aws.maybe_done && state->sent_again++ < KINDS_UNHEARD_LIMIT) {
        *out = pending(STR("Creating"));
        return ERR_NONE;
    }
    bool exists_late = create && code == ERR_EXISTS; /* just deleted, still known */
    if (code == ERR_BUSY ||
        ((kinds_not_yet(&failure) || exists_late) && state->not_yet++ < NOT_YET_POLLS)) {
        *out = pending(STR("Waiting"));
        return ERR_NONE;
    }
    *err = failure;
    return err_wrap(
        err, "%s endpoint '" STR_FMT "'", create ? "creating" : "updating",
        STR_ARG(call->want->endpoint));
}

static enum err_code step_delete(
    struct kinds *kinds,
    struct world_call *call,
    struct endpoint_state *state,
    struct settle *out,
    struct err *err)
{
    struct seen_endpoint endpoint;
    bool asked;
    enum err_code code = look(kinds, call, &endpoint, out, &asked, err);
    if (!asked)
        return code;
    *out = pending(endpoint.present ? endpoint.status : STR("Deleted"));
    if (!endpoint.present) {
        state->step = STEP_GONE;
        return ERR_NONE;
    }
    if (endpoint_is_busy(endpoint.status))
        return ERR_NONE; /* it cannot be deleted now: wait */
    struct err failure = {0};
    const struct endpoint_plan *subject = call->change->subject;
    code = ERR_NONE;
    if (subject->unscale && !state->unscaled) {
        code = kinds_unscale(kinds, call->arena, call->want, &failure);
        state->unscaled = code == ERR_NONE;
    }
    if (code == ERR_NONE)
        code = kinds_call(
            kinds, call->arena, "DeleteEndpoint",
            kinds_body(call->arena, "EndpointName", endpoint_name(call)), NULL, &failure);
    if (code != ERR_NONE && code != ERR_BUSY && code != ERR_NOT_FOUND) {
        *err = failure;
        return err_wrap(err, "deleting endpoint '" STR_FMT "'", STR_ARG(endpoint_name(call)));
    }
    *out = pending(STR("Deleting"));
    return ERR_NONE;
}

static enum err_code
rolled_back(struct world_call *call, const struct seen_endpoint *endpoint, struct err *err)
{
    struct str reason = str_is_empty(endpoint->failure_reason) ? STR("SageMaker gave no reason")
                                                               : endpoint->failure_reason;
    err_set(
        err, ERR_ROLLED_BACK,
        "SageMaker rolled the update of endpoint '" STR_FMT "' back: " STR_FMT,
        STR_ARG(call->want->endpoint), STR_ARG(reason));
    return err_hint(
        err,
        "it still serves endpoint configuration '" STR_FMT
        "'; see the log group /aws/sagemaker/Endpoints/" STR_FMT,
        STR_ARG(endpoint->config), STR_ARG(call->want->endpoint));
}

/* Whether SageMaker noted a change of the endpoint since it was looked at for the plan. */
static bool was_touched(const struct world_call *call, const struct seen_endpoint *endpoint)
{
    static const char *const member = "LastModifiedTime";
    return !json_equal(
        json_get(endpoint->describe, member), json_get(call->seen->endpoint.describe, member));
}

static enum err_code
never_arrived(struct world_call *call, const struct endpoint_state *state, struct err *err)
{
    *err = state->lost;
    err_wrap(err, "updating endpoint '" STR_FMT "'", STR_ARG(call->want->endpoint));
    return err_hint(err, "the endpoint has not moved: run the same command again");
}

static enum err_code step_failed(
    struct world_call *call,
    struct endpoint_state *state,
    const struct seen_endpoint *endpoint,
    struct settle *out,
    struct err *err)
{
    bool first = call->change->action != ACTION_UPDATE && !state->recreated;
    if (first) {
        /* Only a deletion helps a failed endpoint; once per run it is tried anew. */
        state->recreated = true;
        state->step = STEP_DELETE;
        *out = pending(STR("Failed"));
        return ERR_NONE;
    }
    err_set(
        err, ERR_TERMINAL, "endpoint '" STR_FMT "' failed: " STR_FMT, STR_ARG(call->want->endpoint),
        STR_ARG(endpoint->failure_reason));
    return err_hint(
        err, "see the log group /aws/sagemaker/Endpoints/" STR_FMT, STR_ARG(call->want->endpoint));
}

/* A new endpoint may take a moment to be seen; one that was there has been deleted by somebody. */
static enum err_code step_absent(
    struct kinds *kinds,
    struct world_call *call,
    const struct endpoint_state *state,
    struct err *err)
{
    bool made = call->change->action == ACTION_CREATE || state->recreated;
    int64_t waited = clock_mono_ms(loop_clock(kinds->loop)) - state->sent_ms;
    if (made && !state->was_busy && waited <= UNTOUCHED_MS)
        return ERR_NONE;
    err_set(
        err, ERR_PRECONDITION, "endpoint '" STR_FMT "' was deleted while it was waited for",
        STR_ARG(call->want->endpoint));
    return err_hint(err, "wait for the other run to end, then run the same command again");
}

static enum err_code step_wait(
    struct kinds *kinds,
    struct world_call *call,
    struct endpoint_state *state,
    struct settle *out,
    struct err *err)
{
    const struct endpoint_plan *subject = call->change->subject;
    struct seen_endpoint endpoint;
    bool asked;
    enum err_code code = look(kinds, call, &endpoint, out, &asked, err);
    if (!asked)
        return code;
    *out = pending(endpoint.present ? status_of(call->arena, &endpoint) : STR("Creating"));
    if (!endpoint.present)
        return step_absent(kinds, call, state, err);
    if (endpoint_is_busy(endpoint.status)) {
        /* SageMaker's own maintenance says nothing of our update: it may never have arrived. */
        if (!str_eq(endpoint.status, STR("SystemUpdating")))
            state->was_busy = true;
        return ERR_NONE;
    }
    if (str_eq(endpoint.status, STR("Failed")))
        return step_failed(call, state, &endpoint, out, err);
    if (str_eq(endpoint.status, STR("UpdateRollbackFailed"))) {
        err_set(
            err, ERR_ROLLED_BACK,
            "endpoint '" STR_FMT "': the update failed, and so did going back: " STR_FMT,
            STR_ARG(endpoint.name), STR_ARG(endpoint.failure_reason));
        return err_hint(err, "it runs on mixed instances; delete it, or ask AWS support");
    }
    bool arrived = str_eq(endpoint.config, subject->config) &&
                   str_is_null(endpoint.pending_config) &&
                   str_eq(endpoint.status, STR("InService"));
    if (arrived) {
        out->state = SETTLE_DONE;
        return ERR_NONE;
    }
    bool moved = !str_is_null(call->seen->endpoint.config) &&
                 !str_eq(endpoint.config, subject->config) &&
                 !str_eq(endpoint.config, call->seen->endpoint.config);
    if (moved) { /* on neither: that was no rollback */
        err_set(
            err, ERR_PRECONDITION,
            "another run changed stack '" STR_FMT "' in the meantime: its endpoint is on '" STR_FMT
            "'",
            STR_ARG(call->want->stack), STR_ARG(endpoint.config));
        return err_hint(err, "wait for it to end, then run the same command again");
    }
    bool new_reason = !str_is_empty(endpoint.failure_reason) &&
                      !str_eq(endpoint.failure_reason, state->reason_before);
    int64_t waited = clock_mono_ms(loop_clock(kinds->loop)) - state->sent_ms;
    if (state->was_busy || new_reason)
        return rolled_back(call, &endpoint, err);
    if (waited <= UNTOUCHED_MS)
        return ERR_NONE;
    if (!state->unheard)
        return rolled_back(call, &endpoint, err);
    if (state->sent_again++ >= KINDS_UNHEARD_LIMIT)
        return was_touched(call, &endpoint) ? rolled_back(call, &endpoint, err)
                                            : never_arrived(call, state, err);
    state->step = STEP_UPDATE; /* nothing has happened: it never arrived */
    return ERR_NONE;
}

static enum err_code
take_step(struct kinds *kinds, struct world_call *call, struct settle *out, struct err *err)
{
    struct endpoint_state *state = call->state;
    *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
    if (state->step == STEP_GONE && !state->removal)
        state->step = STEP_CREATE;
    switch (state->step) {
    case STEP_DELETE: {
        enum err_code code = step_delete(kinds, call, state, out, err);
        if (code == ERR_NONE && state->step == STEP_GONE && state->removal)
            out->state = SETTLE_DONE;
        return code;
    }
    case STEP_CREATE:
    case STEP_UPDATE:
        return step_send(kinds, call, state, out, err);
    case STEP_WAIT:
        return step_wait(kinds, call, state, out, err);
    case STEP_GONE:
    case STEP_DONE:
        break;
    }
    return ERR_NONE;
}

/* What was taken off autoscaling for an update that came to nothing goes back on it, as it was. So
 * does somebody else's when the update is done; ours is registered by a change of its own. */
static enum err_code
poll_endpoint(struct kinds *kinds, struct world_call *call, struct settle *out, struct err *err)
{
    const struct endpoint_state *state = call->state;
    const struct endpoint_plan *subject = call->change->subject;
    enum err_code code = take_step(kinds, call, out, err);
    bool done = code == ERR_NONE && out->state == SETTLE_DONE;
    bool failed = code != ERR_NONE && !subject->recreate;
    if (!state->unscaled || state->removal || !(failed || (done && subject->rescale)))
        return code;
    struct err lost = {0};
    enum err_code rescaled = kinds_rescale(kinds, call, &lost);
    if (code != ERR_NONE || rescaled == ERR_NONE)
        return code; /* why the update failed is more telling; the next apply registers it */
    *err = lost;
    return err_wrap(
        err, "putting endpoint '" STR_FMT "' back on autoscaling", STR_ARG(call->want->endpoint));
}

const struct kind_ops kind_endpoint = {.start = start, .poll = poll_endpoint};
