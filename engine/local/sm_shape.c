#include "engine/local/sm_shape.h"

#include "engine/base/arena.h"

/* ------------------------------------------------------------------ patterns */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool all_of(struct str value, const char *also)
{
    for (size_t i = 0; i < value.len; i++)
        if (!is_alnum(value.ptr[i]) && (value.ptr[i] == '\0' || !strchr(also, value.ptr[i])))
            return false;
    return true;
}

static bool matches_name(struct str value)
{
    return value.len >= 1 && value.len <= 63 && all_of(value, "-") && is_alnum(value.ptr[0]) &&
           is_alnum(value.ptr[value.len - 1]);
}

static bool matches_part(struct str value)
{
    return value.len >= 1 && all_of(value, "-");
}

static bool matches_digits(struct str value, size_t count)
{
    if (value.len != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
    return true;
}

/* arn:aws...:iam::123456789012:role/name */
static bool matches_role(struct str value)
{
    struct str rest = value, part = STR_NULL;
    static const char *const fixed[] = {"arn", NULL, "iam", ""};

    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        if (!str_split(&rest, ':', &part))
            return false;
        if (fixed[i] != NULL ? !str_eq_z(part, fixed[i]) : !str_starts(part, STR("aws")))
            return false;
    }
    if (!str_split(&rest, ':', &part) || !matches_digits(part, 12) || str_is_null(rest))
        return false;
    return str_starts(rest, STR("role")) && rest.len > 5 && all_of(rest, "_+=,.@-/");
}

static bool matches_s3_uri(struct str value)
{
    struct str rest = STR_NULL;

    if (str_starts(value, STR("s3://")))
        rest = str_from_index(value, 5);
    else if (str_starts(value, STR("https://")))
        rest = str_from_index(value, 8);
    return rest.len >= 1 && rest.ptr[0] != '/';
}

static bool matches_kms(struct str value)
{
    return all_of(value, ":/_-");
}

static bool matches_visible(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char) value.ptr[i] <= ' ')
            return false;
    return value.len >= 1;
}

/* \p{L}\p{Z}\p{N}: every byte of a multi-byte character is taken as a letter. */
static bool matches_tag(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char) value.ptr[i];
        if (c < 0x80 && !is_alnum((char) c) && (c == '\0' || !strchr(" _.:/=+-@", (char) c)))
            return false;
    }
    return true;
}

static bool matches_channel(struct str value)
{
    return value.len >= 1 && all_of(value, ".-_");
}

static bool matches_env_key(struct str value)
{
    return value.len >= 1 && all_of(value, "_") && !(value.ptr[0] >= '0' && value.ptr[0] <= '9');
}

/* Instance types are not enumerated: the service's list grows with every release. */
static bool matches_instance(struct str value)
{
    struct str rest = value, part = STR_NULL;

    if (!str_split(&rest, '.', &part) || !str_eq_z(part, "ml"))
        return false;
    if (!str_split(&rest, '.', &part) || part.len < 2 || !all_of(part, "-"))
        return false;
    return rest.len >= 1 && all_of(rest, "");
}

static bool matches_arn(struct str value)
{
    struct str rest = value, part = STR_NULL;

    if (!str_split(&rest, ':', &part) || !str_eq_z(part, "arn"))
        return false;
    if (!str_split(&rest, ':', &part) || !str_starts(part, STR("aws")))
        return false;
    if (!str_split(&rest, ':', &part) || !str_eq_z(part, "sagemaker"))
        return false;
    if (!str_split(&rest, ':', &part) || !all_of(part, "-"))
        return false;
    return str_split(&rest, ':', &part) && matches_digits(part, 12) && rest.len >= 1;
}

const struct sm_pattern sm_pattern_name = {"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", matches_name};
const struct sm_pattern sm_pattern_model_name = {
    "^[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?", matches_name};
const struct sm_pattern sm_pattern_role = {
    "^arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+$", matches_role};
const struct sm_pattern sm_pattern_s3_uri = {"^(https|s3)://([^/]+)/?(.*)$", matches_s3_uri};
const struct sm_pattern sm_pattern_kms = {"^[a-zA-Z0-9:/_-]*$", matches_kms};
const struct sm_pattern sm_pattern_visible = {"[\\S]+", matches_visible};
const struct sm_pattern sm_pattern_tag = {"^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", matches_tag};
const struct sm_pattern sm_pattern_channel = {"[A-Za-z0-9\\.\\-_]+", matches_channel};
const struct sm_pattern sm_pattern_env_key = {"[a-zA-Z_][a-zA-Z0-9_]*", matches_env_key};
const struct sm_pattern sm_pattern_id = {"[-0-9a-zA-Z]+", matches_part};
const struct sm_pattern sm_pattern_part = {"[a-zA-Z0-9\\-]+", matches_part};
const struct sm_pattern sm_pattern_instance = {"^ml\\.[a-z0-9-]+\\.[a-z0-9]+$", matches_instance};
const struct sm_pattern sm_pattern_arn = {
    "^arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:.+$", matches_arn};

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

static struct str shown(struct arena *arena, const struct json *value)
{
    struct str text;

    if (value == NULL || value->type == JSON_NULL)
        return STR("null");
    text = value->type == JSON_STRING ? value->string : json_text(arena, value, JSON_COMPACT);
    return str_fmt(arena, "'" STR_FMT "'", STR_ARG(str_slice(text, 0, VALUE_SHOWN)));
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

/* The constraints a string breaks, as texts; at most three of them. */
static size_t string_constraints(
    struct arena *arena, const struct sm_shape *shape, struct str value, struct str out[3])
{
    size_t count = 0, chars = 0;
    bool known = shape->values == NULL;

    for (size_t i = 0; i < value.len; i++)
        chars += ((unsigned char) value.ptr[i] & 0xC0U) != 0x80U;
    if (shape->max > 0 && chars > (uint64_t) shape->max)
        out[count++] = str_fmt(
            arena, "Member must have length less than or equal to %lld", (long long) shape->max);
    else if (chars < (uint64_t) shape->min)
        out[count++] = str_fmt(
            arena, "Member must have length greater than or equal to %lld", (long long) shape->min);
    if (shape->pattern != NULL && !shape->pattern->matches(value))
        out[count++] = str_fmt(
            arena, "Member must satisfy regular expression pattern: %s", shape->pattern->text);
    for (size_t i = 0; !known && shape->values[i] != NULL; i++)
        known = str_eq_z(value, shape->values[i]);
    if (!known)
        out[count++] = enum_constraint(arena, shape->values);
    return count;
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
    else if (shape->max > 0 && amount > (double) shape->max)
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
    case SM_ANY:
        return true;
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

static void check_map(
    struct check *check, const struct sm_shape *shape, struct str path, const struct json *value)
{
    struct str broken[3];
    size_t n_broken;

    check_bounds(check, shape, path, value, (double) value->len, "length");
    JSON_EACH (entry, value) {
        n_broken = string_constraints(check->arena, shape->key, entry->key, broken);
        for (size_t i = 0; i < n_broken; i++)
            fault(
                check, path, value,
                str_fmt(
                    check->arena, "Map keys must satisfy constraint: [" STR_FMT "]",
                    STR_ARG(broken[i])));
        if (entry->type != JSON_STRING) {
            check->malformed =
                str_fmt(check->arena, "%s can not be converted to a String", type_name(entry));
            return;
        }
        n_broken = string_constraints(check->arena, shape->item, entry->string, broken);
        for (size_t i = 0; i < n_broken; i++)
            fault(
                check, path, value,
                str_fmt(
                    check->arena, "Map value must satisfy constraint: [" STR_FMT "]",
                    STR_ARG(broken[i])));
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
    size_t index = 0;

    check_bounds(check, shape, path, value, (double) value->len, "length");
    JSON_EACH (item, value)
        check_value(
            check, shape->item,
            str_fmt(check->arena, STR_FMT ".%zu.member", STR_ARG(path), ++index), item);
}

static void check_value(
    struct check *check, const struct sm_shape *shape, struct str path, const struct json *value)
{
    struct str broken[3];
    size_t n_broken;

    if (!type_fits(shape->kind, value)) {
        static const char *const wanted[] = {
            [SM_STRING] = "a String", [SM_INT] = "an Integer",     [SM_NUM] = "a Float",
            [SM_BOOL] = "a Boolean",  [SM_TIME] = "a Date",        [SM_LIST] = "a List",
            [SM_MAP] = "a Map",       [SM_STRUCT] = "a Structure", [SM_ANY] = "a value"};
        check->malformed = str_fmt(
            check->arena, "%s can not be converted to %s", type_name(value), wanted[shape->kind]);
        return;
    }
    switch (shape->kind) {
    case SM_STRING:
        n_broken = string_constraints(check->arena, shape, value->string, broken);
        for (size_t i = 0; i < n_broken; i++)
            fault(check, path, value, broken[i]);
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
    case SM_ANY:
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
