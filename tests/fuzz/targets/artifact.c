/* model.tar.gz from outside. The first byte chooses: 'z', the rest is a .tar.gz; else it is a tar,
 * which is put into a gzip of stored blocks, so that the tar is what is explored; 'p', it is a
 * model, which is packed and read back. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/digest.h"
#include "engine/xgb/artifact.h"

static void add_u16(struct buf *out, unsigned value)
{
    buf_add_char(out, (char) (value & 255));
    buf_add_char(out, (char) (value >> 8 & 255));
}

/* RFC 1952 and RFC 1951, 3.2.4 */
static void gzip(struct buf *out, struct str bytes)
{
    buf_add_mem(out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    buf_add_char(out, 1);
    add_u16(out, (unsigned) bytes.len);
    add_u16(out, ~(unsigned) bytes.len & 0xffffU);
    buf_add(out, bytes);
    uint32_t sum = crc32_of(0, bytes);
    add_u16(out, sum & 0xffff);
    add_u16(out, sum >> 16);
    add_u16(out, (unsigned) bytes.len & 0xffff);
    add_u16(out, 0);
}

static void read_it(struct str tar_gz)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct artifact artifact = {0};
    struct err err = {0};
    enum err_code code = artifact_read(arena, tar_gz, &artifact, &err);
    fuzz_check_err(code, &err);
    if (code != ERR_NONE)
        return;
    FUZZ_HOLDS(artifact.member.len > 0 && artifact.member.ptr[0] != '/');
    FUZZ_HOLDS(str_find(artifact.member, STR("..")) != 0);
    fuzz_check_err(artifact_check(&artifact, STR("1.7-1"), false, &err), &err);
    fuzz_check_err(artifact_check(&artifact, STR_NULL, true, &err), &err);
}

static void pack_and_read(struct str model)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    AUTO(buf_done) struct buf first = BUF_INIT(MIB(1));
    AUTO(buf_done) struct buf second = BUF_INIT(MIB(1));
    struct artifact artifact = {0};
    struct err err = {0};
    FUZZ_HOLDS(artifact_pack(model, &first, &err) == ERR_NONE);
    FUZZ_HOLDS(artifact_pack(model, &second, &err) == ERR_NONE);
    FUZZ_HOLDS(str_eq(buf_str(&first), buf_str(&second)));
    enum err_code code = artifact_read(arena, buf_str(&first), &artifact, &err);
    fuzz_check_err(code, &err);
    FUZZ_HOLDS(code == ERR_NONE && str_eq(artifact.model, model));
    FUZZ_HOLDS(artifact.format == model_format_of(model));
}

void fuzz_artifact(struct str input)
{
    struct str rest = input;
    unsigned kind = fuzz_byte(&rest);
    if (kind == 'z') {
        read_it(rest);
    } else if (kind == 'p') {
        pack_and_read(rest);
    } else {
        AUTO(buf_done) struct buf packed = BUF_INIT(MIB(1));
        gzip(&packed, str_slice(rest, 0, 60000));
        read_it(buf_str(&packed));
    }
}
