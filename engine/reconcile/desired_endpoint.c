#include "engine/base/arena.h"
#include "engine/reconcile/desired_internal.h"
#include "specs/spec.h"

/* What the block `endpoint` asks for besides machines and image. */

static struct want_update update_of(struct arena *arena, const struct spec_update *from)
{
    const struct spec_step *const ways[] = {
        [MOVE_ALL_AT_ONCE] = &from->all_at_once,
        [MOVE_CANARY] = &from->canary,
        [MOVE_LINEAR] = &from->linear,
        [MOVE_ROLLING] = &from->rolling};
    struct want_update out = {
        .termination_wait_s = from->termination_wait_s,
        .max_execution_s = from->max_execution_s,
        .n_alarms = from->n_alarms};
    for (size_t i = MOVE_ALL_AT_ONCE; i < ARRAY_LEN(ways); i++) {
        if (!ways[i]->set)
            continue;
        out.move = (enum want_move) i;
        out.percent = (int64_t) ways[i]->percent.value;
        out.instances = (int64_t) ways[i]->instances.value;
        out.wait_s = ways[i]->wait_s;
        out.rollback_percent = ways[i]->rollback_percent;
    }
    struct want_alarm *alarms = ARENA_ARRAY(arena, from->n_alarms, struct want_alarm);
    for (size_t i = 0; i < from->n_alarms; i++)
        alarms[i] = (struct want_alarm){from->alarms[i].value, from->alarms[i].at};
    out.alarms = alarms;
    return out;
}

static const struct want_capture *capture_of(struct arena *arena, const struct spec_capture *from)
{
    struct want_capture *out = ARENA_NEW(arena, struct want_capture);
    *out = (struct want_capture){
        .percent = from->percent,
        .destination = from->destination.value,
        .kms_key = from->kms_key.value,
        .input = from->mode != SPEC_CAPTURE_OUTPUT,
        .output = from->mode != SPEC_CAPTURE_INPUT};
    return out;
}

static const struct str *strings_of(struct arena *arena, const struct spec_str *from, size_t count)
{
    struct str *out = ARENA_ARRAY(arena, count, struct str);
    for (size_t i = 0; i < count; i++)
        out[i] = from[i].value;
    return out;
}

static void hosting(struct arena *arena, const struct spec_endpoint *from, struct want *want)
{
    if (from->capture.set)
        want->capture = capture_of(arena, &from->capture);
    want->disk_key = from->kms_key.value;
    want->subnets = strings_of(arena, from->vpc.subnets, from->vpc.n_subnets);
    want->n_subnets = from->vpc.n_subnets;
    want->security_groups = strings_of(arena, from->vpc.groups, from->vpc.n_groups);
    want->n_security_groups = from->vpc.n_groups;
    want->isolated = from->isolated;
    want->volume_gb = (int64_t) from->instance.hosting_volume_gb.value;
    want->health_check_timeout_s = from->health_check_timeout_s;
    want->download_timeout_s = from->download_timeout_s;
    want->retention_days = (int64_t) from->retention_days.value;
    want->logs_at = from->retention_days.at;
}

void desired_endpoint(struct arena *arena, const struct spec *spec, struct want *want)
{
    const struct spec_autoscaling *scaling = &spec->endpoint.autoscaling;
    hosting(arena, &spec->endpoint, want);
    if (scaling->set) {
        struct want_scaling *out = ARENA_NEW(arena, struct want_scaling);
        *out = (struct want_scaling){
            .min = scaling->min,
            .max = scaling->max,
            .target = scaling->target,
            .in_cooldown_s = scaling->in_cooldown_s,
            .out_cooldown_s = scaling->out_cooldown_s,
            .at = scaling->at};
        want->scaling = out;
    }
    if (spec->endpoint.update.set) {
        struct want_update *update = ARENA_NEW(arena, struct want_update);
        *update = update_of(arena, &spec->endpoint.update);
        want->update = update;
    }
}
