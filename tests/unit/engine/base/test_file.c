#include "tests/harness/test.h"

#include "engine/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    struct arena *arena;
    const char *folder;
};

static int setup(void **state)
{
    static struct place s_place;
    s_place.arena = arena_new("test", 0);
    s_place.folder = test_folder_new(s_place.arena);
    *state = &s_place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    test_folder_remove(place->folder);
    assert_false(file_exists(place->folder));
    arena_free(place->arena);
    return 0;
}

static const char *in(struct place *place, const char *name)
{
    return path_join(place->arena, str_from(place->folder), str_from(name)).ptr;
}

static size_t entries(const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

static void write_and_read(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str out = STR_NULL;
    const char *path = in(place, "f");
    assert_ok(file_write_atomic(path, STR("one\0two"), 0640, &err), &err);
    assert_ok(file_read(place->arena, path, 7, &out, &err), &err);
    assert_str_len(out, STR("one\0two"));
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_ok(file_write_atomic(path, STR(""), 0600, &err), &err);
    assert_ok(file_read(place->arena, path, 7, &out, &err), &err);
    assert_false(str_is_null(out));
    assert_str(out, "");
    assert_int_equal(entries(place->folder), 1);
}

static void reading_has_a_limit(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str out = STR("old");
    const char *path = in(place, "f");
    assert_ok(file_write_atomic(path, STR("12345678"), 0600, &err), &err);
    assert_fails(file_read(place->arena, path, 7, &out, &err), ERR_IO, &err, "more than 7 bytes");
    assert_ok(file_read(place->arena, path, 8, &out, &err), &err);
    /* A device has no size to look at beforehand. */
    out = STR("old");
    assert_fails(
        file_read(place->arena, "/dev/zero", 100000, &out, &err), ERR_IO, &err, "'/dev/zero'");
    assert_str(out, "old");
    assert_ok(file_read(place->arena, "/proc/self/stat", 100000, &out, &err), &err);
    assert_true(out.len > 10);
}

static void failures_name_the_path(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str out = STR_NULL;
    const char *none = in(place, "none/x");
    assert_fails(file_read(place->arena, none, 7, &out, &err), ERR_NOT_FOUND, &err, none);
    assert_fails(file_map(none, &out, &err), ERR_NOT_FOUND, &err, none);
    assert_fails(file_write_atomic(none, STR("x"), 0600, &err), ERR_NOT_FOUND, &err, none);
    assert_fails(file_read(place->arena, place->folder, 7, &out, &err), ERR_IO, &err, "directory");
    assert_fails(file_map(place->folder, &out, &err), ERR_IO, &err, "directory");
    assert_fails(
        file_write_atomic(place->folder, STR("x"), 0600, &err), ERR_IO, &err, place->folder);
    assert_int_equal(entries(place->folder), 0);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str out = STR_NULL;
    const char *path = in(place, "f");
    assert_ok(file_write_atomic(path, STR("old"), 0600, &err), &err);
    /* A limit on the size of files stops a write in the middle, as a full disk does. */
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err_code code = file_write_atomic(path, STR("something longer"), 0600, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_fails(code, ERR_IO, &err, path);
    assert_ok(file_read(place->arena, path, 10, &out, &err), &err);
    assert_str(out, "old");
    assert_int_equal(entries(place->folder), 1);
}

static void mapping(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str view = STR_NULL;
    assert_ok(file_write_atomic(in(place, "f"), STR("content"), 0600, &err), &err);
    assert_ok(file_map(in(place, "f"), &view, &err), &err);
    assert_str(view, "content");
    file_unmap(&view);
    assert_true(str_is_null(view));
    file_unmap(&view);
    assert_ok(file_write_atomic(in(place, "e"), STR(""), 0600, &err), &err);
    assert_ok(file_map(in(place, "e"), &view, &err), &err);
    assert_false(str_is_null(view));
    assert_int_equal(view.len, 0);
    file_unmap(&view);
}

static void folders(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    const char *deep = in(place, "a//b/c/");
    assert_ok(file_mkdirs(deep, 0700, &err), &err);
    assert_true(file_is_dir(deep));
    assert_ok(file_mkdirs(deep, 0700, &err), &err);
    assert_ok(file_write_atomic(in(place, "a/f"), STR(""), 0600, &err), &err);
    assert_true(file_exists(in(place, "a/f")));
    assert_false(file_is_dir(in(place, "a/f")));
    assert_fails(file_mkdirs(in(place, "a/f/g"), 0700, &err), ERR_IO, &err, "a/f");
    assert_fails(file_mkdirs(in(place, "a/f"), 0700, &err), ERR_IO, &err, "a/f");
    static char s_lengthy[PATH_MAX + 2];
    memset(s_lengthy, 'x', sizeof(s_lengthy) - 1);
    assert_int_equal(file_mkdirs(s_lengthy, 0700, &err), ERR_IO);
    assert_int_equal(file_write_atomic(s_lengthy, STR(""), 0600, &err), ERR_IO);
}

static void removing(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    assert_ok(file_write_atomic(in(place, "f"), STR("x"), 0600, &err), &err);
    assert_ok(file_remove(in(place, "f"), &err), &err);
    assert_false(file_exists(in(place, "f")));
    assert_ok(file_remove(in(place, "f"), &err), &err);
    assert_ok(file_remove_tree(in(place, "f"), &err), &err);
    assert_fails(file_remove(place->folder, &err), ERR_IO, &err, place->folder);
}

static void removing_a_tree_stays_inside(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    assert_ok(file_mkdirs(in(place, "outside"), 0700, &err), &err);
    assert_ok(file_write_atomic(in(place, "outside/keep"), STR("x"), 0600, &err), &err);
    assert_ok(file_mkdirs(in(place, "tree/a/b"), 0700, &err), &err);
    assert_ok(file_write_atomic(in(place, "tree/a/b/f"), STR("x"), 0600, &err), &err);
    assert_int_equal(symlink("../outside", in(place, "tree/link")), 0);
    assert_int_equal(symlink("/no/such", in(place, "tree/dangling")), 0);
    assert_ok(file_remove_tree(in(place, "tree"), &err), &err);
    assert_false(file_exists(in(place, "tree")));
    assert_true(file_exists(in(place, "outside/keep")));
}

static void paths(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *folder, *name, *joined;
    } s_joins[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};
    for (size_t i = 0; i < ARRAY_LEN(s_joins); i++) {
        struct str joined =
            path_join(place->arena, str_from(s_joins[i].folder), str_from(s_joins[i].name));
        assert_str(joined, s_joins[i].joined);
        assert_int_equal(joined.ptr[joined.len], '\0');
    }
    static const struct {
        const char *path, *dir, *base;
    } s_parts[] = {{"a/b", "a", "b"}, {"/b", "/", "b"}, {"b", ".", "b"}, {"a/b/c", "a/b", "c"}};
    for (size_t i = 0; i < ARRAY_LEN(s_parts); i++) {
        assert_str(path_dir(str_from(s_parts[i].path)), s_parts[i].dir);
        assert_str(path_base(str_from(s_parts[i].path)), s_parts[i].base);
    }
}

static void descriptors_close_once(void **state)
{
    (void) state;
    int fd = open("/dev/null", O_RDONLY);
    int number = fd;
    assert_true(fd >= 0);
    fd_close(&fd);
    assert_int_equal(fd, -1);
    assert_int_equal(fcntl(number, F_GETFD), -1);
    fd_close(&fd);
}

#define WITH_PLACE(function) cmocka_unit_test_setup_teardown((function), setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(write_and_read),
        WITH_PLACE(reading_has_a_limit),
        WITH_PLACE(failures_name_the_path),
        WITH_PLACE(a_full_disk_leaves_the_old_file),
        WITH_PLACE(mapping),
        WITH_PLACE(folders),
        WITH_PLACE(removing),
        WITH_PLACE(removing_a_tree_stays_inside),
        WITH_PLACE(paths),
        cmocka_unit_test(descriptors_close_once),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
