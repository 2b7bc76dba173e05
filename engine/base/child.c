#define _GNU_SOURCE /* pipe2, pidfd_open */
#include "engine/base/child.h"

#include "engine/base/clock.h"
#include "engine/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 100 /* how often an interrupt is looked for */
#define PIECE_BYTES 4096

struct child {
    pid_t pid;
    int pidfd;           /* readable once it has ended; -1 on a kernel without */
    int out_fd, said_fd; /* what it writes to; -1 once closed */
    struct buf *out, *said;
    bool too_much;
};

/* Everything there is now; -1 into *fd at its end. */
static void drain(struct child *child, int *fd, struct buf *into)
{
    char piece[PIECE_BYTES];
    while (*fd >= 0) {
        ssize_t n = read(*fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            fd_close(fd);
            *fd = -1;
            return;
        }
        buf_add_mem(into, piece, (size_t) n);
        child->too_much = child->too_much || (into == child->out && !buf_ok(into));
        if (child->too_much)
            return;
    }
}

static enum err_code start(struct child *child, char *const *argv, struct err *err)
{
    int out[2] = {-1, -1}, said[2] = {-1, -1};
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0) {
        int failure = errno;
        for (size_t i = 0; i < 2; i++) {
            fd_close(&out[i]);
            fd_close(&said[i]);
        }
        return err_errno(err, failure, "making a pipe to '%s'", argv[0]);
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failure = posix_spawnp(&child->pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    fd_close(&out[1]);
    fd_close(&said[1]);
    child->out_fd = out[0];
    child->said_fd = said[0];
    if (failure != 0) {
        fd_close(&child->out_fd);
        fd_close(&child->said_fd);
        err_errno(err, failure, "starting '%s'", argv[0]);
        if (failure == ENOENT || failure == EACCES || failure == ENOTDIR || failure == ENOEXEC)
            err->code = ERR_NOT_FOUND;
        return err->code;
    }
    fcntl(child->out_fd, F_SETFL, O_NONBLOCK);
    fcntl(child->said_fd, F_SETFL, O_NONBLOCK);
    child->pidfd = (int) syscall(SYS_pidfd_open, child->pid, 0);
    return ERR_NONE;
}

/* True when it has ended by itself within the time. */
static bool watch(struct child *child, const struct child_options *options, bool *ret_cancelled)
{
    int64_t until_us = clock_tick_us() + options->timeout_ms * 1000;
    for (;;) {
        struct pollfd fds[] = {
            {child->out_fd, POLLIN, 0}, {child->said_fd, POLLIN, 0}, {child->pidfd, POLLIN, 0}};
        (void) !poll(fds, ARRAY_LEN(fds), LOOK_MS);
        siginfo_t info = {0};
        bool ended = waitid(P_PID, (id_t) child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                     info.si_pid == child->pid;
        drain(child, &child->out_fd, child->out);
        drain(child, &child->said_fd, child->said);
        if (ended || child->too_much)
            return ended;
        *ret_cancelled =
            options->cancelled != NULL && __atomic_load_n(options->cancelled, __ATOMIC_RELAXED);
        if (*ret_cancelled || clock_tick_us() >= until_us)
            return false;
    }
}

static int reap(struct child *child, bool ended)
{
    int status = 0;
    if (!ended)
        kill(child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    fd_close(&child->out_fd);
    fd_close(&child->said_fd);
    fd_close(&child->pidfd);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

enum err_code child_run(
    const struct child_options *options,
    struct buf *out,
    struct buf *said,
    int *ret_status,
    struct err *err)
{
    struct child child = {.pidfd = -1, .out = out, .said = said};
    bool cancelled = false;
    enum err_code code = start(&child, options->argv, err);
    if (code != ERR_NONE)
        return code;
    bool ended = watch(&child, options, &cancelled);
    int status = reap(&child, ended);
    if (child.too_much)
        return err_set(err, ERR_IO, "'%s' wrote more than %zu bytes", options->argv[0], out->max);
    if (cancelled)
        return err_set(err, ERR_CANCELLED, "interrupted while '%s' ran", options->argv[0]);
    if (!ended)
        return err_set(
            err, ERR_TIMEOUT, "'%s' did not end within %lld ms", options->argv[0],
            (long long) options->timeout_ms);
    *ret_status = status;
    return ERR_NONE;
}
