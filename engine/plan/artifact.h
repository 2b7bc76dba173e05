/* engine/plan/artifact.h - how one model artifact gets to its key: the subject of KIND_ARTIFACT
 * changes.
 */
#ifndef ENGINE_PLAN_ARTIFACT_H
#define ENGINE_PLAN_ARTIFACT_H

#include "engine/plan/plan.h"
#include "engine/plan/snapshot.h"
#include "engine/resource/want.h"

enum artifact_source {
    ARTIFACT_COPY,    /* server-side, from `from_bucket`/`from_key`: the same content elsewhere, a
                         job's output, the user's s3:// */
    ARTIFACT_UPLOAD,  /* model->path */
    ARTIFACT_TRAINED, /* what LOCAL_TRAINING left in `trained` */
};

struct trained_bytes {
    struct str tar_gz; /* STR_NULL until trained */
    const struct json *metrics;
};

/* A version that is kept besides the live one. */
struct version_plan {
    struct record_version version; /* where it will be */
    const struct change *change;   /* the copy that takes it there; NULL: it is there */
};

struct artifact_plan {
    const struct want_model *model;
    struct str name, fp, key;
    enum artifact_source source;
    struct str from_bucket, from_key, from_etag; /* from_etag may be null: the job's output */
    struct str from_region;    /* where that is, when it is another one; else STR_NULL */
    struct str job;            /* when it comes from a training job: its name */
    struct str overwrite_etag; /* what stands at the key and must go; STR_NULL: nothing may */
    bool imported;             /* the user's word that these bytes are what the spec describes */
    struct trained_bytes *trained;
    const struct json *metrics;        /* NULL until known */
    bool candidate;                    /* held back: its metrics go along with the object */
    struct str check;                  /* of a candidate: the checks it did not pass */
    struct change *change;             /* what puts it there; NOOP when it is there */
    VEC(struct version_plan) versions; /* kept besides it, in the order of their worth */
    /* Set by the kind when it is there. */
    struct str etag;
    uint64_t size;
};

/* Subject of KIND_DATA, KIND_OUTPUT and removals of artifacts: the object that is there, or NULL.
 */
struct object_plan {
    const struct want_channel *channel; /* DATA to upload */
    struct str bucket;                  /* where they are; STR_NULL: the stack's */
    struct seen_object **objects;       /* to remove */
    size_t n_objects;
};

/* Subject of KIND_TRAINING_JOB and KIND_LOCAL_TRAINING. */
struct training_plan {
    const struct want_model *model;
    struct str job; /* this attempt's name */
    unsigned attempt;
    bool attach;                   /* it is running already */
    const struct change *lead;     /* the same training in another region, whose result is taken:
                                      nothing is trained here unless it fails; NULL */
    const struct json *request;    /* CreateTrainingJob's input, without name and tags */
    struct trained_bytes *trained; /* LOCAL_TRAINING */
    /* Set by the kind when it has finished. */
    struct str artifact; /* s3:// */
    const struct json *metrics;
};

/* Subject of KIND_MODEL and KIND_ENDPOINT_CONFIG. */
struct thing_plan {
    struct str name, fp;
    const struct json *request; /* the create call's input, without tags; NULL for removals */
    bool exists;                /* left by an earlier run: nothing to create */
};

/* Subject of KIND_ENDPOINT. */
struct endpoint_plan {
    struct str config; /* wanted; STR_NULL for a removal */
    bool recreate;     /* Failed: delete, then create */
    bool tags_only;
    bool keep_counts; /* the spec's instance count did not change: RetainAllVariantProperties */
    const struct json *deployment; /* DeploymentConfig of the update; NULL: SageMaker's usual way */
    bool unscale;                  /* its scalable target has to be deregistered before */
    bool rescale; /* and is somebody else's: registered again, as it was, when that is done */
};

/* Subject of KIND_SCALING_TARGET and KIND_SCALING_POLICY: RegisterScalableTarget's or
 * PutScalingPolicy's input. Of a removal, the members that name it. */
struct scaling_plan {
    const struct json *request;
};

#endif
