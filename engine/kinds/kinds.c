#include "engine/kinds/kinds.h"

#include "engine/aws/sts.h"
#include "engine/kinds/conditions.h"

#include <assert.h>

/* The list. OUTPUT is only ever removed, in batches (objects.c). */
static const struct kind_ops *const s_kinds[KIND_COUNT] = {
    [KIND_BUCKET] = &kind_bucket,
    [KIND_DATA] = &kind_data,
    [KIND_TRAINING_JOB] = &kind_training_job,
    [KIND_LOCAL_TRAINING] = &kind_local_training,
    [KIND_ARTIFACT] = &kind_artifact,
    [KIND_MODEL] = &kind_model,
    [KIND_ENDPOINT_CONFIG] = &kind_endpoint_config,
    [KIND_ENDPOINT] = &kind_endpoint,
    [KIND_LOG_GROUP] = &kind_log_group,
    [KIND_SCALING_TARGET] = &kind_scaling_target,
    [KIND_SCALING_POLICY] = &kind_scaling_policy,
};

struct kinds *kinds_of(struct world *world)
{
    return (struct kinds *) world; /* the world is its first member */
}

static enum err_code identity(
    struct world *world,
    struct arena *arena,
    struct str *ret_account,
    struct str *ret_arn,
    struct err *err)
{
    struct kinds *kinds = kinds_of(world);
    struct sts_identity who;
    enum err_code code = sts_caller_identity(kinds->aws, arena, &who, err);
    if (code != ERR_NONE)
        return code;
    aws_set_account(kinds->aws, who.account);
    *ret_account = who.account;
    *ret_arn = who.arn;
    return ERR_NONE;
}

static enum err_code start(struct world *world, struct world_call *call, struct err *err)
{
    const struct kind_ops *ops = s_kinds[call->change->kind];
    assert(ops != NULL);
    return ops->start(kinds_of(world), call, err);
}

static enum err_code
poll_kind(struct world *world, struct world_call *call, struct settle *out, struct err *err)
{
    const struct kind_ops *ops = s_kinds[call->change->kind];
    if (ops->poll == NULL) {
        *out = (struct settle){.state = SETTLE_DONE, .status = STR_NULL};
        return ERR_NONE;
    }
    return ops->poll(kinds_of(world), call, out, err);
}

static const struct world_ops s_ops = {
    .identity = identity,
    .digest_file = kinds_digest_file,
    .will_digest = kinds_will_digest,
    .check_channel = kinds_check_channel,
    .check_artifact = kinds_check_artifact,
    .read_payload = kinds_read_payload,
    .read_golden = kinds_read_golden,
    .call_model = kinds_call_model,
    .digest_s3 = kinds_digest_s3,
    .split_channel = kinds_split_channel,
    .observe = kinds_observe,
    .inspect = kinds_inspect,
    .inspect_job = kinds_inspect_job,
    .describe_endpoint = kinds_describe_endpoint,
    .list_jobs = kinds_list_jobs,
    .record_read = kinds_record_read,
    .record_write = kinds_record_write,
    .record_delete = kinds_record_delete,
    .lease_read = kinds_lease_read,
    .lease_write = kinds_lease_write,
    .lease_delete = kinds_lease_delete,
    .probe_conditions = kinds_probe_conditions,
    .remove_objects = kinds_remove_objects,
    .abort_uploads = kinds_abort_uploads,
    .start = start,
    .poll = poll_kind,
    .list_source = kinds_list_source,
    .tag = kinds_tag,
    .untag = kinds_untag,
    .untag_bucket = kinds_untag_bucket,
    .diagnose = kinds_diagnose,
};

struct world *kinds_world(struct arena *arena, const struct kinds_options *options)
{
    struct kinds *kinds = ARENA_NEW(arena, struct kinds);
    *kinds = (struct kinds){
        .world = {&s_ops},
        .arena = arena,
        .aws = options->aws,
        .loop = options->loop,
        .version = options->version,
        .sources = options->sources,
        .own_sources = options->sources == NULL};
    if (kinds->own_sources)
        kinds->sources = kinds_sources_new();
    kinds->data = kinds_data_of(kinds->sources);
    return &kinds->world;
}

void kinds_free(struct world *world)
{
    if (world == NULL)
        return;
    struct kinds *kinds = kinds_of(world);
    if (kinds->own_sources)
        kinds_sources_free(kinds->sources);
    kinds->sources = NULL;
}
