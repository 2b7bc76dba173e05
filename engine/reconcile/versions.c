#include "engine/reconcile/versions.h"

struct link {
    struct seen_object *object;
    struct str fp16;
    struct link *next;
};

struct version_index {
    struct arena *arena;
    const struct want *want;
    const struct snapshot *seen;
    struct str live_gen;
    struct map *by_model; /* name -> struct link */
};

struct str live_generation(struct arena *arena, const struct want *want, struct str model_data_url)
{
    struct str base = str_fmt(arena, STR_FMT "/models/", STR_ARG(want->home));
    if (!str_starts(model_data_url, base))
        return STR_NULL;
    struct str rest = str_from_index(model_data_url, base.len);
    bool is_one =
        rest.len == GEN10 + 1 && rest.ptr[GEN10] == '/' && is_hex(str_slice(rest, 0, GEN10), GEN10);
    return is_one ? str_slice(rest, 0, GEN10) : STR_NULL;
}

struct version_index *
version_index_new(struct arena *arena, const struct want *want, const struct snapshot *seen)
{
    struct version_index *index = ARENA_NEW(arena, struct version_index);
    *index = (struct version_index){
        .arena = arena, .want = want, .seen = seen, .by_model = map_new(arena)};
    map_reserve(index->by_model, want->n_models);
    if (seen->endpoint.present)
        index->live_gen = live_generation(arena, want, seen->live_model_url);
    return index;
}

void version_index_add(
    struct version_index *index,
    struct seen_object *object,
    enum key_class class,
    const struct key_parts *parts)
{
    if (class != KEY_VERSIONED && class != KEY_RETAINED)
        return;
    struct link *link = ARENA_NEW(index->arena, struct link);
    *link = (struct link){object, parts->fp16, NULL};
    link->next = map_put(index->by_model, parts->model, link);
}

struct version_index *
version_index_of(struct arena *arena, const struct want *want, const struct snapshot *seen)
{
    struct version_index *index = version_index_new(arena, want, seen);
    for (size_t i = 0; i < map_len(seen->objects); i++) {
        struct key_parts parts;
        enum key_class class = key_classify(want, map_key_at(seen->objects, i), &parts);
        version_index_add(index, map_value_at(seen->objects, i), class, &parts);
    }
    return index;
}

bool version_is(struct str fp, struct str other)
{
    return fp.len >= FP16 && str_eq(str_slice(fp, 0, FP16), str_slice(other, 0, FP16));
}

bool version_matches(struct str fp, struct str prefix)
{
    /* Of a version that only its key tells of, 16 digits are known. */
    return str_starts(fp, prefix) || (fp.len == FP16 && str_starts(prefix, fp));
}

static bool has(const struct versions *versions, struct str fp)
{
    for (size_t i = 0; i < versions->len; i++)
        if (version_is(versions->items[i].known.fp, fp))
            return true;
    return false;
}

/* What the record says, and the object where it says, or wherever else it is. */
static void add_recorded(
    const struct version_index *index,
    struct arena *arena,
    const struct link *links,
    const struct record_version *recorded,
    bool live,
    struct versions *out)
{
    if (str_is_null(recorded->fp) || has(out, recorded->fp))
        return;
    struct version *version = VEC_PUSH(arena, out);
    *version = (struct version){
        .known = *recorded, .object = map_get(index->seen->objects, recorded->key), .live = live};
    for (; version->object == NULL && links != NULL; links = links->next) {
        if (!version_is(recorded->fp, links->fp16))
            continue;
        version->object = links->object;
        version->known.key = links->object->key;
        version->known.etag = links->object->owner == OWNER_US ? links->object->etag : STR_NULL;
        version->known.size = links->object->size;
    }
}

/* Stable mode: the endpoint decides what is live, whatever the record says. False when it serves no
 * generation of ours. */
static bool add_live_object(
    const struct version_index *index,
    struct arena *arena,
    struct str name,
    const struct record_version *recorded,
    struct versions *out)
{
    if (!index->want->stable || str_is_null(index->live_gen))
        return false;
    struct str key = key_stable(index->arena, index->want, index->live_gen, name);
    if (recorded != NULL && str_eq(recorded->key, key))
        return false;
    struct seen_object *object = map_get(index->seen->objects, key);
    if (object != NULL)
        *VEC_PUSH(arena, out) = (struct version){
            .known =
                {.fp = object->fp,
                 .key = key,
                 .etag = object->owner == OWNER_US ? object->etag : STR_NULL,
                 .size = object->size},
            .object = object,
            .live = true};
    return true;
}

/* The latest first; where the store's clock cannot tell, by key. */
static int newest_link(const void *a, const void *b)
{
    const struct link *x = *(const struct link *const *) a, *y = *(const struct link *const *) b;
    if (x->object->modified_ms != y->object->modified_ms)
        return x->object->modified_ms > y->object->modified_ms ? -1 : 1;
    return str_cmp(x->object->key, y->object->key);
}

/* The record says so, or the object's metadata; and in versioned mode nothing else is put beside
 * the folder that the endpoint reaches. */
static void note_held(const struct version_index *index, struct str name, struct version *version)
{
    const struct record_held *held = record_find_held(&index->seen->record, name);
    struct key_parts parts;
    if (held != NULL && version_is(held->version.fp, version->known.fp)) {
        version->held = true;
        version->reason = held->reason;
        version->known.at = held->version.at;
        version->known.by = held->version.by;
        version->known.metrics = held->version.metrics;
        return;
    }
    bool beside = !index->want->stable &&
                  key_classify(index->want, version->object->key, &parts) == KEY_RETAINED;
    version->held = beside || version->object->metrics != NULL;
    if (version->held)
        version->known.metrics = version->object->metrics;
}

static void add_listed(
    const struct version_index *index,
    struct arena *arena,
    struct str name,
    const struct link *links,
    struct versions *out)
{
    VEC(const struct link *) rest = {0};
    for (const struct link *link = links; link != NULL; link = link->next)
        if (!has(out, link->fp16))
            *VEC_PUSH(arena, &rest) = link;
    if (rest.len > 1)
        qsort(rest.items, rest.len, sizeof(*rest.items), newest_link);
    for (size_t i = 0; i < rest.len; i++) {
        struct seen_object *object = rest.items[i]->object;
        bool ours = object->owner == OWNER_US;
        if (has(out, rest.items[i]->fp16)) /* in both places */
            continue;
        struct version *version = VEC_PUSH(arena, out);
        *version = (struct version){
            .known =
                {.fp = ours && object->fp.len > FP16 ? object->fp : rest.items[i]->fp16,
                 .key = object->key,
                 .etag = ours ? object->etag : STR_NULL,
                 .size = object->size},
            .object = object,
            .listed = true};
        note_held(index, name, version);
    }
}

struct versions versions_in(const struct version_index *index, struct arena *arena, struct str name)
{
    struct versions out = {0};
    const struct link *links = map_get(index->by_model, name);
    const struct record_model *recorded = record_find(&index->seen->record, name);
    bool elsewhere =
        add_live_object(index, arena, name, recorded != NULL ? &recorded->live : NULL, &out);
    if (recorded != NULL)
        add_recorded(index, arena, links, &recorded->live, !elsewhere, &out);
    for (size_t i = 0; recorded != NULL && i < recorded->history.len; i++)
        add_recorded(index, arena, links, &recorded->history.items[i], false, &out);
    add_listed(index, arena, name, links, &out);
    return out;
}

struct versions versions_of(const struct version_index *index, struct str name)
{
    return versions_in(index, index->arena, name);
}

struct str versions_text(struct arena *arena, const struct versions *versions)
{
    struct str out = STR("");
    for (size_t i = 0; i < versions->len; i++) {
        const struct version *version = &versions->items[i];
        if (version->object == NULL || version->held || str_is_null(version->known.fp))
            continue;
        out = str_fmt(
            arena, STR_FMT "%s" STR_FMT "%s", STR_ARG(out), out.len > 0 ? ", " : "",
            STR_ARG(str_slice(version->known.fp, 0, FP16)), version->live ? " (live)" : "");
    }
    return out.len > 0 ? out : STR("none");
}
