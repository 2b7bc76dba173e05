#define _GNU_SOURCE /* F_OFD_SETLK: a lock that can be looked at without being taken */
#include "engine/local/server.h"

#include "engine/base/file.h"
#include "engine/local/faults.h"
#include "engine/local/local_client.h"
#include "engine/local/proxy.h"
#include "engine/local/record_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPOOL_BYTES = 4 * 1024 * 1024, MANY_DESCRIPTORS = 16384 };
static const size_t s_max_body = (size_t) 5 << 30; /* S3's largest single upload */

/* Held until the process ends, however it ends. */
static enum err_code lock_home(struct arena *arena, const char *home, int *out, struct err *err)
{
    enum err_code code = file_mkdirs(home, 0700, err);
    if (code != ERR_NONE)
        return code;
    struct str path = path_join(arena, str_from(home), STR("lock"));
    int fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, errno, "opening '%s'", path.ptr);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        int saved = errno;
        close(fd);
        if (saved == EAGAIN || saved == EACCES)
            return err_set(err, ERR_EXISTS, "the stand-in of '%s' is running already", home);
        return err_errno(err, saved, "locking '%s'", path.ptr);
    }
    *out = fd;
    return ERR_NONE;
}

static void handle(
    void *arg,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response)
{
    local_handle(arg, arena, request, response);
}

/* What answers; proxy and certs are NULL without --https-proxy. */
struct doors {
    struct httpd *httpd;
    struct proxy_certs *certs;
    struct proxy *proxy;
};

static enum err_code announce(
    const struct local_server_options *options,
    struct arena *arena,
    struct local *local,
    const struct doors *doors,
    struct err *err)
{
    uint16_t port = httpd_port(doors->httpd);
    struct local_key key;
    enum err_code code = local_first_key(local, arena, &key, err);
    if (code != ERR_NONE)
        return code;
    struct local_info info = {
        .pid = getpid(),
        .port = port,
        .url = str_fmt(arena, "http://127.0.0.1:%u", port),
        .account = key.account,
        .region = str_is_null(options->region) ? STR("us-east-1") : options->region,
        .access_key = key.access_key,
        .secret_key = key.secret_key,
        .started_ms = clock_wall_ms(clock_system()),
    };
    if (doors->proxy != NULL)
        info.proxy = (struct local_proxy_info){
            .url = str_fmt(arena, "http://127.0.0.1:%u", proxy_port(doors->proxy)),
            .ca_bundle = str_from(proxy_certs_bundle(doors->certs)),
            .ca_fingerprint = proxy_certs_fingerprint(doors->certs, arena),
            .ca_ends_ms = proxy_certs_ends_ms(doors->certs)};
    code = local_info_write(arena, options->home, &info, err);
    if (code == ERR_NONE && options->ready_fd >= 0) {
        const char ready = LOCAL_SERVER_READY;
        ssize_t n = write(options->ready_fd, &ready, 1);
        (void) n; /* whoever wanted to know is gone: no reason to end */
        close(options->ready_fd);
    }
    return code;
}

static enum err_code doors_open(
    const struct local_server_options *options,
    struct arena *arena,
    struct local *local,
    struct doors *doors,
    struct err *err)
{
    struct str spool = path_join(arena, str_from(options->home), STR("spool"));
    enum err_code code = file_mkdirs(spool.ptr, 0700, err);
    if (code == ERR_NONE && options->https_proxy)
        code = proxy_certs_open(clock_system(), options->home, &doors->certs, err);
    if (code != ERR_NONE)
        return code;
    const struct httpd_options http = {
        .address = "127.0.0.1",
        .port = options->port,
        .max_body = s_max_body,
        .spool_bytes = SPOOL_BYTES,
        .spool_folder = spool.ptr,
        .want_digest = true,
        .handler = handle,
        .arg = local,
    };
    code = httpd_start(&http, &doors->httpd, err);
    if (code != ERR_NONE || !options->https_proxy)
        return code;
    const struct proxy_options proxy = {
        .port = options->proxy_port, .target = httpd_port(doors->httpd), .certs = doors->certs};
    return proxy_start(&proxy, &doors->proxy, err);
}

/* First nothing new is taken, then what runs is answered, then the answers are carried out. */
static void doors_close(struct doors *doors)
{
    if (doors->proxy != NULL)
        proxy_quiesce(doors->proxy);
    httpd_stop(doors->httpd);
    proxy_stop(doors->proxy);
    proxy_certs_free(doors->certs);
}

/* A connection through the proxy takes three descriptors, one of a client one; what the shell gives
 * is often 1,024. Less is no fault. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= MANY_DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < MANY_DESCRIPTORS ? limit.rlim_max : MANY_DESCRIPTORS;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static enum err_code serve(
    const struct local_server_options *options,
    struct arena *arena,
    struct local *local,
    const sigset_t *ends,
    struct err *err)
{
    struct doors doors = {NULL, NULL, NULL};
    allow_descriptors();
    enum err_code code = doors_open(options, arena, local, &doors, err);
    if (code == ERR_NONE)
        code = announce(options, arena, local, &doors, err);
    if (code == ERR_NONE) {
        int signal = 0;
        while (sigwait(ends, &signal) != 0) {
        }
        struct err ignored = {0};
        /* When it stays, it is recognised as stale by whoever reads it. */
        enum err_code removed = local_info_remove(arena, options->home, &ignored);
        (void) removed;
    }
    doors_close(&doors);
    return code;
}

enum err_code local_server_run(const struct local_server_options *options, struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("server", 0);
    AUTO(fd_close) int lock = -1;
    struct local *local = NULL;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before any thread, which all inherit it */
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    enum err_code code = lock_home(arena, options->home, &lock, err);
    if (code != ERR_NONE)
        return code;
    struct record_wire *record = NULL;
    if (options->record != NULL)
        code = record_wire_open(options->record, &record, err);
    struct local_options world = {
        .folder = options->home,
        .account = options->account,
        .secret_key = options->secret_key,
        .delays = options->delays,
        .record = record};
    if (code == ERR_NONE)
        code = local_open(&world, &local, err);
    if (code == ERR_NONE)
        code = local_faults_start(local, options->faults, options->n_faults, options->latency, err);
    if (code == ERR_NONE)
        code = serve(options, arena, local, &ends, err);
    local_close(local);
    record_wire_close(record);
    return code;
}
