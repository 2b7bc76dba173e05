/* Files: one request, or many parts and what happens when one of them fails. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/s3.h"
#include "engine/base/file.h"

#define HOST "https://bkt.s3.eu-west-1.amazonaws.com"
#define OWNER "x-amz-expected-bucket-owner: 123456789012"
#define XML_ERROR(code, message) \
    "<?xml version=\"1.0\"?>\n<Error><Code>" code "</Code><Message>" message "</Message></Error>"

struct file_run {
    struct script *script;
    const char *path;
    enum err_code code;
    struct err err;
    struct s3_put_result put;
    uint64_t last_sent, total;
};

static void on_progress(void *arg, uint64_t sent, uint64_t total)
{
    struct file_run *run = arg;
    run->last_sent = sent;
    run->total = total;
}

static void file_task(void *arg)
{
    struct file_run *run = arg;
    struct s3_put_options options = {
        .if_none_match = true, .progress = on_progress, .progress_arg = run};
    run->code = s3_put_file(
        run->script->aws, run->script->arena, STR("bkt"), STR("big"), run->path, &options,
        &run->put, &run->err);
}

#define STARTED \
    "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>"
#define PARTS_BODY \
    "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" \
    "<Part><PartNumber>1</PartNumber><ETag>&quot;p1&quot;</ETag></Part>" \
    "<Part><PartNumber>2</PartNumber><ETag>&quot;p2&quot;</ETag></Part>" \
    "<Part><PartNumber>3</PartNumber><ETag>&quot;p3&quot;</ETag></Part>" \
    "<Part><PartNumber>4</PartNumber><ETag>&quot;p4&quot;</ETag></Part>" \
    "<Part><PartNumber>5</PartNumber><ETag>&quot;p5&quot;</ETag></Part></CompleteMultipartUpload>"
#define PART(n) \
    { \
        .expect = "PUT " HOST "/big?partNumber=" #n "&uploadId=u%2F1", .has = {OWNER}, \
        .status = 200, .headers = "etag: \"p" #n "\"" \
    }
#define START \
    { \
        .expect = "POST " HOST "/big?uploads=", .has = {OWNER, "!if-none-match"}, .status = 200, \
        .reply = STARTED \
    }
#define ABORT \
    { \
        .expect = "DELETE " HOST "/big?uploadId=u%2F1", .status = 204 \
    }
#define COMPLETE "POST " HOST "/big?uploadId=u%2F1"
#define COMPLETED \
    "  " \
    "<CompleteMultipartUploadResult><ETag>&quot;whole-5&quot;</ETag></" \
    "CompleteMultipartUploadResult>"

static const struct {
    const char *name;
    struct http_step steps[10];
    enum err_code code;
    const char *message;
} s_uploads[] = {
    {"all parts",
     {START,
      PART(1),
      PART(2),
      PART(3),
      PART(4),
      PART(5),
      {.expect = COMPLETE,
       .has = {"if-none-match: *"},
       .body = PARTS_BODY,
       .status = 200,
       .reply = COMPLETED}},
     ERR_NONE,
     NULL},
    {"one part is refused: aborted",
     {START, PART(1), {.status = 403, .reply = XML_ERROR("AccessDenied", "Access Denied")}, ABORT},
     ERR_DENIED,
     "UploadPart"},
    {"the key is taken by the time it is whole: aborted",
     {START,
      PART(1),
      PART(2),
      PART(3),
      PART(4),
      PART(5),
      {.expect = COMPLETE, .status = 412},
      ABORT},
     ERR_PRECONDITION,
     "CompleteMultipartUpload"},
    {"an error inside the 200, then success",
     {START,
      PART(1),
      PART(2),
      PART(3),
      PART(4),
      PART(5),
      {.expect = COMPLETE, .status = 200, .reply = "   " XML_ERROR("InternalError", "")},
      {.expect = COMPLETE, .status = 200, .reply = COMPLETED}},
     ERR_NONE,
     NULL},
    {"the answer was lost and the upload is gone: look again",
     {START,
      PART(1),
      PART(2),
      PART(3),
      PART(4),
      PART(5),
      {.expect = COMPLETE, .fail = ERR_TIMEOUT},
      {.expect = COMPLETE, .status = 404, .reply = XML_ERROR("NoSuchUpload", "")},
      {.expect = "DELETE " HOST "/big?uploadId=u%2F1",
       .status = 404,
       .reply = XML_ERROR("NoSuchUpload", "")}},
     ERR_TRANSIENT,
     NULL},
    {"no upload id", {{.status = 200, .reply = "<x/>"}}, ERR_PROTOCOL, "UploadId"},
};

static void test_multipart(void **state)
{
    struct arena *arena = *state;
    const char *folder = test_folder_new(arena);
    const char *path = path_join(arena, str_from(folder), STR("big")).ptr;
    /* 64 MiB and a byte is five parts; a sparse file costs nothing. */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long) MIB(64), SEEK_SET), 0);
    assert_int_equal(fputc('x', file), 'x');
    fclose(file);
    for (size_t i = 0; i < ARRAY_LEN(s_uploads); i++) {
        struct script script;
        size_t count = 0;
        while (count < 10 && (s_uploads[i].steps[count].status != 0 ||
                              s_uploads[i].steps[count].fail != ERR_NONE))
            count++;
        script_open(&script, "eu-west-1", "123456789012", NULL, NULL);
        struct file_run run = {.script = &script, .path = path};
        script_run(&script, s_uploads[i].steps, count, file_task, &run);
        script_check(&script, s_uploads[i].name);
        if (run.code != s_uploads[i].code)
            fail_msg("%s: %s (%s)", s_uploads[i].name, err_name(run.code), run.err.message);
        if (s_uploads[i].message != NULL)
            assert_non_null(strstr(run.err.message, s_uploads[i].message));
        if (run.code == ERR_NONE) {
            assert_str(run.put.etag, "\"whole-5\"");
            assert_int_equal(run.last_sent, MIB(64) + 1);
            assert_int_equal(run.total, MIB(64) + 1);
        }
        script_close(&script);
    }
    test_folder_remove(folder);
}

static void test_small_file(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const char *folder = test_folder_new(arena);
    const char *path = path_join(arena, str_from(folder), STR("small")).ptr;
    assert_ok(file_write_atomic(path, STR("1,2\n"), 0600, &err), &err);
    struct script script;
    script_open(&script, "eu-west-1", NULL, NULL, NULL);
    const struct http_step steps[] = {
        {.expect = "PUT " HOST "/big",
         .has = {"if-none-match: *"},
         .body = "1,2\n",
         .status = 200,
         .headers = "etag: \"s\""}};
    struct file_run run = {.script = &script, .path = path};
    script_run(&script, steps, 1, file_task, &run);
    script_check(&script, "small");
    assert_int_equal(run.code, ERR_NONE);
    assert_str(run.put.etag, "\"s\"");
    assert_int_equal(run.last_sent, 4);
    run.path = "/nonexistent/file";
    script_run(&script, steps, 0, file_task, &run);
    assert_int_equal(run.code, ERR_NOT_FOUND);
    script_close(&script);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {WITH_ARENA(test_multipart), WITH_ARENA(test_small_file)};
    return cmocka_run_group_tests_name("s3_multipart", tests, NULL, NULL);
}
