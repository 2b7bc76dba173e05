/* Starting the stand-in: fork, detach, exec this program again, wait for its word. */
#include "cmd/standin.h"

#include "engine/base/file.h"
#include "engine/local/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_TIMEOUT_MS 15000
#define MAX_LOG_TAIL KIB(64)
#define FIXED_ARGS 16U
#define RACE_TRIES 50
#define RACE_POLL_MS 20

/* POSIX names it, no header declares it. */
extern char **environ;

/* libgomp reads these when it is loaded, before main(): hence a fresh program. One thread per call
 * is right for a server that answers many at once, and idle workers must not spin. */
static const char *const s_omp[] = {"OMP_NUM_THREADS=1", "OMP_WAIT_POLICY=passive"};

static bool is_omp(const char *entry)
{
    for (size_t i = 0; i < ARRAY_LEN(s_omp); i++) {
        struct str name = str_from(s_omp[i]);
        name = str_slice(name, 0, str_index(name, '=') + 1);
        if (str_starts(str_from(entry), name))
            return true;
    }
    return false;
}

static char **child_environment(struct arena *arena)
{
    size_t count = 0, n = 0;
    while (environ[count] != NULL)
        count++;
    char **out = ARENA_ARRAY(arena, count + ARRAY_LEN(s_omp) + 1, char *);
    for (size_t i = 0; i < count; i++)
        if (!is_omp(environ[i]))
            out[n++] = environ[i];
    for (size_t i = 0; i < ARRAY_LEN(s_omp); i++)
        out[n++] = str_z(arena, str_from(s_omp[i]));
    return out;
}

/* What a start hands over besides the options of the command line. */
struct start_options {
    struct str record, latency;
    struct opt_list faults;
};

static char **child_arguments(struct app *app, const struct start_options *options, int ready_fd)
{
    struct arena *arena = app->arena;
    const struct args *args = &app->args;
    struct str record = options->record;
    char **argv = ARENA_ARRAY(arena, FIXED_ARGS + args->delays.len + options->faults.len, char *);
    size_t n = 0;
    argv[n++] = str_z(arena, STR("mmectl"));
    argv[n++] = str_z(arena, STR("local"));
    argv[n++] = str_z(arena, STR("run"));
    argv[n++] = str_z(arena, str_fmt(arena, "--ready-fd=%d", ready_fd));
    if (args->port > 0)
        argv[n++] = str_z(arena, str_fmt(arena, "--port=%lld", (long long) args->port));
    if (!str_is_null(args->account))
        argv[n++] = str_z(arena, str_fmt(arena, "--account=" STR_FMT, STR_ARG(args->account)));
    if (args->https_proxy)
        argv[n++] = str_z(arena, STR("--https-proxy"));
    if (args->proxy_port > 0)
        argv[n++] = str_z(arena, str_fmt(arena, "--proxy-port=%lld", (long long) args->proxy_port));
    if (!str_is_null(record))
        argv[n++] = str_z(arena, str_fmt(arena, "--record=" STR_FMT, STR_ARG(record)));
    if (!str_is_null(options->latency))
        argv[n++] = str_z(arena, str_fmt(arena, "--latency=" STR_FMT, STR_ARG(options->latency)));
    for (size_t i = 0; i < options->faults.len; i++)
        argv[n++] =
            str_z(arena, str_fmt(arena, "--fault=" STR_FMT, STR_ARG(options->faults.items[i])));
    for (size_t i = 0; i < args->delays.len; i++)
        argv[n++] =
            str_z(arena, str_fmt(arena, "--delay=" STR_FMT, STR_ARG(args->delays.items[i])));
    return argv;
}

/* Only async-signal-safe calls: the process may have threads. */
static NORETURN void become_server(char **argv, char **envp, int log_fd, int null_fd)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (setsid() < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(log_fd, STDOUT_FILENO) < 0 ||
        dup2(log_fd, STDERR_FILENO) < 0 || chdir("/") != 0)
        _exit(127);
    execve("/proc/self/exe", argv, envp);
    _exit(127);
}

/* 1: it serves; 0: it ended without, and *said is why, if it could tell; negative: an interrupt or
 * the timeout. */
static int wait_ready(struct app *app, int fd, struct buf *said)
{
    int64_t deadline = clock_mono_ms(app->clock) + READY_TIMEOUT_MS;
    for (;;) {
        int64_t left = deadline - clock_mono_ms(app->clock);
        if (left <= 0 || loop_cancelled(app->loop))
            return -1;
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        int n = poll(&pollfd, 1, (int) left);
        if (n <= 0)
            continue;
        char *room = buf_reserve(said, KIB(4));
        ssize_t got = room != NULL ? read(fd, room, KIB(4)) : 0;
        if (got <= 0)
            return 0;
        said->len += (size_t) got;
        if (said->ptr[0] == LOCAL_SERVER_READY)
            return 1;
    }
}

/* What a server that died without a word of its own left in its log. */
static struct str log_tail(struct app *app, const char *log_path, off_t log_start)
{
    struct str text = STR_NULL;
    struct err ignored = {0};
    if (file_read(app->arena, log_path, MIB(64), &text, &ignored) != ERR_NONE)
        return STR_NULL;
    text = str_from_index(text, (size_t) log_start);
    return text.len > MAX_LOG_TAIL ? str_from_index(text, text.len - MAX_LOG_TAIL) : text;
}

/* text: its "Error: " and "hint: " lines. */
static enum err_code why_it_ended(struct str text, const char *log_path, struct err *err)
{
    struct str line;
    err_set(err, ERR_IO, "cannot start the stand-in: it ended at once");
    while (str_split(&text, '\n', &line)) {
        if (str_starts(line, STR("Error: ")))
            err_set(
                err, ERR_IO, "cannot start the stand-in: " STR_FMT,
                STR_ARG(str_from_index(line, sizeof("Error: ") - 1)));
        else if (str_starts(line, STR("hint: ")))
            err_hint(err, STR_FMT, STR_ARG(str_from_index(line, sizeof("hint: ") - 1)));
    }
    return err_hint(err, "see '%s'", log_path);
}

struct launch {
    const char *log_path;
    off_t log_start;
    int log_fd, null_fd, ready[2];
};

static void launch_done(struct launch *launch)
{
    fd_close(&launch->log_fd);
    fd_close(&launch->null_fd);
    fd_close(&launch->ready[0]);
    fd_close(&launch->ready[1]);
}

static enum err_code
launch_open(struct app *app, struct str home, struct launch *launch, struct err *err)
{
    launch->log_path = path_join(app->arena, home, STR("server.log")).ptr;
    launch->log_fd = open(launch->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (launch->log_fd < 0) {
        err_errno(err, errno, "opening '%s'", launch->log_path);
        return err_hint(err, "move it away, or set MMECTL_HOME to another folder");
    }
    struct stat info;
    if (fstat(launch->log_fd, &info) == 0)
        launch->log_start = info.st_size;
    launch->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* The write end stays open across exec; the child of nobody else is made in between. */
    if (launch->null_fd < 0 || pipe(launch->ready) != 0)
        return err_errno(err, errno, "preparing the stand-in");
    if (fcntl(launch->ready[0], F_SETFD, FD_CLOEXEC) != 0)
        return err_errno(err, errno, "preparing the stand-in");
    return ERR_NONE;
}

static enum err_code launch_server(struct app *app, struct str home, struct err *err)
{
    AUTO(launch_done) struct launch launch = {.log_fd = -1, .null_fd = -1, .ready = {-1, -1}};
    struct start_options options = {0};
    enum err_code code = standin_record(app, &options.record, err);
    if (code == ERR_NONE)
        code = standin_faults(app, &options.faults, &options.latency, err);
    if (code == ERR_NONE)
        code = launch_open(app, home, &launch, err);
    if (code != ERR_NONE)
        return code;
    char **argv = child_arguments(app, &options, launch.ready[1]);
    char **envp = child_environment(app->arena);
    pid_t pid = fork();
    if (pid < 0)
        return err_errno(err, errno, "starting the stand-in");
    if (pid == 0)
        become_server(argv, envp, launch.log_fd, launch.null_fd);
    fd_close(&launch.ready[1]);
    AUTO(buf_done) struct buf said = BUF_INIT(MAX_LOG_TAIL);
    int ready = wait_ready(app, launch.ready[0], &said);
    if (ready > 0)
        return ERR_NONE;
    if (ready < 0) {
        kill(pid, SIGTERM);
        return loop_cancelled(app->loop)
                   ? err_set(err, ERR_CANCELLED, "interrupted while the stand-in was starting")
                   : err_set(err, ERR_TIMEOUT, "the stand-in does not answer");
    }
    (void) waitpid(pid, NULL, 0);
    struct str why =
        said.len > 0 ? buf_str(&said) : log_tail(app, launch.log_path, launch.log_start);
    return why_it_ended(why, launch.log_path, err);
}

/* Somebody else may have started one at the same moment; then that is the one. */
static enum err_code find_after_race(
    struct app *app, struct http_transport *transport, struct local_info *out, struct err *err)
{
    enum err_code code = ERR_NOT_FOUND;
    for (int i = 0; i < RACE_TRIES && code == ERR_NOT_FOUND; i++) {
        struct err ignored = {0};
        code = standin_find(app, transport, out, &ignored);
        if (code == ERR_NOT_FOUND)
            loop_sleep_ms(app->loop, RACE_POLL_MS);
        else if (code != ERR_NONE)
            *err = ignored;
    }
    return code;
}

static enum err_code
check_port(const struct app *app, const struct local_info *info, struct err *err)
{
    if (app->args.port <= 0 || app->args.port == (int64_t) info->port)
        return ERR_NONE;
    err_set(err, ERR_EXISTS, "the stand-in is running on port %u already", (unsigned) info->port);
    return err_hint(err, "'mmectl local stop' ends it");
}

static enum err_code
check_proxy(const struct app *app, const struct local_info *info, struct err *err)
{
    struct str wanted = str_fmt(app->arena, ":%lld", (long long) app->args.proxy_port);
    if (!app->args.https_proxy)
        return ERR_NONE;
    if (!str_is_null(info->proxy.url) &&
        (app->args.proxy_port == 0 || str_ends(info->proxy.url, wanted)))
        return ERR_NONE;
    if (str_is_null(info->proxy.url))
        err_set(err, ERR_EXISTS, "the stand-in is running without its HTTPS proxy");
    else
        err_set(
            err, ERR_EXISTS, "the stand-in's HTTPS proxy is at " STR_FMT " already",
            STR_ARG(info->proxy.url));
    return err_hint(err, "'mmectl local stop' ends it, 'mmectl local start --https-proxy' goes on");
}

/* One that runs takes none of what is for its start. */
static enum err_code
check_running(const struct app *app, const struct local_info *info, struct err *err)
{
    if (check_proxy(app, info, err) != ERR_NONE)
        return err->code;
    if (app->args.faults.len > 0 || !str_is_null(app->args.latency)) {
        err_set(
            err, ERR_EXISTS, "the stand-in is running already, and '%s' is for its start",
            app->args.faults.len > 0 ? "--fault" : "--latency");
        return err_hint(
            err, "'mmectl local %s' changes one that runs",
            app->args.faults.len > 0 ? "fault add RULE" : "latency PROFILE");
    }
    if (str_is_null(app->args.record))
        return check_port(app, info, err);
    err_set(err, ERR_EXISTS, "the stand-in is running already, and '--record' is for its start");
    return err_hint(err, "'mmectl local stop' ends it");
}

enum err_code standin_start(
    struct app *app,
    struct http_transport *transport,
    struct local_info *out,
    bool *ret_started,
    struct err *err)
{
    struct str home;
    struct err failure = {0};
    *ret_started = false;
    enum err_code code = standin_home(app, &home, err);
    if (code != ERR_NONE)
        return code;
    code = standin_find(app, transport, out, &failure);
    if (code == ERR_NONE)
        return check_running(app, out, err);
    if (code != ERR_NOT_FOUND) {
        *err = failure;
        return code;
    }
    failure = (struct err){0};
    code = launch_server(app, home, &failure);
    *ret_started = code == ERR_NONE;
    bool raced = code == ERR_IO && !local_has_ended(app->arena, home.ptr);
    if (code == ERR_NONE || raced)
        code = find_after_race(app, transport, out, &failure);
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    code = check_proxy(app, out, err);
    return code == ERR_NONE ? check_port(app, out, err) : code;
}
