#include "engine/httpd/half.h"

#include "engine/base/arena.h"
#include "engine/base/file.h"

#include <unistd.h>

struct half {
    struct str body;
    int fd;
    uint64_t offset, len; /* of what is sent */
};

struct half *half_new(struct httpd_response *answer, uint64_t *ret_len)
{
    uint64_t len = answer->body_fd >= 0 ? answer->body_len : answer->body.len;
    if (len == 0 || answer->head_only)
        return NULL;
    struct half *half = xmalloc(sizeof(*half));
    *half = (struct half){
        .body = answer->body, .fd = answer->body_fd, .offset = answer->body_offset, .len = len / 2};
    answer->body_fd = -1;
    *ret_len = len;
    return half;
}

ssize_t half_read(const struct half *half, uint64_t position, char *buffer, size_t max)
{
    if (position >= half->len)
        return 0;
    size_t left = (size_t) (half->len - position), wanted = max < left ? max : left;
    if (half->fd >= 0)
        return pread(half->fd, buffer, wanted, (off_t) (half->offset + position));
    memcpy(buffer, half->body.ptr + position, wanted);
    return (ssize_t) wanted;
}

void half_free(void *arg)
{
    struct half *half = arg;
    if (half->fd >= 0)
        fd_close(&half->fd);
    xfree(half);
}
