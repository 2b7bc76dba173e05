#include "engine/local/sm_shape.h"

#include "engine/base/arena.h"
#include "engine/local/pattern.h"

/* ------------------------------------------------------------------ the check */

/* A fault's texts are bounded: values longer than this are cut, as are faults past the 16th. */
enum { VALUE_SHOWN = 256, FAULTS_SHOWN = 16 };

struct check {
    struct arena *arena;
    struct buf faults;
    size_t count;
    struct str malformed;
};

/* "ProductionVariants" -> "productionVariants" */
static struct str camel(struct arena *arena, const char *name)
{
    struct str copy = str_dup(arena, str_from(name));
    char *text = str_z(arena, copy);

    if (text[0] >= 'A' && text[0] <= 'Z')
        text[0] = (char) (text[0] - 'A' + 'a');
    return str_from(text);
}

/* As Java prints it: text bare, [a, b], {k=v, l=w}. */
static void show(struct buf *out, struct arena *arena, const struct json *value)
{
    bool map = value->type == JSON_OBJECT;

    if (value->type == JSON_STRING) {
        buf_add(out, value->string);
        return;
    }
    if (!map && value->type != JSON_ARRAY) {
        buf_add(out, json_text(arena, value, JSON_COMPACT));
        return;
    }
    buf_add_char(out, map ? '{' : '[');
    JSON_EACH (child, value) {
        if (child != value->first)
            buf_add_z(out, ", ");
        if (map)
            buf_fmt(out, STR_FMT "=", STR_ARG(child->key));
        show(out, arena, child);
    }
    buf_add_char(out, map ? '}' : ']');
}

static struct str shown(struct arena *arena, const struct json *value)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(8));

    if (value == NULL || value->type == JSON_NULL)
        return STR("null");
    show(&text, arena, value);
    return str_fmt(arena, "'" STR_FMT "'", STR_ARG(str_slice(buf_str(&text), 0, VALUE_SHOWN)));
}

static void
fault(struct check *check, struct str path, const struct json *value, struct str constraint)
{
    struct str text = shown(check->arena, value);

    if (++check->count > FAULTS_SHOWN)
        return;
    buf_fmt(
        &check->faults,
        "%sValue " STR_FMT " at '" STR_FMT "' failed to satisfy constraint: " STR_FMT,
        check->count > 1 ? "; " : "", STR_ARG(text), STR_ARG(path), STR_ARG(constraint));
}

static struct str enum_constraint(struct arena *arena, const char *const *values)
{
    struct str text = STR("Member must satisfy enum value set: [");

    for (size_t i = 0; values[i] != NULL; i++)
        text = str_fmt(arena, STR_FMT "%s%s", STR_ARG(text), i > 0 ? ", " : "", values[i]);
    return str_fmt(arena, STR_FMT "]", STR_ARG(text));
}

/* ml.m5.xlarge */
static bool like_instance_type(struct str value)
{
    return pattern_matches("ml\\.[a-z0-9-]+\\.[a-z0-9]+", value);
}

static bool is_listed(const struct sm_shape *shape, struct str value)
{
    for (size_t i = 0; shape->values[i] != NULL; i++)
        if (str_eq_z(value, shape->values[i]))
            return true;
    return shape->open && like_instance_type(value);
}

struct constraints {
    struct str texts[4];
    size_t count;
    bool broken;
};

/* The constraints of a string that this value breaks, or, all, whatever it has when it breaks one:
 * that is how those of map entries and list items are told. */
static struct constraints
string_constraints(struct arena *arena, const struct sm_shape *shape, struct str value, bool all)
{
    struct constraints out = {0};
    int64_t chars = 0;

    for (size_t i = 0; i < value.len; i++)
        chars += ((unsigned char) value.ptr[i] & 0xC0U) != 0x80U;
    bool longer = chars > shape->max, shorter = chars < shape->min;
    bool unlike = shape->pattern != NULL && !pattern_matches(shape->pattern, value);
    bool unlisted = shape->values != NULL && !is_listed(shape, value);

    out.broken = longer || shorter || unlike || unlisted;
    all = all && out.broken;
    if (longer || (all && shape->max != SM_MAX))
        out.texts[out.count++] = str_fmt(
            arena, "Member must have length less than or equal to %lld", (long long) shape->max);
    if (shorter || (all && shape->max != SM_MAX))
        out.texts[out.count++] = str_fmt(
            arena, "Member must have length greater than or equal to %lld", (long long) shape->min);
    if (unlike || (all && shape->pattern != NULL))
        out.texts[out.count++] =
            str_fmt(arena, "Member must satisfy regular expression pattern: %s", shape->pattern);
    if (unlisted)
        out.texts[out.count++] = enum_constraint(arena, shape->values);
    return out;
}

static void check_bounds(
    struct check *check,
    const struct sm_shape *shape,
    struct str path,
    const struct json *value,
    double amount,
    const char *what)
{
    if (amount < (double) shape->min)
        fault(
            check, path, value,
            str_fmt(
                check->arena, "Member must have %s greater than or equal to %lld", what,
                (long long) shape->min));
    else if (amount > (double) shape->max)
        fault(
            check, path, value,
            str_fmt(
                check->arena, "Member must have %s less than or equal to %lld", what,
                (long long) shape->max));
}

static bool type_fits(enum sm_kind kind, const struct json *value)
{
    switch (kind) {
    case SM_STRING:
        return value->type == JSON_STRING;
    case SM_INT:
        return value->type == JSON_NUMBER && value->is_int;
    case SM_NUM:
    case SM_TIME:
        return value->type == JSON_NUMBER;
    case SM_BOOL:
        return value->type == JSON_BOOL;
    case SM_LIST:
        return value->type == JSON_ARRAY;
    case SM_MAP:
    case SM_STRUCT:
        return value->type == JSON_OBJECT;
    }
    return false;
}

static const char *type_name(const struct json *value)
{
    static const char *const names[] = {
        [JSON_NULL] = "NULL_VALUE",     [JSON_BOOL] = "BOOLEAN_VALUE",
        [JSON_NUMBER] = "NUMBER_VALUE", [JSON_STRING] = "STRING_VALUE",
        [JSON_ARRAY] = "START_ARRAY",   [JSON_OBJECT] = "START_OBJECT",
    };

    return names[value->type];
}

static void check_value(
    struct check *check, const struct sm_shape *shape, struct str path, const struct json *value);

/* "Map keys must satisfy constraint: [Member must have .., Member must ..]" */
static bool check_inner(
    struct check *check,
    const struct sm_shape *shape,
    struct str inner,
    struct str path,
    const struct json *value,
    const char *what)
{
    AUTO(buf_done) struct buf text = BUF_INIT(KIB(64));
    struct constraints found = string_constraints(check->arena, shape, inner, true);

    for (size_t i = 0; i < found.count; i++)
        buf_fmt(&text, "%s" STR_FMT, i > 0 ? ", " : "", STR_ARG(found.texts[i]));
    if (found.broken)
        fault(
            check, path, value,
            str_fmt(
                check->arena, "%s must satisfy constraint: [" STR_FMT "]", what,
                STR_ARG(buf_str(&text))));
    return !found.broken;
}

static void check_map(
    struct check *check, const struct sm_shape *shape, struct str path, const struct json *value)
{
    bool keys_told = false, values_told = false;

    check_bounds(check, shape, path, value, (double) value->len, "length");
    JSON_EACH (entry, value) {
        if (!keys_told)
            keys_told = !check_inner(check, shape->key, entry->key, path, value, "Map keys");
        if (shape->item->kind != SM_STRING || entry->type != JSON_STRING)
            check_value(
                check, shape->item,
                str_fmt(
                    check->arena, STR_FMT "." STR_FMT ".member", STR_ARG(path),
                    STR_ARG(entry->key)),
                entry);
        else if (!values_told)
            values_told = !check_inner(check, shape->item, entry->string, path, value, "Map value");
    }
}

static void check_struct(
    struct check *check, const struct sm_shape *shape, struct str path, const struct json *value)
{
    for (const struct sm_member *member = shape->members; member->name != NULL; member++) {
        const struct json *child = json_get(value, member->name);
        struct str name = camel(check->arena, member->name);
        struct str at =
            path.len == 0
                ? name
                : str_fmt(check->arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(name));

        if (child != NULL && child->type != JSON_NULL)
            check_value(check, member->shape, at, child);
        else if (member->required)
            fault(check, at, NULL, STR("Member must not be null"));
    }
}

static void check_list(
    struct check *check, const struct sm_shape *shape, struct str path, const struct json *value)
{
    bool told = false;
    size_t index = 0;

    check_bounds(check, shape, path, value, (double) value->len, "length");
    JSON_EACH (item, value) {
        struct str at = str_fmt(check->arena, STR_FMT ".%zu.member", STR_ARG(path), ++index);
        if (shape->item->kind != SM_STRING || item->type != JSON_STRING)
            check_value(check, shape->item, at, item);
        else if (!told)
            told = !check_inner(check, shape->item, item->string, path, value, "Member");
    }
}

static void check_value(
    struct check *check, const struct sm_shape *shape, struct str path, const struct json *value)
{
    struct constraints broken;

    if (!type_fits(shape->kind, value)) {
        static const char *const wanted[] = {
            [SM_STRING] = "a String", [SM_INT] = "an Integer",    [SM_NUM] = "a Float",
            [SM_BOOL] = "a Boolean",  [SM_TIME] = "a Date",       [SM_LIST] = "a List",
            [SM_MAP] = "a Map",       [SM_STRUCT] = "a Structure"};
        check->malformed = str_fmt(
            check->arena, "%s can not be converted to %s", type_name(value), wanted[shape->kind]);
        return;
    }
    switch (shape->kind) {
    case SM_STRING:
        broken = string_constraints(check->arena, shape, value->string, false);
        for (size_t i = 0; i < broken.count; i++)
            fault(check, path, value, broken.texts[i]);
        break;
    case SM_INT:
    case SM_NUM:
        check_bounds(check, shape, path, value, value->number, "value");
        break;
    case SM_LIST:
        check_list(check, shape, path, value);
        break;
    case SM_MAP:
        check_map(check, shape, path, value);
        break;
    case SM_STRUCT:
        check_struct(check, shape, path, value);
        break;
    case SM_BOOL:
    case SM_TIME:
        break;
    }
}

enum sm_verdict sm_shape_check(
    struct arena *arena,
    const struct sm_shape *shape,
    const struct json *request,
    struct str *ret_message)
{
    struct check check = {.arena = arena, .malformed = STR_NULL};
    enum sm_verdict verdict = SM_FINE;

    buf_init(&check.faults, KIB(64));
    check_value(&check, shape, STR(""), request);
    if (!str_is_null(check.malformed)) {
        *ret_message = check.malformed;
        verdict = SM_MALFORMED;
    } else if (check.count > 0) {
        *ret_message = str_fmt(
            arena, "%zu validation error%s detected: " STR_FMT, check.count,
            check.count > 1 ? "s" : "", STR_ARG(buf_str(&check.faults)));
        verdict = SM_INVALID;
    }
    buf_done(&check.faults);
    return verdict;
}
