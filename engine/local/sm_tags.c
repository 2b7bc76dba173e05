#include "engine/local/sm.h"
#include "engine/local/token.h"

enum { TAGS_MAX = 50 };

static bool same_key(const struct json *a, const struct json *b)
{
    return str_eq(json_get_str(a, "Key"), json_get_str(b, "Key"));
}

bool sm_tags_valid(struct local_call *call, const struct json *tags)
{
    JSON_EACH (tag, tags) {
        if (str_starts(str_lower(call->arena, json_get_str(tag, "Key")), STR("aws:"))) {
            sm_invalid(
                call, "One or more tag keys is a system tag: system tag keys begin with 'aws:' and "
                      "cannot be added, edited or deleted.");
            return false;
        }
        for (const struct json *other = tag->next; other != NULL; other = other->next)
            if (same_key(tag, other)) {
                sm_invalid(
                    call, "Duplicate tag keys found. Please note that Tag keys are case "
                          "insensitive.");
                return false;
            }
    }
    return true;
}

void sm_tags_set(struct local *local, struct str arn, const struct json *tags)
{
    JSON_EACH (tag, tags)
        db_run(
            local_db(local),
            "INSERT INTO sm_tag(arn, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(arn, key) DO "
            "UPDATE "
            "SET value=excluded.value",
            DB_ARGS(
                db_text(arn), db_text(json_get_str(tag, "Key")),
                db_text(json_get_str(tag, "Value"))));
}

static struct json *tag_json(struct arena *arena, struct str key, struct str value)
{
    struct json *tag = json_object(arena);

    json_put(arena, tag, "Key", json_string(arena, key));
    json_put(arena, tag, "Value", json_string(arena, value));
    return tag;
}

struct json *sm_tags_of(struct local *local, struct arena *arena, struct str arn)
{
    struct json *tags = json_array(arena);
    struct str lower = str_lower(arena, arn);
    struct db_stmt *AUTO(db_finish) row = db_query(
        local_db(local), "SELECT key, value FROM sm_tag WHERE arn=?1 ORDER BY key",
        DB_ARGS(db_text(lower)));

    while (db_next(row))
        json_push(tags, tag_json(arena, db_col_text(row, 0, arena), db_col_text(row, 1, arena)));
    return tags;
}

/* The thing an ARN of this account and region names. Answers when there is none. */
static bool arn_thing(struct local_call *call, struct sm_thing *out)
{
    struct str arn = json_get_str(call->input, "ResourceArn"), rest = arn, part = STR_NULL;
    struct str fields[5] = {{0}}, type = STR_NULL;

    for (size_t i = 0; i < ARRAY_LEN(fields) && str_split(&rest, ':', &part); i++)
        fields[i] = part;
    if (str_eq(fields[3], call->region) && str_eq(fields[4], call->account) &&
        str_split(&rest, '/', &type))
        for (int kind = 0; kind < SM_N_KINDS; kind++)
            if (str_eq_z(type, sm_kind_name((enum sm_thing_kind) kind)) &&
                sm_find_visible(call, (enum sm_thing_kind) kind, rest, out))
                return true;
    sm_invalid(call, "The resource with ARN " STR_FMT " does not exist.", STR_ARG(arn));
    return false;
}

enum err_code sm_add_tags(struct local_call *call, struct err *err)
{
    const struct json *tags = json_get(call->input, "Tags");
    struct json *body = json_object(call->arena), *all;
    struct sm_thing thing;

    (void) err;
    if (!sm_tags_valid(call, tags) || !arn_thing(call, &thing))
        return ERR_NONE;
    sm_tags_set(call->local, str_lower(call->arena, thing.arn), tags);
    all = sm_tags_of(call->local, call->arena, thing.arn);
    if (all->len > TAGS_MAX)
        return sm_invalid(call, "The number of tags exceeds the limit of %d", TAGS_MAX);
    json_put(call->arena, body, "Tags", all);
    return call_json(call, body);
}

/* In pages of MaxResults, by key; without it all of them, since there are no more than a page. */
enum err_code sm_list_tags(struct local_call *call, struct err *err)
{
    struct json *body = json_object(call->arena), *page = json_array(call->arena);
    size_t limit = (size_t) json_get_int(call->input, "MaxResults", TAGS_MAX);
    struct str after = STR_NULL, last = STR_NULL;
    struct sm_thing thing;

    (void) err;
    if (!token_read(call, &after))
        return sm_invalid(call, "Invalid NextToken: Token is malformed");
    if (!arn_thing(call, &thing))
        return ERR_NONE;
    JSON_EACH (tag, sm_tags_of(call->local, call->arena, thing.arn)) {
        struct str key = json_get_str(tag, "Key");
        if (!str_is_null(after) && str_cmp(key, after) <= 0)
            continue;
        if (page->len == limit) {
            json_put(
                call->arena, body, "NextToken", json_string(call->arena, token_make(call, last)));
            break;
        }
        last = key;
        json_push(page, json_copy(call->arena, tag));
    }
    json_put(call->arena, body, "Tags", page);
    return call_json(call, body);
}

enum err_code sm_delete_tags(struct local_call *call, struct err *err)
{
    struct sm_thing thing;

    (void) err;
    if (!arn_thing(call, &thing))
        return ERR_NONE;
    JSON_EACH (key, json_get(call->input, "TagKeys"))
        db_run(
            call->db, "DELETE FROM sm_tag WHERE arn=?1 AND key=?2",
            DB_ARGS(db_text(str_lower(call->arena, thing.arn)), db_text(key->string)));
    return call_json(call, json_object(call->arena));
}
