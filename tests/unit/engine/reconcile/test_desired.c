#include "tests/unit/engine/reconcile/toy.h"
#include "tests/unit/specs/spec_test.h"

#include "engine/reconcile/desired.h"

/* From the text of a spec to what is wanted, through the toy world. */
struct building {
    struct toy *t;
    const struct spec *spec;
    bool destroy;
    struct want *want;
    enum err_code code;
    struct err err;
};

static void build_task(void *arg)
{
    struct building *b = arg;
    b->code = desired_build(&b->t->r, b->spec, b->destroy, &b->want, &b->err);
}

static void building_done(struct building *b)
{
    toy_close(&b->t);
}

static struct building building_new(struct arena *arena, struct str text)
{
    struct loaded loaded = load_text(arena, text);
    if (loaded.specs.len != 1)
        fail_msg("the spec is not one: " STR_FMT, STR_ARG(loaded.faults));
    struct scene *scene = scene_new(arena, false, 0);
    return (struct building){.t = toy_new(scene), .spec = loaded.specs.items[0]};
}

static enum err_code build(struct building *b)
{
    b->err = (struct err){0};
    loop_run(b->t->loop, build_task, b);
    return b->code;
}

static struct str changed(struct arena *arena, const char *find, const char *replace)
{
    return text_replace(arena, STR(SPEC_TEST_BASE), find, replace);
}

static void all_of_it(void **state)
{
    AUTO(building_done) struct building b = building_new(*state, STR(SPEC_TEST_BASE));
    assert_ok(build(&b), &b.err);
    const struct want *w = b.want;
    assert_str(w->stack, "demo");
    assert_str(w->account, "123456789012");
    assert_str(w->region, "us-east-1");
    assert_str(w->partition, "aws");
    assert_str_len(w->uid, name_uid(*state, w->account, w->region, w->stack));
    assert_str(w->bucket, "sagemaker-us-east-1-123456789012");
    assert_true(w->bucket_is_default);
    assert_str(w->home, "s3://sagemaker-us-east-1-123456789012/demo");
    assert_int_equal(w->n_tags, 1);
    assert_str(w->image, "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1");
    assert_str_len(w->serving_image, w->image);
    assert_str(w->image_version, "1.7-1");
    assert_str(w->algorithm_name, "xgboost");
    assert_str(w->algorithm_version, "1.7-1");
    assert_str(w->training_instance, "ml.m5.large");
    assert_int_equal(w->max_runtime_s, 3600);
    assert_int_equal(w->training_volume_gb, 10);
    assert_false(w->trains_here);
    assert_true(w->stable);
    assert_false(w->cache_disabled || w->protect);
    assert_str(w->endpoint, "demo");
    assert_str(w->environment[0].name, "WORKERS");
    assert_int_equal(w->n_channels, 2);
    const struct want_channel *train = &w->channels[0];
    assert_str(train->name, "train");
    assert_str_len(train->digest, fp_of(*state, "train.csv", 0));
    assert_str_len(train->key, key_data(*state, w->prefix, train->digest, STR("train.csv")));
    assert_true(str_starts(train->s3_uri, w->home));
    assert_int_equal(w->n_models, 2);
    const struct want_model *one = &w->models[0], *two = &w->models[1];
    assert_true(one->trained);
    assert_int_equal(one->n_hyperparameters, 5); /* the defaults' two and its own three */
    assert_str(one->hyperparameters[0].name, "eta");
    assert_str_len(one->job, name_thing(*state, w, 't', one->fp));
    assert_str_len(one->settings_hash, fingerprint_settings(*state, w));
    assert_false(two->trained);
    assert_str(two->s3_uri, "s3://bucket/model.tar.gz");
    assert_str(two->source_etag, "\"etag\"");
    for (size_t i = 0; i < 2; i++)
        assert_str_len(w->models[i].fp, fingerprint_model(*state, w, &w->models[i]));
}

static void models_and_channels_are_sorted(void **state)
{
    struct str text = changed(*state, "- name: one\n", "- name: zone\n");
    AUTO(building_done) struct building b = building_new(*state, text);
    assert_ok(build(&b), &b.err);
    assert_str(b.want->models[0].name, "two");
    assert_str(b.want->models[1].name, "zone");
    assert_ptr_equal(want_find_model(b.want, STR("zone")), &b.want->models[1]);
    assert_null(want_find_model(b.want, STR("one")));
}

static void the_caller_may_know_account_and_region(void **state)
{
    AUTO(building_done) struct building b = building_new(*state, STR(SPEC_TEST_BASE));
    b.t->account = "999999999999"; /* never asked for */
    b.t->r.account = STR("123456789012");
    b.t->r.region = STR("eu-west-1");
    assert_ok(build(&b), &b.err);
    assert_str(b.want->region, "eu-west-1");
    assert_str(b.want->bucket, "sagemaker-eu-west-1-123456789012");
    assert_true(str_find(b.want->image, STR("eu-west-1")) != SIZE_MAX);
}

/* ---- what needs the account, the files or the listings ---- */

static void faults(void **state)
{
    static const struct {
        const char *find, *replace, *account;
        enum err_code code;
        const char *part;
        unsigned line;
    } cases[] = {
        {"ml.m5.large\n", "ml.m5.large\n", "210987654321", ERR_REFUSED,
         "the credentials belong to account '210987654321', the spec is for '123456789012'", 11},
        {"  account: \"123456789012\"\n  region: us-east-1\n  role: arn:aws:iam::123456789012:",
         "  region: us-east-1\n  role: arn:aws:iam::210987654321:", NULL, ERR_REFUSED,
         "belongs to account '210987654321', the credentials to '123456789012'", 12},
        {"data/train.csv", "data/missing.csv", NULL, ERR_NOT_FOUND, "channel 'train': no file '",
         21},
        {"data/train.csv", "s3://b/empty", NULL, ERR_SPEC,
         "channel 'train': there is no object under 's3://b/empty'", 21},
        {"data/train.csv", "s3://b/denied", NULL, ERR_DENIED, "s3:ListBucket", 21},
        {"s3://bucket/model.tar.gz", "s3://bucket/empty", NULL, ERR_SPEC,
         "model 'two': there is no object 's3://bucket/empty'", 28},
        {"s3://bucket/model.tar.gz", "missing.tar.gz", NULL, ERR_NOT_FOUND,
         "model 'two': no file '", 28},
        {"s3://bucket/model.tar.gz\n",
         "m.tar.gz\n      sha256: "
         "1111111111111111111111111111111111111111111111111111111111111111\n",
         NULL, ERR_SPEC, "not the pinned one", 29},
        {"version: \"1.7-1\"", "version: \"9.9-1\"", NULL, ERR_SPEC,
         "no multi-model image of XGBoost version '9.9-1' is known", 17},
        {"region: us-east-1", "region: us-east-9", NULL, ERR_SPEC,
         "no XGBoost image is known for region 'us-east-9'", 12},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str text = STR(SPEC_TEST_BASE);
        if (cases[i].account == NULL)
            text = changed(*state, cases[i].find, cases[i].replace);
        AUTO(building_done) struct building b = building_new(*state, text);
        b.t->account = cases[i].account;
        assert_fails(build(&b), cases[i].code, &b.err, cases[i].part);
        if (b.err.at.line != cases[i].line)
            fail_msg("%s: line %u", cases[i].part, b.err.at.line);
    }
}

static void a_prefix_is_no_artifact(void **state)
{
    struct loaded loaded = load_text(*state, STR(SPEC_TEST_BASE));
    struct spec spec = *loaded.specs.items[0];
    spec.models[1].artifact.value = STR("s3://bucket/folder/");
    struct building b = {.t = toy_new(scene_new(*state, false, 0)), .spec = &spec};
    assert_fails(build(&b), ERR_SPEC, &b.err, "there is no object 's3://bucket/folder/'");
    building_done(&b);
}

static void a_pinned_file_is_the_pinned_one(void **state)
{
    struct str digest = fp_of(*state, "m.tar.gz", 0);
    struct str pinned = str_fmt(*state, "m.tar.gz\n      sha256: " STR_FMT "\n", STR_ARG(digest));
    struct str text = changed(*state, "s3://bucket/model.tar.gz\n", str_z(*state, pinned));
    AUTO(building_done) struct building b = building_new(*state, text);
    assert_ok(build(&b), &b.err);
    assert_str_len(b.want->models[1].sha256, digest);
}

#define WITH_SETS(text) "  modelSets:\n" text "  endpoint:\n    name: demo\n    targetModels"
#define ONLY_SETS \
    "  models:\n    - name: one\n      hyperparameters: {num_round: 25, max_depth: 2, eta: " \
    "0.3}\n    " \
    "- name: two\n      artifact: s3://bucket/model.tar.gz\n"

static void a_partition_makes_models(void **state)
{
    struct str text = changed(
        *state, "  endpoint:\n    name: demo\n    targetModels",
        WITH_SETS("    - {name: \"p-{key}\", partition: {column: 0}, hyperparameters: {num_round: "
                  "2, csv_weights: 1}}\n"));
    AUTO(building_done) struct building b = building_new(*state, text);
    assert_ok(build(&b), &b.err);
    assert_int_equal(b.want->n_models, 4);
    const struct want_model *p = want_find_model(b.want, STR("p-a"));
    assert_str(p->set, "p-{key}");
    assert_str_len(p->fp, fingerprint_model(*state, b.want, p));
    assert_str_len(p->job, name_thing(*state, b.want, 't', p->fp));
    assert_false(str_eq(p->fp, want_find_model(b.want, STR("p-b"))->fp));
    assert_str_len(p->channels[0].digest, fp_of(*state, "data/train.csv|a", 0));
    assert_true(str_starts(p->channels[0].s3_uri, b.want->home));
    /* The same rows under another value are another model. */
    struct want_model other = *p;
    other.set_value = STR("z");
    assert_false(str_eq(fingerprint_model(*state, b.want, &other), p->fp));
    assert_int_equal(b.want->n_channels, 2); /* model one's */
    /* Alone, the set reads the files; nobody else does. */
    AUTO(building_done)
    struct building alone = building_new(*state, text_replace(*state, text, ONLY_SETS, ""));
    assert_ok(build(&alone), &alone.err);
    assert_int_equal(alone.want->n_models, 2);
    assert_int_equal(alone.want->n_channels, 0);
    AUTO(building_done)
    struct building bad =
        building_new(*state, text_replace(*state, text, "data/train.csv", "data/ragged.csv"));
    assert_fails(build(&bad), ERR_SPEC, &bad.err, "channel 'train': row 2 has 3 columns");
    assert_int_equal(bad.err.at.line, 21);
}

static void a_matrix_may_have_sources_of_its_own(void **state)
{
    struct str text = changed(
        *state, "  endpoint:\n    name: demo\n    targetModels",
        WITH_SETS("    - name: c-{r}-{d}\n      matrix: {r: [us, eu], d: [1, 2]}\n      channels: "
                  "{train: {source: \"{r}.csv\", contentType: text/csv}}\n      hyperparameters: "
                  "{num_round: 2, max_depth: \"{d}\"}\n    - {name: \"s-{d}\", matrix: {d: [1]}, "
                  "hyperparameters: {num_round: 2}}\n"));
    AUTO(building_done) struct building b = building_new(*state, text);
    assert_ok(build(&b), &b.err);
    assert_int_equal(b.want->n_models, 7);
    const struct want_model *us = want_find_model(b.want, STR("c-us-1"));
    assert_str(us->set, "c-{r}-{d}");
    assert_int_equal(us->n_channels, 2);
    assert_str(us->channels[0].name, "train");
    assert_str_len(us->channels[0].digest, fp_of(*state, "us.csv", 0));
    assert_str(us->channels[0].index, "train:us.csv");
    assert_str(us->channels[1].index, "validation"); /* training's */
    assert_null(want_find_model(b.want, STR("s-1"))->channels);
    AUTO(building_done)
    struct building missing =
        building_new(*state, text_replace(*state, text, "[us, eu]", "[us, missing]"));
    assert_fails(build(&missing), ERR_NOT_FOUND, &missing.err, "channel 'train': no file '");
}

/* Files are read many at a time; the one that is not there is still the one that is named. */
static void one_file_of_many_is_missing(void **state)
{
    struct arena *arena = *state;
    AUTO(buf_done) struct buf models = BUF_INIT(KIB(16));
    for (int i = 0; i < 99; i++)
        buf_fmt(
            &models, "    - {name: z%02d, artifact: %s%02d.tar.gz}\n", i,
            i == 70      ? "missing"
            : i % 9 == 3 ? "s3://bucket/"
                         : "m",
            i);
    struct str text =
        str_fmt(arena, "  models:\n" STR_FMT "    - name: one\n", STR_ARG(buf_str(&models)));
    text = text_replace(
        arena, STR(SPEC_TEST_BASE), "  models:\n    - name: one\n", str_z(arena, text));
    AUTO(building_done) struct building b = building_new(arena, text);
    assert_fails(build(&b), ERR_NOT_FOUND, &b.err, "model 'z70': no file '");
    text = text_replace(arena, text, "missing70", "m70");
    AUTO(building_done) struct building whole = building_new(arena, text);
    assert_ok(build(&whole), &whole.err);
    const struct want_model *last = &whole.want->models[whole.want->n_models - 1];
    assert_str(last->name, "z98");
    assert_str_len(last->sha256, fp_of(arena, "m98.tar.gz", 0)); /* the toy's digest of a name */
}

static void channels_in_s3_are_read_where_they_are(void **state)
{
    struct str text = changed(*state, "data/train.csv", "s3://b/folder/");
    AUTO(building_done) struct building b = building_new(*state, text);
    assert_ok(build(&b), &b.err);
    assert_true(str_is_null(b.want->channels[0].key));
    assert_str(b.want->channels[0].s3_uri, "s3://b/folder/");
    assert_str_len(b.want->channels[0].digest, fp_of(*state, "s3://b/folder/", 0));
}

/* An image of the user's own is the algorithm. */
static void own_images(void **state)
{
    struct str text = changed(
        *state, "algorithm: {name: xgboost, version: \"1.7-1\"}\n",
        "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/mine@sha256:aa\n");
    text = text_replace(*state, text, "container: {", "container: {image: other:1, ");
    AUTO(building_done) struct building b = building_new(*state, text);
    assert_ok(build(&b), &b.err);
    assert_str_len(b.want->algorithm_name, b.want->image);
    assert_str(b.want->algorithm_version, "");
    assert_true(str_is_null(b.want->image_version));
    assert_str(b.want->serving_image, "other:1");
}

static void tearing_down_needs_names_alone(void **state)
{
    struct str text = changed(*state, "data/train.csv", "data/missing.csv");
    AUTO(building_done) struct building b = building_new(*state, text);
    b.destroy = true;
    assert_ok(build(&b), &b.err);
    assert_int_equal(b.want->n_models + b.want->n_channels, 0);
    assert_str(b.want->endpoint, "demo");
    assert_str(b.want->home, "s3://sagemaker-us-east-1-123456789012/demo");
    b.t->r.account = STR("210987654321");
    assert_fails(build(&b), ERR_REFUSED, &b.err, "the credentials belong to account");
}

static void the_outline_needs_nobody(void **state)
{
    AUTO(building_done) struct building b = building_new(*state, STR(SPEC_TEST_BASE));
    struct want outline;
    struct str account = account_of_arn(b.spec->role.value);
    assert_str(account, "123456789012");
    assert_true(str_is_null(account_of_arn(STR("arn:aws"))));
    assert_ok(desired_outline(*state, b.spec, account, &outline, &b.err), &b.err);
    assert_int_equal(outline.n_models + outline.n_channels, 0);
    assert_ok(build(&b), &b.err);
    assert_str_len(outline.uid, b.want->uid);
    assert_str_len(outline.home, b.want->home);
    assert_str_len(outline.endpoint, b.want->endpoint);
    assert_str_len(outline.image, b.want->image);
    AUTO(building_done)
    struct building far = building_new(*state, changed(*state, "us-east-1", "mars-north-1"));
    assert_fails(
        desired_outline(*state, far.spec, account, &outline, &far.err), ERR_SPEC, &far.err,
        "no XGBoost image is known for region 'mars-north-1'");
}

static void containers(void **state)
{
    AUTO(building_done)
    struct building b = building_new(*state, STR(SPEC_TEST_CONTAINERS));
    assert_ok(build(&b), &b.err);
    const struct want *w = b.want;
    assert_int_equal(w->mode, WANT_DIRECT);
    assert_true(w->stable);
    assert_int_equal(w->n_containers, 3); /* in the spec's order */
    assert_str(w->containers[0].name, "two");
    assert_str_len(w->containers[0].image, w->image);
    assert_true(w->containers[0].has_model);
    assert_str(w->containers[1].image, "own/image:1");
    assert_str(w->containers[1].environment[0].name, "A");
    assert_int_equal(w->containers[1].n_environment, 2);
    assert_false(w->containers[2].has_model);
    assert_int_equal(w->n_models, 2); /* by name */
    assert_str(w->models[0].name, "one");
    assert_false(w->models[0].trained);
    assert_true(w->models[1].trained);
    assert_false(want_is_empty(w));
    b.destroy = true;
    assert_ok(build(&b), &b.err);
    assert_int_equal(b.want->mode, WANT_DIRECT);
    struct want outline;
    assert_ok(desired_outline(*state, b.spec, STR("123456789012"), &outline, &b.err), &b.err);
    assert_int_equal(outline.n_containers, 3);
}

static void what_the_endpoint_is_asked_for(void **state)
{
    static const struct {
        const char *block;
        enum want_move move;
        int64_t percent, instances, wait_s;
    } moves[] = {
        {"update: {allAtOnce: {bake: 2m}}", MOVE_ALL_AT_ONCE, 0, 0, 120},
        {"update: {canary: {percent: 10, bake: 2m}}", MOVE_CANARY, 10, 0, 120},
        {"update: {linear: {percent: 20, interval: 1m}}", MOVE_LINEAR, 20, 0, 60},
        {"update: {rolling: {percent: 30, interval: 1m}}", MOVE_ROLLING, 30, 0, 60},
        {"update: {terminationWait: 1m}", MOVE_AS_USUAL, 0, 0, 0},
        {"update: {canary: {instances: 2, bake: 5s}}\n    autoscaling: {min: 2, max: 6, "
         "targetInvocationsPerInstance: 100}",
         MOVE_CANARY, 0, 2, 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        AUTO(building_done)
        struct building b = building_new(
            *state,
            changed(
                *state, "    targetModels: stable",
                str_z(
                    *state, str_fmt(*state, "    targetModels: stable\n    %s", moves[i].block))));
        assert_ok(build(&b), &b.err);
        const struct want_update *update = b.want->update;
        assert_int_equal(update->move, moves[i].move);
        assert_int_equal(update->percent, moves[i].percent);
        assert_int_equal(update->instances, moves[i].instances);
        assert_int_equal(update->wait_s, moves[i].wait_s);
        assert_int_equal(b.want->scaling != NULL, i == 5);
    }
    AUTO(building_done)
    struct building b = building_new(
        *state,
        changed(
            *state, "    targetModels: stable",
            "    update: {allAtOnce: {bake: 2m}, rollbackAlarms: [a, b]}\n"
            "    autoscaling: {min: 1, max: 4, targetInvocationsPerInstance: 100}\n"
            "    dataCapture: {percent: 10, destination: \"s3://records/x\", mode: output}\n"
            "    vpc: {subnets: [subnet-a, subnet-b], securityGroups: [sg-a]}\n"
            "    kmsKey: alias/d\n    networkIsolation: true\n"
            "    startup: {healthCheckTimeout: 2m, modelDownloadTimeout: 3m}\n"
            "    logs: {retentionDays: 14}"));
    assert_ok(build(&b), &b.err);
    const struct want *w = b.want;
    assert_int_equal(w->update->n_alarms, 2);
    assert_str(w->update->alarms[1].name, "b");
    assert_int_equal(w->scaling->max, 4);
    assert_int_equal(w->scaling->in_cooldown_s, 300);
    assert_true(w->capture->output && !w->capture->input);
    assert_str(w->capture->destination, "s3://records/x");
    assert_int_equal(w->n_subnets + w->n_security_groups, 3);
    assert_str(w->subnets[1], "subnet-b");
    assert_str(w->disk_key, "alias/d");
    assert_true(w->isolated);
    assert_int_equal(w->health_check_timeout_s, 120);
    assert_int_equal(w->download_timeout_s, 180);
    assert_int_equal(w->retention_days, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_the_endpoint_is_asked_for),
        WITH_ARENA(containers),
        WITH_ARENA(all_of_it),
        WITH_ARENA(models_and_channels_are_sorted),
        WITH_ARENA(the_caller_may_know_account_and_region),
        WITH_ARENA(faults),
        WITH_ARENA(a_prefix_is_no_artifact),
        WITH_ARENA(a_pinned_file_is_the_pinned_one),
        WITH_ARENA(a_partition_makes_models),
        WITH_ARENA(a_matrix_may_have_sources_of_its_own),
        WITH_ARENA(one_file_of_many_is_missing),
        WITH_ARENA(channels_in_s3_are_read_where_they_are),
        WITH_ARENA(own_images),
        WITH_ARENA(tearing_down_needs_names_alone),
        WITH_ARENA(the_outline_needs_nobody),
    };
    return cmocka_run_group_tests_name("desired", tests, NULL, NULL);
}
