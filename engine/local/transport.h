/* engine/local/transport.h - a world as an HTTP transport: requests are answered in process.
 *
 * A peer of aws/http_curl.c for tests and the simulator. The URL's host and port go into the Host
 * header and mean nothing else. The world stays the caller's.
 */
#ifndef ENGINE_LOCAL_TRANSPORT_H
#define ENGINE_LOCAL_TRANSPORT_H

#include "engine/aws/http.h"
#include "engine/local/local.h"

struct http_transport *local_transport_new(struct local *local);

#endif
