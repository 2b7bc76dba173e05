#include "tests/harness/test.h"

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/rng.h"
#include "engine/plan/saved.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct saved_plan sample(struct arena *arena)
{
    struct saved_stack *stacks = ARENA_ARRAY(arena, 2, struct saved_stack);
    struct saved_action *actions = ARENA_ARRAY(arena, 2, struct saved_action);
    actions[0] = (struct saved_action){STR("aws_s3_bucket.this"), STR("create"), STR(SHA)};
    actions[1] = (struct saved_action){STR("aws_s3_object.model[\"x\"]"), STR("replace"), STR(SHA)};
    struct saved_artifact *artifacts = ARENA_NEW(arena, struct saved_artifact);
    *artifacts = (struct saved_artifact){STR("x"), STR(SHA)};
    stacks[0] = (struct saved_stack){
        .mode = PLAN_APPLY,
        .stack = STR("demo"),
        .account = STR("123456789012"),
        .region = STR("us-east-1"),
        .uid = STR("abcdefgh"),
        .home = STR("s3://b/demo"),
        .endpoint = STR("demo"),
        .spec_file = STR("mme.yaml"),
        .spec_sha256 = STR(SHA),
        .actions_sha256 = STR(SHA),
        .observed_sha256 = STR(SHA),
        .actions = actions,
        .n_actions = 2,
        .artifacts = artifacts,
        .n_artifacts = 1,
        .text = STR("Plan: 1 to add\n× \"quoted\"\n"),
        .json = STR("{\"format_version\":\"1.2\"}")};
    stacks[1] = stacks[0];
    stacks[1].mode = PLAN_DESTROY;
    stacks[1].stack = STR("other");
    struct str *texts = ARENA_ARRAY(arena, 2, struct str);
    texts[0] = STR("aws_s3_object.model[\"x\"]");
    texts[1] = STR("aws_s3_bucket.this");
    return (struct saved_plan){
        .tool_version = STR("1.0"),
        .created = STR("2026-01-01T00:00:00Z"),
        .retry_failed = true,
        .allow_deletes = 7,
        .allow_destroy = STR("demo"),
        .targets = texts,
        .n_targets = 2,
        .replaces = texts,
        .n_replaces = 1,
        .stacks = stacks,
        .n_stacks = 2};
}

static struct str written(struct arena *arena, const struct saved_plan *plan)
{
    struct buf out AUTO(buf_done) = BUF_INIT(MIB(1));
    saved_write(arena, plan, &out);
    assert_true(buf_ok(&out));
    return str_dup(arena, buf_str(&out));
}

static void what_is_written_is_read(void **state)
{
    struct saved_plan plan = sample(*state), back;
    struct str bytes = written(*state, &plan);
    struct err err = {0};
    assert_true(saved_is(bytes));
    assert_true(str_starts(bytes, STR("mmectl-plan 1 ")));
    assert_ok(saved_read(*state, bytes, &back, &err), &err);
    assert_str_len(written(*state, &back), bytes);
    assert_true(back.retry_failed && !back.allow_empty);
    assert_int_equal(back.allow_deletes, 7);
    assert_true(str_is_null(back.region));
    assert_int_equal(back.n_targets, 2);
    assert_int_equal(back.n_replaces, 1);
    assert_int_equal(back.n_stacks, 2);
    assert_int_equal(back.stacks[1].mode, PLAN_DESTROY);
    assert_int_equal(back.stacks[0].n_actions, 2);
    assert_str(back.stacks[0].actions[1].address, "aws_s3_object.model[\"x\"]");
    assert_str(back.stacks[0].artifacts[0].name, "x");
    assert_str_len(back.stacks[0].text, plan.stacks[0].text);
}

/* Whatever bit of the file flips, nothing is approved by it. */
static void every_flipped_bit_is_refused(void **state)
{
    struct saved_plan plan = sample(*state), back;
    struct str bytes = written(*state, &plan);
    char *copy = str_z(*state, bytes);
    for (size_t i = 0; i < bytes.len * 8; i++) {
        AUTO(arena_close) struct arena *arena = arena_new("flip", 0);
        struct err err = {0};
        copy[i / 8] = (char) (copy[i / 8] ^ (1 << i % 8));
        if (saved_read(arena, str_of(copy, bytes.len), &back, &err) != ERR_SPEC)
            fail_msg("bit %zu of byte %zu may flip", i % 8, i / 8);
        copy[i / 8] = (char) (copy[i / 8] ^ (1 << i % 8));
    }
}

static void every_cut_is_refused(void **state)
{
    struct saved_plan plan = sample(*state), back;
    struct str bytes = written(*state, &plan);
    for (size_t i = 0; i < bytes.len; i++) {
        AUTO(arena_close) struct arena *arena = arena_new("cut", 0);
        struct err err = {0};
        assert_fails(
            saved_read(arena, str_slice(bytes, 0, i), &back, &err), ERR_SPEC, &err,
            "the saved plan is damaged");
    }
    struct err err = {0};
    struct str longer = str_fmt(*state, STR_FMT " ", STR_ARG(bytes));
    assert_fails(saved_read(*state, longer, &back, &err), ERR_SPEC, &err, "damaged");
}

/* A file that somebody made: the digest is right, what it holds is not. */
static enum err_code made(struct arena *arena, struct str body, struct err *err)
{
    struct saved_plan back;
    *err = (struct err){0};
    struct str bytes = str_fmt(
        arena, SAVED_MAGIC "1 " STR_FMT "\n" STR_FMT, STR_ARG(sha256_hex(arena, body)),
        STR_ARG(body));
    return saved_read(arena, bytes, &back, err);
}

static void members_are_checked(void **state)
{
    static const struct {
        const char *find, *replace, *part;
    } cases[] = {
        {"\"tool_version\":\"1.0\"", "\"tool_version\":1", "'tool_version' is no text"},
        {"\"created\"", "\"creatde\"", "'created' is no text"},
        {"\"options\":{", "\"options\":[{", NULL},
        {"\"retry_failed\":true", "\"retry_failed\":1", "'retry_failed' is neither true nor false"},
        {"\"allow_deletes\":7", "\"allow_deletes\":-7", "'allow_deletes' is no whole number"},
        {"\"allow_deletes\":7", "\"allow_deletes\":7.5", "'allow_deletes' is no whole number"},
        {"\"allow_destroy\":\"demo\"", "\"allow_destroy\":[]", "'allow_destroy' is no text"},
        {"\"targets\":[", "\"targets\":[1,", "'targets' is no list of texts"},
        {"\"replaces\":[", "\"replaces\":null,\"x\":[", "'replaces' is no list"},
        {"\"stacks\":[", "\"stacks\":{},\"x\":[", "'stacks' is no list"},
        {"\"stacks\":[", "\"stacks\":[],\"x\":[", "'stacks' is empty"},
        {"\"stacks\":[", "\"stacks\":[1,", "is "},
        {"\"destroy\":false", "\"destroy\":0", "'destroy' is neither"},
        {"\"spec\":{", "\"spec\":7,\"x\":{", "'file' is no text"},
        {"\"actions_sha256\":\"0", "\"actions_sha256\":\"G", "'actions_sha256' is no sha256"},
        {"\"actions_sha256\":\"0", "\"actions_sha256\":\"00", "'actions_sha256' is no sha256"},
        {"\"actions\":[", "\"actions\":[7,", "'address' is no text"},
        {"\"actions\":[", "\"actions\":\"\",\"x\":[", "'actions' is no list"},
        {"\"artifacts\":[", "\"artifacts\":\"\",\"x\":[", "'artifacts' is no list"},
        {"\"fingerprint\"", "\"f\"", "'fingerprint' is no text"},
        {"\"text\":", "\"text\":null,\"x\":", "'text' is no text"},
        {"{\"tool_version\"", "{\"text\":1,\"text\":2,\"tool_version\"", NULL}, /* doubled */
        {"{\"tool_version\"", "[", NULL},
    };
    struct saved_plan plan = sample(*state);
    struct str bytes = written(*state, &plan), body = bytes, head;
    struct err err;
    assert_true(str_split(&body, '\n', &head));
    assert_ok(made(*state, body, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t at = str_find(body, str_from(cases[i].find));
        assert_true(at != SIZE_MAX);
        struct str text = str_fmt(
            *state, STR_FMT "%s" STR_FMT, STR_ARG(str_slice(body, 0, at)), cases[i].replace,
            STR_ARG(str_from_index(body, at + strlen(cases[i].find))));
        enum err_code code = made(*state, text, &err);
        if (code == ERR_NONE ||
            (cases[i].part != NULL && strstr(err.message, cases[i].part) == NULL))
            fail_msg("'%s': %d %s", cases[i].replace, (int) code, err.message);
    }
}

/* Random damage behind a right digest: any answer will do but a crash. */
static void anything_may_stand_in_it(void **state)
{
    uint64_t seed = test_seed();
    struct rng rng;
    rng_seed(&rng, seed);
    struct saved_plan plan = sample(*state);
    struct str bytes = written(*state, &plan), body = bytes, head;
    assert_true(str_split(&body, '\n', &head));
    for (size_t i = 0; i < 2000; i++) {
        AUTO(arena_close) struct arena *arena = arena_new("damage", 0);
        char *copy = str_z(arena, body);
        for (uint64_t n = rng_below(&rng, 4) + 1; n > 0; n--)
            copy[rng_below(&rng, body.len)] = "{}[]\",:0a\x01\xff"[rng_below(&rng, 11)];
        struct err err;
        (void) !made(arena, str_of(copy, body.len), &err);
    }
}

static void other_formats(void **state)
{
    struct saved_plan back;
    struct err err = {0};
    assert_fails(
        saved_read(*state, STR("mmectl-plan 2 " SHA "\n{}"), &back, &err), ERR_SPEC, &err,
        "has format 2, this mmectl reads 1");
    static const char *const heads[] = {"mmectl-plan 01 " SHA "\n{}", "mmectl-plan  1 " SHA "\n{}",
                                        "mmectl-plan 1 " SHA " \n{}", "mmectl-plan 1 " SHA "\r\n{}",
                                        "mmectl-plan x " SHA "\n{}",  ("mmectl-plan 1 " SHA),
                                        "mmectl-plan 1\n{}",          "mmectl-plan \n",
                                        "apiVersion: mmectl/v1\n",    ""};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        err = (struct err){0};
        assert_fails(
            saved_read(*state, str_from(heads[i]), &back, &err), ERR_SPEC, &err, "damaged");
    }
    assert_false(saved_is(STR("mmectl-pla")));
    assert_false(saved_is(STR("apiVersion: mmectl/v1\n")));
}

/* ---- comparing ---- */

static void differences(void **state)
{
    struct saved_plan one = sample(*state), two = sample(*state);
    struct saved_stack *saved = &one.stacks[0], *now = &two.stacks[0];
    assert_int_equal(saved_compare(*state, saved, now).len, 0);
    now->actions[0].address = STR("aws_sagemaker_endpoint.this");
    now->actions[1].action = STR("delete");
    now->actions[1].sha256 = STR("1" SHA);
    now->actions_sha256 = STR("2" SHA);
    struct saved_differences found = saved_compare(*state, saved, now);
    assert_int_equal(found.len, 3);
    assert_str(found.items[0].address, "aws_s3_bucket.this");
    assert_true(str_is_null(found.items[0].after));
    assert_str(found.items[1].before, "replace");
    assert_str(found.items[1].after, "delete");
    assert_str(found.items[2].address, "aws_sagemaker_endpoint.this");
    assert_true(str_is_null(found.items[2].before));
}

/* The whole differs though no action does: another direction, another stack, or only the record. */
static void a_difference_of_the_whole(void **state)
{
    struct saved_plan one = sample(*state), two = sample(*state);
    struct saved_stack *now = &two.stacks[0];
    now->mode = PLAN_DESTROY;
    assert_int_equal(saved_compare(*state, &one.stacks[0], now).len, 1);
    now->mode = PLAN_APPLY;
    now->uid = STR("zzzzzzzz");
    assert_int_equal(saved_compare(*state, &one.stacks[0], now).len, 1);
    now->uid = one.stacks[0].uid;
    now->actions_sha256 = STR("3" SHA);
    assert_str(saved_compare(*state, &one.stacks[0], now).items[0].address, "demo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_is_written_is_read),
        WITH_ARENA(every_flipped_bit_is_refused),
        WITH_ARENA(every_cut_is_refused),
        WITH_ARENA(members_are_checked),
        WITH_ARENA(anything_may_stand_in_it),
        WITH_ARENA(other_formats),
        WITH_ARENA(differences),
        WITH_ARENA(a_difference_of_the_whole),
    };
    return cmocka_run_group_tests_name("saved", tests, NULL, NULL);
}
