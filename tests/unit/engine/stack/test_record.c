#include "tests/harness/test.h"

#include "engine/stack/record.h"

/* A record of format 1 as it lies in a bucket, with every member, and three that this mmectl does
 * not know. What is written here must stay readable for good. */
static const char s_text[] = "{\n"
                             "  \"format\": 1,\n"
                             "  \"serial\": 7,\n"
                             "  \"stack\": \"demo\",\n"
                             "  \"uid\": \"abcdefgh\",\n"
                             "  \"home\": \"s3://bucket/demo\",\n"
                             "  \"writer\": \"me@here\",\n"
                             "  \"endpoints\": [\n"
                             "    \"demo\",\n"
                             "    \"old\"\n"
                             "  ],\n"
                             "  \"routes\": {\n"
                             "    \"churn\": {\n"
                             "      \"split\": {\n"
                             "        \"b\": 90,\n"
                             "        \"a\": 10\n"
                             "      },\n"
                             "      \"shadow\": \"c\",\n"
                             "      \"fp\": \"0123456789abcdef\",\n"
                             "      \"at\": \"2026-11-23T05:49:00Z\",\n"
                             "      \"by\": \"me@here\",\n"
                             "      \"sticky\": true\n"
                             "    }\n"
                             "  },\n"
                             "  \"models\": {\n"
                             "    \"a\": {\n"
                             "      \"live\": \"f1\",\n"
                             "      \"etag\": \"\\\"e1\\\"\",\n"
                             "      \"key\": \"demo/models/a--f1.tar.gz\",\n"
                             "      \"size\": 4096,\n"
                             "      \"at\": \"2026-11-23T05:49:00Z\",\n"
                             "      \"by\": \"me@here\",\n"
                             "      \"serial\": 6,\n"
                             "      \"metrics\": {\n"
                             "        \"validation:auc\": 0.9871\n"
                             "      },\n"
                             "      \"protect\": true,\n"
                             "      \"hold\": {\n"
                             "        \"fp\": \"f1\",\n"
                             "        \"at\": \"2026-11-23T06:00:00Z\",\n"
                             "        \"by\": \"me@here\",\n"
                             "        \"reason\": \"the new one is worse\"\n"
                             "      },\n"
                             "      \"shadow\": \"b\",\n"
                             "      \"history\": [\n"
                             "        {\n"
                             "          \"fp\": \"f0\",\n"
                             "          \"etag\": \"\\\"e0\\\"\",\n"
                             "          \"key\": \"demo/models/a--f0.tar.gz\",\n"
                             "          \"size\": 4095,\n"
                             "          \"at\": \"2026-11-22T05:49:00Z\",\n"
                             "          \"by\": \"you@there\",\n"
                             "          \"metrics\": {\n"
                             "            \"validation:auc\": 0.97\n"
                             "          }\n"
                             "        }\n"
                             "      ]\n"
                             "    },\n"
                             "    \"b\": {\n"
                             "      \"live\": \"f2\",\n"
                             "      \"etag\": \"\\\"e2\\\"\",\n"
                             "      \"key\": \"demo/models/b--f2.tar.gz\",\n"
                             "      \"size\": 1,\n"
                             "      \"history\": []\n"
                             "    }\n"
                             "  },\n"
                             "  \"generation\": \"0123456789\",\n"
                             "  \"removed\": {\n"
                             "    \"c\": \"f3\"\n"
                             "  },\n"
                             "  \"failedConfig\": {\n"
                             "    \"name\": \"demo-abcdefgh-c-0123456789ab\",\n"
                             "    \"reason\": \"no ping\"\n"
                             "  },\n"
                             "  \"lease\": null\n"
                             "}";

static struct record parsed(struct arena *arena, const char *text)
{
    struct record record = {0};
    struct err err = {0};
    assert_ok(record_parse(arena, str_from(text), &record, &err), &err);
    return record;
}

static void every_member_is_read(void **state)
{
    struct record record = parsed(*state, s_text);
    assert_true(record.present);
    assert_true(str_is_null(record.store_etag)); /* the store's own, never in the text */
    assert_int_equal(record.serial, 7);
    assert_str(record.stack, "demo");
    assert_str(record.uid, "abcdefgh");
    assert_str(record.home, "s3://bucket/demo");
    assert_str(record.writer, "me@here");
    assert_str(record.generation, "0123456789");
    assert_str(record.failed_config, "demo-abcdefgh-c-0123456789ab");
    assert_str(record.failed_reason, "no ping");
    assert_int_equal(record.endpoints.len, 2);
    assert_str(record.endpoints.items[1], "old");
    assert_int_equal(record.removed.len, 1);
    assert_str(record.removed.items[0].name, "c");
    assert_str(record.removed.items[0].fp, "f3");
    assert_int_equal(record.routes.len, 1);
    const struct record_route *churn = &record.routes.items[0];
    assert_str(churn->name, "churn");
    assert_int_equal(churn->split.len, 2);
    assert_str(churn->split.items[0].model, "b");
    assert_int_equal(churn->split.items[0].weight, 90);
    assert_str(churn->shadow, "c");
    assert_str(churn->fp, "0123456789abcdef");
    assert_str(churn->at, "2026-11-23T05:49:00Z");
    assert_str(churn->by, "me@here");
    assert_int_equal(record.models.len, 2);
    const struct record_model *a = record_find(&record, STR("a"));
    assert_non_null(a);
    assert_str(a->live.fp, "f1");
    assert_str(a->live.etag, "\"e1\"");
    assert_str(a->live.key, "demo/models/a--f1.tar.gz");
    assert_int_equal(a->live.size, 4096);
    assert_str(a->live.at, "2026-11-23T05:49:00Z");
    assert_str(a->live.by, "me@here");
    assert_int_equal(a->live.serial, 6);
    assert_int_equal(a->history.items[0].serial, 0);
    assert_true(a->protect);
    assert_true(json_get_num(a->live.metrics, "validation:auc", 0) > 0.98);
    assert_int_equal(a->history.len, 1);
    assert_str(a->history.items[0].fp, "f0");
    assert_str(a->history.items[0].by, "you@there");
    assert_true(json_get_num(a->history.items[0].metrics, "validation:auc", 0) < 0.98);
    assert_str(a->hold.fp, "f1");
    assert_str(a->hold.at, "2026-11-23T06:00:00Z");
    assert_str(a->hold.by, "me@here");
    assert_str(a->hold.reason, "the new one is worse");
    assert_true(str_is_null(record_find(&record, STR("b"))->hold.fp));
    assert_false(record_find(&record, STR("b"))->protect);
    assert_null(record_find(&record, STR("c")));
    assert_null(record_find(&record, STR("")));
}

static void text_of_what_was_read_is_the_same_text(void **state)
{
    struct record record = parsed(*state, s_text);
    assert_str(record_text(*state, &record), s_text);
}

/* Only one of two could be meant, and nobody knows which. */
static void a_model_that_stands_twice(void **state)
{
    struct record record;
    struct err err = {0};
    struct str text =
        STR("{\"format\": 1, \"uid\": \"abcdefgh\", \"models\": {\"a\": {\"live\": \"1\"}, "
            "\"b\": {\"live\": \"2\"}, \"a\": {\"live\": \"3\"}}}");
    assert_fails(
        record_parse(*state, text, &record, &err), ERR_PROTOCOL, &err,
        "the stack's record names model 'a' twice");
}

static void unknown_members_stay_when_known_ones_change(void **state)
{
    struct record record = parsed(*state, s_text);
    record.serial = 8;
    record.failed_config = STR_NULL;
    record.models.len = 1;
    struct record again = parsed(*state, str_z(*state, record_text(*state, &record)));
    assert_int_equal(again.serial, 8);
    assert_true(str_is_null(again.failed_config));
    assert_int_equal(again.models.len, 1);
    assert_true(json_get_bool(again.routes.items[0].unknown, "sticky", false));
    assert_non_null(json_get(again.unknown, "lease"));
    assert_str(json_get_str(again.models.items[0].unknown, "shadow"), "b");
}

static void a_hold_that_is_lifted_is_gone_from_the_text(void **state)
{
    struct record record = parsed(*state, s_text);
    record.models.items[0].hold = (struct record_hold){.fp = STR_NULL};
    struct str text = record_text(*state, &record);
    assert_true(str_find(text, STR("hold")) == SIZE_MAX);
    assert_true(str_find(text, STR("shadow")) != SIZE_MAX);
}

static void a_record_made_here_round_trips(void **state)
{
    struct record record = {.present = true, .serial = 1, .stack = STR("s"), .uid = STR("u")};
    struct record_model *model = VEC_PUSH(*state, &record.models);
    model->name = STR("x\"\n\xc3\xa9"); /* names are checked elsewhere; the text must not break */
    model->live = (struct record_version){.fp = STR("f"), .size = UINT64_C(1) << 40};
    struct record again = parsed(*state, str_z(*state, record_text(*state, &record)));
    assert_true(record_same(&record, &again));
    assert_true(str_eq(again.models.items[0].name, model->name));
    assert_true(again.models.items[0].live.size == UINT64_C(1) << 40);
    assert_true(str_is_null(again.generation));
    assert_true(str_is_null(again.home));
}

static void models_are_sorted_whatever_the_text_says(void **state)
{
    struct record record = parsed(
        *state, "{\"format\":1,\"uid\":\"u\",\"models\":{\"z\":{},\"a\":{},\"m\":{},\"B\":{}}}");
    assert_str(record.models.items[0].name, "B");
    assert_str(record.models.items[3].name, "z");
    for (size_t i = 0; i < record.models.len; i++)
        assert_ptr_equal(
            record_find(&record, record.models.items[i].name), &record.models.items[i]);
}

/* Versions that were made and not published, by name whatever the text says. */
static void what_is_held_back(void **state)
{
    static const char *const s_held[] = {"z", "m", "a"};
    struct record record = parsed(
        *state, "{\"format\":1,\"uid\":\"u\",\"held\":{"
                "\"z\":{\"fp\":\"f9\",\"reason\":\"row 1\",\"check\":\"d1\"},"
                "\"m\":{\"fp\":\"f8\"},"
                "\"a\":{\"fp\":\"f7\",\"key\":\"k\",\"at\":\"then\",\"by\":\"me\","
                "\"metrics\":{\"validation:auc\":0.5},\"reason\":\"auc 0.5 is below 0.9\"}}}");
    assert_int_equal(record.held.len, 3);
    for (size_t i = 0; i < ARRAY_LEN(s_held); i++)
        assert_ptr_equal(record_find_held(&record, str_from(s_held[i])), &record.held.items[2 - i]);
    assert_null(record_find_held(&record, STR("b")));
    struct str text = record_text(*state, &record);
    struct record again = parsed(*state, str_z(*state, text));
    assert_true(record_same(&record, &again));
    assert_str_len(record_text(*state, &again), text);
    const struct record_held *a = record_find_held(&again, STR("a"));
    assert_str(a->version.fp, "f7");
    assert_str(a->version.key, "k");
    assert_str(a->version.at, "then");
    assert_str(a->version.by, "me");
    assert_true(json_get_num(a->version.metrics, "validation:auc", 0) < 0.6);
    assert_str(a->reason, "auc 0.5 is below 0.9");
    assert_true(str_is_null(a->check));
    assert_str(record_find_held(&again, STR("z"))->check, "d1");

    struct record_held *first = &again.held.items[0], saved = *first;
    first->reason = STR("said otherwise"); /* no claim */
    assert_true(record_same(&record, &again));
    first->check = STR("d2");
    assert_false(record_same(&record, &again));
    *first = saved;
    first->version.fp = STR("f6");
    assert_false(record_same(&record, &again));
    *first = saved;
    first->name = STR("aa");
    assert_false(record_same(&record, &again));
    *first = saved;
    assert_true(record_same(&record, &again));
    again.held.len--;
    assert_false(record_same(&record, &again));
    again.held.len = 0; /* the last one is published: the text says so */
    assert_true(str_find(record_text(*state, &again), STR("\"held\": {}")) != SIZE_MAX);
}

static void what_is_no_record_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
        const char *part;
    } cases[] = {
        {"", ERR_PROTOCOL, "reading the stack's record"},
        {"{\"format\": 1,", ERR_PROTOCOL, "reading the stack's record"},
        {"not json", ERR_PROTOCOL, "reading the stack's record"},
        {"[]", ERR_PROTOCOL, "has no 'format'"},
        {"null", ERR_PROTOCOL, "has no 'format'"},
        {"{}", ERR_PROTOCOL, "has no 'format'"},
        {"{\"format\": \"1\"}", ERR_PROTOCOL, "has no 'format'"},
        {"{\"format\": 0}", ERR_PROTOCOL, "has no 'format'"},
        {"{\"format\": -1}", ERR_PROTOCOL, "has no 'format'"},
        {"{\"format\": 1}", ERR_PROTOCOL, "has no 'uid'"},
        {"{\"format\": 1, \"uid\": \"\"}", ERR_PROTOCOL, "has no 'uid'"},
        {"{\"format\": 1, \"uid\": 7}", ERR_PROTOCOL, "has no 'uid'"},
        {"{\"format\": 2}", ERR_REFUSED, "has format 2, this mmectl knows up to 1"},
        {"{\"format\": 9007199254740993}", ERR_REFUSED, "has format 9007199254740993"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct record record = {.serial = 99};
        struct err err = {0};
        enum err_code code = record_parse(*state, str_from(cases[i].text), &record, &err);
        assert_fails(code, cases[i].code, &err, cases[i].part);
        assert_int_equal(record.serial, 99); /* outputs are set on success only */
        if (code == ERR_REFUSED)
            assert_str(str_from(err.hint), "use the newer mmectl that wrote it");
    }
}

/* What the store ignores is remembered; what was never asked counts as checked. */
static void conditions_of_the_store(void **state)
{
    struct record record = parsed(*state, s_text);
    assert_false(record.conditions_known);
    assert_int_equal(record.conditions_missing, 0);
    for (unsigned missing = 0; missing < 16; missing++) {
        record.conditions_known = true;
        record.conditions_missing = missing;
        struct record again = parsed(*state, str_z(*state, record_text(*state, &record)));
        assert_true(again.conditions_known);
        assert_int_equal(again.conditions_missing, missing);
    }
    record =
        parsed(*state, "{\"format\":1,\"uid\":\"u\",\"conditions\":{\"deleteIfMatch\":false}}");
    assert_int_equal(record.conditions_missing, CONDITION_DELETE);
}

/* Members of the wrong type count as absent: a hint less, never a crash. */
static void wrong_types_are_absent(void **state)
{
    struct record record = parsed(
        *state, "{\"format\":1,\"uid\":\"u\",\"serial\":\"x\",\"stack\":1,\"endpoints\":7,"
                "\"models\":[1,{}],"
                "\"generation\":{},\"removed\":\"y\",\"failedConfig\":[]}");
    assert_int_equal(record.serial, 0);
    assert_true(str_is_null(record.stack));
    assert_int_equal(record.endpoints.len, 0);
    assert_true(str_is_null(record.generation));
    assert_int_equal(record.removed.len, 0);
    assert_true(str_is_null(record.failed_config));
}

typedef void change_fn(struct arena *arena, struct record *record);

static void set_serial(struct arena *arena, struct record *r)
{
    (void) arena;
    r->serial++;
}
static void set_writer(struct arena *arena, struct record *r)
{
    (void) arena;
    r->writer = STR("x");
}
static void set_etag_of_store(struct arena *arena, struct record *r)
{
    (void) arena;
    r->store_etag = STR("x");
}
static void set_time(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].live.at = STR("x");
}
static void set_uid(struct arena *arena, struct record *r)
{
    (void) arena;
    r->uid = STR("x");
}
static void set_home(struct arena *arena, struct record *r)
{
    (void) arena;
    r->home = STR("x");
}
static void set_present(struct arena *arena, struct record *r)
{
    (void) arena;
    r->present = false;
}
static void set_generation(struct arena *arena, struct record *r)
{
    (void) arena;
    r->generation = STR_NULL;
}
static void set_failed(struct arena *arena, struct record *r)
{
    (void) arena;
    r->failed_config = STR("x");
}
static void set_endpoint(struct arena *arena, struct record *r)
{
    (void) arena;
    r->endpoints.items[1] = STR("x");
}
static void add_endpoint(struct arena *arena, struct record *r)
{
    *VEC_PUSH(arena, &r->endpoints) = STR("x");
}
static void set_removed(struct arena *arena, struct record *r)
{
    (void) arena;
    r->removed.items[0].fp = STR("x");
}
static void set_removed_name(struct arena *arena, struct record *r)
{
    (void) arena;
    r->removed.items[0].name = STR("x");
}
static void drop_removed(struct arena *arena, struct record *r)
{
    (void) arena;
    r->removed.len = 0;
}
static void drop_model(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.len--;
}
static void set_model(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[1].name = STR("bb");
}
static void set_fp(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].live.fp = STR("x");
}
static void set_etag(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].live.etag = STR("x");
}
static void set_key(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].live.key = STR("x");
}
static void set_protect(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].protect = false;
}
static void drop_history(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].history.len = 0;
}
static void set_old_fp(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].history.items[0].fp = STR("x");
}
static void set_old_key(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].history.items[0].key = STR("x");
}
static void set_hold(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].hold.fp = STR("x");
}
static void set_reason(struct arena *arena, struct record *r)
{
    (void) arena;
    r->models.items[0].hold.reason = STR("x");
}

/* A record is written only when it would claim something else: who wrote it, and when, is none. */
static void same_claims(void **state)
{
    static const struct {
        const char *what;
        change_fn *change;
        bool same;
    } cases[] = {
        {"serial", set_serial, true},
        {"writer", set_writer, true},
        {"store etag", set_etag_of_store, true},
        {"time", set_time, true},
        {"uid", set_uid, false},
        {"home", set_home, false},
        {"present", set_present, false},
        {"generation", set_generation, false},
        {"failed config", set_failed, false},
        {"an endpoint", set_endpoint, false},
        {"one endpoint more", add_endpoint, false},
        {"removed fp", set_removed, false},
        {"removed name", set_removed_name, false},
        {"no removed", drop_removed, false},
        {"a model less", drop_model, false},
        {"model name", set_model, false},
        {"live fp", set_fp, false},
        {"live etag", set_etag, false},
        {"live key", set_key, false},
        {"protect", set_protect, false},
        {"history", drop_history, false},
        {"fp of an old version", set_old_fp, false},
        {"key of an old version", set_old_key, false},
        {"hold", set_hold, false},
        {"why it is held", set_reason, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct record a = parsed(*state, s_text), b = parsed(*state, s_text);
        assert_true(record_same(&a, &b));
        cases[i].change(*state, &b);
        if (record_same(&a, &b) != cases[i].same || record_same(&b, &a) != cases[i].same)
            fail_msg("%s: wanted %d", cases[i].what, cases[i].same);
    }
}

static void scaling_that_was_left(void **state)
{
    struct record record = parsed(*state, s_text);
    struct err err = {0};
    record.scaling = STR("0123456789ab");
    struct record again;
    assert_ok(record_parse(*state, record_text(*state, &record), &again, &err), &err);
    assert_str(again.scaling, "0123456789ab");
    assert_true(record_same(&record, &again));
    again.scaling = STR_NULL; /* and was taken out */
    assert_false(record_same(&record, &again));
    struct record third;
    assert_ok(record_parse(*state, record_text(*state, &again), &third, &err), &err);
    assert_true(str_is_null(third.scaling));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(every_member_is_read),
        WITH_ARENA(text_of_what_was_read_is_the_same_text),
        WITH_ARENA(a_model_that_stands_twice),
        WITH_ARENA(unknown_members_stay_when_known_ones_change),
        WITH_ARENA(a_hold_that_is_lifted_is_gone_from_the_text),
        WITH_ARENA(a_record_made_here_round_trips),
        WITH_ARENA(models_are_sorted_whatever_the_text_says),
        WITH_ARENA(what_is_held_back),
        WITH_ARENA(what_is_no_record_is_refused),
        WITH_ARENA(conditions_of_the_store),
        WITH_ARENA(wrong_types_are_absent),
        WITH_ARENA(same_claims),
        WITH_ARENA(scaling_that_was_left),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
