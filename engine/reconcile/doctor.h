/* engine/reconcile/doctor.h - a diagnosis: what is wrong with a stack and what helps. Read-only.
 *
 * Everything that can be asked is asked first (doctor_run), each answer or failure kept; then the
 * checks of one table (doctor_checks.c) judge it, purely. A check that could not be made says so
 * and is no failure. To add a check: a function and its row in s_checks, what it needs in struct
 * doctor_case, a case in test_doctor_checks.c that makes it fail.
 */
#ifndef ENGINE_RECONCILE_DOCTOR_H
#define ENGINE_RECONCILE_DOCTOR_H

#include "engine/plan/facts.h"
#include "engine/plan/snapshot.h"
#include "engine/reconcile/gc.h"
#include "engine/reconcile/lease.h"
#include "engine/reconcile/reconcile.h"

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL, VERDICT_SKIPPED };

struct finding {
    const char *check;   /* "bucket" */
    const char *meaning; /* what is asked: "the bucket exists in the stack's region" */
    enum verdict verdict;
    struct str text, hint; /* what was found; what helps, or null */
};

struct diagnosis {
    struct finding *items;
    size_t len, n_ok, n_warn, n_fail, n_skipped;
};

/* NULL and an error: could not be read. */
struct doctor_case {
    const struct want *want; /* names only when want_err is set */
    struct err want_err;
    struct facts facts;
    const struct snapshot *seen;
    struct err seen_err;
    const struct plan *plan; /* what apply would do */
    struct err plan_err;
    const struct garbage *garbage;
    struct lease_info lease;
    bool lease_known, lease_live;
    int64_t now_ms;
};

const char *verdict_name(enum verdict verdict); /* "ok" "warn" "fail" "skipped" */
struct diagnosis doctor_judge(struct arena *arena, const struct doctor_case *c);
/* ERR_CANCELLED only: what is wrong is in the diagnosis. */
enum err_code doctor_run(
    struct reconciler *r, const struct spec *spec, struct diagnosis *ret_diagnosis, struct err *err)
    MUST_USE;

#endif
