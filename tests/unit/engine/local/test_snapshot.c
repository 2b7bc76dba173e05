#include "tests/unit/engine/local/sm_fixture.h"

static struct str digest_text(struct world *world)
{
    struct sha256 digest;
    struct err err = {0};
    assert_ok(local_digest(world->local, &digest, &err), &err);
    return hex_of(world->arena, digest.bytes, sizeof(digest.bytes));
}

static struct str dump_text(struct world *world)
{
    struct json *dump = NULL;
    struct err err = {0};
    assert_ok(local_dump(world->local, world->arena, &dump, &err), &err);
    return json_text(world->arena, dump, JSON_COMPACT);
}

#define MODEL "{'ModelName':'m','PrimaryContainer':{'Image':'" IMAGE "'}}"

/* What happens after it was taken, of every kind, is undone, as often as wanted. */
static void test_restore(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct local_snapshot *snapshot = NULL;
    struct err err = {0};

    make_bucket(world, "data-b");
    put(world, "/data-b/a", STR("first"));
    assert_done(sm(world, "CreateModel", MODEL));
    assert_done(admin(world, "POST", "/_mmectl/settings", "{'visibleAfterMs':'0'}"));
    assert_ok(local_snapshot_take(world->local, &snapshot, &err), &err);
    struct str before = dump_text(world), digest = digest_text(world);

    struct reply first = {0};
    for (int i = 0; i < 3; i++) {
        put(world, "/data-b/a", STR("second"));
        struct reply stored = put(world, "/data-b/b", STR("third"));
        if (i == 0)
            first = stored;
        /* The same request gets the same ids after each return. */
        assert_str_len(
            reply_header(&stored, "x-amz-request-id"), reply_header(&first, "x-amz-request-id"));
        assert_done(sm(world, "DeleteModel", "{'ModelName':'m'}"));
        assert_done(admin(
            world, "POST", "/_mmectl/faults",
            "{'faults':[{'kind':'error','times':0,'operation':'ListModels'}]}"));
        assert_done(admin(world, "POST", "/_mmectl/settings", "{'visibleAfterMs':'5000'}"));
        assert_done(admin(world, "POST", "/_mmectl/add-key", "{'access_key':'AKIAOTHER'}"));
        assert_false(str_eq(before, dump_text(world)));
        assert_false(str_eq(digest, digest_text(world)));

        assert_ok(local_snapshot_restore(world->local, snapshot, &err), &err);
        assert_str_len(dump_text(world), before);
        assert_str_len(digest_text(world), digest);
        assert_str(get(world, "/data-b/a").body, "first");
        assert_int_equal(get(world, "/data-b/b").status, 404);
        assert_done(sm(world, "ListModels", "{}"));
        assert_done(sm(world, "DescribeModel", "{'ModelName':'m'}"));
        assert_ok(local_snapshot_restore(world->local, snapshot, &err), &err);
    }
    local_snapshot_free(snapshot);
}

/* Restored into another world, it is a copy that goes its own way. */
static void test_clone(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    AUTO(world_close) struct world *other = world_open();
    struct local_snapshot *snapshot = NULL;
    struct err err = {0};

    make_bucket(world, "data-b");
    put(world, "/data-b/a", STR("first"));
    make_bucket(other, "gone-b");
    put(other, "/gone-b/a", STR("other"));
    assert_ok(local_snapshot_take(world->local, &snapshot, &err), &err);
    assert_ok(local_snapshot_restore(other->local, snapshot, &err), &err);
    local_snapshot_free(snapshot);
    assert_ok(local_first_key(other->local, other->arena, &other->key, &err), &err);
    assert_str_len(other->key.access_key, world->key.access_key);
    assert_str_len(dump_text(other), dump_text(world));
    put(other, "/data-b/a", STR("second"));
    assert_str(get(world, "/data-b/a").body, "first");
    assert_str(get(other, "/data-b/a").body, "second");
    assert_int_equal(get(other, "/gone-b/a").status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_clone),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
