/* engine/aws/creds_metadata.h - one question to a service beside this machine: short, never by a
 * proxy, never redirected. Internal to creds_container.c and creds_imds.c.
 */
#ifndef ENGINE_AWS_CREDS_METADATA_H
#define ENGINE_AWS_CREDS_METADATA_H

#include "engine/aws/creds_keys.h"

struct metadata_question {
    const char *method; /* "GET", "PUT" */
    struct str url;
    struct http_header header; /* name null: none */
    int64_t timeout_ms;
    unsigned attempts;
};

/* Asks, and again after a second while nobody answers, or with a 5xx or 429. The last failure, or
 * ERR_NONE with any other status. */
enum err_code metadata_ask(
    const struct creds_context *context,
    struct arena *arena,
    const struct metadata_question *question,
    struct http_response *ret_response,
    struct err *err) MUST_USE;

#endif
