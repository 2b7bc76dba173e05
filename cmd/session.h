/* cmd/session.h - from a command line to ready things: specs, a region, credentials, AWS.
 *
 * session_specs() loads what -f and the operands name and prints every fault. session_each() opens
 * one session per spec: the stand-in with --local (started when it is not running; the user's
 * AWS_* variables and profiles do not count then), else --endpoint-url or AWS_ENDPOINT_URL, else
 * AWS. A session is opened and closed inside a task of the loop; closing adds its requests to the
 * app's counters.
 */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include "cmd/app.h"
#include "cmd/progress.h"
#include "cmd/standin.h"
#include "engine/aws/aws.h"
#include "engine/reconcile/reconcile.h"
#include "specs/spec.h"

/* ERR_SPEC after the faults were printed: then err->message is empty; use session_fail(). Warnings
 * are printed, too. */
enum err_code session_specs(
    struct app *app, bool operands_are_specs, struct spec_list *ret_specs, struct err *err)
    MUST_USE;
/* The same without printing: the faults are in *diags, sorted. */
enum err_code session_load(
    struct app *app,
    bool operands_are_specs,
    struct diags *diags,
    struct spec_list *ret_specs,
    struct err *err) MUST_USE;
void session_print_diags(struct app *app, const struct diags *diags);
/* app_fail unless everything was said already. */
enum exit_code session_fail(struct app *app, const struct err *err);

struct session {
    struct app *app;
    const struct spec *spec;
    struct http_transport *curl, *trace; /* trace is NULL without --trace */
    struct creds_provider *creds;
    struct profile *profile;
    struct aws *aws;
    struct world *world;
    struct progress *progress;
    struct reconciler reconciler;
    struct local_info standin; /* with --local */
    FILE *trace_file;
    bool borrows;        /* the transport is another's of its group */
    bool local;          /* against the stand-in that --local names */
    struct str label;    /* its region, when the spec has several; STR_NULL */
    enum exit_code code; /* not OK: it could not be opened, and this was said */
};

/* Runs `work` for each spec, one after the other, with an open session; the worst exit status
 * wins, and an interrupt ends it. */
typedef enum exit_code session_work_fn(struct session *session, void *arg);
enum exit_code
session_each_of(struct app *app, const struct spec_list *specs, session_work_fn *work, void *arg);
/* The same, of what the command line names. */
enum exit_code
session_each(struct app *app, bool operands_are_specs, session_work_fn *work, void *arg);

/* The stacks of one spec: one in each of its regions, or the only one. What they read of the user's
 * files they read once. The work is called with at least one session that is open. */
typedef enum exit_code session_group_fn(struct session *sessions, size_t count, void *arg);
enum exit_code session_groups_of(
    struct app *app, const struct spec_list *specs, session_group_fn *work, void *arg);

/* Puts {"requests", "mutating", "retried", "cpu_seconds", "max_rss_mib"} under mmectl.stats of
 * `out` when --stats was given; session may be NULL. */
void session_add_stats(struct app *app, const struct session *session, struct json *out);
void session_add_group_stats(
    struct app *app, const struct session *sessions, size_t count, struct json *out);
/* An address of --target that a region does not have, where another one has it (any_well): told in
 * one line, and no failure. */
bool session_is_aside(const struct session *session, const struct err *err, bool any_well);
/* Where a spec has several regions, which one this is: as a head line, as a member. */
void session_head(const struct session *session, struct buf *buf);
void session_put_region(const struct session *session, struct json *out);
/* How a command ends that told of each stack: with --json {"format_version", "stacks"} is printed,
 * else `text` (NULL: it was printed on the way); `text` is freed. Gives the worst exit status. */
enum exit_code
session_finish(struct app *app, enum exit_code code, struct json *stacks, struct buf *text);
/* One error for each thing that failed. */
void session_tell_failures(struct app *app, const struct report *report);
/* The --stats line, on standard error. */
void session_print_stats(struct app *app);

#endif
