/* https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/making-api-requests.html: a list
 * is Name.member.1, Name.member.2; a structure is Name.Member. */
#include "engine/local/input.h"

#include "engine/local/sm_tables.h"

enum { MAX_JSON_BYTES = 4 * 1024 * 1024 };

/* ------------------------------------------------------------------ forms */

/* A form says nothing of types, the shape does. What cannot be read as its type stays text, which
 * the check tells. */
static struct json *leaf(struct arena *arena, const struct sm_shape *shape, struct str text)
{
    double number;
    int64_t integer;
    enum sm_kind kind = shape != NULL ? shape->kind : SM_STRING;

    if (kind == SM_BOOL && (str_eq_z(text, "true") || str_eq_z(text, "false")))
        return json_bool(arena, str_eq_z(text, "true"));
    if (kind == SM_INT && str_to_i64(text, &integer))
        return json_int(arena, integer);
    if (kind == SM_NUM && str_to_f64(text, &number))
        return json_num(arena, number);
    if (kind == SM_TIME && time_parse(text, &integer))
        return json_num(arena, (double) integer / 1000.0);
    if ((kind == SM_LIST || kind == SM_MAP || kind == SM_STRUCT) && text.len == 0)
        return kind == SM_LIST ? json_array(arena) : json_object(arena);
    return json_string(arena, text);
}

static struct json *child(struct json *parent, struct str key)
{
    for (struct json *c = parent->first; c != NULL; c = c->next)
        if (str_eq(c->key, key))
            return c;
    return NULL;
}

/* Everything as nested objects of texts first, a list as {"member": {"1": .., "2": ..}}; what is no
 * such place is left out. */
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
        json_set(arena, at, part, json_string(arena, text));
}

static const struct sm_shape *member_shape(const struct sm_shape *shape, struct str name)
{
    if (shape == NULL || shape->kind != SM_STRUCT)
        return NULL;
    for (const struct sm_member *member = shape->members; member->name != NULL; member++)
        if (str_eq_z(name, member->name))
            return member->shape;
    return NULL;
}

static struct json *
settled(struct arena *arena, const struct sm_shape *shape, const struct json *node)
{
    if (node->type != JSON_OBJECT)
        return leaf(arena, shape, node->string);
    const struct json *members = json_get(node, "member");
    if (shape != NULL && shape->kind == SM_LIST && members != NULL &&
        members->type == JSON_OBJECT) {
        struct json *list = json_array(arena);
        JSON_EACH (item, members)
            json_push(list, settled(arena, shape->item, item));
        return list;
    }
    struct json *out = json_object(arena);
    JSON_EACH (member, node)
        json_set(arena, out, member->key, settled(arena, member_shape(shape, member->key), member));
    return out;
}

/* The form as the JSON that the same call has in the JSON protocol. */
static struct json *form_input(struct local_call *call, const struct sm_shape *shape)
{
    struct json *raw = json_object(call->arena);

    for (size_t i = 0; i < call->n_params; i++) {
        struct str name = call->params[i].name;
        if (!str_eq_z(name, "Action") && !str_eq_z(name, "Version"))
            put(call->arena, raw, name, call->params[i].value);
    }
    return settled(call->arena, shape, raw);
}

/* ------------------------------------------------------------------ reading, checking */

bool input_read(struct local_call *call)
{
    bool json = call->service == LOCAL_SAGEMAKER || call->service == LOCAL_LOGS ||
                call->service == LOCAL_SCALING || call->service == LOCAL_CLOUDWATCH ||
                (call->service == LOCAL_ADMIN && call->http->body.len > 0);
    struct json *input = json_object(call->arena);
    UNFILLED struct err err;

    call->input = input;
    if (call_speaks_query(call)) {
        call->input = form_input(call, sm_input_of(call->service, call->op->name));
        return true;
    }
    if (!json)
        return true;
    if (json_parse(call->arena, call->http->body, MAX_JSON_BYTES, &input, &err) != ERR_NONE ||
        input->type != JSON_OBJECT) {
        call_fail(call, 400, "SerializationException", "The body is not a JSON object");
        return false;
    }
    call->input = input;
    return true;
}

/* What each service calls a request that breaks its model. */
static const char *invalid_code(const struct local_call *call)
{
    if (call->service == LOCAL_LOGS)
        return "InvalidParameterException";
    return call_speaks_query(call) || call->service == LOCAL_CLOUDWATCH ? "ValidationError"
                                                                        : "ValidationException";
}

bool input_check(struct local_call *call)
{
    const struct sm_shape *shape = sm_input_of(call->service, call->op->name);
    struct str message = STR_NULL;
    enum sm_verdict verdict = SM_FINE;

    if (shape != NULL)
        verdict = sm_shape_check(call->arena, shape, call->input, &message);
    if (verdict == SM_FINE)
        return true;
    call_fail(
        call, 400,
        verdict == SM_INVALID     ? invalid_code(call)
        : call_speaks_query(call) ? "MalformedInput"
                                  : "SerializationException",
        STR_FMT, STR_ARG(message));
    return false;
}
