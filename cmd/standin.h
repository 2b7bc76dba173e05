/* cmd/standin.h - the AWS stand-in as a process of its own: start, find, ask, stop.
 *
 * One stand-in per MMECTL_HOME (default ${XDG_STATE_HOME:-~/.local/state}/mmectl). It is this
 * program again, `mmectl local run`, detached, with its output in server.log there; engine/local
 * does the rest. Call inside a task; the transport is the caller's.
 */
#ifndef CMD_STANDIN_H
#define CMD_STANDIN_H

#include "cmd/app.h"
#include "engine/local/local_client.h"

/* The folder, made when it is missing; NUL-terminated. */
enum err_code standin_home(struct app *app, struct str *ret_home, struct err *err) MUST_USE;
/* Where the stand-in records what it is sent: --record, else MMECTL_LOCAL_RECORD, as an absolute
 * path with a NUL, since the server's working folder is /; STR_NULL for nowhere. */
enum err_code standin_record(struct app *app, struct str *ret_path, struct err *err) MUST_USE;
/* The rules and the latency that a stand-in is started with: --fault and --latency, else
 * MMECTL_LOCAL_FAULT (several are parted by ';') and MMECTL_LOCAL_LATENCY. ERR_USAGE with what is
 * wrong with one. Null latency: none. */
enum err_code standin_faults(
    struct app *app, struct opt_list *ret_rules, struct str *ret_latency, struct err *err) MUST_USE;
/* Adds a line for each fault and for the latency that are in force. */
enum err_code standin_add_faults(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct buf *buf,
    struct err *err) MUST_USE;

/* Runs `work` with a transport; an error it leaves in *err is printed. */
typedef enum exit_code
standin_work_fn(struct app *app, struct http_transport *transport, struct err *err);
enum exit_code standin_run(struct app *app, standin_work_fn *work);

/* ERR_NOT_FOUND, with the command to start one as its hint, when none answers. */
enum err_code standin_find(
    struct app *app, struct http_transport *transport, struct local_info *out, struct err *err)
    MUST_USE;
/* Starts one (with --port, --account, --delay, --record, --https-proxy) unless one is running,
 * waits until it answers. ERR_EXISTS when one runs on another port than --port, or when --record or
 * --https-proxy comes too late. */
enum err_code standin_start(
    struct app *app,
    struct http_transport *transport,
    struct local_info *out,
    bool *ret_started,
    struct err *err) MUST_USE;
/* The same; says on standard error where it listens when it was started now. */
enum err_code standin_ensure(
    struct app *app, struct http_transport *transport, struct local_info *out, struct err *err)
    MUST_USE;
/* ERR_NOT_FOUND when none is running. Waits until it has ended. */
enum err_code standin_stop(struct app *app, struct http_transport *transport, struct err *err)
    MUST_USE;

/* The TargetModels an endpoint has in memory, as an array of strings. */
enum err_code standin_loaded(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct str endpoint,
    struct json **ret_targets,
    struct err *err) MUST_USE;
/* Takes a model out of an endpoint's memory and off its disk; absent is fine. info->region is the
 * endpoint's. */
enum err_code standin_unload(
    struct app *app,
    struct http_transport *transport,
    const struct local_info *info,
    struct str endpoint,
    struct str target,
    struct err *err) MUST_USE;

#endif
