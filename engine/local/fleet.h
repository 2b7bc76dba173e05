/* engine/local/fleet.h - the instances behind an endpoint: models on their disk and in their
 * memory.
 *
 * A fleet is what one completed create or update deployed, fixed from then on: a new one starts
 * with empty caches, the old one answers until then, and a restart of the process finds the
 * deployed one again in the endpoint's row. Each variant has a struct serve whose store fetches
 * <ModelDataUrl><TargetModel> from the world's objects once and keeps the bytes on the fleet's
 * "disk": so a model that was overwritten or deleted in S3 keeps answering with its old bytes until
 * it is gone from disk (ModelCacheSetting Disabled, or the disk is full) or the fleet is replaced,
 * as AWS documents. Calls take no world lock while the endpoint's row has not changed.
 * Ownership: fleet_acquire() gives a reference, fleet_release() returns it. Threads: any.
 */
#ifndef ENGINE_LOCAL_FLEET_H
#define ENGINE_LOCAL_FLEET_H

#include "engine/local/measures.h"
#include "engine/serve/serve.h"

struct fleet;

extern const struct local_room local_fleet_room;

/* The fleet that serves an endpoint now, or NULL: no such endpoint, another case, or not in service
 * yet. World not entered. */
enum err_code fleet_acquire(
    struct local *local,
    struct str region,
    struct str endpoint,
    int64_t now_ms,
    struct fleet **out,
    struct err *err) MUST_USE;
void fleet_release(struct fleet *fleet); /* accepts NULL */
/* Some endpoint's row changed: fleets look at it again. World entered. */
void fleet_changed(struct local *local);

/* CreateModel takes no more. */
#define FLEET_CONTAINERS_MAX 15

struct fleet_container {
    struct str name; /* its hostname, or "container-<n>" */
    struct str log_stream;
    struct str url;            /* ModelDataUrl */
    bool multi;                /* of Mode MultiModel: url is a prefix */
    struct str default_accept; /* SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT; null: the image's own */
    struct str target;         /* of one model alone: what it is called in memory and on disk */
    struct serve *serve;
    struct fleet_disk *disk;
    struct measures *measures; /* of its variant; NULL for one model alone */
    struct clock clock;
};

struct fleet_variant {
    struct str name;
    bool direct; /* a call names its container; else it goes through all, in their order */
    _Atomic double weight;
    _Atomic int64_t instances;
    struct measures *measures;
    struct fleet_container containers[FLEET_CONTAINERS_MAX];
    size_t n_containers;
};

/* By name, or by weight when it is null; NULL when there is none. */
struct fleet_variant *fleet_variant_pick(struct fleet *fleet, struct str wanted);
/* Publishes how many models a variant has in memory; nothing where each container serves one. */
void fleet_measure_models(
    const struct fleet *fleet, const struct fleet_variant *variant, int64_t now_ms);
void fleet_measure(const struct fleet *fleet, int64_t now_ms); /* of all variants */
struct str fleet_endpoint_group(const struct fleet *fleet);    /* its log group */
/* Forgets a model: from memory and, unless keep_disk, from disk. */
void fleet_unload(struct fleet *fleet, struct str model, bool keep_disk);
/* Every model the fleet has on disk: [{variant, container, model, loaded}]. */
struct json *fleet_models(struct fleet *fleet, struct arena *arena);

/* "AllTraffic/i-0123456789abcdef0": the same for a generation on every start. */
struct str fleet_log_stream(
    struct arena *arena, struct str endpoint_arn, struct str variant, int64_t generation);
/* Of one container; of several each has its own: ".../<hostname>". */
struct str
fleet_container_stream(struct arena *arena, struct str stream, struct str container, bool several);
/* Memory of an instance type, by its family and size. */
size_t fleet_instance_memory(struct str type);

#endif
