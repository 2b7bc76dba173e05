/* Opening and closing a world, and its settings. */
#include "engine/local/local.h"

#include "engine/base/file.h"
#include "engine/local/world.h"

#define WORLD_FORMAT "2"

struct local_delays local_delays_default(void)
{
    return (struct local_delays){
#define DELAY_DEFAULT(name, fallback, meaning) .name = (fallback),
        LOCAL_DELAYS(DELAY_DEFAULT)
#undef DELAY_DEFAULT
    };
}

struct local_delays local_delays_zero(void)
{
    return (struct local_delays){0};
}

bool local_delays_set(struct local_delays *delays, struct str name, int64_t ms)
{
    static const struct {
        struct str name;
        size_t offset;
    } s_delays[] = {
#define DELAY_ROW(name, fallback, meaning) {STR_INIT(#name), offsetof(struct local_delays, name)},
        LOCAL_DELAYS(DELAY_ROW)
#undef DELAY_ROW
    };
    for (size_t i = 0; i < ARRAY_LEN(s_delays) && ms >= 0; i++)
        if (str_eq(s_delays[i].name, name)) {
            memcpy((char *) delays + s_delays[i].offset, &ms, sizeof(ms));
            return true;
        }
    return false;
}

/* A value that is set once in the life of a world. */
static struct str meta_once(struct local *local, struct str name, struct str value)
{
    db_run(
        local->db, "INSERT OR IGNORE INTO meta(name, value) VALUES(?1, ?2)",
        DB_ARGS(db_text(name), db_text(value)));
    struct db_stmt *q =
        db_query(local->db, "SELECT value FROM meta WHERE name=?1", DB_ARGS(db_text(name)));
    struct str found = db_next(q) ? db_col_text(q, 0, local->arena) : STR_NULL;
    db_finish(&q);
    return found;
}

/* How often this world was opened, this time included: with it, ids never repeat in the life of a
 * world, even when every process starts from the same seed. */
static uint64_t count_openings(struct local *local)
{
    db_run(
        local->db, "INSERT OR IGNORE INTO meta(name, value) VALUES('openings', '0')", DB_NO_ARGS);
    db_run(local->db, "UPDATE meta SET value=value+1 WHERE name='openings'", DB_NO_ARGS);
    struct db_stmt *q =
        db_query(local->db, "SELECT value FROM meta WHERE name='openings'", DB_NO_ARGS);
    uint64_t openings = db_next(q) ? (uint64_t) db_col_int(q, 0) : 0;
    db_finish(&q);
    return openings;
}

static void seed_ids(struct local *local, uint64_t openings)
{
    uint64_t seed = local->options.seed != 0 ? local->options.seed : rng_entropy();
    struct rng mixer;
    rng_seed(&mixer, seed);
    seed = rng_u64(&mixer) + openings;
    rng_seed(&local->ids_rng, seed ^ UINT64_C(0x9E3779B97F4A7C15));
}

static enum err_code schema_make(struct local *local, struct err *err)
{
    struct str wanted = local->options.account;
    db_begin(local->db);
    db_exec(
        local->db, "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) "
                   "WITHOUT ROWID");
    db_exec(local->db, keys_schema);
    for (size_t i = 0; i < local_n_rooms; i++)
        if (local_rooms[i]->schema != NULL)
            db_exec(local->db, local_rooms[i]->schema);
    struct str format = meta_once(local, STR("format"), STR(WORLD_FORMAT));
    local->account =
        meta_once(local, STR("account"), str_is_empty(wanted) ? STR("123456789012") : wanted);
    seed_ids(local, count_openings(local));
    enum err_code code = db_commit(local->db, err);
    if (code != ERR_NONE)
        return code;
    if (!str_eq(format, STR(WORLD_FORMAT))) {
        err_set(
            err, ERR_IO, "the stand-in's world has format '" STR_FMT "', this mmectl knows '%s'",
            STR_ARG(format), WORLD_FORMAT);
        return err_hint(err, "remove the folder, or choose another one with MMECTL_HOME");
    }
    if (!str_is_empty(wanted) && !str_eq(wanted, local->account)) {
        err_set(
            err, ERR_CONFLICT, "the stand-in's world belongs to account " STR_FMT ", not " STR_FMT,
            STR_ARG(local->account), STR_ARG(wanted));
        return err_hint(err, "choose another folder with MMECTL_HOME");
    }
    return ERR_NONE;
}

static enum err_code files_open(struct local *local, struct err *err)
{
    const char *folder = local->options.folder;
    if (folder == NULL) {
        enum err_code code = db_open(NULL, &local->db, err);
        return code != ERR_NONE ? code : blobs_open(NULL, &local->blobs, err);
    }
    enum err_code code = file_mkdirs(folder, 0700, err);
    if (code != ERR_NONE)
        return code;
    struct str at = str_from(folder);
    code = db_open(path_join(local->arena, at, STR("world.db")).ptr, &local->db, err);
    if (code != ERR_NONE)
        return code;
    return blobs_open(path_join(local->arena, at, STR("objects")).ptr, &local->blobs, err);
}

static enum err_code rooms_start(struct local *local, struct err *err)
{
    for (; local->n_started < local_n_rooms; local->n_started++) {
        const struct local_room *room = local_rooms[local->n_started];
        if (room->start == NULL)
            continue;
        enum err_code code = room->start(local, &local->states[local->n_started], err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

enum err_code local_open(const struct local_options *options, struct local **out, struct err *err)
{
    struct local *local = xmalloc(sizeof(*local));
    *local = (struct local){.options = *options, .arena = arena_new("world", 0)};
    local->keys_arena = arena_new("keys", 0);
    local->signing_keys = sigv4_keys_new();
    pthread_mutex_init(&local->turn, NULL);
    pthread_mutex_init(&local->lock, NULL);
    pthread_mutex_init(&local->ids_lock, NULL);
    pthread_rwlock_init(&local->keys_lock, NULL);
    if (options->clock.ops == NULL)
        local->options.clock = clock_system();
    local->options.account = str_dup(local->arena, options->account);
    if (options->folder != NULL)
        local->options.folder = str_z(local->arena, str_from(options->folder));
    local->delays = options->delays != NULL ? *options->delays : local_delays_default();
    local->options.delays = &local->delays;
    enum err_code code = files_open(local, err);
    if (code == ERR_NONE)
        code = schema_make(local, err);
    if (code == ERR_NONE)
        code = keys_load(local, err);
    if (code == ERR_NONE)
        code = rooms_start(local, err);
    if (code != ERR_NONE) {
        local_close(local);
        return code;
    }
    *out = local;
    return ERR_NONE;
}

void local_close(struct local *local)
{
    if (local == NULL)
        return;
    while (local->n_started > 0) {
        local->n_started--;
        const struct local_room *room = local_rooms[local->n_started];
        if (room->stop != NULL)
            room->stop(local, local->states[local->n_started]);
    }
    db_close(local->db);
    blobs_close(local->blobs);
    keys_forget(local);
    sigv4_keys_free(local->signing_keys);
    arena_free(local->keys_arena);
    arena_free(local->arena);
    pthread_rwlock_destroy(&local->keys_lock);
    pthread_mutex_destroy(&local->ids_lock);
    pthread_mutex_destroy(&local->lock);
    pthread_mutex_destroy(&local->turn);
    xfree(local);
}
