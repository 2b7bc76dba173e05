#include "engine/base/digest.h"
#include "engine/kinds/conditions.h"

static void on_progress(void *arg, uint64_t sent, uint64_t total)
{
    struct world_call *call = arg;
    call->progress(call, sent, total);
}

/* What stands at the key is what we would put there: an earlier run's, or our own lost answer's. */
static enum err_code
adopt(struct kinds *kinds, struct world_call *call, struct artifact_plan *artifact, struct err *err)
{
    struct s3_info info;
    enum err_code code =
        s3_head(kinds->aws, call->arena, call->want->bucket, artifact->key, &info, err);
    if (code != ERR_NONE)
        return code;
    struct str fp = s3_meta_get(&info, "mmectl-fp");
    if (!str_eq(s3_meta_get(&info, "mmectl-uid"), call->want->uid) ||
        !str_eq(str_slice(fp, 0, FP16), str_slice(artifact->fp, 0, FP16))) {
        err_set(
            err, ERR_CONFLICT, "object 's3://" STR_FMT "/" STR_FMT "' is in the way",
            STR_ARG(call->want->bucket), STR_ARG(artifact->key));
        return err_hint(err, "run 'mmectl plan' to see what is there now");
    }
    artifact->etag = info.etag;
    artifact->size = info.size_bytes;
    return ERR_NONE;
}

/* The training job this artifact waited for has finished: its output and its metrics. */
static void take_from_job(struct world_call *call, struct artifact_plan *artifact)
{
    for (size_t i = 0; i < call->change->n_needs; i++) {
        const struct change *need = call->change->needs[i];
        if (need->kind != KIND_TRAINING_JOB)
            continue;
        const struct training_plan *training = need->subject;
        s3_uri_split(training->artifact, &artifact->from_bucket, &artifact->from_key);
        artifact->metrics = training->metrics;
    }
}

static enum err_code
copy(struct kinds *kinds, struct world_call *call, struct artifact_plan *artifact, struct err *err)
{
    if (str_is_null(artifact->from_key))
        take_from_job(call, artifact);
    struct s3_copy_options options = {
        .source_bucket = artifact->from_bucket,
        .source_if_match = artifact->from_etag,
        .if_match = artifact->overwrite_etag,
        .if_none_match = str_is_null(artifact->overwrite_etag),
        .kms_key = call->want->object_key,
        .replace_metadata = true,
        .content_type = STR("application/gzip")};
    struct s3_meta *meta =
        kinds_meta(kinds, call->arena, call->want, artifact->fp, STR_NULL, &options.n_meta);
    kinds_candidate_meta(call->arena, artifact, meta, &options.n_meta);
    if (artifact->imported)
        meta[options.n_meta++] = (struct s3_meta){STR("mmectl-imported"), STR("true")};
    options.meta = meta;
    struct s3_put_result result;
    enum err_code code = s3_copy(
        kinds->aws, call->arena, call->want->bucket, artifact->key, artifact->from_key, &options,
        &result, err);
    if (code == ERR_NOT_FOUND)
        err_hint(
            err, "its source, s3://" STR_FMT "/" STR_FMT ", is not there",
            STR_ARG(artifact->from_bucket), STR_ARG(artifact->from_key));
    if (code != ERR_NONE)
        return code;
    artifact->etag = result.etag;
    const struct seen_object *source = str_eq(artifact->from_bucket, call->want->bucket)
                                           ? map_get(call->seen->objects, artifact->from_key)
                                           : NULL;
    if (source != NULL) {
        artifact->size = source->size;
        return ERR_NONE;
    }
    struct s3_info info;
    code = s3_head(kinds->aws, call->arena, call->want->bucket, artifact->key, &info, err);
    if (code == ERR_NONE)
        artifact->size = info.size_bytes;
    return code;
}

static enum err_code upload(
    struct kinds *kinds, struct world_call *call, struct artifact_plan *artifact, struct err *err)
{
    bool here = artifact->source == ARTIFACT_UPLOAD;
    AUTO(arena_close) struct arena *scratch = arena_new("upload", 0);
    struct str bytes = here ? STR_NULL : artifact->trained->tar_gz;
    struct sha256 hash = {{0}};
    bool known = here && hex_decode(artifact->model->sha256, hash.bytes, sizeof(hash.bytes));
    if (!here)
        hash = sha256_of(bytes);
    struct str sha256 =
        here ? artifact->model->sha256 : hex_of(scratch, hash.bytes, sizeof(hash.bytes));
    /* The digest that was planned: S3 refuses a file that is another one by now. */
    struct s3_put_options options = {
        .sha256 = !here || known ? &hash : NULL,
        .if_match = artifact->overwrite_etag,
        .if_none_match = str_is_null(artifact->overwrite_etag),
        .kms_key = call->want->object_key,
        .content_type = STR("application/gzip"),
        .progress = on_progress,
        .progress_arg = call};
    struct s3_meta *meta =
        kinds_meta(kinds, scratch, call->want, artifact->fp, sha256, &options.n_meta);
    kinds_candidate_meta(scratch, artifact, meta, &options.n_meta);
    options.meta = meta;
    struct s3_put_result result;
    enum err_code code = here ? s3_put_file(
                                    kinds->aws, scratch, call->want->bucket, artifact->key,
                                    str_z(scratch, artifact->model->path), &options, &result, err)
                              : s3_put(
                                    kinds->aws, scratch, call->want->bucket, artifact->key, bytes,
                                    &options, &result, err);
    if (code != ERR_NONE)
        return code;
    artifact->etag = str_dup(call->arena, result.etag);
    artifact->size = here ? artifact->model->size : bytes.len;
    if (!here)
        artifact->metrics = artifact->trained->metrics;
    return ERR_NONE;
}

static enum err_code start(struct kinds *kinds, struct world_call *call, struct err *err)
{
    /* The plan's own, made for this run: what is learned here goes into the record. */
    struct artifact_plan *artifact = call->change->subject;
    const struct seen_object *there = map_get(call->seen->objects, artifact->key);
    if (there != NULL && str_is_null(artifact->overwrite_etag)) {
        artifact->etag = there->etag;
        artifact->size = there->size;
        return ERR_NONE;
    }
    struct err failure = {0};
    enum err_code code = kinds_guard_write(
        kinds, call->arena, call->want->bucket, artifact->key, artifact->overwrite_etag,
        str_is_null(artifact->overwrite_etag), &failure);
    if (code == ERR_NONE)
        code = artifact->source == ARTIFACT_COPY ? copy(kinds, call, artifact, &failure)
                                                 : upload(kinds, call, artifact, &failure);
    if (code == ERR_PRECONDITION) {
        struct err other = {0};
        if (adopt(kinds, call, artifact, &other) == ERR_NONE)
            return ERR_NONE;
        failure = other.code == ERR_CONFLICT ? other : failure;
    }
    if (code == ERR_NONE)
        return ERR_NONE;
    *err = failure;
    return err_wrap(err, "publishing model '" STR_FMT "'", STR_ARG(artifact->name));
}

const struct kind_ops kind_artifact = {.start = start};
