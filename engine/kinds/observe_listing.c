#include "engine/kinds/kinds_internal.h"
#include "engine/resource/names.h"

/* Everything under the stack's prefix (../shared/design/decisions.md, 17): one page first, which is
 * all there is of a small stack; then, where it was not, the rest in ranges side by side. Where
 * ranges begin is guessed from the keys that should be there: those of the record, or else those of
 * the spec. A bad guess costs pages, never a key. */

#define PAGE_KEYS 1000
#define WIDTH 8          /* pages at once: each is a third of a megabyte while it is read */
#define SERIAL_KEYS 2000 /* what so many keys need, the pages that follow bring as soon */

struct expected {
    VEC(struct str) keys;
    size_t weight; /* objects for each key, where history is not known */
};

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *) a, *(const struct str *) b);
}

static void expect_record(struct arena *scratch, const struct record *record, struct expected *out)
{
    for (size_t i = 0; i < record->models.len; i++) {
        const struct record_model *model = &record->models.items[i];
        *VEC_PUSH(scratch, &out->keys) = model->live.key;
        for (size_t k = 0; k < model->history.len; k++)
            *VEC_PUSH(scratch, &out->keys) = model->history.items[k].key;
    }
}

/* Without a record: one key per model, and as many objects for each as the first page shows. */
static void expect_spec(
    struct arena *scratch,
    const struct want *want,
    const struct s3_page *first,
    struct expected *out)
{
    struct str last = first->objects[first->count - 1].key;
    struct key_parts parts;
    bool stable = key_classify(want, last, &parts) == KEY_STABLE;
    size_t n_seen = 0, n_named = 0;
    for (size_t i = 0; i < want->n_models; i++) {
        const struct want_model *model = &want->models[i];
        struct str key = stable ? key_stable(scratch, want, parts.gen, model->name)
                                : key_versioned(scratch, want, model->name, model->fp);
        *VEC_PUSH(scratch, &out->keys) = key;
        n_named += str_cmp(key, last) <= 0;
    }
    for (size_t i = 0; i < first->count; i++) {
        enum key_class class = key_classify(want, first->objects[i].key, &parts);
        n_seen += class == KEY_VERSIONED || class == KEY_STABLE;
    }
    if (n_named > 0 && n_seen > n_named)
        out->weight = (n_seen + n_named - 1) / n_named;
}

/* A job's output stands under the job's name. */
static void expect_jobs(struct arena *scratch, const struct want *want, struct expected *out)
{
    for (size_t i = 0; i < want->n_models; i++) {
        const struct want_model *model = &want->models[i];
        if (model->trained && !want->trains_here)
            *VEC_PUSH(scratch, &out->keys) = str_fmt(
                scratch, STR_FMT "/training/" STR_FMT "/", STR_ARG(want->prefix),
                STR_ARG(model->job));
    }
}

static void sort(struct expected *expected)
{
    bool sorted = true;
    for (size_t i = 1; i < expected->keys.len && sorted; i++)
        sorted = str_cmp(expected->keys.items[i - 1], expected->keys.items[i]) <= 0;
    if (!sorted)
        qsort(expected->keys.items, expected->keys.len, sizeof(struct str), by_bytes);
}

/* The expected keys behind `after`, cut so that a range has one page less a little: one page more
 * than it takes leaves each of them room for keys that nobody expected. */
static size_t
choose_bounds(struct arena *scratch, struct expected *expected, struct str after, struct str **out)
{
    sort(expected);
    size_t first = 0;
    while (first < expected->keys.len && str_cmp(expected->keys.items[first], after) <= 0)
        first++;
    size_t count = expected->keys.len - first;
    size_t objects = count * expected->weight;
    if (objects <= SERIAL_KEYS)
        return 0;
    size_t n_ranges = (objects + PAGE_KEYS - 1) / PAGE_KEYS + 1;
    struct str *bounds = ARENA_ARRAY(scratch, n_ranges, struct str);
    for (size_t i = 1; i < n_ranges; i++)
        bounds[i - 1] = expected->keys.items[first + count * i / n_ranges];
    *out = bounds;
    return n_ranges - 1;
}

static void
add_objects(struct arena *arena, struct map *out, const struct s3_object *objects, size_t count)
{
    struct seen_object *seen = ARENA_ARRAY(arena, count, struct seen_object);
    map_reserve(out, map_len(out) + count);
    for (size_t i = 0; i < count; i++) {
        seen[i] = (struct seen_object){
            .key = objects[i].key,
            .etag = objects[i].etag,
            .size = objects[i].size_bytes,
            .modified_ms = objects[i].modified_ms};
        map_put(out, seen[i].key, &seen[i]);
    }
}

static enum err_code list_rest(
    struct kinds *kinds,
    struct arena *arena,
    struct arena *scratch,
    const struct want *want,
    const struct record *record,
    const struct s3_list_options *listed,
    const struct s3_page *first,
    struct s3_listing *out,
    struct err *err)
{
    struct expected expected = {.weight = 1};
    struct str last = first->count > 0 ? first->objects[first->count - 1].key : STR_NULL;
    struct str *bounds = NULL;
    if (first->count > 0) {
        if (record->models.len > 0)
            expect_record(scratch, record, &expected);
        else
            expect_spec(scratch, want, first, &expected);
        expect_jobs(scratch, want, &expected);
    }
    struct s3_wide_options options = {
        .prefix = listed->prefix,
        .start_after = last,
        .n_bounds = choose_bounds(scratch, &expected, last, &bounds),
        .width = WIDTH};
    options.bounds = bounds;
    return s3_list_wide(kinds->aws, kinds->loop, arena, scratch, want->bucket, &options, out, err);
}

enum err_code kinds_list_objects(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    const struct record *record,
    struct map *out,
    struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("listing", 0);
    struct s3_list_options options = {
        .prefix = str_fmt(scratch, STR_FMT "/", STR_ARG(want->prefix))};
    struct s3_page first;
    enum err_code code = s3_list_page(
        kinds->aws, arena, scratch, want->bucket, &options, STR_NULL, PAGE_KEYS, &first, err);
    struct s3_listing rest = {.count = 0};
    if (code == ERR_NONE && !str_is_null(first.token))
        code = list_rest(kinds, arena, scratch, want, record, &options, &first, &rest, err);
    if (code != ERR_NONE)
        return code;
    if (!rest.from_front)
        add_objects(arena, out, first.objects, first.count);
    add_objects(arena, out, rest.objects, rest.count);
    return ERR_NONE;
}
