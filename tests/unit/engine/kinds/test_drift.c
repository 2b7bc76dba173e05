/* What counts as a difference, field by field, where it really comes from: the answers of AWS as
 * the parsers of engine/kinds read them. Whatever the service fills in, a plan ends up empty. */
#include "tests/unit/engine/kinds/life.h"

/* ---- an account that says something else than it was told ---- */

/* Changes one member of the answers to one operation on their way to the client. */
struct rewrite {
    struct http_transport base; /* first: it is what the transport's functions are given */
    struct http_transport *inner;
    const char *operation; /* of SageMaker; NULL: pages of objects, where text is replaced */
    const char *path;      /* "a.0.b"; of a list of tags: "Tags.KEY"; of pages: the text */
    const char *value;     /* JSON in single quotes; NULL: it is left out */
    size_t hits;
};

static struct json *parse(struct arena *arena, struct str text)
{
    struct json *json;
    struct err err = {0};
    assert_ok(json_parse(arena, text, MIB(1), &json, &err), &err);
    return json;
}

static struct json *
json_with(struct arena *arena, const struct json *node, struct str path, const struct json *value);

static struct json *
list_with(struct arena *arena, const struct json *list, struct str path, const struct json *value)
{
    struct json *out = json_array(arena);
    struct str index;
    str_split(&path, '.', &index);
    uint64_t wanted = UINT64_MAX, i = 0;
    bool by_key = !str_to_u64(index, &wanted), found = false;
    JSON_EACH (item, list) {
        bool hit = by_key ? str_eq(json_get_str(item, "Key"), index) : i == wanted;
        i++;
        found = found || hit;
        struct json *changed = json_copy(arena, item);
        if (hit && by_key && value != NULL)
            json_put(arena, changed, "Value", json_copy(arena, value));
        else if (hit && !by_key)
            changed = json_with(arena, item, path, value);
        if (!hit || !by_key || value != NULL)
            json_push(out, changed);
    }
    if (found || value == NULL)
        return out;
    struct json *item = json_copy(arena, value);
    if (by_key) {
        item = json_object(arena);
        json_put(arena, item, "Key", json_string(arena, index));
        json_put(arena, item, "Value", json_copy(arena, value));
    }
    return json_push(out, item);
}

/* A copy of node with the member at path set to value, or left out where that is NULL. */
static struct json *
json_with(struct arena *arena, const struct json *node, struct str path, const struct json *value)
{
    if (path.len == 0)
        return json_copy(arena, value);
    if (node != NULL && node->type == JSON_ARRAY)
        return list_with(arena, node, path, value);
    struct json *out = json_object(arena);
    struct str name;
    str_split(&path, '.', &name);
    const struct json *child = json_get(node, str_z(arena, name));
    JSON_EACH (member, node) {
        if (member != child)
            json_set(arena, out, member->key, json_copy(arena, member));
    }
    if (path.len > 0 || value != NULL)
        json_set(arena, out, name, json_with(arena, child, path, value));
    return out;
}

static struct str quoted(struct arena *arena, const char *text)
{
    char *copy = str_z(arena, str_from(text));
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return str_from(copy);
}

static struct str
replace_all(struct arena *arena, struct str text, const char *from, const char *to)
{
    AUTO(buf_done) struct buf out = BUF_INIT(MIB(4));
    struct str wanted = str_from(from);
    for (size_t at = str_find(text, wanted); at != SIZE_MAX; at = str_find(text, wanted)) {
        buf_fmt(&out, STR_FMT "%s", STR_ARG(str_slice(text, 0, at)), to);
        text = str_from_index(text, at + wanted.len);
    }
    buf_fmt(&out, STR_FMT, STR_ARG(text));
    return str_dup(arena, buf_str(&out));
}

static enum err_code send_rewritten(
    struct http_transport *transport,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *out,
    struct err *err)
{
    struct rewrite *rewrite = (struct rewrite *) transport;
    enum err_code code = http_send(rewrite->inner, arena, request, out, err);
    if (code != ERR_NONE || out->status != 200)
        return code;
    if (rewrite->operation == NULL) {
        if (str_find(request->url, STR("list-type=2")) == SIZE_MAX ||
            str_find(out->body, str_from(rewrite->path)) == SIZE_MAX)
            return code;
        out->body = replace_all(arena, out->body, rewrite->path, rewrite->value);
        rewrite->hits++;
        return code;
    }
    struct str target = http_header_get(request->headers, request->n_headers, "x-amz-target");
    if (!str_ends(target, str_fmt(arena, ".%s", rewrite->operation)))
        return code;
    const struct json *value =
        rewrite->value != NULL ? parse(arena, quoted(arena, rewrite->value)) : NULL;
    struct json *body = json_with(arena, parse(arena, out->body), str_from(rewrite->path), value);
    out->body = json_text(arena, body, JSON_COMPACT);
    rewrite->hits++;
    return code;
}

static void close_nothing(struct http_transport *transport)
{
    (void) transport;
}

static const struct http_transport_ops s_rewrite_ops = {
    .name = "rewrite", .send = send_rewritten, .close = close_nothing};

/* ---- the table ---- */

/* An endpoint with everything a spec can say of it. */
#define DRIFT_SPEC \
    "apiVersion: mmectl/v1\nkind: MultiModelEndpoint\n" \
    "metadata: {name: demo, tags: {team: risk}}\n" \
    "spec:\n  region: us-east-1\n  role: " LIFE_ROLE "\n" \
    "  storage: {bucket: life-bucket, prefix: demo}\n" \
    "  training:\n    backend: local\n    algorithm: {name: xgboost, version: \"1.7-1\"}\n" \
    "    channels: {train: {source: train.csv, contentType: text/csv}}\n" \
    "    hyperparameters: {objective: \"binary:logistic\", num_round: 3}\n" \
    "  models:\n    - {name: one, hyperparameters: {max_depth: 2}}\n" \
    "  endpoint:\n    name: demo\n    targetModels: stable\n" \
    "    instance: {type: ml.m5.large, count: 2}\n" \
    "    container: {environment: {GREETING: hello}}\n"

enum verdict {
    NOTHING,  /* an empty plan, and an apply that changes nothing */
    CHANGES,  /* something is planned */
    REFUSED,  /* neither planned nor done */
    UNHEALTHY /* nothing to do, and that is no success */
};

#define MODEL "DescribeModel"
#define CONFIG "DescribeEndpointConfig"
#define ENDPOINT "DescribeEndpoint"
#define VARIANT "ProductionVariants.0."
#define TWO_IMAGES \
    "[{'SpecifiedImage':'r/i:1','ResolvedImage':'r/i@sha256:aa'}," \
    "{'SpecifiedImage':'r/i:1','ResolvedImage':'r/i@sha256:bb'}]"

/* To compare a field, or to leave one alone: a row here. */
static const struct drift_case {
    const char *operation, *path, *value;
    enum verdict verdict;
    const char *told; /* a note or a warning; NULL: any */
} s_cases[] = {
    /* the endpoint: its configuration and its state */
    {ENDPOINT, "EndpointConfigName", "'somebody-elses'", CHANGES, NULL},
    {ENDPOINT, "PendingDeploymentSummary", "{'EndpointConfigName':'somebody-elses'}", CHANGES,
     NULL},
    {ENDPOINT, "EndpointStatus", "'Failed'", CHANGES, NULL},
    {ENDPOINT, "EndpointStatus", "'UpdateRollbackFailed'", UNHEALTHY, NULL},
    {ENDPOINT, "FailureReason", "'an old one'", NOTHING, "its last update failed: an old one"},
    {ENDPOINT, "FailureReason", "''", NOTHING, NULL},
    {ENDPOINT, VARIANT "CurrentInstanceCount", "7", NOTHING, NULL},
    {ENDPOINT, VARIANT "DesiredInstanceCount", "9", NOTHING, NULL},
    {ENDPOINT, VARIANT "CurrentWeight", "0.25", NOTHING, NULL},
    {ENDPOINT, VARIANT "DesiredWeight", "0.5", NOTHING, NULL},
    {ENDPOINT, VARIANT "ManagedInstanceScaling", "{'Status':'ENABLED','MaxInstanceCount':9}",
     NOTHING, NULL},
    {ENDPOINT, VARIANT "DeployedImages", TWO_IMAGES, NOTHING, "has moved"},
    {ENDPOINT, VARIANT "VariantStatus", "[{'Status':'ActivatingTraffic'}]", NOTHING, NULL},
    {ENDPOINT, "LastModifiedTime", "1.5", NOTHING, NULL},
    {ENDPOINT, "CreationTime", "1.5", NOTHING, NULL},
    {ENDPOINT, "LastDeploymentConfig", "{'BlueGreenUpdatePolicy':{'TerminationWaitInSeconds':600}}",
     NOTHING, NULL},
    {ENDPOINT, "DataCaptureConfig", "{'EnableCapture':false}", NOTHING, NULL},
    /* its tags */
    {"ListTags", "Tags.cost-center", "'77'", NOTHING, NULL},
    {"ListTags", "Tags.aws:cloudformation:stack-name", "'x'", NOTHING, NULL},
    {"ListTags", "Tags.mmectl:version", "'0.0.1'", NOTHING, NULL},
    {"ListTags", "Tags.team", "'fraud'", CHANGES, NULL},
    {"ListTags", "Tags.team", NULL, CHANGES, NULL},
    {"ListTags", "Tags.mmectl:home", "'s3://elsewhere/x'", CHANGES, NULL},
    {"ListTags", "Tags.mmectl:uid", "'zzzzzzzz'", REFUSED, NULL},
    {"ListTags", "Tags.mmectl:uid", NULL, REFUSED, NULL},
    /* the configuration */
    {CONFIG, "EnableNetworkIsolation", "false", NOTHING, NULL},
    {CONFIG, "EnableNetworkIsolation", "null", NOTHING, NULL},
    {CONFIG, "CreationTime", "1.5", NOTHING, NULL},
    {CONFIG, VARIANT "VolumeSizeInGB", "30", NOTHING, NULL},
    {CONFIG, VARIANT "VariantName", NULL, NOTHING, NULL},
    {CONFIG, VARIANT "VariantName", "'variant-1'", CHANGES, NULL},
    {CONFIG, VARIANT "InitialVariantWeight", NULL, NOTHING, NULL},
    {CONFIG, VARIANT "InitialVariantWeight", "1.0", NOTHING, NULL},
    {CONFIG, VARIANT "ModelDataDownloadTimeoutInSeconds", "60", NOTHING, NULL},
    {CONFIG, VARIANT "ContainerStartupHealthCheckTimeoutInSeconds", "60", NOTHING, NULL},
    {CONFIG, VARIANT "RoutingConfig", "{'RoutingStrategy':'RANDOM'}", NOTHING, NULL},
    {CONFIG, VARIANT "InferenceAmiVersion", "'al2-ami-sagemaker-inference-gpu-2'", NOTHING, NULL},
    {CONFIG, VARIANT "ModelName", "'somebody-elses'", CHANGES, NULL},
    {CONFIG, VARIANT "InstanceType", "'ml.c5.large'", CHANGES, NULL},
    {CONFIG, VARIANT "InitialInstanceCount", "3", CHANGES, NULL},
    {CONFIG, "ProductionVariants.1", "{'VariantName':'b'}", CHANGES, NULL},
    /* the model */
    {MODEL, "EnableNetworkIsolation", "false", NOTHING, NULL},
    {MODEL, "CreationTime", "1.5", NOTHING, NULL},
    {MODEL, "DeploymentRecommendation", "{'RecommendationStatus':'NOT_APPLICABLE'}", NOTHING, NULL},
    {MODEL, "InferenceExecutionConfig", "{'Mode':'Serial'}", NOTHING, NULL},
    {MODEL, "ExecutionRoleArn", "'arn:aws:iam::" LIFE_ACCOUNT ":role/Other'", CHANGES, NULL},
    {MODEL, "PrimaryContainer.Mode", "'SingleModel'", CHANGES, NULL},
    {MODEL, "PrimaryContainer.Mode", NULL, CHANGES, NULL},
    {MODEL, "PrimaryContainer.Image", "'other/image:1'", CHANGES, NULL},
    {MODEL, "PrimaryContainer.ModelDataSource", "{'S3DataSource':{'S3Uri':'x'}}", NOTHING, NULL},
    {MODEL, "PrimaryContainer.ImageConfig", "{'RepositoryAccessMode':'Platform'}", NOTHING, NULL},
    {MODEL, "PrimaryContainer.ContainerHostname", "'container_1'", NOTHING, NULL},
    {MODEL, "PrimaryContainer.MultiModelConfig", NULL, NOTHING, NULL},
    {MODEL, "PrimaryContainer.MultiModelConfig", "{}", NOTHING, NULL},
    {MODEL, "PrimaryContainer.Environment", NULL, CHANGES, NULL},
    {MODEL, "PrimaryContainer.Environment.GREETING", "'bye'", CHANGES, NULL},
    {MODEL, "PrimaryContainer.Environment.ADDED", "'x'", CHANGES, NULL},
    /* objects */
    {NULL, "<StorageClass>STANDARD<", "<StorageClass>GLACIER_IR<", NOTHING, NULL},
    {NULL, "<LastModified>20", "<LastModified>19", NOTHING, NULL},
};

static void check_case(struct life *life, const struct drift_case *row)
{
    struct rewrite rewrite = {{&s_rewrite_ops}, life->wire, row->operation,
                              row->path,        row->value, 0};
    static const char *const s_names[] = {"nothing", "changes", "refused", "unhealthy"};
    const char *operation = row->operation != NULL ? row->operation : "a page";
    const char *value = row->value != NULL ? row->value : "left out";
    life->fault.inner = &rewrite.base;
    enum err_code code = life_plan(life, STR(DRIFT_SPEC));
    enum verdict got = code != ERR_NONE ? REFUSED : life->empty ? NOTHING : CHANGES;
    enum verdict planned = row->verdict == UNHEALTHY ? NOTHING : row->verdict;
    if (got != planned)
        fail_msg(
            "%s %s: %s: %s is planned, not %s (%zu/%zu/%zu; %s)", operation, row->path, value,
            s_names[got], s_names[planned], life->n_add, life->n_change, life->n_destroy,
            life->err.message);
    if (rewrite.hits == 0)
        fail_msg("%s %s: no such answer", operation, row->path);
    if (row->told != NULL && !life_told(life, row->told))
        fail_msg("%s %s: not told: %s", operation, row->path, row->told);
    assert_int_equal(life->mutating, 0);
    if (row->verdict == CHANGES)
        return;
    /* And nothing is done about it. */
    life->fault.inner = &rewrite.base;
    code = life_apply(life, STR(DRIFT_SPEC));
    if (row->verdict == UNHEALTHY)
        assert_fails(code, ERR_ROLLED_BACK, &life->err, "UpdateRollbackFailed");
    else if (code != (row->verdict == NOTHING ? ERR_NONE : ERR_CONFLICT))
        fail_msg("%s %s: %s", operation, row->path, life->err.message);
    assert_int_equal(life->mutating, 0);
}

static void every_field(void **state)
{
    (void) state;
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(DRIFT_SPEC)), &life->err);
    life_settled(life, STR(DRIFT_SPEC));
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        check_case(life, &s_cases[i]);
    life_settled(life, STR(DRIFT_SPEC));
}

/* ---- states that pass ---- */

static void what_is_under_way_is_waited_for(void **state)
{
    (void) state;
    static const char *const s_states[] = {
        "Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"};
    AUTO(life_close) struct life *life = life_new();
    assert_ok(life_apply(life, STR(DRIFT_SPEC)), &life->err);
    for (size_t i = 0; i < ARRAY_LEN(s_states); i++) {
        life_fault(
            life, str_fmt(
                      life->arena, "{'kind':'status','name':'demo','status':'%s','forMs':5000}",
                      s_states[i])
                      .ptr);
        int64_t before_ms = life->now_ms;
        life_settled(life, STR(DRIFT_SPEC));
        assert_true(life->now_ms - before_ms >= 5000);
        assert_true(life_told(life, s_states[i]));
    }
}

/* ---- accounts that say more than they were told ---- */

static struct str spec_with(struct life *life, bool here, bool stable)
{
    struct str text = STR(LIFE_SPEC);
    if (here)
        text = text_replace(life->arena, text, "backend: sagemaker", "backend: local");
    return stable
               ? text
               : text_replace(life->arena, text, "targetModels: stable", "targetModels: versioned");
}

static struct str deeper(struct life *life, struct str text)
{
    return text_replace(life->arena, text, "max_depth: 2", "max_depth: 5");
}

/* Applied, changed and taken down: after each step there is nothing to do, no drift, and not one
 * request more than in an account that says nothing of its own. */
static void a_whole_life_with(const char *settings)
{
    for (int kind = 0; kind < 4; kind++) {
        AUTO(life_close) struct life *usual = life_new();
        AUTO(life_close) struct life *life = life_new();
        life_tell(life, "settings", settings);
        struct str first = spec_with(life, kind & 1, kind & 2), then = deeper(life, first);
        const struct str steps[] = {first, then, first};
        for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
            assert_ok(life_apply(life, steps[i]), &life->err);
            assert_ok(life_apply(usual, steps[i]), &usual->err);
            for (int again = 0; again < 2; again++) {
                life_settled(life, steps[i]);
                life_settled(usual, steps[i]);
                assert_int_equal(life->n_drift, 0);
                assert_int_equal(life->requests, usual->requests);
            }
        }
        assert_ok(life_destroy(life, first), &life->err);
        assert_int_equal(json_get(life_world(life), "endpoints")->len, 0);
        assert_int_equal(json_get(life_world(life), "buckets")->len, 0);
    }
}

static void defaults_are_no_drift(void **state)
{
    (void) state;
    a_whole_life_with("{'serverDefaults':'all'}");
    a_whole_life_with("{'serverDefaults':'future'}");
}

/* Under SSE-KMS an ETag is no digest of the bytes. It is an ETag all the same: as long as it stays
 * the one that was recorded, nothing has changed, and nothing is looked at or hashed again. */
static void etags_that_are_no_digests(void **state)
{
    (void) state;
    a_whole_life_with("{'opaqueEtags':'true'}");
}

/* A channel in S3 is known by its ETag and size: left alone it is the same for ever. Written again
 * it is other data, since nothing says that the bytes are the same. */
static void channels_with_etags_that_are_no_digests(void **state)
{
    (void) state;
    static const char s_key[] = "/life-bucket/theirs/train.csv";
    struct str rows = STR("1,0.1,0.2\n0,0.3,0.4\n1,0.5,0.1\n0,0.9,0.7\n");
    AUTO(life_close) struct life *life = life_new();
    life_tell(life, "settings", "{'opaqueEtags':'true'}");
    life_send(life, "s3", "PUT", "/life-bucket", STR(""));
    life_send(life, "s3", "PUT", s_key, rows);
    struct str text = text_replace(
        life->arena, STR(LIFE_SPEC), "source: train.csv",
        "source: \"s3://life-bucket/theirs/train.csv\"");
    assert_ok(life_apply(life, text), &life->err);
    for (int again = 0; again < 2; again++)
        life_settled(life, text);
    life_send(life, "s3", "PUT", s_key, rows);
    assert_ok(life_plan(life, text), &life->err);
    assert_false(life->empty);
}

/* ---- objects ---- */

static struct str key_with(struct life *life, const char *part)
{
    const struct json *bucket = json_at(json_get(life_world(life), "buckets"), 0);
    JSON_EACH (object, json_get(bucket, "objects")) {
        if (str_find(json_get_str(object, "key"), str_from(part)) != SIZE_MAX)
            return json_get_str(object, "key");
    }
    fail_msg("there is no object '%s'", part);
    return STR_NULL;
}

/* What was written over an object of ours is told as drift and made good, once. */
static void objects_written_over(void **state)
{
    (void) state;
    static const char *const s_parts[] = {"/models/", "/data/"};
    for (size_t i = 0; i < 2 * ARRAY_LEN(s_parts); i++) {
        AUTO(life_close) struct life *life = life_new();
        struct str text = spec_with(life, false, i >= ARRAY_LEN(s_parts));
        assert_ok(life_apply(life, text), &life->err);
        struct str key = key_with(life, s_parts[i % ARRAY_LEN(s_parts)]);
        life_put(life, key, STR("theirs"));
        assert_ok(life_plan(life, text), &life->err);
        assert_false(life->empty);
        assert_int_equal(life->n_drift, 1);
        assert_ok(life_apply(life, text), &life->err);
        life_settled(life, text);
        assert_int_equal(life->n_drift, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field),
        cmocka_unit_test(what_is_under_way_is_waited_for),
        cmocka_unit_test(defaults_are_no_drift),
        cmocka_unit_test(etags_that_are_no_digests),
        cmocka_unit_test(objects_written_over),
        cmocka_unit_test(channels_with_etags_that_are_no_digests),
    };
    return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
