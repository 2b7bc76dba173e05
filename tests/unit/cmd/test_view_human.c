#include "tests/unit/cmd/plans.h"

#include <regex.h>

static struct str text_of(struct arena *arena, const struct plan *plan, bool refresh_only)
{
    struct buf buf AUTO(buf_done) = BUF_INIT(MIB(16));
    const struct view_options options = {.wall_ms = PLANS_WALL_MS, .refresh_only = refresh_only};
    view_plan_text(arena, &buf, plan, &options);
    return str_dup(arena, buf_str(&buf));
}

static void as_agreed(void **state)
{
    golden("first.txt", text_of(*state, plans_first(*state), false));
    golden("mixed.txt", text_of(*state, plans_mixed(*state), false));
    struct plan *drift = plans_mixed(*state);
    plan_only_drift(drift);
    golden("drift.txt", text_of(*state, drift, true));
}

static void no_drift(void **state)
{
    struct scene *s = plans_deployed(*state, true);
    settled(s);
    plan_only_drift(s->plan);
    assert_true(str_starts(
        text_of(*state, s->plan, true),
        STR("No changes. Your infrastructure still matches the configuration.\n")));
    assert_true(str_starts(
        text_of(*state, s->plan, false),
        STR("No changes. Your infrastructure matches the configuration.\n")));
}

static void much_drift_collapses(void **state)
{
    struct scene *s = scene_new(*state, false, 30);
    assert_ok(plan(s), &s->err);
    arrive(s);
    for (size_t i = 0; i < 30; i++)
        drop_object(s, s->seen.record.models.items[i].live.key);
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->plan->drift.len, 30);
    struct str text = text_of(*state, s->plan, false);
    assert_true(str_find(text, STR("  … 25 more (--full lists all)\n")) != SIZE_MAX);
}

/* What tfcmt (pkg/terraform/parser.go), Atlantis and others look for, line by line. */
static void lines_that_tools_parse(void **state)
{
    static const struct {
        const char *regex;
        size_t count;
    } cases[] = {
        {"^Plan: [0-9]+ to add, [0-9]+ to change, [0-9]+ to destroy\\.$", 1},
        {"[1-9][0-9]* to destroy\\.", 1},
        {"^Note: Objects have changed outside of mmectl$", 1},
        {"^ *# (.*) will be created$", 1},
        {"^ *# (.*) will be updated in-place$", 1},
        {"^ *# (.*) must be replaced$", 4},
        {"^ *# (.*) will be destroyed$", 1},
        {"^No changes\\.", 0},
        {"^Error: ", 0},
    };
    struct str text = text_of(*state, plans_mixed(*state), false);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        regex_t regex;
        assert_int_equal(regcomp(&regex, cases[i].regex, REG_EXTENDED | REG_NOSUB), 0);
        struct str rest = text, line;
        size_t count = 0;
        while (str_split(&rest, '\n', &line))
            count += regexec(&regex, str_z(*state, line), 0, NULL, 0) == 0;
        regfree(&regex);
        if (count != cases[i].count)
            fail_msg("%s: %zu lines, not %zu", cases[i].regex, count, cases[i].count);
    }
}

static void what_was_asked_for_is_said(void **state)
{
    static const struct str endpoint = STR_INIT("aws_sagemaker_endpoint.this");
    struct scene *s = plans_deployed(*state, false);
    s->options.replaces = &endpoint;
    s->options.n_replaces = 1;
    plan_ok(s, 1, 0, 1);
    struct str text = text_of(*state, s->plan, false);
    assert_true(
        str_find(text, STR("  # aws_sagemaker_endpoint.this will be replaced, as requested\n")) !=
        SIZE_MAX);
    assert_true(str_find(text, STR("-/+ destroy and then create replacement\n")) != SIZE_MAX);
    assert_true(
        str_find(text, STR("\n-/+ resource \"aws_sagemaker_endpoint\" \"this\" {\n")) != SIZE_MAX);
}

static void what_waits_is_not_nothing(void **state)
{
    static const struct str bucket = STR_INIT("aws_s3_bucket.this");
    struct scene *s = plans_deployed(*state, false);
    s->want.instance_type = STR("ml.c5.xlarge");
    s->options.targets = &bucket;
    s->options.n_targets = 1;
    assert_ok(plan(s), &s->err);
    struct str text = text_of(*state, s->plan, false);
    assert_true(str_starts(
        text, STR("No changes. The targets match the configuration; 3 other changes wait.\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(as_agreed),
        WITH_ARENA(no_drift),
        WITH_ARENA(much_drift_collapses),
        WITH_ARENA(lines_that_tools_parse),
        WITH_ARENA(what_was_asked_for_is_said),
        WITH_ARENA(what_waits_is_not_nothing),
    };
    return cmocka_run_group_tests_name("view_human", tests, NULL, NULL);
}
