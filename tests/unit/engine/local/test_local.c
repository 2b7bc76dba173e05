#include "tests/unit/engine/local/fixture.h"

#include "engine/base/file.h"
#include "engine/local/objects.h"

#include <unistd.h>

static void delays_by_name(void **state)
{
    (void) state;
    struct local_delays delays = local_delays_default();
    assert_true(delays.endpoint_creating_ms > 0);
    assert_true(local_delays_set(&delays, STR("endpoint_creating_ms"), 7));
    assert_int_equal(delays.endpoint_creating_ms, 7);
    assert_false(local_delays_set(&delays, STR("endpoint_creating_ms"), -1));
    assert_false(local_delays_set(&delays, STR("endpoint_creating"), 1));
    delays = local_delays_zero();
    assert_int_equal(delays.training_starting_ms, 0);
}

static struct str dump(struct world *world)
{
    struct err err = {0};
    struct json *json = NULL;
    assert_ok(local_dump(world->local, world->arena, &json, &err), &err);
    return json_text(world->arena, json, JSON_COMPACT);
}

static void a_world_survives_its_process(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    const char *folder = test_folder_new(world->arena);
    world_shut(world);
    world_open_at(world, folder);
    struct local_key before = world->key;
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "kept", NULL), 200);
    struct str first = dump(world);
    assert_true(
        str_find(
            first, STR("\"buckets\":[{\"name\":\"bucket\",\"region\":\"us-east-1\","
                       "\"account\":\"123456789012\",\"objects\":[{\"key\":\"k\",\"etag\":"
                       "\"4d8b6084f3d167b76cac66a22a91be02\",\"size\":4}],\"uploads\":[]}]")) !=
        SIZE_MAX);
    struct str orphan = path_join(
        world->arena, path_join(world->arena, str_from(folder), STR("objects")), STR("0rphan"));
    assert_ok(file_write_atomic(orphan.ptr, STR("half"), 0600, &err), &err);
    world_shut(world);
    world_open_at(world, folder);
    assert_false(file_exists(orphan.ptr));
    assert_str_len(world->key.secret_key, before.secret_key);
    assert_str_len(dump(world), first);
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 200, "kept");
    /* The same seed again, and no id of a kept object comes twice. */
    assert_status(call(world, "PUT", "/bucket/more", "new", NULL), 200);
    assert_refused(call(world, "GET", "/bucket/k", "", NULL), 200, "kept");
    struct local *second = NULL;
    struct local_options options = {.folder = folder, .account = STR("999999999999")};
    world_shut(world);
    assert_fails(local_open(&options, &second, &err), ERR_CONFLICT, &err, "123456789012");
    world_open_at(world, folder);
    assert_ok(local_reset(world->local, &err), &err);
    assert_true(str_find(dump(world), STR("\"buckets\":[]")) != SIZE_MAX);
    assert_status(call(world, "GET", "/", "", NULL), 200);
    test_folder_remove(folder);
}

/* The bytes of what is overwritten or deleted go, too. */
static void no_bytes_are_left_behind(void **state)
{
    struct world *world = *state;
    const char *folder = test_folder_new(world->arena);
    world_shut(world);
    world_open_at(world, folder);
    make_bucket(world, "bucket");
    assert_status(call(world, "PUT", "/bucket/k", "one", NULL), 200);
    assert_status(call(world, "PUT", "/bucket/k", "two", NULL), 200);
    assert_status(call(world, "PUT", "/bucket/k", "no", "If-None-Match", "*", NULL), 412);
    assert_status(call(world, "PUT", "/bucket/c", "", "x-amz-copy-source", "bucket/k", NULL), 200);
    assert_status(call(world, "DELETE", "/bucket/k", "", NULL), 204);
    assert_status(call(world, "DELETE", "/bucket/c", "", NULL), 204);
    struct str objects = path_join(world->arena, str_from(folder), STR("objects"));
    assert_int_equal(rmdir(objects.ptr), 0); /* it is empty */
    test_folder_remove(folder);
}

static void objects_for_the_rooms(void **state)
{
    struct world *world = *state;
    struct err err = {0};
    struct str bytes, bucket, key;
    struct local_object object;
    struct local *local = world->local;
    make_bucket(world, "bucket");
    assert_ok(
        objects_write(
            local, STR("bucket"), STR("a/1"), STR("one"), STR("text/csv"), STR_NULL, &err),
        &err);
    assert_ok(
        objects_write(
            local, STR("bucket"), STR("a/2"), STR("two"), STR("text/csv"), STR_NULL, &err),
        &err);
    assert_ok(
        objects_write(
            local, STR("bucket"), STR("b"), STR("three"), STR("text/csv"), STR_NULL, &err),
        &err);
    assert_fails(
        objects_write(local, STR("none"), STR("b"), STR("3"), STR("x"), STR_NULL, &err),
        ERR_NOT_FOUND, &err, "no bucket 'none'");
    assert_ok(
        objects_read(local, world->arena, STR("bucket"), STR("b"), 5, &bytes, &object, &err), &err);
    assert_str(bytes, "three");
    assert_str(object.etag, "35d6d33467aae9a2e3dccb4b6b027878");
    assert_fails(
        objects_read(local, world->arena, STR("bucket"), STR("b"), 4, &bytes, NULL, &err), ERR_IO,
        &err, "at most 4");
    assert_fails(
        objects_read(local, world->arena, STR("bucket"), STR("c"), 4, &bytes, NULL, &err),
        ERR_NOT_FOUND, &err, "s3://bucket/c");
    local_object_vec found = {0};
    assert_ok(world_enter(local, &err), &err);
    objects_list(local, world->arena, STR("bucket"), STR("a/"), 10, &found);
    assert_int_equal(found.len, 2);
    assert_str(found.items[1].key, "a/2");
    assert_str(objects_bucket_region(local, world->arena, STR("bucket")), "us-east-1");
    assert_true(str_is_null(objects_bucket_region(local, world->arena, STR("none"))));
    world_abandon(local);
    assert_true(objects_parse_uri(STR("s3://b/k/x"), &bucket, &key));
    assert_str(bucket, "b");
    assert_str(key, "k/x");
    assert_false(objects_parse_uri(STR("http://b/k"), &bucket, &key));
    assert_false(objects_parse_uri(STR("s3:///k"), &bucket, &key));
}

static void unknown_services_and_operations(void **state)
{
    struct world *world = *state;
    assert_refused(call(world, "PATCH", "/bucket/k", "", NULL), 501, "NotImplemented");
    world->service = "sts";
    assert_refused(
        call(
            world, "POST", "/", "Action=GetSessionToken&Version=2011-06-15", "Content-Type",
            "application/x-www-form-urlencoded", NULL),
        400, "<Code>InvalidAction</Code>");
    world->service = "monitoring";
    assert_refused(call(world, "GET", "/", "", NULL), 403, "Credential should be scoped");
    world->service = "iam";
    assert_refused(
        call(
            world, "POST", "/", "Action=GetRole&RoleName=r&Version=2010-05-08", "Content-Type",
            "application/x-www-form-urlencoded", NULL),
        200, "arn:aws:iam::123456789012:role/r");
    world->service = "s3";
    assert_refused(
        call(world, "POST", "/", "{}", "X-Amz-Target", "SageMaker.ListModels", NULL), 403,
        "Credential should be scoped to correct service: 'sagemaker'");
    world->service = "sagemaker";
    assert_refused(
        call(world, "POST", "/", "{", "X-Amz-Target", "SageMaker.NoSuch", NULL), 404,
        "UnknownOperation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(delays_by_name), WITH_WORLD(a_world_survives_its_process),
        WITH_WORLD(no_bytes_are_left_behind), WITH_WORLD(objects_for_the_rooms),
        WITH_WORLD(unknown_services_and_operations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
