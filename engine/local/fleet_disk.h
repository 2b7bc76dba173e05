/* engine/local/fleet_disk.h - the storage volume of a fleet: artifacts that were downloaded once.
 *
 * Keeps at most FLEET_DISK_BYTES and forgets the least recently used artifact beyond that. The
 * store of a struct serve (fleet_disk_store). Threads: any.
 */
#ifndef ENGINE_LOCAL_FLEET_DISK_H
#define ENGINE_LOCAL_FLEET_DISK_H

#include "engine/local/measures.h"
#include "engine/serve/serve.h"

#define FLEET_DISK_BYTES MIB(512)

struct fleet_disk;

/* url: a prefix to which the target is appended (multi), or the artifact itself. keep: false for
 * ModelCacheSetting Disabled. measures: of its downloads; NULL, or outlives it. */
struct fleet_disk *fleet_disk_new(
    struct local *local, struct str url, bool multi, bool keep, struct measures *measures);
void fleet_disk_free(struct fleet_disk *disk);
void fleet_disk_forget(struct fleet_disk *disk, struct str target); /* absent is fine */
/* Calls each for every artifact on it. */
void fleet_disk_each(
    struct fleet_disk *disk, void (*each)(void *arg, struct str target), void *arg);

extern const struct serve_store_ops fleet_disk_store; /* self: the struct fleet_disk */

#endif
