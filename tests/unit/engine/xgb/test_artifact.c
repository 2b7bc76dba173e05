#include "engine/xgb/artifact.h"

#include "engine/base/digest.h"
#include "tests/unit/engine/xgb/fixture.h"

#include <archive.h>
#include <archive_entry.h>

struct member {
    const char *path;
    unsigned type; /* 0: a regular file */
    const char *link, *data;
};

static la_ssize_t to_buf(struct archive *writer, void *arg, const void *bytes, size_t len)
{
    (void) writer;
    buf_add_mem(arg, bytes, len);
    return (la_ssize_t) len;
}

static struct str
tar_gz(struct arena *arena, const struct member *members, size_t count, size_t big_bytes)
{
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(16));
    struct archive *writer = archive_write_new();
    archive_write_set_format_pax_restricted(writer);
    archive_write_add_filter_gzip(writer);
    assert_int_equal(archive_write_open(writer, &out, NULL, to_buf, NULL), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, members[i].path);
        archive_entry_set_filetype(entry, members[i].type != 0 ? members[i].type : AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        if (members[i].type == AE_IFLNK)
            archive_entry_set_symlink(entry, members[i].link);
        else if (members[i].link != NULL)
            archive_entry_set_hardlink(entry, members[i].link);
        size_t len = members[i].data != NULL ? strlen(members[i].data) : big_bytes;
        archive_entry_set_size(entry, (la_int64_t) len);
        assert_int_equal(archive_write_header(writer, entry), ARCHIVE_OK);
        if (members[i].data != NULL) {
            archive_write_data(writer, members[i].data, len);
        } else if (members[i].type == 0 && members[i].link == NULL) {
            char *zeros = ARENA_ARRAY(arena, len + 1, char);
            archive_write_data(writer, zeros, len);
        }
        archive_entry_free(entry);
    }
    archive_write_close(writer);
    archive_write_free(writer);
    return str_dup(arena, buf_str(&out));
}

static void test_round_trip_with_the_same_bytes(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    static const size_t sizes[] = {0, 1, 511, 512, 513, 300000};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char *bytes = ARENA_ARRAY(arena, sizes[i] + 1, char);
        struct rng rng;
        rng_seed(&rng, i);
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = (char) rng_below(&rng, 50);
        struct str model = str_of(bytes, sizes[i]);
        AUTO(buf_done) struct buf first = BUF_INIT(MIB(2));
        AUTO(buf_done) struct buf second = BUF_INIT(MIB(2));
        struct err err = {0};
        must(artifact_pack(model, &first, &err), &err);
        must(artifact_pack(model, &second, &err), &err);
        assert_true(str_eq(buf_str(&first), buf_str(&second)));
        /* RFC 1952: no name, no time. */
        assert_memory_equal(first.ptr, "\x1f\x8b\x08\0\0\0\0\0", 8);
        struct artifact artifact;
        must(artifact_read(arena, buf_str(&first), &artifact, &err), &err);
        assert_true(str_eq_z(artifact.member, "xgboost-model"));
        assert_true(str_eq(artifact.model, model));
    }
    AUTO(buf_done) struct buf small = BUF_INIT(10);
    struct err err = {0};
    assert_int_equal(artifact_pack(STR("model"), &small, &err), ERR_IO);
}

static void test_what_is_read(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    static const struct {
        struct member members[3];
        const char *member;
    } cases[] = {
        {{{"xgboost-model", 0, NULL, "binf1"}}, "xgboost-model"},
        {{{"my.model", 0, NULL, "binf1"}}, "my.model"},
        {{{"./", AE_IFDIR, NULL, ""}, {"./xgboost-model", 0, NULL, "binf1"}}, "xgboost-model"},
        {{{"._xgboost-model", 0, NULL, "x"}, {"xgboost-model", 0, NULL, "binf1"}}, "xgboost-model"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t count = 0;
        while (count < 3 && cases[i].members[count].path != NULL)
            count++;
        struct artifact artifact;
        struct err err = {0};
        must(
            artifact_read(arena, tar_gz(arena, cases[i].members, count, 0), &artifact, &err), &err);
        assert_true(str_eq_z(artifact.member, cases[i].member));
        assert_true(str_eq_z(artifact.model, "binf1"));
        assert_int_equal(artifact.format, MODEL_FORMAT_BINARY);
    }
}

static void test_what_is_refused(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    static const struct {
        struct member members[3];
        size_t big_bytes;
        const char *message;
    } cases[] = {
        {{{"a", 0, NULL, "1"}, {"b", 0, NULL, "2"}}, 0, "holds two files: 'a' and 'b'"},
        {{{"a", 0, NULL, "1"}, {"./a", 0, NULL, "2"}}, 0, "holds two files: 'a' and 'a'"},
        {{{"../x", 0, NULL, "1"}}, 0, "holds '../x', which leads out of its folder"},
        {{{"a/../../x", 0, NULL, "1"}}, 0, "holds 'a/../../x', which leads out"},
        {{{"/etc/passwd", 0, NULL, "1"}}, 0, "holds the absolute path '/etc/passwd'"},
        {{{"a", AE_IFLNK, "/etc/passwd", ""}}, 0, "holds the symbolic link 'a'"},
        {{{"a", 0, NULL, "1"}, {"b", 0, "a", ""}}, 0, "holds the hard link 'b'"},
        {{{"a", AE_IFIFO, NULL, ""}}, 0, "holds the device or pipe 'a'"},
        {{{"a", AE_IFCHR, NULL, ""}}, 0, "holds the device or pipe 'a'"},
        {{{"code/inference.py", 0, NULL, "1"}}, 0, "'code/inference.py' in a folder"},
        {{{"d/", AE_IFDIR, NULL, ""}}, 0, "holds no model"},
        {{{".hidden", 0, NULL, "1"}}, 0, "holds no model"},
        {{{"zeros", 0, NULL, NULL}}, MIB(8), "unpacks to more than 200 times its size"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t count = 0;
        while (count < 3 && cases[i].members[count].path != NULL)
            count++;
        struct str bytes = tar_gz(arena, cases[i].members, count, cases[i].big_bytes);
        struct artifact artifact;
        struct err err = {0};
        if (artifact_read(arena, bytes, &artifact, &err) != ERR_PROTOCOL ||
            strstr(err.message, cases[i].message) == NULL)
            fail_msg("case %zu: %s: %s", i, err_name(err.code), err.message);
    }
}

static void test_not_an_archive(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    AUTO(buf_done) struct buf packed = BUF_INIT(MIB(1));
    struct err err = {0};
    char noise[5000];
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char) rng_u64(&rng);
    must(artifact_pack(str_of(noise, sizeof(noise)), &packed, &err), &err);
    struct str whole = buf_str(&packed);
    const struct {
        struct str bytes;
        const char *message;
    } cases[] = {
        {STR_NULL, "the artifact is empty"},
        {STR("hello"), "the artifact is not a tar.gz"},
        {STR("PK\x03\x04"), "the artifact is not a tar.gz"},
        {STR("\x1f\x8b\x08"), "not a complete tar.gz"},
        {str_slice(whole, 0, 100), "not a complete tar.gz"},
        {str_slice(whole, 0, whole.len / 2), "not a complete tar.gz"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct artifact artifact;
        err = (struct err){0};
        if (artifact_read(arena, cases[i].bytes, &artifact, &err) != ERR_PROTOCOL ||
            strstr(err.message, cases[i].message) == NULL)
            fail_msg("case %zu: %s: %s", i, err_name(err.code), err.message);
    }
    /* A flipped byte anywhere is an error or changes nothing; never a crash, never other bytes. */
    char *copy = ARENA_ARRAY(arena, whole.len, char);
    for (size_t i = 10; i < whole.len; i += 7) {
        memcpy(copy, whole.ptr, whole.len);
        copy[i] = (char) (copy[i] ^ 0x10);
        struct artifact artifact;
        if (artifact_read(arena, str_of(copy, whole.len), &artifact, &err) == ERR_NONE)
            assert_true(str_eq(artifact.model, str_of(noise, sizeof(noise))));
    }
}

static void test_which_image_loads_it(void **state)
{
    (void) state;
    static const struct {
        enum model_format format;
        const char *version;
        bool allow_pickle;
        const char *message; /* NULL: fine */
    } cases[] = {
        {MODEL_FORMAT_BINARY, "1.7-1", false, NULL},
        {MODEL_FORMAT_BINARY, "0.90-2", false, NULL},
        {MODEL_FORMAT_BINARY, "3.0-5", false, NULL},
        {MODEL_FORMAT_BINARY, "3.1-1", false, "is binary, which XGBoost 3.1-1 cannot load"},
        {MODEL_FORMAT_UBJSON, "1.7-1", false, NULL},
        {MODEL_FORMAT_UBJSON, "1.5-1", false, "is UBJSON, which XGBoost 1.5-1 cannot load"},
        {MODEL_FORMAT_UBJSON, NULL, false, NULL},
        {MODEL_FORMAT_UBJSON, "latest", false, NULL},
        {MODEL_FORMAT_JSON, "0.90-1", false, "is JSON, which XGBoost 0.90-1 cannot load"},
        {MODEL_FORMAT_JSON, "1", false, NULL},
        {MODEL_FORMAT_PICKLE, "1.7-1", false, "is a Python pickle"},
        {MODEL_FORMAT_PICKLE, NULL, false, "is a Python pickle"},
        {MODEL_FORMAT_PICKLE, "1.7-1", true, NULL},
        {MODEL_FORMAT_UNKNOWN, NULL, true, "'m' in the artifact is not an XGBoost model"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct artifact artifact = {.member = STR("m"), .format = cases[i].format};
        struct err err = {0};
        enum err_code code =
            artifact_check(&artifact, str_from(cases[i].version), cases[i].allow_pickle, &err);
        bool fine = code == ERR_NONE;
        if (fine != (cases[i].message == NULL) ||
            (!fine && (code != ERR_PROTOCOL || strstr(err.message, cases[i].message) == NULL)))
            fail_msg("case %zu: %s: %s", i, err_name(code), err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_with_the_same_bytes),
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_not_an_archive),
        cmocka_unit_test(test_which_image_loads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
