/* engine/aws/http_curl.h - the transport that goes over the network: one curl_multi.
 *
 * A send adds an easy handle, suspends its task and is readied when the answer is whole; the loop
 * polls through loop_poller_ops, so one thread serves all exchanges. Connections are kept and
 * shared. TLS is verified, always; redirects, cookies, netrc, Expect and curl's own Accept and
 * Content-Type are off; only http and https are spoken. Proxies follow the usual environment
 * variables. Closing while sends are under way is a programming error.
 */
#ifndef ENGINE_AWS_HTTP_CURL_H
#define ENGINE_AWS_HTTP_CURL_H

#include "engine/aws/http.h"
#include "engine/base/loop.h"

struct http_curl_options {
    struct loop *loop;          /* becomes its poller; must outlive the transport */
    const char *user_agent;     /* "mmectl/1.0"; copied */
    const char *ca_bundle;      /* AWS_CA_BUNDLE, or NULL for the system's; copied */
    int64_t connect_timeout_ms; /* 0 = 3100 */
};

enum err_code http_curl_new(
    const struct http_curl_options *options, struct http_transport **ret_transport, struct err *err)
    MUST_USE;
/* libcurl's version: "7.88.1". Static. */
const char *http_curl_version(void);

#endif
