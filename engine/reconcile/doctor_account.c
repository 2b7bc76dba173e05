#include "engine/reconcile/doctor_internal.h"

#include "engine/resource/image.h"

/* AWS refuses requests signed more than 5 minutes off, S3 more than 15; mmectl corrects its own
 * signatures, other tools on this machine do not. */
#define SKEW_WARN_S 5
#define SKEW_FAIL_S 300

void check_credentials(struct judging *j)
{
    const struct fact *identity = &j->c->facts.identity;
    struct str from = j->c->facts.keys_from;
    if (identity->state == FACT_KNOWN)
        finding_set(
            j, VERDICT_OK, STR_FMT ", account " STR_FMT "%s" STR_FMT, STR_ARG(identity->text),
            STR_ARG(j->c->facts.account), from.len > 0 ? ", from " : "", STR_ARG(from));
    else
        finding_set(j, VERDICT_FAIL, "%s", identity->err.message);
    if (identity->state != FACT_KNOWN && identity->err.hint[0] != '\0')
        finding_hint(j, "%s", identity->err.hint);
}

void check_clock(struct judging *j)
{
    const struct facts *facts = &j->c->facts;
    if (!facts->clock_known) {
        finding_set(j, VERDICT_SKIPPED, "could not check: AWS did not say what time it is");
        return;
    }
    int64_t ahead_s = facts->clock_ahead_ms / 1000, off = ahead_s < 0 ? -ahead_s : ahead_s;
    if (off <= SKEW_WARN_S) {
        finding_set(j, VERDICT_OK, "within %d s", SKEW_WARN_S);
        return;
    }
    finding_set(
        j, off >= SKEW_FAIL_S ? VERDICT_FAIL : VERDICT_WARN, "%lld s %s", (long long) off,
        ahead_s > 0 ? "ahead" : "behind");
    finding_hint(j, "set this machine's clock; AWS refuses requests that are 5 minutes off");
}

void check_spec(struct judging *j)
{
    const struct err *err = &j->c->want_err;
    if (j->c->want == NULL && err->code == ERR_NONE) {
        (void) judging_has_want(j);
        return;
    }
    if (err->code != ERR_NONE) {
        finding_set(j, VERDICT_FAIL, "%s", err->message);
        if (err->hint[0] != '\0')
            finding_hint(j, "%s", err->hint);
        return;
    }
    finding_set(
        j, VERDICT_OK, "%zu model%s, region " STR_FMT, j->c->want->n_models,
        j->c->want->n_models == 1 ? "" : "s", STR_ARG(j->c->want->region));
}

/* The fact of a bucket's setting; true when there is something to judge. */
static bool has_fact(struct judging *j, const struct fact *fact, const char *absent)
{
    if (!judging_has_want(j))
        return false;
    if (fact->state == FACT_KNOWN)
        return true;
    if (fact->state == FACT_NOT_ASKED)
        finding_set(j, VERDICT_SKIPPED, "could not check: %s", absent);
    else
        finding_error(j, &fact->err);
    return false;
}

void check_bucket(struct judging *j)
{
    const struct fact *bucket = &j->c->facts.bucket;
    if (!judging_has_want(j))
        return;
    const struct want *want = j->c->want;
    bool lost = j->c->seen != NULL && j->c->seen->endpoint.present &&
                j->c->seen->endpoint.owner == OWNER_US;
    if (bucket->state == FACT_ABSENT && lost) {
        finding_set(
            j, VERDICT_FAIL, "'" STR_FMT "' does not exist, and the endpoint does",
            STR_ARG(want->bucket));
        finding_hint(j, "the artifacts are gone: apply makes them anew");
    } else if (bucket->state == FACT_ABSENT) {
        finding_set(j, VERDICT_OK, "'" STR_FMT "' does not exist yet", STR_ARG(want->bucket));
        finding_hint(j, "the first apply makes it, private and encrypted");
    } else if (bucket->state != FACT_KNOWN) {
        finding_error(j, &bucket->err);
    } else if (!str_is_empty(bucket->text) && !str_eq(bucket->text, want->region)) {
        finding_set(
            j, VERDICT_FAIL, "'" STR_FMT "' is in " STR_FMT ", the stack in " STR_FMT,
            STR_ARG(want->bucket), STR_ARG(bucket->text), STR_ARG(want->region));
        finding_hint(j, "a multi-model endpoint reads its models from a bucket of its own region");
    } else {
        finding_set(j, VERDICT_OK, "'" STR_FMT "'", STR_ARG(want->bucket));
    }
}

void check_public(struct judging *j)
{
    const struct fact *fact = &j->c->facts.bucket_private;
    if (!has_fact(j, fact, "there is no bucket"))
        return;
    finding_set(
        j, fact->yes ? VERDICT_OK : VERDICT_WARN, "%s",
        fact->yes ? "all public access is blocked" : "public access is not blocked altogether");
    if (!fact->yes)
        finding_hint(
            j,
            "aws s3api put-public-access-block --bucket " STR_FMT
            " --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
            "BlockPublicPolicy=true,RestrictPublicBuckets=true",
            STR_ARG(j->c->want->bucket));
}

void check_encryption(struct judging *j)
{
    const struct fact *fact = &j->c->facts.encryption;
    if (!has_fact(j, fact, "there is no bucket"))
        return;
    if (fact->yes) {
        finding_set(j, VERDICT_OK, STR_FMT, STR_ARG(fact->text));
        return;
    }
    finding_set(j, VERDICT_WARN, "the bucket has no default encryption");
    finding_hint(j, "set it in the bucket's properties: SSE-S3 costs nothing");
}

void check_versioning(struct judging *j)
{
    const struct fact *fact = &j->c->facts.versioned;
    if (!has_fact(j, fact, "there is no bucket"))
        return;
    finding_set(
        j, fact->yes ? VERDICT_WARN : VERDICT_OK, "%s",
        fact->yes ? "the bucket is versioned: removed artifacts stay, and are paid for" : "off");
    if (fact->yes)
        finding_hint(j, "a lifecycle rule for noncurrent versions ends that");
}

void check_uploads_rule(struct judging *j)
{
    const struct fact *fact = &j->c->facts.aborts_uploads;
    if (!has_fact(j, fact, "there is no bucket"))
        return;
    finding_set(
        j, fact->yes ? VERDICT_OK : VERDICT_WARN, "%s",
        fact->yes ? "a rule aborts them" : "no rule aborts them");
    if (!fact->yes)
        finding_hint(
            j, "their parts are paid for and not seen; add a lifecycle rule with "
               "AbortIncompleteMultipartUpload, or run 'mmectl gc' now and then");
}

void check_conditions(struct judging *j)
{
    if (!judging_has_world(j))
        return;
    const struct record *record = &j->c->seen->record;
    if (!record->present || !record->conditions_known) {
        finding_set(j, VERDICT_SKIPPED, "could not check: the first apply asks");
        return;
    }
    finding_set(
        j, record->conditions_missing == 0 ? VERDICT_OK : VERDICT_WARN, "%s",
        record->conditions_missing == 0
            ? "it does"
            : "it ignores some: mmectl looks before it writes and deletes instead");
    if (record->conditions_missing != 0)
        finding_hint(j, "never run two applies of this stack at once here");
}

void check_role(struct judging *j)
{
    const struct fact *role = &j->c->facts.role;
    if (!judging_has_want(j))
        return;
    struct str arn = j->c->want->role;
    if (role->state == FACT_ABSENT) {
        finding_set(j, VERDICT_FAIL, "there is no role '" STR_FMT "'", STR_ARG(arn));
        finding_hint(j, "make it, or change spec.role; mmectl iam-policy --role prints its policy");
        return;
    }
    if (!has_fact(j, role, "the spec's role is not the ARN of a role"))
        return;
    if (!str_eq(role->text, arn)) {
        finding_set(
            j, VERDICT_FAIL, "the role is '" STR_FMT "', the spec says '" STR_FMT "'",
            STR_ARG(role->text), STR_ARG(arn));
        finding_hint(j, "put the role's own ARN into spec.role, with its path");
        return;
    }
    finding_set(
        j, role->yes ? VERDICT_OK : VERDICT_FAIL, "'" STR_FMT "'%s", STR_ARG(arn),
        role->yes ? "" : " does not trust sagemaker.amazonaws.com");
    if (!role->yes)
        finding_hint(j, "mmectl iam-policy --role prints the trust policy that it needs");
}

/* "683313688378.dkr.ecr.us-east-1.amazonaws.com/...": the region in an ECR host. */
static struct str image_region(struct str image)
{
    size_t ecr = str_find(image, STR(".dkr.ecr."));
    if (ecr == SIZE_MAX)
        return STR_NULL;
    struct str rest = str_from_index(image, ecr + STR(".dkr.ecr.").len);
    return str_slice(rest, 0, str_index(rest, '.'));
}

void check_image(struct judging *j)
{
    if (!judging_has_want(j))
        return;
    struct str image = j->c->want->serving_image, region = image_region(image);
    if (str_is_empty(image)) {
        finding_set(j, VERDICT_SKIPPED, "could not check: the spec could not be read");
    } else if (str_is_null(region)) {
        finding_set(j, VERDICT_FAIL, "'" STR_FMT "' is not in Amazon ECR", STR_ARG(image));
        finding_hint(j, "SageMaker pulls images from ECR: push it to a repository there");
    } else if (!str_eq(region, j->c->want->region)) {
        finding_set(
            j, VERDICT_FAIL, "'" STR_FMT "' is in " STR_FMT ", the stack in " STR_FMT,
            STR_ARG(image), STR_ARG(region), STR_ARG(j->c->want->region));
        finding_hint(j, "SageMaker pulls images from the endpoint's own region");
    } else {
        bool aws = !str_is_null(image_version_of(image));
        finding_set(
            j, VERDICT_OK, "'" STR_FMT "'%s", STR_ARG(image),
            aws ? "" : " (your own: whether it is there was not asked)");
    }
}
