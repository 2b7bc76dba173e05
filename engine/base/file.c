#include "engine/base/file.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_TREE_DEPTH 128

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void file_will_read(const char *path)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0)
        (void) posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
}

/* Opens for reading and says what it is; a folder is refused here, where the message can say so. */
static enum err_code open_read(const char *path, int *fd, struct stat *info, struct err *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, info) != 0)
        return err_errno(err, errno, "reading '%s'", path);
    if (S_ISDIR(info->st_mode))
        return err_errno(err, EISDIR, "reading '%s'", path);
    return ERR_NONE;
}

/* size: of a regular file, or 0. */
static enum err_code
read_all(int fd, const char *path, size_t size, struct buf *buf, struct err *err)
{
    for (;;) {
        /* One byte more than wanted tells the end from "there is more". */
        size_t piece = size > 0 ? size + 1 : KIB(64);
        size_t room = buf->max - buf->len < piece ? buf->max - buf->len : piece;
        char *to = room > 0 ? buf_reserve(buf, room) : NULL;
        if (to == NULL)
            return err_set(err, ERR_IO, "reading '%s': more than %zu bytes", path, buf->max - 1);
        ssize_t got = read(fd, to, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "reading '%s'", path);
        if (got == 0)
            return ERR_NONE;
        buf->len += (size_t) got;
        if (size > 0 && (size_t) got < room) /* only its end makes a read of a file short */
            return ERR_NONE;
    }
}

static enum err_code read_to_end(
    struct arena *arena,
    int fd,
    const char *name,
    size_t max_bytes,
    size_t size,
    struct str *out,
    struct err *err)
{
    AUTO(buf_done) struct buf buf = BUF_INIT(max_bytes + 1);
    enum err_code code = read_all(fd, name, size, &buf, err);
    if (code != ERR_NONE)
        return code;
    *out = buf.len > 0 ? buf_give(&buf, arena) : STR("");
    return ERR_NONE;
}

enum err_code
file_read(struct arena *arena, const char *path, size_t max_bytes, struct str *out, struct err *err)
{
    AUTO(fd_close) int fd = -1;
    struct stat info;
    enum err_code code = open_read(path, &fd, &info, err);
    if (code != ERR_NONE)
        return code;
    uint64_t size = S_ISREG(info.st_mode) ? (uint64_t) info.st_size : 0;
    if (size > max_bytes)
        return err_set(err, ERR_IO, "reading '%s': more than %zu bytes", path, max_bytes);
    return read_to_end(arena, fd, path, max_bytes, (size_t) size, out, err);
}

enum err_code file_read_fd(
    struct arena *arena,
    int fd,
    const char *name,
    size_t max_bytes,
    struct str *out,
    struct err *err)
{
    return read_to_end(arena, fd, name, max_bytes, 0, out, err);
}

enum err_code file_map(const char *path, struct str *out, struct err *err)
{
    AUTO(fd_close) int fd = -1;
    struct stat info;
    enum err_code code = open_read(path, &fd, &info, err);
    if (code != ERR_NONE)
        return code;
    if (info.st_size == 0) {
        *out = STR("");
        return ERR_NONE;
    }
    void *ptr = mmap(NULL, (size_t) info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (ptr == MAP_FAILED)
        return err_errno(err, errno, "mapping '%s'", path);
    *out = str_of(ptr, (size_t) info.st_size);
    return ERR_NONE;
}

void file_unmap(struct str *view)
{
    if (view->len > 0)
        munmap((void *) (uintptr_t) view->ptr, view->len);
    *view = STR_NULL;
}

static int write_all(int fd, struct str content)
{
    while (content.len > 0) {
        ssize_t put = write(fd, content.ptr, content.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        content = str_from_index(content, (size_t) put);
    }
    return 0;
}

/* Makes the rename itself survive a power cut. Some file systems refuse to sync a folder; the
 * content is safe then all the same, so that is no error. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    struct str dir = path_dir(str_from(path));
    snprintf(folder, sizeof(folder), STR_FMT, STR_ARG(dir));
    AUTO(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void) fsync(fd);
}

enum err_code
file_write_atomic(const char *path, struct str content, unsigned mode, struct err *err)
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    if (len < 0 || (size_t) len >= sizeof(temporary))
        return err_errno(err, ENAMETOOLONG, "writing '%s'", path);
    AUTO(fd_close) int fd = mkstemp(temporary);
    if (fd < 0)
        return err_errno(err, errno, "writing '%s'", path);
    int fault = write_all(fd, content);
    if (fault == 0 && (fchmod(fd, (mode_t) mode) != 0 || fsync(fd) != 0))
        fault = errno;
    if (fault == 0 && rename(temporary, path) != 0)
        fault = errno;
    if (fault != 0) {
        (void) unlink(temporary);
        return err_errno(err, fault, "writing '%s'", path);
    }
    sync_folder(path);
    return ERR_NONE;
}

/* Two processes may make the same folders at once, hence "exists" is looked at only afterwards. */
static int make_folder(const char *path, unsigned mode)
{
    if (mkdir(path, (mode_t) mode) == 0)
        return 0;
    int fault = errno;
    if (fault == EEXIST)
        return file_is_dir(path) ? 0 : ENOTDIR;
    return fault;
}

enum err_code file_mkdirs(const char *path, unsigned mode, struct err *err)
{
    char partial[PATH_MAX];
    int len = snprintf(partial, sizeof(partial), "%s", path);
    if (len < 0 || (size_t) len >= sizeof(partial))
        return err_errno(err, ENAMETOOLONG, "creating folder '%s'", path);
    for (size_t i = 1; partial[i - 1] != '\0'; i++) {
        char c = partial[i];
        if ((c != '/' && c != '\0') || partial[i - 1] == '/')
            continue;
        partial[i] = '\0';
        int fault = make_folder(partial, mode);
        if (fault != 0)
            return err_errno(err, fault, "creating folder '%s'", partial);
        partial[i] = c;
    }
    return ERR_NONE;
}

bool file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool file_is_dir(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

enum err_code file_remove(const char *path, struct err *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return ERR_NONE;
    return err_errno(err, errno, "removing '%s'", path);
}

static int remove_at(int parent, const char *name, unsigned depth);

static void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static int empty_folder(int parent, const char *name, unsigned depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    AUTO(dir_close) DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int fault = errno;
        close(fd);
        return fault;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            return errno;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int fault = remove_at(fd, entry->d_name, depth + 1);
        if (fault != 0)
            return fault;
    }
}

/* Relative to open folders and never through a symbolic link, so that nothing outside goes. */
static int remove_at(int parent, const char *name, unsigned depth)
{
    if (depth > MAX_TREE_DEPTH)
        return ELOOP;
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return errno;
    int fault = empty_folder(parent, name, depth);
    if (fault != 0)
        return fault == ENOENT ? 0 : fault;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

enum err_code file_remove_tree(const char *path, struct err *err)
{
    int fault = remove_at(AT_FDCWD, path, 0);
    return fault == 0 ? ERR_NONE : err_errno(err, fault, "removing '%s'", path);
}

struct str path_join(struct arena *arena, struct str folder, struct str name)
{
    bool slash = folder.len > 0 && folder.ptr[folder.len - 1] != '/';
    return str_fmt(arena, STR_FMT "%s" STR_FMT, STR_ARG(folder), slash ? "/" : "", STR_ARG(name));
}

struct str path_dir(struct str path)
{
    size_t slash = str_rindex(path, '/');
    if (slash == SIZE_MAX)
        return STR(".");
    return slash == 0 ? STR("/") : str_slice(path, 0, slash);
}

struct str path_base(struct str path)
{
    size_t slash = str_rindex(path, '/');
    return slash == SIZE_MAX ? path : str_from_index(path, slash + 1);
}
