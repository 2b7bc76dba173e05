#include "tests/unit/engine/reconcile/gate_scene.h"

#include "engine/reconcile/observe.h"
#include "engine/reconcile/regions.h"

/* One spec in two regions: the same models, each with a world of its own. */
struct pair {
    struct scene *at[2];
    struct reconciler reconcilers[2];
    struct regional regions[2];
};

static struct pair *pair_new(struct arena *arena, bool stable, bool here, size_t n_models)
{
    static const char *const s_names[] = {"us-east-1", "eu-west-1"};
    struct pair *pair = ARENA_NEW(arena, struct pair);
    for (size_t i = 0; i < 2; i++) {
        struct scene *s = pair->at[i] = scene_trained(arena, stable, n_models);
        s->want.trains_here = here;
        s->want.region = str_from(s_names[i]);
        s->want.bucket = str_fmt(arena, "bucket-%s", s_names[i]);
        s->want.home = str_fmt(arena, "s3://bucket-%s/demo", s_names[i]);
        s->seen.jobs_listed = true;
        pair->reconcilers[i].arena = arena;
    }
    return pair;
}

/* Each by itself, then together. */
static void share(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < pair->at[i]->want.n_models; k++)
            pair->at[i]->want.models[k].elsewhere = NULL; /* of the run before */
        assert_ok(plan(pair->at[i]), &pair->at[i]->err);
        pair->regions[i] = (struct regional){&pair->reconcilers[i], pair->at[i]->plan, {0}};
    }
    regions_share(pair->regions, 2);
    for (size_t i = 0; i < 2; i++)
        if (pair->regions[i].plan != NULL)
            pair->at[i]->plan = pair->regions[i].plan;
}

static void counts(struct pair *pair, size_t first, size_t second)
{
    assert_int_equal(pair->at[0]->plan->n_add, first);
    assert_int_equal(pair->at[1]->plan->n_add, second);
}

static struct artifact_plan *artifact(struct scene *s)
{
    return must_find(s, KIND_ARTIFACT, ACTION_CREATE)->subject;
}

/* As an apply of this region alone would leave it. */
static void arrive_at(struct pair *pair, size_t index)
{
    arrive(pair->at[index]);
}

static void the_first_region_trains(void **state)
{
    for (int i = 0; i < 4; i++) {
        bool stable = (i & 1) != 0, here = (i & 2) != 0;
        enum kind_id kind = here ? KIND_LOCAL_TRAINING : KIND_TRAINING_JOB;
        struct pair *pair = pair_new(*state, stable, here, 1);
        share(pair);
        const struct change *lead = must_find(pair->at[0], kind, ACTION_CREATE);
        const struct change *follower = must_find(pair->at[1], kind, ACTION_CREATE);
        assert_null(((const struct training_plan *) lead->subject)->lead);
        assert_ptr_equal(((const struct training_plan *) follower->subject)->lead, lead);
        assert_true(follower->uncounted && follower->removal_half);
        assert_false(lead->uncounted || lead->removal_half);
        counts(pair, here ? 5 : 8, here ? 5 : 7);
        const struct change *put = must_find(pair->at[1], KIND_ARTIFACT, ACTION_CREATE);
        assert_str(put->note, "trained once, in us-east-1");
        assert_true(waits_for(put, follower));
        assert_int_equal(pair->at[1]->plan->training.jobs, 0);
    }
}

/* Under its lease a region is planned anew, and another that has no bucket for one yet is not:
 * nobody waits for a training of a plan that will not be carried out. */
static void whoever_is_planned_again_is_followed_again(void **state)
{
    for (int gone = 0; gone < 2; gone++) {
        struct pair *pair = pair_new(*state, false, true, 1);
        share(pair);
        const struct change *before = must_find(pair->at[0], KIND_LOCAL_TRAINING, ACTION_CREATE);
        if (gone == 1) /* another content is trained there now */
            change_model(pair->at[0], 0, 2);
        assert_ok(plan(pair->at[0]), &pair->at[0]->err);
        pair->regions[0].plan = pair->at[0]->plan;
        regions_share(pair->regions, 2);
        pair->at[1]->plan = pair->regions[1].plan;
        const struct change *lead = must_find(pair->at[0], KIND_LOCAL_TRAINING, ACTION_CREATE);
        const struct training_plan *follower =
            must_find(pair->at[1], KIND_LOCAL_TRAINING, ACTION_CREATE)->subject;
        assert_ptr_not_equal(lead, before);
        if (gone == 0)
            assert_ptr_equal(follower->lead, lead);
        else
            assert_null(follower->lead);
    }
}

static void what_is_there_is_copied(void **state)
{
    for (int i = 0; i < 4; i++) {
        bool stable = (i & 1) != 0;
        size_t has = (i & 2) != 0;
        struct pair *pair = pair_new(*state, stable, true, 1);
        assert_ok(plan(pair->at[has]), &pair->at[has]->err);
        arrive_at(pair, has);
        share(pair);
        struct scene *taker = pair->at[1 - has];
        assert_true(plan_is_empty(pair->at[has]->plan));
        assert_null(find(taker, KIND_LOCAL_TRAINING, ACTION_CREATE));
        const struct artifact_plan *copy = artifact(taker);
        assert_int_equal(copy->source, ARTIFACT_COPY);
        assert_str_len(copy->from_bucket, pair->at[has]->want.bucket);
        assert_str_len(copy->from_region, pair->at[has]->want.region);
        const struct seen_object *source = map_get(pair->at[has]->seen.objects, copy->from_key);
        assert_non_null(source);
        assert_str_len(copy->from_etag, source->etag);
        assert_str(
            copy->change->note, has == 0 ? "copied from us-east-1" : "copied from eu-west-1");
        arrive_at(pair, 1 - has);
        share(pair);
        counts(pair, 0, 0);
    }
}

/* What waits to be copied within a region is copied from there to the others, too: also by way of
 * a third. */
static void what_a_job_made_is_copied(void **state)
{
    struct pair *pair = pair_new(*state, false, false, 1);
    put_job(pair->at[0], pair->at[0]->want.models[0].job, "Completed", NULL);
    share(pair);
    const struct artifact_plan *first = artifact(pair->at[0]), *second = artifact(pair->at[1]);
    assert_str_len(second->from_key, first->from_key);
    assert_str(second->from_bucket, "bucket-us-east-1");
    assert_str(second->from_region, "us-east-1");
    assert_null(find(pair->at[1], KIND_TRAINING_JOB, ACTION_CREATE));

    struct scene *third = scene_trained(*state, false, 1);
    third->seen.jobs_listed = true;
    assert_ok(plan(third), &third->err);
    struct reconciler r = {.arena = *state};
    struct regional three[] = {
        {&r, NULL, {0}}, {&r, pair->at[1]->plan, {0}}, {&r, third->plan, {0}}};
    regions_share(three, 3);
    third->plan = three[2].plan;
    assert_str(artifact(third)->from_region, "us-east-1");
    assert_str(artifact(third)->from_bucket, "bucket-us-east-1");
}

static void other_content_is_no_help(void **state)
{
    struct pair *pair = pair_new(*state, false, true, 1);
    change_model(pair->at[0], 0, 2);
    share(pair);
    const struct change *own = must_find(pair->at[1], KIND_LOCAL_TRAINING, ACTION_CREATE);
    assert_null(((const struct training_plan *) own->subject)->lead);
    arrive_at(pair, 0);
    share(pair);
    assert_int_equal(artifact(pair->at[1])->source, ARTIFACT_TRAINED);
}

static void a_model_of_one_region_is_its_own(void **state)
{
    struct pair *pair = pair_new(*state, false, true, 2);
    pair->at[0]->want.n_models = 1;
    share(pair);
    size_t own = 0, shared = 0;
    for (size_t i = 0; i < pair->at[1]->plan->changes.len; i++) {
        const struct change *change = pair->at[1]->plan->changes.items[i];
        if (change->kind != KIND_LOCAL_TRAINING)
            continue;
        bool led = ((const struct training_plan *) change->subject)->lead != NULL;
        own += !led;
        shared += led;
    }
    assert_int_equal(own, 1);
    assert_int_equal(shared, 1);
}

static void nobody_waits_for_who_takes_no_part(void **state)
{
    struct pair *pair = pair_new(*state, false, true, 1);
    for (size_t i = 0; i < 2; i++)
        assert_ok(plan(pair->at[i]), &pair->at[i]->err);
    struct regional regions[] = {
        {&pair->reconcilers[0], NULL, {0}}, {&pair->reconcilers[1], pair->at[1]->plan, {0}}};
    regions_share(regions, 2);
    assert_ptr_equal(regions[1].plan, pair->at[1]->plan);
    /* Neither is anything shared by what is taken down. */
    for (size_t i = 0; i < 2; i++) {
        arrive_at(pair, i);
        assert_ok(plan_as(pair->at[i], PLAN_DESTROY), &pair->at[i]->err);
        regions[i].plan = pair->at[i]->plan;
    }
    regions_share(regions, 2);
    assert_ptr_equal(regions[0].plan, pair->at[0]->plan);
}

/* ---- what comes of a training ---- */

static void a_run_that_ends_leaves_nobody_waiting(void **state)
{
    struct pair *pair = pair_new(*state, false, false, 1);
    share(pair);
    struct change *lead = must_find(pair->at[0], KIND_TRAINING_JOB, ACTION_CREATE);
    const struct want_model *model = &pair->at[1]->want.models[0];
    regions_give_up(pair->at[0]->plan);
    assert_int_equal(lead->outcome, OUTCOME_SKIPPED);
    assert_int_equal(
        must_find(pair->at[0], KIND_ARTIFACT, ACTION_CREATE)->outcome, OUTCOME_SKIPPED);
    assert_int_equal(must_find(pair->at[0], KIND_MODEL, ACTION_CREATE)->outcome, OUTCOME_PENDING);
    /* Planned once more, it is a training of its own. */
    assert_non_null(model->elsewhere);
    plan_ok(pair->at[1], 8, 0, 0);
    const struct change *own = must_find(pair->at[1], KIND_TRAINING_JOB, ACTION_CREATE);
    assert_null(((const struct training_plan *) own->subject)->lead);
    lead->outcome = OUTCOME_FAILED;
    plan_ok(pair->at[1], 8, 0, 0);
}

/* The second plan of a run, after its trainings. */
static void a_training_that_is_done_is_copied(void **state)
{
    struct pair *pair = pair_new(*state, false, false, 1);
    share(pair);
    struct change *lead = must_find(pair->at[0], KIND_TRAINING_JOB, ACTION_CREATE);
    struct training_plan *training = lead->subject;
    lead->outcome = OUTCOME_DONE;
    training->artifact = STR("s3://bucket-us-east-1/demo/training/j/output/model.tar.gz");
    training->metrics = scene_metrics(pair->at[0]);
    assert_ok(plan(pair->at[1]), &pair->at[1]->err);
    assert_null(find(pair->at[1], KIND_TRAINING_JOB, ACTION_CREATE));
    const struct artifact_plan *copy = artifact(pair->at[1]);
    assert_str(copy->from_bucket, "bucket-us-east-1");
    assert_str(copy->from_key, "demo/training/j/output/model.tar.gz");
    assert_ptr_equal(copy->metrics, training->metrics);
}

static void a_job_that_failed_here_is_made_up_for_elsewhere(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct pair *pair = pair_new(*state, stable == 1, false, 2);
        assert_ok(plan(pair->at[1]), &pair->at[1]->err);
        arrive_at(pair, 1);
        put_job(pair->at[0], pair->at[0]->want.models[0].job, "Failed", "AlgorithmError: no");
        share(pair);
        assert_int_equal(pair->at[0]->plan->n_left_out, 0);
        assert_null(find(pair->at[0], KIND_TRAINING_JOB, ACTION_CREATE));
        /* And waits for it where it is only just made. */
        pair = pair_new(*state, stable == 1, false, 2);
        put_job(pair->at[1], pair->at[1]->want.models[0].job, "Failed", "AlgorithmError: no");
        share(pair);
        assert_int_equal(pair->at[1]->plan->n_left_out, 0);
    }
}

static void made_anew_on_request(void **state)
{
    struct pair *pair = pair_new(*state, true, true, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(plan(pair->at[i]), &pair->at[i]->err);
        arrive_at(pair, i);
    }
    static const struct str again[] = {STR_INIT("aws_s3_object.model[\"m0\"]")};
    pair->at[1]->options.replaces = again;
    pair->at[1]->options.n_replaces = 1;
    pair->reconcilers[1].replaces = again;
    pair->reconcilers[1].n_replaces = 1;
    share(pair);
    const struct change *change = must_find(pair->at[1], KIND_ARTIFACT, ACTION_REPLACE);
    assert_int_equal(((const struct artifact_plan *) change->subject)->source, ARTIFACT_TRAINED);
}

/* ---- before anything is removed ---- */

struct reading {
    struct reconciler *r;
    struct change *change;
    enum outcome seen; /* when the wait was over */
};

static void read_late(void *arg)
{
    struct reading *reading = arg;
    loop_sleep_ms(reading->r->loop, 10);
    reading->change->outcome = OUTCOME_DONE;
}

static void wait_and_see(void *arg)
{
    struct reading *reading = arg;
    struct task *task = loop_spawn(reading->r->loop, read_late, reading);
    regions_wait_for_readers(reading->r);
    reading->seen = reading->change->outcome;
    loop_join(reading->r->loop, task);
}

static void what_others_copy_stays_until_they_have_it(void **state)
{
    struct pair *pair = pair_new(*state, false, true, 1);
    assert_ok(plan(pair->at[0]), &pair->at[0]->err);
    arrive_at(pair, 0);
    share(pair);
    struct reconciler *r = &pair->reconcilers[0];
    assert_int_equal(r->readers.len, 1);
    assert_ptr_equal(r->readers.items[0], must_find(pair->at[1], KIND_ARTIFACT, ACTION_CREATE));
    assert_int_equal(pair->reconcilers[1].readers.len, 0);
    struct reading reading = {
        .r = r, .change = must_find(pair->at[1], KIND_ARTIFACT, ACTION_CREATE)};
    r->loop = loop_new(clock_system());
    loop_run(r->loop, wait_and_see, &reading);
    assert_int_equal(reading.seen, OUTCOME_DONE);
    loop_free(r->loop);
    /* Once it is there, nobody reads any more. */
    arrive_at(pair, 1);
    share(pair);
    assert_int_equal(r->readers.len, 0);
}

/* ---- gates ---- */

static void gates_judge_copies(void **state)
{
    for (int passes = 0; passes < 2; passes++) {
        struct pair *pair = pair_new(*state, false, false, 1);
        for (size_t i = 0; i < 2; i++)
            gate(pair->at[i], passes != 0 ? 0.4 : 0.6);
        put_job(pair->at[0], pair->at[0]->want.models[0].job, "Completed", NULL);
        share(pair);
        if (passes != 0) {
            assert_str(artifact(pair->at[1])->from_region, "us-east-1");
            assert_non_null(artifact(pair->at[1])->metrics);
            continue;
        }
        assert_int_equal(pair->at[1]->plan->held.len, 1);
        const struct plan_context *context = pair->at[1]->plan->context;
        assert_int_equal(context->held.len, 1);
        const struct artifact_plan *candidate = context->held.items[0].candidate;
        assert_str(candidate->from_bucket, "bucket-us-east-1");
        assert_str(candidate->from_region, "us-east-1");
    }
}

/* ---- around a plan ---- */

static void another_run_is_told_of_still(void **state)
{
    struct pair *pair = pair_new(*state, false, true, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(plan(pair->at[i]), &pair->at[i]->err);
        pair->at[i]->plan->other_run = STR("apply in progress by somebody");
        reconcile_warn_other_run(&pair->reconcilers[i], pair->at[i]->plan);
        pair->regions[i] = (struct regional){&pair->reconcilers[i], pair->at[i]->plan, {0}};
    }
    regions_share(pair->regions, 2);
    const struct plan *again = pair->regions[1].plan;
    assert_ptr_not_equal(again, pair->at[1]->plan);
    assert_int_equal(again->warnings.len, 1);
    assert_str(again->warnings.items[0].message, "apply in progress by somebody");
}

static void a_region_that_cannot_be_planned_again(void **state)
{
    struct pair *pair = pair_new(*state, false, true, 1);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(plan(pair->at[i]), &pair->at[i]->err);
        pair->regions[i] = (struct regional){&pair->reconcilers[i], pair->at[i]->plan, {0}};
    }
    static const struct str nowhere[] = {STR_INIT("aws_s3_object.model[\"nobody\"]")};
    pair->reconcilers[1].targets = nowhere;
    pair->reconcilers[1].n_targets = 1;
    regions_share(pair->regions, 2);
    assert_non_null(pair->regions[0].plan);
    assert_null(pair->regions[1].plan);
    assert_int_equal(pair->regions[1].err.code, ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(the_first_region_trains),
        WITH_ARENA(whoever_is_planned_again_is_followed_again),
        WITH_ARENA(what_is_there_is_copied),
        WITH_ARENA(what_a_job_made_is_copied),
        WITH_ARENA(other_content_is_no_help),
        WITH_ARENA(a_model_of_one_region_is_its_own),
        WITH_ARENA(nobody_waits_for_who_takes_no_part),
        WITH_ARENA(a_run_that_ends_leaves_nobody_waiting),
        WITH_ARENA(a_training_that_is_done_is_copied),
        WITH_ARENA(a_job_that_failed_here_is_made_up_for_elsewhere),
        WITH_ARENA(made_anew_on_request),
        WITH_ARENA(what_others_copy_stays_until_they_have_it),
        WITH_ARENA(gates_judge_copies),
        WITH_ARENA(another_run_is_told_of_still),
        WITH_ARENA(a_region_that_cannot_be_planned_again),
    };
    return cmocka_run_group_tests_name("engine/reconcile/regions", tests, NULL, NULL);
}
