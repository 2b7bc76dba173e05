/* engine/local/world.h - the inside of a stand-in; for local.c, world.c, keys.c and the S3 room
 * only.
 *
 * Locks, in the order they may be taken: `turn`, `lock` (the world) before `keys_lock` and
 * `ids_lock`, which are held for a few instructions only.
 */
#ifndef ENGINE_LOCAL_WORLD_H
#define ENGINE_LOCAL_WORLD_H

#include "engine/aws/sigv4.h"
#include "engine/local/blobs.h"
#include "engine/local/call.h"
#include "engine/local/policy.h"

#include <pthread.h>

enum { LOCAL_MAX_ROOMS = 9 };

/* An access key as it is kept in memory: never changed or removed while requests are answered. */
struct known_key {
    struct local_key key;
    const struct policy *policy; /* NULL: everything is allowed */
    struct access_log *log;
};

struct local {
    struct local_options options;
    struct local_delays delays;
    struct arena *arena; /* what lives as long as the world; guarded by lock */
    struct str account;
    struct db *db;
    struct blobs *blobs;
    pthread_mutex_t turn; /* held while waiting for lock: whoever waits is next */
    pthread_mutex_t lock;
    VEC(struct str) doomed; /* blobs to remove once the transaction is committed */
    int64_t due_ms;         /* when time moves something next; guarded by lock */
    bool due_known;
    void *states[LOCAL_MAX_ROOMS];
    size_t n_started;

    pthread_mutex_t ids_lock;
    struct rng ids_rng;

    pthread_rwlock_t keys_lock;
    struct arena *keys_arena;
    VEC(struct known_key *) keys;
    struct sigv4_keys *signing_keys; /* derived ones, shared by all threads */
};

extern const struct local_room *const local_rooms[];
extern const size_t local_n_rooms;

/* A random id of 32 hex digits. Any thread. */
struct str world_new_id(struct local *local, struct arena *arena);
struct str world_new_uuid(struct local *local, struct arena *arena);
/* Removes a blob when the current transaction is committed. World entered. */
void world_doom_blob(struct local *local, struct str id);

enum err_code keys_load(struct local *local, struct err *err) MUST_USE;
/* Only what is in memory; keys_load() follows. */
void keys_forget(struct local *local);
/* NULL when there is none. Any thread. */
const struct known_key *keys_find(struct local *local, struct str access_key);

/* The key that stands for a role; NULL when there is none. */
const struct known_key *keys_of_role(struct local *local, struct str role_arn);

extern const char keys_schema[];

#endif
