#include "cmd/progress.h"

#include "cmd/cmd.h"
#include "cmd/view.h"

#include <unistd.h>

#define REDRAW_MS 200
#define PLAIN_EVERY_MS 30000
#define MAX_LINES 12U
#define KEEP_BYTES KIB(4)

struct running {
    const struct change *change;
    char status[64];
    uint64_t bytes_done, bytes_total;
    int64_t started_ms, said_ms;
    struct str region;
};

struct progress {
    struct app *app;
    enum { SHOW_PLAIN, SHOW_LIVE, SHOW_JSON } show;
    bool on_aws, ticking;
    struct running *running;
    size_t n_running, cap_running;
    size_t n_done, total;
    unsigned drawn; /* lines of the block on the screen */
    struct task *ticker;
};

struct verbs {
    const char *start, *going, *done;
};

static struct verbs verbs_of(enum action action)
{
    if (action == ACTION_DELETE)
        return (struct verbs){"Destroying...", "Still destroying...", "Destruction complete"};
    if (action == ACTION_UPDATE)
        return (struct verbs){"Modifying...", "Still modifying...", "Modifications complete"};
    return (struct verbs){"Creating...", "Still creating...", "Creation complete"};
}

/* What a wait for AWS usually takes; 0 when there is no usual time. Endpoint figures: the
 * acceptance tests of Terraform's provider; training: start-up of a container plus a small job. */
static int64_t usual_ms(const struct change *change)
{
    if (change->kind == KIND_ENDPOINT)
        return change->action == ACTION_UPDATE ? 230000 : 185000;
    return change->kind == KIND_TRAINING_JOB && change->action == ACTION_CREATE ? 180000 : 0;
}

/* "42s", "3m05s", "1h02m" */
static struct str duration(struct arena *arena, int64_t ms)
{
    long long s = (long long) (ms + 500) / 1000;
    if (s < 60)
        return str_fmt(arena, "%llds", s);
    if (s < 3600)
        return str_fmt(arena, "%lldm%02llds", s / 60, s % 60);
    return str_fmt(arena, "%lldh%02lldm", s / 3600, s / 60 % 60);
}

struct progress *progress_new(struct app *app, bool on_aws)
{
    struct progress *progress = ARENA_NEW(app->arena, struct progress);
    const char *kind = app->getenv("TERM");
    bool dumb = kind == NULL || str_eq_z(str_from(kind), "dumb");
    progress->app = app;
    progress->on_aws = on_aws;
    if (app->args.json && app->cmd->streams)
        progress->show = SHOW_JSON;
    else if (app->term.err_tty && !dumb)
        progress->show = SHOW_LIVE;
    return progress;
}

static int64_t now_ms(const struct progress *progress)
{
    return clock_mono_ms(progress->app->clock);
}

static void put(int fd, const struct buf *buf)
{
    struct err ignored = {0};
    /* Progress is best effort: what was done is reported at the end, whoever reads. */
    (void) !term_write(fd, buf_str(buf), &ignored);
}

/* ---- the live block ---- */

static void erase(struct progress *progress, struct buf *buf)
{
    for (unsigned i = 0; i < progress->drawn; i++)
        buf_add_z(buf, "\x1b[1A\x1b[2K");
    progress->drawn = 0;
}

/* At most the terminal's width, so that a line never wraps and can be erased. */
static void add_cut(const struct progress *progress, struct buf *buf, struct str text)
{
    size_t width = progress->app->term.width - 1, columns = 0, end = 0;
    while (end < text.len) {
        if (((unsigned char) text.ptr[end] & 0xc0U) != 0x80U && ++columns > width)
            break;
        end++;
    }
    buf_add(buf, str_slice(text, 0, end));
    buf_add_char(buf, '\n');
}

static void region_mark(struct buf *buf, struct str region)
{
    if (!str_is_null(region))
        buf_fmt(buf, STR_FMT ": ", STR_ARG(region));
}

static void running_line(
    const struct progress *progress, struct arena *arena, struct buf *buf, const struct running *r)
{
    struct buf line = BUF_INIT(KEEP_BYTES);
    int64_t elapsed = now_ms(progress) - r->started_ms;
    buf_add_z(&line, "  ");
    region_mark(&line, r->region);
    buf_add_clean(&line, r->change->address);
    buf_fmt(&line, ": %s", r->status[0] != '\0' ? r->status : verbs_of(r->change->action).start);
    if (r->bytes_total > 0) {
        double rate = elapsed > 0 ? (double) r->bytes_done / 1e6 / ((double) elapsed / 1000.0) : 0;
        buf_fmt(
            &line, " %.1f of %.1f MB, %.1f MB/s", (double) r->bytes_done / 1e6,
            (double) r->bytes_total / 1e6, rate);
    }
    buf_fmt(&line, " [" STR_FMT, STR_ARG(duration(arena, elapsed)));
    int64_t usual = progress->on_aws ? usual_ms(r->change) : 0;
    if (usual > 0)
        buf_fmt(&line, " of usually " STR_FMT, STR_ARG(duration(arena, usual)));
    buf_add_char(&line, ']');
    add_cut(progress, buf, buf_str(&line));
    buf_done(&line);
}

static void draw(struct progress *progress, struct buf *buf)
{
    bool idle = progress->total == 0 && progress->n_running == 0;
    if (progress->show != SHOW_LIVE || !progress->ticking || idle)
        return;
    struct arena *scratch = arena_new("progress", 0);
    size_t shown = progress->n_running < MAX_LINES ? progress->n_running : MAX_LINES;
    for (size_t i = 0; i < shown; i++)
        running_line(progress, scratch, buf, &progress->running[i]);
    struct str foot = str_fmt(
        scratch, "  %zu of %zu done, %zu running", progress->n_done, progress->total,
        progress->n_running);
    add_cut(progress, buf, foot);
    progress->drawn = (unsigned) shown + 1;
    arena_free(scratch);
}

static void tick(void *arg)
{
    struct progress *progress = arg;
    struct loop *loop = progress->app->loop;
    /* A cancelled loop does not wait any more; the events alone redraw then. */
    while (progress->ticking && !loop_cancelled(loop)) {
        struct buf buf = BUF_INIT(KIB(64));
        erase(progress, &buf);
        draw(progress, &buf);
        put(STDERR_FILENO, &buf);
        buf_done(&buf);
        loop_sleep_ms(loop, REDRAW_MS);
    }
}

void progress_start(struct progress *progress, size_t total)
{
    progress->total = total;
    if (progress->show != SHOW_LIVE)
        return;
    progress->ticking = true;
    progress->ticker = loop_spawn(progress->app->loop, tick, progress);
}

void progress_stop(struct progress *progress)
{
    if (progress->ticker == NULL)
        return;
    progress->ticking = false;
    loop_join(progress->app->loop, progress->ticker);
    progress->ticker = NULL;
    struct buf buf = BUF_INIT(KIB(64));
    erase(progress, &buf);
    put(STDERR_FILENO, &buf);
    buf_done(&buf);
}

/* ---- events ---- */

static struct running *find(struct progress *progress, const struct change *change)
{
    for (size_t i = 0; i < progress->n_running; i++)
        if (progress->running[i].change == change)
            return &progress->running[i];
    return NULL;
}

static struct running *
add(struct progress *progress, const struct change *change, struct str region)
{
    struct arena *arena = progress->app->arena;
    if (progress->n_running == progress->cap_running)
        progress->running = vec_grow(
            arena, progress->running, progress->n_running, &progress->cap_running,
            sizeof(*progress->running));
    struct running *r = &progress->running[progress->n_running++];
    *r = (struct running){.change = change, .started_ms = now_ms(progress), .region = region};
    r->said_ms = r->started_ms;
    return r;
}

static void drop(struct progress *progress, struct running *r)
{
    if (r == NULL)
        return;
    size_t index = (size_t) (r - progress->running);
    memmove(r, r + 1, (progress->n_running - index - 1) * sizeof(*r));
    progress->n_running--;
}

static void set_status(struct running *r, struct str text)
{
    size_t len = text.len < sizeof(r->status) - 1 ? text.len : sizeof(r->status) - 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) text.ptr[i];
        r->status[i] = c < 0x20 || c >= 0x7f ? '?' : (char) c;
    }
    r->status[len] = '\0';
}

static void head(struct buf *buf, const struct change *change, struct str region)
{
    region_mark(buf, region);
    buf_add_clean(buf, change->address);
    if (change->removal_half && change->action == ACTION_DELETE) {
        buf_add_z(buf, " (old ");
        buf_add_clean(buf, change->old_name);
        buf_add_char(buf, ')');
    }
    buf_add_z(buf, ": ");
}

static void id(struct buf *buf, const struct change *change)
{
    struct str name = change->action == ACTION_DELETE && !str_is_empty(change->old_name)
                          ? change->old_name
                          : change->name;
    if (str_is_empty(name))
        return;
    buf_add_z(buf, " [id=");
    buf_add_clean(buf, name);
    buf_add_char(buf, ']');
}

static void status_line(
    struct progress *progress, struct arena *arena, struct buf *buf, const struct running *r)
{
    struct verbs verbs = verbs_of(r->change->action);
    head(buf, r->change, r->region);
    buf_fmt(buf, "%s [", verbs.going);
    if (r->status[0] != '\0')
        buf_fmt(buf, "%s, ", r->status);
    if (r->bytes_total > 0)
        buf_fmt(
            buf, "%.1f of %.1f MB, ", (double) r->bytes_done / 1e6, (double) r->bytes_total / 1e6);
    int64_t elapsed = now_ms(progress) - r->started_ms;
    buf_fmt(buf, STR_FMT " elapsed]\n", STR_ARG(duration(arena, elapsed)));
}

/* In the plan's numbers. */
static bool is_counted(const struct change *change)
{
    return !change->uncounted && !change->removal_half &&
           (schema_of(change->kind)->flags & KIND_FLAG_UNCOUNTED) == 0;
}

static void
change_event(struct progress *progress, struct arena *arena, struct buf *buf, const struct event *e)
{
    struct verbs verbs = verbs_of(e->change->action);
    struct running *r = find(progress, e->change);
    if (r == NULL && e->type != EVENT_SKIPPED && e->type != EVENT_DONE && e->type != EVENT_FAILED)
        r = add(progress, e->change, e->region);
    bool color = progress->app->term.color_err;
    switch (e->type) {
    case EVENT_START:
        /* The block on a terminal shows what is running. */
        if (progress->show == SHOW_LIVE)
            break;
        head(buf, e->change, e->region);
        buf_add_z(buf, verbs.start);
        buf_add_char(buf, '\n');
        break;
    case EVENT_STATUS:
    case EVENT_PROGRESS: {
        bool changed = !str_is_empty(e->text) && !str_eq(e->text, str_from(r->status));
        if (!str_is_empty(e->text))
            set_status(r, e->text);
        if (e->bytes_total > 0) {
            r->bytes_done = e->bytes_done;
            r->bytes_total = e->bytes_total;
        }
        if (progress->show == SHOW_PLAIN &&
            (changed || now_ms(progress) - r->said_ms >= PLAIN_EVERY_MS)) {
            status_line(progress, arena, buf, r);
            r->said_ms = now_ms(progress);
        }
        break;
    }
    case EVENT_DONE:
        head(buf, e->change, e->region);
        buf_fmt(buf, "%s after " STR_FMT, verbs.done, STR_ARG(duration(arena, e->elapsed_ms)));
        id(buf, e->change);
        buf_add_char(buf, '\n');
        progress->n_done += is_counted(e->change);
        drop(progress, r);
        break;
    case EVENT_FAILED:
        head(buf, e->change, e->region);
        buf_fmt(
            buf, "%sfailed%s after " STR_FMT "\n", paint(color, PAINT_RED), paint_end(color),
            STR_ARG(duration(arena, e->elapsed_ms)));
        drop(progress, r);
        break;
    case EVENT_SKIPPED:
        head(buf, e->change, e->region);
        if (e->change->err != NULL)
            buf_add_z(buf, "skipped, because something it needs failed\n");
        else
            buf_fmt(buf, "not started: " STR_FMT "\n", STR_ARG(e->text));
        break;
    case EVENT_OBSERVE:
    case EVENT_WAIT:
    case EVENT_LOG:
    case EVENT_WARNING:
    case EVENT_NOTE:
    case EVENT_LEASE:
        break;
    }
}

static void warning_lines(const struct progress *progress, struct buf *buf, const struct event *e)
{
    bool color = progress->app->term.color_err;
    buf_fmt(buf, "%sWarning: %s", paint(color, PAINT_YELLOW), paint_end(color));
    region_mark(buf, e->region);
    buf_add_clean(buf, e->text);
    buf_add_char(buf, '\n');
    if (str_is_empty(e->hint) || progress->app->args.compact_warnings)
        return;
    buf_fmt(buf, "%shint:%s ", paint(color, PAINT_CYAN), paint_end(color));
    buf_add_clean(buf, e->hint);
    buf_add_char(buf, '\n');
}

static void other_event(const struct progress *progress, struct buf *buf, const struct event *e)
{
    switch (e->type) {
    case EVENT_WARNING:
        warning_lines(progress, buf, e);
        break;
    case EVENT_LOG:
        region_mark(buf, e->region);
        buf_add_clean(buf, e->name);
        buf_add_z(buf, " | ");
        buf_add_clean(buf, e->text);
        buf_add_char(buf, '\n');
        break;
    case EVENT_WAIT:
        region_mark(buf, e->region);
        buf_add_clean(buf, e->name);
        buf_add_z(buf, ": waiting, it is ");
        buf_add_clean(buf, e->text);
        buf_add_char(buf, '\n');
        break;
    case EVENT_NOTE:
        region_mark(buf, e->region);
        buf_add_clean(buf, e->text);
        buf_add_char(buf, '\n');
        break;
    case EVENT_OBSERVE:
        if (!progress->app->args.verbose)
            break;
        buf_add_z(buf, "reading ");
        buf_add_clean(buf, e->text);
        buf_add_char(buf, '\n');
        break;
    case EVENT_START:
    case EVENT_STATUS:
    case EVENT_PROGRESS:
    case EVENT_DONE:
    case EVENT_FAILED:
    case EVENT_SKIPPED:
    case EVENT_LEASE:
        break;
    }
}

/* An older version that only changes its place is part of another change, which is told of. */
static bool is_silent(const struct event *event)
{
    const struct change *change = event->change;
    return change != NULL && change->removal_half && change->uncounted &&
           event->type != EVENT_FAILED;
}

void progress_event(void *arg, const struct event *event)
{
    struct progress *progress = arg;
    if (is_silent(event))
        return;
    struct arena *scratch = arena_new("event", 0);
    struct buf buf = BUF_INIT(MIB(1));
    if (progress->show == SHOW_JSON) {
        if (view_event_json(scratch, &buf, event, clock_wall_ms(progress->app->clock))) {
            buf_add_char(&buf, '\n');
            put(STDOUT_FILENO, &buf);
        }
    } else {
        erase(progress, &buf);
        if (event->change != NULL && event->type != EVENT_LOG && event->type != EVENT_WARNING &&
            event->type != EVENT_NOTE)
            change_event(progress, scratch, &buf, event);
        else
            other_event(progress, &buf, event);
        draw(progress, &buf);
        put(STDERR_FILENO, &buf);
    }
    buf_done(&buf);
    arena_free(scratch);
}
