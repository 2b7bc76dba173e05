/* Access keys: rows in the database, and a copy in memory so that a signature can be checked
 * without the world lock. */
#include "engine/local/access.h"
#include "engine/local/world.h"

#include "engine/base/digest.h"

const char keys_schema[] =
    "CREATE TABLE IF NOT EXISTS access_key("
    "number INTEGER PRIMARY KEY, access_key TEXT NOT NULL UNIQUE, secret_key TEXT NOT NULL,"
    "account TEXT NOT NULL, session_token TEXT, deny TEXT, expires_ms INTEGER NOT NULL,"
    "policy TEXT);"
    "CREATE TABLE IF NOT EXISTS role_session(access_key TEXT PRIMARY KEY, arn TEXT NOT NULL);";

static struct local_key copy_key(struct arena *arena, const struct local_key *key)
{
    return (struct local_key){
        .access_key = str_dup(arena, key->access_key),
        .secret_key = str_dup(arena, key->secret_key),
        .account = str_dup(arena, key->account),
        .session_token = str_dup(arena, key->session_token),
        .deny = str_dup(arena, key->deny),
        .policy = str_dup(arena, key->policy),
        .role_arn = str_dup(arena, key->role_arn),
        .expires_ms = key->expires_ms,
    };
}

static enum err_code remember(struct local *local, const struct local_key *key, struct err *err)
{
    pthread_rwlock_wrlock(&local->keys_lock);
    struct arena *arena = local->keys_arena;
    struct known_key *known = ARENA_NEW(arena, struct known_key);
    struct policy *policy = NULL;
    enum err_code code = ERR_NONE;
    *known = (struct known_key){.key = copy_key(arena, key)};
    if (!str_is_empty(key->policy))
        code = policy_parse(arena, known->key.policy, &policy, err);
    if (code == ERR_NONE) {
        known->policy = policy;
        known->log = access_log_new();
        *VEC_PUSH(arena, &local->keys) = known;
    }
    pthread_rwlock_unlock(&local->keys_lock);
    return code;
}

void keys_forget(struct local *local)
{
    pthread_rwlock_wrlock(&local->keys_lock);
    for (size_t i = 0; i < local->keys.len; i++)
        access_log_free(local->keys.items[i]->log);
    arena_reset(local->keys_arena);
    memset(&local->keys, 0, sizeof(local->keys));
    pthread_rwlock_unlock(&local->keys_lock);
}

const struct known_key *keys_find(struct local *local, struct str access_key)
{
    const struct known_key *found = NULL;
    pthread_rwlock_rdlock(&local->keys_lock);
    for (size_t i = 0; i < local->keys.len && found == NULL; i++)
        if (str_eq(local->keys.items[i]->key.access_key, access_key))
            found = local->keys.items[i];
    pthread_rwlock_unlock(&local->keys_lock);
    return found;
}

const struct known_key *keys_of_role(struct local *local, struct str role_arn)
{
    const struct known_key *found = NULL;
    pthread_rwlock_rdlock(&local->keys_lock);
    for (size_t i = 0; i < local->keys.len && found == NULL; i++)
        if (str_eq(local->keys.items[i]->key.role_arn, role_arn))
            found = local->keys.items[i];
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
        "INSERT INTO access_key(access_key, secret_key, account, session_token, deny, expires_ms,"
        " policy) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        DB_ARGS(
            db_text(key->access_key), db_text(key->secret_key), db_text(key->account),
            db_text(key->session_token), db_text(key->deny), db_int(key->expires_ms),
            db_text(key->policy)));
    if (!str_is_null(key->role_arn))
        db_run(
            local->db, "INSERT INTO role_session(access_key, arn) VALUES(?1, ?2)",
            DB_ARGS(db_text(key->access_key), db_text(key->role_arn)));
    return ERR_NONE;
}

enum err_code
local_add_key(struct local *local, struct arena *arena, struct local_key *key, struct err *err)
{
    struct policy *policy;
    if (!str_is_null(key->access_key) && keys_find(local, key->access_key) != NULL)
        return err_set(
            err, ERR_EXISTS, "access key '" STR_FMT "' exists already", STR_ARG(key->access_key));
    enum err_code code =
        str_is_empty(key->policy) ? ERR_NONE : policy_parse(arena, key->policy, &policy, err);
    if (code == ERR_NONE)
        code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    code = insert(local, arena, key, err);
    if (code != ERR_NONE) {
        world_abandon(local);
        return code;
    }
    code = world_leave(local, err);
    return code == ERR_NONE ? remember(local, key, err) : code;
}

enum err_code keys_load(struct local *local, struct err *err)
{
    db_begin(local->db);
    size_t count = 0;
    enum err_code code = ERR_NONE;
    struct db_stmt *q = db_query(
        local->db,
        "SELECT access_key, secret_key, account, session_token, deny, expires_ms, policy,"
        " (SELECT arn FROM role_session r WHERE r.access_key = k.access_key) FROM access_key k"
        " ORDER BY number",
        DB_NO_ARGS);
    for (; code == ERR_NONE && db_next(q); count++) {
        struct local_key key = {
            .access_key = db_col_text(q, 0, local->arena),
            .secret_key = db_col_text(q, 1, local->arena),
            .account = db_col_text(q, 2, local->arena),
            .session_token = db_col_text(q, 3, local->arena),
            .deny = db_col_text(q, 4, local->arena),
            .expires_ms = db_col_int(q, 5),
            .policy = db_col_text(q, 6, local->arena),
            .role_arn = db_col_text(q, 7, local->arena),
        };
        code = remember(local, &key, err);
    }
    db_finish(&q);
    struct local_key first = {.secret_key = local->options.secret_key};
    if (code == ERR_NONE && count == 0)
        code = insert(local, local->arena, &first, err);
    if (code != ERR_NONE) {
        db_rollback(local->db);
        return code;
    }
    code = db_commit(local->db, err);
    return code == ERR_NONE && count == 0 ? remember(local, &first, err) : code;
}

enum err_code
local_first_key(struct local *local, struct arena *arena, struct local_key *out, struct err *err)
{
    (void) err;
    pthread_rwlock_rdlock(&local->keys_lock);
    *out = copy_key(arena, &local->keys.items[0]->key);
    pthread_rwlock_unlock(&local->keys_lock);
    return ERR_NONE;
}
