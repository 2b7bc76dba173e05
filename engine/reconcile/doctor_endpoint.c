#include "engine/reconcile/doctor_internal.h"

#include "engine/resource/advice.h"
#include "engine/resource/failure.h"

/* botocore's waiter gives an endpoint an hour. */
#define STUCK_MS ((int64_t) 60 * 60 * 1000)

/* There is an endpoint of ours to judge. */
static bool has_endpoint(struct judging *j)
{
    if (!judging_has_world(j))
        return false;
    const struct seen_endpoint *endpoint = &j->c->seen->endpoint;
    if (endpoint->present && endpoint->owner == OWNER_US)
        return true;
    finding_set(
        j, VERDICT_SKIPPED, "could not check: %s",
        endpoint->present ? "the endpoint is not this stack's" : "there is no endpoint");
    return false;
}

void check_endpoint(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct seen_endpoint *endpoint = &j->c->seen->endpoint;
    bool recorded = j->c->seen->record.models.len > 0;
    if (!endpoint->present) {
        finding_set(
            j, recorded ? VERDICT_FAIL : VERDICT_OK, "'" STR_FMT "' does not exist%s",
            STR_ARG(j->c->want->endpoint), recorded ? ", though models are published" : " yet");
        finding_hint(j, "apply makes it");
    } else if (endpoint->owner != OWNER_US) {
        finding_set(j, VERDICT_FAIL, "'" STR_FMT "' is not this stack's", STR_ARG(endpoint->name));
        finding_hint(j, "'mmectl import' takes it over; or choose another endpoint.name");
    } else if (str_eq(endpoint->status, STR("InService"))) {
        finding_set(
            j, VERDICT_OK, "'" STR_FMT "', %lld × " STR_FMT, STR_ARG(endpoint->name),
            (long long) j->c->seen->live_instance_count, STR_ARG(j->c->seen->live_instance_type));
    } else {
        bool busy = endpoint_is_busy(endpoint->status);
        finding_set(
            j, busy ? VERDICT_WARN : VERDICT_FAIL, "'" STR_FMT "' is " STR_FMT,
            STR_ARG(endpoint->name), STR_ARG(endpoint->status));
        finding_hint(
            j, "%s",
            busy ? "what changes the stack waits until that is over"
            : str_eq(endpoint->status, STR("Failed"))
                ? "apply deletes it and makes it anew"
                : "it runs on mixed instances; delete it, or ask AWS support");
    }
}

/* The service's times are seconds with a fraction. */
static int64_t since_ms(const struct doctor_case *c, const char *member)
{
    double at = json_get_num(c->seen->endpoint.describe, member, 0);
    return at > 0 ? c->now_ms - (int64_t) (at * 1000) : 0;
}

void check_stuck(struct judging *j)
{
    if (!has_endpoint(j))
        return;
    const struct seen_endpoint *endpoint = &j->c->seen->endpoint;
    if (!endpoint_is_busy(endpoint->status)) {
        finding_set(j, VERDICT_OK, "it is in no such state");
        return;
    }
    int64_t since = since_ms(j->c, "LastModifiedTime");
    finding_set(
        j, since > STUCK_MS ? VERDICT_FAIL : VERDICT_OK, STR_FMT " for %lld min",
        STR_ARG(endpoint->status), (long long) (since / 60000));
    if (since <= STUCK_MS)
        return;
    if (str_eq(endpoint->status, STR("SystemUpdating")))
        finding_hint(j, "AWS patches the instances; it ends by itself, or ask AWS support");
    else
        finding_hint(
            j,
            "an endpoint in this state cannot be changed or deleted; see the log group "
            "/aws/sagemaker/Endpoints/" STR_FMT ", then ask AWS support",
            STR_ARG(endpoint->name));
}

void check_failure(struct judging *j)
{
    if (!has_endpoint(j))
        return;
    const struct seen_endpoint *endpoint = &j->c->seen->endpoint;
    if (str_is_empty(endpoint->failure_reason)) {
        finding_set(j, VERDICT_OK, "no failure is reported");
        return;
    }
    struct advice advice = advice_for(j->arena, endpoint->failure_reason);
    bool serving = str_eq(endpoint->status, STR("InService"));
    finding_set(
        j, serving ? VERDICT_WARN : VERDICT_FAIL, STR_FMT " (" STR_FMT ")",
        STR_ARG(endpoint->failure_reason), STR_ARG(advice.means));
    finding_hint(j, STR_FMT, STR_ARG(advice.helps));
}

void check_parts(struct judging *j)
{
    if (!has_endpoint(j))
        return;
    const struct snapshot *seen = j->c->seen;
    bool config = seen->live_config.present, model = seen->live_model.present;
    if (config && model) {
        finding_set(
            j, VERDICT_OK, STR_FMT ", " STR_FMT, STR_ARG(seen->live_config.name),
            STR_ARG(seen->live_model.name));
        return;
    }
    finding_set(
        j, VERDICT_FAIL, "the endpoint's %s '" STR_FMT "' does not exist any more",
        config ? "model" : "configuration",
        STR_ARG(config ? seen->live_model.name : seen->endpoint.config));
    finding_hint(
        j, "instances serve on, but new ones cannot start: apply makes it anew and rolls the "
           "endpoint");
}

void check_failed_config(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct record *record = &j->c->seen->record;
    if (str_is_null(record->failed_config)) {
        finding_set(j, VERDICT_OK, "none is remembered");
        return;
    }
    struct advice advice = advice_for(j->arena, record->failed_reason);
    finding_set(
        j, VERDICT_FAIL, "'" STR_FMT "': " STR_FMT " (" STR_FMT ")", STR_ARG(record->failed_config),
        STR_ARG(record->failed_reason), STR_ARG(advice.means));
    finding_hint(
        j, STR_FMT "; it is not tried again until it changes, or with --retry-failed",
        STR_ARG(advice.helps));
}
