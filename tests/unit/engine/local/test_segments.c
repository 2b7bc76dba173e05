#include "tests/harness/test.h"

#include "engine/base/file.h"
#include "engine/local/blobs.h"
#include "engine/local/segments.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct room {
    struct arena *arena;
    const char *folder;
    int fd;
    struct segments *segments;
};

static void room_start(struct room *room)
{
    struct err err = {0};
    room->fd = open(room->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(room->fd >= 0);
    assert_ok(segments_open(room->fd, &room->segments, &err), &err);
}

static void room_stop(struct room *room)
{
    segments_close(room->segments);
    close(room->fd);
}

static struct room room_new(struct arena *arena)
{
    struct room room = {.arena = arena, .folder = test_folder_new(arena)};
    room_start(&room);
    segments_sweep(room.segments);
    return room;
}

static size_t count_files(const struct room *room)
{
    size_t count = 0;
    DIR *folder = opendir(room->folder);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static struct str put(struct room *room, struct str bytes)
{
    struct err err = {0};
    struct str id = STR_NULL;
    assert_ok(segments_put(room->segments, room->arena, bytes, &id, &err), &err);
    assert_true(segments_owns(id));
    return id;
}

static struct str get(struct room *room, struct str id, size_t len)
{
    struct err err = {0};
    struct str out;
    uint64_t base = 0;
    int fd = -1;
    assert_ok(segments_fd(room->segments, id, &fd, &base, &err), &err);
    assert_ok(fd_read(room->arena, fd, base, len, &out, &err), &err);
    close(fd);
    return out;
}

static void keeps_one_behind_the_other(void **state)
{
    struct room room = room_new(*state);
    struct err err = {0};
    uint64_t base;
    int fd;
    struct str one = put(&room, STR("first")), two = put(&room, STR("second one"));
    assert_str(get(&room, one, 5), "first");
    assert_str(get(&room, two, 10), "second one");
    assert_int_equal(count_files(&room), 1);
    assert_fails(
        segments_fd(room.segments, STR("s9o0n1"), &fd, &base, &err), ERR_NOT_FOUND, &err, "gone");
    assert_fails(
        segments_fd(room.segments, STR("s1o0n999"), &fd, &base, &err), ERR_NOT_FOUND, &err, "gone");
    assert_fails(
        segments_fd(room.segments, STR("sxo0n1"), &fd, &base, &err), ERR_INTERNAL, &err, "no id");
    room_stop(&room);
    test_folder_remove(room.folder);
}

/* A reader that has its descriptor reads on, whatever is removed. */
static void goes_with_its_last_blob(void **state)
{
    struct room room = room_new(*state);
    struct err err = {0};
    struct str one = put(&room, STR("first")), two = put(&room, STR("second")), out;
    uint64_t base = 0;
    int fd = -1;
    assert_ok(segments_fd(room.segments, two, &fd, &base, &err), &err);
    segments_remove(room.segments, one);
    assert_int_equal(count_files(&room), 1);
    segments_remove(room.segments, two);
    assert_int_equal(count_files(&room), 0);
    assert_ok(fd_read(room.arena, fd, base, 6, &out, &err), &err);
    assert_str(out, "second");
    close(fd);
    segments_remove(room.segments, STR("s7o0n1")); /* of nothing that is there */
    struct str three = put(&room, STR("third"));
    assert_str(get(&room, three, 5), "third");
    room_stop(&room);
    test_folder_remove(room.folder);
}

static uint64_t blocks_of(const struct room *room)
{
    struct stat status;
    assert_int_equal(fstatat(room->fd, "segment-1", &status, 0), 0);
    return (uint64_t) status.st_blocks;
}

/* The next process claims what it knows; the rest goes, and nothing is written behind old ends. */
static void a_start_drops_what_is_not_claimed(void **state)
{
    struct room room = room_new(*state);
    char *bytes = arena_alloc(room.arena, 200000);
    memset(bytes, 'x', 200000);
    struct str kept = put(&room, STR("kept"));
    put(&room, str_of(bytes, 200000));
    struct str also = put(&room, STR("also kept"));
    uint64_t before = blocks_of(&room);
    room_stop(&room);

    room_start(&room);
    segments_claim(room.segments, kept);
    segments_claim(room.segments, also);
    segments_claim(room.segments, STR("s8o0n1"));
    segments_claim(room.segments, STR("nonsense"));
    segments_sweep(room.segments);
    assert_true(blocks_of(&room) < before);
    assert_str(get(&room, kept, 4), "kept");
    assert_str(get(&room, also, 9), "also kept");
    struct str fresh = put(&room, STR("new"));
    assert_true(str_starts(fresh, STR("s2o0")));
    room_stop(&room);

    room_start(&room);
    segments_sweep(room.segments);
    assert_int_equal(count_files(&room), 0);
    room_stop(&room);
    test_folder_remove(room.folder);
}

static void full_disk_leaves_nothing(void **state)
{
    struct room room = room_new(*state);
    struct err err = {0};
    struct rlimit before, small;
    struct str id = STR_NULL, one = put(&room, STR("first"));
    char *bytes = arena_alloc(room.arena, 5000);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err_code code = segments_put(room.segments, room.arena, str_of(bytes, 5000), &id, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, ERR_IO);
    assert_true(str_is_null(id));
    struct str two = put(&room, STR("second"));
    assert_str(get(&room, one, 5), "first");
    assert_str(get(&room, two, 6), "second");
    room_stop(&room);
    test_folder_remove(room.folder);
}

static void only_small_ones_fit(void **state)
{
    (void) state;
    assert_false(segments_fits(0));
    assert_true(segments_fits(1));
    assert_true(segments_fits(256 * 1024));
    assert_false(segments_fits(256 * 1024 + 1));
    assert_false(segments_owns(STR("0123456789abcdef")));
    assert_false(segments_owns(STR_NULL));
}

/* A full segment is followed by another. */
static void begins_another_when_full(void **state)
{
    struct room room = room_new(*state);
    char *bytes = arena_alloc(room.arena, 256 * 1024);
    struct str id = STR_NULL;
    for (int i = 0; i < 257; i++)
        id = put(&room, str_of(bytes, 256 * 1024));
    assert_true(str_starts(id, STR("s2o0n")));
    assert_int_equal(count_files(&room), 2);
    room_stop(&room);
    test_folder_remove(room.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(keeps_one_behind_the_other),
        WITH_ARENA(goes_with_its_last_blob),
        WITH_ARENA(a_start_drops_what_is_not_claimed),
        WITH_ARENA(full_disk_leaves_nothing),
        WITH_ARENA(only_small_ones_fit),
        WITH_ARENA(begins_another_when_full)};
    return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
