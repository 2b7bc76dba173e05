#include "tests/unit/engine/reconcile/scene.h"

#include "engine/reconcile/forget.h"

static struct scene *serving(struct arena *arena)
{
    struct scene *s = scene_trained(arena, false, 2);
    s->seen.jobs_listed = true;
    assert_ok(plan(s), &s->err);
    arrive(s);
    for (size_t i = 0; i < s->seen.configs.len; i++)
        s->seen.configs.items[i].arn = STR("arn:config");
    for (size_t i = 0; i < s->seen.models.len; i++)
        s->seen.models.items[i].arn = STR("arn:model");
    return s;
}

static struct forgetting *forget(struct scene *s, const char *address)
{
    struct forgetting *out = NULL;
    struct err err = {0};
    assert_ok(forget_build(s->arena, &s->want, &s->seen, str_from(address), &out, &err), &err);
    return out;
}

static void the_whole_stack(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = serving(arena);
    s->seen.bucket.ours = true;
    put_text(s, "demo/theirs", OWNER_OTHER);
    *VEC_PUSH(arena, &s->seen.old_endpoints) =
        (struct seen_endpoint){.present = true, .name = STR("former"), .arn = STR("arn:former")};
    struct seen_job *foreign = put_job(s, STR("theirs"), "Completed", NULL);
    foreign->owner = OWNER_OTHER;
    struct forgetting *f = forget(s, NULL);
    assert_true(f->all && f->deletes_record && f->untags_bucket);
    assert_false(forgetting_is_empty(f));
    assert_int_equal(f->items.len, 6); /* two jobs, config, model, the former endpoint, endpoint */
    assert_int_equal(f->items.items[5].kind, KIND_ENDPOINT);
    assert_str(f->items.items[5].address, "aws_sagemaker_endpoint.this");
    assert_int_equal(f->n_objects, 6); /* two artifacts, two outputs, two of data */
    assert_true(f->bytes > 0);
}

static void one_address(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = serving(arena);
    struct forgetting *f = forget(s, "aws_sagemaker_endpoint.this");
    assert_int_equal(f->items.len, 1);
    assert_false(f->all || f->deletes_record);
    assert_true(f->writes_record);
    assert_int_equal(f->record.endpoints.len, 0);
    *VEC_PUSH(arena, &s->seen.record.endpoints) = STR("former");
    f = forget(s, "aws_sagemaker_endpoint.this");
    assert_int_equal(f->record.endpoints.len, 1);
    f = forget(s, "aws_sagemaker_model.this");
    assert_int_equal(f->items.len, 1);
    assert_false(f->writes_record);
    struct err err = {0};
    assert_fails(
        forget_build(arena, &s->want, &s->seen, STR("aws_s3_bucket.this"), &f, &err), ERR_NOT_FOUND,
        &err, "aws_s3_bucket.this");
    s->seen.record = (struct record){0};
    assert_false(forget(s, "aws_sagemaker_endpoint.this")->writes_record);
}

/* What is in use is known by its name alone: without endpoint and record it was forgotten. */
static void forgotten_already(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = serving(arena);
    s->seen.jobs.len = 0;
    s->seen.endpoint.owner = OWNER_OTHER;
    s->seen.record = (struct record){0};
    s->seen.bucket.ours = false;
    assert_true(forgetting_is_empty(forget(s, NULL)));
    struct seen_thing left = {
        .present = true, .name = STR("left"), .arn = STR("arn:left"), .owner = OWNER_US};
    *VEC_PUSH(arena, &s->seen.models) = left;
    assert_int_equal(forget(s, NULL)->items.len, 1);
}

static void another_stacks_prefix(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct scene *s = serving(arena);
    s->seen.record.uid = STR("zzzzzzzz");
    struct forgetting *f;
    struct err err = {0};
    assert_fails(
        forget_build(arena, &s->want, &s->seen, STR_NULL, &f, &err), ERR_CONFLICT, &err,
        "belongs to another stack");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_stack), cmocka_unit_test(one_address),
        cmocka_unit_test(forgotten_already), cmocka_unit_test(another_stacks_prefix)};
    return cmocka_run_group_tests_name("forget_build", tests, NULL, NULL);
}
