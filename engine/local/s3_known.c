/* Buckets as every request needs them, kept in memory until one changes. Guarded by the world lock.
 */
#include "engine/local/s3_known.h"

#include "engine/local/s3.h"

enum { KNOWN_MAX = 64 };

struct s3_known {
    struct arena *arena;
    struct s3_bucket buckets[KNOWN_MAX];
    size_t n_buckets;
};

struct s3_known *s3_known_new(void)
{
    struct s3_known *known = xmalloc(sizeof(*known));
    *known = (struct s3_known){.arena = arena_new("buckets", 0)};
    return known;
}

void s3_known_free(void *state)
{
    struct s3_known *known = state;
    if (known != NULL)
        arena_free(known->arena);
    xfree(known);
}

void s3_buckets_forget(struct local *local)
{
    struct s3_known *known = local_state(local, &local_room_s3);
    if (known == NULL)
        return;
    known->n_buckets = 0;
    arena_reset(known->arena);
}

/* The text of one element of a configuration. */
static struct str config_text(
    struct local *local, struct arena *arena, struct str bucket, const char *kind, struct str name)
{
    struct db_stmt *q = db_query(
        local_db(local), "SELECT xml FROM bucket_config WHERE bucket=?1 AND kind=?2",
        DB_ARGS(db_text(bucket), db_text(str_from(kind))));
    struct str xml = db_next(q) ? db_col_text(q, 0, arena) : STR_NULL;
    db_finish(&q);
    struct str mark = str_fmt(arena, "<" STR_FMT ">", STR_ARG(name));
    size_t at = str_find(xml, mark);
    if (at == SIZE_MAX)
        return STR_NULL;
    struct str rest = str_from_index(xml, at + mark.len);
    return str_trim(str_slice(rest, 0, str_index(rest, '<')));
}

static bool read_bucket(struct local *local, struct s3_known *known, struct str name)
{
    struct s3_bucket bucket = {0};
    struct db_stmt *q = db_query(
        local_db(local), "SELECT region, account FROM bucket WHERE name=?1",
        DB_ARGS(db_text(name)));
    bool found = db_next(q);
    if (found) {
        bucket.name = str_dup(known->arena, name);
        bucket.region = db_col_text(q, 0, known->arena);
        bucket.account = db_col_text(q, 1, known->arena);
    }
    db_finish(&q);
    if (!found)
        return false;
    struct str status = config_text(local, known->arena, name, "versioning", STR("Status"));
    if (str_eq(status, STR("Enabled")))
        bucket.versioning = S3_VERSIONED;
    else if (str_eq(status, STR("Suspended")))
        bucket.versioning = S3_SUSPENDED;
    struct str sse = config_text(local, known->arena, name, "encryption", STR("SSEAlgorithm"));
    if (str_starts(sse, STR("aws:kms")))
        bucket.kms = sse;
    bucket.kms_key = config_text(local, known->arena, name, "encryption", STR("KMSMasterKeyID"));
    known->buckets[known->n_buckets++] = bucket;
    return !db_failed(local_db(local));
}

const struct s3_bucket *s3_bucket_find(struct local *local, struct str name)
{
    struct s3_known *known = local_state(local, &local_room_s3);
    for (size_t i = 0; i < known->n_buckets; i++)
        if (str_eq(known->buckets[i].name, name))
            return &known->buckets[i];
    if (known->n_buckets == KNOWN_MAX)
        s3_buckets_forget(local);
    if (!read_bucket(local, known, name))
        return NULL;
    return &known->buckets[known->n_buckets - 1];
}
