/* engine/local/blobs.h - the bytes of objects: in one folder, or memory. Small ones share files
 * (segments.h), others are files named by their id.
 *
 * An id is used once. A blob nobody's row names is garbage from a killed process and swept at the
 * next start, so a blob needs no temporary name: it exists when its row is committed. Threads: any.
 * Errors: ERR_IO (a full disk with its hint), ERR_NOT_FOUND for an unknown id.
 */
#ifndef ENGINE_LOCAL_BLOBS_H
#define ENGINE_LOCAL_BLOBS_H

#include "engine/base/arena.h"
#include "engine/base/err.h"

struct blobs;
struct blob_writer;

/* folder NULL: in memory. */
enum err_code blobs_open(const char *folder, struct blobs **out, struct err *err) MUST_USE;
void blobs_close(struct blobs *blobs); /* accepts NULL */

enum err_code
blobs_create(struct blobs *blobs, struct str id, struct blob_writer **out, struct err *err)
    MUST_USE;
enum err_code blob_write(struct blob_writer *writer, struct str bytes, struct err *err) MUST_USE;
/* Ends writing; without it, blob_writer_close() removes what was written. */
enum err_code blob_finish(struct blob_writer *writer, struct err *err) MUST_USE;
void blob_writer_close(struct blob_writer **writer); /* for AUTO */

/* Small ones at once. */
enum err_code blobs_put(struct blobs *blobs, struct str id, struct str bytes, struct err *err)
    MUST_USE;
/* Takes over an unlinked file without copying when the file system can; fd stays the caller's. */
enum err_code blobs_adopt(struct blobs *blobs, struct str id, int fd, struct err *err) MUST_USE;
/* The same, where it costs least: *ret_id is `id` or one of its own, on the arena. */
enum err_code blobs_keep(
    struct blobs *blobs,
    struct arena *arena,
    struct str id,
    struct str bytes,
    struct str *ret_id,
    struct err *err) MUST_USE;
/* The same bytes under a second id (`to`, or one of its own): a link where the file system can. */
enum err_code blobs_copy(
    struct blobs *blobs,
    struct arena *arena,
    struct str from,
    struct str to,
    struct str *ret_id,
    struct err *err) MUST_USE;
/* A descriptor, and where in it the bytes begin. *ret_fd is -1 when blobs are in memory: then use
 * blobs_read. The caller closes it. */
enum err_code
blobs_fd(struct blobs *blobs, struct str id, int *ret_fd, uint64_t *ret_offset, struct err *err)
    MUST_USE;
enum err_code blobs_read(
    struct blobs *blobs,
    struct arena *arena,
    struct str id,
    uint64_t offset,
    uint64_t len,
    struct str *out,
    struct err *err) MUST_USE;
void blobs_remove(struct blobs *blobs, struct str id); /* once; absent is fine */
/* At the start: every blob that a row names, before blobs_sweep(). */
void blobs_claim(struct blobs *blobs, struct str id);
/* Removes every blob that was not claimed and for which known() is false. */
typedef bool blobs_known_fn(void *arg, struct str id);
void blobs_sweep(struct blobs *blobs, blobs_known_fn *known, void *arg);

/* All of them at one moment, in memory only: the bytes are shared, not copied. */
struct blobs_snapshot;
struct blobs_snapshot *blobs_snapshot(struct blobs *blobs);
void blobs_restore(struct blobs *blobs, const struct blobs_snapshot *snapshot);
void blobs_snapshot_free(struct blobs_snapshot *snapshot); /* accepts NULL */

/* A part of a file, on the arena, moving no shared offset. */
enum err_code fd_read(
    struct arena *arena, int fd, uint64_t offset, uint64_t len, struct str *out, struct err *err)
    MUST_USE;
/* Reads a file in pieces, moving no shared offset. */
typedef enum err_code fd_piece_fn(void *arg, struct str piece, struct err *err);
enum err_code
fd_each_piece(int fd, uint64_t offset, uint64_t len, fd_piece_fn *fn, void *arg, struct err *err)
    MUST_USE;

#endif
