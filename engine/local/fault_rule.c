#include "engine/local/fault_rule.h"

#include "engine/base/buf.h"
#include "engine/base/rng.h"
#include "engine/local/call.h"

enum { MAX_RULE = 16 * 1024, MAX_PARTS = 32, MAX_TEXT = 2048 };

static const struct fault_kind s_kinds[] = {
#define KIND_ROW(name, moments, flags, operations, help) {name, moments, flags, operations, help},
    LOCAL_FAULT_KINDS(KIND_ROW)
#undef KIND_ROW
};

static const struct fault_param s_params[] = {
#define PARAM_ROW(name, type, kinds, help) {name, type, kinds, help},
    LOCAL_FAULT_PARAMS(PARAM_ROW)
#undef PARAM_ROW
};

const struct fault_kind *fault_kind_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_kinds); i++)
        if (str_eq_z(name, s_kinds[i].name))
            return &s_kinds[i];
    return NULL;
}

static const struct fault_param *param_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(s_params); i++)
        if (str_eq_z(name, s_params[i].name))
            return &s_params[i];
    return NULL;
}

/* Whether a word stands in a list; a NULL list has all. */
static bool has_word(const char *list, struct str word)
{
    struct str rest = str_from(list), part = STR_NULL;
    while (str_split(&rest, ' ', &part))
        if (str_eq(part, word))
            return true;
    return list == NULL;
}

static enum err_code kind_unknown(struct str name, struct err *err)
{
    size_t nearest = SIZE_MAX;
    const char *near = NULL;
    for (size_t i = 0; i < ARRAY_LEN(s_kinds); i++) {
        size_t distance = str_distance(name, str_from(s_kinds[i].name));
        if (distance < nearest && distance <= 3) {
            nearest = distance;
            near = s_kinds[i].name;
        }
    }
    err_set(err, ERR_USAGE, "'" STR_FMT "' is not a kind of fault", STR_ARG(name));
    return near != NULL ? err_hint(err, "did you mean '%s'?", near)
                        : err_hint(err, "see 'mmectl local fault --help'");
}

/* ---- checks ---- */

static enum err_code bad_value(const char *name, const char *wanted, struct err *err)
{
    return err_set(err, ERR_USAGE, "'%s' of a fault must be %s", name, wanted);
}

static enum err_code check_number(
    const struct fault_param *param,
    const struct json *value,
    int64_t least,
    int64_t most,
    const char *wanted,
    struct err *err)
{
    bool good = value->type == JSON_NUMBER && value->is_int && value->integer >= least &&
                value->integer <= most;
    return good ? ERR_NONE : bad_value(param->name, wanted, err);
}

static enum err_code
check_value(const struct fault_param *param, const struct json *rule, struct err *err)
{
    const struct json *value = json_get(rule, param->name);
    bool names_state = str_eq_z(json_get_str(rule, "kind"), "status");
    bool is_state = param->type == FAULT_STATUS && names_state;
    switch (is_state ? FAULT_TEXT : param->type) {
    case FAULT_STATUS:
        return check_number(param, value, 400, 599, "an HTTP status from 400 to 599", err);
    case FAULT_TEXT:
        if (value->type == JSON_STRING && value->string.len <= MAX_TEXT)
            return ERR_NONE;
        return bad_value(param->name, "text", err);
    case FAULT_FLAG:
        return value->type == JSON_BOOL ? ERR_NONE : bad_value(param->name, "true or false", err);
    case FAULT_COUNT:
        return check_number(param, value, 1, INT64_MAX, "a whole number of 1 or more", err);
    case FAULT_WHOLE:
        return check_number(param, value, 0, INT64_MAX, "a whole number, not below 0", err);
    case FAULT_SIGNED:
        return check_number(
            param, value, -INT64_C(86400000), INT64_C(86400000),
            "a number of milliseconds, within a day", err);
    case FAULT_FRACTION:
        if (value->type == JSON_NUMBER && value->number > 0 && value->number <= 1)
            return ERR_NONE;
        return bad_value(param->name, "above 0 and not above 1", err);
    }
    return ERR_NONE;
}

/* A name that no operation has would be a rule that never fires. */
static enum err_code
check_operation(const struct fault_kind *kind, const struct json *rule, struct err *err)
{
    struct str name = json_get_str(rule, "operation");
    size_t hits = 0, possible = 0;
    const char *near = NULL;
    if (str_is_null(name))
        return ERR_NONE;
    for (size_t i = 0; i < local_op_count(); i++) {
        const struct local_op *op = local_op_at(i);
        struct str known = str_from(op->name);
        if (op->service == LOCAL_ADMIN)
            continue;
        if (fault_rule_hits(rule, known)) {
            hits++;
            possible += has_word(kind->operations, known);
        } else if (near == NULL && str_distance(name, known) <= 3) {
            near = op->name;
        }
    }
    if (hits == 0) {
        err_set(err, ERR_USAGE, "the stand-in has no operation '" STR_FMT "'", STR_ARG(name));
        return near != NULL ? err_hint(err, "did you mean '%s'?", near) : err->code;
    }
    if (possible > 0)
        return ERR_NONE;
    err_set(
        err, ERR_USAGE, "a fault of kind '%s' cannot hit '" STR_FMT "'", kind->name, STR_ARG(name));
    return err_hint(err, "it is for: %s", kind->operations);
}

static enum err_code check_together(const struct json *rule, struct err *err)
{
    static const char *const when[] = {"nth", "every", "probability"};
    const char *first = NULL;
    for (size_t i = 0; i < ARRAY_LEN(when); i++) {
        if (json_get(rule, when[i]) == NULL)
            continue;
        if (first != NULL)
            return err_set(
                err, ERR_USAGE, "'%s' and '%s' of a fault exclude each other", first, when[i]);
        first = when[i];
    }
    if (str_eq_z(json_get_str(rule, "kind"), "slow") && json_get_int(rule, "ms", 0) < 0)
        return bad_value("ms", "0 or more for 'slow'", err);
    if (json_get(rule, "seed") != NULL && json_get(rule, "probability") == NULL)
        return err_set(err, ERR_USAGE, "'seed' of a fault needs 'probability'");
    return ERR_NONE;
}

enum err_code fault_rule_check(const struct json *rule, struct err *err)
{
    if (rule == NULL || rule->type != JSON_OBJECT)
        return err_set(err, ERR_USAGE, "a fault is KIND[,NAME=VALUE]... or an object in JSON");
    struct str name = json_get_str(rule, "kind");
    const struct fault_kind *kind = fault_kind_find(name);
    if (kind == NULL)
        return kind_unknown(name, err);
    JSON_EACH (member, rule) {
        const struct fault_param *param = param_find(member->key);
        if (str_eq_z(member->key, "kind"))
            continue;
        if (param == NULL)
            return err_set(
                err, ERR_USAGE, "a fault has no parameter '" STR_FMT "'", STR_ARG(member->key));
        if (!has_word(param->kinds, name))
            return err_set(
                err, ERR_USAGE, "a fault of kind '%s' takes no '%s'", kind->name, param->name);
        enum err_code code = check_value(param, rule, err);
        if (code != ERR_NONE)
            return code;
    }
    enum err_code code = check_together(rule, err);
    return code == ERR_NONE ? check_operation(kind, rule, err) : code;
}

/* ---- reading and writing ---- */

static struct json *read_value(struct arena *arena, enum fault_param_type type, struct str text)
{
    int64_t whole = 0;
    double number = 0;
    if (type == FAULT_FLAG && (str_eq_z(text, "true") || str_eq_z(text, "false")))
        return json_bool(arena, str_eq_z(text, "true"));
    if (type == FAULT_FRACTION && str_to_f64(text, &number))
        return json_num(arena, number);
    if (type != FAULT_TEXT && type != FAULT_FRACTION && str_to_i64(text, &whole))
        return json_int(arena, whole);
    return json_string(arena, text); /* refused by the check when it should be something else */
}

enum err_code
fault_rule_read(struct arena *arena, struct str text, struct json **out, struct err *err)
{
    struct json *rule = NULL;
    struct str rest = str_trim(text), part = STR_NULL;
    size_t parts = 0;
    if (rest.len > 0 && rest.ptr[0] == '{') {
        enum err_code code = json_parse(arena, rest, MAX_RULE, &rule, err);
        if (code != ERR_NONE) {
            err->code = ERR_USAGE;
            return err_wrap(err, "the fault's JSON");
        }
    } else {
        rule = json_object(arena);
        while (str_split(&rest, ',', &part)) {
            size_t equals = str_index(part, '=');
            struct str name = str_trim(str_slice(part, 0, equals));
            const struct fault_param *param = param_find(name);
            if (++parts == 1) {
                json_put(arena, rule, "kind", json_string(arena, str_trim(part)));
                continue;
            }
            if (equals == SIZE_MAX || parts > MAX_PARTS)
                return err_set(
                    err, ERR_USAGE, "a fault is KIND[,NAME=VALUE]..., not '" STR_FMT "'",
                    STR_ARG(text));
            if (json_get(rule, str_z(arena, name)) != NULL)
                return err_set(
                    err, ERR_USAGE, "'" STR_FMT "' of a fault is given twice", STR_ARG(name));
            json_set(
                arena, rule, str_dup(arena, name),
                read_value(
                    arena, param != NULL ? param->type : FAULT_TEXT,
                    str_trim(str_from_index(part, equals + 1))));
        }
    }
    enum err_code code = fault_rule_check(rule, err);
    if (code == ERR_NONE)
        *out = rule;
    return code;
}

struct str fault_rule_text(struct arena *arena, const struct json *rule)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_RULE);
    bool plain = true;
    buf_add(&text, json_get_str(rule, "kind"));
    for (size_t i = 0; i < ARRAY_LEN(s_params); i++) {
        const struct json *value = json_get(rule, s_params[i].name);
        if (value == NULL)
            continue;
        struct str shown =
            value->type == JSON_STRING ? value->string : json_text(arena, value, JSON_COMPACT);
        plain &= str_index(shown, ',') == SIZE_MAX;
        buf_fmt(&text, ",%s=" STR_FMT, s_params[i].name, STR_ARG(shown));
    }
    if (plain)
        return str_dup(arena, buf_str(&text));
    struct json *copy = json_object(arena);
    json_put(arena, copy, "kind", json_string(arena, json_get_str(rule, "kind")));
    for (size_t i = 0; i < ARRAY_LEN(s_params); i++) {
        const struct json *value = json_get(rule, s_params[i].name);
        if (value != NULL)
            json_set(arena, copy, str_from(s_params[i].name), json_copy(arena, value));
    }
    return json_text(arena, copy, JSON_COMPACT);
}

/* ---- firing ---- */

bool fault_rule_hits(const struct json *rule, struct str operation)
{
    struct str wanted = json_get_str(rule, "operation");
    if (str_is_null(wanted))
        return true;
    if (wanted.len > 0 && wanted.ptr[wanted.len - 1] == '*')
        return str_starts(operation, str_slice(wanted, 0, wanted.len - 1));
    return str_eq(wanted, operation);
}

/* The nth call that matches is hit or not whatever came between: a number of its own each. */
static bool by_chance(const struct json *rule, double probability, int64_t seen)
{
    struct rng rng;
    uint64_t seed = (uint64_t) json_get_int(rule, "seed", 0);
    rng_seed(&rng, (seed << 32) ^ (seed >> 32) ^ (uint64_t) seen);
    return rng_unit(&rng) < probability;
}

bool fault_rule_due(const struct json *rule, int64_t seen, int64_t fired)
{
    const struct fault_kind *kind = fault_kind_find(json_get_str(rule, "kind"));
    int64_t nth = json_get_int(rule, "nth", 0), every = json_get_int(rule, "every", 0);
    const struct json *probability = json_get(rule, "probability");
    bool endless = nth > 0 || every > 0 || probability != NULL ||
                   (kind != NULL && (kind->flags & FAULT_ALWAYS) != 0);
    int64_t times = json_get_int(rule, "times", endless ? 0 : 1);
    if (times > 0 && fired >= times)
        return false;
    if (nth > 0)
        return seen == nth;
    if (probability != NULL)
        return by_chance(rule, probability->number, seen);
    return every <= 0 || seen % every == 0;
}
