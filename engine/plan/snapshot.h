/* engine/plan/snapshot.h - what is really there, read in bulk.
 *
 * Filled by the world's observe() (engine/kinds/observe*.c), read by the planner. Absent things
 * have present = false; that comes only from a 404, a "could not find" or a listing, never from a
 * 403.
 */
#ifndef ENGINE_PLAN_SNAPSHOT_H
#define ENGINE_PLAN_SNAPSHOT_H

#include "engine/base/map.h"
#include "engine/base/vec.h"
#include "engine/resource/want.h"
#include "engine/stack/record.h"

enum owner {
    OWNER_UNKNOWN, /* not looked at yet */
    OWNER_US,      /* our uid */
    OWNER_OTHER,   /* somebody else's, or without our tags */
};

struct seen_object {
    struct str key, etag; /* etag with its quotes */
    uint64_t size;
    int64_t modified_ms;
    enum owner owner;
    bool tampered; /* ours by name, but the content is not what we put there */
    bool imported; /* by the user's word, from its metadata */
    struct str fp; /* of an artifact, from its key, the record or its metadata; STR_NULL unknown */
    const struct json *metrics; /* of a candidate, from its metadata; NULL */
    struct str check;           /* digest of the checks it did not pass, from its metadata */
};

struct seen_job {
    struct str name, status, failure_reason,
        artifact;             /* artifact: s3:// of model.tar.gz when Completed */
    struct str settings_hash; /* tag */
    struct str arn;
    int64_t created_ms, ended_ms; /* ended: 0 while it runs */
    bool inspected;               /* failure_reason, artifact, tags, metrics are known */
    const struct want_pair *metrics;
    size_t n_metrics;
    enum owner owner;
};

struct seen_thing { /* a SageMaker model or endpoint config */
    bool present;
    struct str name, arn;
    enum owner owner;
    struct str fp;
    struct str home;             /* tag */
    const struct json *tags;     /* object; NULL when not asked for */
    const struct json *describe; /* the service's answer, NULL when it was only listed */
};

struct seen_endpoint {
    bool present;
    struct str name, arn, status, failure_reason;
    struct str config;         /* live */
    struct str pending_config; /* while it is being changed */
    enum owner owner;
    struct str home;
    bool protect; /* tag */
    const struct json *tags;
    int64_t instance_count; /* current */
    const struct json *describe;
};

/* The endpoint's variant as a scalable target of Application Auto Scaling. */
struct seen_scaling {
    bool present;
    int64_t min, max;
    const struct json *policies; /* as they are described; NULL: there are none */
};

/* An alarm of CloudWatch that the spec names, and that is there. */
struct seen_alarm {
    struct str name, state; /* "OK", "ALARM", "INSUFFICIENT_DATA" */
};

struct snapshot {
    struct {
        bool present;
        bool ours; /* tagged with our uid; read by destroy, and where there is nothing else of ours
                    */
        bool versioned; /* what is deleted stays as an old version; destroy only */
        struct str region;
    } bucket;
    struct record record; /* control/stack.json; record.present says whether it is there */
    struct map *objects;  /* key -> struct seen_object, everything under <prefix>/ */
    struct seen_endpoint endpoint;
    struct seen_thing live_config, live_model; /* what the endpoint uses */
    struct str live_model_url;                 /* its ModelDataUrl */
    struct str live_instance_type;
    int64_t live_instance_count;
    struct seen_scaling scaling;
    bool alarms_seen;              /* they were asked for: not where a stack is taken down */
    VEC(struct seen_alarm) alarms; /* of update.rollbackAlarms */
    VEC(struct seen_thing) models, configs; /* all with our names, the live ones included */
    VEC(struct seen_job) jobs; /* with our names; in apply only when some model has to be trained */
    bool jobs_listed;
    bool log_group; /* /aws/sagemaker/Endpoints/<name>; destroy, and where the spec is about it */
    int64_t log_retention_days; /* 0: for good */
    VEC(struct str)
    uploads; /* unfinished multipart uploads under the prefix ("key\nid"); destroy only */
    /* Where the stack was before its endpoint's name, bucket or prefix changed. */
    VEC(struct seen_endpoint) old_endpoints;
    struct {
        struct str home, bucket, prefix; /* STR_NULL: it did not move */
        struct record
            record; /* of a record with our uid, or absent: then nothing there is touched */
        struct map *objects;
    } old;
};

#endif
