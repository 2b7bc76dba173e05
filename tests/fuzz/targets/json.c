/* JSON from anywhere: what is read, written in any style and read again is the same. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/json.h"

struct parts {
    struct arena *arena;
    struct json *into;
};

static void on_part(void *arg, struct str name, const struct json *node)
{
    struct parts *parts = arg;
    struct str key = str_dup(parts->arena, name);
    json_add(parts->into, key, json_copy(parts->arena, node));
}

static void same_in_parts(struct arena *arena, struct str text, const struct json *whole)
{
    struct err err = {0};
    struct json *rest = NULL;
    struct parts parts = {arena, json_object(arena)};
    enum err_code code =
        json_parse_parts(arena, text, KIB(64), "models", on_part, &parts, &rest, &err);
    fuzz_check_err(code, &err);
    if (whole == NULL)
        return; /* names that come twice are the caller's to notice */
    FUZZ_HOLDS(code == ERR_NONE);
    const struct json *member = json_get(whole, "models");
    if (whole->type == JSON_OBJECT && member != NULL && member->type == JSON_OBJECT)
        json_put(arena, rest, "models", parts.into);
    FUZZ_HOLDS(json_equal(whole, rest));
}

void fuzz_json(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct err err = {0};
    struct json *first = NULL;
    enum err_code code = json_parse(arena, input, KIB(64), &first, &err);
    fuzz_check_err(code, &err);
    same_in_parts(arena, input, code == ERR_NONE ? first : NULL);
    if (code != ERR_NONE)
        return;
    struct str canonical = json_text(arena, first, JSON_CANONICAL);
    for (enum json_style style = JSON_COMPACT; style <= JSON_CANONICAL; style++) {
        struct json *again = NULL;
        struct str text = json_text(arena, first, style);
        code = json_parse(arena, text, MIB(4), &again, &err);
        if (code != ERR_NONE)
            fprintf(stderr, "%s: " STR_FMT "\n", err.message, STR_ARG(text));
        FUZZ_HOLDS(code == ERR_NONE);
        FUZZ_HOLDS(json_equal(first, again));
        struct str twice = json_text(arena, again, style);
        if (!str_eq(text, twice))
            fprintf(stderr, STR_FMT "\n" STR_FMT "\n", STR_ARG(text), STR_ARG(twice));
        FUZZ_HOLDS(str_eq(text, twice));
        FUZZ_HOLDS(str_eq(canonical, json_text(arena, again, JSON_CANONICAL)));
    }
    FUZZ_HOLDS(json_equal(first, json_copy(arena, first)));
}
