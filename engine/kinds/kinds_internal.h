/* engine/kinds/kinds_internal.h - shared by the files of engine/kinds; nobody else includes it.
 *
 * A kind starts a change and says, polled, when it has settled. Required: start. Optional: poll
 * (NULL: settled when start returned). Both see ACTION_CREATE, UPDATE, REPLACE (make the new one)
 * and DELETE.
 */
#ifndef ENGINE_KINDS_KINDS_INTERNAL_H
#define ENGINE_KINDS_KINDS_INTERNAL_H

#include "engine/aws/s3.h"
#include "engine/kinds/kinds.h"
#include "engine/plan/artifact.h"
#include "engine/resource/names.h"

/* How often a create or update without an answer is sent again once a look has shown that nothing
 * came of it: it may never have arrived. */
#define KINDS_UNHEARD_LIMIT 3
/* The status of what is waited for while nobody can be asked about it. */
/* No answer to a look of a wait: the wait goes on, unless that has lasted for too long. */
static inline bool kinds_outlives(const struct world_call *call, enum err_code code)
{
    return err_may_pass(code) && !call->impatient;
}

static inline struct settle kinds_silent(void)
{
    return (struct settle){.state = SETTLE_PENDING, .status = STR("no answer"), .silent = true};
}

struct training_data; /* parsed channels, shared by everything trained here */
struct kept_split;    /* channels that were parted */

/* One at a time reads, behind the gate. */
struct kinds_data {
    struct gate gate;
    struct training_data *parsed;
    struct kept_split *splits;
};

struct kinds {
    struct world world;
    struct arena *arena;
    struct aws *aws;
    struct loop *loop;
    struct str version;
    struct kinds_sources *sources;
    bool own_sources;
    struct kinds_data *data;         /* of the sources */
    size_t jobs_running, jobs_freed; /* freed: ended since the account had no room for more */
    unsigned conditions_missing;     /* of enum record_condition */
};

struct kind_ops {
    enum err_code (*start)(struct kinds *kinds, struct world_call *call, struct err *err);
    enum err_code (*poll)(
        struct kinds *kinds, struct world_call *call, struct settle *out, struct err *err);
};

/* One per file: bucket.c data_object.c training_job.c local_training.c artifact.c thing.c
 * endpoint.c log_group.c scaling.c */
extern const struct kind_ops kind_bucket, kind_data, kind_training_job, kind_local_training,
    kind_artifact, kind_model, kind_endpoint_config, kind_endpoint, kind_log_group,
    kind_scaling_target, kind_scaling_policy;

struct kinds *kinds_of(struct world *world);
void training_data_free(struct training_data *data);
void splits_free(struct kept_split *splits);

/* ---- kept.c ---- */

struct kinds_data *kinds_data_of(struct kinds_sources *sources);
/* The state the file is in; STR_NULL: it cannot be told. *ret_sha256 is null when it was not
 * digested in that state. On any thread. */
struct str sources_find(
    struct kinds_sources *sources,
    struct arena *arena,
    struct str path,
    struct str *ret_sha256,
    uint64_t *ret_size);
/* Whether something was kept under that state: a digest, or that a channel was checked. */
bool sources_has(struct kinds_sources *sources, struct str state);
void sources_keep(
    struct kinds_sources *sources, struct str state, struct str sha256, uint64_t size);

/* ---- common.c ---- */

/* Of a training that goes with one in another region. NONE: there is none, or it came to nothing;
 * then it is a training of its own from here on. DONE: its result has been taken. */
enum lead_state { LEAD_NONE, LEAD_PENDING, LEAD_DONE };
enum lead_state kinds_follow_lead(struct change *change);

/* [{"Key":..,"Value":..}] of the stack's tags; fp and settings may be null. */
struct json *kinds_tags(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct str fp,
    struct str settings);
/* ListTags of SageMaker as an object of strings. */
enum err_code kinds_list_tags(
    struct kinds *kinds,
    struct arena *arena,
    struct str arn,
    const struct json **ret_tags,
    struct err *err) MUST_USE;
/* A metric as SageMaker describes it is a float: the shortest number that is the same float is what
 * the training said. 0.949999988079071 is 0.95, and not below it. */
double kinds_metric(double value);
enum owner kinds_owner(const struct want *want, const struct json *tags);
/* "model", "endpoint-config", "training-job", "endpoint" */
struct str
kinds_arn(struct arena *arena, const struct want *want, const char *resource, struct str name);
/* User metadata of an object of ours. count gets how many; at most 8. */
struct s3_meta *kinds_meta(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct str fp,
    struct str sha256,
    size_t *ret_count);
/* Adds what the object of a candidate remembers: its metrics, and the checks it did not pass. */
void kinds_candidate_meta(
    struct arena *arena, const struct artifact_plan *artifact, struct s3_meta *meta, size_t *count);
/* {name: value} with one string. */
struct json *kinds_body(struct arena *arena, const char *member, struct str value);
/* A call of SageMaker's control plane. */
enum err_code kinds_call(
    struct kinds *kinds,
    struct arena *arena,
    const char *operation,
    const struct json *body,
    const struct json **ret_reply,
    struct err *err) MUST_USE;
/* Every page of a List* call whose names contain a text: the members of `list`. */
enum err_code kinds_list(
    struct kinds *kinds,
    struct arena *arena,
    const char *operation,
    const char *list,
    struct str contains,
    struct json **ret_items,
    struct err *err) MUST_USE;
/* SageMaker cannot use a role yet that IAM has only just made (and reads some stores late). */
bool kinds_not_yet(const struct err *err);

/* ---- alarms.c ---- */

/* Those of update.rollbackAlarms that exist, with their state. */
enum err_code kinds_observe_alarms(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct snapshot *out,
    struct err *err) MUST_USE;

/* ---- scaling.c ---- */

/* Takes the endpoint's variant off autoscaling; it need not be on it. */
enum err_code
kinds_unscale(struct kinds *kinds, struct arena *arena, const struct want *want, struct err *err)
    MUST_USE;
/* Puts it back as it was seen: target and every policy. */
enum err_code kinds_rescale(struct kinds *kinds, struct world_call *call, struct err *err) MUST_USE;
/* Absent: out->present is false. */
enum err_code kinds_observe_scaling(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct seen_scaling *out,
    struct err *err) MUST_USE;

/* ---- the world's functions, by file ---- */

enum err_code kinds_observe(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    bool destroy,
    struct snapshot *out,
    struct err *err);
enum err_code kinds_describe_endpoint(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_endpoint *out,
    struct err *err);
enum err_code kinds_describe_named(
    struct kinds *kinds,
    struct arena *arena,
    struct str name,
    struct seen_endpoint *out,
    struct err *err);
/* Where the stack was before its endpoint's name, its bucket or its prefix changed. */
enum err_code kinds_observe_old(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    struct snapshot *out,
    struct err *err);
enum err_code kinds_list_jobs(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct snapshot *seen,
    struct err *err);
enum err_code kinds_inspect_job(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_job *job,
    struct err *err);
enum err_code kinds_inspect(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_object *object,
    struct err *err);
/* Everything under the prefix, in key order, into `out` (observe_listing.c). The record says which
 * keys to expect where one page is not all. ERR_NOT_FOUND: no bucket. */
enum err_code kinds_list_objects(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    const struct record *record,
    struct map *out,
    struct err *err);
enum err_code kinds_observe_storage(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    bool destroy,
    struct snapshot *out,
    struct err *err);
void kinds_will_digest(struct world *world, struct str path);
enum err_code kinds_digest_file(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct str *ret_sha256,
    uint64_t *ret_size,
    struct err *err);
enum err_code kinds_check_channel(
    struct world *world, const struct want_channel *channel, bool csv_weights, struct err *err);
enum err_code kinds_check_artifact(
    struct world *world, const struct want *want, const struct want_model *model, struct err *err);
enum err_code kinds_read_payload(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct want_check *check,
    struct err *err);
enum err_code kinds_read_golden(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct want_check *check,
    struct err *err);
enum err_code kinds_call_model(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    const struct artifact_plan *artifact,
    const struct want_check *check,
    struct str *ret_fault,
    struct err *err);
enum err_code kinds_digest_s3(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str uri,
    bool any_region,
    struct str *ret_digest,
    struct str *ret_etag,
    uint64_t *ret_size,
    struct err *err);
/* Everything under an s3:// prefix, file by file, each ending with a newline. */
enum err_code kinds_read_s3(
    struct kinds *kinds, struct arena *arena, struct str uri, struct str *ret_text, struct err *err)
    MUST_USE;
/* ---- splits.c ---- */
enum err_code kinds_split_channel(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    const struct want_channel *channel,
    const struct split_options *options,
    struct split **ret_split,
    struct err *err);
/* The CSV of a channel that is a part; it was split without `keep`. */
void split_text(const struct want_channel *channel, struct buf *out);
struct dataset;
/* Its rows, which were split with `keep`; dataset_free() it. */
struct dataset *split_dataset(const struct want_channel *channel);

enum err_code kinds_record_read(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct record *out,
    struct err *err);
enum err_code kinds_record_write(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str text,
    struct str if_etag,
    struct str *ret_etag,
    struct err *err);
enum err_code kinds_record_delete(
    struct world *world, const struct want *want, struct str if_etag, struct err *err);
enum err_code kinds_lease_read(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_lease *out,
    struct err *err);
enum err_code kinds_lease_write(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str text,
    struct str if_etag,
    struct str *ret_etag,
    struct err *err);
enum err_code kinds_lease_delete(
    struct world *world, const struct want *want, struct str if_etag, struct err *err);
enum err_code kinds_remove_objects(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct change **changes,
    size_t count,
    struct err *err);
enum err_code kinds_abort_uploads(
    struct world *world, const struct want *want, const struct snapshot *seen, struct err *err);
enum err_code kinds_list_source(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str uri,
    struct map **ret_objects,
    struct err *err);
enum err_code kinds_tag(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str arn,
    const struct want_pair *extra,
    size_t n_extra,
    struct err *err);
enum err_code
kinds_untag(struct world *world, struct arena *arena, struct str arn, struct err *err);
enum err_code kinds_untag_bucket(
    struct world *world, struct arena *arena, const struct want *want, struct err *err);
void kinds_diagnose(
    struct world *world, struct arena *arena, const struct want *want, struct facts *out);

#endif
