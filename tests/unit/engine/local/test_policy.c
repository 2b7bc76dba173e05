#include "tests/harness/test.h"

#include "engine/base/arena.h"
#include "engine/local/policy.h"

enum { NO = POLICY_NOT_ALLOWED, YES = POLICY_ALLOWED, NEVER = POLICY_DENIED };

/* ' for ". */
static struct str json_of(struct arena *arena, const char *text)
{
    char *copy = str_z(arena, str_from(text));
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    return str_from(copy);
}

#define ALLOW(rest) "{'Effect':'Allow'," rest "}"
#define DENY(rest) "{'Effect':'Deny'," rest "}"
#define ANY "'Action':'s3:*','Resource':'*'"

/* facts: "key=value;key=value" */
static const struct {
    const char *statements, *action, *resource, *facts;
    int verdict;
    const char *statement;
} s_cases[] = {
    {"", "s3:GetObject", "arn:aws:s3:::b/k", "", NO, NULL},
    {ALLOW("'Action':'s3:GetObject','Resource':'arn:aws:s3:::b/*'"), "s3:GetObject",
     "arn:aws:s3:::b/k/l", "", YES, "1"},
    {ALLOW("'Action':'s3:GetObject','Resource':'arn:aws:s3:::b/*'"), "s3:PutObject",
     "arn:aws:s3:::b/k", "", NO, NULL},
    {ALLOW("'Action':'s3:GetObject','Resource':'arn:aws:s3:::b/*'"), "s3:GetObject",
     "arn:aws:s3:::c/k", "", NO, NULL},
    {ALLOW("'Sid':'Own','Action':['S3:get*','x:y'],'Resource':['n','arn:aws:s3:::?/k']"),
     "s3:GetObject", "arn:aws:s3:::b/k", "", YES, "Own"},
    {ALLOW("'Action':'s3:Get*','Resource':'ARN:aws:s3:::b/k'"), "s3:GetObject", "arn:aws:s3:::b/k",
     "", NO, NULL},
    {ALLOW(ANY) "," DENY("'Sid':'No','Action':'s3:Delete*','Resource':'*'"), "s3:DeleteObject",
     "arn:aws:s3:::b/k", "", NEVER, "No"},
    {DENY("'Action':'s3:Delete*','Resource':'*'") "," ALLOW(ANY), "s3:DeleteObject", "r", "", NEVER,
     "1"},
    {ALLOW(ANY) "," DENY("'Action':'s3:Delete*','Resource':'*'"), "s3:GetObject", "r", "", YES,
     "1"},
    {ALLOW("'NotAction':'s3:Delete*','Resource':'*'"), "s3:GetObject", "r", "", YES, "1"},
    {ALLOW("'NotAction':'s3:Delete*','Resource':'*'"), "s3:DeleteObject", "r", "", NO, NULL},
    {ALLOW("'Action':'*','NotResource':'arn:aws:s3:::b/*'"), "s3:GetObject", "arn:aws:s3:::b/k", "",
     NO, NULL},
    {ALLOW("'Action':'*','NotResource':'arn:aws:s3:::b/*'"), "s3:GetObject", "arn:aws:s3:::c/k", "",
     YES, "1"},
#define WHERE(condition) ALLOW(ANY ",'Condition':{" condition "}"), "s3:PutObject", "r"
    {WHERE("'StringEquals':{'aws:RequestTag/uid':'a'}"), "aws:RequestTag/uid=a", YES, "1"},
    {WHERE("'StringEquals':{'aws:RequestTag/uid':'a'}"), "AWS:requesttag/UID=a", YES, "1"},
    {WHERE("'StringEquals':{'aws:RequestTag/uid':'a'}"), "aws:RequestTag/uid=b", NO, NULL},
    {WHERE("'StringEquals':{'aws:RequestTag/uid':'a'}"), "", NO, NULL},
    {WHERE("'StringEqualsIfExists':{'k':'a'}"), "", YES, "1"},
    {WHERE("'StringEqualsIfExists':{'k':'a'}"), "k=b", NO, NULL},
    {WHERE("'StringEquals':{'k':['a','b']}"), "k=b", YES, "1"},
    {WHERE("'StringEquals':{'k':'a','l':'a'}"), "k=a", NO, NULL},
    {WHERE("'StringEquals':{'k':'a'},'StringLike':{'l':'x*'}"), "k=a;l=xy", YES, "1"},
    {WHERE("'StringNotEquals':{'k':['a','b']}"), "k=b", NO, NULL},
    {WHERE("'StringNotEquals':{'k':['a','b']}"), "k=c", YES, "1"},
    {WHERE("'StringNotEquals':{'k':['a','b']}"), "", YES, "1"},
    {WHERE("'StringEqualsIgnoreCase':{'k':'A'}"), "k=a", YES, "1"},
    {WHERE("'StringNotEqualsIgnoreCase':{'k':'A'}"), "k=a", NO, NULL},
    {WHERE("'StringLike':{'s3:prefix':['p/*','q']}"), "s3:prefix=p/x/y", YES, "1"},
    {WHERE("'StringLike':{'s3:prefix':['p/*','q']}"), "s3:prefix=px", NO, NULL},
    {WHERE("'StringNotLike':{'k':'a*b?d'}"), "k=axxbcd", NO, NULL},
    {WHERE("'ArnLike':{'k':'arn:aws:s3:::*'}"), "k=arn:aws:s3:::b", YES, "1"},
    {WHERE("'Null':{'s3:if-match':'false'}"), "s3:if-match=e", YES, "1"},
    {WHERE("'Null':{'s3:if-match':'false'}"), "", NO, NULL},
    {WHERE("'Null':{'s3:if-match':true}"), "", YES, "1"},
    {WHERE("'Bool':{'aws:SecureTransport':true}"), "aws:SecureTransport=true", YES, "1"},
    {WHERE("'Bool':{'aws:SecureTransport':'true'}"), "aws:SecureTransport=false", NO, NULL},
    {WHERE("'NumericLessThanEquals':{'s3:max-keys':'10'}"), "s3:max-keys=10", YES, "1"},
    {WHERE("'NumericLessThan':{'s3:max-keys':10}"), "s3:max-keys=10", NO, NULL},
    {WHERE("'NumericGreaterThan':{'n':1.5}"), "n=2", YES, "1"},
    {WHERE("'NumericGreaterThanEquals':{'n':2}"), "n=1", NO, NULL},
    {WHERE("'NumericEquals':{'n':2}"), "n=2.0", YES, "1"},
    {WHERE("'NumericNotEquals':{'n':2}"), "n=2.0", NO, NULL},
    {WHERE("'NumericEquals':{'n':2}"), "n=two", NO, NULL},
    {WHERE("'ForAnyValue:StringEquals':{'aws:TagKeys':['a','b']}"), "aws:TagKeys=x;aws:TagKeys=b",
     YES, "1"},
    {WHERE("'ForAnyValue:StringEquals':{'aws:TagKeys':'a'}"), "", NO, NULL},
    {WHERE("'ForAllValues:StringLike':{'aws:TagKeys':'m*'}"), "aws:TagKeys=m1;aws:TagKeys=m2", YES,
     "1"},
    {WHERE("'ForAllValues:StringLike':{'aws:TagKeys':'m*'}"), "aws:TagKeys=m1;aws:TagKeys=x", NO,
     NULL},
    {WHERE("'ForAllValues:StringLike':{'aws:TagKeys':'m*'}"), "", YES, "1"},
};

static void test_decisions(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct policy *policy = NULL;
        struct err err = {0};
        struct str text =
            str_fmt(arena, "{'Version':'2012-10-17','Statement':[%s]}", s_cases[i].statements);
        text = json_of(arena, str_z(arena, text));
        assert_ok(policy_parse(arena, text, &policy, &err), &err);
        policy_fact_vec facts = {0};
        struct str rest = str_from(s_cases[i].facts), pair, key;
        while (rest.len > 0 && str_split(&rest, ';', &pair)) {
            struct str value = pair;
            assert_true(str_split(&value, '=', &key));
            *VEC_PUSH(arena, &facts) = (struct policy_fact){key, value};
        }
        struct policy_question question = {
            str_from(s_cases[i].action), str_from(s_cases[i].resource), &facts};
        struct str statement = STR("?");
        int verdict = (int) policy_decide(policy, &question, &statement);
        if (verdict != s_cases[i].verdict)
            fail_msg(
                "case %zu: %s with %s: %d wanted, got %d", i, s_cases[i].statements,
                s_cases[i].facts, s_cases[i].verdict, verdict);
        assert_str_len(statement, str_from(s_cases[i].statement));
    }
}

static void test_refused(void **state)
{
    (void) state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"{", "no JSON"},
        {"{'Version':'2008-10-17','Statement':[]}", "2012-10-17"},
        {"{'Version':'2012-10-17'}", "Statement"},
        {"{'Version':'2012-10-17','Statement':'x'}", "Statement"},
        {"{'Version':'2012-10-17','Statement':[],'Principal':'x'}", "'Principal'"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Maybe'}}", "Effect"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow','Resource':'*'}}", "Action"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*'}}", "Resource"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':[],'Resource':'*'}}",
         "Action"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':{}}}",
         "Resource"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':'*',"
         "'Condition':{'StringMatches':{'k':'v'}}}}",
         "'StringMatches'"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':'*',"
         "'Condition':{'StringLike':{'k':{}}}}}",
         "Condition"},
        {"{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':"
         "'arn:${aws:username}'}}",
         "variables"},
        {"[{'Version':'2012-10-17','Statement':[]},{'Version':'x'}]", "2012-10-17"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        struct policy *policy = NULL;
        struct err err = {0};
        assert_fails(
            policy_parse(arena, json_of(arena, cases[i].text), &policy, &err), ERR_SPEC, &err,
            cases[i].part);
    }
}

/* A policy of two documents. */
static void test_list(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct policy *policy = NULL;
    struct err err = {0};
    policy_fact_vec facts = {0};
    struct policy_question question = {STR("b:y"), STR("r"), &facts};
    struct str statement;
    const char *text = "[{'Version':'2012-10-17','Statement':" ALLOW(
        "'Action':'a:*','Resource':'*'") "},{'Version':'2012-10-17','Statement':"
                                         "[" ALLOW("'Action':'b:*','Resource':'*'") "]}"
                                                                                    "]";
    assert_ok(policy_parse(arena, json_of(arena, text), &policy, &err), &err);
    assert_int_equal(policy_decide(policy, &question, &statement), POLICY_ALLOWED);
    assert_str(statement, "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
