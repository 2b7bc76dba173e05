#include "tests/harness/test.h"

#include "engine/base/file.h"
#include "engine/local/blobs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static void read_back(struct blobs *blobs, struct arena *arena)
{
    struct err err = {0};
    struct str out;
    assert_ok(blobs_put(blobs, STR("a1"), STR("0123456789"), &err), &err);
    assert_ok(blobs_read(blobs, arena, STR("a1"), 0, UINT64_MAX, &out, &err), &err);
    assert_str(out, "0123456789");
    assert_ok(blobs_read(blobs, arena, STR("a1"), 3, 4, &out, &err), &err);
    assert_str(out, "3456");
    assert_ok(blobs_read(blobs, arena, STR("a1"), 8, 100, &out, &err), &err);
    assert_str(out, "89");
    assert_ok(blobs_read(blobs, arena, STR("a1"), 11, 1, &out, &err), &err);
    assert_str(out, "");
    assert_ok(blobs_copy(blobs, arena, STR("a1"), STR("a2"), &out, &err), &err);
    assert_str(out, "a2");
    blobs_remove(blobs, STR("a1"));
    blobs_remove(blobs, STR("a1"));
    assert_ok(blobs_read(blobs, arena, STR("a2"), 0, 10, &out, &err), &err);
    assert_str(out, "0123456789");
    assert_fails(
        blobs_read(blobs, arena, STR("a1"), 0, 1, &out, &err), ERR_NOT_FOUND, &err, "gone");
    assert_fails(blobs_put(blobs, STR("../x"), STR("1"), &err), ERR_INTERNAL, &err, "../x");
}

static void same_in_memory_and_in_a_folder(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    struct blobs *blobs = NULL;
    assert_ok(blobs_open(NULL, &blobs, &err), &err);
    read_back(blobs, arena);
    blobs_close(blobs);
    const char *folder = test_folder_new(arena);
    assert_ok(blobs_open(folder, &blobs, &err), &err);
    read_back(blobs, arena);
    blobs_close(blobs);
    test_folder_remove(folder);
}

static void unfinished_writer_leaves_nothing(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const char *folder = test_folder_new(arena);
    struct blobs *blobs = NULL;
    struct blob_writer *writer = NULL;
    struct str out;
    assert_ok(blobs_open(folder, &blobs, &err), &err);
    assert_ok(blobs_create(blobs, STR("half"), &writer, &err), &err);
    assert_ok(blob_write(writer, STR("bytes"), &err), &err);
    blob_writer_close(&writer);
    assert_fails(
        blobs_read(blobs, arena, STR("half"), 0, 1, &out, &err), ERR_NOT_FOUND, &err, "gone");
    blobs_close(blobs);
    test_folder_remove(folder);
}

/* A limit on the size of files stands for a disk that is full. */
static void full_disk_leaves_nothing(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const char *folder = test_folder_new(arena);
    struct blobs *blobs = NULL;
    struct rlimit before, small;
    assert_ok(blobs_open(folder, &blobs, &err), &err);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    char *bytes = arena_alloc(arena, 5000);
    enum err_code code = blobs_put(blobs, STR("big"), str_of(bytes, 5000), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, ERR_IO);
    assert_false(file_exists(path_join(arena, str_from(folder), STR("big")).ptr));
    blobs_close(blobs);
    test_folder_remove(folder);
}

static void takes_over_a_file(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const char *folder = test_folder_new(arena);
    struct blobs *blobs = NULL;
    struct str out;
    assert_ok(blobs_open(folder, &blobs, &err), &err);
    const char *path = path_join(arena, str_from(folder), STR("Spool")).ptr;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "spooled", 7), 7);
    unlink(path); /* no link is left, so it must be copied */
    assert_ok(blobs_adopt(blobs, STR("copied"), fd, &err), &err);
    close(fd);
    assert_ok(blobs_read(blobs, arena, STR("copied"), 0, 100, &out, &err), &err);
    assert_str(out, "spooled");
    blobs_close(blobs);
    test_folder_remove(folder);
}

static bool is_kept(void *arg, struct str id)
{
    (void) arg;
    return str_eq(id, STR("kept"));
}

static void sweeps_what_no_row_names(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const char *folder = test_folder_new(arena);
    struct blobs *blobs = NULL;
    struct str out;
    assert_ok(blobs_open(folder, &blobs, &err), &err);
    assert_ok(blobs_put(blobs, STR("kept"), STR("1"), &err), &err);
    assert_ok(blobs_put(blobs, STR("orphan"), STR("2"), &err), &err);
    blobs_sweep(blobs, is_kept, NULL);
    assert_ok(blobs_read(blobs, arena, STR("kept"), 0, 1, &out, &err), &err);
    assert_fails(
        blobs_read(blobs, arena, STR("orphan"), 0, 1, &out, &err), ERR_NOT_FOUND, &err, "gone");
    blobs_close(blobs);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(same_in_memory_and_in_a_folder), WITH_ARENA(unfinished_writer_leaves_nothing),
        WITH_ARENA(full_disk_leaves_nothing), WITH_ARENA(takes_over_a_file),
        WITH_ARENA(sweeps_what_no_row_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
