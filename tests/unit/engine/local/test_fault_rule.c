#include "tests/harness/test.h"

#include "engine/local/fault_rule.h"

static void test_good(void **state)
{
    static const struct {
        const char *text, *again;
    } rules[] = {
        {"throttle", "throttle"},
        {" throttle , operation=PutObject ", "throttle,operation=PutObject"},
        {"500,operation=Describe*,nth=3", "500,operation=Describe*,nth=3"},
        {"slow,ms=10,times=0", "slow,times=0,ms=10"},
        {"clock-skew,ms=-5000", "clock-skew,ms=-5000"},
        {"throttle,probability=0.25,seed=9", "throttle,probability=0.25,seed=9"},
        {"error,status=404,code=NoSuchKey,message=gone,conditional=true",
         "error,conditional=true,status=404,code=NoSuchKey,message=gone"},
        {"{\"kind\":\"fail\",\"operation\":\"CreateEndpoint\",\"reason\":\"no, not now\"}",
         "{\"kind\":\"fail\",\"operation\":\"CreateEndpoint\",\"reason\":\"no, not now\"}"},
        {"status,name=e,status=SystemUpdating,forMs=5", NULL},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct err err = {0};
        struct json *rule = NULL, *twice = NULL;
        assert_ok(fault_rule_read(arena, str_from(rules[i].text), &rule, &err), &err);
        struct str text = fault_rule_text(arena, rule);
        if (rules[i].again != NULL)
            assert_str(text, rules[i].again);
        assert_ok(fault_rule_read(arena, text, &twice, &err), &err);
        assert_true(json_equal(rule, twice));
    }
}

/* Every kind of the table can be written, and every parameter is one of some kind. */
static void test_tables(void **state)
{
    static const char *const kinds[] = {
#define KIND_NAME(name, moments, flags, operations, help) name,
        LOCAL_FAULT_KINDS(KIND_NAME)
#undef KIND_NAME
    };
    static const char *const lists[] = {
#define PARAM_KINDS(name, type, kinds, help) kinds,
        LOCAL_FAULT_PARAMS(PARAM_KINDS)
#undef PARAM_KINDS
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct err err = {0};
        struct json *rule = NULL;
        assert_ok(fault_rule_read(arena, str_from(kinds[i]), &rule, &err), &err);
        assert_non_null(fault_kind_find(str_from(kinds[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct str rest = str_from(lists[i]), kind = STR_NULL;
        while (str_split(&rest, ' ', &kind))
            assert_non_null(fault_kind_find(kind));
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *text, *part;
    } rules[] = {
        {"", "'' is not a kind"},
        {"trottle", "not a kind of fault"},
        {"throttle,operation=PutObjct", "no operation 'PutObjct'"},
        {"throttle,operation=Nothing*", "no operation 'Nothing*'"},
        {"rollback,operation=CreateEndpoint", "cannot hit 'CreateEndpoint'"},
        {"slow,ms=", "'ms' of a fault must be"},
        {"slow,ms=1e3", "'ms' of a fault must be"},
        {"slow,ms=99999999999999999999", "'ms' of a fault must be"},
        {"slow,ms=-1", "0 or more"},
        {"slow,nth=0", "1 or more"},
        {"slow,times=-1", "not below 0"},
        {"slow,probability=0", "above 0"},
        {"slow,probability=nan", "above 0"},
        {"slow,nth=1,probability=0.5", "exclude each other"},
        {"slow,seed=1", "needs 'probability'"},
        {"slow,reason=x", "takes no 'reason'"},
        {"slow,colour=red", "no parameter 'colour'"},
        {"slow,times=1,times=1", "given twice"},
        {"slow,,", "KIND[,NAME=VALUE]"},
        {"error,status=200", "400 to 599"},
        {"error,conditional=yes", "true or false"},
        {"{", "the fault's JSON"},
        {"{\"kind\": \"slow\", \"ms\": \"1\"}", "'ms' of a fault must be"},
        {"{\"kind\": 1}", "not a kind"},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct err err = {0};
        struct json *rule = NULL;
        assert_fails(
            fault_rule_read(arena, str_from(rules[i].text), &rule, &err), ERR_USAGE, &err,
            rules[i].part);
    }
}

/* Which of the first calls a rule hits: x. */
static void hits(struct arena *arena, const char *text, const char *wanted)
{
    struct err err = {0};
    struct json *rule = NULL;
    int64_t fired = 0;
    assert_ok(fault_rule_read(arena, str_from(text), &rule, &err), &err);
    for (size_t i = 0; wanted[i] != '\0'; i++) {
        bool due = fault_rule_due(rule, (int64_t) i + 1, fired);
        if (due != (wanted[i] == 'x'))
            fail_msg("%s: call %zu", text, i + 1);
        fired += due;
    }
}

static void test_due(void **state)
{
    struct arena *arena = *state;
    hits(arena, "throttle", "x.......");
    hits(arena, "throttle,times=3", "xxx.....");
    hits(arena, "throttle,times=0", "xxxxxxxx");
    hits(arena, "throttle,nth=3", "..x.....");
    hits(arena, "throttle,every=3", "..x..x..x");
    hits(arena, "throttle,every=2,times=2", ".x.x....");
    hits(arena, "clock-skew", "xxxxxxxx");
    hits(arena, "throttle,probability=1", "xxxxxxxx");
    hits(arena, "throttle,probability=1,times=2", "xx......");
    struct err err = {0};
    struct json *rule = NULL;
    int fired = 0;
    assert_ok(fault_rule_read(arena, STR("500,probability=0.2,seed=3"), &rule, &err), &err);
    for (int i = 1; i <= 5000; i++)
        fired += fault_rule_due(rule, i, fired);
    assert_true(fired > 850 && fired < 1150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_good),
        WITH_ARENA(test_tables),
        WITH_ARENA(test_bad),
        WITH_ARENA(test_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
