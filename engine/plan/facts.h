/* engine/plan/facts.h - what a diagnosis asks of AWS besides the snapshot.
 *
 * Filled by the world's diagnose() (engine/kinds/facts.c), judged by the checks of
 * engine/reconcile/doctor_checks.c. A question that could not be asked says so: a missing
 * permission is no answer.
 */
#ifndef ENGINE_PLAN_FACTS_H
#define ENGINE_PLAN_FACTS_H

#include "engine/base/err.h"
#include "engine/base/json.h"

enum fact_state {
    FACT_NOT_ASKED, /* nothing to ask about: no bucket, no role */
    FACT_KNOWN,
    FACT_ABSENT, /* the thing does not exist */
    FACT_FAILED, /* err says why; ERR_DENIED: could not check */
};

struct fact {
    enum fact_state state;
    bool yes;
    struct str text;
    struct err err;
};

struct facts {
    struct fact identity; /* text: the caller's ARN */
    struct str account;
    struct str keys_from;   /* which source the credentials came from; null: not known */
    int64_t clock_ahead_ms; /* this machine's clock against AWS's */
    bool clock_known;
    struct fact bucket;         /* text: its region */
    struct fact bucket_private; /* yes: all public access is blocked */
    struct fact encryption;     /* text: the algorithm; yes: there is one */
    struct fact versioned;
    struct fact aborts_uploads; /* yes: a lifecycle rule ends unfinished multipart uploads */
    struct fact role;           /* yes: SageMaker may assume it */
};

#endif
