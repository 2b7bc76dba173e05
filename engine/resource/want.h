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

struct want_channel {
    struct str name, content_type;
    struct str path;   /* local file; STR_NULL when the channel is an s3:// prefix */
    struct str source; /* as written */
    struct str s3_uri; /* what the training job reads: the given prefix, or the uploaded object */
    struct str key;    /* local: <prefix>/data/<sha256>/<file> */
    struct str digest; /* part of every fingerprint: sha256 in hex, or of the s3:// listing */
    uint64_t size;
    struct srcloc at;
};

/* Why another version than the spec's content is published. */
enum want_fixed {
    FIXED_NO,
    FIXED_HELD,   /* by the record: mmectl rollback */
    FIXED_PINNED, /* by the spec: `version` */
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
    void *result;   /* struct trained_bytes, when this run has trained it here already */
    bool failed;    /* this run tried and could not make it */
    bool left_out;  /* cannot be made now: keep the old one, or go without */
    bool frozen;    /* this run is about another model: it stays as it is published */
    bool aside;     /* not among the targets: left_out, and no failure */
    bool remake;    /* --replace: put it there again, though it is there */
    bool retrain;   /* --replace of its training job: another attempt */
    bool retrained; /* and this run has made it */
};

struct want {
    struct str stack, uid, account, region, partition, role;
    struct str bucket, prefix, home; /* home: s3://bucket/prefix */
    bool bucket_is_default;          /* sagemaker-<region>-<account>: never deleted */
    const struct want_pair *tags;    /* the spec's own */
    size_t n_tags;
    bool stable;              /* targetModels: stable */
    bool trains_here;         /* backend: local */
    struct str image;         /* for training and serving */
    struct str image_version; /* "1.7-1"; STR_NULL for an image of the user's */
    struct str serving_image;
    struct str algorithm_name,
        algorithm_version; /* in the fingerprint; image digest when it is the user's */
    struct str training_instance;
    int64_t training_count, training_volume_gb, max_runtime_s;
    struct want_channel *channels;
    size_t n_channels;
    struct want_model *models; /* sorted by name */
    size_t n_models;
    struct str endpoint;
    struct str instance_type;
    int64_t instance_count;
    const struct want_pair *environment; /* sorted by name */
    size_t n_environment;
    bool cache_disabled;
    bool protect;
    size_t retain; /* versions kept besides the live one */
    struct srcloc at, endpoint_at, bucket_at, prefix_at;
};

const struct want_model *
want_find_model(const struct want *want, struct str name); /* binary search */

#endif
