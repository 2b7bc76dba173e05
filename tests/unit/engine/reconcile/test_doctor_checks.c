#include "tests/unit/engine/reconcile/scene.h"

#include "engine/reconcile/doctor.h"

struct patient {
    struct scene *s;
    struct doctor_case *c;
    struct plan *plan;
    struct garbage *garbage;
};

/* A stack with which nothing is wrong. */
static struct patient healthy(struct arena *arena)
{
    struct patient p = {.s = scene_trained(arena, false, 2)};
    struct scene *s = p.s;
    s->seen.jobs_listed = true;
    assert_ok(plan(s), &s->err);
    arrive(s);
    settled(s);
    s->want.serving_image =
        str_fmt(arena, "1.dkr.ecr." STR_FMT ".amazonaws.com/own:1", STR_ARG(s->want.region));
    s->seen.record.conditions_known = true;
    s->seen.record.writer = STR("me");
    s->seen.bucket.present = true;
    struct doctor_case *c = p.c = ARENA_NEW(arena, struct doctor_case);
    p.plan = s->plan;
    p.garbage = gc_build(arena, s->plan);
    c->want = &s->want;
    c->seen = &s->seen;
    c->plan = p.plan;
    c->garbage = p.garbage;
    c->now_ms = INT64_C(1790000000000);
    c->lease_known = true;
    struct facts *facts = &c->facts;
    facts->identity = (struct fact){.state = FACT_KNOWN, .text = STR("arn:me")};
    facts->account = STR("123456789012");
    facts->clock_known = true;
    facts->bucket = (struct fact){.state = FACT_KNOWN, .text = s->want.region};
    facts->bucket_private = facts->aborts_uploads = (struct fact){.state = FACT_KNOWN, .yes = true};
    facts->encryption = (struct fact){.state = FACT_KNOWN, .yes = true, .text = STR("AES256")};
    facts->versioned = (struct fact){.state = FACT_KNOWN};
    facts->role = (struct fact){.state = FACT_KNOWN, .yes = true, .text = s->want.role};
    return p;
}

static struct finding judge(struct patient *p, const char *check)
{
    struct diagnosis diagnosis = doctor_judge(p->s->arena, p->c);
    assert_int_equal(
        diagnosis.n_ok + diagnosis.n_warn + diagnosis.n_fail + diagnosis.n_skipped, diagnosis.len);
    for (size_t i = 0; i < diagnosis.len; i++) {
        assert_false(str_is_empty(diagnosis.items[i].text));
        if (strcmp(diagnosis.items[i].check, check) == 0)
            return diagnosis.items[i];
    }
    fail_msg("no check '%s'", check);
    return (struct finding){0};
}

static void expect(struct patient *p, const char *check, enum verdict verdict, const char *text)
{
    struct finding found = judge(p, check);
    if (found.verdict != verdict || str_find(found.text, str_from(text)) == SIZE_MAX)
        fail_msg(
            "%s: %s " STR_FMT ", wanted %s '%s'", check, verdict_name(found.verdict),
            STR_ARG(found.text), verdict_name(verdict), text);
    if ((verdict == VERDICT_FAIL || verdict == VERDICT_WARN) && str_is_null(found.hint))
        fail_msg("%s: no hint with '" STR_FMT "'", check, STR_ARG(found.text));
}

static void nothing_wrong(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    struct diagnosis diagnosis = doctor_judge(arena, p.c);
    for (size_t i = 0; i < diagnosis.len; i++)
        if (diagnosis.items[i].verdict != VERDICT_OK)
            fail_msg("%s: " STR_FMT, diagnosis.items[i].check, STR_ARG(diagnosis.items[i].text));
}

static void denied(struct fact *fact, enum err_code code)
{
    fact->state = FACT_FAILED;
    err_set(&fact->err, code, "no answer");
    err_hint(&fact->err, "ask for it");
}

static void account_and_bucket(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    struct facts *facts = &p.c->facts;
    facts->clock_ahead_ms = 60000;
    expect(&p, "clock", VERDICT_WARN, "60 s ahead");
    facts->clock_ahead_ms = -400000;
    expect(&p, "clock", VERDICT_FAIL, "400 s behind");
    facts->clock_known = false;
    expect(&p, "clock", VERDICT_SKIPPED, "could not check");
    facts->bucket.text = STR("eu-north-1");
    expect(&p, "bucket", VERDICT_FAIL, "is in eu-north-1");
    facts->bucket.state = FACT_ABSENT;
    expect(&p, "bucket", VERDICT_FAIL, "does not exist, and the endpoint does");
    p.s->seen.endpoint.present = false;
    expect(&p, "bucket", VERDICT_OK, "does not exist yet");
    denied(&facts->bucket, ERR_CONFLICT);
    expect(&p, "bucket", VERDICT_FAIL, "no answer");
    facts->bucket_private.yes = facts->encryption.yes = facts->aborts_uploads.yes = false;
    facts->versioned.yes = true;
    expect(&p, "public-access", VERDICT_WARN, "not blocked");
    expect(&p, "encryption", VERDICT_WARN, "no default encryption");
    expect(&p, "versioning", VERDICT_WARN, "versioned");
    expect(&p, "lifecycle", VERDICT_WARN, "no rule");
    facts->versioned.state = FACT_NOT_ASKED;
    expect(&p, "versioning", VERDICT_SKIPPED, "there is no bucket");
    denied(&facts->versioned, ERR_DENIED);
    expect(&p, "versioning", VERDICT_SKIPPED, "could not check: no answer");
    p.s->seen.record.conditions_missing = CONDITION_DELETE;
    expect(&p, "conditions", VERDICT_WARN, "ignores some");
    p.s->seen.record.conditions_known = false;
    expect(&p, "conditions", VERDICT_SKIPPED, "the first apply asks");
}

static void role_and_image(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    struct fact *role = &p.c->facts.role;
    role->yes = false;
    expect(&p, "role", VERDICT_FAIL, "does not trust");
    role->text = STR("arn:aws:iam::1:role/path/other");
    expect(&p, "role", VERDICT_FAIL, "the spec says");
    role->state = FACT_ABSENT;
    expect(&p, "role", VERDICT_FAIL, "there is no role");
    role->state = FACT_NOT_ASKED;
    expect(&p, "role", VERDICT_SKIPPED, "not the ARN of a role");
    p.s->want.serving_image = STR("docker.io/library/xgboost");
    expect(&p, "image", VERDICT_FAIL, "not in Amazon ECR");
    p.s->want.serving_image = STR("1.dkr.ecr.eu-north-1.amazonaws.com/x");
    expect(&p, "image", VERDICT_FAIL, "is in eu-north-1");
    p.s->want.serving_image = STR_NULL;
    expect(&p, "image", VERDICT_SKIPPED, "could not check");
}

static void the_record(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    struct record *record = &p.s->seen.record;
    struct str home = record->home;
    record->home = STR("s3://elsewhere/p");
    expect(&p, "record", VERDICT_WARN, "was written for");
    record->home = STR("");
    expect(&p, "record", VERDICT_FAIL, "cannot be read");
    record->home = home;
    record->uid = STR("zzzzzzzz");
    expect(&p, "record", VERDICT_FAIL, "belongs to stack");
    record->present = false;
    expect(&p, "record", VERDICT_FAIL, "missing");
    p.s->seen.endpoint.present = false;
    expect(&p, "record", VERDICT_OK, "none yet");

    p = healthy(arena);
    record = &p.s->seen.record;
    record->models.items[0].live.size++;
    expect(&p, "artifacts", VERDICT_FAIL, "overwritten");
    record->models.items[1].live.etag = STR("\"x\"");
    expect(&p, "artifacts", VERDICT_FAIL, "and 1 more");
    drop_object(p.s, record->models.items[0].live.key);
    expect(&p, "artifacts", VERDICT_FAIL, "'m0': the artifact is gone");
    expect(&p, "targets", VERDICT_FAIL, "'m0': not published");
    record->failed_config = STR("config");
    record->failed_reason = STR("CapacityError");
    expect(&p, "failed-config", VERDICT_FAIL, "no such instance");
    err_set(&p.c->want_err, ERR_SPEC, "no file");
    err_hint(&p.c->want_err, "make it");
    expect(&p, "targets", VERDICT_SKIPPED, "the spec could not be read");
}

static void the_lease(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    p.c->lease = (struct lease_info){
        .present = true, .id = STR("id"), .operation = STR("apply"), .who = STR("them")};
    expect(&p, "lease", VERDICT_OK, "expired");
    p.c->lease_live = true;
    expect(&p, "lease", VERDICT_WARN, "apply by them");
    p.c->lease_known = false;
    expect(&p, "lease", VERDICT_SKIPPED, "could not be read");
}

static void the_endpoint(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    struct snapshot *seen = &p.s->seen;
    struct json *describe = json_object(arena);
    json_put(
        arena, describe, "LastModifiedTime",
        json_num(arena, (double) p.c->now_ms / 1000 - 61 * 60));
    seen->endpoint.describe = describe;
    seen->endpoint.status = STR("Updating");
    expect(&p, "endpoint", VERDICT_WARN, "is Updating");
    expect(&p, "progress", VERDICT_FAIL, "Updating for 61 min");
    seen->endpoint.status = STR("SystemUpdating");
    expect(&p, "progress", VERDICT_FAIL, "SystemUpdating for 61 min");
    p.c->now_ms -= 60 * 60 * 1000;
    expect(&p, "progress", VERDICT_OK, "SystemUpdating for 1 min");
    seen->endpoint.status = STR("UpdateRollbackFailed");
    expect(&p, "endpoint", VERDICT_FAIL, "UpdateRollbackFailed");
    seen->endpoint.status = STR("Failed");
    seen->endpoint.failure_reason = STR("AccessDenied");
    expect(&p, "endpoint", VERDICT_FAIL, "is Failed");
    expect(&p, "failure", VERDICT_FAIL, "lacks a permission");
    seen->endpoint.status = STR("InService");
    expect(&p, "failure", VERDICT_WARN, "lacks a permission");
    seen->live_model.present = false;
    expect(&p, "parts", VERDICT_FAIL, "the endpoint's model");
    seen->live_config.present = false;
    expect(&p, "parts", VERDICT_FAIL, "the endpoint's configuration");
    seen->endpoint.owner = OWNER_OTHER;
    expect(&p, "endpoint", VERDICT_FAIL, "is not this stack's");
    expect(&p, "parts", VERDICT_SKIPPED, "is not this stack's");
    seen->endpoint.present = false;
    expect(&p, "endpoint", VERDICT_FAIL, "though models are published");
    expect(&p, "targets", VERDICT_SKIPPED, "there is no endpoint");
    seen->record.models.len = 0;
    expect(&p, "endpoint", VERDICT_OK, "does not exist yet");
}

static void jobs_and_garbage(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    put_job(p.s, STR("job"), "Failed", "ClientError: bad");
    expect(&p, "training", VERDICT_FAIL, "1 failed; 'job': ClientError: bad");
    p.s->seen.jobs_listed = false;
    expect(&p, "training", VERDICT_SKIPPED, "not listed");
    *VEC_PUSH(arena, &p.s->seen.uploads) = STR("key\nid");
    expect(&p, "uploads", VERDICT_WARN, "1");
    p.garbage->n_things = 3;
    expect(&p, "garbage", VERDICT_WARN, "3 things");
    p.plan->n_add = 1;
    *VEC_PUSH(arena, &p.plan->warnings) = (struct plan_warning){STR("x"), STR_NULL};
    p.plan->n_left_out = 1;
    expect(&p, "drift", VERDICT_WARN, "1 to add");
}

/* What rests on something that could not be read says so, and is no failure of its own. */
static void what_could_not_be_read(void **state)
{
    (void) state;
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct patient p = healthy(arena);
    p.c->plan = NULL;
    expect(&p, "garbage", VERDICT_SKIPPED, "there is no plan");
    expect(&p, "drift", VERDICT_SKIPPED, "could not check");
    err_set(&p.c->plan_err, ERR_CONFLICT, "in the way");
    err_hint(&p.c->plan_err, "move it");
    expect(&p, "drift", VERDICT_FAIL, "in the way");
    p.c->seen = NULL;
    err_set(&p.c->seen_err, ERR_DENIED, "not allowed");
    for (size_t i = 0; i < 2; i++) {
        struct diagnosis diagnosis = doctor_judge(arena, p.c);
        for (size_t k = 0; k < diagnosis.len; k++) {
            bool own = strcmp(diagnosis.items[k].check, "record") == 0;
            if (own)
                assert_int_equal(diagnosis.items[k].verdict, VERDICT_SKIPPED);
        }
        p.c->want = NULL;
    }
    expect(&p, "spec", VERDICT_SKIPPED, "could not check");
    err_set(&p.c->want_err, ERR_SPEC, "no file");
    err_hint(&p.c->want_err, "make it");
    expect(&p, "spec", VERDICT_FAIL, "no file");
    expect(&p, "credentials", VERDICT_OK, "arn:me, account ");
    p.c->facts.keys_from = STR("the environment");
    expect(&p, "credentials", VERDICT_OK, ", from the environment");
    denied(&p.c->facts.identity, ERR_AUTH);
    expect(&p, "credentials", VERDICT_FAIL, "no answer");
    struct diagnosis diagnosis = doctor_judge(arena, p.c);
    assert_int_equal(diagnosis.n_fail, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_wrong),    cmocka_unit_test(account_and_bucket),
        cmocka_unit_test(role_and_image),   cmocka_unit_test(the_record),
        cmocka_unit_test(the_lease),        cmocka_unit_test(the_endpoint),
        cmocka_unit_test(jobs_and_garbage), cmocka_unit_test(what_could_not_be_read)};
    return cmocka_run_group_tests_name("doctor_checks", tests, NULL, NULL);
}
