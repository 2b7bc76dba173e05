/* engine/local/segments.h - small blobs on disk, one behind the other in a few files.
 *
 * Creating a file costs many times what writing 16 KiB into an open one does, so small objects go
 * to the end of the newest segment. Where a blob is says its id, "s<segment>o<offset>n<length>":
 * there is no index to keep. Bytes of removed blobs stay until their whole segment is dead (then
 * its file goes) or until the next start, which punches holes where nothing is claimed; so whoever
 * holds a descriptor reads on. No fsync: what was written survives the death of the process.
 * Every process begins a segment of its own, so that a half-written end is never written behind.
 * Threads: any. Errors: ERR_IO (a full disk with its hint), ERR_NOT_FOUND for an unknown id.
 */
#ifndef ENGINE_LOCAL_SEGMENTS_H
#define ENGINE_LOCAL_SEGMENTS_H

#include "engine/base/arena.h"
#include "engine/base/err.h"

struct segments;

/* The folder stays the caller's. */
enum err_code segments_open(int folder_fd, struct segments **out, struct err *err) MUST_USE;
void segments_close(struct segments *segments); /* accepts NULL */

bool segments_fits(size_t len);         /* small enough to be kept here */
bool segments_owns(struct str blob_id); /* an id of this shape */

enum err_code segments_put(
    struct segments *segments,
    struct arena *arena,
    struct str bytes,
    struct str *ret_id,
    struct err *err) MUST_USE;
/* A descriptor of the caller's own, and where in it the blob begins. */
enum err_code segments_fd(
    struct segments *segments, struct str id, int *ret_fd, uint64_t *ret_offset, struct err *err)
    MUST_USE;
void segments_remove(struct segments *segments, struct str id); /* once for each blob */

/* At the start, before anything else: first every blob that is known, then the rest goes. */
void segments_claim(struct segments *segments, struct str id);
void segments_sweep(struct segments *segments);

#endif
