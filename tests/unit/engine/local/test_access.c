#include "tests/unit/engine/local/sm_fixture.h"

#include "engine/base/digest.h"

#define MODEL(name) "'ModelName':'" name "','PrimaryContainer':{'Image':'" IMAGE "'}"
#define TAGGED ",'Tags':[{'Key':'mmectl:uid','Value':'u1'}]"

static const char s_policy[] =
    "[{'Version':'2012-10-17','Statement':["
    "{'Sid':'List','Effect':'Allow','Action':'s3:ListBucket','Resource':'arn:aws:s3:::data-b',"
    "'Condition':{'StringLikeIfExists':{'s3:prefix':'p/*'}}},"
    "{'Sid':'Objects','Effect':'Allow','Action':['s3:GetObject','s3:PutObject'],'Resource':"
    "'arn:aws:s3:::data-b/p/*'},"
    "{'Sid':'Delete','Effect':'Allow','Action':'s3:DeleteObject','Resource':"
    "'arn:aws:s3:::data-b/p/*','Condition':{'Null':{'s3:if-match':'false'}}},"
    "{'Sid':'Create','Effect':'Allow','Action':['sagemaker:CreateModel','sagemaker:AddTags',"
    "'sagemaker:CreateEndpointConfig','sagemaker:CreateEndpoint'],'Resource':'arn:aws:sagemaker:"
    "eu-west-1:123456789012:*','Condition':{'StringEquals':{'aws:RequestTag/mmectl:uid':'u1'}}},"
    "{'Sid':'Own','Effect':'Allow','Action':['sagemaker:Delete*','sagemaker:Describe*'],"
    "'Resource':'*','Condition':{'StringEquals':{'aws:ResourceTag/mmectl:uid':'u1'}}},"
    "{'Sid':'Pass','Effect':'Allow','Action':'iam:PassRole','Resource':'" ROLE "','Condition':"
    "{'StringEquals':{'iam:PassedToService':'sagemaker.amazonaws.com'}}},"
    "{'Sid':'Logs','Effect':'Allow','Action':'logs:DeleteLogGroup','Resource':'arn:aws:logs:"
    "eu-west-1:123456789012:log-group:/aws/x:*'},"
    "{'Sid':'Invoke','Effect':'Allow','Action':'sagemaker:InvokeEndpoint','Resource':"
    "'arn:aws:sagemaker:eu-west-1:123456789012:endpoint/mine'}]},"
    "{'Version':'2012-10-17','Statement':{'Sid':'Never','Effect':'Deny','Action':'s3:PutObject',"
    "'Resource':'*/secret*'}}]";

static struct local_key add_key(struct world *world, const char *policy)
{
    struct reply reply = admin(
        world, "POST", "/_mmectl/add-key",
        str_z(world->arena, str_fmt(world->arena, "{'policy':%s}", policy)));
    assert_done(reply);
    return (struct local_key){
        .access_key = json_get_str(reply.json, "access_key"),
        .secret_key = json_get_str(reply.json, "secret_key"),
        .account = json_get_str(reply.json, "account")};
}

static struct reply
s3(struct world *world, const char *method, const char *path, const char *header, const char *value)
{
    struct sending sending = {.service = "s3", .method = method, .path = path};
    if (header != NULL)
        sending.headers[sending.n_headers++] =
            (struct http_header){str_from(header), str_from(value)};
    return world_send(world, &sending);
}

static void assert_denied(struct reply reply, const char *part)
{
    if (reply.status != 403 || str_find(reply.body, STR("<Code>AccessDenied")) == SIZE_MAX ||
        str_find(reply.body, str_from(part)) == SIZE_MAX)
        fail_msg("denied %s wanted, got %d " STR_FMT, part, reply.status, STR_ARG(reply.body));
}

static struct world *open_with_policy(void)
{
    struct world *world = world_open();
    make_bucket(world, "data-b");
    make_bucket(world, "other-b");
    put(world, "/other-b/x", STR("x"));
    assert_done(sm(world, "CreateModel", "{" MODEL("foreign") "}"));
    world->key = add_key(world, s_policy);
    return world;
}

static void test_s3(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_policy();

    assert_int_equal(s3(world, "GET", "/data-b?list-type=2&prefix=p/q", NULL, NULL).status, 200);
    assert_denied(
        s3(world, "GET", "/data-b?list-type=2&prefix=q/", NULL, NULL),
        "is not authorized to perform: s3:ListBucket on resource: &quot;arn:aws:s3:::data-b&quot; "
        "because no identity-based policy allows the s3:ListBucket action");
    assert_int_equal(s3(world, "PUT", "/data-b/p/a", NULL, NULL).status, 200);
    assert_denied(s3(world, "PUT", "/data-b/q/a", NULL, NULL), "arn:aws:s3:::data-b/q/a");
    assert_denied(s3(world, "PUT", "/data-b/p/secret", NULL, NULL), "with an explicit deny");
    assert_denied(s3(world, "PUT", "/data-b/p/a", "x-amz-tagging", "k=v"), "s3:PutObjectTagging");
    assert_int_equal(s3(world, "GET", "/data-b/p/none", NULL, NULL).status, 404);
    assert_denied(s3(world, "GET", "/data-b/p/a?versionId=x", NULL, NULL), "s3:GetObjectVersion");
    assert_denied(s3(world, "PUT", "/data-b/p/b", "x-amz-copy-source", "/other-b/x"), "");
    assert_int_equal(
        s3(world, "PUT", "/data-b/p/b", "x-amz-copy-source", "/data-b/p/a").status, 200);
    assert_denied(s3(world, "DELETE", "/data-b/p/b", NULL, NULL), "s3:DeleteObject");
    assert_int_equal(
        s3(world, "DELETE", "/data-b/p/b", "If-Match", "\"d41d8cd98f00b204e9800998ecf8427e\"")
            .status,
        204);
    assert_denied(s3(world, "GET", "/", NULL, NULL), "s3:ListAllMyBuckets");
}

/* A batch is judged key by key. */
static void test_batch(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_policy();
    const char *body =
        "<Delete><Object><Key>p/a</Key><ETag>\"d41d8cd98f00b204e9800998ecf8427e\"</ETag></Object>"
        "<Object><Key>p/b</Key></Object><Object><Key>q/a</Key><ETag>\"x\"</ETag></Object></Delete>";
    struct md5 md5 = md5_of(str_from(body));
    struct sending sending = {
        .service = "s3", .method = "POST", .path = "/data-b?delete", .body = str_from(body)};
    sending.headers[sending.n_headers++] =
        (struct http_header){STR("content-md5"), base64_of(world->arena, md5.bytes, MD5_LEN)};

    assert_int_equal(s3(world, "PUT", "/data-b/p/a", NULL, NULL).status, 200);
    struct reply reply = world_send(world, &sending);
    assert_int_equal(reply.status, 200);
    assert_true(str_find(reply.body, STR("<Deleted><Key>p/a</Key>")) != SIZE_MAX);
    assert_true(str_find(reply.body, STR("<Key>p/b</Key><Code>AccessDenied")) != SIZE_MAX);
    assert_true(str_find(reply.body, STR("<Key>q/a</Key><Code>AccessDenied")) != SIZE_MAX);
}

static void test_sagemaker(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_policy();

    assert_refused(
        sm(world, "CreateModel", "{" MODEL("m") "}"), "AccessDeniedException",
        "is not authorized to perform: sagemaker:CreateModel on resource: arn:aws:sagemaker:"
        "eu-west-1:123456789012:model/m because no identity-based policy allows the "
        "sagemaker:CreateModel action");
    assert_done(sm(world, "CreateModel", "{" MODEL("m") TAGGED "}"));
    assert_refused(
        sm(world, "CreateModel", "{" MODEL("n") TAGGED ",'ExecutionRoleArn':'" ROLE "2'}"),
        "AccessDeniedException", "iam:PassRole on resource: " ROLE "2");
    assert_done(sm(world, "CreateModel", "{" MODEL("n") TAGGED ",'ExecutionRoleArn':'" ROLE "'}"));
    assert_done(sm(world, "DescribeModel", "{'ModelName':'m'}"));
    assert_refused(
        sm(world, "DeleteModel", "{'ModelName':'foreign'}"), "AccessDeniedException",
        "sagemaker:DeleteModel on resource");
    assert_refused(sm(world, "ListModels", "{}"), "AccessDeniedException", "on resource: *");
    assert_refused(
        sm(world, "ListTags", "{'ResourceArn':'arn:aws:sagemaker:eu-west-1:123456789012:model/m'}"),
        "AccessDeniedException", "sagemaker:ListTags on resource: arn:aws:sagemaker:");
    assert_done(
        sm(world, "CreateEndpointConfig",
           "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','ModelName':'m',"
           "'InstanceType':'ml.m5.large','InitialInstanceCount':1}]" TAGGED "}"));
    assert_done(
        sm(world, "CreateEndpoint", "{'EndpointName':'E','EndpointConfigName':'c'" TAGGED "}"));
    assert_refused(
        logs(world, "DeleteLogGroup", "{'logGroupName':'/aws/y'}"), "AccessDeniedException",
        "log-group:/aws/y:*");
    assert_refused(
        logs(world, "DeleteLogGroup", "{'logGroupName':'/aws/x'}"), "ResourceNotFoundException",
        "");
    assert_refused(
        invoke(world, "other", NULL, NULL, STR("1")), "AccessDeniedException", "endpoint/other");
    assert_int_equal(admin(world, "GET", "/_mmectl/faults", "").status, 200);
}

static void test_used(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = open_with_policy();
    for (int i = 0; i < 3; i++)
        assert_int_equal(s3(world, "PUT", "/data-b/p/a", NULL, NULL).status, 200);
    assert_denied(s3(world, "PUT", "/data-b/q/a", NULL, NULL), "");
    struct reply reply = admin(world, "GET", "/_mmectl/used", "");
    assert_int_equal(at(reply, "used")->len, 2);
    assert_text(reply, "used.0.action", "s3:PutObject");
    assert_text(reply, "used.0.statement", "Objects");
    assert_text(reply, "used.0.resource", "arn:aws:s3:::data-b/p/a");
    assert_int_equal(at(reply, "used.0.count")->integer, 3);
    assert_true(at(reply, "used.0.allowed")->boolean);
    assert_text(reply, "used.1.resource", "arn:aws:s3:::data-b/q/a");
    assert_false(at(reply, "used.1.allowed")->boolean);
    assert_int_equal(admin(world, "GET", "/_mmectl/used?access_key=none", "").status, 404);
}

static void test_refused(void **state)
{
    (void) state;
    AUTO(world_close) struct world *world = world_open();
    assert_refused(
        admin(world, "POST", "/_mmectl/add-key", "{'policy':{'Version':'2012-10-17'}}"),
        "MalformedPolicyDocument", "Statement");
}

/* The policy of a key survives the process. */
static void test_restart(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    const char *folder = test_folder_new(arena);
    struct world *world = world_open_with((struct opening){.folder = folder});
    struct local_key added = add_key(world, s_policy), key = {0};
    key.access_key = str_dup(arena, added.access_key);
    key.secret_key = str_dup(arena, added.secret_key);
    world_close(&world);
    world = world_open_with((struct opening){.folder = folder});
    world->key = key;
    assert_denied(s3(world, "GET", "/", NULL, NULL), "s3:ListAllMyBuckets");
    world_close(&world);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3),      cmocka_unit_test(test_batch),
        cmocka_unit_test(test_used),    cmocka_unit_test(test_sagemaker),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_restart),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
