/* engine/resource/names.h - every name and key mmectl gives to things on AWS, built and recognised.
 *
 * A name is the idempotency token: same content, same name. Pure functions; results on the arena.
 *   <stack>-<uid8>-m-<fp12>   SageMaker model          <stack>-<uid8>-c-<fp12>   endpoint config
 *   <stack>-<uid8>-t-<fp12>[-N]  training job, N-th attempt   <stack>-<uid8>-s  scaling policy
 *   <prefix>/models/<name>--<fp16>.tar.gz       versioned: every version, the live one and older
 *   <prefix>/models/<gen10>/<name>.tar.gz       stable: the live versions
 *   <prefix>/versions/<name>--<fp16>.tar.gz     stable: older versions
 *   <prefix>/data/<sha256>/<file>   <prefix>/training/<job>/...   <prefix>/control/stack.json
 */
#ifndef ENGINE_RESOURCE_NAMES_H
#define ENGINE_RESOURCE_NAMES_H

#include "engine/base/map.h"
#include "engine/resource/want.h"

#define FP12 12
#define FP16 16
#define GEN10 10
#define VARIANT_NAME "AllTraffic"

/* First 8 characters of base32(sha256("account|region|stack")). */
struct str name_uid(struct arena *arena, struct str account, struct str region, struct str stack);
/* kind: 'm', 'c' or 't'. */
struct str name_thing(struct arena *arena, const struct want *want, char kind, struct str fp);
/* "<stack>-<uid8>-s": the scaling policy. */
struct str name_policy(struct arena *arena, const struct want *want);
/* The members that name the endpoint's instances to Application Auto Scaling. */
struct json *name_scaling_target(struct arena *arena, const struct want *want);
/* "<stack>-<uid8>-m-": what a thing of ours starts with. */
struct str name_thing_prefix(struct arena *arena, const struct want *want, char kind);
/* Exactly our grammar: the prefix, 12 hex digits, for jobs an attempt. */
bool name_is_ours(const struct want *want, char kind, struct str name);
/* Attempt 1 is the plain name. */
struct str name_job_attempt(struct arena *arena, struct str job, unsigned attempt);
unsigned name_attempt_of(struct str job, struct str name); /* 0: not an attempt of job */

struct str key_record(struct arena *arena, const struct want *want);
struct str key_lease(struct arena *arena, const struct want *want);
struct str key_data(struct arena *arena, struct str prefix, struct str sha256, struct str file);
struct str
key_versioned(struct arena *arena, const struct want *want, struct str model, struct str fp);
struct str
key_stable(struct arena *arena, const struct want *want, struct str gen, struct str model);

struct str
key_retained(struct arena *arena, const struct want *want, struct str model, struct str fp);

/* What a key below <prefix>/ is. */
enum key_class {
    KEY_FOREIGN, /* none of ours */
    KEY_CONTROL, /* control/stack.json, control/lease, control/probe */
    KEY_DATA,
    KEY_TRAINING,  /* training/<our job>/... */
    KEY_VERSIONED, /* model, fp16 are set */
    KEY_STABLE,    /* model, gen are set */
    KEY_RETAINED,  /* under versions/: model, fp16 are set */
};
struct key_parts {
    struct str model, fp16, gen, job;
};
enum key_class key_classify(const struct want *want, struct str key, struct key_parts *parts);

/* Whether objects (by key, below the prefix) are more than what a run leaves while it works: its
 * lease, a probe. */
bool keys_hold_content(const struct want *want, const struct map *objects);

/* The TargetModel of a key: what stands behind the SageMaker model's ModelDataUrl. In the
 * multi-container modes the container of the artifact. */
struct str key_target_model(const struct want *want, struct str key);
/* What a SageMaker model's artifacts are under, by what is described of it; the containers of one
 * of ours have theirs in one folder. STR_NULL: nothing is said. */
struct str name_model_data(const struct json *model);
bool is_hex(struct str s, size_t len); /* lower case */

#endif
