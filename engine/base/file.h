/* engine/base/file.h - whole files, atomic writes, folders.
 *
 * Errors: ERR_NOT_FOUND for a missing file, ERR_IO otherwise, with the path quoted.
 */
#ifndef ENGINE_BASE_FILE_H
#define ENGINE_BASE_FILE_H

#include "engine/base/err.h"

/* A hint that it is read soon: what the disk has to bring, it may bring together with others'. */
void file_will_read(const char *path);
/* Reads at most max_bytes (more is ERR_IO) into the arena. */
enum err_code
file_read(struct arena *arena, const char *path, size_t max_bytes, struct str *out, struct err *err)
    MUST_USE;
/* The same of what is open; `name` is for the message. */
enum err_code file_read_fd(
    struct arena *arena,
    int fd,
    const char *name,
    size_t max_bytes,
    struct str *out,
    struct err *err) MUST_USE;
/* Maps a file read-only; unmap with file_unmap. Empty files give an empty view. */
enum err_code file_map(const char *path, struct str *out, struct err *err) MUST_USE;
void file_unmap(struct str *view);
/* Writes to a temporary name in the same folder, fsyncs and renames; mode is e.g. 0600. */
enum err_code
file_write_atomic(const char *path, struct str content, unsigned mode, struct err *err) MUST_USE;
enum err_code file_mkdirs(const char *path, unsigned mode, struct err *err) MUST_USE;
bool file_exists(const char *path);
bool file_is_dir(const char *path);
enum err_code file_remove(const char *path, struct err *err) MUST_USE;      /* absent is fine */
enum err_code file_remove_tree(const char *path, struct err *err) MUST_USE; /* absent is fine */
struct str
path_join(struct arena *arena, struct str folder, struct str name); /* NUL-terminated, too */
struct str path_dir(struct str path);                               /* "." when there is no slash */
struct str path_base(struct str path);
void fd_close(int *fd); /* for AUTO(fd_close); -1 is empty */

#endif
