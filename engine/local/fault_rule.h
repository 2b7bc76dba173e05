/* engine/local/fault_rule.h - what a fault of the stand-in is made of: the tables of kinds and
 * parameters, from which parsing, checks, help and README derive, and the two ways to write a rule.
 *
 *     throttle,operation=CreateModel,times=3          KIND[,NAME=VALUE]..., as on a command line
 *     {"kind":"throttle","operation":"CreateModel"}   the same as JSON, for values with commas
 *
 * To add a kind: a line in LOCAL_FAULT_KINDS; what it does, at its moment, in faults.c; a test in
 * test_faults.c and one by mmectl and boto3 in tests/e2e/t122_faults.sh. To add a parameter: a line
 * in LOCAL_FAULT_PARAMS, and the code that reads it.
 */
#ifndef ENGINE_LOCAL_FAULT_RULE_H
#define ENGINE_LOCAL_FAULT_RULE_H

#include "engine/base/json.h"

/* When a fault is asked for. */
enum fault_moment {
    FAULT_CLOCK = 1,  /* before the signature is looked at */
    FAULT_ANSWER = 2, /* instead of the call */
    FAULT_WIRE = 4,   /* around it: how its answer gets to the client */
    FAULT_FAIL = 8,   /* by the operation itself, from here on */
    FAULT_ROLLBACK = 16,
    FAULT_STUCK = 32,
    FAULT_KEY = 64,
    FAULT_INTERRUPT = 128,
    FAULT_AT_ONCE = 256 /* when it is planted */
};

enum fault_flags {
    FAULT_ALWAYS = 1 /* fires each time unless told otherwise; the others once */
};

#define FAULT_OPS_JOB "CreateTrainingJob"
#define FAULT_OPS_MOVE "CreateEndpoint UpdateEndpoint"

/* X(name, moments, flags, operations it can hit or NULL, what it does) */
#define LOCAL_FAULT_KINDS(X) \
    X("throttle", FAULT_ANSWER, 0, NULL, \
      "refused, nothing done: too many requests (S3: 503 SlowDown; others: 400 " \
      "ThrottlingException)") \
    X("500", FAULT_ANSWER, 0, NULL, "refused with 500: InternalError, InternalFailure") \
    X("503", FAULT_ANSWER, 0, NULL, "refused with 503: ServiceUnavailable") \
    X("expired-token", FAULT_ANSWER, 0, NULL, \
      "refused as if the session token had expired: ExpiredToken, ExpiredTokenException") \
    X("error", FAULT_ANSWER, 0, NULL, "refused with `status`, `code` and `message`") \
    X("reset-before", FAULT_ANSWER, 0, NULL, "the connection is reset, nothing was done") \
    X("reset-after", FAULT_WIRE, 0, NULL, "the call is carried out, then the connection is reset") \
    X("truncate", FAULT_WIRE, 0, NULL, \
      "the call is carried out, half of its answer arrives, then the connection ends") \
    X("slow", FAULT_WIRE, 0, NULL, "answered `ms` later (3000)") \
    X("clock-skew", FAULT_CLOCK, FAULT_ALWAYS, NULL, \
      "the service's clock is `ms` ahead (1200000; less than 0: behind), so that signatures made " \
      "by the true time are refused") \
    X("capacity", FAULT_FAIL | FAULT_ROLLBACK, 0, FAULT_OPS_JOB " " FAULT_OPS_MOVE, \
      "there are no instances: the job or endpoint ends Failed, an update rolls back, with " \
      "CapacityError as the reason") \
    X("fail", FAULT_FAIL | FAULT_ROLLBACK, 0, FAULT_OPS_JOB " " FAULT_OPS_MOVE, \
      "the job or endpoint ends Failed, an update rolls back, with `reason`") \
    X("rollback", FAULT_ROLLBACK, 0, "UpdateEndpoint", \
      "RollingBack, then InService on the old configuration, with `reason` as FailureReason") \
    X("silent-rollback", FAULT_ROLLBACK, 0, "UpdateEndpoint", \
      "the same without a FailureReason, which AWS does, too") \
    X("stuck", FAULT_STUCK, 0, FAULT_OPS_MOVE, \
      "Creating or Updating for `forMs` (without it: for ever)") \
    X("interrupt", FAULT_INTERRUPT, 0, FAULT_OPS_JOB, \
      "spot instances are taken back when `atRound` rounds (half) are done, and come again after " \
      "`forMs`") \
    X("key", FAULT_KEY, 0, "DeleteObjects", \
      "the keys whose bucket/key contains `name` stay, each with an <Error> of `code` and " \
      "`message` (InternalError)") \
    X("status", FAULT_AT_ONCE, 0, NULL, \
      "endpoint `name` is in `status` (SystemUpdating) for `forMs`, now")

enum fault_param_type {
    FAULT_TEXT,
    FAULT_FLAG,
    FAULT_COUNT, /* 1 and more */
    FAULT_WHOLE, /* 0 and more */
    FAULT_SIGNED,
    FAULT_FRACTION, /* above 0, to 1 */
    FAULT_STATUS    /* 400 to 599; "status": a name */
};

/* X(name, type, kinds that take it or NULL for all, what it means) */
#define LOCAL_FAULT_PARAMS(X) \
    X("operation", FAULT_TEXT, NULL, \
      "AWS's name (PutObject), or how it begins (Describe*); else every operation") \
    X("name", FAULT_TEXT, NULL, \
      "only calls about a job, model, endpoint or bucket/key that contains it") \
    X("conditional", FAULT_FLAG, NULL, "true: only calls with If-Match or If-None-Match") \
    X("nth", FAULT_COUNT, NULL, "only the nth call that matches") \
    X("every", FAULT_COUNT, NULL, "each so many-th call that matches") \
    X("probability", FAULT_FRACTION, NULL, "each call that matches, by chance: 0.1 is one in ten") \
    X("seed", FAULT_WHOLE, NULL, \
      "of the chance: the same calls are hit again; one is chosen and shown without it") \
    X("times", FAULT_WHOLE, NULL, \
      "at most so often; 0: without end (1, without end with nth, every, probability)") \
    X("status", FAULT_STATUS, "error status", "the HTTP status (400); of an endpoint: its name") \
    X("code", FAULT_TEXT, "error key", "AWS's code (ThrottlingException)") \
    X("message", FAULT_TEXT, "error key", "and its text") \
    X("reason", FAULT_TEXT, "fail capacity rollback", "FailureReason") \
    X("ms", FAULT_SIGNED, "slow clock-skew", "milliseconds") \
    X("forMs", FAULT_WHOLE, "stuck interrupt status", "how long") \
    X("atRound", FAULT_WHOLE, "interrupt", "a round of boosting")

struct fault_kind {
    const char *name;
    unsigned moments, flags;
    const char *operations, *help;
};

struct fault_param {
    const char *name;
    enum fault_param_type type;
    const char *kinds, *help;
};

const struct fault_kind *fault_kind_find(struct str name); /* NULL: no such kind */

/* Either way of writing; ERR_USAGE with what is wrong. *out is checked. */
enum err_code
fault_rule_read(struct arena *arena, struct str text, struct json **out, struct err *err) MUST_USE;
/* Of JSON that came another way. */
enum err_code fault_rule_check(const struct json *rule, struct err *err) MUST_USE;
/* As on a command line; without what a list adds (seen, fired). */
struct str fault_rule_text(struct arena *arena, const struct json *rule);
/* Whether it is about that operation. */
bool fault_rule_hits(const struct json *rule, struct str operation);
/* Whether it fires now: seen counts this call, fired those before. Depends on nothing else. */
bool fault_rule_due(const struct json *rule, int64_t seen, int64_t fired);

#endif
