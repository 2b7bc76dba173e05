#define _GNU_SOURCE /* fallocate: a hole where nothing is claimed is Linux's way to give room back \
                     */
#include "engine/local/segments.h"

#include "engine/base/file.h"
#include "engine/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALL_BYTES = 256 * 1024, NAME_MAX_LEN = 32 };
static const uint64_t s_segment_bytes = (uint64_t) 64 << 20;

struct extent {
    uint64_t offset, len;
};

struct segment {
    struct segment *next;
    uint64_t number, size_bytes, live_bytes;
    int fd;
    VEC(struct extent) claimed; /* while starting */
};

struct segments {
    pthread_mutex_t lock;
    int folder_fd;
    struct segment *first, *current; /* current: the one that is written; NULL until one is */
    uint64_t next_number;
    struct arena *claims; /* NULL once started */
};

bool segments_fits(size_t len)
{
    return len > 0 && len <= SMALL_BYTES;
}

bool segments_owns(struct str id)
{
    return str_starts(id, STR("s")) && str_index(id, 'o') != SIZE_MAX;
}

/* s12o4096n100 */
static bool read_id(struct str id, uint64_t *ret_number, struct extent *out)
{
    struct str rest = str_from_index(id, 1), number, offset;
    return segments_owns(id) && str_split(&rest, 'o', &number) && str_split(&rest, 'n', &offset) &&
           str_to_u64(number, ret_number) && str_to_u64(offset, &out->offset) &&
           str_to_u64(rest, &out->len);
}

static void name_of(uint64_t number, char *out)
{
    snprintf(out, NAME_MAX_LEN, "segment-%llu", (unsigned long long) number);
}

static struct segment *find(struct segments *segments, uint64_t number)
{
    struct segment *segment = segments->first;
    while (segment != NULL && segment->number != number)
        segment = segment->next;
    return segment;
}

static struct segment *add(struct segments *segments, uint64_t number, int fd, uint64_t size_bytes)
{
    struct segment *segment = xmalloc(sizeof(*segment));
    *segment = (struct segment){
        .next = segments->first, .number = number, .size_bytes = size_bytes, .fd = fd};
    segments->first = segment;
    if (number >= segments->next_number)
        segments->next_number = number + 1;
    return segment;
}

static void drop(struct segments *segments, struct segment *segment)
{
    char name[NAME_MAX_LEN];
    struct segment **at = &segments->first;
    while (*at != segment)
        at = &(*at)->next;
    *at = segment->next;
    if (segments->current == segment)
        segments->current = NULL;
    name_of(segment->number, name);
    unlinkat(segments->folder_fd, name, 0);
    close(segment->fd);
    xfree(segment);
}

/* ------------------------------------------------------------------ starting and ending */

static enum err_code open_one(struct segments *segments, const char *name, struct err *err)
{
    struct str prefix = STR("segment-");
    uint64_t number = 0;
    struct stat status;
    if (!str_starts(str_from(name), prefix) ||
        !str_to_u64(str_from_index(str_from(name), prefix.len), &number))
        return ERR_NONE;
    int fd = openat(segments->folder_fd, name, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int saved = errno;
        fd_close(&fd);
        return err_errno(err, saved, "opening '%s' of the objects", name);
    }
    add(segments, number, fd, (uint64_t) status.st_size);
    return ERR_NONE;
}

enum err_code segments_open(int folder_fd, struct segments **out, struct err *err)
{
    struct segments *segments = xmalloc(sizeof(*segments));
    *segments = (struct segments){
        .folder_fd = folder_fd, .next_number = 1, .claims = arena_new("claims", 0)};
    pthread_mutex_init(&segments->lock, NULL);
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    enum err_code code =
        folder != NULL ? ERR_NONE : err_errno(err, errno, "listing the folder of objects");
    for (struct dirent *entry; code == ERR_NONE && (entry = readdir(folder)) != NULL;)
        code = open_one(segments, entry->d_name, err);
    if (folder != NULL)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
    if (code != ERR_NONE)
        segments_close(segments);
    else
        *out = segments;
    return code;
}

void segments_close(struct segments *segments)
{
    if (segments == NULL)
        return;
    for (struct segment *segment = segments->first, *next; segment != NULL; segment = next) {
        next = segment->next;
        close(segment->fd);
        xfree(segment);
    }
    arena_free(segments->claims);
    pthread_mutex_destroy(&segments->lock);
    xfree(segments);
}

void segments_claim(struct segments *segments, struct str id)
{
    uint64_t number;
    struct extent extent;
    struct segment *segment = read_id(id, &number, &extent) ? find(segments, number) : NULL;
    if (segment == NULL || segments->claims == NULL)
        return;
    segment->live_bytes += extent.len;
    *VEC_PUSH(segments->claims, &segment->claimed) = extent;
}

static int by_offset(const void *a, const void *b)
{
    const struct extent *left = a, *right = b;
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* Where a file system knows no holes, the room comes back with the segment's end. */
static void punch(const struct segment *segment, uint64_t from, uint64_t to)
{
    if (to > from) {
        int ignored = fallocate(
            segment->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t) from,
            (off_t) (to - from));
        (void) ignored;
    }
}

void segments_sweep(struct segments *segments)
{
    for (struct segment *segment = segments->first, *next; segment != NULL; segment = next) {
        uint64_t at = 0;
        next = segment->next;
        if (segment->live_bytes == 0) {
            drop(segments, segment);
            continue;
        }
        qsort(
            segment->claimed.items, segment->claimed.len, sizeof(segment->claimed.items[0]),
            by_offset);
        for (size_t i = 0; i < segment->claimed.len; i++) {
            punch(segment, at, segment->claimed.items[i].offset);
            at = segment->claimed.items[i].offset + segment->claimed.items[i].len;
        }
        punch(segment, at, segment->size_bytes);
        segment->claimed.len = 0; /* its memory goes with the claims */
    }
    arena_free(segments->claims);
    segments->claims = NULL;
}

/* ------------------------------------------------------------------ use */

/* Lock held. The one to write to: a new one when there is none, or it is full. */
static enum err_code
writable(struct segments *segments, size_t len, struct segment **out, struct err *err)
{
    char name[NAME_MAX_LEN];
    struct segment *current = segments->current;
    if (current == NULL || current->size_bytes + len > s_segment_bytes) {
        name_of(segments->next_number, name);
        int fd = openat(segments->folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
            return err_errno(err, errno, "writing an object");
        current = segments->current = add(segments, segments->next_number, fd, 0);
    }
    *out = current;
    return ERR_NONE;
}

static enum err_code write_end(const struct segment *segment, struct str bytes, struct err *err)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = pwrite(
            segment->fd, bytes.ptr + done, bytes.len - done, (off_t) (segment->size_bytes + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int saved = n < 0 ? errno : ENOSPC;
            int ignored = ftruncate(segment->fd, (off_t) segment->size_bytes);
            (void) ignored; /* what is left is written over by the next blob */
            return err_errno(err, saved, "writing an object");
        }
        done += (size_t) n;
    }
    return ERR_NONE;
}

enum err_code segments_put(
    struct segments *segments,
    struct arena *arena,
    struct str bytes,
    struct str *ret_id,
    struct err *err)
{
    struct segment *segment = NULL;
    pthread_mutex_lock(&segments->lock);
    enum err_code code = writable(segments, bytes.len, &segment, err);
    if (code == ERR_NONE)
        code = write_end(segment, bytes, err);
    if (code == ERR_NONE) {
        *ret_id = str_fmt(
            arena, "s%lluo%llun%zu", (unsigned long long) segment->number,
            (unsigned long long) segment->size_bytes, bytes.len);
        segment->size_bytes += bytes.len;
        segment->live_bytes += bytes.len;
    } else if (segment != NULL && segment->size_bytes == 0) {
        drop(segments, segment);
    }
    pthread_mutex_unlock(&segments->lock);
    return code;
}

enum err_code segments_fd(
    struct segments *segments, struct str id, int *ret_fd, uint64_t *ret_offset, struct err *err)
{
    uint64_t number;
    struct extent extent;
    if (!read_id(id, &number, &extent))
        return err_set(err, ERR_INTERNAL, "'" STR_FMT "' is no id of a blob", STR_ARG(id));
    pthread_mutex_lock(&segments->lock);
    struct segment *segment = find(segments, number);
    bool there = segment != NULL && extent.offset + extent.len <= segment->size_bytes;
    int fd = there ? fcntl(segment->fd, F_DUPFD_CLOEXEC, 3) : -1;
    int saved = errno;
    pthread_mutex_unlock(&segments->lock);
    if (!there)
        return err_set(err, ERR_NOT_FOUND, "the bytes of an object are gone");
    if (fd < 0)
        return err_errno(err, saved, "reading an object");
    *ret_fd = fd;
    *ret_offset = extent.offset;
    return ERR_NONE;
}

void segments_remove(struct segments *segments, struct str id)
{
    uint64_t number;
    struct extent extent;
    if (!read_id(id, &number, &extent))
        return;
    pthread_mutex_lock(&segments->lock);
    struct segment *segment = find(segments, number);
    if (segment != NULL && segment->live_bytes >= extent.len) {
        segment->live_bytes -= extent.len;
        if (segment->live_bytes == 0)
            drop(segments, segment);
    }
    pthread_mutex_unlock(&segments->lock);
}
