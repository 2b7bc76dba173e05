#include "engine/local/token.h"

#include "engine/base/digest.h"

static bool is_paging(struct str name)
{
    static const char *const names[] = {"NextToken",  "nextToken",  "MaxResults",
                                        "maxResults", "MaxRecords", "limit"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_eq_z(name, names[i]))
            return true;
    return false;
}

/* Members may come in another order next time. */
static uint64_t query_of(struct local_call *call)
{
    uint64_t sum = crc32_of(crc32_of(0, str_from(call->op->name)), call->region);

    JSON_EACH (member, call->input) {
        struct str text = json_text(call->arena, member, JSON_COMPACT);
        if (member->type != JSON_NULL && !is_paging(member->key))
            sum += crc32_of(crc32_of(0, member->key), text);
    }
    return sum & UINT32_MAX;
}

struct str token_make(struct local_call *call, struct str position)
{
    struct str plain = str_fmt(
        call->arena, "%08llx" STR_FMT, (unsigned long long) query_of(call), STR_ARG(position));

    return base64_of(call->arena, plain.ptr, plain.len);
}

bool token_read(struct local_call *call, struct str *ret_position)
{
    struct str token = json_get_str(call->input, "NextToken"), plain;
    struct str query = str_fmt(call->arena, "%08llx", (unsigned long long) query_of(call));

    if (str_is_null(token))
        token = json_get_str(call->input, "nextToken");
    *ret_position = STR_NULL;
    if (str_is_null(token))
        return true;
    if (!base64_decode(call->arena, token, &plain) || !str_starts(plain, query))
        return false;
    *ret_position = str_from_index(plain, query.len);
    return true;
}
