#include "tests/sim/reference.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/digest.h"
#include "engine/local/call.h"
#include "engine/local/sm.h"

struct reference {
    struct account *account;
    struct arena *arena;
    const struct sim_spec *spec;
    const struct json *world, *record;
    struct str uid;
    struct str url; /* ModelDataUrl of the live model */
};

#define WRONG(reference, ...) account_violation((reference)->account, "I2", __VA_ARGS__)
#define ORPHAN(reference, ...) account_violation((reference)->account, "I4", __VA_ARGS__)

/* ---- what the documents say ---- */

static struct str uid_of(struct arena *arena)
{
    struct sha256 hash = sha256_of(STR(SIM_ACCOUNT "|" SIM_REGION "|" SIM_STACK));
    return str_slice(base32_of(arena, hash.bytes, sizeof(hash.bytes)), 0, 8);
}

/* sha256 of the canonical recipe. */
static struct str fp_of(const struct reference *ref, unsigned depth)
{
    struct str digest = sha256_hex(ref->arena, sim_data_bytes(ref->spec->data));
    return sha256_hex(
        ref->arena,
        str_fmt(
            ref->arena,
            "{\"algorithm\":{\"name\":\"xgboost\",\"version\":\"1.7-1\"},\"channels\":{\"train\":{"
            "\"contentType\":\"text/csv\",\"digest\":\"" STR_FMT "\"}},\"hyperparameters\":{"
            "\"max_depth\":\"%u\",\"num_round\":\"3\",\"objective\":\"binary:logistic\"},"
            "\"packer\":1}",
            STR_ARG(digest), depth));
}

static struct str key_of(const struct reference *ref, size_t model, struct str fp)
{
    if (!sim_spec_stable(ref->spec))
        return str_fmt(
            ref->arena, SIM_PREFIX "/models/m%zu--" STR_FMT ".tar.gz", model,
            STR_ARG(str_slice(fp, 0, 16)));
    /* The generation is the live model's ModelDataUrl. */
    struct str home = STR("s3://" SIM_BUCKET "/");
    return str_fmt(
        ref->arena, STR_FMT "m%zu.tar.gz", STR_ARG(str_from_index(ref->url, home.len)), model);
}

/* ---- looking things up ---- */

static const struct json *named(const struct json *list, struct str name)
{
    JSON_EACH (item, list)
        if (str_eq(json_get_str(item, "name"), name))
            return item;
    return NULL;
}

static const struct json *objects_of(const struct reference *ref)
{
    return json_get(named(json_get(ref->world, "buckets"), STR(SIM_BUCKET)), "objects");
}

static const struct json *object_at(const struct reference *ref, struct str key)
{
    JSON_EACH (object, objects_of(ref))
        if (str_eq(json_get_str(object, "key"), key))
            return object;
    return NULL;
}

static struct str tag_of(const struct json *thing, const char *name)
{
    JSON_EACH (tag, json_get(thing, "tags"))
        if (str_eq_z(json_get_str(tag, "Key"), name))
            return json_get_str(tag, "Value");
    return STR_NULL;
}

static struct str metadata_of(const struct reference *ref, struct str key, const char *name)
{
    struct err err = {0};
    struct json *headers = NULL;
    sim_must(world_enter(ref->account->local, &err), &err, "looking");
    struct db_stmt *q = db_query(
        local_db(ref->account->local),
        "SELECT headers FROM object WHERE bucket='" SIM_BUCKET "' AND key=?1",
        DB_ARGS(db_text(key)));
    struct str text = db_next(q) ? db_col_text(q, 0, ref->arena) : STR_NULL;
    db_finish(&q);
    world_abandon(ref->account->local);
    if (str_is_null(text) || json_parse(ref->arena, text, MIB(1), &headers, &err) != ERR_NONE)
        return STR_NULL;
    return json_get_str(headers, name);
}

static void read_record(struct reference *ref)
{
    struct str body;
    struct json *record;
    struct err err;
    int status = account_send(
        ref->account, "s3", "GET", STR("/" SIM_BUCKET "/" SIM_PREFIX "/control/stack.json"),
        STR(""), NULL, &body);
    if (status != 200)
        WRONG(ref, "there is no record: %d", status);
    else if (json_parse(ref->arena, body, MIB(1), &record, &err) != ERR_NONE)
        WRONG(ref, "the record is not JSON");
    else
        ref->record = record;
}

/* ---- SageMaker ---- */

/* Exactly one thing of ours of a kind, or none: the one expected. */
static const struct json *
only_one(const struct reference *ref, const char *list, char letter, struct str wanted)
{
    struct str prefix =
        str_fmt(ref->arena, SIM_STACK "-" STR_FMT "-%c-", STR_ARG(ref->uid), letter);
    const struct json *found = NULL;
    JSON_EACH (thing, json_get(ref->world, list)) {
        struct str name = json_get_str(thing, "name");
        if (!str_starts(name, prefix))
            continue;
        if (!str_eq(name, wanted))
            ORPHAN(ref, "%s: '" STR_FMT "' is left over", list, STR_ARG(name));
        else
            found = thing;
        if (!str_eq(tag_of(thing, "mmectl:uid"), ref->uid))
            WRONG(ref, "%s: '" STR_FMT "' has not our tags", list, STR_ARG(name));
    }
    if (found == NULL)
        WRONG(ref, "%s: '" STR_FMT "' does not exist", list, STR_ARG(wanted));
    return found;
}

static void check_environment(const struct reference *ref, const struct json *container)
{
    struct str workers = json_get_str(json_get(container, "Environment"), "WORKERS");
    struct str env = ref->spec->env > 0 ? str_fmt(ref->arena, "%u", ref->spec->env) : STR_NULL;
    if (!str_eq(workers, env))
        WRONG(ref, "the container's WORKERS is '" STR_FMT "'", STR_ARG(workers));
}

/* A container for each model, all of one generation. */
static void check_containers(struct reference *ref, const struct json *request)
{
    const struct json *container = json_at(json_get(request, "Containers"), 0);
    struct str mode = json_get_str(json_get(request, "InferenceExecutionConfig"), "Mode");
    struct str home = STR("s3://" SIM_BUCKET "/" SIM_PREFIX "/models/");
    struct str url = json_get_str(container, "ModelDataUrl");
    ref->url = str_slice(url, 0, home.len + 11);
    if (!str_starts(url, home))
        WRONG(ref, "the first ModelDataUrl is '" STR_FMT "'", STR_ARG(url));
    if (!str_eq_z(mode, ref->spec->mode == 1 ? "Direct" : "Serial"))
        WRONG(ref, "the containers' mode is '" STR_FMT "'", STR_ARG(mode));
    for (size_t i = 0; i < SIM_MODELS; i++) {
        if (ref->spec->depth[i] == 0)
            continue;
        struct str wanted = str_fmt(ref->arena, STR_FMT "m%zu.tar.gz", STR_ARG(ref->url), i);
        if (!str_eq(json_get_str(container, "ModelDataUrl"), wanted) ||
            !str_eq(json_get_str(container, "ContainerHostname"), sim_model_name(ref->arena, i)))
            WRONG(ref, "the container of m%zu is another one", i);
        check_environment(ref, container);
        container = container != NULL ? container->next : NULL;
    }
    if (container != NULL)
        WRONG(ref, "there is a container too much");
}

static void check_model(struct reference *ref, struct str name)
{
    const struct json *model = only_one(ref, "models", 'm', name);
    if (!str_eq_z(json_get_str(json_get(model, "request"), "ExecutionRoleArn"), SIM_ROLE))
        WRONG(ref, "the model has another role");
    if (sim_spec_contained(ref->spec)) {
        check_containers(ref, json_get(model, "request"));
        return;
    }
    const struct json *container = json_get(json_get(model, "request"), "PrimaryContainer");
    struct str cache = json_get_str(json_get(container, "MultiModelConfig"), "ModelCacheSetting");
    check_environment(ref, container);
    ref->url = json_get_str(container, "ModelDataUrl");
    struct str home = STR("s3://" SIM_BUCKET "/" SIM_PREFIX "/models/");
    size_t below = sim_spec_stable(ref->spec) ? 11 : 0; /* gen10 and a slash */
    if (!str_starts(ref->url, home) || ref->url.len != home.len + below)
        WRONG(ref, "the model's ModelDataUrl is '" STR_FMT "'", STR_ARG(ref->url));
    if (!str_eq_z(json_get_str(container, "Mode"), "MultiModel"))
        WRONG(ref, "the model is no multi-model");
    if (!str_eq_z(cache, ref->spec->no_cache ? "Disabled" : "Enabled"))
        WRONG(ref, "the container's ModelCacheSetting is '" STR_FMT "'", STR_ARG(cache));
}

static void check_endpoint(struct reference *ref)
{
    const struct json *endpoint = named(json_get(ref->world, "endpoints"), STR(SIM_STACK));
    if (endpoint == NULL) {
        WRONG(ref, "there is no endpoint");
        return;
    }
    struct str status = json_get_str(endpoint, "status");
    struct str config_name = json_get_str(endpoint, "config");
    if (!str_eq_z(status, "InService"))
        WRONG(ref, "the endpoint is " STR_FMT, STR_ARG(status));
    if (!str_eq(tag_of(endpoint, "mmectl:uid"), ref->uid) ||
        !str_eq_z(tag_of(endpoint, "mmectl:home"), "s3://" SIM_BUCKET "/" SIM_PREFIX))
        WRONG(ref, "the endpoint has not our tags");
    struct str team = str_fmt(ref->arena, "t%u", ref->spec->team);
    if (!str_eq(tag_of(endpoint, "team"), team))
        WRONG(ref, "the endpoint's tag 'team' is '" STR_FMT "'", STR_ARG(tag_of(endpoint, "team")));
    const struct json *config = only_one(ref, "endpointConfigs", 'c', config_name);
    const struct json *variants = json_get(json_get(config, "request"), "ProductionVariants");
    const struct json *variant = json_at(variants, 0);
    if (variants == NULL || variants->len != 1)
        WRONG(ref, "the config has not one variant");
    if (!str_eq_z(json_get_str(variant, "InstanceType"), sim_instance_type(ref->spec->instance)) ||
        json_get_int(variant, "InitialInstanceCount", 0) != (int64_t) ref->spec->count)
        WRONG(
            ref, "the config serves with " STR_FMT " x %lld",
            STR_ARG(json_get_str(variant, "InstanceType")),
            (long long) json_get_int(variant, "InitialInstanceCount", 0));
    check_model(ref, json_get_str(variant, "ModelName"));
}

/* The fleet itself: how many instances run. */
static void check_fleet(struct reference *ref)
{
    struct err err = {0};
    struct sm_thing endpoint;
    struct local *local = ref->account->local;
    sim_must(world_enter(local, &err), &err, "looking");
    bool there =
        sm_find(local, ref->arena, STR(SIM_REGION), SM_ENDPOINT, STR(SIM_STACK), &endpoint);
    world_abandon(local);
    const struct json *variant = there ? json_at(json_get(endpoint.doc, "variants"), 0) : NULL;
    int64_t count = json_get_int(variant, "count", 0);
    if (!ref->account->scaled && count != (int64_t) ref->spec->count)
        WRONG(ref, "the fleet has %lld instances", (long long) count);
}

static void check_jobs(struct reference *ref)
{
    struct str prefix = str_fmt(ref->arena, SIM_STACK "-" STR_FMT "-t-", STR_ARG(ref->uid));
    JSON_EACH (job, json_get(ref->world, "trainingJobs")) {
        struct str name = json_get_str(job, "name"), status = json_get_str(job, "status");
        if (str_starts(name, prefix) && !str_eq(status, STR("Completed")) &&
            !str_eq(status, STR("Failed")) && !str_eq(status, STR("Stopped")) &&
            !str_eq(status, STR("Deleting"))) /* by somebody else */
            ORPHAN(ref, "job '" STR_FMT "' is " STR_FMT, STR_ARG(name), STR_ARG(status));
    }
}

/* ---- objects ---- */

/* The bytes are those that this fingerprint's job made. */
static bool from_its_job(const struct reference *ref, struct str etag, struct str fp)
{
    struct str job = str_fmt(
        ref->arena, SIM_PREFIX "/training/" SIM_STACK "-" STR_FMT "-t-" STR_FMT, STR_ARG(ref->uid),
        STR_ARG(str_slice(fp, 0, 12)));
    bool any = false;
    JSON_EACH (object, objects_of(ref)) {
        if (!str_starts(json_get_str(object, "key"), job))
            continue;
        any = true;
        if (str_eq(json_get_str(object, "etag"), etag))
            return true;
    }
    return !any; /* somebody took the output away: nothing to compare with */
}

static struct str unquoted(struct str etag)
{
    return etag.len >= 2 && etag.ptr[0] == '"' ? str_slice(etag, 1, etag.len - 1) : etag;
}

static void check_artifact(struct reference *ref, size_t index)
{
    struct str name = sim_model_name(ref->arena, index);
    struct str fp = fp_of(ref, ref->spec->depth[index]);
    struct str key = key_of(ref, index, fp);
    const struct json *object = object_at(ref, key);
    if (object == NULL) {
        WRONG(ref, "artifact '" STR_FMT "' does not exist", STR_ARG(key));
        return;
    }
    struct str etag = json_get_str(object, "etag");
    if (!str_eq(metadata_of(ref, key, "x-amz-meta-mmectl-fp"), fp) ||
        !str_eq(metadata_of(ref, key, "x-amz-meta-mmectl-uid"), ref->uid))
        WRONG(ref, "artifact '" STR_FMT "' is not marked as what it should be", STR_ARG(key));
    if (!from_its_job(ref, etag, fp))
        WRONG(ref, "artifact '" STR_FMT "' is not what its job made", STR_ARG(key));
    const struct json *recorded = json_get(json_get(ref->record, "models"), name.ptr);
    bool same = str_eq(unquoted(json_get_str(recorded, "etag")), unquoted(etag));
    if (!str_eq(json_get_str(recorded, "key"), key) ||
        !str_eq(json_get_str(recorded, "live"), fp) || (!same && !ref->account->etag_lied))
        WRONG(ref, "the record sends clients of '" STR_FMT "' elsewhere", STR_ARG(name));
}

/* Older versions stay as long as the record can go back to them. */
static bool is_retained(const struct reference *ref, struct str key)
{
    JSON_EACH (model, json_get(ref->record, "models"))
        JSON_EACH (old, json_get(model, "history"))
            if (str_eq(json_get_str(old, "key"), key))
                return true;
    return false;
}

static bool is_wanted(const struct reference *ref, struct str key)
{
    for (size_t i = 0; i < SIM_MODELS; i++)
        if (ref->spec->depth[i] > 0 && str_eq(key, key_of(ref, i, fp_of(ref, ref->spec->depth[i]))))
            return true;
    return false;
}

/* What jobs made stays until destroy, also when somebody deleted the job. */
static bool is_output(const struct reference *ref, struct str path)
{
    struct str prefix = str_fmt(ref->arena, SIM_STACK "-" STR_FMT "-t-", STR_ARG(ref->uid));
    return str_starts(path, prefix);
}

static void check_object(const struct reference *ref, struct str key)
{
    struct str prefix = STR(SIM_PREFIX "/");
    if (!str_starts(key, prefix))
        return;
    struct str path = str_from_index(key, prefix.len);
    struct str name = sim_data_name(ref->spec->data);
    struct str data = str_fmt(
        ref->arena, "data/" STR_FMT "/" STR_FMT,
        STR_ARG(sha256_hex(ref->arena, sim_data_bytes(ref->spec->data))), STR_ARG(name));
    if (str_eq(path, STR("control/stack.json")) || str_eq(path, data) ||
        str_eq(path, STR("models/README.txt")) || is_wanted(ref, key) || is_retained(ref, key))
        return;
    /* Whoever was killed could not give it back; it expires. */
    if (ref->account->struck && str_eq(path, STR("control/lease")))
        return;
    if (str_starts(path, STR("training/")) && is_output(ref, str_from_index(path, 9)))
        return;
    for (size_t i = 0; i < ARRAY_LEN(ref->account->theirs); i++)
        if (str_eq(ref->account->theirs[i], key))
            return;
    /* Overwritten, and with the record gone nothing says any more that it was ours. */
    if (account_is_tampered(ref->account, key) &&
        str_is_null(metadata_of(ref, key, "x-amz-meta-mmectl-uid")))
        return;
    ORPHAN(ref, "object '" STR_FMT "' is left over", STR_ARG(key));
}

static void check_objects(struct reference *ref)
{
    size_t wanted = 0;
    for (size_t i = 0; i < SIM_MODELS; i++) {
        if (ref->spec->depth[i] == 0)
            continue;
        wanted++;
        check_artifact(ref, i);
    }
    const struct json *models = json_get(ref->record, "models");
    if (models == NULL || models->len != wanted)
        WRONG(ref, "the record has %zu models of %zu", models != NULL ? models->len : 0, wanted);
    JSON_EACH (object, objects_of(ref))
        check_object(ref, json_get_str(object, "key"));
    const struct json *bucket = named(json_get(ref->world, "buckets"), STR(SIM_BUCKET));
    JSON_EACH (upload, json_get(bucket, "uploads"))
        ORPHAN(ref, "an upload of '" STR_FMT "' is left over", STR_ARG(json_str(upload)));
}

/* ---- the whole ---- */

void reference_applied(struct account *account, const struct sim_spec *spec)
{
    AUTO(arena_close) struct arena *arena = arena_new("reference", 0);
    struct reference ref = {
        .account = account,
        .arena = arena,
        .spec = spec,
        .world = account_dump(account, arena),
        .uid = uid_of(arena)};
    read_record(&ref);
    if (sim_spec_models(spec) > 0) { /* without models nothing can be served: what is live stays */
        check_endpoint(&ref);
        check_fleet(&ref);
        check_objects(&ref);
    }
    check_jobs(&ref);
}

struct str reference_text(struct account *account)
{
    AUTO(arena_close) struct arena *arena = arena_new("reference", 0);
    struct json *world = account_dump(account, arena);
    struct json *groups = json_array(arena);
    JSON_EACH (group, json_get(world, "logGroups"))
        if (!str_eq_z(json_get_str(group, "name"), "/aws/sagemaker/TrainingJobs"))
            json_push(groups, json_copy(arena, group));
    json_put(arena, world, "logGroups", groups);
    return str_dup(account->arena, json_text(arena, world, JSON_PRETTY));
}

/* A bucket whose creator was killed before it could say whose it is stays nobody's: S3 creates
 * first and tags then. It is not taken for ours, and so not deleted. */
static void forgive_bucket(struct account *account)
{
    struct str tags;
    struct str target = STR("/" SIM_BUCKET "?tagging=");
    if (account->alone && account_send(account, "s3", "GET", target, STR(""), NULL, &tags) == 404 &&
        str_find(tags, STR("NoSuchTagSet")) != SIZE_MAX)
        (void) account_send(account, "s3", "DELETE", STR("/" SIM_BUCKET), STR(""), NULL, NULL);
}

void reference_gone(struct account *account, struct str before)
{
    forgive_bucket(account);
    struct str now = reference_text(account);
    struct str a = before, b = now, x = STR_NULL, y = STR_NULL;
    if (str_eq(a, b))
        return;
    while (str_split(&a, '\n', &x) && str_split(&b, '\n', &y) && str_eq(x, y))
        ;
    account_violation(
        account, "I3",
        "after destroy the world is not what it was before: '" STR_FMT "' is '" STR_FMT "'",
        STR_ARG(str_trim(x)), STR_ARG(str_trim(y)));
}
