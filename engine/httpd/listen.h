/* engine/httpd/listen.h - a socket that listens.
 *
 * Private to engine/httpd. Threads: any. Errors: ERR_IO; the message names the port, and a port
 * that is taken has a hint.
 */
#ifndef ENGINE_HTTPD_LISTEN_H
#define ENGINE_HTTPD_LISTEN_H

#include "engine/base/err.h"

/* ip: of IPv4. port 0: any free one. Does not block and is closed by exec. */
enum err_code
listen_open(const char *ip, uint16_t port, int *out, uint16_t *ret_port, struct err *err) MUST_USE;

#endif
