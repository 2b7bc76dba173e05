/* engine/reconcile/doctor_internal.h - shared by the checks; nobody else includes it.
 *
 * A check gets the case and says one thing: finding_ok() and the like set verdict and text.
 */
#ifndef ENGINE_RECONCILE_DOCTOR_INTERNAL_H
#define ENGINE_RECONCILE_DOCTOR_INTERNAL_H

#include "engine/reconcile/doctor.h"

struct judging {
    struct arena *arena;
    const struct doctor_case *c;
    struct finding *out;
};

typedef void check_fn(struct judging *j);

void finding_set(struct judging *j, enum verdict verdict, const char *fmt, ...) PRINTF_LIKE(3, 4);
void finding_hint(struct judging *j, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The verdict for a question that failed: a missing permission is "skipped", with its hint. */
void finding_error(struct judging *j, const struct err *err);
/* Something that all later checks need could not be read; false then. */
bool judging_has_world(struct judging *j);
bool judging_has_want(struct judging *j);
bool judging_has_plan(struct judging *j);

/* doctor_account.c: who, when, where. */
check_fn check_credentials, check_clock, check_spec, check_bucket, check_public, check_encryption,
    check_versioning, check_uploads_rule, check_conditions, check_role, check_image;
/* doctor_stack.c: the record and what belongs to it. */
check_fn check_record, check_lease, check_artifacts, check_targets, check_jobs, check_uploads,
    check_garbage, check_drift;
/* doctor_endpoint.c */
check_fn check_endpoint, check_stuck, check_failure, check_parts, check_failed_config;

#endif
