/* engine/local/route.h - which operation of which service a request means.
 *
 * Everything comes in on one port. What decides, in this order: X-Amz-Target, a form's Action, the
 * path of an endpoint, the service of the credential scope; what is left is S3, by path or by host.
 */
#ifndef ENGINE_LOCAL_ROUTE_H
#define ENGINE_LOCAL_ROUTE_H

#include "engine/local/call.h"

/* Fills in service, path, params, bucket and key of the call and gives the operation's name (null
 * when it cannot be known). scope_service is the credential scope's, null when unsigned. false: the
 * request was answered. */
bool route_read(struct local_call *call, struct str scope_service, struct str *ret_name);

/* The region in the name of an AWS host, as it comes through the HTTPS proxy; null without one. */
struct str route_host_region(const struct local_call *call);

/* AWS's name of a service in ARNs and credential scopes. */
struct str service_sign_name(enum local_service service);

/* s3_route.c: by method, addressed thing, sub-resource and headers; null when unknown. */
struct str s3_route(const struct local_call *call);

#endif
