#include "tests/harness/test.h"

#include "cmd/view.h"

/* Plans made by hand, as plan_build() would leave them. */
static struct plan *new_plan(struct arena *arena, enum plan_mode mode)
{
    struct plan *plan = ARENA_NEW(arena, struct plan);
    plan->mode = mode;
    plan->stack = plan->endpoint = STR("demo");
    plan->account = STR("123456789012");
    plan->region = STR("us-east-1");
    plan->uid = STR("abcdefgh");
    plan->home = STR("s3://b/demo");
    plan->instance_type = STR("ml.m5.large");
    plan->instance_count = 1;
    return plan;
}

static struct json *parse(struct arena *arena, const char *text)
{
    struct err err = {0};
    struct json *json = NULL;
    assert_ok(json_parse(arena, str_from(text), KIB(64), &json, &err), &err);
    return json;
}

static struct change *
add(struct arena *arena, struct plan *plan, enum kind_id kind, enum action action, struct str index)
{
    struct change *change = plan_add(arena, plan, kind, action);
    change->index = index;
    change->address = address_of(arena, kind, index);
    return change;
}

static struct plan *mixed(struct arena *arena)
{
    struct plan *plan = new_plan(arena, PLAN_APPLY);
    struct change *bucket = add(arena, plan, KIND_BUCKET, ACTION_CREATE, STR_NULL);
    bucket->after =
        parse(arena, "{\"bucket\":\"b\",\"region\":\"us-east-1\",\"tags\":{\"a\":\"1\"}}");
    struct change *model = add(arena, plan, KIND_MODEL, ACTION_REPLACE, STR_NULL);
    model->name = STR("demo-m-2");
    model->old_name = STR("demo-m-1");
    model->reason = REASON_CONTENT_CHANGED;
    model->before = parse(arena, "{\"name\":\"demo-m-1\",\"tags\":{}}");
    model->after = parse(arena, "{\"name\":\"demo-m-2\",\"tags\":{},\"arn\":\"x\"}");
    model->diffs = ARENA_ARRAY(arena, 2, struct attr_diff);
    model->n_diffs = 2;
    model->diffs[0] = (struct attr_diff){
        .path = STR("name"),
        .before = json_z(arena, "demo-m-1"),
        .after = json_z(arena, "demo-m-2"),
        .replaces = true};
    model->diffs[1] = (struct attr_diff){
        .path = STR("primary_container.environment.KEY"),
        .before = json_z(arena, "topsecret"),
        .after = json_z(arena, "topsecret2"),
        .secret = true};
    struct change *old = add(arena, plan, KIND_MODEL, ACTION_DELETE, STR_NULL);
    old->removal_half = true;
    struct change *endpoint = add(arena, plan, KIND_ENDPOINT, ACTION_UPDATE, STR_NULL);
    endpoint->before = parse(arena, "{\"name\":\"demo\",\"endpoint_config_name\":\"c1\"}");
    endpoint->after = parse(arena, "{\"name\":\"demo\",\"endpoint_config_name\":\"c2\"}");
    endpoint->diffs = ARENA_ARRAY(arena, 1, struct attr_diff);
    endpoint->n_diffs = 1;
    endpoint->diffs[0] = (struct attr_diff){
        .path = STR("endpoint_config_name"),
        .before = json_z(arena, "c1"),
        .after = json_z(arena, "c2")};
    struct change *gone = add(arena, plan, KIND_ARTIFACT, ACTION_DELETE, STR("ev\x1bil"));
    gone->reason = REASON_NOT_IN_SPEC;
    gone->before = parse(arena, "{\"key\":\"models/x.tar.gz\"}");
    add(arena, plan, KIND_ENDPOINT_CONFIG, ACTION_NOOP, STR_NULL);
    plan->note_roll = STR("the endpoint rolls once");
    plan->old_instance_type = STR("ml.m5.large");
    plan->old_instance_count = 1;
    plan_finish(arena, plan);
    return plan;
}

static void text_follows_terraform(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf buf = BUF_INIT(MIB(1));
    struct view_options options = {0};
    view_plan_text(arena, &buf, mixed(arena), &options);
    assert_str(
        buf_str(&buf), "Resource actions are indicated with the following symbols:\n"
                       "  + create\n"
                       "  ~ update in-place\n"
                       "  - destroy\n"
                       "+/- create replacement and then destroy\n"
                       "\n"
                       "mmectl will perform the following actions:\n"
                       "\n"
                       "  # aws_s3_bucket.this will be created\n"
                       "  + resource \"aws_s3_bucket\" \"this\" {\n"
                       "      + bucket = \"b\"\n"
                       "      + region = \"us-east-1\"\n"
                       "      + tags   = {\n"
                       "          + a = \"1\"\n"
                       "        }\n"
                       "    }\n"
                       "\n"
                       "  # aws_sagemaker_model.this must be replaced\n"
                       "  # (its hyperparameters, data or source changed)\n"
                       "+/- resource \"aws_sagemaker_model\" \"this\" {\n"
                       "      ~ name                              = \"demo-m-1\" -> \"demo-m-2\" # "
                       "forces replacement\n"
                       "      ~ primary_container.environment.KEY = (sensitive value)\n"
                       "        # (2 unchanged attributes hidden)\n"
                       "    }\n"
                       "\n"
                       "  # aws_sagemaker_endpoint.this will be updated in-place\n"
                       "  ~ resource \"aws_sagemaker_endpoint\" \"this\" {\n"
                       "      ~ endpoint_config_name = \"c1\" -> \"c2\"\n"
                       "        # (1 unchanged attribute hidden)\n"
                       "    }\n"
                       "\n"
                       "  # aws_s3_object.model[\"ev?il\"] will be destroyed\n"
                       "  # (not in the spec)\n"
                       "  - resource \"aws_s3_object\" \"model\" {\n"
                       "      - key = \"models/x.tar.gz\" -> null\n"
                       "    }\n"
                       "\n"
                       "Plan: 2 to add, 1 to change, 2 to destroy.\n"
                       "Note: the endpoint rolls once\n"
                       "ml.m5.large × 1: $0.115/h, unchanged\n");
    buf_done(&buf);
    arena_free(arena);
}

/* Lines that other tools look for start their line, with and without colour (tools strip it). */
static void colour_changes_nothing_but_colour(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf plain = BUF_INIT(MIB(1)), colored = BUF_INIT(MIB(1)), stripped = BUF_INIT(MIB(1));
    struct view_options options = {0};
    view_plan_text(arena, &plain, mixed(arena), &options);
    options.color = true;
    view_plan_text(arena, &colored, mixed(arena), &options);
    struct str rest = buf_str(&colored);
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] == '\x1b')
            while (rest.ptr[i] != 'm')
                i++;
        else
            buf_add_char(&stripped, rest.ptr[i]);
    }
    assert_true(colored.len > plain.len);
    assert_str_len(buf_str(&stripped), buf_str(&plain));
    buf_done(&plain);
    buf_done(&colored);
    buf_done(&stripped);
    arena_free(arena);
}

static struct plan *many(struct arena *arena, size_t models)
{
    struct plan *plan = new_plan(arena, PLAN_APPLY);
    for (size_t i = 0; i < models; i++) {
        struct str name = str_fmt(arena, "m%zu", i);
        add(arena, plan, KIND_TRAINING_JOB, ACTION_CREATE, name);
        struct change *artifact = add(arena, plan, KIND_ARTIFACT, ACTION_REPLACE, name);
        artifact->diffs = ARENA_ARRAY(arena, 1, struct attr_diff);
        artifact->n_diffs = 1;
        artifact->diffs[0].path = STR("fingerprint");
    }
    plan_finish(arena, plan);
    return plan;
}

static void many_models_collapse(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    assert_int_equal(view_groups(arena, many(arena, 20), false).len, 40);
    assert_int_equal(view_groups(arena, many(arena, 21), true).len, 42);
    struct view_groups groups = view_groups(arena, many(arena, 21), false);
    assert_int_equal(groups.len, 2);
    assert_int_equal(groups.items[0].len, 21);
    struct buf buf = BUF_INIT(MIB(1));
    struct view_options options = {0};
    view_plan_text(arena, &buf, many(arena, 37), &options);
    const char *expected = "  # aws_s3_object.model[\"m0\"] and 36 more must be replaced\n"
                           "+/- m0, m1, m2, m3, m4, … 32 more (--full lists all)\n"
                           "    # changed: fingerprint\n";
    assert_true(str_find(buf_str(&buf), str_from(expected)) != SIZE_MAX);
    expected = "Plan: 74 to add, 0 to change, 37 to destroy.\nml.m5.large × 1: $0.115/h, new\n";
    assert_true(str_ends(buf_str(&buf), str_from(expected)));
    buf_done(&buf);
    arena_free(arena);
}

static void nothing_to_do(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf buf = BUF_INIT(MIB(1));
    struct view_options options = {0};
    view_plan_text(arena, &buf, new_plan(arena, PLAN_APPLY), &options);
    assert_true(str_starts(
        buf_str(&buf), STR("No changes. Your infrastructure matches the configuration.\n")));
    buf_clear(&buf);
    view_plan_text(arena, &buf, new_plan(arena, PLAN_DESTROY), &options);
    assert_true(str_starts(buf_str(&buf), STR("No changes. No objects need to be destroyed.\n")));
    buf_done(&buf);
    arena_free(arena);
}

/* Sections, and one summary. */
static void regions(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf buf = BUF_INIT(MIB(1));
    struct plan *some = new_plan(arena, PLAN_APPLY), *none = new_plan(arena, PLAN_APPLY);
    plan_add(arena, some, KIND_ENDPOINT, ACTION_CREATE)->address =
        STR("aws_sagemaker_endpoint.this");
    plan_finish(arena, some);
    plan_finish(arena, none);
    const struct plan *both[] = {some, none};
    assert_str(view_region_line(arena, some, STR("a")), "a: 1 to add, 0 to change, 0 to destroy.");
    assert_str(
        view_region_line(arena, none, STR("a")),
        "a: no changes. Your infrastructure matches the configuration.");
    assert_str(view_total_line(arena, both, 2), "Plan: 1 to add, 0 to change, 0 to destroy.");
    assert_str(
        view_total_line(arena, &both[1], 1),
        "No changes. Your infrastructure matches the configuration.");
    struct plan *left = new_plan(arena, PLAN_APPLY);
    plan_finish(arena, left);
    left->n_left_out = 1;
    const struct plan *out[] = {left, none};
    assert_str(
        view_total_line(arena, out, 2),
        "No changes. 1 model is left out; the rest matches the configuration.");
    const struct view_options options = {.region = STR("eu-west-1")};
    view_plan_text(arena, &buf, some, &options);
    assert_true(str_starts(buf_str(&buf), STR("Region eu-west-1\n\nResource actions")));
    assert_true(str_find(buf_str(&buf), STR("\neu-west-1: 1 to add, ")) != SIZE_MAX);
    assert_true(str_find(buf_str(&buf), STR("Plan: ")) == SIZE_MAX);
    buf_clear(&buf);
    view_plan_markdown(arena, &buf, some, &options);
    assert_true(str_find(buf_str(&buf), STR(", eu-west-1)\n")) != SIZE_MAX);
    buf_clear(&buf);
    struct report report = {.n_added = 2, .n_failed = 1};
    view_region_report(&buf, STR("a"), &report, true);
    report = (struct report){.n_changed = 1};
    view_region_report(&buf, STR("b"), &report, true);
    view_region_report(&buf, STR("c"), &report, false);
    view_region_report(&buf, STR("d"), NULL, true);
    assert_str(
        buf_str(&buf), "a: 2 added, 0 changed, 0 destroyed, 1 failed, 0 skipped\n"
                       "b: 0 added, 1 changed, 0 destroyed, not finished\n"
                       "c: 0 added, 1 changed, 0 destroyed\n"
                       "d: not done\n");
    buf_clear(&buf);
    report.n_stacks_out = 1;
    view_report_text(&buf, new_plan(arena, PLAN_APPLY), &report, false);
    assert_str(
        buf_str(&buf), "Apply incomplete: 0 added, 1 changed, 0 destroyed, 0 failed, 0 skipped, "
                       "nothing in 1 region.\n");
    buf_done(&buf);
    arena_free(arena);
}

static void reports(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf buf = BUF_INIT(MIB(1));
    struct report report = {.n_added = 16, .n_changed = 1};
    view_report_text(&buf, new_plan(arena, PLAN_APPLY), &report, false);
    assert_str(buf_str(&buf), "Apply complete! Resources: 16 added, 1 changed, 0 destroyed.\n");
    buf_clear(&buf);
    report = (struct report){.n_destroyed = 16, .n_kept_foreign = 2};
    view_report_text(&buf, new_plan(arena, PLAN_DESTROY), &report, false);
    assert_str(
        buf_str(&buf), "Destroy complete! Resources: 16 destroyed.\n"
                       "Nothing of the stack is left; what is not ours was kept.\n"
                       "Kept, because not ours: 2.\n");
    buf_clear(&buf);
    report = (struct report){.n_added = 9, .n_failed = 1, .n_skipped = 3};
    view_report_text(&buf, new_plan(arena, PLAN_APPLY), &report, false);
    assert_str(
        buf_str(&buf), "Apply incomplete: 9 added, 0 changed, 0 destroyed, 1 failed, 3 skipped.\n");
    buf_clear(&buf);
    report = (struct report){.n_destroyed = 3};
    *VEC_PUSH(arena, &report.left) = STR("s3://b/demo/x");
    view_report_text(&buf, new_plan(arena, PLAN_DESTROY), &report, false);
    assert_str(
        buf_str(&buf), "Destroy incomplete: 0 added, 0 changed, 3 destroyed, 0 failed, 0 skipped.\n"
                       "\nStill there, though it should not be:\n  s3://b/demo/x\n");
    buf_done(&buf);
    arena_free(arena);
}

static void json_is_terraforms(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct view_options options = {.wall_ms = 1795412940000};
    const struct json *json = view_plan_json(arena, mixed(arena), &options);
    assert_str(json_get_str(json, "format_version"), "1.2");
    assert_true(json_get_bool(json, "applyable", false));
    const struct json *changes = json_get(json, "resource_changes");
    assert_int_equal(changes->len, 4);
    assert_str(
        json_text(
            arena, json_get(json_get(json_at(changes, 0), "change"), "actions"), JSON_COMPACT),
        "[\"create\"]");
    const struct json *replaced = json_at(changes, 1);
    assert_str(json_get_str(replaced, "address"), "aws_sagemaker_model.this");
    assert_str(json_get_str(replaced, "action_reason"), "content_changed");
    assert_str(
        json_text(arena, json_get(json_get(replaced, "change"), "actions"), JSON_COMPACT),
        "[\"create\",\"delete\"]");
    assert_str(
        json_text(arena, json_get(json_get(replaced, "change"), "replace_paths"), JSON_COMPACT),
        "[[\"name\"]]");
    const struct json *gone = json_get(json_at(changes, 3), "change");
    assert_int_equal(json_get(gone, "after")->type, JSON_NULL);
    const struct json *summary = json_get(json_get(json, "mmectl"), "summary");
    assert_int_equal(json_get_int(summary, "destroy", -1), 2);
    assert_int_equal(json_get_int(json_get(summary, "models"), "remove", -1), 1);
    options.full = true;
    json = view_plan_json(arena, mixed(arena), &options);
    assert_int_equal(json_get(json, "resource_changes")->len, 5);
    arena_free(arena);
}

static void events_are_one_line_each(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct plan *plan = mixed(arena);
    struct change *change = plan->changes.items[0];
    struct err err = {0};
    err_set(&err, ERR_TERMINAL, "no");
    change->err = &err;
    static const struct {
        enum event_type type;
        const char *name;
    } s_cases[] = {
        {EVENT_START, "apply_start"},       {EVENT_STATUS, "apply_progress"},
        {EVENT_PROGRESS, "apply_progress"}, {EVENT_DONE, "apply_complete"},
        {EVENT_FAILED, "apply_errored"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct buf buf = BUF_INIT(KIB(64));
        struct event event = {.type = s_cases[i].type, .change = change, .elapsed_ms = 1500};
        assert_true(view_event_json(arena, &buf, &event, 0));
        assert_int_equal(str_index(buf_str(&buf), '\n'), SIZE_MAX);
        struct json *json = parse(arena, str_z(arena, buf_str(&buf)));
        assert_str(json_get_str(json, "type"), s_cases[i].name);
        const struct json *hook = json_get(json, "hook");
        assert_str(json_get_str(json_get(hook, "resource"), "addr"), "aws_s3_bucket.this");
        assert_str(json_get_str(hook, "action"), "create");
        buf_done(&buf);
    }
    arena_free(arena);
}

static void markdown_leads_with_deletions(void **state)
{
    (void) state;
    struct arena *arena = arena_new("test", 0);
    struct buf buf = BUF_INIT(MIB(1));
    struct view_options options = {0};
    view_plan_markdown(arena, &buf, mixed(arena), &options);
    assert_true(str_starts(
        buf_str(&buf), STR("## Plan Result (demo)\n\n<!-- label: destroy -->\n\n"
                           "### :warning: Resource Deletion will happen :warning:\n\n"
                           "* `aws_sagemaker_model.this` must be replaced\n"
                           "* `aws_s3_object.model[\"ev?il\"]` will be destroyed\n\n"
                           "<pre><code>Plan: 2 to add, 1 to change, 2 to destroy.\n"
                           "ml.m5.large × 1: $0.115/h, unchanged\n</code></pre>\n")));
    assert_true(str_find(buf_str(&buf), STR("\"demo-m-1\" -&gt; \"demo-m-2\"")) != SIZE_MAX);
    buf_clear(&buf);
    struct plan *large = many(arena, 500);
    options.full = true;
    view_plan_markdown(arena, &buf, large, &options);
    assert_true(buf.len < 65536);
    assert_true(str_find(buf_str(&buf), STR("more lines; see the log")) != SIZE_MAX);
    buf_done(&buf);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_follows_terraform),
        cmocka_unit_test(colour_changes_nothing_but_colour),
        cmocka_unit_test(many_models_collapse),
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(reports),
        cmocka_unit_test(regions),
        cmocka_unit_test(json_is_terraforms),
        cmocka_unit_test(events_are_one_line_each),
        cmocka_unit_test(markdown_leads_with_deletions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
