#include "engine/xgb/artifact.h"

#include "engine/base/arena.h"

#include <archive.h>
#include <archive_entry.h>

#define MEMBER "xgboost-model"
#define MODEL_MAX_BYTES MIB(512)
#define RATIO_MAX 200U
#define RATIO_FREE_BYTES MIB(1) /* below this any ratio is fine: it cannot hurt */
#define ENTRIES_MAX 1000U

/* ---- packing ---- */

static void writer_close(struct archive **writer)
{
    if (*writer != NULL)
        (void) archive_write_free(*writer);
    *writer = NULL;
}

static void entry_close(struct archive_entry **entry)
{
    archive_entry_free(*entry);
    *entry = NULL;
}

static la_ssize_t write_to_buf(struct archive *writer, void *to, const void *bytes, size_t len)
{
    (void) writer;
    struct buf *out = to;
    buf_add_mem(out, bytes, len);
    return buf_ok(out) ? (la_ssize_t) len : -1;
}

static enum err_code pack_failed(struct archive *writer, struct err *err)
{
    const char *why = archive_error_string(writer);
    return err_set(
        err, ERR_IO, "packing the model failed: %s", why != NULL ? why : "out of memory");
}

enum err_code artifact_pack(struct str model, struct buf *out, struct err *err)
{
    AUTO(writer_close) struct archive *writer = archive_write_new();
    AUTO(entry_close) struct archive_entry *entry = archive_entry_new();
    if (writer == NULL || entry == NULL)
        return err_set(err, ERR_IO, "packing the model failed: out of memory");
    /* A time in the gzip header would make every archive differ. The last block is not padded to
     * tape size: no reader needs it. */
    if (archive_write_set_format_ustar(writer) != ARCHIVE_OK ||
        archive_write_add_filter_gzip(writer) != ARCHIVE_OK ||
        archive_write_set_filter_option(writer, "gzip", "timestamp", NULL) != ARCHIVE_OK ||
        archive_write_set_filter_option(writer, "gzip", "compression-level", "6") != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(writer, 1) != ARCHIVE_OK ||
        archive_write_open(writer, out, NULL, write_to_buf, NULL) != ARCHIVE_OK)
        return pack_failed(writer, err);
    archive_entry_set_pathname(entry, MEMBER);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_size(entry, (la_int64_t) model.len);
    if (archive_write_header(writer, entry) != ARCHIVE_OK ||
        archive_write_data(writer, model.ptr, model.len) != (la_ssize_t) model.len ||
        archive_write_close(writer) != ARCHIVE_OK)
        return pack_failed(writer, err);
    return ERR_NONE;
}

/* ---- reading ---- */

struct reading {
    struct arena *arena;
    struct archive *archive;
    size_t packed_bytes, unpacked_bytes;
    struct artifact found; /* member is STR_NULL until a model turned up */
};

static void reader_close(struct archive **reader)
{
    if (*reader != NULL)
        (void) archive_read_free(*reader);
    *reader = NULL;
}

static enum err_code broken(const struct reading *reading, struct err *err)
{
    const char *why = archive_error_string(reading->archive);
    return err_set(
        err, ERR_PROTOCOL, "the artifact is not a complete tar.gz: %s",
        why != NULL ? why : "it ends too early");
}

/* "./a" is "a"; what may not be there at all is an error. */
static enum err_code member_name(const char *path, struct str *ret_name, struct err *err)
{
    struct str name = str_from(path), rest, part;
    if (name.len == 0)
        return err_set(err, ERR_PROTOCOL, "the artifact holds a file without a name");
    if (name.ptr[0] == '/')
        return err_set(err, ERR_PROTOCOL, "the artifact holds the absolute path '%s'", path);
    rest = name;
    while (str_split(&rest, '/', &part))
        if (str_eq_z(part, ".."))
            return err_set(
                err, ERR_PROTOCOL, "the artifact holds '%s', which leads out of its folder", path);
    while (str_starts(name, STR("./")))
        name = str_from_index(name, 2);
    *ret_name = name;
    return ERR_NONE;
}

static enum err_code check_kind(struct archive_entry *entry, struct str name, struct err *err)
{
    const char *kind = NULL;
    if (archive_entry_hardlink(entry) != NULL)
        kind = "hard link";
    else if (archive_entry_filetype(entry) == AE_IFLNK)
        kind = "symbolic link";
    else if (archive_entry_filetype(entry) != AE_IFREG)
        kind = "device or pipe";
    if (kind != NULL)
        return err_set(
            err, ERR_PROTOCOL, "the artifact holds the %s '" STR_FMT "'", kind, STR_ARG(name));
    if (str_index(name, '/') != SIZE_MAX)
        return err_set(
            err, ERR_PROTOCOL,
            "the artifact holds '" STR_FMT "' in a folder: the model must be at the top",
            STR_ARG(name));
    return ERR_NONE;
}

static enum err_code count_bytes(struct reading *reading, size_t len, struct err *err)
{
    reading->unpacked_bytes += len;
    if (reading->unpacked_bytes > MODEL_MAX_BYTES)
        return err_set(err, ERR_PROTOCOL, "the artifact unpacks to more than 512 MiB");
    if (reading->unpacked_bytes > RATIO_FREE_BYTES &&
        reading->unpacked_bytes / RATIO_MAX > reading->packed_bytes)
        return err_set(
            err, ERR_PROTOCOL, "the artifact unpacks to more than %u times its size of %zu bytes",
            RATIO_MAX, reading->packed_bytes);
    return ERR_NONE;
}

/* Grows as bytes arrive: the header's size is only a claim. */
static enum err_code read_member(struct reading *reading, struct buf *bytes, struct err *err)
{
    for (;;) {
        char *room = buf_reserve(bytes, KIB(256));
        if (room == NULL)
            return err_set(err, ERR_PROTOCOL, "the artifact unpacks to more than 512 MiB");
        la_ssize_t len = archive_read_data(reading->archive, room, KIB(256));
        if (len < 0)
            return broken(reading, err);
        if (len == 0)
            return ERR_NONE;
        bytes->len += (size_t) len;
        enum err_code code = count_bytes(reading, (size_t) len, err);
        if (code != ERR_NONE)
            return code;
    }
}

static enum err_code
read_entry(struct reading *reading, struct archive_entry *entry, struct err *err)
{
    const char *path = archive_entry_pathname(entry);
    struct str name = STR_NULL;
    enum err_code code = member_name(path != NULL ? path : "", &name, err);
    if (code != ERR_NONE)
        return code;
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return ERR_NONE;
    code = check_kind(entry, name, err);
    if (code != ERR_NONE)
        return code;
    /* The container skips files with a leading dot (macOS' tar adds "._name"); their bytes count.
     */
    bool hidden = name.len > 0 && name.ptr[0] == '.';
    if (!hidden && !str_is_null(reading->found.member))
        return err_set(
            err, ERR_PROTOCOL, "the artifact holds two files: '" STR_FMT "' and '" STR_FMT "'",
            STR_ARG(reading->found.member), STR_ARG(name));
    AUTO(buf_done) struct buf bytes = BUF_INIT(MODEL_MAX_BYTES + KIB(256));
    code = read_member(reading, &bytes, err);
    if (code != ERR_NONE || hidden)
        return code;
    reading->found.member = str_dup(reading->arena, name);
    reading->found.model = str_dup(reading->arena, buf_str(&bytes));
    reading->found.format = model_format_of(reading->found.model);
    return ERR_NONE;
}

static enum err_code open_reader(struct reading *reading, struct str tar_gz, struct err *err)
{
    static const char gzip_magic[] = {'\x1f', '\x8b'};
    if (!str_starts(tar_gz, str_of(gzip_magic, sizeof(gzip_magic)))) {
        (void) err_set(
            err, ERR_PROTOCOL,
            tar_gz.len == 0 ? "the artifact is empty" : "the artifact is not a tar.gz");
        return err_hint(err, "pack the model with: tar czf model.tar.gz xgboost-model");
    }
    if (archive_read_support_filter_gzip(reading->archive) != ARCHIVE_OK ||
        archive_read_support_format_tar(reading->archive) != ARCHIVE_OK)
        return err_set(err, ERR_INTERNAL, "libarchive was built without gzip or tar");
    if (archive_read_open_memory(reading->archive, tar_gz.ptr, tar_gz.len) != ARCHIVE_OK)
        return broken(reading, err);
    return ERR_NONE;
}

enum err_code
artifact_read(struct arena *arena, struct str tar_gz, struct artifact *out, struct err *err)
{
    AUTO(reader_close) struct archive *archive = archive_read_new();
    if (archive == NULL)
        return err_set(err, ERR_IO, "reading the artifact failed: out of memory");
    struct reading reading = {
        .arena = arena,
        .archive = archive,
        .packed_bytes = tar_gz.len,
        .found = {.member = STR_NULL}};
    enum err_code code = open_reader(&reading, tar_gz, err);
    for (unsigned n = 0; code == ERR_NONE; n++) {
        struct archive_entry *entry = NULL;
        int status = archive_read_next_header(archive, &entry);
        if (status == ARCHIVE_EOF)
            break;
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
            return broken(&reading, err);
        if (n == ENTRIES_MAX)
            return err_set(
                err, ERR_PROTOCOL, "the artifact holds more than %u entries", ENTRIES_MAX);
        code = read_entry(&reading, entry, err);
    }
    if (code != ERR_NONE)
        return code;
    if (str_is_null(reading.found.member))
        return err_set(err, ERR_PROTOCOL, "the artifact holds no model: no file at its top level");
    *out = reading.found;
    return ERR_NONE;
}

/* ---- what serves it ---- */

/* "1.7-1" -> 1007; 0 when it is no such version ("latest"). */
static unsigned version_number(struct str image_version)
{
    struct str rest = image_version, version = STR_NULL, major = STR_NULL;
    uint64_t big = 0, small = 0;
    if (str_is_empty(image_version) || !str_split(&rest, '-', &version) ||
        !str_split(&version, '.', &major) || !str_to_u64(major, &big) || big > 1000)
        return 0;
    if (!str_is_null(version) && (!str_to_u64(version, &small) || small > 999))
        return 0;
    return (unsigned) (big * 1000 + small);
}

enum err_code artifact_check(
    const struct artifact *artifact, struct str image_version, bool allow_pickle, struct err *err)
{
    /* Which XGBoost reads which format: its "Introduction to Model IO" page. An image's version is
     * the library's. To add a format: one line. */
    static const struct {
        enum model_format format;
        unsigned first, last;
        const char *remedy;
    } readable[] = {
        {MODEL_FORMAT_BINARY, 0, 3000, "save the model as UBJSON"},
        {MODEL_FORMAT_UBJSON, 1006, UINT32_MAX, "save the model as JSON or binary"},
        {MODEL_FORMAT_JSON, 1000, UINT32_MAX, "save the model as binary"},
    };
    if (artifact->format == MODEL_FORMAT_UNKNOWN)
        return err_set(
            err, ERR_PROTOCOL, "'" STR_FMT "' in the artifact is not an XGBoost model",
            STR_ARG(artifact->member));
    if (artifact->format == MODEL_FORMAT_PICKLE && !allow_pickle) {
        (void) err_set(
            err, ERR_PROTOCOL,
            "'" STR_FMT "' in the artifact is a Python pickle, which runs code when it is loaded",
            STR_ARG(artifact->member));
        return err_hint(err, "save it with Booster.save_model(), or set allowPickle: true");
    }
    unsigned version = version_number(image_version);
    for (size_t i = 0; version != 0 && i < ARRAY_LEN(readable); i++) {
        if (artifact->format != readable[i].format ||
            (version >= readable[i].first && version <= readable[i].last))
            continue;
        (void) err_set(
            err, ERR_PROTOCOL,
            "'" STR_FMT "' in the artifact is %s, which XGBoost " STR_FMT " cannot load",
            STR_ARG(artifact->member), model_format_name(artifact->format), STR_ARG(image_version));
        return err_hint(err, "%s", readable[i].remedy);
    }
    return ERR_NONE;
}
