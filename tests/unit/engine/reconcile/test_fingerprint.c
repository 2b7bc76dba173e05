#include "tests/unit/engine/reconcile/sample.h"

#include "engine/base/rng.h"
#include "engine/reconcile/fingerprint.h"
#include "engine/reconcile/request.h"
#include "engine/resource/names.h"

/* The values of this file were worked out by other means than this code. A change to one of them
 * means that an upgrade of mmectl trains every model of every user again, or rolls every endpoint:
 * do not adapt them. */
#define TRAINED_FP "3a2c1d44b916800ab24c799e9227247ccf8f07add4c86900e8b10677d58513ca"
#define FILE_FP "f37163e8ca33aebdb4232eccb5af148bacfc04ccdc0c7262e82244d51f46bc96"
#define S3_FP "9152c7450caa0d47dd6e3ee3abc9a5f9dd25755ca9f336ef0412bbff08e84c34"

static struct str fp(struct arena *arena, const struct want *want, enum sample_model model)
{
    return fingerprint_model(arena, want, &want->models[model]);
}

static void fill(struct arena *arena, struct want *want)
{
    for (size_t i = 0; i < want->n_models; i++)
        want->models[i].fp = fingerprint_model(arena, want, &want->models[i]);
}

static void models_keep_their_values(void **state)
{
    struct want *want = sample_want(*state);
    assert_str(fp(*state, want, SAMPLE_TRAINED), TRAINED_FP);
    assert_str(fp(*state, want, SAMPLE_FILE), FILE_FP);
    assert_str(fp(*state, want, SAMPLE_S3), S3_FP);
    assert_str(
        name_thing(*state, want, 't', fp(*state, want, SAMPLE_TRAINED)),
        "demo-abcdefgh-t-3a2c1d44b916");
}

static void settings_and_generations_keep_their_values(void **state)
{
    struct want *want = sample_want(*state);
    fill(*state, want);
    assert_str(fingerprint_settings(*state, want), "d207e357ce07");
    struct str first = fingerprint_generation(*state, want, STR_NULL);
    assert_str(first, "993fc846aa");
    assert_str(fingerprint_generation(*state, want, first), "6ac36827fb");
}

/* SageMaker models and configs are named by what is sent for them. */
static void names_of_things_keep_their_values(void **state)
{
    struct want *want = sample_want(*state);
    struct json *body = request_model(*state, want, STR("s3://bucket/demo/models/"));
    struct str model = name_thing(*state, want, 'm', fingerprint_json(*state, body));
    assert_str(model, "demo-abcdefgh-m-2bcc249618b7");
    body = request_config(*state, want, model);
    assert_str(
        name_thing(*state, want, 'c', fingerprint_json(*state, body)),
        "demo-abcdefgh-c-c602e7fdfa5c");
}

static void shuffle(struct rng *rng, void *items, size_t count, size_t size)
{
    char spare[sizeof(struct want_channel)], *bytes = items;
    assert_true(size <= sizeof(spare));
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t) rng_below(rng, i);
        memcpy(spare, bytes + k * size, size);
        memmove(bytes + k * size, bytes + (i - 1) * size, size);
        memcpy(bytes + (i - 1) * size, spare, size);
    }
}

static void order_does_not_count(void **state)
{
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int round = 0; round < 50; round++) {
        struct want *want = sample_want(*state);
        struct want_model *model = &want->models[SAMPLE_TRAINED];
        shuffle(&rng, model->hyperparameters, model->n_hyperparameters, sizeof(struct want_pair));
        shuffle(&rng, want->channels, want->n_channels, sizeof(struct want_channel));
        assert_str(fp(*state, want, SAMPLE_TRAINED), TRAINED_FP);
        fill(*state, want);
        struct want_model spare = want->models[0];
        want->models[0] = want->models[2];
        want->models[2] = spare;
        assert_str(fingerprint_generation(*state, want, STR_NULL), "993fc846aa");
    }
}

/* ---- what counts, field by field ---- */

typedef void change_fn(struct arena *arena, struct want *want);

#define CHANGE(name, statement) \
    static void name(struct arena *arena, struct want *want) \
    { \
        struct want_model *trained = &want->models[SAMPLE_TRAINED], \
                          *file = &want->models[SAMPLE_FILE], *s3 = &want->models[SAMPLE_S3]; \
        (void) arena, (void) trained, (void) file, (void) s3; \
        statement; \
    }

CHANGE(set_region, want->region = STR("eu-west-1"); want->partition = STR("aws-cn"))
CHANGE(set_account, want->account = STR("2"); want->uid = STR("zzzzzzzz"))
CHANGE(set_stack, want->stack = STR("other"))
CHANGE(set_place, want->bucket = STR("b"); want->prefix = STR("p"); want->home = STR("s3://b/p"))
CHANGE(set_tags, want->n_tags = 0)
CHANGE(set_stable, want->stable = !want->stable)
CHANGE(set_backend, want->trains_here = true)
CHANGE(set_endpoint, want->endpoint = STR("e"); want->instance_type = STR("ml.c5.large"))
CHANGE(set_instances, want->instance_count = 2; want->n_environment = 0)
CHANGE(set_cache, want->cache_disabled = true; want->protect = true)
CHANGE(set_serving_image, want->serving_image = STR("x"))
CHANGE(set_description, trained->description = STR("x"); trained->protect = true)
CHANGE(set_name, trained->name = STR("x"); file->name = STR("y"); s3->name = STR("z"))
CHANGE(set_source, file->path = file->source = STR("x"); s3->s3_uri = s3->source = STR("s3://x/y"))
CHANGE(set_channel_place, want->channels[0].path = want->channels[0].source = STR("x"))
CHANGE(set_channel_key, want->channels[0].key = want->channels[0].s3_uri = STR("x"))
CHANGE(set_channel_size, want->channels[0].size = 1)
CHANGE(set_pickle, file->allow_pickle = true; file->size = 1)
/* Settings of a job: not in the fingerprint, but in the settings' hash. */
CHANGE(set_training_instance, want->training_instance = STR("ml.m5.xlarge"))
CHANGE(set_training_count, want->training_count = 2)
CHANGE(set_volume, want->training_volume_gb = 11)
CHANGE(set_runtime, want->max_runtime_s = 1)
CHANGE(set_role, want->role = STR("arn:aws:iam::123456789012:role/x"))
CHANGE(set_image, want->image = STR("x"))
/* The recipe. */
CHANGE(set_algorithm, want->algorithm_name = STR("x"))
CHANGE(set_version, want->algorithm_version = STR("1.5-1"))
CHANGE(set_value, trained->hyperparameters[0].value = STR("0.4"))
CHANGE(set_spelling, trained->hyperparameters[0].value = STR("0.30"))
CHANGE(set_hyper_name, trained->hyperparameters[0].name = STR("gamma"))
CHANGE(drop_hyper, trained->n_hyperparameters--)
CHANGE(set_digest, want->channels[1].digest = STR("x"))
CHANGE(set_type, want->channels[0].content_type = STR("text/libsvm"))
CHANGE(set_channel_name, want->channels[1].name = STR("x"))
CHANGE(drop_channel, want->n_channels--)
CHANGE(swap_digests, struct str digest = want->channels[0].digest;
       want->channels[0].digest = want->channels[1].digest;
       want->channels[1].digest = digest)
CHANGE(set_sha, file->sha256 = STR("x"))
CHANGE(set_s3_etag, s3->source_etag = STR("x"))
CHANGE(set_s3_size, s3->size++)
CHANGE(pin_s3, s3->sha256 = STR(SAMPLE_ARTIFACT_SHA))

static void what_counts(void **state)
{
    static const struct {
        const char *what;
        change_fn *change;
        bool trained, file, s3, settings; /* which values change */
    } cases[] = {
        {"region", set_region, false, false, false, false},
        {"account", set_account, false, false, false, false},
        {"stack", set_stack, false, false, false, false},
        {"bucket and prefix", set_place, false, false, false, false},
        {"tags", set_tags, false, false, false, false},
        {"mode", set_stable, false, false, false, false},
        {"backend", set_backend, false, false, false, false},
        {"endpoint", set_endpoint, false, false, false, false},
        {"instances", set_instances, false, false, false, false},
        {"cache, protect", set_cache, false, false, false, false},
        {"serving image", set_serving_image, false, false, false, false},
        {"description", set_description, false, false, false, false},
        {"model name", set_name, false, false, false, false},
        {"where a source lies", set_source, false, false, false, false},
        {"where a channel lies", set_channel_place, false, false, false, false},
        {"a channel's key", set_channel_key, false, false, false, false},
        {"a channel's size", set_channel_size, false, false, false, false},
        {"pickle, size of a hashed file", set_pickle, false, false, false, false},
        {"training instance", set_training_instance, false, false, false, true},
        {"training count", set_training_count, false, false, false, true},
        {"volume", set_volume, false, false, false, true},
        {"runtime", set_runtime, false, false, false, true},
        {"role", set_role, false, false, false, true},
        {"image", set_image, false, false, false, true},
        {"algorithm", set_algorithm, true, false, false, false},
        {"version", set_version, true, false, false, false},
        {"a value", set_value, true, false, false, false},
        {"a value's spelling", set_spelling, true, false, false, false},
        {"a hyperparameter's name", set_hyper_name, true, false, false, false},
        {"a hyperparameter less", drop_hyper, true, false, false, false},
        {"a channel's digest", set_digest, true, false, false, false},
        {"a channel's type", set_type, true, false, false, false},
        {"a channel's name", set_channel_name, true, false, false, false},
        {"a channel less", drop_channel, true, false, false, false},
        {"channels swapped", swap_digests, true, false, false, false},
        {"sha256", set_sha, false, true, false, false},
        {"etag", set_s3_etag, false, false, true, false},
        {"size", set_s3_size, false, false, true, false},
        {"pin", pin_s3, false, false, true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct want *want = sample_want(*state);
        cases[i].change(*state, want);
        if (str_eq_z(fp(*state, want, SAMPLE_TRAINED), TRAINED_FP) == cases[i].trained)
            fail_msg("%s: trained", cases[i].what);
        if (str_eq_z(fp(*state, want, SAMPLE_FILE), FILE_FP) == cases[i].file)
            fail_msg("%s: file", cases[i].what);
        if (str_eq_z(fp(*state, want, SAMPLE_S3), S3_FP) == cases[i].s3)
            fail_msg("%s: s3", cases[i].what);
        if (str_eq_z(fingerprint_settings(*state, want), "d207e357ce07") == cases[i].settings)
            fail_msg("%s: settings", cases[i].what);
    }
}

/* The same artifact is the same model, from a file or from S3. */
static void pinned_content_is_the_content(void **state)
{
    struct want *want = sample_want(*state);
    want->models[SAMPLE_S3].sha256 = STR(SAMPLE_ARTIFACT_SHA);
    assert_str(fp(*state, want, SAMPLE_S3), FILE_FP);
}

static void a_generation_is_its_set(void **state)
{
    struct want *want = sample_want(*state);
    fill(*state, want);
    struct str all = fingerprint_generation(*state, want, STR_NULL);
    struct str fp = want->models[1].fp;
    want->models[1].fp = STR_NULL; /* it is left out, and nothing of it is live */
    struct str fewer = fingerprint_generation(*state, want, STR_NULL);
    assert_false(str_eq(all, fewer));
    want->models[1].fp = fp;
    want->models[1].name = STR("other");
    assert_false(str_eq(all, fingerprint_generation(*state, want, STR_NULL)));
    want->models[1].name = STR("b_file");
    want->models[1].description = STR("other");
    assert_str_len(fingerprint_generation(*state, want, STR_NULL), all);
    assert_true(is_hex(all, GEN10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(models_keep_their_values),
        WITH_ARENA(settings_and_generations_keep_their_values),
        WITH_ARENA(names_of_things_keep_their_values),
        WITH_ARENA(order_does_not_count),
        WITH_ARENA(what_counts),
        WITH_ARENA(pinned_content_is_the_content),
        WITH_ARENA(a_generation_is_its_set),
    };
    return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
