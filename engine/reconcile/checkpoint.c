#include "engine/reconcile/checkpoint.h"

#include "engine/plan/artifact.h"
#include "engine/reconcile/claim.h"

struct checkpoint {
    struct reconciler *r;
    const struct plan *plan;
    struct {
        struct record_version *items;
        size_t len, cap;
    } uploaded;
    size_t n_before; /* of an earlier run, which was interrupted */
    size_t unwritten;
    int64_t written_ms;
    struct gate gate; /* one write at a time */
};

struct checkpoint *checkpoint_new(struct reconciler *r, const struct plan *plan)
{
    struct checkpoint *checkpoint = ARENA_NEW(r->arena, struct checkpoint);
    *checkpoint =
        (struct checkpoint){.r = r, .plan = plan, .written_ms = clock_mono_ms(loop_clock(r->loop))};
    gate_init(&checkpoint->gate, 1);
    const struct plan_context *context = plan->context;
    const struct record *before = &context->seen->record;
    for (size_t i = 0; i < before->uploaded.len; i++)
        *VEC_PUSH(r->arena, &checkpoint->uploaded) = before->uploaded.items[i];
    checkpoint->n_before = before->uploaded.len;
    return checkpoint;
}

/* Of the gate: the endpoint waits in it, so nothing is begun once it has started. */
static bool is_due(const struct checkpoint *checkpoint)
{
    const struct plan_context *context = checkpoint->plan->context;
    int64_t now = clock_mono_ms(loop_clock(checkpoint->r->loop));
    if (checkpoint->unwritten == 0 || checkpoint->gate.inside > 0)
        return false;
    if (context->endpoint != NULL && context->endpoint->started_ms != 0)
        return false;
    if (now - checkpoint->written_ms >= CHECKPOINT_MS)
        return true;
    size_t noted = checkpoint->uploaded.len - checkpoint->unwritten;
    size_t most = noted > CHECKPOINT_UPLOADS ? noted : CHECKPOINT_UPLOADS;
    if (checkpoint->r->checkpoint_uploads > 0)
        most = checkpoint->r->checkpoint_uploads;
    return checkpoint->unwritten >= most;
}

static void write_record(struct checkpoint *checkpoint)
{
    struct reconciler *r = checkpoint->r;
    const struct plan_context *context = checkpoint->plan->context;
    struct record record = context->seen->record;
    struct err err = {0};
    record.uploaded.items = checkpoint->uploaded.items;
    record.uploaded.len = record.uploaded.cap = checkpoint->uploaded.len;
    checkpoint->unwritten = 0;
    enum err_code code = claim_write(r, context->want, context->seen, &record, &err);
    checkpoint->written_ms = clock_mono_ms(loop_clock(r->loop));
    if (code == ERR_PRECONDITION)
        r->ends = err;
}

void checkpoint_note(struct checkpoint *checkpoint, const struct change *change)
{
    if (checkpoint == NULL || change->kind != KIND_ARTIFACT || change->action == ACTION_DELETE)
        return;
    const struct artifact_plan *artifact = change->subject;
    *VEC_PUSH(checkpoint->r->arena, &checkpoint->uploaded) = (struct record_version){
        .fp = artifact->fp, .etag = artifact->etag, .key = artifact->key, .size = artifact->size};
    checkpoint->unwritten++;
    if (!is_due(checkpoint))
        return;
    gate_enter(checkpoint->r->loop, &checkpoint->gate);
    write_record(checkpoint);
    gate_leave(checkpoint->r->loop, &checkpoint->gate);
}

void checkpoint_settle(struct checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    gate_enter(checkpoint->r->loop, &checkpoint->gate);
    gate_leave(checkpoint->r->loop, &checkpoint->gate);
}

bool checkpoint_keep(const struct checkpoint *checkpoint, struct record *record)
{
    if (checkpoint == NULL)
        return false;
    const struct plan_context *context = checkpoint->plan->context;
    AUTO(arena_close) struct arena *scratch = arena_new("checkpoint", 0);
    struct map *published = map_new(scratch);
    for (size_t i = 0; i < record->models.len; i++) {
        const struct record_model *model = &record->models.items[i];
        map_put(published, model->live.key, record);
        for (size_t k = 0; k < model->history.len; k++)
            map_put(published, model->history.items[k].key, record);
    }
    memset(&record->uploaded, 0, sizeof(record->uploaded));
    for (size_t i = 0; i < checkpoint->uploaded.len; i++) {
        const struct record_version *version = &checkpoint->uploaded.items[i];
        bool there = i >= checkpoint->n_before || map_has(context->seen->objects, version->key);
        if (there && !map_has(published, version->key))
            *VEC_PUSH(checkpoint->r->arena, &record->uploaded) = *version;
    }
    return checkpoint->unwritten >= CHECKPOINT_LEAST && record->uploaded.len > 0;
}
