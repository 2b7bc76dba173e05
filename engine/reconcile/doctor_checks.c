#include "engine/reconcile/doctor_internal.h"

#include <stdarg.h>

/* In the order they are shown: what a check rests on stands before it. */
static const struct {
    const char *name, *meaning;
    check_fn *check;
} s_checks[] = {
    {"credentials", "AWS accepts the credentials", check_credentials},
    {"clock", "this machine's clock agrees with AWS's", check_clock},
    {"spec", "account, files and images of the spec are there", check_spec},
    {"bucket", "the bucket exists, in the stack's region", check_bucket},
    {"public-access", "nobody else can be given access to the bucket", check_public},
    {"encryption", "objects are encrypted by default", check_encryption},
    {"versioning", "what is deleted does not stay as an old version", check_versioning},
    {"lifecycle", "unfinished uploads are ended by a rule", check_uploads_rule},
    {"conditions", "the store honours conditional requests", check_conditions},
    {"role", "SageMaker may work as the execution role", check_role},
    {"image", "the container image is one SageMaker can pull here", check_image},
    {"record", "the stack's record can be read and is this stack's", check_record},
    {"lease", "no other run is at work", check_lease},
    {"artifacts", "every published artifact is there, as it was recorded", check_artifacts},
    {"endpoint", "the endpoint is in service", check_endpoint},
    {"progress", "the endpoint is not stuck between states", check_stuck},
    {"failure", "the endpoint's last update went through", check_failure},
    {"parts", "the endpoint's configuration and model still exist", check_parts},
    {"failed-config", "no configuration was tried in vain", check_failed_config},
    {"targets", "the endpoint can invoke every model of the spec", check_targets},
    {"training", "no training job of the spec's models failed", check_jobs},
    {"uploads", "no upload was left unfinished", check_uploads},
    {"garbage", "nothing lies around unused", check_garbage},
    {"drift", "AWS is as the spec says", check_drift},
};

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_OK] = "ok",
        [VERDICT_WARN] = "warn",
        [VERDICT_FAIL] = "fail",
        [VERDICT_SKIPPED] = "skipped"};
    return names[verdict];
}

void finding_set(struct judging *j, enum verdict verdict, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    j->out->verdict = verdict;
    j->out->text = str_dup(j->arena, str_from(text));
}

void finding_hint(struct judging *j, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    j->out->hint = str_dup(j->arena, str_from(text));
}

void finding_error(struct judging *j, const struct err *err)
{
    bool denied = err->code == ERR_DENIED;
    finding_set(
        j, denied ? VERDICT_SKIPPED : VERDICT_FAIL, "%s%s", denied ? "could not check: " : "",
        err->message);
    if (err->hint[0] != '\0')
        finding_hint(j, "%s", err->hint);
}

bool judging_has_want(struct judging *j)
{
    if (j->c->want != NULL)
        return true;
    finding_set(j, VERDICT_SKIPPED, "could not check: the account or the spec could not be read");
    return false;
}

bool judging_has_world(struct judging *j)
{
    if (!judging_has_want(j))
        return false;
    if (j->c->seen != NULL)
        return true;
    finding_set(j, VERDICT_SKIPPED, "could not check: %s", j->c->seen_err.message);
    return false;
}

bool judging_has_plan(struct judging *j)
{
    if (!judging_has_world(j))
        return false;
    if (j->c->plan != NULL)
        return true;
    finding_set(j, VERDICT_SKIPPED, "could not check: there is no plan");
    return false;
}

struct diagnosis doctor_judge(struct arena *arena, const struct doctor_case *c)
{
    struct diagnosis out = {
        .items = ARENA_ARRAY(arena, ARRAY_LEN(s_checks), struct finding),
        .len = ARRAY_LEN(s_checks)};
    for (size_t i = 0; i < ARRAY_LEN(s_checks); i++) {
        struct finding *finding = &out.items[i];
        *finding = (struct finding){.check = s_checks[i].name, .meaning = s_checks[i].meaning};
        struct judging judging = {arena, c, finding};
        s_checks[i].check(&judging);
        out.n_ok += finding->verdict == VERDICT_OK;
        out.n_warn += finding->verdict == VERDICT_WARN;
        out.n_fail += finding->verdict == VERDICT_FAIL;
        out.n_skipped += finding->verdict == VERDICT_SKIPPED;
    }
    return out;
}
