/* cmd/session.h - from a command line to ready things: specs, a region, credentials, AWS.
 *
 * session_specs() loads what -f and the operands name and prints every fault. session_open() gives
 * an AWS client for one spec: the stand-in with --local (started when it is not running), else
 * --endpoint-url or AWS_ENDPOINT_URL, else AWS. Everything lives on the app's arena; close what was
 * opened.
 */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include "cmd/app.h"
#include "specs/spec.h"

/* ERR_SPEC after the faults were printed: then err->message is empty and app_fail must not be
 * called; use session_fail(). Warnings are printed, too. */
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

#endif
