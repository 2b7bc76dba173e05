/* tests/harness/http_script.h - a transport that follows a script, with a session and a clock to go
 * with it.
 *
 * Each step says which request is expected and what is answered, or how the exchange fails. Time is
 * virtual: a wait costs nothing and is counted. A request that differs from its step is answered
 * with ERR_INTERNAL and remembered; script_check() then fails the test, outside of any task.
 */
#ifndef TESTS_HARNESS_HTTP_SCRIPT_H
#define TESTS_HARNESS_HTTP_SCRIPT_H

#include "engine/aws/aws.h"

#define SCRIPT_MAX_HAS 6

struct http_step {
    const char *expect;              /* "PUT https://..."; NULL: anything */
    const char *has[SCRIPT_MAX_HAS]; /* "name: value" that must be sent ("~name: part of the
                                        value"); "!name" must not be */
    const char *body;                /* of the request; NULL: anything */
    int status;
    const char *headers; /* of the answer: "name: value\n..." */
    const char *reply;   /* its body */
    enum err_code fail;  /* instead of an answer */
    bool not_sent;       /* with fail: no connection */
    int64_t takes_ms;
};

struct script {
    const struct http_step *steps;
    size_t count, at;
    int64_t now_ms;    /* wall and monotonic */
    int64_t waited_ms; /* by timers, in all */
    size_t in_flight, most_in_flight;
    bool cancel_in_wait; /* the first wait is interrupted */
    char wrong[2048];    /* the first surprise, or "" */
    struct loop *loop;
    struct aws *aws;
    struct arena *arena;
    struct rng rng;
    struct http_transport *transport;
    struct creds_provider *creds;
    char amz_dates[32][20]; /* of the requests, in order */
};

#define SCRIPT_NOW_MS INT64_C(1795501740000) /* 2026-11-24T06:29:00Z */

/* A session in the region with account 123456789012 unless account is NULL; endpoint_url may be
 * NULL. env may be NULL. */
void script_open(
    struct script *script,
    const char *region,
    const char *account,
    const char *endpoint_url,
    env_fn *env);
/* Plays fn(arg) as a task against the steps. */
void script_run(
    struct script *script, const struct http_step *steps, size_t count, task_fn *fn, void *arg);
/* Fails the test unless every step was taken and nothing else was asked for. name is shown. */
void script_check(const struct script *script, const char *name);
void script_close(struct script *script);

#endif
