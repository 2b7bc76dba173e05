/* tests/sim/spec.h - a spec as a handful of numbers: small enough to be drawn by lot, compared,
 * shrunk and printed, and the only thing the reference model knows of what was asked for.
 *
 * Values. Texts live on the arena given.
 */
#ifndef TESTS_SIM_SPEC_H
#define TESTS_SIM_SPEC_H

#include "engine/base/rng.h"
#include "engine/base/str.h"

#define SIM_MODELS 6
#define SIM_ACCOUNT "123456789012"
#define SIM_REGION "us-east-1"
#define SIM_BUCKET "sim-bucket"
#define SIM_STACK "demo"
#define SIM_PREFIX "demo"
#define SIM_ROLE "arn:aws:iam::" SIM_ACCOUNT ":role/SageMaker"

struct sim_spec {
    bool stable;                /* targetModels */
    unsigned mode;              /* of the endpoint, while it has two models: 0, or containers */
    unsigned depth[SIM_MODELS]; /* max_depth of model m0, m1, ...; 0: not in the spec */
    unsigned instance;          /* which type serves */
    unsigned count;             /* of instances */
    unsigned env;               /* of the container: 0 none, else WORKERS */
    unsigned team;              /* a tag of the user's */
    unsigned data;              /* which training file */
    bool no_cache;
    unsigned dress; /* order of models and keys, comments: must make no difference */
};

/* As YAML. */
struct str sim_spec_text(struct arena *arena, const struct sim_spec *spec);
/* "stable 2.3.0.0.0.0 type 0x1 env 0 team 0 data 0" */
struct str sim_spec_line(struct arena *arena, const struct sim_spec *spec);
size_t sim_spec_models(const struct sim_spec *spec);
/* A container for each model: side by side (mode 1) or one after the other (mode 2). */
bool sim_spec_contained(const struct sim_spec *spec);
/* Artifacts lie in a generation: targetModels, or containers. */
bool sim_spec_stable(const struct sim_spec *spec);
struct str sim_model_name(struct arena *arena, size_t index);
/* Content of the training file, and its name. */
struct str sim_data_bytes(unsigned data);
struct str sim_data_name(unsigned data);
const char *sim_instance_type(unsigned instance);

/* A first spec by lot, with at least one model; then one that differs in some ways. */
struct sim_spec sim_spec_random(struct rng *rng);
struct sim_spec sim_spec_changed(struct rng *rng, const struct sim_spec *from);

#endif
