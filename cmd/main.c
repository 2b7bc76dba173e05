/* The composition root: the real clock, randomness, loop, terminal and signals, given to a command.
 */
#include "cmd/cmd.h"
#include "cmd/help.h"
#include "cmd/session.h"
#include "engine/base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define COMMAND_ARENA_BYTES (4 * KIB(1) * MIB(1))

/* A signal handler has no argument, so these two are the program's only writable statics. */
static struct loop *volatile s_loop;
static volatile sig_atomic_t s_signal;

static void on_signal(int number)
{
    static const char s_text[] = "\nInterrupt received. Gracefully shutting down…\n";
    if (s_signal != 0)
        _exit(128 + number);
    s_signal = number;
    if (write(STDERR_FILENO, s_text, sizeof(s_text) - 1) < 0)
        s_signal = number;
    loop_cancel(s_loop);
}

/* Without SA_RESTART: a question that waits for an answer is cut short, too. */
static void install_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
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

int main(int argc, char **argv)
{
    keep_streams();
    struct app app = {
        .arena = arena_new("command", COMMAND_ARENA_BYTES),
        .clock = clock_system(),
        .loop = loop_new(clock_system()),
        .args = {.color = true},
        .getenv = environment,
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
