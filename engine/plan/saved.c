#include "engine/plan/saved.h"

#include "engine/base/digest.h"
#include "engine/base/map.h"

#define HEX256 64

/* ---- reading: every member is checked, whatever the digest says ---- */

struct reading {
    struct arena *arena;
    struct err *err;
    bool failed;
};

static void fail(struct reading *r, const char *member, const char *what)
{
    if (r->failed)
        return;
    r->failed = true;
    err_set(r->err, ERR_SPEC, "the saved plan is damaged: '%s' is %s", member, what);
    err_hint(r->err, "make a new one with 'mmectl plan -out=FILE'");
}

static struct str text_of(struct reading *r, const struct json *node, const char *member)
{
    const struct json *value = json_get(node, member);
    if (value == NULL || value->type != JSON_STRING)
        fail(r, member, "no text");
    return json_str(value);
}

static struct str optional_text(struct reading *r, const struct json *node, const char *member)
{
    return json_get(node, member) != NULL ? text_of(r, node, member) : STR_NULL;
}

static bool is_digest(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < '0' || s.ptr[i] > '9') && (s.ptr[i] < 'a' || s.ptr[i] > 'f'))
            return false;
    return s.len == HEX256;
}

static struct str digest_of(struct reading *r, const struct json *node, const char *member)
{
    struct str value = text_of(r, node, member);
    if (!is_digest(value))
        fail(r, member, "no sha256");
    return value;
}

static bool bool_of(struct reading *r, const struct json *node, const char *member)
{
    const struct json *value = json_get(node, member);
    if (value == NULL || value->type != JSON_BOOL)
        fail(r, member, "neither true nor false");
    return json_get_bool(node, member, false);
}

static int64_t int_of(struct reading *r, const struct json *node, const char *member)
{
    const struct json *value = json_get(node, member);
    if (value == NULL || !value->is_int || value->integer < 0)
        fail(r, member, "no whole number");
    return json_get_int(node, member, 0);
}

static const struct json *list_of(struct reading *r, const struct json *node, const char *member)
{
    const struct json *value = json_get(node, member);
    if (value == NULL || value->type != JSON_ARRAY) {
        fail(r, member, "no list");
        return NULL;
    }
    return value;
}

static size_t length(const struct json *list)
{
    return list != NULL ? list->len : 0;
}

static struct str *
texts_of(struct reading *r, const struct json *node, const char *member, size_t *ret_count)
{
    const struct json *list = list_of(r, node, member);
    struct str *texts = ARENA_ARRAY(r->arena, length(list), struct str);
    *ret_count = 0;
    JSON_EACH (child, list) {
        if (child->type != JSON_STRING)
            fail(r, member, "no list of texts");
        texts[(*ret_count)++] = json_str(child);
    }
    return texts;
}

static void read_actions(struct reading *r, const struct json *node, struct saved_stack *out)
{
    const struct json *list = list_of(r, node, "actions");
    out->actions = ARENA_ARRAY(r->arena, length(list), struct saved_action);
    JSON_EACH (child, list) {
        out->actions[out->n_actions++] = (struct saved_action){
            .address = text_of(r, child, "address"),
            .action = text_of(r, child, "action"),
            .sha256 = digest_of(r, child, "sha256")};
    }
    list = list_of(r, node, "artifacts");
    out->artifacts = ARENA_ARRAY(r->arena, length(list), struct saved_artifact);
    JSON_EACH (child, list) {
        out->artifacts[out->n_artifacts++] = (struct saved_artifact){
            .name = text_of(r, child, "name"), .fingerprint = text_of(r, child, "fingerprint")};
    }
}

static void read_stack(struct reading *r, const struct json *node, struct saved_stack *out)
{
    const struct json *spec = json_get(node, "spec");
    *out = (struct saved_stack){
        .mode = bool_of(r, node, "destroy") ? PLAN_DESTROY : PLAN_APPLY,
        .stack = text_of(r, node, "stack"),
        .account = text_of(r, node, "account"),
        .region = text_of(r, node, "region"),
        .uid = text_of(r, node, "uid"),
        .home = text_of(r, node, "home"),
        .endpoint = text_of(r, node, "endpoint"),
        .spec_file = text_of(r, spec, "file"),
        .spec_sha256 = digest_of(r, spec, "sha256"),
        .actions_sha256 = digest_of(r, node, "actions_sha256"),
        .observed_sha256 = digest_of(r, node, "observed_sha256"),
        .text = text_of(r, node, "text"),
        .json = text_of(r, node, "json")};
    read_actions(r, node, out);
}

bool saved_is(struct str bytes)
{
    return str_starts(bytes, STR(SAVED_MAGIC));
}

/* The first line: the format's number, and the digest of all that follows. */
static enum err_code check_head(struct str *bytes, struct err *err)
{
    struct str head, word, number, digest;
    uint64_t format = 0;
    bool good = saved_is(*bytes) && str_split(bytes, '\n', &head) && str_split(&head, ' ', &word) &&
                str_split(&head, ' ', &number) && str_split(&head, ' ', &digest) &&
                str_is_null(head) && str_to_u64(number, &format) && is_digest(digest) &&
                !str_is_null(*bytes);
    if (good && format != SAVED_FORMAT) {
        err_set(
            err, ERR_SPEC, "the saved plan has format %llu, this mmectl reads %d",
            (unsigned long long) format, SAVED_FORMAT);
        return err_hint(err, "apply it with the version of mmectl that made it");
    }
    if (good) {
        struct sha256 sum = sha256_of(*bytes), wanted;
        good = number.len == 1 && hex_decode(digest, wanted.bytes, sizeof(wanted.bytes)) &&
               memcmp(sum.bytes, wanted.bytes, sizeof(sum.bytes)) == 0;
    }
    if (good)
        return ERR_NONE;
    err_set(err, ERR_SPEC, "the saved plan is damaged: it is not what was written");
    return err_hint(err, "make a new one with 'mmectl plan -out=FILE'");
}

enum err_code
saved_read(struct arena *arena, struct str bytes, struct saved_plan *out, struct err *err)
{
    struct json *root;
    enum err_code code = check_head(&bytes, err);
    if (code == ERR_NONE)
        code = json_parse(arena, bytes, SAVED_MAX_BYTES, &root, err);
    if (code != ERR_NONE)
        return code;
    struct reading r = {.arena = arena, .err = err};
    const struct json *options = json_get(root, "options");
    struct saved_plan plan = {
        .tool_version = text_of(&r, root, "tool_version"),
        .created = text_of(&r, root, "created"),
        .retry_failed = bool_of(&r, options, "retry_failed"),
        .allow_empty = bool_of(&r, options, "allow_empty"),
        .allow_deletes = int_of(&r, options, "allow_deletes"),
        .allow_destroy = optional_text(&r, options, "allow_destroy"),
        .region = optional_text(&r, options, "region")};
    plan.targets = texts_of(&r, options, "targets", &plan.n_targets);
    plan.replaces = texts_of(&r, options, "replaces", &plan.n_replaces);
    const struct json *stacks = list_of(&r, root, "stacks");
    plan.stacks = ARENA_ARRAY(arena, length(stacks), struct saved_stack);
    JSON_EACH (child, stacks) {
        read_stack(&r, child, &plan.stacks[plan.n_stacks++]);
    }
    if (plan.n_stacks == 0)
        fail(&r, "stacks", "empty");
    if (r.failed)
        return err->code;
    *out = plan;
    return ERR_NONE;
}

/* ---- writing ---- */

static void put(struct arena *arena, struct json *to, const char *member, struct str value)
{
    if (!str_is_null(value))
        json_set(arena, to, str_from(member), json_string(arena, value));
}

static struct json *texts_json(struct arena *arena, const struct str *texts, size_t count)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < count; i++)
        json_push(out, json_string(arena, texts[i]));
    return out;
}

static struct json *stack_json(struct arena *arena, const struct saved_stack *stack)
{
    struct json *out = json_object(arena), *spec = json_object(arena);
    json_put(arena, out, "destroy", json_bool(arena, stack->mode == PLAN_DESTROY));
    put(arena, out, "stack", stack->stack);
    put(arena, out, "account", stack->account);
    put(arena, out, "region", stack->region);
    put(arena, out, "uid", stack->uid);
    put(arena, out, "home", stack->home);
    put(arena, out, "endpoint", stack->endpoint);
    put(arena, spec, "file", stack->spec_file);
    put(arena, spec, "sha256", stack->spec_sha256);
    json_put(arena, out, "spec", spec);
    put(arena, out, "actions_sha256", stack->actions_sha256);
    put(arena, out, "observed_sha256", stack->observed_sha256);
    struct json *artifacts = json_array(arena), *actions = json_array(arena);
    for (size_t i = 0; i < stack->n_artifacts; i++) {
        struct json *artifact = json_object(arena);
        put(arena, artifact, "name", stack->artifacts[i].name);
        put(arena, artifact, "fingerprint", stack->artifacts[i].fingerprint);
        json_push(artifacts, artifact);
    }
    for (size_t i = 0; i < stack->n_actions; i++) {
        struct json *action = json_object(arena);
        put(arena, action, "address", stack->actions[i].address);
        put(arena, action, "action", stack->actions[i].action);
        put(arena, action, "sha256", stack->actions[i].sha256);
        json_push(actions, action);
    }
    json_put(arena, out, "artifacts", artifacts);
    json_put(arena, out, "actions", actions);
    put(arena, out, "text", stack->text);
    put(arena, out, "json", stack->json);
    return out;
}

void saved_write(struct arena *arena, const struct saved_plan *plan, struct buf *out)
{
    struct json *root = json_object(arena), *options = json_object(arena);
    struct json *stacks = json_array(arena);
    put(arena, root, "tool_version", plan->tool_version);
    put(arena, root, "created", plan->created);
    json_put(arena, options, "retry_failed", json_bool(arena, plan->retry_failed));
    json_put(arena, options, "allow_empty", json_bool(arena, plan->allow_empty));
    json_put(arena, options, "allow_deletes", json_int(arena, plan->allow_deletes));
    put(arena, options, "allow_destroy", plan->allow_destroy);
    put(arena, options, "region", plan->region);
    json_put(arena, options, "targets", texts_json(arena, plan->targets, plan->n_targets));
    json_put(arena, options, "replaces", texts_json(arena, plan->replaces, plan->n_replaces));
    json_put(arena, root, "options", options);
    for (size_t i = 0; i < plan->n_stacks; i++)
        json_push(stacks, stack_json(arena, &plan->stacks[i]));
    json_put(arena, root, "stacks", stacks);
    struct buf body AUTO(buf_done) = BUF_INIT(SAVED_MAX_BYTES);
    json_write(&body, root, JSON_COMPACT);
    buf_add_char(&body, '\n');
    struct str digest = sha256_hex(arena, buf_str(&body));
    buf_fmt(out, SAVED_MAGIC "%d " STR_FMT "\n", SAVED_FORMAT, STR_ARG(digest));
    buf_add(out, buf_str(&body));
    out->overflow = out->overflow || !buf_ok(&body);
}

/* ---- comparing ---- */

struct saved_differences
saved_compare(struct arena *arena, const struct saved_stack *saved, const struct saved_stack *now)
{
    struct saved_differences found = {0};
    if (str_eq(saved->actions_sha256, now->actions_sha256) && saved->mode == now->mode &&
        str_eq(saved->uid, now->uid))
        return found;
    struct map *before = map_new(arena), *after = map_new(arena);
    for (size_t i = 0; i < saved->n_actions; i++)
        map_put(before, saved->actions[i].address, &saved->actions[i]);
    for (size_t i = 0; i < now->n_actions; i++)
        map_put(after, now->actions[i].address, &now->actions[i]);
    for (size_t i = 0; i < saved->n_actions; i++) {
        const struct saved_action *old = &saved->actions[i];
        const struct saved_action *new = map_get(after, old->address);
        if (new == NULL || !str_eq(old->sha256, new->sha256))
            *VEC_PUSH(arena, &found) = (struct saved_difference){
                old->address, old->action, new != NULL ? new->action : STR_NULL};
    }
    for (size_t i = 0; i < now->n_actions; i++)
        if (!map_has(before, now->actions[i].address))
            *VEC_PUSH(arena, &found) = (struct saved_difference){
                now->actions[i].address, STR_NULL, now->actions[i].action};
    if (found.len == 0) /* a digest that does not belong to its actions */
        *VEC_PUSH(arena, &found) = (struct saved_difference){saved->stack, STR_NULL, STR_NULL};
    return found;
}
