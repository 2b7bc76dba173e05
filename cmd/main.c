/* The composition root: the real clock, randomness, loop, terminal and signals, given to a command.
 */
#include "cmd/cmd.h"
#include "cmd/help.h"
#include "cmd/session.h"
#include "engine/base/log.h"
#include "engine/reconcile/lease.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GRACE_S 5
#define COMMAND_ARENA_BYTES (4 * KIB(1) * MIB(1))

/* A signal handler has no argument, so what it needs are the program's only writable statics. */
static struct loop *volatile s_loop;
static volatile sig_atomic_t s_signal;

/* What is printed about the lease when there is no time to give it back. Two texts: one is shown
 * while the other is written. */
static char s_lease_texts[2][256];
static volatile sig_atomic_t s_lease_text;

static void write_text(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void) written; /* there is nobody left to tell */
}

static void note_lease(struct str id, int64_t left_ms)
{
    char *text = s_lease_texts[s_lease_text == 0];
    int64_t ends_ms = clock_wall_ms(clock_system()) + left_ms;
    struct arena *scratch = arena_new("lease", 0);
    struct str ends = time_iso(scratch, ends_ms);
    struct str note = STR("");
    if (!str_is_null(id))
        note = str_fmt(
            scratch, "The stack's lock stays: ID " STR_FMT ", it expires at " STR_FMT ".\n",
            STR_ARG(id), STR_ARG(ends));
    note = str_slice(note, 0, sizeof(s_lease_texts[0]) - 1);
    memcpy(text, note.ptr, note.len);
    text[note.len] = '\0';
    arena_free(scratch);
    s_lease_text = s_lease_text == 0;
}

static void exit_now(int status)
{
    write_text(s_lease_texts[s_lease_text]);
    _exit(status);
}

/* What is under way has until then to end (decision on interrupts in the README). */
static void on_alarm(int number)
{
    (void) number;
    write_text("\nStill busy after 5 s; stopped.\n");
    exit_now(128 + s_signal);
}

static void on_signal(int number)
{
    if (s_signal != 0) {
        write_text("\nSecond interrupt: stopped at once. What AWS was asked to do goes on.\n");
        exit_now(128 + number);
    }
    s_signal = number;
    write_text("\nInterrupt received. Gracefully shutting down…\n");
    loop_cancel(s_loop);
    alarm(GRACE_S);
}

/* Without SA_RESTART: a question that waits for an answer is cut short, too. */
static void install_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

/* A stream that the caller closed: the next file or socket would get its number, and our output
 * with it. Opened the wrong way round, so that its use fails. */
static void keep_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void) !open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static void log_to_stderr(enum log_level level, const char *subsystem, const char *message)
{
    static const char *const s_names[] = {"off", "warn", "info", "debug"};
    fprintf(stderr, "%s %s %s\n", s_names[level], subsystem, message);
}

struct running {
    struct app *app;
    enum exit_code code;
};

static void run_command(void *arg)
{
    struct running *running = arg;
    running->code = running->app->cmd->run(running->app);
}

/* Operands beyond what the command takes are an error, not ignored. */
static enum err_code check_operands(const struct app *app, struct err *err)
{
    if (app->args.operands.len <= app->cmd->max_operands)
        return ERR_NONE;
    struct str extra = app->args.operands.items[app->cmd->max_operands];
    err_set(err, ERR_USAGE, "'%s' does not take '" STR_FMT "'", app->cmd->name, STR_ARG(extra));
    return err_hint(err, "usage: mmectl %s [options] %s", app->cmd->name, app->cmd->operands);
}

static enum exit_code print_overview(struct app *app, enum exit_code code)
{
    struct buf buf = BUF_INIT(MIB(1));
    help_overview(app->arena, &buf);
    enum exit_code printed = app_print(app, &buf);
    buf_done(&buf);
    return printed != EXIT_CODE_OK ? printed : code;
}

static enum exit_code print_help(struct app *app)
{
    struct buf buf = BUF_INIT(MIB(1));
    help_command(app->arena, &buf, app->cmd);
    enum exit_code code = app_print(app, &buf);
    buf_done(&buf);
    return code;
}

static bool is_one_of(struct str word, const char *a, const char *b, const char *c)
{
    return str_eq_z(word, a) || str_eq_z(word, b) || str_eq_z(word, c);
}

static enum exit_code dispatch(struct app *app, int argc, char **argv)
{
    struct err err = {0};
    if (argc < 2)
        return print_overview(app, EXIT_CODE_USAGE);
    char version[] = "version";
    struct str word = str_from(argv[1]);
    if (is_one_of(word, "--help", "-help", "-h"))
        return print_overview(app, EXIT_CODE_OK);
    if (is_one_of(word, "--version", "-version", "-v"))
        argv[1] = version;
    int words = 0;
    app->cmd = cmd_find(argc - 1, argv + 1, &words, &err);
    if (app->cmd == NULL)
        return app_fail(app, &err);
    opt_defaults(app->cmd->sets, &app->args);
    enum err_code code = opt_parse(
        app->arena, app->cmd->sets, argc - 1 - words, argv + 1 + words, &app->args,
        &app->args.operands, &err);
    if (code == ERR_NONE && !app->args.help)
        code = check_operands(app, &err);
    if (!app->args.color)
        app->term.color_out = app->term.color_err = false;
    if (code != ERR_NONE)
        return app_fail(app, &err);
    if (app->args.help)
        return print_help(app);
    struct running running = {app, EXIT_CODE_INTERNAL};
    loop_run(app->loop, run_command, &running);
    if (app->args.stats)
        session_print_stats(app);
    return running.code;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

/* malloc(3) moves these limits up with what was freed, to 32 MiB and more: what a large record or
 * listing needed for a moment would then be held until the end. */
static void return_memory(void)
{
    (void) mallopt(M_MMAP_THRESHOLD, KIB(256));
    (void) mallopt(M_TRIM_THRESHOLD, KIB(512));
}

int main(int argc, char **argv)
{
    return_memory();
    keep_streams();
    struct app app = {
        .arena = arena_new("command", COMMAND_ARENA_BYTES),
        .clock = clock_system(),
        .loop = loop_new(clock_system()),
        .args = {.color = true, .lock = true, .lock_timeout_ms = LEASE_TIMEOUT_MS, .bind_port = -1},
        .getenv = environment,
        .on_lease = note_lease,
    };
    rng_seed(&app.rng, rng_entropy());
    term_init(&app.term, environment);
    log_setup(str_from(environment("MMECTL_LOG")), log_to_stderr);
    s_loop = app.loop;
    install_signals();
    enum exit_code code = dispatch(&app, argc, argv);
    if (code == EXIT_CODE_SIGINT && s_signal == SIGTERM)
        code = EXIT_CODE_SIGTERM;
    loop_free(app.loop);
    arena_free(app.arena);
    return (int) code;
}
