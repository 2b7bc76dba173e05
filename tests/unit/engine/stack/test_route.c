#include "tests/harness/test.h"

#include "engine/base/file.h"
#include "engine/base/rng.h"
#include "engine/stack/route.h"

#include <math.h>

#define KEYS 100000

/* A record with a route "churn" of that split, as JSON, and the models that it names. */
static struct record record_of(struct arena *arena, const char *split, const char *models)
{
    struct record record = {0};
    struct err err = {0};
    struct str text = str_fmt(
        arena, "{\"format\":1,\"uid\":\"u\",\"models\":{%s},\"routes\":{\"churn\":{\"split\":%s}}}",
        models, split);
    assert_ok(record_parse(arena, text, &record, &err), &err);
    return record;
}

#define MODEL(name) "\"" name "\":{\"live\":\"f\",\"key\":\"p/models/" name "--f.tar.gz\"}"
static const char s_abc[] = MODEL("a") "," MODEL("b") "," MODEL("c");

static struct str pick(struct arena *scratch, const struct record *record, struct str key)
{
    const struct record_model *model =
        route_pick(scratch, record, route_find(record, STR("churn")), key);
    return model != NULL ? model->name : STR_NULL;
}

/* ---- vectors, shared with the clients in other languages ---- */

static struct json *vectors(struct arena *arena)
{
    struct str text;
    struct json *json;
    struct err err = {0};
    assert_ok(file_read(arena, "tests/vectors/routes/routes.json", MIB(1), &text, &err), &err);
    assert_ok(json_parse(arena, text, MIB(1), &json, &err), &err);
    return json;
}

static void costs_of_the_vectors(void **state)
{
    size_t count = 0;
    JSON_EACH (vector, json_get(vectors(*state), "costs")) {
        uint64_t cost = route_cost(
            *state, json_get_str(vector, "route"), json_get_str(vector, "model"),
            json_get_str(vector, "key"));
        assert_int_equal(cost, json_get_int(vector, "cost", 0));
        count++;
    }
    assert_true(count > 50);
}

static void picks_of_the_vectors(void **state)
{
    size_t count = 0;
    JSON_EACH (vector, json_get(vectors(*state), "picks")) {
        struct buf models AUTO(buf_done) = BUF_INIT(KIB(64));
        JSON_EACH (name, json_get(vector, "published")) {
            buf_fmt(
                &models, "%s\"" STR_FMT "\":{\"live\":\"00\",\"key\":\"k\"}",
                models.len > 0 ? "," : "", STR_ARG(json_str(name)));
        }
        struct record record = record_of(
            *state, str_z(*state, json_text(*state, json_get(vector, "split"), JSON_COMPACT)),
            str_z(*state, buf_str(&models)));
        JSON_EACH (answer, json_get(vector, "answers")) {
            assert_str_len(pick(*state, &record, answer->key), json_str(answer));
            count++;
        }
    }
    assert_true(count > 300);
}

/* ---- properties ---- */

static struct str random_key(struct arena *arena, struct rng *rng)
{
    return str_fmt(arena, "%llx", (unsigned long long) rng_u64(rng));
}

/* 0.5 %, or what chance does at five standard deviations where the halves are even. */
static void check_share(size_t count, double wanted)
{
    double observed = (double) count / KEYS;
    double chance = 5 * sqrt(wanted * (1 - wanted) / KEYS);
    double limit = chance > 0.005 ? chance : 0.005;
    if (fabs(observed - wanted) > limit)
        fail_msg("a share of %.4f, wanted %.4f", observed, wanted);
}

static void shares_are_the_weights(void **state)
{
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int round = 0; round < 5; round++) {
        static const char *const s_names[] = {"a", "b", "c"};
        int weights[3] = {90, 10, 0};
        for (int i = 0; round > 0 && i < 3; i++)
            weights[i] = 1 + (int) rng_below(&rng, ROUTE_MAX_WEIGHT);
        int sum = weights[0] + weights[1] + weights[2];
        struct record record = record_of(
            *state,
            str_z(
                *state,
                str_fmt(
                    *state, "{\"a\":%d,\"b\":%d,\"c\":%d}", weights[0], weights[1], weights[2])),
            s_abc);
        size_t counts[3] = {0};
        AUTO(arena_close) struct arena *scratch = arena_new("keys", 0);
        for (int i = 0; i < KEYS; i++) {
            arena_reset(scratch);
            struct str picked = pick(scratch, &record, random_key(scratch, &rng));
            for (size_t k = 0; k < 3; k++)
                counts[k] += str_eq_z(picked, s_names[k]);
        }
        for (int i = 0; i < 3; i++)
            check_share(counts[i], (double) weights[i] / sum);
        if (round == 0)
            assert_true(fabs((double) counts[0] / KEYS - 0.9) <= 0.005);
    }
}

static void a_changed_weight_moves_what_has_to_move(void **state)
{
    struct rng rng;
    rng_seed(&rng, test_seed());
    struct record before = record_of(*state, "{\"a\":90,\"b\":10}", s_abc);
    struct record after = record_of(*state, "{\"a\":80,\"b\":20}", s_abc);
    AUTO(arena_close) struct arena *scratch = arena_new("keys", 0);
    size_t moved = 0;
    for (int i = 0; i < KEYS; i++) {
        arena_reset(scratch);
        struct str key = random_key(scratch, &rng);
        struct str was = pick(scratch, &before, key), is = pick(scratch, &after, key);
        if (str_eq(was, is))
            continue;
        assert_str(was, "a"); /* none goes the other way */
        assert_str(is, "b");
        moved++;
    }
    assert_true(moved <= KEYS * 105 / 1000);
    assert_true(moved >= KEYS * 95 / 1000);
}

static void a_new_model_takes_keys_and_moves_no_other(void **state)
{
    struct rng rng;
    rng_seed(&rng, test_seed());
    struct record before = record_of(*state, "{\"a\":90,\"b\":10}", s_abc);
    struct record after = record_of(*state, "{\"b\":10,\"c\":50,\"a\":90}", s_abc);
    AUTO(arena_close) struct arena *scratch = arena_new("keys", 0);
    size_t moved = 0;
    for (int i = 0; i < KEYS; i++) {
        arena_reset(scratch);
        struct str key = random_key(scratch, &rng);
        struct str was = pick(scratch, &before, key), is = pick(scratch, &after, key);
        if (str_eq(was, is))
            continue;
        assert_str(is, "c");
        moved++;
    }
    check_share(moved, 50.0 / 150);
}

/* Whoever is on one test's second half is not on every test's second half. */
static void routes_do_not_depend_on_each_other(void **state)
{
    AUTO(arena_close) struct arena *scratch = arena_new("keys", 0);
    struct record record = {0};
    struct err err = {0};
    struct str text = str_fmt(
        *state,
        "{\"format\":1,\"uid\":\"u\",\"models\":{%s},\"routes\":{\"x\":{\"split\":{\"a\":1,\"b\":1}"
        "},"
        "\"y\":{\"split\":{\"a\":1,\"b\":1}}}}",
        s_abc);
    assert_ok(record_parse(*state, text, &record, &err), &err);
    size_t both = 0;
    for (int i = 0; i < KEYS; i++) {
        arena_reset(scratch);
        struct str key = str_fmt(scratch, "%d", i);
        both += str_eq(
            route_pick(scratch, &record, route_find(&record, STR("x")), key)->name,
            route_pick(scratch, &record, route_find(&record, STR("y")), key)->name);
    }
    check_share(both, 0.5);
}

/* ---- records ---- */

static void what_a_hand_wrote_is_survived(void **state)
{
    static const char *const s_texts[] = {
        "{\"format\":1,\"uid\":\"u\",\"routes\":[]}",
        "{\"format\":1,\"uid\":\"u\",\"routes\":{\"churn\":7}}",
        "{\"format\":1,\"uid\":\"u\",\"routes\":{\"churn\":[1]}}",
        "{\"format\":1,\"uid\":\"u\",\"routes\":{\"churn\":{\"split\":[9],\"shadow\":4}}}",
        "{\"format\":1,\"uid\":\"u\",\"routes\":{\"churn\":{\"split\":{\"a\":0,\"b\":\"9\"}}}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(s_texts); i++) {
        struct record record = {0};
        struct err err = {0};
        assert_ok(record_parse(*state, str_from(s_texts[i]), &record, &err), &err);
        const struct record_route *route = route_find(&record, STR("churn"));
        assert_true((route == NULL) == (i == 0));
        if (route == NULL)
            continue;
        assert_int_equal(route->split.len, 0);
        assert_true(str_is_null(route->shadow));
        assert_null(route_pick(*state, &record, route, STR("k")));
        assert_true(str_find(record_text(*state, &record), STR("\"churn\"")) != SIZE_MAX);
    }
}

static void a_fingerprint_is_of_split_and_shadow_alone(void **state)
{
    struct record one = record_of(*state, "{\"a\":90,\"b\":10}", s_abc);
    struct record same = record_of(*state, "{\"b\":10,\"a\":90}", s_abc);
    struct record other = record_of(*state, "{\"a\":90,\"b\":11}", s_abc);
    const struct record_route *a = &one.routes.items[0], *b = &same.routes.items[0];
    assert_int_equal(route_fp(*state, a).len, 16);
    assert_str_len(route_fp(*state, a), route_fp(*state, b));
    assert_true(route_same(a, b));
    assert_true(record_same(&one, &same));
    assert_false(route_same(a, &other.routes.items[0]));
    assert_false(record_same(&one, &other));
    assert_false(str_eq(route_fp(*state, a), route_fp(*state, &other.routes.items[0])));
    struct record_route shadowed = *a;
    shadowed.shadow = STR("c");
    assert_false(route_same(a, &shadowed));
    assert_false(str_eq(route_fp(*state, a), route_fp(*state, &shadowed)));
    other.routes.len = 0;
    assert_false(record_same(&one, &other));
    assert_int_equal(route_weight(a, STR("b")), 10);
    assert_int_equal(route_weight(a, STR("c")), 0);
}

static void routes_are_sorted_and_found(void **state)
{
    struct record record = {0};
    struct err err = {0};
    assert_ok(
        record_parse(
            *state, STR("{\"format\":1,\"uid\":\"u\",\"routes\":{\"z\":{},\"m\":{},\"a\":{}}}"),
            &record, &err),
        &err);
    assert_str(record.routes.items[0].name, "a");
    assert_str(route_find(&record, STR("m"))->name, "m");
    assert_str(route_find(&record, STR("z"))->name, "z");
    assert_null(route_find(&record, STR("q")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(costs_of_the_vectors),
        WITH_ARENA(picks_of_the_vectors),
        WITH_ARENA(shares_are_the_weights),
        WITH_ARENA(a_changed_weight_moves_what_has_to_move),
        WITH_ARENA(a_new_model_takes_keys_and_moves_no_other),
        WITH_ARENA(routes_do_not_depend_on_each_other),
        WITH_ARENA(what_a_hand_wrote_is_survived),
        WITH_ARENA(a_fingerprint_is_of_split_and_shadow_alone),
        WITH_ARENA(routes_are_sorted_and_found),
    };
    return cmocka_run_group_tests_name("stack/route", tests, NULL, NULL);
}
