/* engine/local/call.h - one request being answered, and the table of everything that can be called.
 *
 * For the rooms of the stand-in (s3_*.c, sm_*.c, ...). A handler runs with the world entered: the
 * lock held, a transaction begun, time caught up. It answers with one of call_json, call_xml,
 * call_empty, call_fail (which also undoes what the handler changed) and returns ERR_NONE. Any
 * other return, and any failed statement, becomes a 500 InternalFailure / InternalError and changes
 * nothing. A handler that moves object bytes, trains or predicts has OP_OUTSIDE: it enters and
 * leaves the world itself, in short pieces.
 *
 * To add an operation: 1. a line in the room's list (LOCAL_S3_OPS in s3.h, LOCAL_ID_OPS in
 * identity.h, LOCAL_ADMIN_OPS in
 * admin.h, LOCAL_SM_OPS in sm_ops.h, LOCAL_SCALING_OPS in scaling.h, LOCAL_ALARM_OPS in
 * alarms.h, LOCAL_METRIC_OPS in cloudwatch.h); 2. its handler, `enum err_code name(struct
 * local_call *call, struct err *err)`; 3. state it needs: the room's schema, its advance hook if it
 * moves by time, its dump; 4. a test. To add a room: a file with a struct local_room and a line in
 * LOCAL_ROOMS (rooms.c).
 */
#ifndef ENGINE_LOCAL_CALL_H
#define ENGINE_LOCAL_CALL_H

#include "engine/base/uri.h"
#include "engine/local/db.h"
#include "engine/local/local.h"

enum local_service {
    LOCAL_S3,
    LOCAL_SAGEMAKER,
    LOCAL_RUNTIME,
    LOCAL_LOGS,
    LOCAL_SCALING,    /* Application Auto Scaling */
    LOCAL_CLOUDWATCH, /* alarms and metrics */
    LOCAL_STS,
    LOCAL_IAM,
    LOCAL_ADMIN, /* the stand-in's own: /_mmectl/... */
    LOCAL_N_SERVICES
};

enum op_flags {
    OP_MUTATING = 1,     /* changes the world when it succeeds */
    OP_OUTSIDE = 2,      /* called without the world lock */
    OP_OPEN = 8,         /* answered without a signature */
    OP_NEEDS_DIGEST = 4, /* S3: refused without Content-MD5 or x-amz-checksum-* */
};

struct local_call;
struct known_key; /* world.h */
typedef enum err_code local_op_fn(struct local_call *call, struct err *err);

struct local_op {
    enum local_service service;
    const char *name;   /* AWS's: "CreateModel" */
    const char *action; /* for permissions: "s3:ListBucket"; most are service:name */
    local_op_fn *handler;
    unsigned flags;
};

struct local_call {
    struct local *local;
    struct arena *arena;
    const struct local_op *op;
    const struct httpd_request *http;
    struct httpd_response *response;
    struct db *db;  /* use only with the world entered */
    int64_t now_ms; /* when it arrived; handlers use no other time */
    enum local_service service;
    struct str request_id;
    struct str account;             /* of the caller */
    struct str region;              /* of the credential scope: where the call is addressed to */
    struct str access_key;          /* the caller's */
    const struct known_key *caller; /* the same; NULL before it is believed */
    struct str path;                /* still encoded, without the query */
    struct query_param *params;     /* decoded query, or the form of a query-protocol call */
    size_t n_params;
    const struct json *input; /* body of a json-protocol call: always an object */
    struct str bucket, key;   /* S3, decoded; null when not addressed */
    bool failed;              /* call_fail was called */
    /* What faults make of it: by how much the clock is ahead, and how the answer gets there. */
    int64_t skew_ms, slow_ms;
    enum httpd_cut cut;
};

/* Answers. All return ERR_NONE, so `return call_fail(...)` ends a handler. */
enum err_code call_json(struct local_call *call, const struct json *body); /* 200 */
enum err_code call_xml(struct local_call *call, struct str body); /* 200; a declaration is added */
enum err_code call_empty(struct local_call *call, int status);
/* In the protocol of the call, with its request id. JSON: code becomes __type; S3: <Error> with
 * Resource. */
enum err_code call_fail(struct local_call *call, int status, const char *code, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void call_header(struct local_call *call, const char *name, struct str value);

struct str call_param(const struct local_call *call, const char *name); /* STR_NULL when absent */
bool call_has_param(const struct local_call *call, const char *name);
struct str call_request_header(const struct local_call *call, const char *name);
/* Whether it came in the query protocol, and is answered in XML: STS, IAM, and CloudWatch when it
 * is not asked in JSON. */
bool call_speaks_query(const struct local_call *call);
/* arn:aws:<service>:<region>:<account>:<resource> */
struct str call_arn(const struct local_call *call, const char *service, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The world lock. world_enter: takes it, begins a transaction and lets time catch up (every room's
 * advance). world_leave: commits and releases; world_abandon: rolls back and releases. Never
 * nested. */
enum err_code world_enter(struct local *local, struct err *err) MUST_USE;
enum err_code world_leave(struct local *local, struct err *err) MUST_USE;
void world_abandon(struct local *local);

/* Something that time moves was written. World entered. */
void world_due_changed(struct local *local);

struct db *local_db(struct local *local); /* only with the world entered */
struct clock local_clock(const struct local *local);
struct str local_account(const struct local *local);
const struct local_delays *local_delays(const struct local *local);
const struct local_options *local_options(const struct local *local);

/* What a room adds to the world. Every function is optional; all but start, stop run with the world
 * entered. */
struct local_room {
    const char *name;
    const char *schema; /* CREATE TABLE IF NOT EXISTS ..., run at each start */
    /* After the schema, world not entered: takes up what a killed process left. *state is the
     * room's own, from local_state(). */
    enum err_code (*start)(struct local *local, void **state, struct err *err);
    void (*stop)(
        struct local *local, void *state); /* world not entered; joins threads, frees state */
    /* Moves whatever is due at now_ms. */
    void (*advance)(struct local *local, int64_t now_ms);
    /* The next moment at which something is due; INT64_MAX when nothing is. Asked again only after
     * world_due_changed(). */
    int64_t (*next_due)(struct local *local);
    void (*wipe)(struct local *local); /* deletes its rows */
    void (*dump)(
        struct local *local, struct arena *arena, struct json *into); /* adds its members */
    /* The rows are others now (a snapshot was restored): what is kept of them in memory is read
     * anew. */
    void (*restored)(struct local *local);
};
void *local_state(struct local *local, const struct local_room *room);

/* Whether the caller's key is denied an action, "s3:ListBucket", by its list; policies are judged
 * in access.h. */
bool call_is_denied(const struct local_call *call, const char *action);

const struct local_op *local_op_find(enum local_service service, struct str name); /* or NULL */
size_t local_op_count(void);
const struct local_op *local_op_at(size_t index);

#endif
