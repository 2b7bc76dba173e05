/* Counts what a warm call of `mmectl serve` takes from malloc(3), and which locks it takes.
 *
 *     hot_path MODEL BODY CALLS        MODEL: a model's file; BODY: a file with a CSV payload
 *
 * The server runs in this process on 127.0.0.1; malloc(3) and pthread_mutex_lock(3) are this
 * program's own and count, the latter by who called: the program (mmectl's code) or a library. Four
 * kept connections are warmed up, then each calls CALLS times, half of it five calls in one write.
 * Prints "N allocations, N locks of mmectl, N locks of libraries in N calls".
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "engine/serve/container.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 4, BURST = 5, MAX_TEXT = 1 << 16, WARM_UP = 500 };

#define DIE(...) (fprintf(stderr, "hot_path: " __VA_ARGS__), fputc('\n', stderr), exit(1))

static atomic_bool s_counting;
static atomic_ulong s_allocations, s_own_locks, s_other_locks;

/* A sanitizer has a malloc(3) of its own. */
#ifndef __SANITIZE_ADDRESS__
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern char __executable_start, etext;

static void count(atomic_ulong *counter)
{
    if (atomic_load_explicit(&s_counting, memory_order_relaxed))
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
    count(&s_allocations);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    count(&s_allocations);
    return __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
    count(&s_allocations);
    return __libc_realloc(ptr, size);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*_Atomic real)(pthread_mutex_t *);
    const char *caller = __builtin_return_address(0);
    if (real == NULL) {
        union {
            void *object;
            int (*function)(pthread_mutex_t *);
        } found = {.object = dlsym(RTLD_NEXT, "pthread_mutex_lock")};
        real = found.function;
    }
    count(caller >= &__executable_start && caller < &etext ? &s_own_locks : &s_other_locks);
    return real(mutex);
}

#endif

/* ---- the client ---- */

struct client {
    struct str one, burst; /* requests */
    size_t answer_len;     /* bytes of one answer; 0: not known yet */
    size_t calls;
    uint16_t port;
};

static struct client s_client;
static char s_one[MAX_TEXT], s_burst[BURST * MAX_TEXT];

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0)
        DIE("cannot connect");
    return fd;
}

/* The same request gives answers of the same length, the date being as long every day. */
static void exchange(int fd, struct str request, size_t answers)
{
    static char answer[MAX_TEXT];
    size_t have = 0;
    if (send(fd, request.ptr, request.len, MSG_NOSIGNAL) != (ssize_t) request.len)
        DIE("cannot send");
    while (have == 0 || have < answers * s_client.answer_len) {
        ssize_t n = recv(fd, answer + have, sizeof(answer) - have, 0);
        if (n <= 0)
            DIE("the connection ended");
        have += (size_t) n;
    }
    if (memcmp(answer, "HTTP/1.1 200 ", 13) != 0)
        DIE("answer: %.*s", (int) have, answer);
    if (s_client.answer_len == 0)
        s_client.answer_len = have;
    if (have != answers * s_client.answer_len)
        DIE("%zu bytes instead of %zu answers of %zu", have, answers, s_client.answer_len);
}

static void calls(const int *fds, size_t each)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        for (size_t k = 0; k < each / 2; k++)
            exchange(fds[i], s_client.one, 1);
        for (size_t k = 0; k < each / 2 / BURST; k++)
            exchange(fds[i], s_client.burst, BURST);
    }
}

static void *client_run(void *arg)
{
    int fds[CONNECTIONS];
    (void) arg;
    for (size_t i = 0; i < CONNECTIONS; i++)
        fds[i] = connect_to(s_client.port);
    calls(fds, WARM_UP);
    atomic_store(&s_counting, true);
    calls(fds, s_client.calls);
    atomic_store(&s_counting, false);
    for (size_t i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
    kill(getpid(), SIGTERM);
    return NULL;
}

static void begin(void *arg, uint16_t port)
{
    s_client.port = port;
    if (pthread_create(arg, NULL, client_run, NULL) != 0)
        DIE("no thread");
}

static void make_requests(const char *path)
{
    static char body[MAX_TEXT / 2];
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(body, 1, sizeof(body), file) : 0;
    if (len == 0 || len == sizeof(body))
        DIE("%s is no payload", path);
    fclose(file);
    int n = snprintf(
        s_one, sizeof(s_one),
        "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nAccept: text/csv\r\n"
        "Content-Length: %zu\r\n\r\n%.*s",
        len, (int) len, body);
    s_client.one = str_of(s_one, (size_t) n);
    for (size_t i = 0; i < BURST; i++)
        memcpy(s_burst + i * s_client.one.len, s_one, s_client.one.len);
    s_client.burst = str_of(s_burst, BURST * s_client.one.len);
}

int main(int argc, char **argv)
{
#ifdef __SANITIZE_ADDRESS__
    puts("nothing is counted under a sanitizer");
    return 77;
#endif
    if (argc != 4)
        DIE("usage: hot_path MODEL BODY CALLS");
    pthread_t thread;
    s_client.calls = strtoul(argv[3], NULL, 10);
    make_requests(argv[2]);
    struct err err = {0};
    const struct container_server server = {
        .address = "127.0.0.1",
        .container = {.threads = 2},
        .model_dir = str_from(argv[1]),
        .on_ready = begin,
        .arg = &thread};
    if (container_run(&server, &err) != ERR_NONE)
        DIE("%s", err.message);
    pthread_join(thread, NULL);
    printf(
        "%lu allocations, %lu locks of mmectl, %lu locks of libraries in %zu calls\n",
        atomic_load(&s_allocations), atomic_load(&s_own_locks), atomic_load(&s_other_locks),
        CONNECTIONS * s_client.calls);
    return 0;
}
