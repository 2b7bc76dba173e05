/* engine/httpd/half.h - an answer of which half arrives: the body that is read for HTTPD_HALF. */
#ifndef ENGINE_HTTPD_HALF_H
#define ENGINE_HTTPD_HALF_H

#include "engine/httpd/httpd.h"

#include <sys/types.h>

struct half;

/* Takes over the answer's file; *ret_len is what the header promises. NULL when there is no body
 * that could be cut. The bytes in memory stay the answer's. */
struct half *half_new(struct httpd_response *answer, uint64_t *ret_len);
ssize_t
half_read(const struct half *half, uint64_t position, char *buffer, size_t max); /* 0: cut */
void half_free(void *arg);                                                       /* a struct half */

#endif
