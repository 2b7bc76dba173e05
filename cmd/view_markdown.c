/* A plan for a pull request, in the form reviewers know from tfcmt: deletions and refusals first,
 * the summary, details folded away. Never larger than options->max_bytes: what must not be missed
 * comes first, the rest is cut by lines. */
#include "cmd/view.h"

#define TAIL_BYTES 200U /* for the closing tags and the line that says how much was cut */
#define LIST_SHARE 2U   /* lists may take so much of the room each: one half */

struct page {
    struct arena *arena;
    struct buf *buf;
    size_t end; /* no byte behind this but the tail */
};

/* Inside <code>: the three characters HTML reads. */
static void html(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '<')
            buf_add_z(buf, "&lt;");
        else if (c == '>')
            buf_add_z(buf, "&gt;");
        else if (c == '&')
            buf_add_z(buf, "&amp;");
        else
            buf_add_char(buf, c);
    }
}

/* A name between backticks ends at none of its own. */
static void code_span(struct page *page, struct str text)
{
    char *copy = str_z(page->arena, text);
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '`' ? '\'' : *c;
    buf_fmt(page->buf, "`%s`", copy);
}

/* Adds it whole, or not at all. */
static bool add_line(struct page *page, struct str line, size_t end)
{
    if (page->buf->len + line.len > end)
        return false;
    buf_add(page->buf, line);
    return true;
}

static void cut_note(struct page *page, size_t left)
{
    if (left > 0)
        buf_fmt(page->buf, "* … %zu more; see the log of the run\n", left);
}

static bool goes(const struct change *change)
{
    return change->action == ACTION_DELETE || change->action == ACTION_REPLACE;
}

static void deletions(struct page *page, const struct view_groups *groups)
{
    size_t end = page->buf->len + (page->end - page->buf->len) / LIST_SHARE, left = 0;
    bool any = false;
    for (size_t i = 0; i < groups->len; i++) {
        const struct change *first = groups->items[i].items[0];
        if (!goes(first))
            continue;
        if (!any)
            buf_add_z(page->buf, "### :warning: Resource Deletion will happen :warning:\n\n");
        any = true;
        struct buf line AUTO(buf_done) = BUF_INIT(KIB(64));
        struct page one = {page->arena, &line, 0};
        buf_add_z(&line, "* ");
        code_span(&one, view_group_address(page->arena, &groups->items[i]));
        buf_fmt(&line, " %s\n", change_phrase(first));
        left += add_line(page, buf_str(&line), end) ? 0 : 1;
    }
    cut_note(page, left);
    if (any)
        buf_add_char(page->buf, '\n');
}

static void refusals(struct page *page, const struct plan *plan)
{
    if (plan->guards.len == 0)
        return;
    buf_add_z(page->buf, "### :no_entry: Apply will refuse this\n\n");
    for (size_t i = 0; i < plan->guards.len; i++) {
        const struct plan_guard *guard = &plan->guards.items[i];
        buf_add_z(page->buf, "* ");
        html(page->buf, term_clean(page->arena, guard->message));
        buf_add_z(page->buf, " (");
        html(page->buf, term_clean(page->arena, guard->hint));
        buf_add_z(page->buf, ")\n");
    }
    buf_add_char(page->buf, '\n');
}

static void warnings(struct page *page, const struct plan *plan)
{
    size_t end = page->buf->len + (page->end - page->buf->len) / LIST_SHARE, left = 0;
    for (size_t i = 0; i < plan->warnings.len; i++) {
        struct buf line AUTO(buf_done) = BUF_INIT(KIB(64));
        buf_add_z(&line, "* :warning: ");
        html(&line, term_clean(page->arena, plan->warnings.items[i].message));
        buf_add_char(&line, '\n');
        left += add_line(page, buf_str(&line), end) ? 0 : 1;
    }
    cut_note(page, left);
    if (plan->warnings.len > 0)
        buf_add_char(page->buf, '\n');
}

/* A handful; more of them than half of the page holds are cut. */
static void routes(struct page *page, const struct plan *plan)
{
    size_t end = page->buf->len + (page->end - page->buf->len) / LIST_SHARE, left = 0;
    for (size_t i = 0; i < plan->routes.len; i++) {
        struct buf line AUTO(buf_done) = BUF_INIT(KIB(64));
        struct page one = {page->arena, &line, 0};
        buf_add_z(&line, "* ");
        code_span(&one, view_route_line(page->arena, &plan->routes.items[i]));
        buf_add_char(&line, '\n');
        left += add_line(page, buf_str(&line), end) ? 0 : 1;
    }
    cut_note(page, left);
    if (plan->routes.len > 0)
        buf_add_char(page->buf, '\n');
}

static void held(struct page *page, const struct plan *plan)
{
    size_t end = page->buf->len + (page->end - page->buf->len) / LIST_SHARE, left = 0;
    for (size_t i = 0; i < plan->held.len; i++) {
        struct buf line AUTO(buf_done) = BUF_INIT(KIB(64));
        buf_add_z(&line, "* :no_good: ");
        html(&line, term_clean(page->arena, plan->held.items[i].text));
        buf_add_char(&line, '\n');
        left += add_line(page, buf_str(&line), end) ? 0 : 1;
    }
    cut_note(page, left);
    if (plan->held.len > 0)
        buf_add_char(page->buf, '\n');
}

static const char *label(const struct plan *plan)
{
    if (plan_is_empty(plan))
        return "no-changes";
    return plan->n_destroy > 0 ? "destroy" : "add-or-update";
}

static void details(struct page *page, const struct plan *plan, const struct view_options *options)
{
    struct view_options plain = *options;
    plain.color = false;
    plain.region = STR_NULL; /* its own head says it */
    struct buf text AUTO(buf_done) = BUF_INIT(MIB(256));
    view_plan_text(page->arena, &text, plan, &plain);
    buf_add_z(page->buf, "\n<details><summary>Details (Click me)</summary>\n\n<pre><code>");
    struct str rest = buf_str(&text), line;
    size_t left = 0;
    while (str_split(&rest, '\n', &line)) {
        struct buf escaped AUTO(buf_done) = BUF_INIT(MIB(256));
        html(&escaped, line);
        buf_add_char(&escaped, '\n');
        bool last = str_is_null(rest) && line.len == 0;
        if (!last && (left > 0 || !add_line(page, buf_str(&escaped), page->end)))
            left++;
    }
    if (left > 0)
        buf_fmt(page->buf, "… %zu more lines; see the log of the run\n", left);
    buf_add_z(page->buf, "</code></pre>\n\n</details>\n");
}

void view_plan_markdown(
    struct arena *arena,
    struct buf *buf,
    const struct plan *plan,
    const struct view_options *options)
{
    size_t most = options->max_bytes > 0 ? options->max_bytes : VIEW_COMMENT_BYTES;
    size_t room = most > 2 * TAIL_BYTES ? most - 2 * TAIL_BYTES : 0;
    struct page page = {arena, buf, buf->len + room};
    struct str cost = view_cost_line(arena, plan);
    /* Of a run over very many stacks, only the line that counts. */
    if (room < 1000) {
        if (most > TAIL_BYTES)
            buf_fmt(
                buf, "* " STR_FMT "%s" STR_FMT ": " STR_FMT "\n", STR_ARG(plan->stack),
                str_is_null(options->region) ? "" : ", ",
                STR_ARG(str_is_null(options->region) ? STR("") : options->region),
                STR_ARG(view_summary_line(arena, plan)));
        return;
    }
    /* Collapsed even with --full. */
    struct view_groups groups = view_groups(arena, plan, false);
    bool section = !str_is_null(options->region);
    buf_fmt(
        buf, "## Plan Result (" STR_FMT "%s" STR_FMT ")\n\n", STR_ARG(plan->stack),
        section ? ", " : "", STR_ARG(section ? options->region : STR("")));
    buf_fmt(buf, "<!-- label: %s -->\n\n", label(plan));
    deletions(&page, &groups);
    refusals(&page, plan);
    warnings(&page, plan);
    held(&page, plan);
    routes(&page, plan);
    buf_add_z(buf, "<pre><code>");
    html(buf, view_summary_line(arena, plan));
    struct str training = view_training_line(arena, plan);
    if (!str_is_null(training)) {
        buf_add_char(buf, '\n');
        html(buf, training);
    }
    if (!str_is_null(cost)) {
        buf_add_char(buf, '\n');
        html(buf, cost);
    }
    buf_add_z(buf, "\n</code></pre>\n");
    if (!plan_is_empty(plan) || plan->drift.len > 0)
        details(&page, plan, options);
}
