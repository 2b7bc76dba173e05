/* Documents that are remembered by their text: always what the text says, and nobody else's. */
#include "tests/unit/engine/local/sm_fixture.h"

#include "engine/local/sm_docs.h"

/* As the handlers do with theirs. */
static void change(struct arena *arena, struct json *doc)
{
    json_put(arena, doc, "mine", json_int(arena, 1));
}

static void test_every_reader_has_its_own(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct str text = STR("{\"name\":\"a\",\"list\":[1,2.5,true,null],\"in\":{\"x\":\"y\"}}");

    for (int i = 0; i < 3; i++) {
        struct json *doc = sm_doc_read(world->local, world->arena, text);
        assert_str(json_text(world->arena, doc, JSON_COMPACT), text.ptr);
        change(world->arena, doc);
    }
}

/* More texts than places, of one length and much alike, in random order. */
static void test_many_texts(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    AUTO(arena_close) struct arena *arena = arena_new("documents", 0);
    struct rng rng;

    rng_seed(&rng, test_seed());
    for (int i = 0; i < 5000; i++) {
        unsigned number = (unsigned) rng_below(&rng, 300);
        struct str text = str_fmt(arena, "{\"number\":%03u,\"same\":\"for all of them\"}", number);
        if (number % 3 == 0) /* "007" is no number of JSON */
            text = str_fmt(arena, "{\"number\":1%03u}", number);
        const struct json *doc = sm_doc_read(world->local, arena, text);
        int64_t want = -1;
        if (number % 3 == 0 || number >= 100)
            want = number % 3 == 0 ? 1000 + (int64_t) number : (int64_t) number;
        assert_int_equal(json_get_int(doc, "number", -1), want);
        arena_reset(arena);
    }
}

static void test_texts_that_are_not_kept(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    struct buf text = BUF_INIT(MIB(1));

    assert_int_equal(sm_doc_read(world->local, world->arena, STR(""))->len, 0);
    assert_int_equal(sm_doc_read(world->local, world->arena, STR("{"))->len, 0);
    buf_add_z(&text, "{\"long\":\"");
    for (int i = 0; i < 20000; i++)
        buf_add_char(&text, 'x');
    buf_add_z(&text, "\"}");
    for (int i = 0; i < 2; i++) {
        const struct json *doc = sm_doc_read(world->local, world->arena, buf_str(&text));
        assert_int_equal(json_get_str(doc, "long").len, 20000);
    }
    buf_done(&text);
}

static void test_a_thing_that_changed(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();

    for (int i = 0; i < 6; i++) {
        const char *value = i % 2 == 0 ? "one" : "two";
        struct str create = str_fmt(
            world->arena,
            "{'ModelName':'m','PrimaryContainer':{'Image':'" IMAGE "','Environment':{'X':'%s'}}}",
            value);
        assert_done(sm(world, "CreateModel", create.ptr));
        for (int again = 0; again < 2; again++)
            assert_text(
                sm(world, "DescribeModel", "{'ModelName':'m'}"), "PrimaryContainer.Environment.X",
                value);
        assert_done(sm(world, "DeleteModel", "{'ModelName':'m'}"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reader_has_its_own),
        cmocka_unit_test(test_many_texts),
        cmocka_unit_test(test_texts_that_are_not_kept),
        cmocka_unit_test(test_a_thing_that_changed),
    };
    return cmocka_run_group_tests_name("sm_docs", tests, NULL, NULL);
}
