/* The stand-in as a process of its own, found and steered as the command line does it. */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/http_curl.h"
#include "engine/base/file.h"
#include "engine/local/local_client.h"
#include "engine/local/server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct scene {
    struct arena *arena;
    const char *home;
    struct loop *loop;
    struct http_transport *transport;
    pid_t pid;
    void (*body)(struct scene *scene);
};

/* The byte on the pipe says that it answers; nothing is waited for by the clock. */
static void start(struct scene *scene)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    scene->pid = fork();
    assert_true(scene->pid >= 0);
    if (scene->pid == 0) {
        struct err err = {0};
        struct local_server_options options = {.home = scene->home, .ready_fd = ready[1]};
        close(ready[0]);
        _exit(local_server_run(&options, &err) == ERR_NONE ? 0 : 1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static int wait_for_end(struct scene *scene)
{
    int status = 0;
    assert_int_equal(waitpid(scene->pid, &status, 0), scene->pid);
    scene->pid = 0;
    return status;
}

static void run_body(void *arg)
{
    struct scene *scene = arg;
    scene->body(scene);
}

static void play(struct arena *arena, void (*body)(struct scene *scene))
{
    struct err err = {0};
    struct scene scene = {.arena = arena, .home = test_folder_new(arena), .body = body};
    scene.loop = loop_new(clock_system());
    loop_set_offload(scene.loop, 0);
    struct http_curl_options options = {.loop = scene.loop, .user_agent = "test"};
    start(&scene);
    assert_ok(http_curl_new(&options, &scene.transport, &err), &err);
    loop_run(scene.loop, run_body, &scene);
    http_close(scene.transport);
    loop_free(scene.loop);
    if (scene.pid > 0) {
        kill(scene.pid, SIGKILL);
        wait_for_end(&scene);
    }
    test_folder_remove(scene.home);
}

static struct local_info find(struct scene *scene)
{
    struct err err = {0};
    struct local_info info = {0};
    assert_ok(local_find(scene->transport, scene->arena, scene->home, &info, &err), &err);
    return info;
}

static void start_find_stop(struct scene *scene)
{
    struct err err = {0};
    struct stat status;
    struct local_info info = find(scene);
    struct arena *arena = scene->arena;
    const char *file = path_join(arena, str_from(scene->home), STR("local.json")).ptr;
    assert_int_equal(info.pid, scene->pid);
    assert_str(info.account, "123456789012");
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct local_key key = {.deny = STR("s3:ListBucket")};
    assert_ok(local_client_add_key(scene->transport, arena, &info, &key, &err), &err);
    assert_int_equal(key.secret_key.len, 40);
    assert_fails(
        local_client_add_key(scene->transport, arena, &info, &key, &err), ERR_EXISTS, &err,
        "exists already");
    struct json *world = NULL;
    assert_ok(local_client_world(scene->transport, arena, &info, &world, &err), &err);
    assert_str(json_get_str(world, "account"), "123456789012");
    assert_ok(local_client_reset(scene->transport, arena, &info, &err), &err);
    struct local_info wrong = info;
    wrong.secret_key = STR("wrong");
    assert_fails(
        local_client_reset(scene->transport, arena, &wrong, &err), ERR_PROTOCOL, &err, "403");
    assert_ok(local_stop(scene->transport, arena, scene->home, &err), &err);
    int end = wait_for_end(scene);
    assert_true(WIFEXITED(end) && WEXITSTATUS(end) == 0);
    assert_true(local_has_ended(arena, scene->home));
    assert_false(file_exists(file));
    assert_fails(
        local_stop(scene->transport, arena, scene->home, &err), ERR_NOT_FOUND, &err, "no stand-in");
}

static void one_home_one_server(struct scene *scene)
{
    struct err err = {0};
    struct local_server_options options = {.home = scene->home, .ready_fd = -1};
    assert_fails(local_server_run(&options, &err), ERR_EXISTS, &err, "is running already");
    struct local_info info = find(scene);
    const char *other = test_folder_new(scene->arena);
    options = (struct local_server_options){.home = other, .ready_fd = -1, .port = info.port};
    assert_fails(local_server_run(&options, &err), ERR_IO, &err, "is taken");
    test_folder_remove(other);
}

static void a_killed_one_is_not_believed(struct scene *scene)
{
    struct err err = {0};
    struct local_info before = find(scene), info;
    kill(scene->pid, SIGKILL);
    wait_for_end(scene);
    assert_ok(local_info_read(scene->arena, scene->home, &info, &err), &err);
    assert_fails(
        local_find(scene->transport, scene->arena, scene->home, &info, &err), ERR_NOT_FOUND, &err,
        "no stand-in is running");
    start(scene);
    info = find(scene);
    assert_int_equal(info.pid, scene->pid);
    assert_str_len(info.secret_key, before.secret_key);
    /* A file that names a process which is alive, but not the one at that port. */
    info.pid = getpid();
    assert_ok(local_info_write(scene->arena, scene->home, &info, &err), &err);
    assert_fails(
        local_stop(scene->transport, scene->arena, scene->home, &err), ERR_NOT_FOUND, &err,
        "no stand-in");
}

struct lookup {
    struct script script;
    const char *home;
    struct local_info info;
    enum err_code code;
    struct err err;
};

static void look_up(void *arg)
{
    struct lookup *lookup = arg;
    lookup->code = local_find(
        lookup->script.transport, lookup->script.arena, lookup->home, &lookup->info, &lookup->err);
}

/* A busy machine's stand-in is not taken for none: another would be started beside it. */
static void a_slow_one_is_not_taken_for_none(void **state)
{
    struct arena *arena = *state;
    struct lookup lookup = {.home = test_folder_new(arena)};
    struct local_info info = {.pid = 4711, .port = 1, .url = STR("http://127.0.0.1:1")};
    struct err err = {0};
    assert_ok(local_info_write(arena, lookup.home, &info, &err), &err);
    AUTO(fd_close)
    int fd = open(path_join(arena, str_from(lookup.home), STR("lock")).ptr, O_RDWR | O_CREAT, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
    static const struct http_step steps[] = {
        {.expect = "GET http://127.0.0.1:1/_mmectl/identity", .fail = ERR_TIMEOUT}};
    script_open(&lookup.script, "us-east-1", NULL, NULL, NULL);
    script_run(&lookup.script, steps, ARRAY_LEN(steps), look_up, &lookup);
    script_check(&lookup.script, "a slow one");
    assert_fails(lookup.code, ERR_TIMEOUT, &lookup.err, "process 4711, does not answer");
    script_close(&lookup.script);
    test_folder_remove(lookup.home);
}

static void starts_and_stops(void **state)
{
    play(*state, start_find_stop);
}

static void is_alone(void **state)
{
    play(*state, one_home_one_server);
}

static void survives_a_kill(void **state)
{
    play(*state, a_killed_one_is_not_believed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(starts_and_stops), WITH_ARENA(is_alone), WITH_ARENA(survives_a_kill),
        WITH_ARENA(a_slow_one_is_not_taken_for_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
