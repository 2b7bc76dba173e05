/* specs/spec.h - the typed spec: what the user wrote, checked, with defaults filled in and
 * positions kept.
 *
 * Built by spec_load(); everything hangs off the arena given there and is read-only afterwards. One
 * struct spec is one stack (one YAML document). Field meanings: the tables in specs/spec_fields.c,
 * `mmectl help spec`. Positions: `at` of a field that was left out is the position of the block it
 * belongs to.
 */
#ifndef SPECS_SPEC_H
#define SPECS_SPEC_H

#include "engine/base/err.h"
#include "specs/diags.h"

/* A string of the spec and where it stood. Absent optional strings are STR_NULL. */
struct spec_str {
    struct str value;
    struct srcloc at;
};

/* A number that may be left out. */
struct spec_number {
    bool set;
    double value;
    struct str text; /* as written */
    struct srcloc at;
};

struct spec_pair {
    struct str name, value; /* value: the scalar's source text */
    struct srcloc at;       /* of the name */
    struct srcloc value_at;
};

/* An ordered mapping, names unique. */
struct spec_map {
    struct spec_pair *items;
    size_t len;
};

struct spec_values {
    struct str name;
    struct srcloc at;
    struct spec_str *items;
    size_t len;
};

/* An ordered mapping of names to lists of scalars. */
struct spec_lists {
    struct spec_values *items;
    size_t len;
};

enum spec_backend { SPEC_BACKEND_SAGEMAKER, SPEC_BACKEND_LOCAL };
/* As endpoint.mode lists them. */
enum spec_mode { SPEC_MULTI_MODEL, SPEC_CONTAINERS_DIRECT, SPEC_CONTAINERS_SERIAL };
enum spec_target_models { SPEC_TARGETS_VERSIONED, SPEC_TARGETS_STABLE };
enum spec_model_cache { SPEC_CACHE_ENABLED, SPEC_CACHE_DISABLED };

enum spec_capture_mode { SPEC_CAPTURE_BOTH, SPEC_CAPTURE_INPUT, SPEC_CAPTURE_OUTPUT };

struct spec_instance {
    struct spec_str type; /* "ml.m5.large" */
    int64_t count;
    int64_t volume_gb; /* training only; default 10 */
    struct spec_number hosting_volume_gb;
    struct srcloc at;
};

struct spec_channel {
    struct spec_str name;   /* "train", "validation" */
    struct spec_str source; /* as written: a local path or s3:// */
    struct str path;        /* local: resolved against the spec's folder; STR_NULL for s3:// */
    struct spec_str content_type; /* "text/csv"; default text/libsvm */
};

struct spec_spot {
    bool enabled;
    int64_t max_wait_s; /* completed: twice max_runtime_s, at most 28 days, when left out */
    struct srcloc at;
};

struct spec_training {
    bool set; /* the block is there */
    enum spec_backend backend;
    struct spec_str algorithm_name, algorithm_version; /* "xgboost", "1.7-1" */
    bool algorithm_set;                                /* `algorithm` is there */
    struct spec_str image;                             /* instead of the algorithm's */
    struct str image_name; /* the same with {region} left in: what it is called everywhere */
    struct spec_instance instance;
    int64_t max_runtime_s;
    int64_t concurrency;  /* training jobs at a time; 0: as many as other operations */
    int64_t keep_alive_s; /* of a warm pool; 0: none */
    struct spec_spot spot;
    struct spec_channel *channels;
    size_t n_channels;
    struct spec_map hyperparameters; /* defaults for every model */
    struct srcloc at;
};

/* What a model's training has to reach: at least one of the two bounds is there. */
struct spec_gate {
    struct spec_str metric; /* "validation:auc" */
    struct spec_number min, max;
    struct spec_str *models; /* which it stands for; none: every model that is trained */
    size_t n_models;
    struct srcloc at;
};

/* A call that has to succeed before a version is published. */
struct spec_check {
    struct spec_str payload, expect;      /* expect: STR_NULL for none */
    struct str payload_path, expect_path; /* resolved */
    struct spec_number tolerance;
    struct spec_str *models; /* which it stands for; none: all */
    size_t n_models;
    struct srcloc at;
};

struct spec_model {
    struct spec_str name;
    struct spec_str description;
    struct spec_map hyperparameters; /* merged: training's, then the model's own; sorted by name */
    struct spec_str artifact;        /* bring your own: as written; STR_NULL when trained */
    struct str artifact_path;        /* local artifact, resolved; STR_NULL for s3:// */
    struct spec_str sha256;
    struct spec_str version; /* pinned: the first 8 or more digits; STR_NULL for none */
    bool allow_pickle;
    struct spec_str *regions; /* where it is deployed; none: in all of the spec's */
    size_t n_regions;
    bool protect;
    /* Of a trained model: training's channels, or those of its set. */
    const struct spec_channel *channels;
    size_t n_channels;
    const struct spec_model_set *set; /* the set whose matrix made it; NULL: it is written out */
    struct spec_gate *gates;          /* besides those of the spec */
    size_t n_gates;
    bool in_container; /* one of spec.endpoint.containers: nothing else answers by its name */
    struct srcloc at;
};

/* One of 2 to 15 on the same instances. What it serves is a model of the container's name, which is
 * among the spec's models when the spec is loaded. */
struct spec_container {
    struct spec_model model; /* its name is the container's */
    struct spec_str image;   /* "builtin" or a URI */
    struct spec_map environment;
    bool has_model; /* else the image brings along all it needs */
};

struct spec_partition {
    bool set; /* the block is there */
    struct spec_str channel;
    int64_t column; /* from 0 */
    struct srcloc at;
};

/* Many models from one rule. Those of a matrix are among the spec's models when it is loaded; those
 * of a partition are found in the data (engine/reconcile/model_sets.h). */
struct spec_model_set {
    struct spec_str name, description; /* with {places} */
    struct spec_partition partition;
    struct spec_lists matrix;
    int64_t min_rows;
    struct spec_channel *channels; /* merged: training's, then the set's own */
    size_t n_channels;
    struct spec_map hyperparameters; /* merged, as a model's */
    struct spec_str *regions;        /* as a model's */
    size_t n_regions;
    bool protect;
    struct srcloc at;
};

/* Of a stack with model sets, all in all. */
#define SPEC_SET_MODELS_MAX 10000

/* How many instances serve, by the load. */
struct spec_autoscaling {
    bool set; /* the block is there */
    int64_t min, max, target;
    int64_t in_cooldown_s, out_cooldown_s;
    struct srcloc at;
};

/* One way for an endpoint to move to a new configuration, by a share or a number of instances. */
struct spec_step {
    bool set; /* the block is there */
    struct spec_number percent, instances;
    int64_t wait_s;           /* after each step */
    int64_t rollback_percent; /* rolling: on the way back; 0: all at once */
    struct srcloc at;
};

struct spec_update {
    bool set;                                              /* the block is there */
    struct spec_str strategy;                              /* STR_NULL: what the ways say */
    struct spec_step all_at_once, canary, linear, rolling; /* at most one is set */
    int64_t termination_wait_s, max_execution_s;           /* max_execution_s 0: not given */
    struct spec_str *alarms;
    size_t n_alarms;
    struct srcloc at;
};

/* Calls and answers, recorded to S3. */
struct spec_capture {
    bool set; /* the block is there */
    int64_t percent;
    struct spec_str destination, kms_key;
    enum spec_capture_mode mode;
    struct srcloc at;
};

struct spec_vpc {
    bool set; /* the block is there */
    struct spec_str *subnets, *groups;
    size_t n_subnets, n_groups;
};

struct spec_endpoint {
    struct spec_str name; /* default: the stack's name */
    enum spec_mode mode;
    struct spec_container *containers; /* of the multi-container modes */
    size_t n_containers;
    /* Line 0: it was not written. */
    struct srcloc mode_at, containers_at, container_at, target_models_at, model_cache_at;
    enum spec_target_models target_models;
    struct spec_instance instance;
    struct spec_str image; /* "builtin" or a URI */
    struct spec_map environment;
    enum spec_model_cache model_cache;
    struct spec_autoscaling autoscaling;
    struct spec_update update;
    struct spec_capture capture;
    struct spec_str kms_key;
    struct spec_vpc vpc;
    bool isolated;
    int64_t health_check_timeout_s, download_timeout_s; /* 0: SageMaker's */
    struct spec_number retention_days;
    bool protect;
    struct srcloc at;
};

struct spec_route {
    struct spec_str name;
    struct spec_map split;  /* models to weights, whole numbers */
    struct spec_str shadow; /* a model; STR_NULL for none */
    struct srcloc at;
};

struct spec {
    struct str file;      /* as given on the command line; "-" for standard input */
    struct str sha256;    /* of that file's text, in hex */
    struct str folder;    /* relative paths are resolved against it */
    struct srcloc at;     /* of its `spec` key */
    struct spec_str name; /* the stack */
    struct spec_map tags;
    struct spec_str account; /* STR_NULL: not guarded by the spec */
    struct spec_str region;
    struct spec_str region_written; /* what the file says, when --region says something else */
    struct spec_str *regions;       /* a stack in each; none: in `region` alone */
    size_t n_regions;
    const struct spec *whole; /* the document that this is one region of; NULL: it has no list */
    struct spec_str role;
    struct spec_str bucket; /* STR_NULL: sagemaker-<region>-<account> */
    struct spec_str prefix; /* without slashes at the ends; default: the stack's name */
    struct spec_gate *gates;
    size_t n_gates;
    struct spec_check *checks;
    size_t n_checks;
    struct spec_str kms_key; /* of what is written to the bucket */
    struct spec_training training;
    struct spec_model *models;
    size_t n_models;
    struct spec_model_set *sets;
    size_t n_sets;
    struct spec_endpoint endpoint;
    struct spec_route *routes;
    size_t n_routes;
    int64_t retain; /* versions kept besides the live one */
};

struct spec_list {
    struct spec **items;
    size_t len;
};

struct spec_options {
    const struct spec_pair *sets; /* --set name=value, in order */
    size_t n_sets;
    /* --region: wins over the spec's, and narrows a list to one; STR_NULL for none. */
    struct str region;
    bool any_region; /* that one need not be in the list: to take down what was left there */
    /* The environment, for MMECTL_VAR_name; NULL means none. */
    const char *(*getenv)(const char *name);
};

/* A document that lists regions is a stack in each of them, in the order of the list.
 *
 * Loads every document of every path (a file, a folder of *.yaml and *.yml, or "-"), checks them
 * and fills in defaults. All faults of all files are reported to diags; then the answer is
 * ERR_SPEC. ERR_NOT_FOUND or ERR_IO when a path cannot be read. Two stacks of the same name,
 * account and region are a fault. */
enum err_code spec_load(
    struct arena *arena,
    const struct str *paths,
    size_t n_paths,
    const struct spec_options *options,
    struct diags *diags,
    struct spec_list *ret_specs,
    struct err *err) MUST_USE;

#endif
