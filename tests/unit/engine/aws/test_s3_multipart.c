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
#define ZEROS "CArPNaUHrJhJz8ukfcKtg+AbdWY6UWJ5yLnSQ7cZZD4=" /* SHA-256 of 16 MiB of zeros */
#define LAST "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="  /* of the one byte behind them */
#define DONE_PART(n, sum) \
    "<Part><PartNumber>" #n "</PartNumber><ETag>&quot;p" #n "&quot;</ETag>" \
    "<ChecksumSHA256>" sum "</ChecksumSHA256></Part>"
#define PARTS_BODY \
    "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" DONE_PART( \
        1, ZEROS) DONE_PART(2, ZEROS) DONE_PART(3, ZEROS) DONE_PART(4, ZEROS) \
        DONE_PART(5, LAST) "</CompleteMultipartUpload>"
#define LOOK(xml) \
    { \
        .expect = "GET " HOST "/?encoding-type=url&prefix=big&uploads=", .status = 200, \
        .reply = "<ListMultipartUploadsResult>" xml "</ListMultipartUploadsResult>" \
    }
#define NONE LOOK("")
#define UPLOAD(key, id) \
    "<Upload><Key>" key "</Key><UploadId>" id "</UploadId>" \
    "<Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>"
#define HELD_PART(n, size, sum) \
    "<Part><PartNumber>" #n "</PartNumber><Size>" size "</Size><ETag>&quot;p" #n "&quot;</ETag>" \
    "<ChecksumSHA256>" sum "</ChecksumSHA256></Part>"
#define PARTS_OF(id, xml) \
    { \
        .expect = "GET " HOST "/big?uploadId=" id, .status = 200, \
        .reply = "<ListPartsResult>" xml "</ListPartsResult>" \
    }
#define SHA256 "<ChecksumAlgorithm>SHA256</ChecksumAlgorithm>"
#define DROP(id) \
    { \
        .expect = "DELETE " HOST "/big?uploadId=" id, .status = 204 \
    }
#define PART(n) \
    { \
        .expect = "PUT " HOST "/big?partNumber=" #n "&uploadId=u%2F1", \
        .has = \
            {OWNER, \
             #n[0] == '5' ? "x-amz-checksum-sha256: " LAST : "x-amz-checksum-sha256: " ZEROS}, \
        .status = 200, .headers = "etag: \"p" #n "\"" \
    }
#define START \
    { \
        .expect = "POST " HOST "/big?uploads=", \
        .has = {OWNER, "!if-none-match", "x-amz-checksum-algorithm: SHA256"}, .status = 200, \
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

enum { STEPS = 14 };

static const struct {
    const char *name;
    struct http_step steps[STEPS];
    enum err_code code;
    const char *message;
} s_uploads[] = {
    {"all parts",
     {NONE,
      START,
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
     {NONE,
      START,
      PART(1),
      {.status = 403, .reply = XML_ERROR("AccessDenied", "Access Denied")},
      ABORT},
     ERR_DENIED,
     "UploadPart"},
    {"the key is taken by the time it is whole: aborted",
     {NONE,
      START,
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
     {NONE,
      START,
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
     {NONE,
      START,
      PART(1),
      PART(2),
      PART(3),
      PART(4),
      PART(5),
      {.expect = COMPLETE, .fail = ERR_TIMEOUT},
      {.expect = COMPLETE, .status = 404, .reply = XML_ERROR("NoSuchUpload", "")}},
     ERR_TRANSIENT,
     NULL},
    {"no upload id",
     {NONE, {.status = 200, .reply = "<InitiateMultipartUploadResult/>"}},
     ERR_PROTOCOL,
     "UploadId"},
    {"another answer",
     {NONE, {.status = 200, .reply = "<x/>"}},
     ERR_PROTOCOL,
     "the answer to CreateMultipartUpload is <x>, not <InitiateMultipartUploadResult>"},
    {"an earlier run's parts: what is missing, short or other content is sent",
     {LOOK(UPLOAD("big", "u/1")),
      PARTS_OF(
          "u%2F1",
          SHA256 HELD_PART(1, "16777216", ZEROS) HELD_PART(2, "16777216", LAST)
              HELD_PART(3, "99", ZEROS) HELD_PART(5, "1", LAST) HELD_PART(6, "1", LAST)),
      PART(2),
      PART(3),
      PART(4),
      {.expect = COMPLETE, .body = PARTS_BODY, .status = 200, .reply = COMPLETED}},
     ERR_NONE,
     NULL},
    {"all parts are there, on two pages",
     {LOOK(UPLOAD("big", "u/1")),
      PARTS_OF(
          "u%2F1",
          SHA256 "<IsTruncated>true</IsTruncated><NextPartNumberMarker>3</"
                 "NextPartNumberMarker>" HELD_PART(1, "16777216", ZEROS)
                     HELD_PART(2, "16777216", ZEROS) HELD_PART(3, "16777216", ZEROS)),
      {.expect = "GET " HOST "/big?part-number-marker=3&uploadId=u%2F1",
       .status = 200,
       .reply = "<ListPartsResult>" SHA256 HELD_PART(4, "16777216", ZEROS)
           HELD_PART(5, "1", LAST) "</ListPartsResult>"},
      {.expect = COMPLETE, .body = PARTS_BODY, .status = 200, .reply = COMPLETED}},
     ERR_NONE,
     NULL},
    {"of several, the one with most parts; the others are aborted, other keys are not touched",
     {LOOK(UPLOAD("big", "u2") UPLOAD("big", "u/1") UPLOAD("big", "u3") UPLOAD("bigger", "u4")),
      PARTS_OF("u2", SHA256),
      PARTS_OF(
          "u%2F1",
          SHA256 HELD_PART(1, "16777216", ZEROS) HELD_PART(2, "16777216", ZEROS)
              HELD_PART(3, "16777216", ZEROS) HELD_PART(4, "16777216", ZEROS)),
      DROP("u2"),
      PARTS_OF("u3", HELD_PART(1, "16777216", "") HELD_PART(2, "16777216", "")),
      DROP("u3"),
      PART(5),
      {.expect = COMPLETE, .body = PARTS_BODY, .status = 200, .reply = COMPLETED}},
     ERR_NONE,
     NULL},
    {"one that tells its parts by no SHA-256 cannot be gone on with",
     {LOOK(UPLOAD("big", "u3")),
      PARTS_OF("u3", "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>"),
      {.expect = "DELETE " HOST "/big?uploadId=u3",
       .status = 403,
       .reply = XML_ERROR("AccessDenied", "")},
      {.status = 403, .reply = XML_ERROR("AccessDenied", "Access Denied")}},
     ERR_DENIED,
     "CreateMultipartUpload"},
    {"a caller who may not look begins anew",
     {{.status = 403, .reply = XML_ERROR("AccessDenied", "")},
      START,
      PART(1),
      PART(2),
      PART(3),
      PART(4),
      PART(5),
      {.expect = COMPLETE, .body = PARTS_BODY, .status = 200, .reply = COMPLETED}},
     ERR_NONE,
     NULL},
    {"parts that cannot be read are not gone on with",
     {LOOK(UPLOAD("big", "u2") UPLOAD("big", "u3") UPLOAD("big", "u4")),
      PARTS_OF("u2", SHA256 "<Part><PartNumber>0</PartNumber></Part>"),
      PARTS_OF("u3", SHA256 "<IsTruncated>true</IsTruncated>"),
      {.expect = "GET " HOST "/big?uploadId=u4", .status = 200, .reply = "no XML"},
      {.status = 403, .reply = XML_ERROR("AccessDenied", "Access Denied")}},
     ERR_DENIED,
     "CreateMultipartUpload"},
    {"what broke off stays for the next run",
     {NONE,
      START,
      PART(1),
      PART(2),
      PART(3),
      PART(4),
      {.fail = ERR_TIMEOUT},
      {.fail = ERR_TIMEOUT},
      {.fail = ERR_TIMEOUT}},
     ERR_TIMEOUT,
     "UploadPart"},
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
        while (count < STEPS && (s_uploads[i].steps[count].status != 0 ||
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
