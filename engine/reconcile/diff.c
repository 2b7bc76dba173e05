#include "engine/reconcile/diff.h"

struct diff_list {
    struct attr_diff *items;
    size_t len, cap;
};

static bool is_leaf(const struct json *node)
{
    return node == NULL || (node->type != JSON_OBJECT && node->type != JSON_ARRAY);
}

static const struct json *member(const struct json *parent, struct str key)
{
    JSON_EACH (child, parent) {
        if (str_eq(child->key, key))
            return child;
    }
    return NULL;
}

static void compare(
    struct arena *arena,
    struct diff_list *list,
    struct str path,
    const struct json *before,
    const struct json *after);

static struct str join(struct arena *arena, struct str path, struct str name)
{
    return path.len == 0 ? name : str_fmt(arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(name));
}

static void compare_members(
    struct arena *arena,
    struct diff_list *list,
    struct str path,
    const struct json *before,
    const struct json *after)
{
    bool arrays = (after != NULL ? after : before)->type == JSON_ARRAY;
    size_t index = 0;
    JSON_EACH (child, before) {
        struct str name = arrays ? str_fmt(arena, "%zu", index) : child->key;
        const struct json *other = arrays ? json_at(after, index) : member(after, child->key);
        compare(arena, list, join(arena, path, name), child, other);
        index++;
    }
    index = 0;
    JSON_EACH (child, after) {
        struct str name = arrays ? str_fmt(arena, "%zu", index) : child->key;
        const struct json *other = arrays ? json_at(before, index) : member(before, child->key);
        if (other == NULL)
            compare(arena, list, join(arena, path, name), NULL, child);
        index++;
    }
}

static void compare(
    struct arena *arena,
    struct diff_list *list,
    struct str path,
    const struct json *before,
    const struct json *after)
{
    if (json_equal(before, after))
        return;
    bool same_shape = before == NULL || after == NULL || before->type == after->type;
    if ((is_leaf(before) && is_leaf(after)) || !same_shape) {
        *VEC_PUSH(arena, list) = (struct attr_diff){.path = path, .before = before, .after = after};
        return;
    }
    compare_members(arena, list, path, before, after);
}

void diff_change(struct arena *arena, struct change *change)
{
    if (change->before == NULL && change->after == NULL)
        return;
    struct diff_list list = {0};
    compare(arena, &list, STR(""), change->before, change->after);
    const struct schema *schema = schema_of(change->kind);
    for (size_t i = 0; i < list.len; i++) {
        struct str top = str_slice(list.items[i].path, 0, str_index(list.items[i].path, '.'));
        const struct field *field = schema_field(schema, top);
        if (field == NULL)
            continue;
        list.items[i].replaces =
            (field->flags & FIELD_REPLACES) != 0 && change->action == ACTION_REPLACE;
        list.items[i].secret = (field->flags & FIELD_SECRET) != 0 ||
                               str_find(list.items[i].path, STR(".environment.")) != SIZE_MAX;
    }
    change->diffs = list.items;
    change->n_diffs = list.len;
}
