#include "tests/unit/cmd/plans.h"

static struct str page_of(struct arena *arena, const struct plan *plan, size_t max_bytes, bool full)
{
    struct buf buf AUTO(buf_done) = BUF_INIT(MIB(64));
    const struct view_options options = {
        .wall_ms = PLANS_WALL_MS, .max_bytes = max_bytes, .full = full};
    view_plan_markdown(arena, &buf, plan, &options);
    return str_dup(arena, buf_str(&buf));
}

static void as_agreed(void **state)
{
    golden("mixed.md", page_of(*state, plans_mixed(*state), 0, false));
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_from(part)) != SIZE_MAX;
}

/* Every tag that was opened is closed, wherever the text was cut. */
static void check_page(struct str page, size_t max_bytes)
{
    if (page.len > max_bytes)
        fail_msg("%zu bytes, %zu allowed", page.len, max_bytes);
    static const char *const tags[][2] = {
        {"<pre>", "</pre>"}, {"<code>", "</code>"}, {"<details>", "</details>"}};
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        size_t open = 0, close = 0, at;
        struct str rest = page;
        while ((at = str_find(rest, str_from(tags[i][0]))) != SIZE_MAX) {
            open++;
            rest = str_from_index(rest, at + 1);
        }
        rest = page;
        while ((at = str_find(rest, str_from(tags[i][1]))) != SIZE_MAX) {
            close++;
            rest = str_from_index(rest, at + 1);
        }
        assert_int_equal(open, close);
    }
}

static void ten_thousand_models(void **state)
{
    struct plan *large = plans_large(*state);
    assert_int_equal(large->n_add, 5000);
    for (int full = 0; full < 2; full++) {
        struct str page = page_of(*state, large, 0, full == 1);
        check_page(page, VIEW_COMMENT_BYTES);
        size_t warning =
            str_find(page, STR("### :warning: Resource Deletion will happen :warning:"));
        size_t refusal = str_find(page, STR("### :no_entry: Apply will refuse this"));
        size_t summary =
            str_find(page, STR("<pre><code>Plan: 5000 to add, 0 to change, 5000 to destroy."));
        assert_true(warning < refusal && refusal < summary && summary != SIZE_MAX);
        assert_true(has(page, "<!-- label: destroy -->"));
        assert_true(has(page, "5000 of the 10000 models of stack 'demo' would be deleted"));
        assert_true(has(page, "more lines; see the log of the run") == (full == 1));
    }
}

/* Where there is little room, the list of deletions is cut, too, and says so. */
static void whatever_room_there_is(void **state)
{
    struct scene *s = scene_new(*state, false, 30);
    for (size_t i = 0; i < 30; i++) {
        s->want.models[i].name = str_fmt(*state, "m%02zu-%090d", i, 7);
        change_model(s, i, 1);
    }
    assert_ok(plan(s), &s->err);
    arrive(s);
    s->want.n_models = 12; /* 18 go: each on a line of its own */
    assert_ok(plan(s), &s->err);
    for (size_t i = 0; i < 50; i++)
        *VEC_PUSH(*state, &s->plan->warnings) = (struct plan_warning){
            str_fmt(*state, "warning %zu of something that takes a bit of room", i), STR("h")};
    for (size_t max = 1; max < 20000; max += 97) {
        struct str page = page_of(*state, s->plan, max, false);
        check_page(page, max);
        if (max > 1500 && max < 3000)
            assert_true(has(page, "more; see the log of the run"));
    }
    assert_int_equal(page_of(*state, s->plan, 100, false).len, 0);
    assert_str(
        page_of(*state, s->plan, 300, false),
        "* demo: Plan: 0 to add, 0 to change, 18 to destroy.\n");
}

static void nothing_of_a_name_is_markup(void **state)
{
    struct plan *plan = plans_mixed(*state);
    struct change *change = plan->changes.items[plan->changes.len - 1];
    change->action = ACTION_DELETE;
    change->removal_half = false;
    change->address = STR("aws_s3_object.data[\"a`<script>&`\x1b[0m\"]");
    struct str page = page_of(*state, plan, 0, false);
    assert_true(has(page, "* `aws_s3_object.data[\"a'<script>&'?[0m\"]` will be destroyed\n"));
    assert_true(has(page, "&lt;script&gt;&amp;"));
    assert_true(has(page, "no &lt;capacity&gt; &amp; no luck"));
}

static void labels(void **state)
{
    assert_true(
        has(page_of(*state, plans_first(*state), 0, false), "<!-- label: add-or-update -->"));
    struct scene *s = plans_deployed(*state, false);
    settled(s);
    struct str page = page_of(*state, s->plan, 0, false);
    assert_true(has(page, "<!-- label: no-changes -->"));
    assert_false(has(page, "<details>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(as_agreed),
        WITH_ARENA(ten_thousand_models),
        WITH_ARENA(whatever_room_there_is),
        WITH_ARENA(nothing_of_a_name_is_markup),
        WITH_ARENA(labels),
    };
    return cmocka_run_group_tests_name("view_markdown", tests, NULL, NULL);
}
