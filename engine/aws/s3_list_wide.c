#include "engine/aws/s3_call.h"
#include "engine/base/arena.h"
#include "engine/base/loop.h"
#include "engine/base/vec.h"

/* The keys above `after` up to `until`. Ranges share no key and leave none out, whatever stands at
 * their bounds and whatever comes and goes meanwhile. */
struct range {
    struct str after, until; /* null: from the front; to the end */
    VEC(struct s3_object) objects;
};

struct wide {
    struct aws *aws;
    struct arena *arena, *scratch;
    struct str bucket, prefix;
    struct range *ranges;
    size_t n_ranges, next;
    size_t n_objects;
    bool unordered; /* the store does not heed StartAfter, or does not sort */
    int64_t date_ms;
    struct err *err;
    enum err_code code;
};

static void arena_close_pages(struct arena **arena)
{
    arena_free(*arena);
}

/* Keeps what is the range's; false when it has reached its end. */
static bool take_page(struct wide *wide, struct range *range, const struct s3_page *page)
{
    struct str last =
        range->objects.len > 0 ? range->objects.items[range->objects.len - 1].key : range->after;
    if (range->objects.len == 0) /* nearly always its only page */
        VEC_RESERVE(wide->scratch, &range->objects, page->count);
    for (size_t i = 0; i < page->count; i++) {
        const struct s3_object *object = &page->objects[i];
        if (!str_is_null(last) && str_cmp(object->key, last) <= 0) {
            wide->unordered = true;
            return false;
        }
        if (!str_is_null(range->until) && str_cmp(object->key, range->until) > 0)
            return false;
        *VEC_PUSH(wide->scratch, &range->objects) = *object;
        wide->n_objects++;
        last = object->key;
    }
    wide->date_ms = page->date_ms;
    /* A page that ends at the bound itself ends the range: the next key is the next one's. */
    return str_is_null(range->until) || str_is_null(last) || !str_eq(last, range->until);
}

static enum err_code list_range(struct wide *wide, struct range *range, struct err *err)
{
    AUTO(arena_close_pages) struct arena *pages = arena_new("S3 listing", 0);
    struct s3_list_options options = {.prefix = wide->prefix, .start_after = range->after};
    struct s3_page page = {.token = STR_NULL};
    bool more = true;
    while (more && wide->code == ERR_NONE && !wide->unordered) {
        enum err_code code = s3_list_page(
            wide->aws, wide->arena, pages, wide->bucket, &options, page.token, SIZE_MAX, &page,
            err);
        if (code != ERR_NONE)
            return code;
        more = take_page(wide, range, &page) && !str_is_null(page.token);
        if (wide->n_objects > S3_LIST_MAX_OBJECTS)
            return err_set(
                err, ERR_PROTOCOL,
                "there are more than %d objects under 's3://" STR_FMT "/" STR_FMT "'",
                S3_LIST_MAX_OBJECTS, STR_ARG(wide->bucket), STR_ARG(wide->prefix));
        arena_reset(pages);
    }
    return ERR_NONE;
}

static void list_worker(void *arg)
{
    struct wide *wide = arg;
    while (wide->next < wide->n_ranges && wide->code == ERR_NONE && !wide->unordered) {
        struct err err = {0};
        enum err_code code = list_range(wide, &wide->ranges[wide->next++], &err);
        if (code != ERR_NONE && wide->code == ERR_NONE) {
            *wide->err = err;
            wide->code = code;
        }
    }
}

static void cut_into_ranges(struct wide *wide, const struct s3_wide_options *options)
{
    wide->ranges = ARENA_ARRAY(wide->scratch, options->n_bounds + 1, struct range);
    wide->ranges[0].after = options->start_after;
    wide->n_ranges = 1;
    for (size_t i = 0; i < options->n_bounds; i++) {
        struct range *last = &wide->ranges[wide->n_ranges - 1];
        struct str bound = options->bounds[i];
        if (!str_is_null(last->after) && str_cmp(bound, last->after) <= 0)
            continue;
        last->until = bound;
        wide->ranges[wide->n_ranges++].after = bound;
    }
}

static void collect(const struct wide *wide, struct s3_listing *ret_listing)
{
    struct s3_object *objects = ARENA_ARRAY(wide->scratch, wide->n_objects, struct s3_object);
    size_t n = 0;
    for (size_t i = 0; i < wide->n_ranges; i++) {
        const struct range *range = &wide->ranges[i];
        if (range->objects.len > 0)
            memcpy(objects + n, range->objects.items, range->objects.len * sizeof(*objects));
        n += range->objects.len;
    }
    *ret_listing = (struct s3_listing){.objects = objects, .count = n, .date_ms = wide->date_ms};
}

enum err_code s3_list_wide(
    struct aws *aws,
    struct loop *loop,
    struct arena *arena,
    struct arena *scratch,
    struct str bucket,
    const struct s3_wide_options *options,
    struct s3_listing *ret_listing,
    struct err *err)
{
    struct wide wide = {
        .aws = aws,
        .arena = arena,
        .scratch = scratch,
        .bucket = bucket,
        .prefix = options->prefix,
        .err = err};
    cut_into_ranges(&wide, options);
    size_t width = options->width < wide.n_ranges ? options->width : wide.n_ranges;
    struct task **tasks = ARENA_ARRAY(scratch, width, struct task *);
    for (size_t i = 0; i < width; i++)
        tasks[i] = loop_spawn(loop, list_worker, &wide);
    for (size_t i = 0; i < width; i++)
        loop_join(loop, tasks[i]);
    if (wide.code != ERR_NONE)
        return wide.code;
    if (!wide.unordered) {
        collect(&wide, ret_listing);
        return ERR_NONE;
    }
    struct s3_list_options serial = {.prefix = options->prefix};
    enum err_code code = s3_list(aws, arena, bucket, &serial, ret_listing, err);
    ret_listing->from_front = code == ERR_NONE;
    return code;
}
