#include "engine/local/fleet_disk.h"

#include "engine/local/objects.h"

#include <pthread.h>

#define ARTIFACT_BYTES MIB(1024)

struct copy {
    struct copy *next; /* most recently used first */
    char *target;
    char *bytes;
    size_t len;
};

struct fleet_disk {
    struct local *local;
    char *url;
    bool multi, keep;
    struct measures *measures; /* NULL: nobody measures */
    pthread_mutex_t lock;
    struct copy *first;
    size_t used_bytes;
};

static char *dup_bytes(struct str bytes)
{
    char *copy = xmalloc(bytes.len + 1);

    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    copy[bytes.len] = '\0';
    return copy;
}

static void copy_free(struct copy *copy)
{
    xfree(copy->target);
    xfree(copy->bytes);
    xfree(copy);
}

struct fleet_disk *fleet_disk_new(
    struct local *local, struct str url, bool multi, bool keep, struct measures *measures)
{
    struct fleet_disk *disk = xmalloc(sizeof(*disk));

    *disk = (struct fleet_disk){
        .local = local, .url = dup_bytes(url), .multi = multi, .keep = keep, .measures = measures};
    pthread_mutex_init(&disk->lock, NULL);
    return disk;
}

void fleet_disk_free(struct fleet_disk *disk)
{
    struct copy *next;

    if (disk == NULL)
        return;
    for (struct copy *copy = disk->first; copy != NULL; copy = next) {
        next = copy->next;
        copy_free(copy);
    }
    pthread_mutex_destroy(&disk->lock);
    xfree(disk->url);
    xfree(disk);
}

/* Takes a copy out of the list; NULL when there is none. Lock held. */
static struct copy *take(struct fleet_disk *disk, struct str target)
{
    for (struct copy **at = &disk->first; *at != NULL; at = &(*at)->next)
        if (str_eq_z(target, (*at)->target)) {
            struct copy *found = *at;
            *at = found->next;
            disk->used_bytes -= found->len;
            return found;
        }
    return NULL;
}

static void push(struct fleet_disk *disk, struct copy *copy)
{
    copy->next = disk->first;
    disk->first = copy;
    disk->used_bytes += copy->len;
}

static void shrink(struct fleet_disk *disk)
{
    while (disk->used_bytes > FLEET_DISK_BYTES && disk->first->next != NULL) {
        struct copy **last = &disk->first;
        while ((*last)->next != NULL)
            last = &(*last)->next;
        disk->used_bytes -= (*last)->len;
        copy_free(*last);
        *last = NULL;
    }
}

void fleet_disk_forget(struct fleet_disk *disk, struct str target)
{
    struct copy *copy;

    pthread_mutex_lock(&disk->lock);
    copy = take(disk, target);
    pthread_mutex_unlock(&disk->lock);
    if (copy != NULL)
        copy_free(copy);
}

void fleet_disk_each(struct fleet_disk *disk, void (*each)(void *arg, struct str target), void *arg)
{
    pthread_mutex_lock(&disk->lock);
    for (struct copy *copy = disk->first; copy != NULL; copy = copy->next)
        each(arg, str_from(copy->target));
    pthread_mutex_unlock(&disk->lock);
}

static bool
read_copy(struct fleet_disk *disk, struct arena *arena, struct str target, struct str *ret_bytes)
{
    struct copy *copy;

    pthread_mutex_lock(&disk->lock);
    copy = take(disk, target);
    if (copy != NULL) {
        *ret_bytes = str_dup(arena, str_of(copy->bytes, copy->len));
        push(disk, copy);
    }
    pthread_mutex_unlock(&disk->lock);
    return copy != NULL;
}

static void write_copy(struct fleet_disk *disk, struct str target, struct str bytes)
{
    struct copy *copy = xmalloc(sizeof(*copy)), *old;

    *copy = (struct copy){.target = dup_bytes(target), .bytes = dup_bytes(bytes), .len = bytes.len};
    pthread_mutex_lock(&disk->lock);
    old = take(disk, target);
    push(disk, copy);
    shrink(disk);
    pthread_mutex_unlock(&disk->lock);
    if (old != NULL)
        copy_free(old);
}

static enum err_code
fetch(void *self, struct arena *arena, struct str target, struct str *ret_tar_gz, struct err *err)
{
    struct fleet_disk *disk = self;
    struct str bucket = STR_NULL, key = STR_NULL;
    enum err_code code;

    if (disk->keep && read_copy(disk, arena, target, ret_tar_gz))
        return ERR_NONE;
    if (!objects_parse_uri(str_from(disk->url), &bucket, &key))
        return err_set(err, ERR_NOT_FOUND, "'%s' is no S3 location", disk->url);
    /* Prefix and target are joined as they are: AWS inserts no slash. */
    if (disk->multi)
        key = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(key), STR_ARG(target));
    int64_t start_us = clock_tick_us();
    code = objects_read(disk->local, arena, bucket, key, ARTIFACT_BYTES, ret_tar_gz, NULL, err);
    if (code == ERR_NONE && disk->measures != NULL)
        measures_add(
            disk->measures, MEASURE_DOWNLOADING, clock_wall_ms(local_clock(disk->local)),
            (double) (clock_tick_us() - start_us));
    if (code == ERR_NONE && disk->keep)
        write_copy(disk, target, *ret_tar_gz);
    return code;
}

const struct serve_store_ops fleet_disk_store = {fetch};
