#include "engine/kinds/conditions.h"

/* Removal of objects in batches, each only while its ETag is the one that was seen. */

struct removal {
    struct s3_delete_key *keys;
    struct change **owners; /* of each key */
    size_t count;
};

static struct removal collect(struct arena *arena, struct change **changes, size_t count)
{
    struct removal removal = {NULL, NULL, 0};
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct object_plan *subject = changes[i]->subject;
        total += subject->n_objects;
    }
    removal.keys = ARENA_ARRAY(arena, total, struct s3_delete_key);
    removal.owners = ARENA_ARRAY(arena, total, struct change *);
    for (size_t i = 0; i < count; i++) {
        const struct object_plan *subject = changes[i]->subject;
        for (size_t k = 0; k < subject->n_objects; k++) {
            removal.owners[removal.count] = changes[i];
            removal.keys[removal.count++] =
                (struct s3_delete_key){subject->objects[k]->key, subject->objects[k]->etag};
        }
    }
    return removal;
}

static struct change *owner_of(const struct removal *removal, struct str key)
{
    for (size_t i = 0; i < removal->count; i++)
        if (str_eq(removal->keys[i].key, key))
            return removal->owners[i];
    return NULL;
}

static void note_failure(
    struct arena *arena, const struct removal *removal, const struct s3_delete_failure *failure)
{
    if (str_eq(failure->code, STR("NoSuchKey")))
        return; /* gone already */
    struct change *change = owner_of(removal, failure->key);
    if (change == NULL)
        return;
    change->outcome = OUTCOME_FAILED;
    change->err = ARENA_NEW(arena, struct err);
    if (str_eq(failure->code, STR("PreconditionFailed"))) {
        err_set(
            change->err, ERR_PRECONDITION, "object '" STR_FMT "' changed since it was looked at",
            STR_ARG(failure->key));
        err_hint(change->err, "run the same command again to see it as it is now");
        return;
    }
    bool denied = str_eq(failure->code, STR("AccessDenied"));
    err_set(
        change->err, denied ? ERR_DENIED : ERR_TERMINAL,
        "deleting object '" STR_FMT "': " STR_FMT ": " STR_FMT, STR_ARG(failure->key),
        STR_ARG(failure->code), STR_ARG(failure->message));
    if (denied)
        err_hint(change->err, "the caller needs s3:DeleteObject on the stack's prefix");
}

/* Where the store does not check ETags itself, what changed is taken out here. */
static enum err_code drop_changed(
    struct kinds *kinds,
    struct arena *arena,
    struct str bucket,
    struct removal *removal,
    struct err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < removal->count; i++) {
        struct err failure = {0};
        enum err_code code = kinds_guard_delete(
            kinds, arena, bucket, removal->keys[i].key, removal->keys[i].etag, true, &failure);
        if (code == ERR_PRECONDITION) {
            struct s3_delete_failure changed = {
                removal->keys[i].key, STR("PreconditionFailed"), STR("")};
            note_failure(arena, removal, &changed);
            continue;
        }
        if (code != ERR_NONE) {
            *err = failure;
            return code;
        }
        removal->keys[kept] = removal->keys[i];
        removal->owners[kept++] = removal->owners[i];
    }
    removal->count = kept;
    return ERR_NONE;
}

static enum err_code remove_in_bucket(
    struct kinds *kinds,
    struct arena *arena,
    struct str bucket,
    struct change **changes,
    size_t count,
    struct err *err)
{
    struct removal removal = collect(arena, changes, count);
    enum err_code code = drop_changed(kinds, arena, bucket, &removal, err);
    if (code != ERR_NONE)
        return code;
    struct s3_delete_failure *failures = NULL;
    size_t n_failed = 0;
    code = s3_delete_many(
        kinds->aws, arena, bucket, removal.keys, removal.count, &failures, &n_failed, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < n_failed; i++)
        note_failure(arena, &removal, &failures[i]);
    for (size_t i = 0; i < count; i++)
        if (changes[i]->outcome == OUTCOME_PENDING)
            changes[i]->outcome = OUTCOME_DONE;
    return ERR_NONE;
}

static struct str bucket_of(const struct want *want, const struct change *change)
{
    const struct object_plan *subject = change->subject;
    return str_is_null(subject->bucket) ? want->bucket : subject->bucket;
}

/* Nearly always one bucket; a stack that moves has a second one. */
enum err_code kinds_remove_objects(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct change **changes,
    size_t count,
    struct err *err)
{
    struct change **batch = ARENA_ARRAY(arena, count, struct change *);
    bool *taken = ARENA_ARRAY(arena, count, bool);
    for (size_t i = 0; i < count; i++) {
        if (taken[i])
            continue;
        struct str bucket = bucket_of(want, changes[i]);
        size_t n = 0;
        for (size_t k = i; k < count; k++) {
            if (taken[k] || !str_eq(bucket_of(want, changes[k]), bucket))
                continue;
            taken[k] = true;
            batch[n++] = changes[k];
        }
        enum err_code code = remove_in_bucket(kinds_of(world), arena, bucket, batch, n, err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

enum err_code kinds_abort_uploads(
    struct world *world, const struct want *want, const struct snapshot *seen, struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    AUTO(arena_close) struct arena *scratch = arena_new("uploads", 0);
    enum err_code result = ERR_NONE;
    for (size_t i = 0; i < seen->uploads.len; i++) {
        struct str id = seen->uploads.items[i], key;
        struct err failure = {0};
        if (!str_split(&id, '\n', &key))
            continue;
        enum err_code code = s3_abort_upload(kinds->aws, scratch, want->bucket, key, id, &failure);
        if (code == ERR_NONE || code == ERR_NOT_FOUND || result != ERR_NONE)
            continue;
        *err = failure;
        result = err_wrap(err, "aborting the upload of '" STR_FMT "'", STR_ARG(key));
    }
    return result;
}
