/* The record of exchanges: what is in a line, what never is, and lines of several threads. */
#include "tests/unit/engine/local/fixture.h"

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/local/record_wire.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { THREADS = 4, LINES = 50 };

struct scene {
    struct arena *arena;
    const char *folder, *path;
    struct record_wire *record;
};

static int setup(void **state)
{
    struct err err = {0};
    struct arena *arena = arena_new("test", 0);
    struct scene *scene = ARENA_ARRAY(arena, 1, struct scene);
    *scene = (struct scene){.arena = arena, .folder = test_folder_new(arena)};
    scene->path = path_join(arena, str_from(scene->folder), STR("wire.jsonl")).ptr;
    assert_ok(record_wire_open(scene->path, &scene->record, &err), &err);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    record_wire_close(scene->record);
    test_folder_remove(scene->folder);
    arena_free(scene->arena);
    return 0;
}

#define WITH_SCENE(function) cmocka_unit_test_setup_teardown((function), setup, teardown)

static struct json *line_at(struct scene *scene, size_t wanted)
{
    struct err err = {0};
    struct str text, line;
    struct json *out = NULL;
    assert_ok(file_read(scene->arena, scene->path, MIB(64), &text, &err), &err);
    assert_true(str_ends(text, STR("\n")));
    for (size_t i = 0; str_split(&text, '\n', &line); i++)
        if (i == wanted && line.len > 0)
            assert_ok(json_parse(scene->arena, line, MIB(64), &out, &err), &err);
    assert_non_null(out);
    return out;
}

static const struct local_op s_put = {LOCAL_S3, "PutObject", "s3:PutObject", NULL, 0};

/* One exchange through record_wire_add alone. */
static void
add(struct scene *scene,
    struct arena *arena,
    const struct httpd_request *request,
    struct httpd_response *response)
{
    struct local_call call = {
        .arena = arena,
        .op = &s_put,
        .http = request,
        .response = response,
        .service = LOCAL_S3,
        .now_ms = INT64_C(1790000000123)};
    record_wire_add(scene->record, &call);
}

static void a_line_says_what_was_sent_and_answered(void **state)
{
    struct scene *scene = *state;
    struct httpd_header headers[] = {
        {STR("Content-Type"), STR("text/plain")},
        {STR("X-Twice"), STR("a")},
        {STR("x-twice"), STR("b")},
    };
    struct httpd_request request = {
        .method = STR("PUT"),
        .target = STR("/b/k%20l?tagging&x=1"),
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .body = STR("line\n\"quoted\""),
        .body_fd = -1};
    struct httpd_response response = {.status = 503, .body = STR("<Error/>"), .body_fd = -1};
    httpd_add_header(scene->arena, &response, STR("ETag"), STR("\"e\""));
    add(scene, scene->arena, &request, &response);
    const struct json *line = line_at(scene, 0), *answer = json_get(line, "answer");
    assert_str(json_get_str(line, "time"), "2026-09-21T14:13:20.123Z");
    assert_str(json_get_str(line, "service"), "s3");
    assert_str(json_get_str(line, "operation"), "PutObject");
    assert_str(json_get_str(line, "method"), "PUT");
    assert_str(json_get_str(line, "path"), "/b/k%20l");
    assert_str(json_get_str(line, "query"), "tagging&x=1");
    assert_str(json_get_str(json_get(line, "headers"), "content-type"), "text/plain");
    assert_str(json_get_str(json_get(line, "headers"), "x-twice"), "a, b");
    assert_str(json_get_str(json_get(line, "body"), "text"), "line\n\"quoted\"");
    assert_int_equal(json_get_int(json_get(line, "body"), "bytes", -1), 13);
    assert_int_equal(json_get_int(line, "status", -1), 503);
    assert_str(json_get_str(json_get(answer, "headers"), "etag"), "\"e\"");
    assert_str(json_get_str(json_get(answer, "body"), "text"), "<Error/>");
}

static void credentials_and_signatures_are_left_out(void **state)
{
    struct scene *scene = *state;
    struct httpd_header headers[] = {
        {STR("Authorization"), STR("CANARY-1")},
        {STR("X-Amz-Security-Token"), STR("CANARY-2")},
        {STR("Cookie"), STR("CANARY-3")},
        {STR("Proxy-Authorization"), STR("CANARY-4")},
        {STR("x-amz-server-side-encryption-customer-key"), STR("CANARY-5")},
        {STR("x-amz-copy-source-server-side-encryption-customer-key"), STR("CANARY-6")},
        {STR("Accept"), STR("kept")},
    };
    struct httpd_request request = {
        .method = STR("GET"),
        .target = STR("/b/k?X-Amz-Algorithm=AWS4&X-Amz-Credential=CANARY-7&x-amz-signature=CANARY-8"
                      "&X-Amz-Security-Token=CANARY-9&versionId=v"),
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .body_fd = -1};
    struct httpd_response response = {.status = 200, .body_fd = -1};
    httpd_add_header(scene->arena, &response, STR("Set-Cookie"), STR("CANARY-10"));
    add(scene, scene->arena, &request, &response);
    const struct json *line = line_at(scene, 0);
    struct str text = json_text(scene->arena, line, JSON_COMPACT);
    assert_true(str_find(text, STR("CANARY")) == SIZE_MAX);
    assert_str(json_get_str(line, "query"), "X-Amz-Algorithm=AWS4&versionId=v");
    assert_int_equal(json_get(line, "headers")->len, 1);
    assert_str(json_get_str(json_get(line, "headers"), "accept"), "kept");
}

static int file_with(struct scene *scene, struct str bytes)
{
    struct err err = {0};
    struct str path = path_join(scene->arena, str_from(scene->folder), STR("body"));
    assert_ok(file_write_atomic(path.ptr, bytes, 0600, &err), &err);
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void long_bodies_are_cut_and_bytes_are_base64(void **state)
{
    struct scene *scene = *state;
    /* The cut is in the middle of the last character that fits. */
    size_t len = RECORD_BODY_BYTES + 10;
    char *text = arena_alloc(scene->arena, len);
    memset(text, 'x', len);
    memcpy(text + RECORD_BODY_BYTES - 1, "\xc3\xa9", 2);
    AUTO(fd_close) int fd = file_with(scene, str_of(text, len));
    struct httpd_request request = {
        .method = STR("PUT"), .target = STR("/b/k"), .body_fd = fd, .body_len = len};
    struct httpd_response response = {
        .status = 206,
        .body_fd = fd,
        .body_offset = RECORD_BODY_BYTES,
        .body_len = 3}; /* begins with the second half of the character */
    add(scene, scene->arena, &request, &response);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    const struct json *line = line_at(scene, 0), *body = json_get(line, "body");
    assert_int_equal(json_get_int(body, "bytes", -1), (int64_t) len);
    assert_true(json_get_bool(body, "cut", false));
    assert_int_equal(json_get_str(body, "text").len, RECORD_BODY_BYTES - 1);
    const struct json *given = json_get(json_get(line, "answer"), "body");
    assert_int_equal(json_get_int(given, "bytes", -1), 3);
    assert_str(json_get_str(given, "base64"), "qXh4");
    assert_null(json_get(given, "cut"));

    response = (struct httpd_response){.status = 200, .body_fd = -1, .head_only = true};
    request.body_fd = -1;
    request.body_len = 0;
    request.body = STR("nul\0nul");
    add(scene, scene->arena, &request, &response);
    line = line_at(scene, 1);
    assert_str(json_get_str(json_get(line, "body"), "base64"), "bnVsAG51bA==");
    assert_null(json_get(json_get(line, "answer"), "body"));
}

struct writer {
    struct scene *scene;
    char mark;
};

static void *write_lines(void *arg)
{
    struct writer *writer = arg;
    for (int i = 0; i < LINES; i++) {
        AUTO(arena_close) struct arena *arena = arena_new("writer", 0);
        char *text = arena_alloc(arena, 20000);
        memset(text, writer->mark, 20000);
        struct httpd_request request = {
            .method = STR("PUT"),
            .target = STR("/b/k"),
            .body = str_of(text, 20000),
            .body_fd = -1};
        struct httpd_response response = {.status = 200, .body_fd = -1};
        add(writer->scene, arena, &request, &response);
    }
    return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
    struct scene *scene = *state;
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){scene, (char) ('a' + i)};
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct err err = {0};
    struct str text, line;
    size_t count = 0;
    assert_ok(file_read(scene->arena, scene->path, MIB(64), &text, &err), &err);
    while (str_split(&text, '\n', &line)) {
        if (line.len == 0)
            continue;
        struct json *node;
        assert_ok(json_parse(scene->arena, line, MIB(1), &node, &err), &err);
        struct str body = json_get_str(json_get(node, "body"), "text");
        assert_int_equal(body.len, 20000);
        for (size_t i = 1; i < body.len; i++)
            if (body.ptr[i] != body.ptr[0])
                fail_msg("a line holds bytes of two");
        count++;
    }
    assert_int_equal(count, THREADS * LINES);
}

static void a_world_records_refusals_but_not_its_own_paths(void **state)
{
    struct scene *scene = *state;
    struct err err = {0};
    struct local_options options = {.seed = 1, .record = scene->record};
    struct local *local = NULL;
    assert_ok(local_open(&options, &local, &err), &err);
    static const char *const s_targets[] = {"/_mmectl/world", "/bucket?list-type=2"};
    for (size_t i = 0; i < ARRAY_LEN(s_targets); i++) {
        struct httpd_request request = {
            .method = STR("GET"),
            .target = str_from(s_targets[i]),
            .host = STR("127.0.0.1"),
            .body_fd = -1};
        struct httpd_response response = {0};
        local_request_digest(&request);
        local_handle(local, scene->arena, &request, &response);
        assert_int_equal(response.status, 403);
    }
    local_close(local);
    const struct json *line = line_at(scene, 0);
    assert_str(json_get_str(line, "path"), "/bucket");
    assert_int_equal(json_get_int(line, "status", -1), 403);
    struct str answer = json_get_str(json_get(json_get(line, "answer"), "body"), "text");
    assert_true(str_find(answer, STR("<Code>AccessDenied</Code>")) != SIZE_MAX);
}

static void a_full_disk_ends_the_record_alone(void **state)
{
    struct scene *scene = *state;
    struct err err = {0};
    struct record_wire *full = NULL;
    assert_ok(record_wire_open("/dev/full", &full, &err), &err);
    struct scene other = {.record = full};
    struct httpd_request request = {.method = STR("GET"), .target = STR("/"), .body_fd = -1};
    struct httpd_response response = {.status = 200, .body_fd = -1};
    for (int i = 0; i < 3; i++)
        add(&other, scene->arena, &request, &response);
    assert_int_equal(response.status, 200);
    record_wire_close(full);
}

static void a_file_that_cannot_be_is_an_error(void **state)
{
    struct scene *scene = *state;
    struct err err = {0};
    struct record_wire *none = NULL;
    struct str path = path_join(scene->arena, str_from(scene->folder), STR("no/such/file"));
    assert_fails(record_wire_open(path.ptr, &none, &err), ERR_NOT_FOUND, &err, "no/such/file");
    assert_null(none);
    record_wire_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(a_line_says_what_was_sent_and_answered),
        WITH_SCENE(credentials_and_signatures_are_left_out),
        WITH_SCENE(long_bodies_are_cut_and_bytes_are_base64),
        WITH_SCENE(lines_of_several_threads_stay_whole),
        WITH_SCENE(a_world_records_refusals_but_not_its_own_paths),
        WITH_SCENE(a_full_disk_ends_the_record_alone),
        WITH_SCENE(a_file_that_cannot_be_is_an_error),
    };
    return cmocka_run_group_tests_name("record_wire", tests, NULL, NULL);
}
