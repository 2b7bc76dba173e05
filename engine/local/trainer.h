/* engine/local/trainer.h - the work of training jobs: who does it, and the seam for who else could.
 *
 * A submitted job runs on one of two threads (or, with inline_work, inside trainer_submit): its
 * channels are read from the world's objects, its hyperparameters checked as the container checks
 * them, the trainer called, the artifact packed and stored at the job's place, the log written to
 * /aws/sagemaker/TrainingJobs. What came of it is written into the job (sm_job_state.c shows it
 * when time gets there). A killed process loses nothing: jobs without a result run again at the
 * next start. Nothing here forks.
 */
#ifndef ENGINE_LOCAL_TRAINER_H
#define ENGINE_LOCAL_TRAINER_H

#include "engine/local/call.h"
#include "engine/xgb/hyper.h"

struct trainer_channel {
    struct str name;         /* "train" */
    struct str content_type; /* null: libsvm */
    struct str uri;          /* for messages */
    struct str bytes;        /* its files one after the other, by key */
};

struct trainer_job {
    struct str name;
    const struct hyper_value *hyperparameters; /* checked */
    size_t n_hyperparameters;
    const struct trainer_channel *train, *validation; /* validation: NULL for none */
    struct str resume;  /* bytes of a checkpoint to go on from; null: none */
    int64_t stop_after; /* ends when so many rounds are done, as if interrupted; 0: all */
    const bool *cancel; /* polled */
    void (*log)(void *arg, struct str line); /* the container's output */
    void *log_arg;
};

struct trainer_metric {
    struct str name; /* "validation:auc" */
    double value;
};

struct trainer_outcome {
    struct str model; /* bytes of the file `xgboost-model`, on the arena */
    struct trainer_metric *metrics;
    size_t n_metrics;
    int64_t took_ms; /* how long it is to have taken; 0: as long as it did */
};

/* The seam of local_options.trainer. ERR_SPEC: the data is wrong (ClientError); ERR_CANCELLED:
 * *cancel became true; any other: AlgorithmError. Called from two threads at once. */
struct local_trainer {
    enum err_code (*train)(
        void *self,
        struct arena *arena,
        const struct trainer_job *job,
        struct trainer_outcome *out,
        struct err *err);
    void *self;
};

extern const struct local_room local_trainer_room;
extern const struct local_trainer trainer_xgboost; /* the default */

/* Has a job that is in the world run. World not entered. */
void trainer_submit(struct local *local, struct str region, struct str name);
/* Asks a job that runs or waits to stop; absent is fine. World entered or not. */
void trainer_cancel(struct local *local, struct str region, struct str name);

/* job_work.c: the whole work of one job, on the calling thread; posts the result unless cancelled.
 * World not entered. */
void trainer_work(struct local *local, struct str region, struct str name, const bool *cancel);

#endif
