#include "engine/base/batch.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/kinds/kinds_internal.h"
#include "engine/xgb/csv_split.h"

#include <sys/stat.h>

/* Channels that are parted by a column: read and checked once, and kept as long as the sources.
 * What trains here keeps the numbers and lets the text go; what is uploaded keeps the text, so that
 * what is sent is what was hashed, whatever happens to the file meanwhile. */

#define MAX_TEXT MIB(2048)
#define ROWS_AT_ONCE 8192 /* on one thread, in one go */
#define PARTS_AT_ONCE 64

struct part_digest {
    struct sha256 sha256;
    uint64_t size;
};

struct kept_split {
    struct kept_split *next;
    struct arena *arena; /* of the text, too */
    struct arena *id_arena;
    struct str id; /* source, its state, and how it is parted */
    struct str text;
    struct csv_split *csv;
    struct part_digest *digests; /* of each part */
};

void splits_free(struct kept_split *splits)
{
    while (splits != NULL) {
        struct kept_split *next = splits->next;
        csv_split_free(splits->csv);
        arena_free(splits->arena);
        arena_free(splits->id_arena);
        xfree(splits->digests);
        xfree(splits);
        splits = next;
    }
}

/* ---- reading one ---- */

struct splitting {
    struct kept_split *kept;
    const struct want_channel *channel;
    struct csv_split_options options;
    struct err *errs; /* of each batch of rows: its first in the file */
    struct err err;
    enum err_code code;
};

static void read_and_open(void *arg)
{
    struct splitting *work = arg;
    struct kept_split *kept = work->kept;
    if (!str_is_null(work->channel->path))
        work->code = file_read(
            kept->arena, str_z(kept->arena, work->channel->path), MAX_TEXT, &kept->text,
            &work->err);
    if (work->code == ERR_NONE)
        work->code = csv_split_open(kept->text, &work->options, &kept->csv, &work->err);
}

static void check_rows(void *arg, size_t batch, size_t from, size_t to)
{
    struct splitting *work = arg;
    (void) !csv_split_check(work->kept->csv, from, to, &work->errs[batch]);
}

static void digest_parts(void *arg, size_t batch, size_t from, size_t to)
{
    struct kept_split *kept = arg;
    AUTO(buf_done) struct buf text = BUF_INIT(SIZE_MAX / 2);
    (void) batch;
    for (size_t i = from; i < to; i++) {
        buf_clear(&text);
        csv_split_text(kept->csv, i, &text);
        kept->digests[i] = (struct part_digest){sha256_of(buf_str(&text)), text.len};
    }
}

/* The first fault in the file, though parts are checked one after the other. */
static enum err_code first_fault(const struct splitting *work, size_t batches, struct err *err)
{
    const struct err *first = NULL;
    for (size_t i = 0; i < batches; i++)
        if (work->errs[i].code != ERR_NONE &&
            (first == NULL || work->errs[i].at.line < first->at.line))
            first = &work->errs[i];
    if (first == NULL)
        return ERR_NONE;
    *err = *first;
    return err->code;
}

static enum err_code split(
    struct kinds *kinds,
    const struct want_channel *channel,
    const struct split_options *options,
    struct kept_split *kept,
    struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("split", 0);
    struct splitting *work = ARENA_NEW(scratch, struct splitting);
    work->kept = kept;
    work->channel = channel;
    work->options = (struct csv_split_options){
        .name = channel->source,
        .column = options->column,
        .csv_weights = options->csv_weights,
        .keep = options->keep};
    if (str_is_null(channel->path)) {
        enum err_code code = kinds_read_s3(kinds, kept->arena, channel->s3_uri, &kept->text, err);
        if (code != ERR_NONE)
            return code;
    }
    loop_offload(kinds->loop, read_and_open, work);
    if (work->code != ERR_NONE) {
        *err = work->err;
        return work->code;
    }
    size_t rows = csv_split_rows(kept->csv), parts = csv_split_count(kept->csv);
    size_t batches = batch_count(rows, ROWS_AT_ONCE);
    work->errs = ARENA_ARRAY(scratch, batches, struct err);
    batch_run(kinds->loop, rows, ROWS_AT_ONCE, check_rows, work);
    enum err_code code = first_fault(work, batches, err);
    if (code != ERR_NONE)
        return code;
    kept->digests = xmalloc(parts * sizeof(*kept->digests));
    batch_run(kinds->loop, parts, PARTS_AT_ONCE, digest_parts, kept);
    if (options->keep) {
        arena_free(kept->arena);
        kept->arena = NULL;
    }
    return ERR_NONE;
}

/* ---- finding it again ---- */

/* A file's state is what stat() says of it; an s3:// prefix's is its listing. */
static enum err_code identify(
    struct kinds *kinds,
    struct arena *arena,
    const struct want *want,
    const struct want_channel *channel,
    const struct split_options *options,
    struct str *ret_id,
    struct err *err)
{
    struct str state;
    if (str_is_null(channel->path)) {
        struct str etag;
        uint64_t size;
        enum err_code code = kinds_digest_s3(
            &kinds->world, arena, want, channel->s3_uri, true, &state, &etag, &size, err);
        if (code != ERR_NONE)
            return code;
    } else {
        struct stat info = {0};
        (void) stat(str_z(arena, channel->path), &info); /* reading it says what is wrong */
        state = str_fmt(
            arena, "%llu:%llu:%lld:%lld.%09ld", (unsigned long long) info.st_dev,
            (unsigned long long) info.st_ino, (long long) info.st_size,
            (long long) info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    }
    *ret_id = str_fmt(
        arena, STR_FMT "|" STR_FMT "|%zu%s%s", STR_ARG(channel->source), STR_ARG(state),
        options->column, options->csv_weights ? "|weights" : "", options->keep ? "|keep" : "");
    return ERR_NONE;
}

static struct split *describe(struct arena *arena, struct kept_split *kept)
{
    struct split *out = ARENA_NEW(arena, struct split);
    *out = (struct split){
        .n_parts = csv_split_count(kept->csv),
        .n_rows = csv_split_rows(kept->csv),
        .n_cols = csv_split_cols(kept->csv),
        .data = kept};
    out->parts = ARENA_ARRAY(arena, out->n_parts, struct split_part);
    for (size_t i = 0; i < out->n_parts; i++)
        out->parts[i] = (struct split_part){
            .value = str_fmt(arena, STR_FMT, STR_ARG(csv_split_value(kept->csv, i))),
            .rows = csv_split_len(kept->csv, i),
            .digest = hex_of(arena, kept->digests[i].sha256.bytes, SHA256_LEN),
            .size = kept->digests[i].size};
    return out;
}

enum err_code kinds_split_channel(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    const struct want_channel *channel,
    const struct split_options *options,
    struct split **ret_split,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct kept_split *kept = xmalloc(sizeof(*kept));
    *kept = (struct kept_split){
        .arena = arena_new("parted channel", MIB(4096)), .id_arena = arena_new("channel id", 0)};
    struct kept_split *known = NULL;
    gate_enter(kinds->loop, &kinds->data->gate);
    enum err_code code = identify(kinds, kept->id_arena, want, channel, options, &kept->id, err);
    for (struct kept_split *old = kinds->data->splits; code == ERR_NONE && old != NULL;
         old = old->next)
        if (str_eq(old->id, kept->id))
            known = old;
    if (code == ERR_NONE && known == NULL)
        code = split(kinds, channel, options, kept, err);
    gate_leave(kinds->loop, &kinds->data->gate);
    if (code != ERR_NONE || known != NULL)
        splits_free(kept);
    if (code != ERR_NONE)
        return code;
    if (known == NULL) {
        kept->next = kinds->data->splits;
        kinds->data->splits = known = kept;
    }
    *ret_split = describe(arena, known);
    return ERR_NONE;
}

/* ---- using a part ---- */

void split_text(const struct want_channel *channel, struct buf *out)
{
    const struct kept_split *kept = channel->split->data;
    csv_split_text(kept->csv, channel->part, out);
}

struct dataset *split_dataset(const struct want_channel *channel)
{
    const struct kept_split *kept = channel->split->data;
    return csv_split_dataset(kept->csv, channel->part);
}
