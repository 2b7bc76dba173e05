/* engine/aws/http_trace.h - a transport that tells of each exchange and passes it on.
 *
 * Each exchange is two texts given to the sink: the request (method, URL, headers), then the answer
 * (status, headers, milliseconds) or the failure. Values of Authorization, security tokens and
 * signatures in URLs are replaced by their length; bodies are not shown, only their size, since
 * they may carry the user's environment variables. Control characters are escaped.
 */
#ifndef ENGINE_AWS_HTTP_TRACE_H
#define ENGINE_AWS_HTTP_TRACE_H

#include "engine/aws/http.h"

typedef void http_trace_fn(void *arg, struct str text);

/* Does not own inner: close both, the trace first. */
struct http_transport *
http_trace_new(struct http_transport *inner, http_trace_fn *sink, void *sink_arg);

#endif
