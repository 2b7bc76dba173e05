/* tests/sim/run.h - one mmectl command, as a process of its own would be: new credentials, session,
 * arena and loop; what comes of it is copied out.
 */
#ifndef TESTS_SIM_RUN_H
#define TESTS_SIM_RUN_H

#include "tests/sim/wire.h"

#include "engine/base/buf.h"
#include "engine/kinds/kinds.h"
#include "engine/plan/saved.h"
#include "engine/reconcile/reconcile.h"
#include "engine/reconcile/rollback.h"

enum sim_verb { SIM_APPLY, SIM_DESTROY, SIM_PLAN, SIM_IMPORT, SIM_ROLLBACK, SIM_RESUME };

struct sim_order {
    enum sim_verb verb;
    struct sim_spec spec;
    bool retry_failed;
    bool trace;
    bool no_lock;                       /* without the lease */
    bool elsewhere;                     /* on another machine: nobody knows whether it lives */
    const char *model;                  /* SIM_ROLLBACK, SIM_RESUME: of which */
    const struct saved_stack *approved; /* SIM_APPLY: a saved plan, and nothing else */
    size_t checkpoint_uploads;          /* 0: as ever */
    /* What happens on the way. */
    enum strike strike;
    size_t nth;
    const struct fault *fault;
    void (*pause)(struct wire *wire);
    void *pause_arg;
    unsigned longest_ms; /* of a request; 0: 1 */
    /* NULL, or gets for each request which faults apply to it, a bit each. */
    uint64_t *masks;
    size_t n_masks;
};

struct sim_result {
    enum err_code code;
    struct err err;
    bool planned, empty; /* a plan was made; it was empty */
    size_t n_add, n_change, n_destroy;
    size_t requests, mutating;
    bool struck;
    char what[200];
    int64_t after_strike_ms;         /* from the strike to the end */
    struct str plan;                 /* SIM_PLAN: its changes as text; on the account's arena */
    struct str deeds;                /* the same without what things are called */
    const struct saved_stack *saved; /* SIM_PLAN: as it comes back from its file; there, too */
};

/* I15: in whatever was said, and in whichever words, no secret was. */
void sim_check_secrets(struct account *account, struct str said, const struct err *err);

struct sim_result sim_run(struct account *account, const struct sim_order *order);

/* The pieces, for runs that share a loop. */
struct sim_process {
    struct account *account;
    const struct sim_order *order;
    struct sim_result result;
    struct wire wire;
    struct arena *arena;
    struct creds_provider *creds;
    struct aws *aws;
    struct world *world;
    struct reconciler r;
    struct rng rng;
    struct rollback rollback;
    struct buf said;
    int64_t pid;
};
void sim_process_open(
    struct sim_process *process,
    struct account *account,
    struct loop *loop,
    const struct sim_order *order);
void sim_process_main(void *process); /* a task */
void sim_process_close(struct sim_process *process);

#endif
