/* engine/local/policy.h - IAM's evaluation of identity-based policies.
 *
 * A policy is one document or a list of them. What is understood: Allow and Deny, Action and
 * NotAction, Resource and NotResource with * and ?, and conditions by the operators of
 * s_operators in policy.c, with IfExists and the prefixes ForAnyValue: and ForAllValues:. Anything
 * else (another operator or member, a policy variable) is refused by policy_parse(), never ignored.
 * Ownership: a policy lives on its arena. Threads: read-only once parsed. Follows:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
#ifndef ENGINE_LOCAL_POLICY_H
#define ENGINE_LOCAL_POLICY_H

#include "engine/base/json.h"
#include "engine/base/vec.h"

struct policy;

/* One value of a condition key; a key with several values is there several times. */
struct policy_fact {
    struct str key, value;
};
typedef VEC(struct policy_fact) policy_fact_vec;

struct policy_question {
    struct str action, resource;
    const policy_fact_vec *facts;
};

enum policy_verdict { POLICY_NOT_ALLOWED, POLICY_ALLOWED, POLICY_DENIED };

/* ERR_SPEC: what cannot be understood, with its place. */
enum err_code
policy_parse(struct arena *arena, struct str text, struct policy **out, struct err *err) MUST_USE;
/* An explicit Deny outweighs every Allow. *ret_statement: the Sid, or number, of the statement that
 * decided; null for POLICY_NOT_ALLOWED. */
enum policy_verdict policy_decide(
    const struct policy *policy, const struct policy_question *question, struct str *ret_statement);

#endif
