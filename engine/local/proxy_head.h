/* engine/local/proxy_head.h - the first words of a client to the proxy: CONNECT host:443, or why
 * not. A pure function of bytes (RFC 9110, 9.3.6; RFC 9112).
 */
#ifndef ENGINE_LOCAL_PROXY_HEAD_H
#define ENGINE_LOCAL_PROXY_HEAD_H

#include "engine/local/aws_host.h"

enum { PROXY_HEADERS = 100 };

struct proxy_head {
    size_t len;                   /* with the empty line; 0: more is needed */
    int status;                   /* 200, or of the refusal */
    char why[AWS_HOST_MAX + 160]; /* when it is refused: one line of text */
    char name[AWS_HOST_MAX + 1];
    struct aws_host host; /* views into name; only with 200 */
};

/* max: as long as a head may be. */
void proxy_head_read(struct str bytes, size_t max, struct proxy_head *out);

#endif
