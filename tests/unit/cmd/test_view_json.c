#include "tests/unit/cmd/plans.h"

static struct json *json_of(struct arena *arena, const struct plan *plan)
{
    const struct view_options options = {.wall_ms = PLANS_WALL_MS};
    return view_plan_json(arena, plan, &options);
}

static void as_agreed(void **state)
{
    struct buf buf AUTO(buf_done) = BUF_INIT(MIB(16));
    json_write(&buf, json_of(*state, plans_mixed(*state)), JSON_PRETTY);
    buf_add_char(&buf, '\n');
    golden("mixed.json", buf_str(&buf));
}

static const struct json *change_of(const struct json *plan, const char *address)
{
    JSON_EACH (change, json_get(plan, "resource_changes")) {
        if (str_eq_z(json_get_str(change, "address"), address))
            return change;
    }
    fail_msg("no change of '%s'", address);
    return NULL;
}

static void check(struct arena *arena, const struct json *node, const char *expected)
{
    assert_str(json_text(arena, node, JSON_COMPACT), expected);
}

/* https://developer.hashicorp.com/terraform/internals/json-format */
static void members_of_terraforms_format(void **state)
{
    static const char *const top[] = {
        "format_version", "terraform_version", "tool_version", "timestamp",
        "applyable",      "complete",          "errored",      "planned_values",
        "resource_drift", "resource_changes",  "mmectl"};
    static const char *const of_change[] = {"address", "mode",          "type",
                                            "name",    "provider_name", "change"};
    static const char *const of_body[] = {"actions",       "before",           "after",
                                          "after_unknown", "before_sensitive", "after_sensitive"};
    struct json *json = json_of(*state, plans_mixed(*state));
    for (size_t i = 0; i < ARRAY_LEN(top); i++)
        assert_non_null(json_get(json, top[i]));
    static const char *const lists[] = {"resource_changes", "resource_drift"};
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        assert_true(json_get(json, lists[l])->len > 0);
        JSON_EACH (change, json_get(json, lists[l])) {
            for (size_t i = 0; i < ARRAY_LEN(of_change); i++)
                assert_non_null(json_get(change, of_change[i]));
            for (size_t i = 0; i < ARRAY_LEN(of_body); i++)
                assert_non_null(json_get(json_get(change, "change"), of_body[i]));
        }
    }
}

static void secrets_are_digests(void **state)
{
    struct json *json = json_of(*state, plans_mixed(*state));
    assert_int_equal(str_find(json_text(*state, json, JSON_COMPACT), STR("topsecret")), SIZE_MAX);
    const struct json *change = json_get(change_of(json, "aws_sagemaker_model.this"), "change");
    check(
        *state, json_get(change, "after_sensitive"),
        "{\"primary_container\":[{\"environment\":{\"WORKERS\":true}}]}");
    check(
        *state, json_get(change, "before_sensitive"),
        "{\"primary_container\":[{\"environment\":{\"WORKERS\":true}}]}");
}

static void reasons(void **state)
{
    struct json *json = json_of(*state, plans_mixed(*state));
    assert_str(
        json_get_str(change_of(json, "aws_sagemaker_model.this"), "action_reason"),
        "replace_because_cannot_update");
    assert_str(
        json_get_str(change_of(json, "aws_s3_object.model[\"m1\"]"), "action_reason"),
        "object_changed_outside");
    assert_str(
        json_get_str(change_of(json, "aws_s3_object.model[\"m2\"]"), "action_reason"),
        "delete_because_no_resource_config");
    const struct json *drift = json_at(json_get(json, "resource_drift"), 0);
    assert_str(json_get_str(drift, "address"), "aws_s3_object.model[\"m1\"]");
    check(*state, json_get(json_get(drift, "change"), "actions"), "[\"update\"]");
}

/* A plan that apply would refuse is not applyable; one of targets is not complete. */
static void whether_it_can_be_applied(void **state)
{
    struct json *json = json_of(*state, plans_mixed(*state));
    assert_false(json_get_bool(json, "applyable", true));
    assert_true(json_get_bool(json, "complete", false));
    const struct json *guard = json_at(json_get(json_get(json, "mmectl"), "guards"), 0);
    assert_str(json_get_str(guard, "name"), "protected_model");
    static const struct str bucket = STR_INIT("aws_s3_bucket.this");
    struct scene *s = plans_deployed(*state, false);
    change_model(s, 0, 2);
    s->options.targets = &bucket;
    s->options.n_targets = 1;
    assert_ok(plan(s), &s->err);
    assert_true(
        json_get_bool(json_of(*state, s->plan), "complete", false) == (s->plan->n_waiting == 0));
}

static void replaced_the_other_way_round(void **state)
{
    static const struct str endpoint = STR_INIT("aws_sagemaker_endpoint.this");
    struct scene *s = plans_deployed(*state, false);
    s->options.replaces = &endpoint;
    s->options.n_replaces = 1;
    plan_ok(s, 1, 0, 1);
    const struct json *change = change_of(json_of(*state, s->plan), "aws_sagemaker_endpoint.this");
    check(*state, json_get(json_get(change, "change"), "actions"), "[\"delete\",\"create\"]");
    assert_str(json_get_str(change, "action_reason"), "replace_by_request");
}

static void left_behind_is_deposed(void **state)
{
    struct scene *s = plans_deployed(*state, false);
    *VEC_PUSH(*state, &s->seen.configs) = (struct seen_thing){
        .present = true, .name = STR("demo-abcdefgh-c-0123456789ab"), .owner = OWNER_US};
    plan_ok(s, 0, 0, 1);
    const struct json *change = json_at(json_get(json_of(*state, s->plan), "resource_changes"), 0);
    assert_str(json_get_str(change, "deposed"), "456789ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(as_agreed),
        WITH_ARENA(members_of_terraforms_format),
        WITH_ARENA(secrets_are_digests),
        WITH_ARENA(reasons),
        WITH_ARENA(whether_it_can_be_applied),
        WITH_ARENA(replaced_the_other_way_round),
        WITH_ARENA(left_behind_is_deposed),
    };
    return cmocka_run_group_tests_name("view_json", tests, NULL, NULL);
}
