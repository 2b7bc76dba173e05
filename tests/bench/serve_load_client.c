#define _GNU_SOURCE /* environ */
#include "tests/bench/serve_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256, MAX_ANSWER = 8192 };

struct link {
    int fd;
    size_t have, call, index;
    int64_t start_us;
    char answer[MAX_ANSWER + 1];
};

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        DIE("cannot connect to port %u", port);
    return fd;
}

static void begin(struct link *link, const struct load_plan *plan, size_t index, uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    link->index = index;
    link->call = plan->drawn ? (size_t) ((*state >> 33) % plan->n_calls) : index % plan->n_calls;
    link->have = 0;
    struct str text = plan->calls[link->call].text;
    link->start_us = now_us();
    if (send(link->fd, text.ptr, text.len, MSG_NOSIGNAL) != (ssize_t) text.len)
        DIE("a request could not be sent");
}

/* True when the whole answer is there. */
static bool take(struct link *link, const struct load_plan *plan)
{
    ssize_t n = recv(link->fd, link->answer + link->have, MAX_ANSWER - link->have, 0);
    if (n <= 0)
        DIE("a connection ended");
    link->have += (size_t) n;
    link->answer[link->have] = '\0';
    const char *head_end = strstr(link->answer, "\r\n\r\n");
    if (head_end == NULL)
        return false;
    const char *length = strstr(link->answer, "Content-Length: ");
    if (strncmp(link->answer, "HTTP/1.1 200 ", 13) != 0 || length == NULL || length > head_end)
        DIE("answer: %s", link->answer);
    size_t head = (size_t) (head_end - link->answer) + 4, body = strtoul(length + 16, NULL, 10);
    if (link->have < head + body)
        return false;
    struct str want = plan->calls[link->call].want;
    if (link->have > head + body ||
        (!str_is_null(want) && !str_eq(want, str_of(link->answer + head, body))))
        DIE("answer: %s\nwanted: " STR_FMT, link->answer, STR_ARG(want));
    return true;
}

void load_run(const struct load_plan *plan, int64_t *ret_times)
{
    static struct link links[MAX_CONNECTIONS];
    static uint64_t state = 1;
    size_t begun = 0, done = 0,
           n = plan->connections < plan->total ? plan->connections : plan->total;
    int queue = epoll_create1(EPOLL_CLOEXEC);
    if (queue < 0 || n > MAX_CONNECTIONS)
        DIE("too many connections");
    for (size_t i = 0; i < n; i++) {
        links[i].fd = connect_to(plan->port);
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &links[i]}};
        if (epoll_ctl(queue, EPOLL_CTL_ADD, links[i].fd, &event) != 0)
            DIE("epoll");
        begin(&links[i], plan, begun++, &state);
    }
    while (done < plan->total) {
        struct epoll_event events[MAX_CONNECTIONS];
        int ready = epoll_wait(queue, events, MAX_CONNECTIONS, 30000);
        if (ready <= 0)
            DIE("no answer in 30 s");
        for (int i = 0; i < ready; i++) {
            struct link *link = events[i].data.ptr;
            if (!take(link, plan))
                continue;
            if (ret_times != NULL)
                ret_times[link->index] = now_us() - link->start_us;
            done++;
            if (begun < plan->total)
                begin(link, plan, begun++, &state);
        }
    }
    for (size_t i = 0; i < n; i++)
        close(links[i].fd);
    close(queue);
}

/* ---- servers ---- */

struct load_server load_server_start(const char *const *argv)
{
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0)
        DIE("no pipe");
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawn_file_actions_addclose(&files, in[1]);
    posix_spawn_file_actions_addclose(&files, out[0]);
    struct load_server server = {.input = in[1]};
    if (posix_spawn(
            &server.pid, argv[0], &files, NULL, (char *const *) (uintptr_t) argv, environ) != 0)
        DIE("cannot run %s", argv[0]);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    char line[256] = "";
    size_t have = 0;
    while (have < sizeof(line) - 1 && strchr(line, '\n') == NULL) {
        ssize_t n = read(out[0], line + have, sizeof(line) - 1 - have);
        if (n <= 0)
            break;
        have += (size_t) n;
    }
    close(out[0]);
    const char *at = strrchr(line, ':');
    server.port = (uint16_t) strtoul(at != NULL ? at + 1 : line, NULL, 10);
    if (server.port == 0)
        DIE("%s did not say its port", argv[0]);
    return server;
}

void load_server_end(struct load_server *server)
{
    int status = 0;
    close(server->input);
    kill(server->pid, SIGTERM);
    if (waitpid(server->pid, &status, 0) != server->pid)
        DIE("a server did not end");
}

size_t load_server_kib(const struct load_server *server)
{
    char path[64], line[256];
    size_t kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int) server->pid);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    if (file == NULL || kib == 0)
        DIE("%s tells nothing", path);
    fclose(file);
    return kib;
}
