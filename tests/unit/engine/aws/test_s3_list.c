/* Listings, batch deletes, buckets: paging and XML both ways. */
#include "tests/harness/http_script.h"
#include "tests/harness/test.h"

#include "engine/aws/s3.h"

#define HOST "https://bkt.s3.us-east-1.amazonaws.com"
#define XMLNS "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define ITEM(key, etag, size) \
    "<Contents><Key>" key \
    "</Key><LastModified>2026-11-24T06:29:00.000Z</LastModified><ETag>&quot;" etag \
    "&quot;</ETag><Size>" size "</Size></Contents>"
#define XML_ERROR(code, message) \
    "<Error><Code>" code "</Code><Message>" message "</Message></Error>"

struct list_run {
    struct script *script;
    struct s3_list_options options;
    struct s3_listing listing;
    enum err_code code;
    struct err err;
};

static void list_task(void *arg)
{
    struct list_run *run = arg;
    run->code = s3_list(
        run->script->aws, run->script->arena, STR("bkt"), &run->options, &run->listing, &run->err);
}

static void
play_list(struct list_run *run, struct script *script, const struct http_step *steps, size_t count)
{
    script_open(script, "us-east-1", "123456789012", NULL, NULL);
    run->script = script;
    script_run(script, steps, count, list_task, run);
    script_check(script, "list");
}

static void test_pages(void **state)
{
    (void) state;
    const struct http_step steps[] = {
        {.expect = "GET " HOST "/?delimiter=%2F&encoding-type=url&list-type=2&prefix=models%2F&"
                   "start-after=models%2Fa",
         .has = {"x-amz-expected-bucket-owner: 123456789012"},
         .status = 200,
         .reply =
             "<ListBucketResult " XMLNS "><IsTruncated>true</IsTruncated>"
             "<NextContinuationToken>t/1=</NextContinuationToken>" ITEM(
                 "models/a+b%2Bc%C3%A9", "e1", "10") "<CommonPrefixes><Prefix>models/x+y/</"
                                                     "Prefix></CommonPrefixes></ListBucketResult>"},
        {.expect = "GET " HOST "/?continuation-token=t%2F1%3D&delimiter=%2F&encoding-type=url&list-"
                   "type=2&prefix=models%2F",
         .status = 200,
         .headers = "Date: Tue, 24 Nov 2026 06:29:00 GMT",
         .reply = "<ListBucketResult " XMLNS "><IsTruncated>false</IsTruncated>" ITEM(
             "models/z", "e2", "18446744073709551615") "</ListBucketResult>"},
    };
    struct script script;
    struct list_run run = {
        .options = {
            .prefix = STR("models/"), .start_after = STR("models/a"), .delimiter = STR("/")}};
    play_list(&run, &script, steps, 2);
    assert_ok(run.code, &run.err);
    assert_int_equal(run.listing.count, 2);
    assert_str(run.listing.objects[0].key, "models/a b+c\xC3\xA9");
    assert_str(run.listing.objects[0].etag, "\"e1\"");
    assert_int_equal(run.listing.objects[0].size_bytes, 10);
    assert_int_equal(run.listing.objects[0].modified_ms, SCRIPT_NOW_MS);
    assert_true(run.listing.objects[1].size_bytes == UINT64_MAX);
    assert_int_equal(run.listing.n_prefixes, 1);
    assert_str(run.listing.prefixes[0], "models/x y/");
    assert_false(run.listing.cut);
    assert_int_equal(run.listing.date_ms, SCRIPT_NOW_MS);
    script_close(&script);
}

static void test_cut(void **state)
{
    (void) state;
    const struct http_step steps[] = {
        {.expect = "GET " HOST "/?encoding-type=url&list-type=2&max-keys=1",
         .status = 200,
         .reply = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
                  "NextContinuationToken>" ITEM("a", "e", "1") "</ListBucketResult>"},
    };
    struct script script;
    struct list_run run = {.options = {.max_objects = 1}};
    play_list(&run, &script, steps, 1);
    assert_ok(run.code, &run.err);
    assert_true(run.listing.cut);
    script_close(&script);
}

static const struct {
    const char *reply;
    int status;
    enum err_code code;
    const char *message, *hint;
} s_bad_lists[] = {
    {XML_ERROR("AccessDenied", "Access Denied"), 403, ERR_DENIED, "ListObjectsV2 's3://bkt'",
     "the caller needs s3:ListBucket on s3://bkt"},
    {XML_ERROR("NoSuchBucket", "The specified bucket does not exist"), 404, ERR_NOT_FOUND,
     "does not exist", NULL},
    {"not xml", 200, ERR_PROTOCOL, "not XML", NULL},
    {"<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult/>", 200, ERR_PROTOCOL, "not XML", NULL},
    {"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", 200, ERR_PROTOCOL,
     "no way to ask", NULL},
    {"<ListBucketResult><Contents><Key>a%2</Key></Contents></ListBucketResult>", 200, ERR_PROTOCOL,
     "badly encoded", NULL},
    {"<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>", 200,
     ERR_PROTOCOL, "no size", NULL},
};

static void test_bad_lists(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_bad_lists); i++) {
        const struct http_step step = {
            .status = s_bad_lists[i].status, .reply = s_bad_lists[i].reply};
        struct script script;
        struct list_run run = {.options = {.prefix = STR("p")}};
        play_list(&run, &script, &step, 1);
        assert_fails(run.code, s_bad_lists[i].code, &run.err, s_bad_lists[i].message);
        if (s_bad_lists[i].hint != NULL)
            assert_non_null(strstr(run.err.hint, s_bad_lists[i].hint));
        script_close(&script);
    }
}

/* ---- batch delete ---- */

struct delete_run {
    struct script *script;
    struct s3_delete_key *keys;
    size_t count;
    struct s3_delete_failure *failures;
    size_t failed;
    enum err_code code;
    struct err err;
};

static void delete_task(void *arg)
{
    struct delete_run *run = arg;
    run->code = s3_delete_many(
        run->script->aws, run->script->arena, STR("bkt"), run->keys, run->count, &run->failures,
        &run->failed, &run->err);
}

static void test_delete_many(void **state)
{
    (void) state;
    struct script script;
    struct s3_delete_key keys[] = {{STR("a&b"), STR("\"e1\"")}, {STR("c"), STR_NULL}};
    const struct http_step step = {
        .expect = "POST " HOST "/?delete=",
        .has = {"content-md5: LFMEG+wT2dPnzRpNet/WfA==", "content-type: application/xml"},
        .body = "<Delete " XMLNS
                "><Quiet>true</Quiet><Object><Key>a&amp;b</Key><ETag>&quot;e1&quot;</ETag></Object>"
                "<Object><Key>c</Key></Object></Delete>",
        .status = 200,
        .reply = "<DeleteResult " XMLNS "><Error><Key>a&amp;b</Key><Code>PreconditionFailed</Code>"
                 "<Message>changed</Message></Error></DeleteResult>",
    };
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct delete_run run = {.script = &script, .keys = keys, .count = 2};
    script_run(&script, &step, 1, delete_task, &run);
    script_check(&script, "delete many");
    assert_ok(run.code, &run.err);
    assert_int_equal(run.failed, 1);
    assert_str(run.failures[0].key, "a&b");
    assert_str(run.failures[0].code, "PreconditionFailed");
    script_close(&script);
}

static void test_delete_batches(void **state)
{
    struct arena *arena = *state;
    struct script script;
    struct s3_delete_key *keys = ARENA_ARRAY(arena, 2001, struct s3_delete_key);
    for (size_t i = 0; i < 2001; i++)
        keys[i].key = str_fmt(arena, "k%zu", i);
    const struct http_step steps[] = {
        {.status = 200, .reply = "<DeleteResult/>"},
        {.status = 200, .reply = "<DeleteResult/>"},
        {.body = "<Delete " XMLNS "><Quiet>true</Quiet><Object><Key>k2000</Key></Object></Delete>",
         .status = 200,
         .reply = "<DeleteResult/>"},
    };
    script_open(&script, "us-east-1", NULL, NULL, NULL);
    struct delete_run run = {.script = &script, .keys = keys, .count = 2001};
    script_run(&script, steps, 3, delete_task, &run);
    script_check(&script, "batches");
    assert_ok(run.code, &run.err);
    assert_int_equal(run.failed, 0);
    script_close(&script);
}

/* ---- buckets and uploads ---- */

struct bucket_run {
    struct script *script;
    const struct bucket_row *row;
    enum err_code code;
    struct err err;
    struct str region;
    bool versioned;
    struct s3_tag *tags;
    struct s3_upload *uploads;
    size_t count;
};

struct bucket_row {
    const char *name, *region;
    enum err_code (*call)(struct bucket_run *run, struct err *err);
    struct http_step steps[3];
    enum err_code code;
    const char *message;
};

static enum err_code call_head(struct bucket_run *run, struct err *err)
{
    return s3_bucket_head(run->script->aws, run->script->arena, STR("bkt"), &run->region, err);
}

static enum err_code call_create(struct bucket_run *run, struct err *err)
{
    return s3_bucket_create(run->script->aws, run->script->arena, STR("bkt"), err);
}

static enum err_code call_remove(struct bucket_run *run, struct err *err)
{
    return s3_bucket_delete(run->script->aws, run->script->arena, STR("bkt"), err);
}

static enum err_code call_block(struct bucket_run *run, struct err *err)
{
    return s3_bucket_put_public_access_block(run->script->aws, run->script->arena, STR("bkt"), err);
}

static enum err_code call_encrypt(struct bucket_run *run, struct err *err)
{
    return s3_bucket_put_encryption(
        run->script->aws, run->script->arena, STR("bkt"), STR_NULL, err);
}

static enum err_code call_encrypt_kms(struct bucket_run *run, struct err *err)
{
    return s3_bucket_put_encryption(
        run->script->aws, run->script->arena, STR("bkt"), STR("alias/models"), err);
}

static enum err_code call_put_tags(struct bucket_run *run, struct err *err)
{
    const struct s3_tag tags[] = {{STR("mmectl:uid"), STR("a<b")}};
    return s3_bucket_put_tags(run->script->aws, run->script->arena, STR("bkt"), tags, 1, err);
}

static enum err_code call_get_tags(struct bucket_run *run, struct err *err)
{
    return s3_bucket_get_tags(
        run->script->aws, run->script->arena, STR("bkt"), &run->tags, &run->count, err);
}

static enum err_code call_versioned(struct bucket_run *run, struct err *err)
{
    return s3_bucket_is_versioned(
        run->script->aws, run->script->arena, STR("bkt"), &run->versioned, err);
}

static enum err_code call_uploads(struct bucket_run *run, struct err *err)
{
    return s3_list_uploads(
        run->script->aws, run->script->arena, STR("bkt"), STR("p/"), &run->uploads, &run->count,
        err);
}

#define WEST "https://bkt.s3.us-west-2.amazonaws.com/"

static const struct bucket_row s_buckets[] = {
    {"head",
     "us-west-2",
     call_head,
     {{.expect = "HEAD " WEST, .status = 200, .headers = "x-amz-bucket-region: us-west-2"}},
     ERR_NONE,
     NULL},
    {"head, absent", "us-west-2", call_head, {{.status = 404}}, ERR_NOT_FOUND, NULL},
    {"head, forbidden", "us-west-2", call_head, {{.status = 403}}, ERR_DENIED, NULL},
    {"head, moved",
     "us-west-2",
     call_head,
     {{.status = 301, .headers = "x-amz-bucket-region: eu-west-1"}},
     ERR_TERMINAL,
     "HeadBucket 's3://bkt': the bucket is in region 'eu-west-1', not in 'us-west-2'"},
    {"head, 400 from another region",
     "us-west-2",
     call_head,
     {{.status = 400, .headers = "x-amz-bucket-region: eu-west-1"}},
     ERR_TERMINAL,
     "'eu-west-1'"},
    {"create",
     "us-west-2",
     call_create,
     {{.expect = "PUT " WEST,
       .has = {"!x-amz-expected-bucket-owner"},
       .body =
           "<CreateBucketConfiguration " XMLNS "><LocationConstraint>us-west-2</LocationConstraint>"
           "</CreateBucketConfiguration>",
       .status = 200}},
     ERR_NONE,
     NULL},
    {"create in us-east-1 names no region",
     "us-east-1",
     call_create,
     {{.expect = "PUT " HOST "/", .body = "", .status = 200}},
     ERR_NONE,
     NULL},
    {"create, ours already",
     "us-west-2",
     call_create,
     {{.status = 409, .reply = XML_ERROR("BucketAlreadyOwnedByYou", "yours")}},
     ERR_EXISTS,
     NULL},
    {"create, somebody else's",
     "us-west-2",
     call_create,
     {{.status = 409, .reply = XML_ERROR("BucketAlreadyExists", "taken")}},
     ERR_CONFLICT,
     NULL},
    {"create, another change under way, then done",
     "us-west-2",
     call_create,
     {{.status = 409, .reply = XML_ERROR("OperationAborted", "conflicting")}, {.status = 200}},
     ERR_NONE,
     NULL},
    {"delete",
     "us-west-2",
     call_remove,
     {{.expect = "DELETE " WEST, .status = 204}},
     ERR_NONE,
     NULL},
    {"delete, not empty",
     "us-west-2",
     call_remove,
     {{.status = 409, .reply = XML_ERROR("BucketNotEmpty", "not empty")}},
     ERR_BUSY,
     NULL},
    {"block public access",
     "us-west-2",
     call_block,
     {{.expect = "PUT " WEST "?publicAccessBlock=",
       .has = {"content-md5: Ia4HDf0jO6tNT32up/hopw=="},
       .status = 200}},
     ERR_NONE,
     NULL},
    {"encrypt",
     "us-west-2",
     call_encrypt,
     {{.expect = "PUT " WEST "?encryption=",
       .body = "<ServerSideEncryptionConfiguration " XMLNS
               "><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
               "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
       .status = 200}},
     ERR_NONE,
     NULL},
    {"encrypt with a key",
     "us-west-2",
     call_encrypt_kms,
     {{.expect = "PUT " WEST "?encryption=",
       .body = "<ServerSideEncryptionConfiguration " XMLNS
               "><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
               "<KMSMasterKeyID>alias/models</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
               "<BucketKeyEnabled>true</BucketKeyEnabled></Rule>"
               "</ServerSideEncryptionConfiguration>",
       .status = 200}},
     ERR_NONE,
     NULL},
    {"put tags",
     "us-west-2",
     call_put_tags,
     {{.expect = "PUT " WEST "?tagging=",
       .body = "<Tagging " XMLNS
               "><TagSet><Tag><Key>mmectl:uid</Key><Value>a&lt;b</Value></Tag></TagSet></Tagging>",
       .status = 204}},
     ERR_NONE,
     NULL},
    {"get tags",
     "us-west-2",
     call_get_tags,
     {{.expect = "GET " WEST "?tagging=",
       .status = 200,
       .reply = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"}},
     ERR_NONE,
     NULL},
    {"get tags, none",
     "us-west-2",
     call_get_tags,
     {{.status = 404, .reply = XML_ERROR("NoSuchTagSet", "none")}},
     ERR_NONE,
     NULL},
    {"get tags, no bucket",
     "us-west-2",
     call_get_tags,
     {{.status = 404, .reply = XML_ERROR("NoSuchBucket", "none")}},
     ERR_NOT_FOUND,
     NULL},
    {"versioned",
     "us-west-2",
     call_versioned,
     {{.expect = "GET " WEST "?versioning=",
       .status = 200,
       .reply = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"}},
     ERR_NONE,
     NULL},
    {"not versioned",
     "us-west-2",
     call_versioned,
     {{.status = 200, .reply = "<VersioningConfiguration/>"}},
     ERR_NONE,
     NULL},
    {"not versioned, in moto's words",
     "us-west-2",
     call_versioned,
     {{.status = 200, .reply = "<GetBucketVersioningResponse/>"}},
     ERR_NONE,
     NULL},
    {"versioning, by another's page",
     "us-west-2",
     call_versioned,
     {{.status = 200, .reply = "<GetBucketVersioningPage/>"}},
     ERR_PROTOCOL,
     NULL},
    {"uploads",
     "us-west-2",
     call_uploads,
     {{.expect = "GET " WEST "?encoding-type=url&prefix=p%2F&uploads=",
       .status = 200,
       .reply =
           "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>p/a+b</"
           "NextKeyMarker>"
           "<NextUploadIdMarker>u1</NextUploadIdMarker><Upload><Key>p/a+b</Key><UploadId>u1</"
           "UploadId>"
           "<Initiated>2026-11-24T06:29:00.000Z</Initiated></Upload></ListMultipartUploadsResult>"},
      {.expect = "GET " WEST
                 "?encoding-type=url&key-marker=p%2Fa%20b&prefix=p%2F&upload-id-marker=u1&uploads=",
       .status = 200,
       .reply = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>p/c</Key>"
                "<UploadId>u2</UploadId></Upload></ListMultipartUploadsResult>"}},
     ERR_NONE,
     NULL},
};

static void bucket_task(void *arg)
{
    struct bucket_run *run = arg;
    run->code = run->row->call(run, &run->err);
}

static void check_bucket(const struct bucket_row *row, const struct bucket_run *run)
{
    if (strcmp(row->name, "head") == 0)
        assert_str(run->region, "us-west-2");
    if (strcmp(row->name, "get tags") == 0) {
        assert_int_equal(run->count, 1);
        assert_str(run->tags[0].name, "k");
        assert_str(run->tags[0].value, "v");
    }
    if (strcmp(row->name, "get tags, none") == 0)
        assert_int_equal(run->count, 0);
    if (row->call == call_versioned)
        assert_int_equal(run->versioned, strcmp(row->name, "versioned") == 0);
    if (row->call == call_uploads) {
        assert_int_equal(run->count, 2);
        assert_str(run->uploads[0].key, "p/a b");
        assert_str(run->uploads[1].upload_id, "u2");
    }
}

static void test_buckets(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(s_buckets); i++) {
        const struct bucket_row *row = &s_buckets[i];
        size_t count = 0;
        while (count < ARRAY_LEN(row->steps) && row->steps[count].status != 0)
            count++;
        struct script script;
        script_open(&script, row->region, "123456789012", NULL, NULL);
        struct bucket_run run = {.script = &script, .row = row};
        script_run(&script, row->steps, count, bucket_task, &run);
        script_check(&script, row->name);
        if (run.code != row->code)
            fail_msg("%s: %s (%s)", row->name, err_name(run.code), run.err.message);
        if (row->message != NULL && strstr(run.err.message, row->message) == NULL)
            fail_msg("%s: '%s'", row->name, run.err.message);
        check_bucket(row, &run);
        script_close(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),     cmocka_unit_test(test_cut),
        cmocka_unit_test(test_bad_lists), cmocka_unit_test(test_delete_many),
        WITH_ARENA(test_delete_batches),  cmocka_unit_test(test_buckets),
    };
    return cmocka_run_group_tests_name("s3_list", tests, NULL, NULL);
}
