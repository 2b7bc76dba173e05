#define _GNU_SOURCE /* linkat from /proc/self/fd is Linux's way to name an O_TMPFILE */
#include "engine/local/blobs.h"

#include "engine/base/buf.h"
#include "engine/base/file.h"
#include "engine/local/segments.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ID_MAX = 64,
    PIECE_BYTES = 256 * 1024,
    BUCKETS = 4096, /* of the in-memory table */
};

/* Never changed once they are a blob's, so that a snapshot shares them. */
struct bytes {
    _Atomic size_t refs;
    size_t len;
    char data[];
};

struct blob {
    struct blob *next;
    char id[ID_MAX];
    struct bytes *bytes;
};

struct blobs_snapshot {
    size_t len;
    struct {
        char id[ID_MAX];
        struct bytes *bytes;
    } items[];
};

struct blobs {
    int folder_fd;             /* -1: in memory */
    struct segments *segments; /* NULL: in memory */
    pthread_mutex_t lock;
    struct blob *table[BUCKETS];
    size_t n_memory;
};

struct blob_writer {
    struct blobs *blobs;
    int fd;
    char id[ID_MAX];
    struct buf bytes;
    bool finished;
};

static struct bytes *bytes_new(struct str content)
{
    struct bytes *bytes = xmalloc(sizeof(*bytes) + content.len);
    atomic_init(&bytes->refs, 1);
    bytes->len = content.len;
    if (content.len > 0)
        memcpy(bytes->data, content.ptr, content.len);
    return bytes;
}

static struct bytes *bytes_share(struct bytes *bytes)
{
    atomic_fetch_add_explicit(&bytes->refs, 1, memory_order_relaxed);
    return bytes;
}

static void bytes_release(struct bytes *bytes)
{
    if (atomic_fetch_sub(&bytes->refs, 1) == 1)
        xfree(bytes);
}

static bool id_copy(char *out, struct str id)
{
    if (id.len == 0 || id.len >= ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'z')))
            return false;
    memcpy(out, id.ptr, id.len);
    out[id.len] = '\0';
    return true;
}

enum err_code blobs_open(const char *folder, struct blobs **out, struct err *err)
{
    int fd = -1;
    if (folder != NULL) {
        enum err_code code = file_mkdirs(folder, 0700, err);
        if (code != ERR_NONE)
            return code;
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return err_errno(err, errno, "opening folder '%s'", folder);
    }
    struct segments *segments = NULL;
    if (folder != NULL && segments_open(fd, &segments, err) != ERR_NONE) {
        close(fd);
        return err->code;
    }
    struct blobs *blobs = xmalloc(sizeof(*blobs));
    *blobs = (struct blobs){.folder_fd = fd, .segments = segments};
    pthread_mutex_init(&blobs->lock, NULL);
    *out = blobs;
    return ERR_NONE;
}

static void memory_clear(struct blobs *blobs)
{
    for (size_t i = 0; i < BUCKETS && blobs->n_memory > 0; i++) {
        for (struct blob *blob = blobs->table[i], *next; blob != NULL; blob = next) {
            next = blob->next;
            bytes_release(blob->bytes);
            xfree(blob);
            blobs->n_memory--;
        }
        blobs->table[i] = NULL;
    }
}

void blobs_close(struct blobs *blobs)
{
    if (blobs == NULL)
        return;
    segments_close(blobs->segments);
    if (blobs->folder_fd >= 0)
        close(blobs->folder_fd);
    memory_clear(blobs);
    pthread_mutex_destroy(&blobs->lock);
    xfree(blobs);
}

static struct blob **slot_of(struct blobs *blobs, const char *id)
{
    struct blob **slot = &blobs->table[str_hash(str_from(id)) % BUCKETS];
    while (*slot != NULL && strcmp((*slot)->id, id) != 0)
        slot = &(*slot)->next;
    return slot;
}

/* Takes over the reference. */
static void memory_put(struct blobs *blobs, const char *id, struct bytes *bytes)
{
    struct blob *blob = xmalloc(sizeof(*blob));
    *blob = (struct blob){.bytes = bytes};
    memcpy(blob->id, id, ID_MAX);
    pthread_mutex_lock(&blobs->lock);
    struct blob **slot = slot_of(blobs, blob->id);
    assert(*slot == NULL);
    *slot = blob;
    blobs->n_memory++;
    pthread_mutex_unlock(&blobs->lock);
}

/* NULL when absent; the caller releases it. */
static struct bytes *memory_get(struct blobs *blobs, const char *id)
{
    pthread_mutex_lock(&blobs->lock);
    struct blob *blob = *slot_of(blobs, id);
    struct bytes *bytes = blob != NULL ? bytes_share(blob->bytes) : NULL;
    pthread_mutex_unlock(&blobs->lock);
    return bytes;
}

enum err_code
blobs_create(struct blobs *blobs, struct str id, struct blob_writer **out, struct err *err)
{
    struct blob_writer *writer = xmalloc(sizeof(*writer));
    *writer = (struct blob_writer){.blobs = blobs, .fd = -1};
    buf_init(&writer->bytes, SIZE_MAX / 2);
    if (!id_copy(writer->id, id)) {
        xfree(writer);
        return err_set(err, ERR_INTERNAL, "'" STR_FMT "' is no id of a blob", STR_ARG(id));
    }
    if (blobs->folder_fd >= 0) {
        writer->fd =
            openat(blobs->folder_fd, writer->id, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (writer->fd < 0) {
            int saved = errno;
            xfree(writer);
            return err_errno(err, saved, "writing an object");
        }
    }
    *out = writer;
    return ERR_NONE;
}

static enum err_code write_all(int fd, struct str bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, n < 0 ? errno : ENOSPC, "writing an object");
        bytes = str_from_index(bytes, (size_t) n);
    }
    return ERR_NONE;
}

enum err_code blob_write(struct blob_writer *writer, struct str bytes, struct err *err)
{
    if (writer->fd >= 0)
        return write_all(writer->fd, bytes, err);
    buf_add(&writer->bytes, bytes);
    return ERR_NONE;
}

enum err_code blob_finish(struct blob_writer *writer, struct err *err)
{
    if (writer->fd >= 0) {
        int fd = writer->fd;
        writer->fd = -1;
        if (close(fd) != 0) /* where a quota or a network disk reports late */
            return err_errno(err, errno, "writing an object");
    } else {
        memory_put(writer->blobs, writer->id, bytes_new(buf_str(&writer->bytes)));
    }
    writer->finished = true;
    return ERR_NONE;
}

void blob_writer_close(struct blob_writer **writer_ptr)
{
    struct blob_writer *writer = *writer_ptr;
    *writer_ptr = NULL;
    if (writer == NULL)
        return;
    if (writer->fd >= 0)
        close(writer->fd);
    if (!writer->finished && writer->blobs->folder_fd >= 0)
        unlinkat(writer->blobs->folder_fd, writer->id, 0);
    buf_done(&writer->bytes);
    xfree(writer);
}

enum err_code blobs_put(struct blobs *blobs, struct str id, struct str bytes, struct err *err)
{
    char name[ID_MAX] = {0};
    if (blobs->folder_fd < 0 && id_copy(name, id)) {
        memory_put(blobs, name, bytes_new(bytes));
        return ERR_NONE;
    }
    AUTO(blob_writer_close) struct blob_writer *writer = NULL;
    enum err_code code = blobs_create(blobs, id, &writer, err);
    if (code == ERR_NONE)
        code = blob_write(writer, bytes, err);
    if (code == ERR_NONE)
        code = blob_finish(writer, err);
    return code;
}

enum err_code blobs_keep(
    struct blobs *blobs,
    struct arena *arena,
    struct str id,
    struct str bytes,
    struct str *ret_id,
    struct err *err)
{
    if (blobs->segments != NULL && segments_fits(bytes.len))
        return segments_put(blobs->segments, arena, bytes, ret_id, err);
    enum err_code code = blobs_put(blobs, id, bytes, err);
    if (code == ERR_NONE)
        *ret_id = id;
    return code;
}

static enum err_code write_piece(void *arg, struct str piece, struct err *err)
{
    return blob_write(arg, piece, err);
}

enum err_code blobs_adopt(struct blobs *blobs, struct str id, int fd, struct err *err)
{
    char name[ID_MAX], path[64];
    if (blobs->folder_fd >= 0 && id_copy(name, id)) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (linkat(AT_FDCWD, path, blobs->folder_fd, name, AT_SYMLINK_FOLLOW) == 0)
            return ERR_NONE;
    }
    struct stat status;
    if (fstat(fd, &status) != 0)
        return err_errno(err, errno, "reading a spooled body");
    AUTO(blob_writer_close) struct blob_writer *writer = NULL;
    enum err_code code = blobs_create(blobs, id, &writer, err);
    if (code == ERR_NONE)
        code = fd_each_piece(fd, 0, (uint64_t) status.st_size, write_piece, writer, err);
    if (code == ERR_NONE)
        code = blob_finish(writer, err);
    return code;
}

enum err_code
blobs_fd(struct blobs *blobs, struct str id, int *ret_fd, uint64_t *ret_offset, struct err *err)
{
    char name[ID_MAX];
    int fd = -1;
    if (blobs->segments != NULL && segments_owns(id))
        return segments_fd(blobs->segments, id, ret_fd, ret_offset, err);
    if (!id_copy(name, id))
        return err_set(err, ERR_INTERNAL, "'" STR_FMT "' is no id of a blob", STR_ARG(id));
    if (blobs->folder_fd >= 0) {
        fd = openat(blobs->folder_fd, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            return err_set(err, ERR_NOT_FOUND, "the bytes of an object are gone");
        if (fd < 0)
            return err_errno(err, errno, "reading an object");
    }
    *ret_fd = fd;
    *ret_offset = 0;
    return ERR_NONE;
}

static enum err_code memory_read(
    struct blobs *blobs,
    struct arena *arena,
    struct str id,
    uint64_t offset,
    uint64_t len,
    struct str *out,
    struct err *err)
{
    char name[ID_MAX];
    struct bytes *bytes = id_copy(name, id) ? memory_get(blobs, name) : NULL;
    if (bytes == NULL)
        return err_set(err, ERR_NOT_FOUND, "the bytes of an object are gone");
    size_t start = offset < bytes->len ? (size_t) offset : bytes->len;
    size_t count = len < bytes->len - start ? (size_t) len : bytes->len - start;
    *out = count > 0 ? str_dup(arena, str_of(bytes->data + start, count)) : STR("");
    bytes_release(bytes);
    return ERR_NONE;
}

/* Of a blob in a segment, its id says it. */
static enum err_code size_of(int fd, struct str id, uint64_t *out, struct err *err)
{
    struct stat status;
    if (segments_owns(id)) {
        if (!str_to_u64(str_from_index(id, str_rindex(id, 'n') + 1), out))
            return err_set(err, ERR_INTERNAL, "'" STR_FMT "' is no id of a blob", STR_ARG(id));
        return ERR_NONE;
    }
    if (fstat(fd, &status) != 0)
        return err_errno(err, errno, "reading an object");
    *out = (uint64_t) status.st_size;
    return ERR_NONE;
}

enum err_code fd_read(
    struct arena *arena, int fd, uint64_t offset, uint64_t len, struct str *out, struct err *err)
{
    char *bytes = arena_chars(arena, (size_t) len + 1);
    for (uint64_t done = 0; done < len;) {
        ssize_t n = pread(fd, bytes + done, (size_t) (len - done), (off_t) (offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, n < 0 ? errno : EIO, "reading an object");
        done += (uint64_t) n;
    }
    *out = str_of(bytes, (size_t) len);
    return ERR_NONE;
}

enum err_code blobs_read(
    struct blobs *blobs,
    struct arena *arena,
    struct str id,
    uint64_t offset,
    uint64_t len,
    struct str *out,
    struct err *err)
{
    if (blobs->folder_fd < 0)
        return memory_read(blobs, arena, id, offset, len, out, err);
    AUTO(fd_close) int fd = -1;
    uint64_t base = 0, size = 0;
    enum err_code code = blobs_fd(blobs, id, &fd, &base, err);
    if (code != ERR_NONE)
        return code;
    code = size_of(fd, id, &size, err);
    if (code != ERR_NONE)
        return code;
    if (offset > size)
        offset = size;
    if (len > size - offset)
        len = size - offset;
    return fd_read(arena, fd, base + offset, len, out, err);
}

enum err_code blobs_copy(
    struct blobs *blobs,
    struct arena *arena,
    struct str from,
    struct str to,
    struct str *ret_id,
    struct err *err)
{
    char old[ID_MAX], new[ID_MAX];
    if (blobs->segments != NULL && segments_owns(from)) {
        struct str bytes;
        enum err_code code = blobs_read(blobs, arena, from, 0, UINT64_MAX, &bytes, err);
        return code != ERR_NONE ? code : blobs_keep(blobs, arena, to, bytes, ret_id, err);
    }
    *ret_id = to;
    if (blobs->folder_fd >= 0 && id_copy(old, from) && id_copy(new, to) &&
        linkat(blobs->folder_fd, old, blobs->folder_fd, new, 0) == 0)
        return ERR_NONE;
    if (blobs->folder_fd >= 0) { /* too many links, or a file system without them */
        AUTO(fd_close) int fd = -1;
        uint64_t base;
        enum err_code code = blobs_fd(blobs, from, &fd, &base, err);
        return code != ERR_NONE ? code : blobs_adopt(blobs, to, fd, err);
    }
    struct bytes *bytes = id_copy(old, from) ? memory_get(blobs, old) : NULL;
    if (bytes == NULL || !id_copy(new, to))
        return err_set(err, ERR_NOT_FOUND, "the bytes of an object are gone");
    memory_put(blobs, new, bytes);
    return ERR_NONE;
}

struct blobs_snapshot *blobs_snapshot(struct blobs *blobs)
{
    assert(blobs->folder_fd < 0);
    pthread_mutex_lock(&blobs->lock);
    struct blobs_snapshot *snapshot =
        xmalloc(sizeof(*snapshot) + blobs->n_memory * sizeof(snapshot->items[0]));
    snapshot->len = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct blob *blob = blobs->table[i]; blob != NULL; blob = blob->next) {
            memcpy(snapshot->items[snapshot->len].id, blob->id, ID_MAX);
            snapshot->items[snapshot->len++].bytes = bytes_share(blob->bytes);
        }
    pthread_mutex_unlock(&blobs->lock);
    return snapshot;
}

void blobs_restore(struct blobs *blobs, const struct blobs_snapshot *snapshot)
{
    assert(blobs->folder_fd < 0);
    pthread_mutex_lock(&blobs->lock);
    memory_clear(blobs);
    pthread_mutex_unlock(&blobs->lock);
    for (size_t i = 0; i < snapshot->len; i++)
        memory_put(blobs, snapshot->items[i].id, bytes_share(snapshot->items[i].bytes));
}

void blobs_snapshot_free(struct blobs_snapshot *snapshot)
{
    for (size_t i = 0; snapshot != NULL && i < snapshot->len; i++)
        bytes_release(snapshot->items[i].bytes);
    xfree(snapshot);
}

void blobs_remove(struct blobs *blobs, struct str id)
{
    char name[ID_MAX];
    if (blobs->segments != NULL && segments_owns(id)) {
        segments_remove(blobs->segments, id);
        return;
    }
    if (!id_copy(name, id))
        return;
    if (blobs->folder_fd >= 0) {
        unlinkat(blobs->folder_fd, name, 0);
        return;
    }
    pthread_mutex_lock(&blobs->lock);
    struct blob **slot = slot_of(blobs, name), *blob = *slot;
    if (blob != NULL) {
        *slot = blob->next;
        blobs->n_memory--;
    }
    pthread_mutex_unlock(&blobs->lock);
    if (blob != NULL) {
        bytes_release(blob->bytes);
        xfree(blob);
    }
}

void blobs_claim(struct blobs *blobs, struct str id)
{
    if (blobs->segments != NULL && segments_owns(id))
        segments_claim(blobs->segments, id);
}

void blobs_sweep(struct blobs *blobs, blobs_known_fn *known, void *arg)
{
    if (blobs->segments != NULL)
        segments_sweep(blobs->segments);
    int fd = blobs->folder_fd >= 0 ? fcntl(blobs->folder_fd, F_DUPFD_CLOEXEC, 3) : -1;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    rewinddir(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[ID_MAX];
        struct str id = str_from(entry->d_name);
        if (id_copy(name, id) && !known(arg, id))
            unlinkat(blobs->folder_fd, name, 0);
    }
    closedir(folder);
}

enum err_code
fd_each_piece(int fd, uint64_t offset, uint64_t len, fd_piece_fn *fn, void *arg, struct err *err)
{
    enum err_code code = ERR_NONE;
    char *piece = xmalloc(PIECE_BYTES);
    while (len > 0 && code == ERR_NONE) {
        ssize_t n =
            pread(fd, piece, len < PIECE_BYTES ? (size_t) len : PIECE_BYTES, (off_t) offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            code = err_errno(err, n < 0 ? errno : EIO, "reading an object");
            break;
        }
        code = fn(arg, str_of(piece, (size_t) n), err);
        offset += (uint64_t) n;
        len -= (uint64_t) n;
    }
    xfree(piece);
    return code;
}
