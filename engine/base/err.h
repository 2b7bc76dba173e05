/* engine/base/err.h - the one error type.
 *
 * Contract: `enum err_code f(..., struct err *err)`; the returned value equals err->code; err is
 * last and untouched on success; callers add context by wrapping, never by overwriting. Nothing is
 * allocated: texts are cut to their arrays. Messages: lower case, no full stop, what failed first,
 * the subject in quotes. To add a code: one line in ERR_LIST, and only when some caller branches on
 * it.
 */
#ifndef ENGINE_BASE_ERR_H
#define ENGINE_BASE_ERR_H

#include "engine/base/str.h"

#define ERR_LIST(X) \
    X(NONE, "no error") \
    X(USAGE, "the command line is wrong") \
    X(SPEC, "the spec is wrong") \
    X(NOT_FOUND, "the thing does not exist") \
    X(EXISTS, "the thing exists already") \
    X(CONFLICT, "something that is not ours is in the way") \
    X(PRECONDITION, "a conditional write lost (412 or 409)") \
    X(AUTH, "credentials are missing, wrong or expired") \
    X(DENIED, "AWS denied the action") \
    X(BUSY, "the thing is busy changing") \
    X(LOCKED, "another run holds the stack's lease") \
    X(THROTTLED, "AWS asked to slow down") \
    X(TRANSIENT, "a fault that a retry may cure") \
    X(TIMEOUT, "a wait ran out") \
    X(TERMINAL, "AWS refused for good") \
    X(QUOTA, "an account limit is used up") \
    X(ROLLED_BACK, "SageMaker rolled an update back") \
    X(PARTIAL, "some of it was done, some failed") \
    X(REFUSED, "a guard refused") \
    X(PROTOCOL, "an answer could not be understood") \
    X(IO, "a local file or socket failed") \
    X(CANCELLED, "interrupted") \
    X(INTERNAL, "a defect in mmectl")

enum err_code {
#define ERR_ENUM(name, meaning) ERR_##name,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

/* A place in a spec file; line 0 = unknown. Lines and columns count from 1. */
struct srcloc {
    const char *file; /* lives as long as the command */
    unsigned line, column;
};

struct err {
    enum err_code code;
    char message[1024];
    char hint[1024]; /* of several lines when it lists */
    struct srcloc at;
    struct {
        int http_status;
        char code[80];       /* "ValidationException" */
        char request_id[96]; /* x-amzn-requestid, or S3's pair joined by '/' */
        int attempts;        /* requests sent for this call */
        bool not_sent;       /* the last attempt never reached AWS (no connection) */
        bool maybe_done;     /* some attempt may have taken effect: look before sending again */
    } aws;
    const char *func; /* where it was set, for -v */
    int src_line;
};

/* All return the code, so that `return err_set(err, ERR_X, ...)` reads well. */
#define err_set(err, code, ...) err_set_at((err), (code), __func__, __LINE__, __VA_ARGS__)
enum err_code
err_set_at(struct err *err, enum err_code code, const char *func, int line, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* Prefixes the message: "creating bucket 'x': <message>". */
enum err_code err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets the hint unless there is one already. */
enum err_code err_hint(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum err_code err_locate(struct err *err, struct srcloc at); /* unless located already */
/* err_set with ": strerror(errno_value)" appended; ENOSPC, EACCES get hints. */
enum err_code err_errno(struct err *err, int errno_value, const char *fmt, ...) PRINTF_LIKE(3, 4);
const char *err_name(enum err_code code); /* "NOT_FOUND" */
bool err_may_pass(enum err_code code);    /* nobody answered, or not now: looking again may help */
const char *err_meaning(enum err_code code); /* the second column of ERR_LIST */

#endif
