/* specs/spec_check.h - the rules of a spec that need more than one field.
 *
 * spec_complete() fills in what follows from other fields (prefix, endpoint name, resolved paths,
 * merged hyperparameters); spec_check() reports what does not fit together, all of it. Neither
 * looks at the disk or the network. Ownership: on the arena. Errors: to diags.
 */
#ifndef SPECS_SPEC_CHECK_H
#define SPECS_SPEC_CHECK_H

#include "specs/spec.h"
#include "specs/spec_instances.h"

/* A local path against the spec's folder; STR_NULL for s3:// and nothing. */
struct str spec_resolve(struct arena *arena, const struct spec *spec, struct str source);
void spec_complete(struct arena *arena, struct diags *diags, struct spec *spec);
void spec_check(struct arena *arena, struct diags *diags, const struct spec *spec);
/* The containers of an endpoint (spec_check_containers.c): what each serves becomes one of the
 * spec's models ... */
void spec_containers_complete(struct arena *arena, struct spec *spec);
/* ... and what goes with the mode, and what does not. */
void spec_check_containers(struct arena *arena, struct diags *diags, const struct spec *spec);
void spec_check_environment(struct diags *diags, const struct spec_map *map);
bool spec_is_trained(const struct spec_model *model); /* it has no artifact of its own */
const struct spec_channel *
spec_find_channel(const struct spec_channel *channels, size_t count, const char *name); /* NULL */
void spec_check_instance(
    struct diags *diags, const struct spec_instance *instance, enum instance_use use);
/* The block training (spec_check_training.c): a part of spec_check(). */
void spec_check_training(struct arena *arena, struct diags *diags, const struct spec *spec);
/* Gates and checks alone (spec_check_gates.c): a part of spec_check(). */
void spec_check_gates(struct diags *diags, const struct spec *spec);
/* The endpoint (spec_check_endpoint.c), but for its instance type. */
void spec_check_endpoint(struct diags *diags, const struct spec *spec);
/* Their part of the routes (spec_check_routes.c): names, and the models that they name. */
void spec_check_routes(struct arena *arena, struct diags *diags, const struct spec *spec);
/* Two stacks of one name in one account and region. */
void spec_check_list(struct arena *arena, struct diags *diags, const struct spec_list *specs);

#endif
