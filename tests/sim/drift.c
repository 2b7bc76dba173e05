#include "tests/sim/drift.h"

#include "engine/base/arena.h"

struct drift_case {
    struct account *account;
    struct rng *rng;
    const struct json *world;
};

#define OVERWRITTEN "not what it was"
#define RECORD "/" SIM_BUCKET "/" SIM_PREFIX "/control/stack.json"

static const struct json *objects_of(const struct drift_case *c)
{
    JSON_EACH (bucket, json_get(c->world, "buckets"))
        if (str_eq(json_get_str(bucket, "name"), STR(SIM_BUCKET)))
            return json_get(bucket, "objects");
    return NULL;
}

/* A key below <prefix>/<folder>, by lot, that is not a neighbour's. */
static struct str some_key(const struct drift_case *c, const char *folder)
{
    struct str prefix = str_fmt(c->account->arena, SIM_PREFIX "/%s", folder), found = STR_NULL;
    size_t seen = 0;
    JSON_EACH (object, objects_of(c)) {
        struct str key = json_get_str(object, "key");
        if (str_starts(key, prefix) && !str_ends(key, STR("README.txt")) &&
            rng_below(c->rng, ++seen) == 0)
            found = key;
    }
    return found;
}

static void
send_object(const struct drift_case *c, const char *method, struct str key, struct str body)
{
    struct str target = str_fmt(c->account->arena, "/" SIM_BUCKET "/" STR_FMT, STR_ARG(key));
    (void) account_send(c->account, "s3", method, target, body, NULL, NULL);
}

static void delete_one(const struct drift_case *c, const char *folder)
{
    struct str key = some_key(c, folder);
    if (!str_is_null(key))
        send_object(c, "DELETE", key, STR(""));
}

/* Of SageMaker, with whatever answer. */
static void sagemaker(const struct drift_case *c, const char *operation, struct str body)
{
    (void) account_send(c->account, "sagemaker", "POST", STR("/"), body, operation, NULL);
}

static const struct json *ours(const struct drift_case *c, const char *list)
{
    const struct json *found = NULL;
    size_t seen = 0;
    JSON_EACH (thing, json_get(c->world, list))
        if (str_starts(json_get_str(thing, "name"), STR(SIM_STACK)) &&
            rng_below(c->rng, ++seen) == 0)
            found = thing;
    return found;
}

static void delete_thing(
    const struct drift_case *c, const char *list, const char *operation, const char *member)
{
    const struct json *thing = ours(c, list);
    if (thing != NULL)
        sagemaker(
            c, operation,
            str_fmt(
                c->account->arena, "{\"%s\":\"" STR_FMT "\"}", member,
                STR_ARG(json_get_str(thing, "name"))));
}

/* ---- the drifts ---- */

static void artifact_deleted(const struct drift_case *c)
{
    delete_one(c, "models/");
}

/* A key of versioned mode says by itself what stands there, and only the record's ETag could say
 * that it does not: without the record, nobody can know. */
static bool names_its_content(struct str key)
{
    return str_find(key, STR("--")) != SIZE_MAX;
}

static void artifact_overwritten(const struct drift_case *c)
{
    struct account *account = c->account;
    struct str key = some_key(c, "models/");
    if (str_is_null(key) || account->n_tampered == ARRAY_LEN(account->tampered) ||
        (account->record_lost && names_its_content(key)))
        return;
    send_object(c, "PUT", key, STR(OVERWRITTEN));
    account->tampered[account->n_tampered++] = str_dup(account->arena, key);
}

static bool may_lose_record(const struct drift_case *c)
{
    struct account *account = c->account;
    for (size_t i = 0; i < account->n_tampered; i++)
        if (names_its_content(account->tampered[i]))
            return false;
    account->record_lost = true;
    return true;
}

static void data_deleted(const struct drift_case *c)
{
    delete_one(c, "data/");
}

static void output_deleted(const struct drift_case *c)
{
    delete_one(c, "training/");
}

static void record_deleted(const struct drift_case *c)
{
    if (may_lose_record(c))
        (void) account_send(c->account, "s3", "DELETE", STR(RECORD), STR(""), NULL, NULL);
}

static void record_corrupted(const struct drift_case *c)
{
    if (may_lose_record(c))
        (void) account_send(
            c->account, "s3", "PUT", STR(RECORD), STR("{\"format\":1,"), NULL, NULL);
}

/* As it was before, with keys and ETags that are not there any more. */
static void record_stale(const struct drift_case *c)
{
    struct account *account = c->account;
    struct str now = STR_NULL;
    if (account_send(account, "s3", "GET", STR(RECORD), STR(""), NULL, &now) != 200 ||
        !may_lose_record(c))
        return;
    if (account->old_record.len > 0)
        (void) account_send(account, "s3", "PUT", STR(RECORD), account->old_record, NULL, NULL);
    account->old_record = str_dup(account->arena, now);
}

static void endpoint_deleted(const struct drift_case *c)
{
    sagemaker(c, "DeleteEndpoint", STR("{\"EndpointName\":\"" SIM_STACK "\"}"));
}

static void config_deleted(const struct drift_case *c)
{
    delete_thing(c, "endpointConfigs", "DeleteEndpointConfig", "EndpointConfigName");
}

static void model_deleted(const struct drift_case *c)
{
    delete_thing(c, "models", "DeleteModel", "ModelName");
}

static void job_deleted(const struct drift_case *c)
{
    delete_thing(c, "trainingJobs", "DeleteTrainingJob", "TrainingJobName");
}

#define ENDPOINT_ARN "arn:aws:sagemaker:" SIM_REGION ":" SIM_ACCOUNT ":endpoint/" SIM_STACK

static void tag_removed(const struct drift_case *c)
{
    sagemaker(
        c, "DeleteTags", STR("{\"ResourceArn\":\"" ENDPOINT_ARN "\",\"TagKeys\":[\"team\"]}"));
}

static void tag_added(const struct drift_case *c)
{
    sagemaker(
        c, "AddTags",
        STR("{\"ResourceArn\":\"" ENDPOINT_ARN "\",\"Tags\":[{\"Key\":\"cost\",\"Value\":\"c1\"},{"
            "\"Key\":\"team\",\"Value\":\"x\"}]}"));
}

static void scaled(const struct drift_case *c)
{
    sagemaker(
        c, "UpdateEndpointWeightsAndCapacities",
        STR("{\"EndpointName\":\"" SIM_STACK "\",\"DesiredWeightsAndCapacities\":[{"
            "\"VariantName\":\"AllTraffic\",\"DesiredInstanceCount\":4}]}"));
    c->account->scaled = true;
}

static void moved_to_theirs(const struct drift_case *c)
{
    sagemaker(
        c, "UpdateEndpoint",
        STR("{\"EndpointName\":\"" SIM_STACK "\",\"EndpointConfigName\":\"theirs\"}"));
    c->account->scaled = true;
}

static void object_added(const struct drift_case *c)
{
    static const char *const keys[] = {
        SIM_PREFIX "/models/backup.zip", SIM_PREFIX "/data/notes.txt", SIM_PREFIX "/README"};
    size_t which = (size_t) rng_below(c->rng, ARRAY_LEN(keys));
    if (c->account->alone) /* a bucket of ours that others use could not go in the end */
        return;
    send_object(c, "PUT", str_from(keys[which]), STR("somebody's"));
    c->account->theirs[which] = str_from(keys[which]);
}

static const struct {
    const char *name;
    void (*drift)(const struct drift_case *c);
} s_drifts[] = {
    {"an artifact deleted", artifact_deleted},
    {"an artifact overwritten", artifact_overwritten},
    {"training data deleted", data_deleted},
    {"a job's output deleted", output_deleted},
    {"the record deleted", record_deleted},
    {"the record corrupted", record_corrupted},
    {"an old record put back", record_stale},
    {"the endpoint deleted", endpoint_deleted},
    {"a config deleted", config_deleted},
    {"a model deleted", model_deleted},
    {"a training job deleted", job_deleted},
    {"a tag removed", tag_removed},
    {"tags added", tag_added},
    {"the endpoint scaled", scaled},
    {"the endpoint moved to a foreign config", moved_to_theirs},
    {"a foreign object put under the prefix", object_added},
};

size_t drift_count(void)
{
    return ARRAY_LEN(s_drifts);
}

const char *drift_do(struct account *account, struct rng *rng, size_t which)
{
    AUTO(arena_close) struct arena *arena = arena_new("drift", 0);
    struct drift_case c = {account, rng, account_dump(account, arena)};
    account->published = false; /* what they broke is not ours to answer for */
    s_drifts[which].drift(&c);
    return s_drifts[which].name;
}

const char *drift_random(struct account *account, struct rng *rng)
{
    return drift_do(account, rng, (size_t) rng_below(rng, ARRAY_LEN(s_drifts)));
}

void drift_undo(struct account *account)
{
    struct drift_case c = {.account = account};
    for (size_t i = 0; i < ARRAY_LEN(account->theirs); i++)
        if (!str_is_null(account->theirs[i]))
            send_object(&c, "DELETE", account->theirs[i], STR(""));
    memset(account->theirs, 0, sizeof(account->theirs));
    /* A bucket of ours that is not empty stays. */
    if (drift_clear(account) && account->alone)
        (void) account_send(account, "s3", "DELETE", STR("/" SIM_BUCKET), STR(""), NULL, NULL);
}

bool drift_clear(struct account *account)
{
    struct drift_case c = {.account = account};
    bool any = false;
    for (size_t i = 0; i < account->n_tampered; i++) {
        struct str bytes, target;
        target = str_fmt(account->arena, "/" SIM_BUCKET "/" STR_FMT, STR_ARG(account->tampered[i]));
        int status = account_send(account, "s3", "GET", target, STR(""), NULL, &bytes);
        if (status != 200 || !str_eq_z(bytes, OVERWRITTEN))
            continue;
        send_object(&c, "DELETE", account->tampered[i], STR(""));
        any = true;
    }
    return any;
}
