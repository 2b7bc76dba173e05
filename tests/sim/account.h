/* tests/sim/account.h - one AWS account under simulation: the stand-in's world, a clock that moves
 * only when all wait, and the things of other people in it.
 *
 * Everything in one process and thread. An account is used again for the next case after
 * account_reset(); account_keep() and account_return() go back to a moment. Not a test failure but
 * the end of the program: whatever the harness itself cannot do.
 */
#ifndef TESTS_SIM_ACCOUNT_H
#define TESTS_SIM_ACCOUNT_H

#include "tests/sim/spec.h"

#include "engine/aws/http.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/local/local.h"

struct reconciler;

/* A violation is kept until somebody reports it; the first one is the one that counts. */
struct verdict {
    char rule[8]; /* "I5" */
    char text[600];
};

struct account {
    struct arena *arena; /* of the case; emptied by account_reset() */
    const char *folder;  /* of the specs and their data */
    struct local *local;
    struct http_transport *wire; /* straight to the stand-in */
    struct local_key key;
    bool alone;
    int64_t now_ms;  /* AWS's clock */
    int64_t skew_ms; /* ours minus AWS's */
    struct rng rng;  /* jitter of everything that runs here */
    uint64_t serial; /* of runs, for their seeds and pids */
    bool published;  /* the last run that ended well was an apply, and nobody meddled since */
    bool destroying;
    bool unfenced; /* one may have been stopped for longer than its lease: SageMaker knows no fence,
                      so what it had begun may hit what the other one uses (no I6) */
    struct str tampered[4]; /* artifacts that somebody else wrote over */
    size_t n_tampered;
    struct str theirs[4]; /* keys under our prefix that others put there */
    bool etag_lied;   /* an answer had another ETag in it: the record's may be wrong, which costs a
                         HEAD */
    bool record_lost; /* somebody deleted, broke or aged the record since the last success */
    bool scaled;      /* somebody changed the number of instances */
    struct str old_record; /* of stack.json, for who puts it back */
    bool struck;           /* a run was: its lease may still lie there */
    int64_t alive[4];      /* processes that run; 0: none */
    const struct reconciler *running[4];
    struct verdict verdict;
    struct {
        struct str etag; /* of the record that `keys` are from */
        struct str *keys;
        size_t n_keys;
    } live;
    size_t requests;                     /* of all runs, since it was opened */
    size_t files;                        /* open ones when it was */
    struct local_snapshot *untouched[2]; /* what account_reset() goes back to, by `alone` */
};

struct account *account_open(void);
void account_close(struct account *account);
struct account_options {
    uint64_t seed;
    const struct local_delays *delays; /* NULL: account_delays() */
    bool alone; /* the bucket is not there yet, and so is nobody else's thing in it */
};
/* An empty account with foreign things of each kind in it, at the same time as ever. */
void account_reset(struct account *account, const struct account_options *options);
/* Short, but long enough to be seen. */
struct local_delays account_delays(void);

/* A moment to go back to, as often as wanted. What was made since is freed then. Moments are freed
 * in the reverse order of their making. */
struct account_moment;
struct account_moment *account_keep(struct account *account);
void account_return(struct account *account, const struct account_moment *moment);
void account_forget(struct account *account, struct account_moment *moment);

/* The clock as the stand-in has it, and as a client has it (skewed). */
struct clock account_clock(struct account *account);
struct clock account_client_clock(struct account *account);
/* A loop on the client's clock that moves it when all its tasks wait. */
struct loop *account_loop(struct account *account);

/* A signed request of somebody else; answers the status. */
int account_send(
    struct account *account,
    const char *service,
    const char *method,
    struct str target,
    struct str body,
    const char *operation,
    struct str *ret_body);
/* Of SageMaker; body in JSON with ' for ". Must succeed. */
void account_sagemaker(struct account *account, const char *operation, const char *body, ...)
    PRINTF_LIKE(3, 4);
void account_put(struct account *account, const char *key, const char *bytes);
/* POST to the stand-in's own paths (engine/local/faults.h); ' stands for ". */
void account_tell(struct account *account, const char *method, const char *path, const char *body);

/* The path of the file that holds the spec; written once per text. */
struct str account_spec_file(struct account *account, const struct sim_spec *spec);
struct json *account_dump(struct account *account, struct arena *arena);

void account_violation(struct account *account, const char *rule, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* I17: as many files are open as when the account was opened. (What is lost of memory, the
 * sanitizers find.) */
void account_check_files(struct account *account);
bool account_is_well(const struct account *account);
/* Somebody else wrote over this artifact: it may be written anew. */
bool account_is_tampered(const struct account *account, struct str key);
void sim_must(enum err_code code, const struct err *err, const char *doing);

#endif
