/* engine/local/local.h - the AWS stand-in as a library: a world, and requests to it.
 *
 * local_handle() answers one HTTP request exactly as AWS would: signature, permissions, protocol,
 * state. A socket is only one way in (server.h); tests and the simulator call it in process, with a
 * virtual clock and an in-memory world.
 *
 * The world is one SQLite database plus the bytes of objects as files, or both in memory. Every
 * state that moves by time (an endpoint that is Creating) is computed from the clock when the next
 * request arrives, in the same transaction; nothing is lost by kill -9. One lock guards the world;
 * it is never held while predicting, training or moving bytes of objects.
 * Threads: local_handle() may be called from any number of threads.
 */
#ifndef ENGINE_LOCAL_LOCAL_H
#define ENGINE_LOCAL_LOCAL_H

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/rng.h"
#include "engine/httpd/httpd.h"

struct local;
struct record_wire;   /* record_wire.h: where exchanges are written down */
struct local_trainer; /* trainer.h: what a training job's work is done by */

/* How long each state lasts, in milliseconds. Defaults are short but real; tests set them to 0.
 * To add one: a line here; the code that uses it reads local_delays(local)->name. */
#define LOCAL_DELAYS(X) \
    X(training_starting_ms, 300, "InProgress/Starting of a training job") \
    X(training_downloading_ms, 200, "InProgress/Downloading of a training job") \
    X(training_uploading_ms, 200, "InProgress/Uploading of a training job") \
    X(training_stopping_ms, 300, "Stopping of a training job") \
    X(training_deleting_ms, 100, "Deleting of a training job") \
    X(endpoint_creating_ms, 1500, "Creating of an endpoint") \
    X(endpoint_updating_ms, 1200, "Updating of an endpoint") \
    X(endpoint_baking_ms, 1000, "at most, of each baking, interval and wait of a deployment") \
    X(endpoint_rollback_ms, 800, "RollingBack of an endpoint") \
    X(endpoint_deleting_ms, 500, "Deleting of an endpoint") \
    X(log_visible_ms, 0, "until a log line can be read") \
    X(log_group_recreate_ms, 200, "until SageMaker writes its log group again after a deletion")

struct local_delays {
#define LOCAL_DELAY_FIELD(name, fallback, meaning) int64_t name;
    LOCAL_DELAYS(LOCAL_DELAY_FIELD)
#undef LOCAL_DELAY_FIELD
};

struct local_delays local_delays_default(void);
struct local_delays local_delays_zero(void);
/* By name, "endpoint_creating_ms"; false when there is no such delay or ms < 0. */
bool local_delays_set(struct local_delays *delays, struct str name, int64_t ms);

struct local_options {
    const char *folder;                  /* NULL: everything in memory */
    struct str account;                  /* null: 123456789012 */
    struct str secret_key;               /* of a new world's first key; null: random */
    struct clock clock;                  /* no ops: clock_system() */
    uint64_t seed;                       /* 0: from the operating system */
    const struct local_delays *delays;   /* NULL: the defaults */
    const struct local_trainer *trainer; /* NULL: libxgboost on a pool of threads */
    size_t serve_memory_bytes;           /* for the models of one endpoint; 0: by instance type */
    struct record_wire *record; /* NULL: none; closed by the caller, later than the world */
    bool inline_work; /* training runs inside the request that notices it is due: simulations */
};

enum err_code local_open(const struct local_options *options, struct local **out, struct err *err)
    MUST_USE;
void local_close(struct local *local); /* waits for running work to stop; accepts NULL */

/* Answers one request. It must carry the digests of its body (local_request_digest). */
void local_handle(
    struct local *local,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response);
void local_request_digest(struct httpd_request *request); /* of an in-memory body */

/* Access keys. The first one is made when a world is. */
struct local_key {
    struct str access_key, secret_key;
    struct str account;       /* null: the world's; another one is a stranger to its buckets */
    struct str session_token; /* required in requests when not null */
    struct str deny; /* actions it is denied, by commas: "s3:ListBucket,sagemaker:*"; null: none */
    /* Of the assumed role that it is the session of, arn:aws:sts::...; or of the role,
     * arn:aws:iam::
     * ..., whose sessions get its deny and policy; null: none. */
    struct str role_arn;
    struct str policy;  /* IAM policy document, or a list of them, as JSON (policy.h); null: none */
    int64_t expires_ms; /* 0: never; later requests get ExpiredToken */
};
enum err_code
local_first_key(struct local *local, struct arena *arena, struct local_key *out, struct err *err)
    MUST_USE;
/* Null access and secret keys are generated; *key is completed on the arena. */
enum err_code
local_add_key(struct local *local, struct arena *arena, struct local_key *key, struct err *err)
    MUST_USE;

/* Forgets everything but the keys and the account. */
enum err_code local_reset(struct local *local, struct err *err) MUST_USE;
/* The whole world as JSON, for `local status -json` and digests: {"account", "buckets": [...], ...}
 * sorted by name. Without times and ids, so that equal worlds have equal texts. */
enum err_code
local_dump(struct local *local, struct arena *arena, struct json **out, struct err *err) MUST_USE;

/* SHA-256 of that text. */
enum err_code local_digest(struct local *local, struct sha256 *out, struct err *err) MUST_USE;

/* A world in memory as it is now, to come back to: crash sweeps start thousands of runs from one
 * state. Restoring takes well under a millisecond for a small world, and works into another world
 * in memory, too, which is then a copy: rows, objects, keys, settings, faults and the state of the
 * generator of ids; the clock and the options stay the world's own. No request may be under way. A
 * snapshot is immutable and outlives its world. */
struct local_snapshot;
enum err_code local_snapshot_take(struct local *local, struct local_snapshot **out, struct err *err)
    MUST_USE;
enum err_code
local_snapshot_restore(struct local *local, const struct local_snapshot *snapshot, struct err *err)
    MUST_USE;
void local_snapshot_free(struct local_snapshot *snapshot); /* accepts NULL */

#endif
