/* An IAM policy of the stand-in's, and what it says to some calls. The first line is a resource. */
#include "tests/fuzz/fuzz.h"

#include "engine/local/policy.h"

static enum policy_verdict
ask(const struct policy *policy, const char *action, struct str resource, struct str value)
{
    AUTO(arena_close) struct arena *arena = arena_new("facts", 0);
    policy_fact_vec facts = {0};
    static const char *const keys[] = {"s3:prefix", "aws:RequestedRegion", "aws:SecureTransport"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        *VEC_PUSH(arena, &facts) = (struct policy_fact){str_from(keys[i]), value};
    struct policy_question question = {str_from(action), resource, &facts};
    struct str statement = STR_NULL;
    enum policy_verdict verdict = policy_decide(policy, &question, &statement);
    FUZZ_HOLDS((verdict == POLICY_NOT_ALLOWED) == str_is_null(statement));
    return verdict;
}

void fuzz_policy(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct str rest = input, resource = fuzz_line(&rest);
    struct policy *policy = NULL;
    struct err err = {0};
    enum err_code code = policy_parse(arena, rest, &policy, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    static const char *const actions[] = {"s3:GetObject", "sagemaker:CreateModel", ""};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        enum policy_verdict verdict = ask(policy, actions[i], resource, STR("us-east-1"));
        FUZZ_HOLDS(verdict == ask(policy, actions[i], resource, STR("us-east-1")));
        (void) ask(policy, actions[i], resource, resource);
    }
}
