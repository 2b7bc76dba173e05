#include "engine/local/admin.h"

#include <unistd.h>

/* Whose process this is: a port found in an old local.json may be somebody else's by now. */
enum err_code admin_identity(struct local_call *call, struct err *err)
{
    (void) err;
    struct json *body = json_object(call->arena);
    json_put(call->arena, body, "mmectl", json_z(call->arena, "local"));
    json_put(call->arena, body, "pid", json_int(call->arena, getpid()));
    json_put(call->arena, body, "account", json_string(call->arena, call->account));
    return call_json(call, body);
}

enum err_code admin_world(struct local_call *call, struct err *err)
{
    struct json *world = NULL;
    enum err_code code = local_dump(call->local, call->arena, &world, err);
    return code == ERR_NONE ? call_json(call, world) : code;
}

enum err_code admin_reset(struct local_call *call, struct err *err)
{
    enum err_code code = local_reset(call->local, err);
    return code == ERR_NONE ? call_json(call, json_object(call->arena)) : code;
}

/* As JSON in the body, or as its text. */
static struct str policy_text(struct local_call *call)
{
    const struct json *policy = json_get(call->input, "policy");
    if (policy == NULL || policy->type == JSON_NULL)
        return STR_NULL;
    return policy->type == JSON_STRING ? policy->string
                                       : json_text(call->arena, policy, JSON_COMPACT);
}

enum err_code admin_add_key(struct local_call *call, struct err *err)
{
    struct arena *arena = call->arena;
    struct local_key key = {
        .access_key = json_get_str(call->input, "access_key"),
        .secret_key = json_get_str(call->input, "secret_key"),
        .account = json_get_str(call->input, "account"),
        .session_token = json_get_str(call->input, "session_token"),
        .role_arn = json_get_str(call->input, "role_arn"),
        .deny = json_get_str(call->input, "deny"),
        .policy = policy_text(call),
        .expires_ms = json_get_int(call->input, "expires_ms", 0),
    };
    enum err_code code = local_add_key(call->local, arena, &key, err);
    if (code == ERR_SPEC)
        return call_fail(call, 400, "MalformedPolicyDocument", "%s", err->message);
    if (code == ERR_EXISTS)
        return call_fail(call, 409, "ConflictException", "%s", err->message);
    if (code != ERR_NONE)
        return code;
    struct json *body = json_object(arena);
    json_put(arena, body, "access_key", json_string(arena, key.access_key));
    json_put(arena, body, "secret_key", json_string(arena, key.secret_key));
    json_put(arena, body, "account", json_string(arena, key.account));
    return call_json(call, body);
}
