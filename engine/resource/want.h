/* engine/resource/want.h - what the spec asks for, with names, keys and fingerprints worked out.
 *
 * Built by desired_build() (engine/reconcile/desired.h) from the spec and the digests of its
 * sources; read-only afterwards. Nothing here says how the pieces reach AWS: which key an artifact
 * gets depends on what is live (planner).
 */
#ifndef ENGINE_RESOURCE_WANT_H
#define ENGINE_RESOURCE_WANT_H

#include "engine/base/err.h"
#include "engine/base/json.h"

struct want_pair {
    struct str name, value;
};

/* The rows of one value of the column by which a channel is parted. */
struct split_part {
    struct str value;
    size_t rows;
    struct str digest; /* sha256 of the CSV of these rows alone, without the column; hex */
    uint64_t size;     /* of that CSV */
};

struct split {
    struct split_part *parts; /* by first appearance */
    size_t n_parts, n_rows, n_cols;
    void *data; /* the world's own */
};

struct want_channel {
    struct str name, content_type;
    struct str path;   /* local file; STR_NULL when the channel is an s3:// prefix */
    struct str source; /* as written */
    struct str s3_uri; /* what the training job reads: the given prefix, or the uploaded object */
    struct str key;    /* local: <prefix>/data/<sha256>/<file> */
    struct str digest; /* part of every fingerprint: sha256 in hex, or of the s3:// listing */
    uint64_t size;
    struct srcloc at;
    const struct split *split; /* one of its parts; NULL: all of the source */
    size_t part;
    struct str index; /* in addresses; STR_NULL: the name */
};

/* Why another version than the spec's content is published. */
enum want_fixed {
    FIXED_NO,
    FIXED_HELD,   /* by the record: mmectl rollback */
    FIXED_PINNED, /* by the spec: `version` */
};

/* What a model's training has to reach to be published. */
struct want_gate {
    struct str metric; /* "validation:auc" */
    bool has_min, has_max;
    double min, max;
    struct str min_text, max_text; /* as written */
    struct srcloc at;
};

/* A call that a version has to answer as expected before it is published. */
struct want_check {
    struct str payload, expect; /* paths as written; expect: STR_NULL for none */
    struct str body;            /* the payload's text */
    size_t rows, cols;
    const float *values;    /* the same rows, row-major */
    const double *expected; /* golden predictions; NULL for none */
    size_t n_expected;      /* of them, for all rows */
    double tolerance;
    struct srcloc at, expect_at;
};

/* The same content in the stack of another region: it is copied, not made again. */
struct want_elsewhere {
    struct str region;
    struct str bucket, key, etag; /* where it lies; key STR_NULL: it is being trained */
    const struct json *metrics;   /* NULL: not known */
    const void *training;         /* struct change of this run: training it there; NULL */
};

/* What this run has found out about a model: nothing, of most of ten thousand. */
struct want_run {
    void *result;               /* struct trained_bytes, when it has been trained here */
    const struct json *metrics; /* of its training; NULL: it was not trained */
    struct str made_at;         /* s3:// of what its training job made */
    struct str fault;           /* the check that its version did not pass; STR_NULL */
    struct str uncalled;        /* why a check could not be made; STR_NULL */
    struct str held;            /* why the spec's version is not published; set by the planner */
    bool held_by_check;         /* else by a gate */
    void *candidate;            /* struct artifact_plan: where a held one comes from; or NULL */
};

struct want_model {
    struct str name, description;
    struct want_pair *hyperparameters; /* sorted by name */
    size_t n_hyperparameters;
    bool trained;           /* else: bring your own */
    struct str path;        /* own: local file */
    struct str s3_uri;      /* own: s3:// object */
    struct str source;      /* own: as written */
    struct str sha256;      /* own, local or pinned: hex */
    struct str source_etag; /* own, s3://: as listed */
    uint64_t size;
    bool allow_pickle;
    bool protect;
    struct str spec_fp; /* 64 hex digits: what the spec says */
    struct str fp;      /* what is to be published: the same, or the version that is fixed */
    struct str pin;     /* of the spec: the first digits of a version; STR_NULL for none */
    struct srcloc pin_at;
    enum want_fixed fixed;    /* set by the planner */
    struct str job;           /* trained: <stack>-<uid8>-t-<fp12>, the first attempt's name */
    struct str settings_hash; /* of what may be changed to retry a failed job without another
                                 fingerprint */
    struct srcloc at;
    const struct want_channel *channels; /* it is trained on; NULL: the stack's (want_channels) */
    size_t n_channels;
    struct str set;       /* "customer-{key}", when a set made it */
    struct str set_value; /* of a partition: the value whose rows these are; else STR_NULL */
    const struct want_gate *const *gates;
    size_t n_gates;
    const struct want_check *const *checks;
    size_t n_checks;
    struct str checks_digest; /* of what is called and expected; STR_NULL without checks */
    struct want_run *run;     /* NULL: want_run() */
    const struct want_elsewhere *elsewhere; /* NULL: only here */
    bool failed;                            /* this run tried and could not make it */
    bool left_out;  /* cannot be made now: keep the old one, or go without */
    bool frozen;    /* this run is about another model: it stays as it is published */
    bool aside;     /* not among the targets: left_out, and no failure */
    bool remake;    /* --replace: put it there again, though it is there */
    bool retrain;   /* --replace of its training job: another attempt */
    bool retrained; /* and this run has made it */
};

/* How the instances are shared: one container for all models, or one for each of a few. */
enum want_mode {
    WANT_MULTI_MODEL,
    WANT_DIRECT, /* a call names its container */
    WANT_SERIAL, /* a pipeline: each reads what the one before answered */
};

struct want_container {
    struct str name, image;
    bool has_model; /* the one of the container's name; else the image brings all along */
    const struct want_pair *environment; /* sorted by name */
    size_t n_environment;
};

/* What became of a partition's values, for people. */
struct want_set {
    struct str name; /* "customer-{key}" */
    struct str source;
    int64_t column;
    size_t n_models, min_rows;
    const struct split_part **small; /* left out: fewer rows than minRows */
    size_t n_small;
    struct want_pair *renamed; /* value and name, where the value could not be in it as it is */
    size_t n_renamed;
    size_t n_unvalidated; /* models without rows in the validation channel */
    size_t n_strays;      /* values of the validation channel without a model */
};

struct want_share {
    struct str model;
    int64_t weight;
};

/* How many instances serve, by the load. */
struct want_scaling {
    int64_t min, max, target; /* target: invocations per instance and minute */
    int64_t in_cooldown_s, out_cooldown_s;
    struct srcloc at;
};

enum want_move { MOVE_AS_USUAL, MOVE_ALL_AT_ONCE, MOVE_CANARY, MOVE_LINEAR, MOVE_ROLLING };

struct want_alarm {
    struct str name;
    struct srcloc at;
};

/* How the endpoint moves to a new configuration. */
struct want_update {
    enum want_move move;
    int64_t percent, instances;                  /* of one step: one of the two; the other is 0 */
    int64_t wait_s;                              /* after each step */
    int64_t rollback_percent;                    /* rolling: on the way back; 0: all at once */
    int64_t termination_wait_s, max_execution_s; /* max_execution_s 0: SageMaker's */
    const struct want_alarm *alarms;
    size_t n_alarms;
};

/* Calls and answers, recorded to S3. */
struct want_capture {
    int64_t percent;
    struct str destination, kms_key; /* kms_key STR_NULL: the bucket's own */
    bool input, output;
};

struct want_route {
    struct str name;
    const struct want_share *split; /* in the spec's order */
    size_t n_split;
    struct str shadow; /* STR_NULL: none */
    struct srcloc at;
};

struct want {
    struct str stack, uid, account, region, partition, role;
    struct str bucket, prefix, home; /* home: s3://bucket/prefix */
    bool bucket_is_default;          /* sagemaker-<region>-<account>: never deleted */
    struct str object_key; /* KMS key of what is written there; STR_NULL: as the bucket says */
    const struct want_pair *tags; /* the spec's own */
    size_t n_tags;
    bool stable;              /* targetModels: stable, and every multi-container endpoint */
    bool trains_here;         /* backend: local */
    struct str image;         /* for training and serving */
    struct str image_version; /* "1.7-1"; STR_NULL for an image of the user's */
    struct str serving_image;
    struct str algorithm_name,
        algorithm_version; /* in the fingerprint; image digest when it is the user's */
    struct str training_instance;
    int64_t training_count, training_volume_gb, max_runtime_s;
    int64_t max_wait_s;          /* on spot instances; 0: on demand */
    int64_t keep_alive_s;        /* of a warm pool; 0: none */
    size_t training_concurrency; /* jobs at a time; 0: as many as other operations */
    struct want_channel *channels;
    size_t n_channels;
    struct want_model *models; /* sorted by name */
    size_t n_models;
    struct want_set *sets; /* partitions */
    size_t n_sets;
    const struct want_route *routes; /* sorted by name */
    size_t n_routes;
    struct str endpoint;
    enum want_mode mode;
    const struct want_container *containers; /* of the multi-container modes, in their order */
    size_t n_containers;
    struct str instance_type;
    int64_t instance_count;
    const struct want_scaling *scaling; /* NULL: always instance_count */
    const struct want_update *update;   /* NULL: as SageMaker does when it is told nothing */
    const struct want_capture *capture; /* NULL: nothing is recorded */
    struct str disk_key;                /* KMS key of the instances' disks; STR_NULL for none */
    const struct str *subnets, *security_groups;
    size_t n_subnets, n_security_groups; /* 0: SageMaker's own network */
    bool isolated;
    int64_t volume_gb, health_check_timeout_s, download_timeout_s; /* 0: SageMaker's */
    int64_t retention_days; /* of the endpoint's log group; 0: not the spec's business */
    struct srcloc logs_at;
    const struct want_pair *environment; /* sorted by name */
    size_t n_environment;
    bool cache_disabled;
    bool protect;
    size_t retain; /* versions kept besides the live one */
    struct srcloc at, endpoint_at, bucket_at, prefix_at;
};

/* Nothing at all to serve: the spec was emptied. */
static inline bool want_is_empty(const struct want *want)
{
    return want->n_models == 0 && want->n_containers == 0;
}
/* The model's container has another image than the algorithm's. */
bool want_has_other_image(const struct want *want, struct str model);
/* What a model is trained on, sorted by name; how many. */
size_t want_channels(
    const struct want *want,
    const struct want_model *model,
    const struct want_channel **ret_channels);
const struct want_model *
want_find_model(const struct want *want, struct str name); /* binary search */
/* Never NULL; to be read ... */
const struct want_run *want_run(const struct want_model *model);
/* ... and to be written, on the arena that the want is on. */
struct want_run *want_run_edit(struct arena *arena, struct want_model *model);

#endif
