#include "engine/local/policy.h"

#include "engine/base/arena.h"

enum { MAX_POLICY_BYTES = 128 * 1024, MAX_STATEMENTS = 200 };

enum comparison {
    COMPARE_EQUAL,
    COMPARE_NOCASE,
    COMPARE_LIKE,
    COMPARE_BOOL,
    COMPARE_NUMBER_EQUAL,
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_GREATER,
    COMPARE_GREATER_EQUAL,
    COMPARE_NULL
};

/* To add an operator: a row, and matches() if it compares in a new way. */
static const struct comparer {
    const char *name;
    enum comparison comparison;
    bool negated;
} s_operators[] = {
    {"StringEquals", COMPARE_EQUAL, false},
    {"StringNotEquals", COMPARE_EQUAL, true},
    {"StringEqualsIgnoreCase", COMPARE_NOCASE, false},
    {"StringNotEqualsIgnoreCase", COMPARE_NOCASE, true},
    {"StringLike", COMPARE_LIKE, false},
    {"StringNotLike", COMPARE_LIKE, true},
    {"ArnEquals", COMPARE_LIKE, false},
    {"ArnLike", COMPARE_LIKE, false},
    {"ArnNotEquals", COMPARE_LIKE, true},
    {"ArnNotLike", COMPARE_LIKE, true},
    {"Bool", COMPARE_BOOL, false},
    {"NumericEquals", COMPARE_NUMBER_EQUAL, false},
    {"NumericNotEquals", COMPARE_NUMBER_EQUAL, true},
    {"NumericLessThan", COMPARE_LESS, false},
    {"NumericLessThanEquals", COMPARE_LESS_EQUAL, false},
    {"NumericGreaterThan", COMPARE_GREATER, false},
    {"NumericGreaterThanEquals", COMPARE_GREATER_EQUAL, false},
    {"Null", COMPARE_NULL, false},
};

enum quantifier { ONE_VALUE, ANY_VALUE, ALL_VALUES };

struct condition {
    const struct comparer *comparer;
    enum quantifier quantifier;
    bool if_exists;
    struct str key;
    const struct json *values; /* a list of texts */
};

struct statement {
    bool deny, not_action, not_resource;
    struct str name;
    const struct json *actions, *resources;
    VEC(struct condition) conditions;
};

struct policy {
    VEC(struct statement) statements;
};

/* ------------------------------------------------------------------ reading */

/* A text or a list of texts, as a list; NULL when it is neither. */
static const struct json *as_list(struct arena *arena, const struct json *value)
{
    struct json *list = json_array(arena);
    if (value == NULL)
        return NULL;
    if (value->type != JSON_ARRAY)
        return value->type == JSON_STRING || value->type == JSON_BOOL || value->type == JSON_NUMBER
                   ? json_push(
                         list, json_string(
                                   arena, value->type == JSON_STRING
                                              ? value->string
                                              : json_text(arena, value, JSON_COMPACT)))
                   : NULL;
    JSON_EACH (item, value) {
        const struct json *one = item->type == JSON_ARRAY ? NULL : as_list(arena, item);
        if (one == NULL)
            return NULL;
        json_push(list, json_string(arena, one->first->string));
    }
    return list->len > 0 ? list : NULL;
}

static enum err_code read_list(
    struct arena *arena,
    const struct json *value,
    const char *what,
    const struct json **out,
    struct err *err)
{
    const struct json *list = as_list(arena, value);
    if (list == NULL)
        return err_set(err, ERR_SPEC, "'%s' of a policy must be a text or a list of texts", what);
    JSON_EACH (item, list)
        if (str_find(item->string, STR("${")) != SIZE_MAX)
            return err_set(
                err, ERR_SPEC, "policy variables are not understood: '" STR_FMT "'",
                STR_ARG(item->string));
    *out = list;
    return ERR_NONE;
}

/* "ForAnyValue:StringLikeIfExists" */
static enum err_code read_operator(struct str name, struct condition *out, struct err *err)
{
    struct str rest = name;
    if (str_starts(rest, STR("ForAnyValue:"))) {
        out->quantifier = ANY_VALUE;
        rest = str_from_index(rest, strlen("ForAnyValue:"));
    } else if (str_starts(rest, STR("ForAllValues:"))) {
        out->quantifier = ALL_VALUES;
        rest = str_from_index(rest, strlen("ForAllValues:"));
    }
    if (str_ends(rest, STR("IfExists"))) {
        out->if_exists = true;
        rest = str_slice(rest, 0, rest.len - strlen("IfExists"));
    }
    for (size_t i = 0; i < ARRAY_LEN(s_operators); i++)
        if (str_eq_z(rest, s_operators[i].name))
            out->comparer = &s_operators[i];
    if (out->comparer != NULL)
        return ERR_NONE;
    return err_set(
        err, ERR_SPEC, "'" STR_FMT "' is no condition operator this program knows", STR_ARG(name));
}

static enum err_code read_conditions(
    struct arena *arena, const struct json *block, struct statement *out, struct err *err)
{
    JSON_EACH (by_operator, block) {
        struct condition condition = {0};
        enum err_code code = read_operator(by_operator->key, &condition, err);
        if (code != ERR_NONE)
            return code;
        JSON_EACH (by_key, by_operator) {
            condition.key = by_key->key;
            code = read_list(arena, by_key, "Condition", &condition.values, err);
            if (code != ERR_NONE)
                return code;
            *VEC_PUSH(arena, &out->conditions) = condition;
        }
    }
    return ERR_NONE;
}

static enum err_code
check_members(const struct json *object, const char *const *known, size_t count, struct err *err)
{
    JSON_EACH (member, object) {
        bool found = false;
        for (size_t i = 0; i < count; i++)
            found |= str_eq_z(member->key, known[i]);
        if (!found)
            return err_set(
                err, ERR_SPEC, "'" STR_FMT "' of a policy is not understood", STR_ARG(member->key));
    }
    return ERR_NONE;
}

static enum err_code
read_statement(struct arena *arena, const struct json *json, struct policy *policy, struct err *err)
{
    static const char *const known[] = {"Sid",      "Effect",      "Action",   "NotAction",
                                        "Resource", "NotResource", "Condition"};
    struct statement statement = {.name = json_get_str(json, "Sid")};
    struct str effect = json_get_str(json, "Effect");
    const struct json *action = json_get(json, "Action"), *resource = json_get(json, "Resource");
    enum err_code code = check_members(json, known, ARRAY_LEN(known), err);
    if (code != ERR_NONE)
        return code;
    if (!str_eq(effect, STR("Allow")) && !str_eq(effect, STR("Deny")))
        return err_set(err, ERR_SPEC, "'Effect' of a policy must be Allow or Deny");
    if (policy->statements.len == MAX_STATEMENTS)
        return err_set(err, ERR_SPEC, "a policy has at most %d statements", MAX_STATEMENTS);
    statement.deny = str_eq(effect, STR("Deny"));
    statement.not_action = action == NULL;
    statement.not_resource = resource == NULL;
    if (str_is_null(statement.name))
        statement.name = str_fmt(arena, "%zu", policy->statements.len + 1);
    code = read_list(
        arena, action != NULL ? action : json_get(json, "NotAction"), "Action", &statement.actions,
        err);
    if (code == ERR_NONE)
        code = read_list(
            arena, resource != NULL ? resource : json_get(json, "NotResource"), "Resource",
            &statement.resources, err);
    if (code == ERR_NONE)
        code = read_conditions(arena, json_get(json, "Condition"), &statement, err);
    if (code == ERR_NONE)
        *VEC_PUSH(arena, &policy->statements) = statement;
    return code;
}

static enum err_code
read_document(struct arena *arena, const struct json *json, struct policy *policy, struct err *err)
{
    static const char *const known[] = {"Version", "Id", "Statement"};
    const struct json *statements = json_get(json, "Statement");
    enum err_code code = check_members(json, known, ARRAY_LEN(known), err);
    if (code != ERR_NONE)
        return code;
    if (!str_eq(json_get_str(json, "Version"), STR("2012-10-17")))
        return err_set(err, ERR_SPEC, "'Version' of a policy must be 2012-10-17");
    if (statements == NULL || (statements->type != JSON_OBJECT && statements->type != JSON_ARRAY))
        return err_set(err, ERR_SPEC, "a policy needs a 'Statement'");
    if (statements->type == JSON_OBJECT)
        return read_statement(arena, statements, policy, err);
    JSON_EACH (statement, statements) {
        code = read_statement(arena, statement, policy, err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

enum err_code
policy_parse(struct arena *arena, struct str text, struct policy **out, struct err *err)
{
    struct policy *policy = ARENA_NEW(arena, struct policy);
    struct json *json = NULL;
    enum err_code code = json_parse(arena, text, MAX_POLICY_BYTES, &json, err);
    *policy = (struct policy){0};
    if (code != ERR_NONE)
        return err_set(err, ERR_SPEC, "a policy is no JSON");
    if (json->type != JSON_ARRAY)
        code = read_document(arena, json, policy, err);
    else
        for (const struct json *one = json->first; one != NULL && code == ERR_NONE; one = one->next)
            code = read_document(arena, one, policy, err);
    if (code == ERR_NONE)
        *out = policy;
    return code;
}

/* ------------------------------------------------------------------ deciding */

static char fold(char c, bool nocase)
{
    return nocase && c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* * for any text, ? for any character. */
static bool like(struct str pattern, struct str text, bool nocase)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = t;
        } else if (
            p < pattern.len &&
            (pattern.ptr[p] == '?' || fold(pattern.ptr[p], nocase) == fold(text.ptr[t], nocase))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

static bool any_like(const struct json *patterns, struct str text, bool nocase)
{
    JSON_EACH (pattern, patterns)
        if (like(pattern->string, text, nocase))
            return true;
    return false;
}

static bool matches(enum comparison comparison, struct str wanted, struct str value)
{
    double left = 0, right = 0;
    bool numbers = str_to_f64(value, &left) && str_to_f64(wanted, &right);
    switch (comparison) {
    case COMPARE_EQUAL:
        return str_eq(wanted, value);
    case COMPARE_NOCASE:
    case COMPARE_BOOL:
        return str_eq_nocase(wanted, value);
    case COMPARE_LIKE:
        return like(wanted, value, false);
    case COMPARE_NUMBER_EQUAL:
        return numbers && !(left < right) && !(left > right);
    case COMPARE_LESS:
        return numbers && left < right;
    case COMPARE_LESS_EQUAL:
        return numbers && left <= right;
    case COMPARE_GREATER:
        return numbers && left > right;
    case COMPARE_GREATER_EQUAL:
        return numbers && left >= right;
    case COMPARE_NULL:
        return false; /* asks whether the key is there; holds() answers it */
    }
    return false;
}

/* One value of the request against all of the policy's. */
static bool value_holds(const struct condition *condition, struct str value)
{
    bool found = false;
    for (const struct json *wanted = condition->values->first; wanted != NULL && !found;
         wanted = wanted->next)
        found = matches(condition->comparer->comparison, wanted->string, value);
    return found != condition->comparer->negated;
}

static bool holds(const struct condition *condition, const policy_fact_vec *facts)
{
    size_t there = 0, holding = 0;
    for (size_t i = 0; i < facts->len; i++)
        if (str_eq_nocase(facts->items[i].key, condition->key)) {
            there++;
            holding += value_holds(condition, facts->items[i].value);
        }
    if (condition->comparer->comparison == COMPARE_NULL)
        return str_eq_nocase(condition->values->first->string, STR("true")) == (there == 0);
    if (condition->quantifier == ALL_VALUES)
        return holding == there;
    if (there == 0)
        return condition->if_exists ||
               (condition->comparer->negated && condition->quantifier == ONE_VALUE);
    if (condition->quantifier == ONE_VALUE && condition->comparer->negated)
        return holding == there;
    return holding > 0;
}

static bool applies(const struct statement *statement, const struct policy_question *question)
{
    if (any_like(statement->actions, question->action, true) == statement->not_action ||
        any_like(statement->resources, question->resource, false) == statement->not_resource)
        return false;
    for (size_t i = 0; i < statement->conditions.len; i++)
        if (!holds(&statement->conditions.items[i], question->facts))
            return false;
    return true;
}

enum policy_verdict policy_decide(
    const struct policy *policy, const struct policy_question *question, struct str *ret_statement)
{
    enum policy_verdict verdict = POLICY_NOT_ALLOWED;
    *ret_statement = STR_NULL;
    for (size_t i = 0; i < policy->statements.len; i++) {
        const struct statement *statement = &policy->statements.items[i];
        bool decided = verdict == POLICY_ALLOWED && !statement->deny;
        if (decided || !applies(statement, question))
            continue;
        *ret_statement = statement->name;
        if (statement->deny)
            return POLICY_DENIED;
        verdict = POLICY_ALLOWED;
    }
    return verdict;
}
