/* tests/unit/engine/reconcile/toy.h - a scene behind the seam of engine/plan/world.h: a world
 * without AWS whose changes end as a script says, on a clock that moves only when all wait.
 *
 * Header-only. Checks stand outside of tasks: a test runs the reconciler by toy_*() and then looks
 * at what came of it: t->trace (calls in order), t->events, the scene.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_TOY_H
#define TESTS_UNIT_ENGINE_RECONCILE_TOY_H

#include "tests/unit/engine/reconcile/toy_base.h"
#include "tests/unit/engine/reconcile/toy_lease.h"

/* ---- the ops ---- */

static UNUSED enum err_code toy_identity(
    struct world *world,
    struct arena *arena,
    struct str *ret_account,
    struct str *ret_arn,
    struct err *err)
{
    (void) arena, (void) err;
    struct toy *t = toy_of(world);
    *ret_account = str_from(t->account != NULL ? t->account : "123456789012");
    *ret_arn = STR("arn");
    return ERR_NONE;
}

static UNUSED void toy_will_digest(struct world *world, struct str path)
{
    (void) world;
    assert_false(str_is_null(path));
}

/* A file's digest is made of its name; what is called "missing" is. */
static UNUSED enum err_code toy_digest_file(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct str *ret_sha256,
    uint64_t *ret_size,
    struct err *err)
{
    (void) world;
    if (str_find(path, STR("missing")) != SIZE_MAX)
        return err_set(err, ERR_NOT_FOUND, "no file '" STR_FMT "'", STR_ARG(path));
    struct str base = str_from_index(path, str_rindex(path, '/') + 1);
    *ret_sha256 = fp_of(arena, str_z(arena, base), 0);
    *ret_size = base.len;
    return ERR_NONE;
}

static UNUSED enum err_code toy_check_channel(
    struct world *world, const struct want_channel *channel, bool csv_weights, struct err *err)
{
    toy_note(&toy_of(world)->trace, csv_weights ? "check weighted" : "check", channel->name);
    if (str_find(channel->source, STR("ragged")) != SIZE_MAX)
        return err_set(err, ERR_SPEC, "row 2 has 3 columns");
    return ERR_NONE;
}

static UNUSED enum err_code toy_check_artifact(
    struct world *world, const struct want *want, const struct want_model *model, struct err *err)
{
    (void) want;
    toy_note(&toy_of(world)->trace, "check", model->name);
    if (str_find(model->source, STR("broken")) != SIZE_MAX)
        return err_set(err, ERR_SPEC, "it is no tar.gz");
    return ERR_NONE;
}

/* What is called "missing" is; of the rest the name is all there is. */
static UNUSED enum err_code toy_read_payload(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct want_check *check,
    struct err *err)
{
    (void) world, (void) arena;
    if (str_find(path, STR("missing")) != SIZE_MAX)
        return err_set(err, ERR_NOT_FOUND, "no file '" STR_FMT "'", STR_ARG(path));
    check->body = path;
    check->rows = 2;
    return ERR_NONE;
}

static UNUSED enum err_code toy_read_golden(
    struct world *world,
    struct arena *arena,
    struct str path,
    struct want_check *check,
    struct err *err)
{
    (void) world;
    if (str_find(path, STR("short")) != SIZE_MAX)
        return err_set(err, ERR_SPEC, "it has 1 row, the payload has 2");
    double *expected = ARENA_ARRAY(arena, 2, double);
    expected[0] = (double) path.len;
    check->expected = expected;
    check->n_expected = 2;
    return ERR_NONE;
}

static UNUSED enum err_code toy_call_model(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    const struct artifact_plan *artifact,
    const struct want_check *check,
    struct str *ret_fault,
    struct err *err)
{
    (void) arena, (void) want, (void) check;
    struct toy *t = toy_of(world);
    t->n_called++;
    toy_note(&t->trace, "call", artifact->name);
    for (size_t i = 0; i < t->n_answers; i++) {
        const struct toy_answer *answer = &t->answers[i];
        if (!str_eq_z(artifact->name, answer->model))
            continue;
        if (answer->cancels)
            loop_cancel(t->loop);
        if (answer->code != ERR_NONE)
            return err_set(err, answer->code, "%s", answer->fault);
        *ret_fault = str_from(answer->fault);
    }
    return ERR_NONE;
}

/* s3://.../empty: nothing there; a prefix (with '/' at its end) has no ETag of its own. */
static UNUSED enum err_code toy_digest_s3(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str uri,
    bool any_region,
    struct str *ret_digest,
    struct str *ret_etag,
    uint64_t *ret_size,
    struct err *err)
{
    (void) world, (void) want, (void) any_region;
    if (str_ends(uri, STR("empty")))
        return err_set(err, ERR_NOT_FOUND, "nothing under '" STR_FMT "'", STR_ARG(uri));
    if (str_ends(uri, STR("denied")))
        return err_set(err, ERR_DENIED, "s3:ListBucket is not allowed");
    *ret_digest = fp_of(arena, str_z(arena, uri), 0);
    *ret_etag = str_ends(uri, STR("/")) ? STR_NULL : STR("\"etag\"");
    *ret_size = uri.len;
    return ERR_NONE;
}

/* Of the values "a" and "b", two rows each; their digests follow from source and value. */
static UNUSED enum err_code toy_split_channel(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    const struct want_channel *channel,
    const struct split_options *options,
    struct split **ret_split,
    struct err *err)
{
    (void) world, (void) want, (void) options;
    if (str_find(channel->source, STR("ragged")) != SIZE_MAX) {
        err_set(err, ERR_SPEC, "row 2 has 3 columns");
        err->at.line = 2;
        return ERR_SPEC;
    }
    static const struct str s_values[] = {STR_INIT("a"), STR_INIT("b")};
    struct split *split = ARENA_NEW(arena, struct split);
    *split = (struct split){ARENA_ARRAY(arena, 2, struct split_part), 2, 4, 1, NULL};
    for (size_t i = 0; i < 2; i++) {
        struct str id =
            str_fmt(arena, STR_FMT "|" STR_FMT, STR_ARG(channel->source), STR_ARG(s_values[i]));
        split->parts[i] = (struct split_part){s_values[i], 2, fp_of(arena, str_z(arena, id), 0), 8};
    }
    *ret_split = split;
    return ERR_NONE;
}

/* As a listing has it: without owners and fingerprints. */
static UNUSED enum err_code toy_observe(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    bool destroy,
    struct snapshot *out,
    struct err *err)
{
    (void) want;
    struct toy *t = toy_of(world);
    const struct snapshot *real = &t->s->seen;
    toy_note(&t->trace, destroy ? "observe all" : "observe", STR_NULL);
    if (t->fails_observing != ERR_NONE)
        return err_set(err, t->fails_observing, "s3:ListBucket is not allowed");
    if (++t->n_observed == t->fails_at_observe)
        return err_set(err, ERR_TRANSIENT, "the bucket does not answer");
    if (t->n_observed == t->intruder_at_observe)
        t->s->seen.record.store_etag = STR("\"theirs\"");
    if (t->log_group_comes_back && t->n_observed == 2)
        t->s->seen.log_group = true;
    *out = *real;
    out->objects = map_new(arena);
    for (size_t i = 0; i < map_len(real->objects); i++) {
        struct seen_object *copy = ARENA_NEW(arena, struct seen_object);
        *copy = *(const struct seen_object *) map_value_at(real->objects, i);
        copy->owner = OWNER_UNKNOWN;
        copy->fp = STR_NULL;
        copy->tampered = false;
        map_put(out->objects, copy->key, copy);
    }
    if (t->endpoint_ends)
        remove_endpoint(t->s, t->s->seen.endpoint.name);
    memset(&out->models, 0, sizeof(out->models));
    memset(&out->configs, 0, sizeof(out->configs));
    memset(&out->jobs, 0, sizeof(out->jobs));
    for (size_t i = 0; i < real->models.len; i++)
        *VEC_PUSH(arena, &out->models) = real->models.items[i];
    for (size_t i = 0; i < real->configs.len; i++)
        *VEC_PUSH(arena, &out->configs) = real->configs.items[i];
    out->jobs_listed = false;
    return destroy ? t->world.ops->list_jobs(world, arena, want, out, err) : ERR_NONE;
}

static UNUSED enum err_code toy_inspect(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_object *object,
    struct err *err)
{
    (void) arena, (void) want;
    struct toy *t = toy_of(world);
    loop_sleep_ms(t->loop, 10);
    t->n_inspected++;
    if (t->fails_inspecting != ERR_NONE)
        return err_set(err, t->fails_inspecting, "s3:GetObject is not allowed");
    const struct seen_object *real = map_get(t->s->seen.objects, object->key);
    object->owner = real != NULL && real->owner == OWNER_US ? OWNER_US : OWNER_OTHER;
    object->fp = real != NULL ? real->fp : STR_NULL;
    object->metrics = real != NULL ? real->metrics : NULL;
    object->check = real != NULL ? real->check : STR_NULL;
    return ERR_NONE;
}

static UNUSED enum err_code toy_inspect_job(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_job *job,
    struct err *err)
{
    (void) arena, (void) want, (void) err;
    struct toy *t = toy_of(world);
    t->n_inspected_jobs++;
    for (size_t i = 0; i < t->s->seen.jobs.len; i++)
        if (str_eq(t->s->seen.jobs.items[i].name, job->name))
            *job = t->s->seen.jobs.items[i];
    job->inspected = true;
    return ERR_NONE;
}

static UNUSED enum err_code toy_describe(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct seen_endpoint *out,
    struct err *err)
{
    (void) arena, (void) want;
    struct toy *t = toy_of(world);
    *out = t->s->seen.endpoint;
    *VEC_PUSH(t->s->arena, &t->polls) = t->now_ms;
    if (t->statuses != NULL) {
        out->status = str_from(t->statuses[0]);
        t->statuses += t->statuses[1] != NULL;
    }
    return str_eq(out->status, STR("500")) ? err_set(err, ERR_TRANSIENT, "500") : ERR_NONE;
}

static UNUSED enum err_code toy_list_jobs(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct snapshot *seen,
    struct err *err)
{
    (void) want, (void) err;
    struct toy *t = toy_of(world);
    t->n_listed++;
    seen->jobs.len = 0;
    for (size_t i = 0; i < t->s->seen.jobs.len; i++)
        *VEC_PUSH(arena, &seen->jobs) = (struct seen_job){
            .name = t->s->seen.jobs.items[i].name, .status = t->s->seen.jobs.items[i].status};
    seen->jobs_listed = true;
    return ERR_NONE;
}

static UNUSED enum err_code toy_record_write(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct str text,
    struct str if_etag,
    struct str *ret_etag,
    struct err *err)
{
    (void) want, (void) arena;
    struct toy *t = toy_of(world);
    struct record *record = &t->s->seen.record;
    t->n_written++;
    toy_note(&t->trace, "write record", STR_NULL);
    if (t->record_takes_ms > 0)
        loop_sleep_ms(t->loop, t->record_takes_ms);
    bool matches = str_is_null(if_etag) ? !record->present
                                        : record->present && str_eq(record->store_etag, if_etag);
    if (!matches || t->n_written == t->lose_write)
        return err_set(err, ERR_PRECONDITION, "412");
    enum err_code code = record_parse(t->s->arena, str_dup(t->s->arena, text), record, err);
    record->store_etag = str_fmt(t->s->arena, "\"r%zu\"", t->n_written);
    *ret_etag = record->store_etag;
    return code;
}

static UNUSED enum err_code toy_record_read(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct record *out,
    struct err *err)
{
    (void) arena, (void) want, (void) err;
    *out = toy_of(world)->s->seen.record;
    return ERR_NONE;
}

static UNUSED enum err_code
toy_record_delete(struct world *world, const struct want *want, struct str if_etag, struct err *err)
{
    (void) want;
    struct toy *t = toy_of(world);
    t->n_deleted++;
    toy_note(&t->trace, "delete record", STR_NULL);
    if (t->lose_record_at_delete || !str_eq(t->s->seen.record.store_etag, if_etag))
        return err_set(err, ERR_PRECONDITION, "412");
    t->s->seen.record = (struct record){0};
    return ERR_NONE;
}

static UNUSED enum err_code toy_probe(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct record *record,
    struct err *err)
{
    (void) arena, (void) want, (void) err;
    struct toy *t = toy_of(world);
    t->n_probed++;
    record->conditions_known = true;
    record->conditions_missing = t->conditions_missing;
    return ERR_NONE;
}

static UNUSED enum err_code toy_remove_objects(
    struct world *world,
    struct arena *arena,
    const struct want *want,
    struct change **changes,
    size_t count,
    struct err *err)
{
    struct toy *t = toy_of(world);
    for (size_t i = 0; i < count; i++)
        toy_note(&t->trace, "remove", changes[i]->address);
    if (t->fails_removing != ERR_NONE)
        return err_set(err, t->fails_removing, "the bucket does not answer");
    for (size_t i = 0; i < count; i++) {
        const struct toy_script *script = toy_script(t, changes[i]);
        if (script->code == ERR_NONE) {
            scene_do(t->s, want, changes[i]);
            changes[i]->outcome = OUTCOME_DONE;
            continue;
        }
        changes[i]->outcome = OUTCOME_FAILED;
        changes[i]->err = ARENA_NEW(arena, struct err);
        toy_fail(script, changes[i]->err);
    }
    return ERR_NONE;
}

static UNUSED enum err_code toy_abort_uploads(
    struct world *world, const struct want *want, const struct snapshot *seen, struct err *err)
{
    (void) want;
    struct toy *t = toy_of(world);
    t->n_aborted += seen->uploads.len;
    if (t->uploads_stay > 0 && t->uploads_stay-- > 0)
        return seen->uploads.len == 0 ? ERR_NONE : err_set(err, ERR_DENIED, "s3:Abort");
    t->s->seen.uploads.len = 0;
    return ERR_NONE;
}

static UNUSED enum err_code toy_start(struct world *world, struct world_call *call, struct err *err)
{
    struct toy *t = toy_of(world);
    const struct toy_script *script = toy_script(t, call->change);
    toy_note(&t->trace, "start", call->change->address);
    if (script->at_start)
        return toy_fail(script, err);
    unsigned *pending = ARENA_NEW(call->arena, unsigned);
    *pending = script->pending;
    call->state = pending;
    t->inside++;
    t->most_inside = t->inside > t->most_inside ? t->inside : t->most_inside;
    return ERR_NONE;
}

static UNUSED enum err_code
toy_poll(struct world *world, struct world_call *call, struct settle *out, struct err *err)
{
    struct toy *t = toy_of(world);
    const struct toy_script *script = toy_script(t, call->change);
    unsigned *pending = call->state;
    *VEC_PUSH(t->s->arena, &t->polls) = t->now_ms;
    if (script->cancels)
        loop_cancel(t->loop);
    if (*pending > 0) {
        --*pending;
        *out = (struct settle){.state = SETTLE_PENDING, .status = STR("Working")};
        return ERR_NONE;
    }
    t->inside--;
    *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
    if (script->code != ERR_NONE)
        return toy_fail(script, err);
    if (!t->without_effects)
        scene_do(t->s, call->want, call->change);
    toy_note(&t->trace, "done", call->change->address);
    return ERR_NONE;
}

static const struct world_ops s_toy_ops = {
    .identity = toy_identity,
    .digest_file = toy_digest_file,
    .will_digest = toy_will_digest,
    .check_channel = toy_check_channel,
    .check_artifact = toy_check_artifact,
    .read_payload = toy_read_payload,
    .read_golden = toy_read_golden,
    .call_model = toy_call_model,
    .digest_s3 = toy_digest_s3,
    .split_channel = toy_split_channel,
    .observe = toy_observe,
    .inspect = toy_inspect,
    .inspect_job = toy_inspect_job,
    .describe_endpoint = toy_describe,
    .list_jobs = toy_list_jobs,
    .record_write = toy_record_write,
    .record_read = toy_record_read,
    .record_delete = toy_record_delete,
    .lease_read = toy_lease_read,
    .lease_write = toy_lease_write,
    .lease_delete = toy_lease_delete,
    .probe_conditions = toy_probe,
    .remove_objects = toy_remove_objects,
    .abort_uploads = toy_abort_uploads,
    .start = toy_start,
    .poll = toy_poll,
};

/* ---- the clock and the loop ---- */

static UNUSED int64_t toy_now(void *self)
{
    return ((struct toy *) self)->now_ms;
}

static UNUSED void toy_wait(void *self, int64_t timeout_ms, int wake_fd)
{
    struct toy *t = self;
    (void) wake_fd;
    if (timeout_ms < 0)
        fail_msg("every task waits and nothing can wake one");
    t->now_ms += timeout_ms;
}

static UNUSED int64_t toy_wall(void *self)
{
    return toy_now(self) + ((struct toy *) self)->wall_skew_ms;
}

static const struct clock_ops s_toy_clock = {toy_wall, toy_now};
static const struct loop_poller_ops s_toy_poller = {toy_wait};

/* "TYPE name: text", with the seconds since the change's start where it has any. */
static UNUSED void toy_event(void *arg, const struct event *event)
{
    static const char *const names[] = {
        [EVENT_OBSERVE] = "observe", [EVENT_WAIT] = "wait",         [EVENT_START] = "start",
        [EVENT_STATUS] = "status",   [EVENT_PROGRESS] = "progress", [EVENT_DONE] = "done",
        [EVENT_FAILED] = "failed",   [EVENT_SKIPPED] = "skipped",   [EVENT_LOG] = "log",
        [EVENT_WARNING] = "warning", [EVENT_NOTE] = "note",         [EVENT_LEASE] = "lease"};
    struct toy *t = arg;
    struct str name = event->change != NULL ? event->change->address : event->name;
    buf_fmt(&t->events, "%s " STR_FMT, names[event->type], STR_ARG(name));
    if (event->text.len > 0)
        buf_fmt(&t->events, ": " STR_FMT, STR_ARG(event->text));
    if (event->elapsed_ms > 0)
        buf_fmt(&t->events, " after %lld ms", (long long) event->elapsed_ms);
    buf_add_char(&t->events, '\n');
}

static UNUSED struct toy *toy_new(struct scene *s)
{
    struct toy *t = xmalloc(sizeof(*t));
    *t = (struct toy){
        .world = {&s_toy_ops},
        .s = s,
        .now_ms = INT64_C(1790000000000),
        .trace = BUF_INIT(MIB(1)),
        .events = BUF_INIT(MIB(1))};
    t->loop = loop_new((struct clock){&s_toy_clock, t});
    loop_set_poller(t->loop, &s_toy_poller, t);
    loop_set_offload(t->loop, 0);
    t->r = (struct reconciler){
        .arena = s->arena,
        .loop = t->loop,
        .world = &t->world,
        .writer = STR("me@here"),
        .on_event = toy_event,
        .event_arg = t};
    return t;
}

static UNUSED void toy_close(struct toy **t)
{
    loop_free((*t)->loop);
    buf_done(&(*t)->trace);
    buf_done(&(*t)->events);
    xfree(*t);
}

/* ---- the reconciler, run ---- */

static UNUSED void toy_plan_task(void *arg)
{
    struct toy *t = arg;
    t->code = observe_and_plan(
        &t->r, &t->s->want, t->plan != NULL ? t->plan->mode : PLAN_APPLY, &t->plan, &t->err);
}

static UNUSED void toy_execute_task(void *arg)
{
    struct toy *t = arg;
    t->code = reconcile_execute(&t->r, t->plan, &t->report, &t->err);
}

static UNUSED enum err_code toy_plan(struct toy *t, enum plan_mode mode)
{
    struct plan wanted = {.mode = mode};
    t->plan = &wanted;
    t->err = (struct err){0};
    loop_run(t->loop, toy_plan_task, t);
    return t->code;
}

/* Plans and carries out; forgets what was traced before. */
static UNUSED enum err_code toy_go(struct toy *t, enum plan_mode mode)
{
    if (toy_plan(t, mode) != ERR_NONE)
        return t->code;
    t->trace.len = t->events.len = 0;
    t->inside = t->most_inside = 0;
    t->report = (struct report){0};
    loop_run(t->loop, toy_execute_task, t);
    return t->code;
}

static UNUSED bool traced(const struct toy *t, const char *line)
{
    return str_find(buf_str(&t->trace), str_from(line)) != SIZE_MAX;
}

static UNUSED bool told(const struct toy *t, const char *line)
{
    return str_find(buf_str(&t->events), str_from(line)) != SIZE_MAX;
}

/* Both lines are in the trace, in this order. */
static UNUSED bool traced_before(const struct toy *t, const char *first, const char *second)
{
    size_t a = str_find(buf_str(&t->trace), str_from(first));
    size_t b = str_find(buf_str(&t->trace), str_from(second));
    return a != SIZE_MAX && b != SIZE_MAX && a < b;
}

#endif
