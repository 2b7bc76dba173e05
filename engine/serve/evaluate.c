#include "engine/serve/evaluate.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/serve/answer.h"
#include "engine/serve/payload.h"
#include "engine/serve/scratch.h"

/* Values of one call to libxgboost; more rows are predicted in turns. */
#define BLOCK_VALUES ((size_t) 1 << 18)

static struct evaluated refused(struct arena *arena, const struct refusal *refusal)
{
    return (struct evaluated){
        .status = refusal->status,
        .content_type = STR("text/plain"),
        .body = str_dup(arena, str_from(refusal->reason))};
}

/* Reads, predicts and writes block by block. */
static bool predict_blocks(
    struct arena *arena,
    struct scratch *scratch,
    const struct ensemble *ensemble,
    struct payload *payload,
    struct answer *answer,
    struct refusal *refusal)
{
    size_t cols = ensemble_features(ensemble), rows = payload_rows_left(payload);
    size_t wide = cols > answer->outputs ? cols : answer->outputs;
    size_t block = wide < BLOCK_VALUES ? BLOCK_VALUES / wide : 1;
    block = rows < block ? rows : block;
    float *values = scratch_floats(&scratch->values, &scratch->n_values, block * cols);
    float *predictions =
        scratch_floats(&scratch->predictions, &scratch->n_predictions, block * answer->outputs);
    answer_begin(answer);
    for (;;) {
        size_t n = 0;
        struct err err = {0};
        if (!payload_read(payload, values, block, &n, refusal))
            return false;
        if (n == 0)
            break;
        if (ensemble_predict(
                ensemble, arena, values, n, cols, predictions, block * answer->outputs, &err) !=
            ERR_NONE)
            return refuse(refusal, 400, "Unable to evaluate payload provided: %s", err.message);
        answer_rows(answer, predictions, n);
        if (!buf_ok(answer->out))
            break;
    }
    answer_end(answer);
    if (!buf_ok(answer->out))
        return refuse(refusal, 413, "the predictions take more than %zu bytes", ANSWER_MAX_BYTES);
    return true;
}

struct evaluated
evaluate(struct arena *arena, const struct ensemble *ensemble, const struct evaluation *evaluation)
{
    struct refusal refusal = {0};
    struct payload payload;
    struct answer_type type;
    struct answer answer = {.outputs = ensemble_outputs(ensemble)};
    if (!payload_open(
            &payload, evaluation->body, evaluation->content_type, ensemble_features(ensemble),
            &refusal) ||
        !answer_type_of(evaluation->accept, evaluation->default_accept, &type, &refusal))
        return refused(arena, &refusal);
    answer.format = type.format;
    answer.lines = evaluation->batch;
    struct scratch *scratch = scratch_take(ANSWER_MAX_BYTES);
    answer.out = &scratch->text;
    bool done = predict_blocks(arena, scratch, ensemble, &payload, &answer, &refusal);
    struct evaluated evaluated = {.status = 200};
    if (done) {
        evaluated.content_type = str_dup(arena, type.content_type);
        evaluated.body = str_dup(arena, buf_str(&scratch->text));
    }
    scratch_done(scratch);
    return done ? evaluated : refused(arena, &refusal);
}
