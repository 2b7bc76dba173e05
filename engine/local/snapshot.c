/* A world in memory at one moment: its pages are copied, the bytes of its objects are shared. */
#include "engine/local/world.h"

#include <assert.h>

struct local_snapshot {
    struct db *db;
    struct blobs_snapshot *blobs;
    struct rng ids_rng;
};

static void lock_idle(struct local *local)
{
    pthread_mutex_lock(&local->turn);
    pthread_mutex_lock(&local->lock);
    pthread_mutex_unlock(&local->turn);
}

enum err_code local_snapshot_take(struct local *local, struct local_snapshot **out, struct err *err)
{
    assert(local->options.folder == NULL);
    struct db *db = NULL;
    enum err_code code = db_open(NULL, &db, err);
    if (code != ERR_NONE)
        return code;
    lock_idle(local);
    code = db_copy(local->db, db, err);
    if (code != ERR_NONE) {
        pthread_mutex_unlock(&local->lock);
        db_close(db);
        return code;
    }
    struct local_snapshot *snapshot = xmalloc(sizeof(*snapshot));
    *snapshot = (struct local_snapshot){
        .db = db, .blobs = blobs_snapshot(local->blobs), .ids_rng = local->ids_rng};
    pthread_mutex_unlock(&local->lock);
    *out = snapshot;
    return ERR_NONE;
}

enum err_code
local_snapshot_restore(struct local *local, const struct local_snapshot *snapshot, struct err *err)
{
    assert(local->options.folder == NULL);
    lock_idle(local);
    enum err_code code = db_copy(snapshot->db, local->db, err);
    if (code == ERR_NONE) {
        blobs_restore(local->blobs, snapshot->blobs);
        local->ids_rng = snapshot->ids_rng;
        keys_forget(local);
        code = keys_load(local, err);
    }
    if (code == ERR_NONE) {
        db_begin(local->db);
        for (size_t i = 0; i < local_n_rooms; i++)
            if (local_rooms[i]->restored != NULL)
                local_rooms[i]->restored(local);
        code = db_commit(local->db, err);
    }
    pthread_mutex_unlock(&local->lock);
    return code;
}

void local_snapshot_free(struct local_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    db_close(snapshot->db);
    blobs_snapshot_free(snapshot->blobs);
    xfree(snapshot);
}

enum err_code local_digest(struct local *local, struct sha256 *out, struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("digest", 0);
    struct json *world = NULL;
    enum err_code code = local_dump(local, arena, &world, err);
    if (code == ERR_NONE)
        *out = sha256_of(json_text(arena, world, JSON_COMPACT));
    return code;
}
