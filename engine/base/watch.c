#include "engine/base/watch.h"

#include "engine/base/arena.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_EVENTS 64
#define MAX_WAIT_MS 60000

struct watch {
    int epoll;
    unsigned char *set; /* the bits of each descriptor */
    size_t n_set;
};

enum err_code watch_new(struct watch **out, struct err *err)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return err_errno(err, errno, "epoll");
    struct watch *watch = xmalloc(sizeof(*watch));
    *watch = (struct watch){.epoll = epoll};
    *out = watch;
    return ERR_NONE;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    close(watch->epoll);
    xfree(watch->set);
    xfree(watch);
}

static void grow(struct watch *watch, size_t index)
{
    size_t count = watch->n_set > 0 ? watch->n_set : 64;
    while (count <= index)
        count *= 2;
    watch->set = xrealloc(watch->set, count);
    memset(watch->set + watch->n_set, 0, count - watch->n_set);
    watch->n_set = count;
}

bool watch_set(struct watch *watch, int fd, unsigned bits)
{
    size_t index = (size_t) fd;
    if (index >= watch->n_set)
        grow(watch, index);
    unsigned before = watch->set[index];
    if (before == bits)
        return true;
    struct epoll_event event = {
        .events =
            ((bits & WATCH_IN) != 0 ? EPOLLIN : 0U) | ((bits & WATCH_OUT) != 0 ? EPOLLOUT : 0U),
        .data = {.fd = fd}};
    int how = bits == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    watch->set[index] = (unsigned char) bits;
    /* One that was closed all the same has left by itself. */
    return epoll_ctl(watch->epoll, how, fd, &event) == 0 || bits == 0;
}

size_t watch_wait(struct watch *watch, struct watch_event *events, size_t max, int64_t timeout_ms)
{
    struct epoll_event seen[MAX_EVENTS];
    int limit = max < MAX_EVENTS ? (int) max : MAX_EVENTS;
    int wait_ms = timeout_ms < 0 || timeout_ms > MAX_WAIT_MS ? MAX_WAIT_MS : (int) timeout_ms;
    int count = epoll_wait(watch->epoll, seen, limit, wait_ms);
    for (int i = 0; i < count; i++) {
        uint32_t bits = seen[i].events;
        events[i] = (struct watch_event){
            .fd = seen[i].data.fd,
            .bits = ((bits & (EPOLLIN | EPOLLHUP)) != 0 ? WATCH_IN : 0U) |
                    ((bits & EPOLLOUT) != 0 ? WATCH_OUT : 0U) |
                    ((bits & EPOLLERR) != 0 ? WATCH_ERROR : 0U)};
    }
    return count > 0 ? (size_t) count : 0;
}
