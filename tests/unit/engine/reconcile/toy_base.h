/* tests/unit/engine/reconcile/toy_base.h - what the parts of the toy world share: its state, and
 * how a change is scripted. See toy.h.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_TOY_BASE_H
#define TESTS_UNIT_ENGINE_RECONCILE_TOY_BASE_H

#include "tests/unit/engine/reconcile/scene.h"

#include "engine/base/buf.h"
#include "engine/plan/world.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/observe.h"

/* How the change of an address goes; without one it is done at the first poll. */
struct toy_script {
    const char *address;
    unsigned pending; /* polls that say "not yet" */
    enum err_code code;
    const char *message;
    bool at_start; /* fails when started, else when it would be done */
    bool cancels;  /* an interrupt arrives while it is polled for the first time */
};

/* What a model answers when it is called; without one it answers as it should. */
struct toy_answer {
    const char *model, *fault;
    enum err_code code; /* it cannot be called */
    bool cancels;       /* an interrupt arrives meanwhile */
};

/* What comes of a write or a removal of the lease, in order; after TOY_END they work. */
enum toy_fault {
    TOY_END,
    TOY_WORKS,
    TOY_ANSWER_LOST,
    TOY_REQUEST_LOST,
    TOY_CONFLICT,
    TOY_REFUSED, /* 403 */
    TOY_GONE     /* 409: somebody removes it at this moment */
};

struct toy {
    struct world world;
    struct scene *s; /* what is really there */
    struct reconciler r;
    struct loop *loop;
    int64_t now_ms;
    int64_t wall_skew_ms; /* how wrong this machine's wall clock is */
    const struct toy_script *scripts;
    size_t n_scripts;
    const struct toy_answer *answers;
    size_t n_answers, n_called;
    bool without_effects; /* for changes that no planner made */
    struct buf trace, events;
    VEC(int64_t) polls; /* when */
    size_t inside, most_inside;
    size_t n_observed, n_inspected, n_inspected_jobs, n_listed, n_written, n_deleted, n_aborted;
    size_t n_probed;
    unsigned conditions_missing;                  /* the probe's answer */
    size_t fails_at_observe, intruder_at_observe; /* the n-th look: fails, meets another run */
    int64_t record_takes_ms;                      /* to be written */
    size_t lose_write; /* the n-th write of the record loses against another run; 0: none */
    bool lose_record_at_delete;
    enum err_code fails_observing, fails_removing, fails_inspecting;
    const char *account;
    /* What is there after everything was removed, as AWS has it: seen at the second look. */
    bool log_group_comes_back;
    bool endpoint_ends;          /* right after it was looked at */
    struct record other;         /* read by record_read when present */
    const char *const *statuses; /* of describe_endpoint, in order; the last one stays; "500" */
    unsigned uploads_stay;       /* so many times aborting uploads does not help */
    struct seen_lease
        lease; /* control/lease; its clock is the toy's, whatever a run's clock says */
    int64_t lease_written_ms, lease_takes_ms;
    const enum toy_fault *lease_faults;
    size_t n_lease_writes, n_lease_reads, lease_reads_fail;
    bool lease_without_age, no_bucket;
    struct rng rng;
    struct report report;
    struct plan *plan;
    enum err_code code;
    struct err err;
};

static UNUSED struct toy *toy_of(struct world *world)
{
    return (struct toy *) world;
}

static UNUSED void toy_note(struct buf *buf, const char *what, struct str name)
{
    buf_fmt(buf, "%s%s" STR_FMT "\n", what, name.len > 0 ? " " : "", STR_ARG(name));
}

static UNUSED const struct toy_script *toy_script(struct toy *t, const struct change *change)
{
    static const struct toy_script plain = {0};
    for (size_t i = 0; i < t->n_scripts; i++)
        if (str_eq_z(change->address, t->scripts[i].address))
            return &t->scripts[i];
    return &plain;
}

static UNUSED enum err_code toy_fail(const struct toy_script *script, struct err *err)
{
    return err_set(
        err, script->code, "%s", script->message != NULL ? script->message : "it failed");
}

#endif
