/* The world's lock and transaction, and the time that catches up in it. */
#include "engine/local/world.h"

#include "engine/base/digest.h"
#include "engine/base/log.h"

#include <assert.h>

void world_due_changed(struct local *local)
{
    local->due_known = false;
}

static void advance_all(struct local *local, int64_t now_ms)
{
    for (size_t i = 0; i < local_n_rooms; i++)
        if (local_rooms[i]->advance != NULL)
            local_rooms[i]->advance(local, now_ms);
}

static bool is_due(struct local *local, int64_t now_ms)
{
    if (local->due_known)
        return local->due_ms <= now_ms;
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < local_n_rooms; i++) {
        int64_t next_ms =
            local_rooms[i]->next_due != NULL ? local_rooms[i]->next_due(local) : INT64_MAX;
        due_ms = next_ms < due_ms ? next_ms : due_ms;
    }
    local->due_ms = due_ms;
    local->due_known = !db_failed(local->db);
    return due_ms <= now_ms;
}

static void remove_doomed(struct local *local)
{
    for (size_t i = 0; i < local->doomed.len; i++) {
        blobs_remove(local->blobs, local->doomed.items[i]);
        xfree((void *) (uintptr_t) local->doomed.items[i].ptr);
    }
    local->doomed.len = 0;
}

static void forget_doomed(struct local *local)
{
    for (size_t i = 0; i < local->doomed.len; i++)
        xfree((void *) (uintptr_t) local->doomed.items[i].ptr);
    local->doomed.len = 0;
}

/* What time changed is committed by itself, so that a request that fails does not undo it. */
enum err_code world_enter(struct local *local, struct err *err)
{
    /* A mutex alone is unfair: a client that polls without a pause would keep a trainer that has
     * finished from saying so. */
    pthread_mutex_lock(&local->turn);
    pthread_mutex_lock(&local->lock);
    pthread_mutex_unlock(&local->turn);
    db_begin(local->db);
    int64_t now_ms = clock_wall_ms(local->options.clock);
    if (!is_due(local, now_ms) && !db_failed(local->db))
        return ERR_NONE;
    advance_all(local, now_ms);
    world_due_changed(local);
    enum err_code code = db_commit(local->db, err);
    if (code != ERR_NONE) {
        forget_doomed(local);
        pthread_mutex_unlock(&local->lock);
        return err_wrap(err, "the world");
    }
    remove_doomed(local);
    db_begin(local->db);
    return ERR_NONE;
}

enum err_code world_leave(struct local *local, struct err *err)
{
    enum err_code code = db_commit(local->db, err);
    if (code == ERR_NONE)
        remove_doomed(local);
    else
        forget_doomed(local);
    pthread_mutex_unlock(&local->lock);
    return code != ERR_NONE ? err_wrap(err, "the world") : ERR_NONE;
}

void world_abandon(struct local *local)
{
    db_rollback(local->db);
    forget_doomed(local);
    pthread_mutex_unlock(&local->lock);
}

void world_doom_blob(struct local *local, struct str id)
{
    char *copy = xmalloc(id.len + 1);
    memcpy(copy, id.ptr, id.len);
    copy[id.len] = '\0';
    *VEC_PUSH(local->arena, &local->doomed) = str_of(copy, id.len);
}

struct str world_new_id(struct local *local, struct arena *arena)
{
    pthread_mutex_lock(&local->ids_lock);
    uint64_t high = rng_u64(&local->ids_rng), low = rng_u64(&local->ids_rng);
    pthread_mutex_unlock(&local->ids_lock);
    const uint64_t id[2] = {high, low};
    return hex_of(arena, id, sizeof(id));
}

struct str world_new_uuid(struct local *local, struct arena *arena)
{
    pthread_mutex_lock(&local->ids_lock);
    struct str id = rng_uuid(&local->ids_rng, arena);
    pthread_mutex_unlock(&local->ids_lock);
    return id;
}

struct db *local_db(struct local *local)
{
    return local->db;
}

struct clock local_clock(const struct local *local)
{
    return local->options.clock;
}

struct str local_account(const struct local *local)
{
    return local->account;
}

const struct local_delays *local_delays(const struct local *local)
{
    return &local->delays;
}

const struct local_options *local_options(const struct local *local)
{
    return &local->options;
}

void *local_state(struct local *local, const struct local_room *room)
{
    for (size_t i = 0; i < local_n_rooms; i++)
        if (local_rooms[i] == room)
            return local->states[i];
    return NULL;
}

enum err_code local_reset(struct local *local, struct err *err)
{
    enum err_code code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < local_n_rooms; i++)
        if (local_rooms[i]->wipe != NULL)
            local_rooms[i]->wipe(local);
    return world_leave(local, err);
}

enum err_code
local_dump(struct local *local, struct arena *arena, struct json **out, struct err *err)
{
    enum err_code code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    struct json *world = json_object(arena);
    json_put(arena, world, "account", json_string(arena, str_dup(arena, local->account)));
    for (size_t i = 0; i < local_n_rooms; i++)
        if (local_rooms[i]->dump != NULL)
            local_rooms[i]->dump(local, arena, world);
    code = world_leave(local, err);
    if (code == ERR_NONE)
        *out = world;
    return code;
}
