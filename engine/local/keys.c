/* Access keys: rows in the database, and a copy in memory so that a signature can be checked
 * without the world lock. */
#include "engine/local/world.h"

#include "engine/base/digest.h"

const char keys_schema[] =
    "CREATE TABLE IF NOT EXISTS access_key("
    "number INTEGER PRIMARY KEY, access_key TEXT NOT NULL UNIQUE, secret_key TEXT NOT NULL,"
    "account TEXT NOT NULL, session_token TEXT, deny TEXT, expires_ms INTEGER NOT NULL);";

static void remember(struct local *local, const struct local_key *key)
{
    pthread_rwlock_wrlock(&local->keys_lock);
    struct arena *arena = local->keys_arena;
    *VEC_PUSH(arena, &local->keys) = (struct local_key){
        .access_key = str_dup(arena, key->access_key),
        .secret_key = str_dup(arena, key->secret_key),
        .account = str_dup(arena, key->account),
        .session_token = str_dup(arena, key->session_token),
        .deny = str_dup(arena, key->deny),
        .expires_ms = key->expires_ms,
    };
    pthread_rwlock_unlock(&local->keys_lock);
}

void keys_forget(struct local *local)
{
    pthread_rwlock_wrlock(&local->keys_lock);
    arena_reset(local->keys_arena);
    memset(&local->keys, 0, sizeof(local->keys));
    pthread_rwlock_unlock(&local->keys_lock);
}

static struct local_key copy_key(struct arena *arena, const struct local_key *key)
{
    return (struct local_key){
        .access_key = str_dup(arena, key->access_key),
        .secret_key = str_dup(arena, key->secret_key),
        .account = str_dup(arena, key->account),
        .session_token = str_dup(arena, key->session_token),
        .deny = str_dup(arena, key->deny),
        .expires_ms = key->expires_ms,
    };
}

bool keys_find(
    struct local *local, struct arena *arena, struct str access_key, struct local_key *out)
{
    bool found = false;
    pthread_rwlock_rdlock(&local->keys_lock);
    for (size_t i = 0; i < local->keys.len && !found; i++)
        if (str_eq(local->keys.items[i].access_key, access_key)) {
            *out = copy_key(arena, &local->keys.items[i]);
            found = true;
        }
    pthread_rwlock_unlock(&local->keys_lock);
    return found;
}

/* AKIA and 16 letters, 40 characters of secret: the shapes other tools check for. */
static enum err_code generate(struct arena *arena, struct local_key *key, struct err *err)
{
    unsigned char bytes[40];
    enum err_code code = rng_secret(bytes, sizeof(bytes), err);
    if (code != ERR_NONE)
        return code;
    if (str_is_null(key->access_key)) {
        char id[16];
        for (size_t i = 0; i < sizeof(id); i++)
            id[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bytes[i] % 32];
        key->access_key = str_fmt(arena, "AKIA%.*s", (int) sizeof(id), id);
    }
    if (str_is_null(key->secret_key))
        key->secret_key = str_slice(base64_of(arena, bytes + 8, 30), 0, 40);
    secret_wipe(bytes, sizeof(bytes));
    return ERR_NONE;
}

static enum err_code
insert(struct local *local, struct arena *arena, struct local_key *key, struct err *err)
{
    enum err_code code = generate(arena, key, err);
    if (code != ERR_NONE)
        return code;
    if (str_is_null(key->account))
        key->account = local->account;
    db_run(
        local->db,
        "INSERT INTO access_key(access_key, secret_key, account, session_token, deny, expires_ms)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        DB_ARGS(
            db_text(key->access_key), db_text(key->secret_key), db_text(key->account),
            db_text(key->session_token), db_text(key->deny), db_int(key->expires_ms)));
    return ERR_NONE;
}

enum err_code
local_add_key(struct local *local, struct arena *arena, struct local_key *key, struct err *err)
{
    struct local_key known;
    if (!str_is_null(key->access_key) && keys_find(local, arena, key->access_key, &known))
        return err_set(
            err, ERR_EXISTS, "access key '" STR_FMT "' exists already", STR_ARG(key->access_key));
    enum err_code code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    code = insert(local, arena, key, err);
    if (code != ERR_NONE) {
        world_abandon(local);
        return code;
    }
    code = world_leave(local, err);
    if (code == ERR_NONE)
        remember(local, key);
    return code;
}

enum err_code keys_load(struct local *local, struct err *err)
{
    db_begin(local->db);
    size_t count = 0;
    struct db_stmt *q = db_query(
        local->db,
        "SELECT access_key, secret_key, account, session_token, deny, expires_ms FROM access_key"
        " ORDER BY number",
        DB_NO_ARGS);
    for (; db_next(q); count++) {
        struct local_key key = {
            .access_key = db_col_text(q, 0, local->arena),
            .secret_key = db_col_text(q, 1, local->arena),
            .account = db_col_text(q, 2, local->arena),
            .session_token = db_col_text(q, 3, local->arena),
            .deny = db_col_text(q, 4, local->arena),
            .expires_ms = db_col_int(q, 5),
        };
        remember(local, &key);
    }
    db_finish(&q);
    struct local_key first = {0};
    enum err_code code = count == 0 ? insert(local, local->arena, &first, err) : ERR_NONE;
    if (code != ERR_NONE) {
        db_rollback(local->db);
        return code;
    }
    code = db_commit(local->db, err);
    if (code == ERR_NONE && count == 0)
        remember(local, &first);
    return code;
}

enum err_code
local_first_key(struct local *local, struct arena *arena, struct local_key *out, struct err *err)
{
    (void) err;
    pthread_rwlock_rdlock(&local->keys_lock);
    *out = copy_key(arena, &local->keys.items[0]);
    pthread_rwlock_unlock(&local->keys_lock);
    return ERR_NONE;
}
