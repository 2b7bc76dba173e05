/* engine/plan/world.h - the seam between the reconciler and AWS.
 *
 * The reconciler (engine/reconcile) calls these; engine/kinds implements them with the AWS client.
 * All may wait (they run in a task of the loop). Required: every function. Answers live on the
 * arena given.
 */
#ifndef ENGINE_PLAN_WORLD_H
#define ENGINE_PLAN_WORLD_H

#include "engine/plan/artifact.h"
#include "engine/plan/event.h"
#include "engine/plan/facts.h"
#include "engine/plan/snapshot.h"
#include "engine/resource/want.h"

enum settle_state { SETTLE_PENDING, SETTLE_DONE };

struct settle {
    enum settle_state state;
    struct str status; /* AWS's word, for progress */
    bool silent;       /* pending, as far as it is known: AWS gave no answer */
};

/* One change being carried out. The report functions tell whoever watches; they may be called at
 * any time. */
struct world_call {
    struct arena *arena; /* lives as long as the plan */
    const struct want *want;
    struct snapshot *seen;
    struct change *change;
    void *state;    /* the kind's own, kept between start and polls; NULL at first */
    bool impatient; /* it was silent for too long: the next silence is an error */
    void (*status)(struct world_call *call, struct str status);
    void (*progress)(struct world_call *call, uint64_t done, uint64_t total);
    void (*log_line)(struct world_call *call, struct str line);
    bool follow_logs;
    void *reporter; /* the executor's */
};

/* control/lease as it lies there. */
struct seen_lease {
    bool present;
    struct str text, etag;
    int64_t age_ms; /* since it was written, on the store's own clock; -1: not known */
};

struct split_options {
    size_t column;
    bool csv_weights, keep;
};

struct world;

struct world_ops {
    /* sts:GetCallerIdentity. */
    enum err_code (*identity)(
        struct world *world,
        struct arena *arena,
        struct str *ret_account,
        struct str *ret_arn,
        struct err *err);
    /* sha256 and size of a local file. This and check_artifact() of a local file are also called
     * from threads of the pool, several at once, each with an arena of its own. */
    enum err_code (*digest_file)(
        struct world *world,
        struct arena *arena,
        struct str path,
        struct str *ret_sha256,
        uint64_t *ret_size,
        struct err *err);
    /* A hint: these are digested next, one after the other. Optional; on those threads, too. */
    void (*will_digest)(struct world *world, struct str path);
    /* Checks a local training file or artifact before anything is sent. */
    enum err_code (*check_channel)(
        struct world *world, const struct want_channel *channel, bool csv_weights, struct err *err);
    enum err_code (*check_artifact)(
        struct world *world,
        const struct want *want,
        const struct want_model *model,
        struct err *err);
    /* The rows that a check sends, and the predictions that it expects for them: read and checked
     * before anything is sent. */
    enum err_code (*read_payload)(
        struct world *world,
        struct arena *arena,
        struct str path,
        struct want_check *check,
        struct err *err);
    enum err_code (*read_golden)(
        struct world *world,
        struct arena *arena,
        struct str path,
        struct want_check *check,
        struct err *err);
    /* ETags and sizes under an s3:// prefix, hashed together; *ret_size is their sum. ERR_NOT_FOUND
     * when empty. any_region: it need not be in the stack's region, since it is read from here. */
    enum err_code (*digest_s3)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct str uri,
        bool any_region,
        struct str *ret_digest,
        struct str *ret_etag,
        uint64_t *ret_size,
        struct err *err);
    /* Reads a local or s3:// CSV once and parts its rows by the values of a column; every number is
     * checked. keep: for training here; else for uploads. A source that has not changed since is
     * not read again. ERR_SPEC for what is wrong in it, with the row in err->at.line where it is a
     * row's. */
    enum err_code (*split_channel)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        const struct want_channel *channel,
        const struct split_options *options,
        struct split **ret_split,
        struct err *err);
    /* Reads everything the planner needs. destroy: training jobs, uploads and log groups, too. */
    enum err_code (*observe)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        bool destroy,
        struct snapshot *out,
        struct err *err);
    /* Fills in owner, fp and sha256 of one object from its metadata (HEAD). */
    enum err_code (*inspect)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct seen_object *object,
        struct err *err);
    /* Status, failure reason, tags, artifact and metrics of one job. */
    enum err_code (*inspect_job)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct seen_job *job,
        struct err *err);
    /* The endpoint alone, fresh. */
    enum err_code (*describe_endpoint)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct seen_endpoint *out,
        struct err *err);
    /* Training jobs with our names (into seen->jobs). */
    enum err_code (*list_jobs)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct snapshot *seen,
        struct err *err);
    /* Compare-and-set of control/stack.json: if_etag STR_NULL means it must not exist.
     * ERR_PRECONDITION when lost. */
    enum err_code (*record_write)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct str text,
        struct str if_etag,
        struct str *ret_etag,
        struct err *err);
    /* Absent: out->present is false. */
    enum err_code (*record_read)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct record *out,
        struct err *err);
    /* Absent is success. */
    enum err_code (*record_delete)(
        struct world *world, const struct want *want, struct str if_etag, struct err *err);
    /* Absent: out->present is false. */
    enum err_code (*lease_read)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct seen_lease *out,
        struct err *err);
    /* Compare-and-set of control/lease: if_etag STR_NULL means it must not exist. ERR_PRECONDITION
     * when lost; ERR_NOT_FOUND: no such bucket, or nothing there to match. Whether our own write
     * came through before is the caller's to find out. */
    enum err_code (*lease_write)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct str text,
        struct str if_etag,
        struct str *ret_etag,
        struct err *err);
    /* Absent is success. */
    enum err_code (*lease_delete)(
        struct world *world, const struct want *want, struct str if_etag, struct err *err);
    /* Finds out which conditional requests the store checks; fills in record->conditions_*. */
    enum err_code (*probe_conditions)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct record *record,
        struct err *err);
    /* Removes many objects in batches, each only if its ETag is still the one seen; sets each
     * change's outcome and err. */
    enum err_code (*remove_objects)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct change **changes,
        size_t count,
        struct err *err);
    /* Aborts unfinished multipart uploads (seen->uploads). */
    enum err_code (*abort_uploads)(
        struct world *world, const struct want *want, const struct snapshot *seen, struct err *err);
    /* Calls a model that the endpoint can reach, and compares. *ret_fault: what is wrong with its
     * answer; STR_NULL when nothing is. An error: the call could not be made. */
    enum err_code (*call_model)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        const struct artifact_plan *artifact,
        const struct want_check *check,
        struct str *ret_fault,
        struct err *err);
    /* Starts the change; for things that take time, poll() then says when it is done. */
    enum err_code (*start)(struct world *world, struct world_call *call, struct err *err);
    enum err_code (*poll)(
        struct world *world, struct world_call *call, struct settle *out, struct err *err);

    /* ---- adoption, release and diagnosis ---- */

    /* Everything under an s3:// prefix, whoever it belongs to: key -> struct seen_object. */
    enum err_code (*list_source)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct str uri,
        struct map **ret_objects,
        struct err *err);
    /* Puts the stack's tags, and some more, on a thing of SageMaker. */
    enum err_code (*tag)(
        struct world *world,
        struct arena *arena,
        const struct want *want,
        struct str arn,
        const struct want_pair *extra,
        size_t n_extra,
        struct err *err);
    /* Takes every tag of ours off; the spec's own stay. */
    enum err_code (*untag)(
        struct world *world, struct arena *arena, struct str arn, struct err *err);
    enum err_code (*untag_bucket)(
        struct world *world, struct arena *arena, const struct want *want, struct err *err);
    /* Never fails: what could not be asked is said in the facts. Without a want only who is asking
     * and what time it is. */
    void (*diagnose)(
        struct world *world, struct arena *arena, const struct want *want, struct facts *out);
};

struct world {
    const struct world_ops *ops;
};

#endif
