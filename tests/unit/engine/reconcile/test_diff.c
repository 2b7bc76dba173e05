#include "tests/harness/test.h"

#include "engine/reconcile/diff.h"

static struct json *parse(struct arena *arena, const char *text)
{
    struct json *node = NULL;
    struct err err = {0};
    if (text == NULL)
        return NULL;
    char *quoted = str_z(arena, str_from(text));
    for (char *c = quoted; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    assert_ok(json_parse(arena, str_from(quoted), MIB(1), &node, &err), &err);
    return node;
}

static struct str show(struct arena *arena, const struct json *node)
{
    return node == NULL ? STR("-") : json_text(arena, node, JSON_COMPACT);
}

/* "path: before -> after" with " !" for one that replaces and " ?" for a secret, by "; ". */
static struct str show_all(struct arena *arena, const struct change *change)
{
    struct str out = STR("");
    for (size_t i = 0; i < change->n_diffs; i++) {
        const struct attr_diff *diff = &change->diffs[i];
        out = str_fmt(
            arena, STR_FMT "%s" STR_FMT ": " STR_FMT " -> " STR_FMT "%s%s", STR_ARG(out),
            i > 0 ? "; " : "", STR_ARG(diff->path), STR_ARG(show(arena, diff->before)),
            STR_ARG(show(arena, diff->after)), diff->replaces ? " !" : "",
            diff->secret ? " ?" : "");
    }
    return out;
}

static void diffs(void **state)
{
    static const struct {
        enum kind_id kind;
        enum action action;
        const char *before, *after, *diffs;
    } cases[] = {
        {KIND_MODEL, ACTION_CREATE, NULL, NULL, ""},
        {KIND_MODEL, ACTION_NOOP, "{'name':'a'}", "{'name':'a'}", ""},
        {KIND_MODEL, ACTION_NOOP, "{'a':1,'b':2}", "{'b':2,'a':1}", ""},
        {KIND_MODEL, ACTION_CREATE, NULL, "{'name':'a','tags':{'x':'1','y':'2'}}",
         "name: - -> \"a\"; tags.x: - -> \"1\"; tags.y: - -> \"2\""},
        {KIND_MODEL, ACTION_DELETE, "{'name':'a'}", NULL, "name: \"a\" -> -"},
        {KIND_MODEL, ACTION_REPLACE, "{'name':'a'}", "{'name':'b'}", "name: \"a\" -> \"b\" !"},
        /* The same field of an update is changed in place. */
        {KIND_MODEL, ACTION_UPDATE, "{'name':'a'}", "{'name':'b'}", "name: \"a\" -> \"b\""},
        {KIND_MODEL, ACTION_REPLACE, "{'tags':{'x':'1'}}", "{'tags':{'x':'2'}}",
         "tags.x: \"1\" -> \"2\""},
        /* Lists by index; members that come and go. */
        {KIND_ENDPOINT_CONFIG, ACTION_REPLACE,
         "{'production_variants':[{'model_name':'a','instance_type':'x'}]}",
         "{'production_variants':[{'model_name':'b','instance_type':'x'},{'model_name':'c'}]}",
         "production_variants.0.model_name: \"a\" -> \"b\" !; "
         "production_variants.1.model_name: - -> \"c\" !"},
        {KIND_ENDPOINT, ACTION_UPDATE, "{'tags':{'gone':'1','stays':'2'}}",
         "{'tags':{'stays':'2','new':'3'}}", "tags.gone: \"1\" -> -; tags.new: - -> \"3\""},
        /* Another shape is shown as a whole. */
        {KIND_ENDPOINT, ACTION_UPDATE, "{'tags':{'a':'1'}}", "{'tags':'x'}",
         "tags: {\"a\":\"1\"} -> \"x\""},
        {KIND_ENDPOINT, ACTION_UPDATE, "{'tags':{'a':'1'}}", "{'tags':[1]}",
         "tags: {\"a\":\"1\"} -> [1]"},
        {KIND_ENDPOINT, ACTION_UPDATE, "{'tags':null}", "{}", "tags: null -> -"},
        {KIND_ENDPOINT, ACTION_UPDATE, "{'tags':{}}", "{'tags':{'a':'1'}}", "tags.a: - -> \"1\""},
        /* Whatever is in a container's environment may be a secret. */
        {KIND_MODEL, ACTION_REPLACE, "{'primary_container':[{'environment':{'K':'1'}}]}",
         "{'primary_container':[{'environment':{'K':'2'}}]}",
         "primary_container.0.environment.K: \"1\" -> \"2\" ! ?"},
        {KIND_MODEL, ACTION_CREATE, NULL, "{'primary_container':[{'environment':{'K':'2'}}]}",
         "primary_container.0.environment.K: - -> \"2\" ?"},
        /* An attribute that no schema names is shown all the same, and replaces nothing. */
        {KIND_MODEL, ACTION_REPLACE, "{'unknown':1}", "{'unknown':2}", "unknown: 1 -> 2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct change change = {
            .kind = cases[i].kind,
            .action = cases[i].action,
            .before = parse(*state, cases[i].before),
            .after = parse(*state, cases[i].after)};
        diff_change(*state, &change);
        assert_str(show_all(*state, &change), cases[i].diffs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(diffs)};
    return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
