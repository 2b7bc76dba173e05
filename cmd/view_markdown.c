/* A plan for a pull request, in the form reviewers know from tfcmt: deletions first, the summary,
 * details folded away. Cut below the size of a comment (65,536 characters on GitHub). */
#include "cmd/view.h"

#define MAX_DETAILS 56000U

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

static void deletions(struct arena *arena, struct buf *buf, const struct view_groups *groups)
{
    bool any = false;
    for (size_t i = 0; i < groups->len; i++) {
        const struct change *first = groups->items[i].items[0];
        if (first->action != ACTION_DELETE && first->action != ACTION_REPLACE)
            continue;
        if (!any)
            buf_add_z(buf, "### :warning: Resource Deletion will happen :warning:\n\n");
        any = true;
        buf_add_z(buf, "* `");
        buf_add(buf, view_group_address(arena, &groups->items[i]));
        buf_fmt(buf, "` %s\n", action_phrase(first->action));
    }
    if (any)
        buf_add_char(buf, '\n');
}

static const char *label(const struct plan *plan)
{
    if (plan_is_empty(plan))
        return "no-changes";
    return plan->n_destroy > 0 ? "destroy" : "add-or-update";
}

void view_plan_markdown(
    struct arena *arena,
    struct buf *buf,
    const struct plan *plan,
    const struct view_options *options)
{
    /* Collapsed even with --full: this part is never cut. */
    struct view_groups groups = view_groups(arena, plan, false);
    buf_fmt(buf, "## Plan Result (" STR_FMT ")\n\n", STR_ARG(plan->stack));
    buf_fmt(buf, "<!-- label: %s -->\n\n", label(plan));
    deletions(arena, buf, &groups);
    buf_add_z(buf, "<pre><code>");
    html(buf, view_summary_line(arena, plan));
    struct str cost = view_cost_line(arena, plan);
    if (!str_is_null(cost)) {
        buf_add_char(buf, '\n');
        html(buf, cost);
    }
    buf_add_z(buf, "\n</code></pre>\n");
    if (plan_is_empty(plan))
        return;
    struct view_options plain = *options;
    plain.color = false;
    struct buf details = BUF_INIT(MIB(256));
    view_plan_text(arena, &details, plan, &plain);
    buf_add_z(buf, "\n<details><summary>Details (Click me)</summary>\n\n<pre><code>");
    struct str rest = buf_str(&details), line;
    size_t start = buf->len, left = 0;
    while (str_split(&rest, '\n', &line)) {
        left += buf->len - start > MAX_DETAILS ? 1 : 0;
        if (left > 0)
            continue;
        html(buf, line);
        buf_add_char(buf, '\n');
    }
    if (left > 0)
        buf_fmt(buf, "… %zu more lines; see the log of the run\n", left);
    buf_add_z(buf, "</code></pre>\n\n</details>\n");
    buf_done(&details);
}
