#include "tests/unit/engine/reconcile/scene.h"

static void jobs_are_asked_for_only_when_something_trains(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = scene_trained(*state, stable == 1, 2);
        assert_ok(plan(s), &s->err);
        assert_true(s->gaps.list_jobs);
        s->seen.jobs_listed = true;
        plan_ok(s, 10, 0, 0); /* bucket, 2 data, 2 jobs, 2 artifacts, model, config, endpoint */
        arrive(s);
        s->seen.jobs.len = 0;
        s->seen.jobs_listed = false;
        settled(s); /* what is published needs no job any more */
    }
}

static void a_job_needs_its_data_and_an_artifact_its_job(void **state)
{
    struct scene *s = scene_trained(*state, false, 1);
    s->seen.jobs_listed = true;
    plan_ok(s, 8, 0, 0);
    const struct change *job = must_find(s, KIND_TRAINING_JOB, ACTION_CREATE);
    const struct change *artifact = must_find(s, KIND_ARTIFACT, ACTION_CREATE);
    const struct change *bucket = must_find(s, KIND_BUCKET, ACTION_CREATE);
    assert_int_equal(job->n_needs, 3); /* the bucket and both channels */
    assert_true(waits_for(job, must_find(s, KIND_DATA, ACTION_CREATE)));
    assert_true(waits_for(artifact, job));
    assert_true(waits_for(job, bucket));
    assert_str(job->note, "");
    assert_str(artifact->note, "from its training job");
    const struct artifact_plan *subject = artifact->subject;
    assert_str_len(subject->job, s->want.models[0].job);
    assert_true(str_is_null(subject->from_key)); /* known when the job has ended */
    const struct training_plan *training = job->subject;
    assert_int_equal(training->attempt, 1);
    assert_non_null(training->request);
}

/* ---- what the last attempt left ---- */

enum result { USES, ATTACHES, TRAINS, LEAVES_OUT, REFUSES, ASKS };

struct job_case {
    const char *what, *status, *reason;
    bool no_output, settings_changed, retry, foreign, unseen;
    enum result result;
};

static const struct job_case s_jobs[] = {
    {.what = "completed", .status = "Completed", .result = USES},
    {.what = "completed, settings changed since",
     .status = "Completed",
     .settings_changed = true,
     .result = USES},
    {.what = "completed with --retry-failed", .status = "Completed", .retry = true, .result = USES},
    {.what = "completed, its output deleted",
     .status = "Completed",
     .no_output = true,
     .result = TRAINS},
    {.what = "running", .status = "InProgress", .result = ATTACHES},
    {.what = "running, settings changed since",
     .status = "InProgress",
     .settings_changed = true,
     .result = ATTACHES},
    {.what = "being stopped", .status = "Stopping", .result = TRAINS},
    {.what = "stopped by somebody", .status = "Stopped", .result = TRAINS},
    {.what = "out of time",
     .status = "Stopped",
     .reason = "MaxRuntimeExceeded",
     .result = LEAVES_OUT},
    {.what = "out of time, more of it now",
     .status = "Stopped",
     .reason = "MaxRuntimeExceeded",
     .settings_changed = true,
     .result = TRAINS},
    {.what = "no capacity",
     .status = "Failed",
     .reason = "CapacityError: Unable to provision requested ML compute capacity",
     .result = TRAINS},
    {.what = "internal error",
     .status = "Failed",
     .reason = "InternalServerError: We encountered an internal error",
     .result = TRAINS},
    {.what = "the algorithm failed",
     .status = "Failed",
     .reason = "AlgorithmError: exit code 1",
     .result = LEAVES_OUT},
    {.what = "the data are wrong",
     .status = "Failed",
     .reason = "ClientError: not a csv",
     .result = LEAVES_OUT},
    {.what = "the algorithm failed, settings changed since",
     .status = "Failed",
     .reason = "AlgorithmError: exit code 1",
     .settings_changed = true,
     .result = TRAINS},
    {.what = "the algorithm failed, --retry-failed",
     .status = "Failed",
     .reason = "AlgorithmError: exit code 1",
     .retry = true,
     .result = TRAINS},
    {.what = "deleted since the listing", .status = "Deleted", .result = TRAINS},
    {.what = "somebody else's", .status = "Completed", .foreign = true, .result = REFUSES},
    {.what = "somebody else's, running",
     .status = "InProgress",
     .foreign = true,
     .result = REFUSES},
    {.what = "not looked at yet", .status = "Completed", .unseen = true, .result = ASKS},
};

static void check_job(struct arena *arena, const struct job_case *c, bool stable)
{
    struct scene *s = scene_trained(arena, stable, 2);
    struct str name = s->want.models[0].job;
    struct seen_job *job = put_job(s, name, c->status, c->reason);
    put_job(s, s->want.models[1].job, "Completed", NULL); /* the other one is always there */
    job = &s->seen.jobs.items[0];
    s->seen.bucket.present = true;
    s->options.retry_failed = c->retry;
    if (c->no_output)
        drop_object(s, job_output_key(s, name));
    if (c->settings_changed)
        s->want.models[0].settings_hash = STR("other settings");
    if (str_eq_z(job->status, "Deleted"))
        job->settings_hash = STR_NULL;
    if (c->foreign)
        job->owner = OWNER_OTHER;
    if (c->unseen)
        job->inspected = false;
    if (c->result == REFUSES) {
        assert_fails(plan(s), ERR_CONFLICT, &s->err, "exists and is not this stack's");
        return;
    }
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->gaps.jobs.len > 0, c->result == ASKS);
    if (c->result == ASKS) {
        assert_str_len(s->gaps.jobs.items[0]->name, name);
        return;
    }
    assert_int_equal(s->plan->n_left_out, c->result == LEAVES_OUT);
    assert_int_equal(s->plan->warnings.len, c->result == LEAVES_OUT);
    const struct change *training = find(s, KIND_TRAINING_JOB, ACTION_CREATE);
    assert_int_equal(training != NULL, c->result == TRAINS || c->result == ATTACHES);
    if (training != NULL) {
        const struct training_plan *subject = training->subject;
        assert_int_equal(subject->attach, c->result == ATTACHES);
        assert_int_equal(training->uncounted, c->result == ATTACHES);
        assert_int_equal(subject->attempt, c->result == ATTACHES ? 1 : 2);
        assert_str_len(
            training->name, name_job_attempt(arena, name, c->result == ATTACHES ? 1 : 2));
    }
    if (c->result == USES) {
        const struct artifact_plan *artifact = must_find(s, KIND_ARTIFACT, ACTION_CREATE)->subject;
        assert_str_len(artifact->from_key, job_output_key(s, name));
        assert_false(str_is_null(artifact->from_etag));
        assert_str_len(artifact->job, name);
        assert_true(json_get_num(artifact->metrics, "validation:auc", 0) > 0.4);
    }
    /* Whatever became of the one, the other is served. */
    assert_non_null(find(s, KIND_ENDPOINT, ACTION_CREATE));
    size_t artifacts = c->result == LEAVES_OUT ? 1 : 2;
    const struct plan_context *context = s->plan->context;
    assert_int_equal(context->artifacts.len, artifacts);
    arrive(s);
    assert_int_equal(s->seen.record.models.len, artifacts);
}

static void what_the_last_attempt_left(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(s_jobs); i++)
        for (int stable = 0; stable < 2; stable++) {
            print_message("# %s, %s\n", s_jobs[i].what, stable ? "stable" : "versioned");
            check_job(*state, &s_jobs[i], stable == 1);
        }
}

/* On spot instances an attempt goes on from what the one before it left; what was completed is
 * trained anew. */
static void where_a_spot_job_goes_on(void **state)
{
    static const struct {
        const char *status, *reason;
        bool own;
    } cases[] = {
        {NULL, NULL, false},
        {"Failed", "InternalServerError: again", false},
        {"Stopped", NULL, false},
        {"Completed", NULL, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene *s = scene_trained(*state, false, 1);
        s->seen.jobs_listed = true;
        s->want.max_wait_s = 7200;
        if (cases[i].status != NULL)
            put_job(s, s->want.models[0].job, cases[i].status, cases[i].reason);
        if (cases[i].own) /* its output is gone */
            s->seen.jobs.items[0].artifact = STR("s3://elsewhere/model.tar.gz");
        assert_ok(plan(s), &s->err);
        const struct training_plan *subject =
            must_find(s, KIND_TRAINING_JOB, ACTION_CREATE)->subject;
        struct str uri = json_get_str(json_get(subject->request, "CheckpointConfig"), "S3Uri");
        assert_true(str_ends(uri, STR("/checkpoints")));
        struct str job = cases[i].own ? subject->job : s->want.models[0].job;
        assert_true(
            str_find(uri, str_fmt(*state, "/" STR_FMT "/checkpoints", STR_ARG(job))) != SIZE_MAX);
    }
}

static void the_highest_attempt_decides(void **state)
{
    static const struct {
        unsigned attempts[3];
        const char *last;
        enum result result;
        unsigned attempt;
    } cases[] = {
        {{1, 2, 0}, "Completed", USES, 2},      {{10, 9, 2}, "Completed", USES, 10},
        {{1, 3, 2}, "InProgress", ATTACHES, 3}, {{1, 2, 3}, "Stopped", TRAINS, 4},
        {{9, 10, 0}, "Stopped", TRAINS, 11},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene *s = scene_trained(*state, false, 1);
        unsigned highest = 0;
        for (size_t k = 0; k < 3; k++)
            highest = cases[i].attempts[k] > highest ? cases[i].attempts[k] : highest;
        for (size_t k = 0; k < 3 && cases[i].attempts[k] > 0; k++) {
            unsigned n = cases[i].attempts[k];
            put_job(
                s, name_job_attempt(s->arena, s->want.models[0].job, n),
                n == highest ? cases[i].last : "Failed", "AlgorithmError: exit code 1");
        }
        assert_ok(plan(s), &s->err);
        const struct change *artifact = must_find(s, KIND_ARTIFACT, ACTION_CREATE);
        const struct artifact_plan *subject = artifact->subject;
        assert_int_equal(name_attempt_of(s->want.models[0].job, subject->job), cases[i].attempt);
        assert_int_equal(
            find(s, KIND_TRAINING_JOB, ACTION_CREATE) == NULL, cases[i].result == USES);
    }
}

/* ---- models that cannot be made ---- */

static void fail_job(struct scene *s, size_t index)
{
    put_job(s, s->want.models[index].job, "Failed", "AlgorithmError: exit code 1");
}

static void left_out_models_are_said_and_counted(void **state)
{
    struct scene *s = scene_trained(*state, true, 3);
    fail_job(s, 1);
    put_job(s, s->want.models[0].job, "Completed", NULL);
    put_job(s, s->want.models[2].job, "Completed", NULL);
    plan_ok(s, 8, 0, 0);
    assert_int_equal(s->plan->n_left_out, 1);
    assert_int_equal(s->plan->warnings.len, 1);
    assert_non_null(strstr(
        str_z(*state, s->plan->warnings.items[0].message),
        "model 'm1' is left out: training job 'demo-abcdefgh-t-"));
    assert_true(str_ends(
        s->plan->warnings.items[0].message, STR("ended Failed: AlgorithmError: exit code 1")));
    arrive(s);
    settled(s); /* and it is said again every time */
    assert_int_equal(s->plan->n_left_out, 1);
    assert_int_equal(s->plan->warnings.len, 1);
}

static void without_any_model_nothing_is_deployed(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = scene_trained(*state, stable == 1, 2);
        fail_job(s, 0);
        fail_job(s, 1);
        assert_ok(plan(s), &s->err);
        assert_int_equal(s->plan->n_left_out, 2);
        assert_null(find(s, KIND_MODEL, ACTION_CREATE));
        assert_null(find(s, KIND_ENDPOINT, ACTION_CREATE));
        const struct plan_context *context = s->plan->context;
        assert_true(str_is_null(context->wanted_config));
    }
}

/* A published model whose new content cannot be made keeps what it has. */
static void a_changed_model_that_fails_keeps_its_old_artifact(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = scene_trained(*state, stable == 1, 2);
        s->seen.jobs_listed = true;
        plan_ok(s, 10, 0, 0);
        arrive(s);
        struct record before = s->seen.record;
        change_model(s, 0, 2);
        fail_job(s, 0);
        settled(s);
        assert_int_equal(s->plan->n_left_out, 1);
        /* The other one changes as well: in stable mode the old artifact moves along. */
        change_model(s, 1, 2);
        put_job(s, s->want.models[1].job, "Completed", NULL);
        assert_ok(plan(s), &s->err);
        const struct plan_context *context = s->plan->context;
        assert_int_equal(context->artifacts.len, 2);
        assert_str_len(context->artifacts.items[0]->fp, before.models.items[0].live.fp);
        assert_int_equal(
            context->artifacts.items[0]->change->action, stable ? ACTION_UPDATE : ACTION_NOOP);
        arrive(s);
        settled(s);
        const struct record_model *kept = record_find(&s->seen.record, STR("m0"));
        assert_non_null(kept);
        assert_str_len(kept->live.fp, before.models.items[0].live.fp);
        assert_non_null(map_get(s->seen.objects, kept->live.key));
    }
}

static void what_this_run_could_not_make_is_left_out(void **state)
{
    for (int stable = 0; stable < 2; stable++) {
        struct scene *s = scene_new(*state, stable == 1, 2);
        s->want.models[1].failed = true;
        plan_ok(s, 5, 0, 0);
        assert_int_equal(s->plan->n_left_out, 1);
        assert_int_equal(s->plan->warnings.len, 0); /* said when it failed */
    }
}

/* ---- training in this process ---- */

static void training_here(void **state)
{
    struct scene *s = scene_trained(*state, false, 2);
    s->want.trains_here = true;
    plan_ok(s, 6, 0, 0); /* trainings and data are no things on AWS */
    const struct change *training = must_find(s, KIND_LOCAL_TRAINING, ACTION_CREATE);
    const struct training_plan *subject = training->subject;
    assert_null(find(s, KIND_DATA, ACTION_CREATE));
    assert_false(s->gaps.list_jobs);
    const struct change *artifact = must_find(s, KIND_ARTIFACT, ACTION_CREATE);
    const struct artifact_plan *bytes = artifact->subject;
    assert_int_equal(bytes->source, ARTIFACT_TRAINED);
    assert_ptr_equal(bytes->trained, subject->trained);
    assert_true(waits_for(artifact, training));
    /* The second plan of a run finds what the first one trained. */
    want_run_edit(s->arena, &s->want.models[0])->result = subject->trained;
    plan_ok(s, 6, 0, 0);
    size_t trainings = 0;
    for (size_t i = 0; i < s->plan->changes.len; i++)
        trainings += s->plan->changes.items[i]->kind == KIND_LOCAL_TRAINING;
    assert_int_equal(trainings, 1);
    arrive(s);
    settled(s);
}

/* ---- the data ---- */

static void data_objects(void **state)
{
    struct scene *s = scene_trained(*state, false, 1);
    s->seen.jobs_listed = true;
    plan_ok(s, 8, 0, 0);
    const struct change *upload = must_find(s, KIND_DATA, ACTION_CREATE);
    assert_str(upload->address, "aws_s3_object.data[\"train\"]");
    assert_str_len(upload->name, s->want.channels[0].key);
    arrive(s);
    settled(s);
    /* Half an upload, or somebody's other content: replaced, and only as it was seen. */
    struct seen_object *object = map_get(s->seen.objects, s->want.channels[0].key);
    object->size--;
    plan_ok(s, 1, 0, 1);
    const struct change *again = must_find(s, KIND_DATA, ACTION_REPLACE);
    const struct object_plan *subject = again->subject;
    assert_int_equal(again->reason, REASON_CHANGED_OUTSIDE);
    assert_int_equal(subject->n_objects, 1);
    assert_str_len(subject->objects[0]->etag, object->etag);
    object->size++;
    /* Other data: the old object goes when it is ours. */
    s->want.channels[0].key = STR("demo/data/" SAMPLE_ARTIFACT_SHA "/train.csv");
    plan_ok(s, 1, 0, 1);
    const struct change *removal = must_find(s, KIND_DATA, ACTION_DELETE);
    assert_str(removal->address, "aws_s3_object.data[\"11111111/train.csv\"]");
    object->owner = OWNER_OTHER;
    plan_ok(s, 1, 0, 0);
    object->owner = OWNER_UNKNOWN;
    assert_ok(plan(s), &s->err);
    assert_int_equal(s->gaps.objects.len, 1);
}

static void channels_that_need_no_upload(void **state)
{
    struct scene *s = scene_trained(*state, false, 1);
    s->seen.jobs_listed = true;
    s->want.channels[0].path = s->want.channels[0].key = STR_NULL; /* s3:// */
    plan_ok(s, 7, 0, 0);
    s->want.channels[0] = s->want.channels[1]; /* two names for one file */
    s->want.channels[0].name = STR("train");
    plan_ok(s, 7, 0, 0);
    arrive(s);
    settled(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(jobs_are_asked_for_only_when_something_trains),
        WITH_ARENA(a_job_needs_its_data_and_an_artifact_its_job),
        WITH_ARENA(what_the_last_attempt_left),
        WITH_ARENA(where_a_spot_job_goes_on),
        WITH_ARENA(the_highest_attempt_decides),
        WITH_ARENA(left_out_models_are_said_and_counted),
        WITH_ARENA(without_any_model_nothing_is_deployed),
        WITH_ARENA(a_changed_model_that_fails_keeps_its_old_artifact),
        WITH_ARENA(what_this_run_could_not_make_is_left_out),
        WITH_ARENA(training_here),
        WITH_ARENA(data_objects),
        WITH_ARENA(channels_that_need_no_upload),
    };
    return cmocka_run_group_tests_name("planner_training", tests, NULL, NULL);
}
