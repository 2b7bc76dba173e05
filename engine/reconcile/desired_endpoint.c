#include "engine/base/arena.h"
#include "engine/reconcile/desired_internal.h"
#include "specs/spec.h"

/* What the block `endpoint` asks for besides machines and image. */

void desired_endpoint(struct arena *arena, const struct spec *spec, struct want *want)
{
    const struct spec_autoscaling *scaling = &spec->endpoint.autoscaling;
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
}
