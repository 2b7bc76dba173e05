#include "engine/xgb/artifact.h"

#include "engine/base/arena.h"
#include "engine/base/digest.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <libdeflate.h>

#define MEMBER "xgboost-model"
#define UNPACKED_MAX_BYTES MIB(512)
#define RATIO_MAX 200U
#define RATIO_FREE_BYTES MIB(1) /* below this any ratio is fine: it cannot hurt */
#define ENTRIES_MAX 1000U
#define PIECE_BYTES KIB(256)
#define WHOLE_MAX_BYTES MIB(8) /* unpacked in one go below this */

const char *artifact_unpacker_version(void)
{
    return LIBDEFLATE_VERSION_STRING;
}

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

/* Two readers in a row: one undoes gzip, the other reads the tar that comes out. In between pass
 * all bytes, so the limits and the checksum (which libarchive leaves unchecked) are kept there. */
struct reading {
    struct arena *arena;
    struct archive *gzip, *tar;
    struct buf *whole; /* the tar, when it was unpacked in one go */
    size_t packed_bytes, unpacked_bytes;
    uint32_t crc;
    struct err limit;      /* set when a limit stopped the reading */
    struct artifact found; /* member is STR_NULL until a model turned up */
};

static void reader_close(struct archive **reader)
{
    if (*reader != NULL)
        (void) archive_read_free(*reader);
    *reader = NULL;
}

static enum err_code broken(const struct reading *reading, struct archive *where, struct err *err)
{
    if (reading->limit.code != ERR_NONE) {
        *err = reading->limit;
        return err->code;
    }
    const char *why = archive_error_string(where);
    return err_set(
        err, ERR_PROTOCOL, "the artifact is not a complete tar.gz: %s",
        why != NULL ? why : "it ends too early");
}

static enum err_code count_bytes(struct reading *reading, size_t len, struct err *err)
{
    reading->unpacked_bytes += len;
    if (reading->unpacked_bytes > UNPACKED_MAX_BYTES)
        return err_set(err, ERR_PROTOCOL, "the artifact unpacks to more than 512 MiB");
    if (reading->unpacked_bytes > RATIO_FREE_BYTES &&
        reading->unpacked_bytes / RATIO_MAX > reading->packed_bytes)
        return err_set(
            err, ERR_PROTOCOL, "the artifact unpacks to more than %u times its size of %zu bytes",
            RATIO_MAX, reading->packed_bytes);
    return ERR_NONE;
}

/* archive_read_callback of the tar reader */
static la_ssize_t read_block(struct archive *tar, void *self, const void **ret_block)
{
    struct reading *reading = self;
    const void *block = NULL; /* libarchive's own, until the next call */
    size_t len = 0;
    la_int64_t offset;
    int status = archive_read_data_block(reading->gzip, &block, &len, &offset);
    if (status == ARCHIVE_EOF)
        len = 0;
    else if (status != ARCHIVE_OK) {
        const char *why = archive_error_string(reading->gzip);
        archive_set_error(tar, EIO, "%s", why != NULL ? why : "gzip failed");
        return -1;
    }
    if (count_bytes(reading, len, &reading->limit) != ERR_NONE) {
        archive_set_error(tar, EIO, "limit reached");
        return -1;
    }
    if (len > 0)
        reading->crc = crc32_of(reading->crc, str_of(block, len));
    *ret_block = block;
    return (la_ssize_t) len;
}

static uint32_t little_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *) bytes;
    return (uint32_t) b[0] | (uint32_t) b[1] << 8 | (uint32_t) b[2] << 16 | (uint32_t) b[3] << 24;
}

/* Reads what follows the tar's end and compares with gzip's trailer (RFC 1952 2.3.1). */
static enum err_code check_trailer(struct reading *reading, struct str tar_gz, struct err *err)
{
    const void *unused = NULL;
    la_ssize_t len;
    do
        len = read_block(reading->tar, reading, &unused);
    while (len > 0);
    if (len < 0)
        return broken(reading, reading->tar, err);
    /* Some tars pad the file with zeros behind the trailer; this is where gzip itself stopped. */
    la_int64_t end = archive_filter_bytes(reading->gzip, -1);
    if (end < 8 || (uint64_t) end > tar_gz.len)
        return broken(reading, reading->gzip, err);
    struct str trailer = str_slice(tar_gz, (size_t) end - 8, (size_t) end);
    if (little_endian(trailer.ptr) != reading->crc ||
        little_endian(trailer.ptr + 4) != (uint32_t) reading->unpacked_bytes)
        return err_set(err, ERR_PROTOCOL, "the artifact is damaged: its checksum does not match");
    return ERR_NONE;
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

/* Grows as bytes arrive: the header's size is only a claim. */
static enum err_code
read_member(struct reading *reading, la_int64_t claimed, struct buf *bytes, struct err *err)
{
    size_t piece =
        claimed >= 0 && claimed < (la_int64_t) PIECE_BYTES ? (size_t) claimed + 1 : PIECE_BYTES;
    for (;;) {
        char *room = buf_reserve(bytes, piece);
        if (room == NULL)
            return err_set(err, ERR_PROTOCOL, "the artifact unpacks to more than 512 MiB");
        la_ssize_t len = archive_read_data(reading->tar, room, piece);
        if (len < 0)
            return broken(reading, reading->tar, err);
        if (len == 0)
            return ERR_NONE;
        bytes->len += (size_t) len;
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
    AUTO(buf_done) struct buf bytes = BUF_INIT(UNPACKED_MAX_BYTES + PIECE_BYTES);
    code = read_member(reading, archive_entry_size(entry), &bytes, err);
    if (code != ERR_NONE || hidden)
        return code;
    reading->found.member = str_dup(reading->arena, name);
    reading->found.model = buf_give(&bytes, reading->arena);
    reading->found.format = model_format_of(reading->found.model);
    return ERR_NONE;
}

/* Most artifacts are small: those are unpacked whole, three times as fast as in the stream. True
 * when gzip's checksum, length and end were all in order; the stream takes the rest, and says what
 * is wrong with it. */
static bool unpack_whole(struct reading *reading, struct str tar_gz)
{
    if (tar_gz.len < 18) /* gzip's header and trailer alone */
        return false;
    size_t size = little_endian(tar_gz.ptr + tar_gz.len - 4), used = 0, made = 0;
    if (size == 0 || size > WHOLE_MAX_BYTES ||
        (size > RATIO_FREE_BYTES && size / RATIO_MAX > tar_gz.len))
        return false;
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    char *room = inflater != NULL ? buf_reserve(reading->whole, size) : NULL;
    bool good = room != NULL && libdeflate_gzip_decompress_ex(
                                    inflater, tar_gz.ptr, tar_gz.len, room, size, &used, &made) ==
                                    LIBDEFLATE_SUCCESS;
    libdeflate_free_decompressor(inflater);
    if (!good || used != tar_gz.len || made != size)
        return false;
    reading->whole->len = size;
    return true;
}

static enum err_code open_stream(struct reading *reading, struct str tar_gz, struct err *err)
{
    struct archive_entry *stream = NULL;
    if (archive_read_support_filter_gzip(reading->gzip) != ARCHIVE_OK ||
        archive_read_support_format_raw(reading->gzip) != ARCHIVE_OK)
        return err_set(err, ERR_INTERNAL, "libarchive was built without gzip");
    if (tar_gz.len < 18 ||
        archive_read_open_memory(reading->gzip, tar_gz.ptr, tar_gz.len) != ARCHIVE_OK ||
        archive_read_next_header(reading->gzip, &stream) != ARCHIVE_OK)
        return broken(reading, reading->gzip, err);
    if (archive_read_open(reading->tar, reading, NULL, read_block, NULL) != ARCHIVE_OK)
        return broken(reading, reading->tar, err);
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
    if (archive_read_support_format_tar(reading->tar) != ARCHIVE_OK)
        return err_set(err, ERR_INTERNAL, "libarchive was built without tar");
    if (!unpack_whole(reading, tar_gz))
        return open_stream(reading, tar_gz, err);
    struct str tar = buf_str(reading->whole);
    if (archive_read_open_memory(reading->tar, tar.ptr, tar.len) != ARCHIVE_OK)
        return broken(reading, reading->tar, err);
    return ERR_NONE;
}

static enum err_code read_entries(struct reading *reading, struct err *err)
{
    for (unsigned n = 0;; n++) {
        struct archive_entry *entry = NULL;
        int status = archive_read_next_header(reading->tar, &entry);
        if (status == ARCHIVE_EOF)
            return ERR_NONE;
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
            return broken(reading, reading->tar, err);
        if (n == ENTRIES_MAX)
            return err_set(
                err, ERR_PROTOCOL, "the artifact holds more than %u entries", ENTRIES_MAX);
        enum err_code code = read_entry(reading, entry, err);
        if (code != ERR_NONE)
            return code;
    }
}

enum err_code
artifact_read(struct arena *arena, struct str tar_gz, struct artifact *out, struct err *err)
{
    AUTO(buf_done) struct buf whole = BUF_INIT(WHOLE_MAX_BYTES); /* outlives its reader */
    AUTO(reader_close) struct archive *gzip = archive_read_new();
    AUTO(reader_close) struct archive *tar = archive_read_new();
    if (gzip == NULL || tar == NULL)
        return err_set(err, ERR_IO, "reading the artifact failed: out of memory");
    struct reading reading = {
        .arena = arena,
        .gzip = gzip,
        .tar = tar,
        .whole = &whole,
        .packed_bytes = tar_gz.len,
        .found = {.member = STR_NULL}};
    enum err_code code = open_reader(&reading, tar_gz, err);
    if (code == ERR_NONE)
        code = read_entries(&reading, err);
    if (code == ERR_NONE && whole.len == 0)
        code = check_trailer(&reading, tar_gz, err);
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
