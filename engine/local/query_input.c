/* https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/making-api-requests.html: a list
 * is Name.member.1, Name.member.2; a structure is Name.Member. */
#include "engine/local/alarms.h"

/* A form says nothing of types; these are no strings. */
static bool is_number(struct str name)
{
    static const char *const names[] = {
        "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "MaxRecords"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq_z(name, names[i]))
            return true;
    return false;
}

static bool is_bool(struct str name)
{
    return str_eq(name, STR("ActionsEnabled")) || str_eq(name, STR("ReturnData"));
}

static struct json *leaf(struct arena *arena, struct str name, struct str text)
{
    double number;
    int64_t integer;
    if (is_bool(name) && (str_eq(text, STR("true")) || str_eq(text, STR("false"))))
        return json_bool(arena, str_eq(text, STR("true")));
    if (is_number(name) && str_to_i64(text, &integer))
        return json_int(arena, integer);
    if (is_number(name) && str_to_f64(text, &number))
        return json_num(arena, number);
    return json_string(arena, text);
}

static struct json *child(struct json *parent, struct str key)
{
    for (struct json *c = parent->first; c != NULL; c = c->next)
        if (str_eq(c->key, key))
            return c;
    return NULL;
}

/* A list is kept as {"1": .., "2": ..} until all is there; what is no such place is left out. */
static void put(struct arena *arena, struct json *root, struct str path, struct str text)
{
    struct json *at = root;
    struct str rest = path, part = STR_NULL;
    while (str_split(&rest, '.', &part) && !str_is_null(rest)) {
        struct json *next = child(at, part);
        if (next == NULL) {
            next = json_object(arena);
            json_set(arena, at, part, next);
        }
        if (next->type != JSON_OBJECT)
            return;
        at = next;
    }
    if (part.len > 0 && child(at, part) == NULL)
        json_set(arena, at, part, leaf(arena, part, text));
}

/* {"member": {"1": a, "2": b}} -> [a, b] */
static struct json *settled(struct arena *arena, const struct json *node)
{
    if (node->type != JSON_OBJECT)
        return json_copy(arena, node);
    const struct json *members = json_get(node, "member");
    if (node->len == 1 && members != NULL && members->type == JSON_OBJECT) {
        struct json *list = json_array(arena);
        JSON_EACH (item, members)
            json_push(list, settled(arena, item));
        return list;
    }
    struct json *out = json_object(arena);
    JSON_EACH (member, node)
        json_set(arena, out, member->key, settled(arena, member));
    return out;
}

struct json *query_input(struct local_call *call)
{
    struct json *raw = json_object(call->arena);
    for (size_t i = 0; i < call->n_params; i++) {
        struct str name = call->params[i].name;
        if (!str_eq(name, STR("Action")) && !str_eq(name, STR("Version")))
            put(call->arena, raw, name, call->params[i].value);
    }
    return settled(call->arena, raw);
}
