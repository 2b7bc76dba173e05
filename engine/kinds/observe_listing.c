#include "engine/kinds/kinds_internal.h"
#include "engine/resource/names.h"

/* Everything under the stack's prefix, within the requests a plan may take. Of a stack that the
 * record does not say is large, one page first, which is all there is of a small one; then what is
 * left in ranges side by side. Where ranges begin is guessed from the keys that should be there:
 * those of the record, or else those of the spec. A bad guess costs pages, never a key. */

#define PAGE_KEYS 1000
#define WIDTH 8          /* pages at once: each is a third of a megabyte while it is read */
#define SERIAL_KEYS 2000 /* what so many keys need, the pages that follow bring as soon */

struct expected_key {
    struct str key, etag; /* etag: as recorded, on the command's arena like the key; or null */
};

struct expected {
    VEC(struct expected_key) keys;
    size_t weight; /* objects for each key, where history is not known */
};

static int by_key(const void *a, const void *b)
{
    const struct expected_key *x = a, *y = b;
    return str_cmp(x->key, y->key);
}

static void expect(struct arena *scratch, struct expected *out, struct str key, struct str etag)
{
    *VEC_PUSH(scratch, &out->keys) = (struct expected_key){key, etag};
}

static void expect_record(struct arena *scratch, const struct record *record, struct expected *out)
{
    size_t count = 0;
    for (size_t i = 0; i < record->models.len; i++)
        count += 1 + record->models.items[i].history.len;
    VEC_RESERVE(scratch, &out->keys, count);
    for (size_t i = 0; i < record->models.len; i++) {
        const struct record_model *model = &record->models.items[i];
        if (!str_is_null(model->live.key))
            expect(scratch, out, model->live.key, model->live.etag);
        for (size_t k = 0; k < model->history.len; k++)
            expect(scratch, out, model->history.items[k].key, model->history.items[k].etag);
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
        expect(scratch, out, key, STR_NULL);
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
        if (!model->trained || want->trains_here)
            continue;
        struct str output = str_fmt(
            scratch, STR_FMT "/training/" STR_FMT "/", STR_ARG(want->prefix), STR_ARG(model->job));
        expect(scratch, out, output, STR_NULL);
    }
}

static void sort(struct expected *expected)
{
    bool sorted = true;
    for (size_t i = 1; i < expected->keys.len && sorted; i++)
        sorted = by_key(&expected->keys.items[i - 1], &expected->keys.items[i]) <= 0;
    if (!sorted)
        qsort(expected->keys.items, expected->keys.len, sizeof(struct expected_key), by_key);
}

/* The expected keys behind `after` (null: all), cut so that a range has a page less a little: one
 * page more than it takes leaves each of them room for keys that nobody expected. */
static size_t choose_bounds(
    struct arena *scratch, const struct expected *expected, struct str after, struct str **out)
{
    size_t first = 0;
    while (!str_is_null(after) && first < expected->keys.len &&
           str_cmp(expected->keys.items[first].key, after) <= 0)
        first++;
    size_t count = expected->keys.len - first;
    size_t objects = count * expected->weight;
    if (objects <= SERIAL_KEYS)
        return 0;
    size_t n_ranges = (objects + PAGE_KEYS - 1) / PAGE_KEYS + 1;
    struct str *bounds = ARENA_ARRAY(scratch, n_ranges, struct str);
    for (size_t i = 1; i < n_ranges; i++)
        bounds[i - 1] = expected->keys.items[first + count * i / n_ranges].key;
    *out = bounds;
    return n_ranges - 1;
}

/* Listed keys and ETags are nearly always the recorded ones, which are in memory already. */
static struct str kept(struct arena *arena, struct str listed, struct str recorded)
{
    return str_eq(listed, recorded) ? recorded : str_dup(arena, listed);
}

static void add_objects(
    struct arena *arena,
    struct map *out,
    const struct expected *expected,
    const struct s3_object *objects,
    size_t count)
{
    struct seen_object *seen = ARENA_ARRAY(arena, count, struct seen_object);
    size_t next = 0;
    map_reserve(out, map_len(out) + count);
    for (size_t i = 0; i < count; i++) {
        const struct s3_object *object = &objects[i];
        struct expected_key known = {STR_NULL, STR_NULL};
        while (next < expected->keys.len &&
               str_cmp(expected->keys.items[next].key, object->key) < 0)
            next++;
        if (next < expected->keys.len && !str_is_null(expected->keys.items[next].etag))
            known = expected->keys.items[next];
        seen[i] = (struct seen_object){
            .key = kept(arena, object->key, known.key),
            .etag = kept(arena, object->etag, known.etag),
            .size = object->size_bytes,
            .modified_ms = object->modified_ms};
        map_put(out, seen[i].key, &seen[i]);
    }
}

/* What stands behind the first page, or all of it where there was none. */
static enum err_code list_rest(
    struct kinds *kinds,
    struct arena *scratch,
    const struct want *want,
    struct expected *expected,
    struct str prefix,
    const struct s3_page *first,
    struct s3_listing *out,
    struct err *err)
{
    struct str *bounds = NULL;
    struct s3_wide_options options = {.prefix = prefix, .width = WIDTH};
    if (first->count > 0)
        options.start_after = first->objects[first->count - 1].key;
    expect_jobs(scratch, want, expected);
    sort(expected);
    options.n_bounds = choose_bounds(scratch, expected, options.start_after, &bounds);
    options.bounds = bounds;
    return s3_list_wide(
        kinds->aws, kinds->loop, scratch, scratch, want->bucket, &options, out, err);
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
    struct s3_page first = {.count = 0};
    struct s3_listing rest = {.count = 0};
    struct expected expected = {.weight = 1};
    expect_record(scratch, record, &expected);
    bool large = expected.keys.len > SERIAL_KEYS;
    enum err_code code = ERR_NONE;
    if (!large)
        code = s3_list_page(
            kinds->aws, scratch, scratch, want->bucket, &options, STR_NULL, PAGE_KEYS, &first, err);
    if (code == ERR_NONE && expected.keys.len == 0 && first.count > 0)
        expect_spec(scratch, want, &first, &expected);
    if (code == ERR_NONE && (large || !str_is_null(first.token)))
        code = list_rest(kinds, scratch, want, &expected, options.prefix, &first, &rest, err);
    if (code != ERR_NONE)
        return code;
    sort(&expected);
    if (!rest.from_front)
        add_objects(arena, out, &expected, first.objects, first.count);
    add_objects(arena, out, &expected, rest.objects, rest.count);
    return ERR_NONE;
}
