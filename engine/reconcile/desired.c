#include "engine/reconcile/desired.h"

#include "engine/base/batch.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/partition.h"
#include "engine/plan/world.h"
#include "engine/reconcile/desired_internal.h"
#include "engine/reconcile/fingerprint.h"
#include "engine/reconcile/guard.h"
#include "engine/resource/image.h"
#include "engine/resource/names.h"
#include "specs/spec.h"

#define FILES_AT_ONCE 64 /* on one thread, in one go */

static int pair_by_name(const void *a, const void *b)
{
    const struct want_pair *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static struct want_pair *
pairs_of(struct arena *arena, const struct spec_map *map, bool sorted, size_t *ret_count)
{
    struct want_pair *pairs = ARENA_ARRAY(arena, map->len, struct want_pair);
    for (size_t i = 0; i < map->len; i++)
        pairs[i] = (struct want_pair){map->items[i].name, map->items[i].value};
    if (sorted && map->len > 1)
        qsort(pairs, map->len, sizeof(*pairs), pair_by_name);
    *ret_count = map->len;
    return pairs;
}

struct str account_of_arn(struct str arn)
{
    struct str part = STR_NULL;
    for (int i = 0; i < 5; i++)
        if (!str_split(&arn, ':', &part))
            return STR_NULL;
    return part;
}

static enum err_code
find_account(struct reconciler *r, const struct spec *spec, struct want *want, struct err *err)
{
    if (str_is_null(r->account)) {
        struct str arn;
        enum err_code code = r->world->ops->identity(r->world, r->arena, &r->account, &arn, err);
        if (code != ERR_NONE)
            return code;
    }
    want->account = r->account;
    const struct guard_place place = {
        .account = want->account,
        .spec_account = spec->account.value,
        .role = spec->role.value,
        .role_account = account_of_arn(spec->role.value),
        .region = !str_is_null(r->region) ? r->region : spec->region.value,
        .spec_region = spec->region_written.value,
        .account_at = spec->account.at,
        .role_at = spec->role.at,
        .region_at = spec->region_written.at};
    return guard_place(&place, err);
}

static void
fill_places(struct arena *arena, const struct spec *spec, struct str region, struct want *want)
{
    want->stack = spec->name.value;
    want->region = !str_is_null(region) ? region : spec->region.value;
    want->partition = str_from(partition_of(want->region)->name);
    want->role = spec->role.value;
    want->uid = name_uid(arena, want->account, want->region, want->stack);
    struct str standard = str_fmt(
        arena, "sagemaker-" STR_FMT "-" STR_FMT, STR_ARG(want->region), STR_ARG(want->account));
    want->bucket = !str_is_null(spec->bucket.value) ? spec->bucket.value : standard;
    want->bucket_is_default = str_eq(want->bucket, standard);
    want->object_key = spec->kms_key.value;
    want->prefix = spec->prefix.value;
    want->home =
        str_fmt(arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(want->bucket), STR_ARG(want->prefix));
    want->tags = pairs_of(arena, &spec->tags, false, &want->n_tags);
    want->at = spec->at;
    want->bucket_at = spec->bucket.at;
    want->prefix_at = spec->prefix.at;
}

static enum err_code
fill_images(struct arena *arena, const struct spec *spec, struct want *want, struct err *err)
{
    const struct spec_training *training = &spec->training;
    struct str version = training->algorithm_version.value;
    if (str_is_null(training->image.value) && !image_version_known(version)) {
        err_set(
            err, ERR_SPEC, "no multi-model image of XGBoost version '" STR_FMT "' is known",
            STR_ARG(version));
        err_hint(
            err, "known are " STR_FMT "; another image can be named in training.image",
            STR_ARG(image_versions(arena)));
        return err_locate(err, training->algorithm_version.at);
    }
    if (!str_is_null(training->image.value))
        want->image = training->image.value;
    else
        want->image = image_uri(arena, want->region, version);
    if (str_is_null(want->image)) {
        err_set(
            err, ERR_SPEC, "no XGBoost image is known for region '" STR_FMT "'",
            STR_ARG(want->region));
        err_hint(err, "name the image in training.image and endpoint.container.image");
        return err_locate(err, spec->region.at);
    }
    want->image_version = image_version_of(want->image);
    bool own = !str_is_null(training->image.value);
    want->algorithm_name = own ? training->image_name : training->algorithm_name.value;
    want->algorithm_version = own ? STR("") : version;
    want->serving_image = str_is_null(spec->endpoint.image.value) ||
                                  str_eq(spec->endpoint.image.value, STR("builtin"))
                              ? want->image
                              : spec->endpoint.image.value;
    return ERR_NONE;
}

static void fill_machines(struct arena *arena, const struct spec *spec, struct want *want)
{
    const struct spec_training *training = &spec->training;
    want->trains_here = training->backend == SPEC_BACKEND_LOCAL;
    want->training_instance = training->instance.type.value;
    want->training_count = training->instance.count;
    want->training_volume_gb = training->instance.volume_gb;
    want->max_runtime_s = training->max_runtime_s;
    want->max_wait_s = training->spot.enabled ? training->spot.max_wait_s : 0;
    want->keep_alive_s = training->keep_alive_s;
    want->training_concurrency = (size_t) training->concurrency;
    const struct spec_endpoint *endpoint = &spec->endpoint;
    want->endpoint = endpoint->name.value;
    want->endpoint_at = endpoint->at;
    want->mode = (enum want_mode) endpoint->mode;
    /* A container's model is fixed when its endpoint starts: changed content rolls it. */
    want->stable = want->mode != WANT_MULTI_MODEL || endpoint->target_models == SPEC_TARGETS_STABLE;
    want->instance_type = endpoint->instance.type.value;
    want->instance_count = endpoint->instance.count;
    want->environment = pairs_of(arena, &endpoint->environment, true, &want->n_environment);
    want->cache_disabled = endpoint->model_cache == SPEC_CACHE_DISABLED;
    want->protect = endpoint->protect;
    want->retain = (size_t) spec->retain;
    desired_endpoint(arena, spec, want);
}

static void fill_containers(struct arena *arena, const struct spec *spec, struct want *want)
{
    const struct spec_endpoint *endpoint = &spec->endpoint;
    struct want_container *containers =
        ARENA_ARRAY(arena, endpoint->n_containers, struct want_container);
    for (size_t i = 0; i < endpoint->n_containers; i++) {
        const struct spec_container *from = &endpoint->containers[i];
        struct want_container *to = &containers[i];
        to->name = from->model.name.value;
        to->image = str_eq(from->image.value, STR("builtin")) ? want->image : from->image.value;
        to->has_model = from->has_model;
        to->environment = pairs_of(arena, &from->environment, true, &to->n_environment);
    }
    want->containers = containers;
    want->n_containers = endpoint->n_containers;
}

static int channel_by_name(const void *a, const void *b)
{
    const struct want_channel *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static enum err_code digest_channel(
    struct reconciler *r, const struct want *want, struct want_channel *channel, struct err *err)
{
    struct str etag;
    enum err_code code;
    if (str_is_null(channel->path)) {
        /* SageMaker trains on buckets of its own region only. */
        code = r->world->ops->digest_s3(
            r->world, r->arena, want, channel->s3_uri, want->trains_here, &channel->digest, &etag,
            &channel->size, err);
        if (code == ERR_NOT_FOUND) {
            err_set(
                err, ERR_SPEC, "channel '" STR_FMT "': there is no object under '" STR_FMT "'",
                STR_ARG(channel->name), STR_ARG(channel->source));
            err_hint(
                err, "check the bucket and the key; a channel reads everything under its prefix");
        }
        return code == ERR_NONE ? code : err_locate(err, channel->at);
    }
    code = r->world->ops->digest_file(
        r->world, r->arena, channel->path, &channel->digest, &channel->size, err);
    if (code != ERR_NONE) {
        err_wrap(err, "channel '" STR_FMT "'", STR_ARG(channel->name));
        return err_locate(err, channel->at);
    }
    channel->key = key_data(r->arena, want->prefix, channel->digest, path_base(channel->path));
    channel->s3_uri = str_fmt(
        r->arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(want->bucket), STR_ARG(channel->key));
    return ERR_NONE;
}

static enum err_code digest_channels(
    struct reconciler *r,
    const struct want *want,
    const struct spec_channel *from,
    struct want_channel *channels,
    size_t count,
    struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        channels[i] = (struct want_channel){
            .name = from[i].name.value,
            .content_type = from[i].content_type.value,
            .path = from[i].path,
            .source = from[i].source.value,
            .s3_uri = from[i].source.value,
            .at = from[i].source.at};
        enum err_code code = digest_channel(r, want, &channels[i], err);
        if (code != ERR_NONE)
            return code;
    }
    if (count > 1)
        qsort(channels, count, sizeof(*channels), channel_by_name);
    return ERR_NONE;
}

/* What only partitions use is read by them. */
static bool uses_channels(const struct spec *spec)
{
    bool used = spec->n_sets == 0;
    for (size_t i = 0; i < spec->n_models && !used; i++)
        used = str_is_null(spec->models[i].artifact.value) &&
               spec->models[i].channels == spec->training.channels;
    return used;
}

static enum err_code
fill_channels(struct reconciler *r, const struct spec *spec, struct want *want, struct err *err)
{
    const struct spec_training *training = &spec->training;
    if (!uses_channels(spec))
        return ERR_NONE;
    want->n_channels = training->n_channels;
    want->channels = ARENA_ARRAY(r->arena, want->n_channels, struct want_channel);
    return digest_channels(r, want, training->channels, want->channels, want->n_channels, err);
}

/* Of a matrix. Each source is read once, whoever names it. */
static enum err_code fill_own_channels(
    struct reconciler *r,
    const struct want *want,
    const struct spec *spec,
    const struct spec_model *from,
    struct map *known,
    struct want_model *model,
    struct err *err)
{
    struct want_channel *channels = ARENA_ARRAY(r->arena, from->n_channels, struct want_channel);
    for (size_t i = 0; i < from->n_channels; i++) {
        const struct spec_channel *channel = &from->channels[i];
        struct str id = str_fmt(
            r->arena, STR_FMT ":" STR_FMT, STR_ARG(channel->name.value),
            STR_ARG(channel->source.value));
        struct want_channel *same = map_get(known, id);
        if (same == NULL) {
            same = ARENA_NEW(r->arena, struct want_channel);
            enum err_code code = digest_channels(r, want, channel, same, 1, err);
            if (code != ERR_NONE)
                return code;
            same->index = id;
            for (size_t k = 0; k < spec->training.n_channels; k++)
                if (str_eq(spec->training.channels[k].source.value, channel->source.value))
                    same->index = spec->training.channels[k].name.value;
            map_put(known, id, same);
        }
        channels[i] = *same;
    }
    if (from->n_channels > 1)
        qsort(channels, from->n_channels, sizeof(*channels), channel_by_name);
    model->channels = channels;
    model->n_channels = from->n_channels;
    return ERR_NONE;
}

/* The digests of the models' local artifacts, read ahead on the pool's threads. */
struct digest {
    bool read;
    char sha256[2 * SHA256_LEN];
    uint64_t size;
};

struct digesting {
    struct reconciler *r;
    const struct spec *spec;
    struct digest *digests; /* of each model; what could not be read is read again, for its error */
};

/* STR_NULL: it has none of its own, or one on S3. */
static struct str local_artifact(const struct spec_model *model)
{
    return str_is_null(model->artifact.value) ? STR_NULL : model->artifact_path;
}

/* Of the range and of two ranges behind it, what no range before has asked for: while one is
 * digested, the disk brings the next. */
static void read_ahead(const struct digesting *work, size_t from, size_t to)
{
    struct world *world = work->r->world;
    size_t last = to + 2 * FILES_AT_ONCE;
    if (from > 0)
        from += 2 * FILES_AT_ONCE;
    if (last > work->spec->n_models)
        last = work->spec->n_models;
    for (size_t i = from; i < last && world->ops->will_digest != NULL; i++) {
        struct str path = local_artifact(&work->spec->models[i]);
        if (!str_is_null(path))
            world->ops->will_digest(world, path);
    }
}

static void digest_range(void *arg, size_t batch, size_t from, size_t to)
{
    struct digesting *work = arg;
    struct world *world = work->r->world;
    AUTO(arena_close) struct arena *scratch = arena_new("digests", 0);
    (void) batch;
    read_ahead(work, from, to);
    for (size_t i = from; i < to; i++) {
        struct digest *digest = &work->digests[i];
        struct str path = local_artifact(&work->spec->models[i]), sha256;
        struct err ignored = {0};
        arena_reset(scratch);
        if (str_is_null(path) ||
            world->ops->digest_file(world, scratch, path, &sha256, &digest->size, &ignored) !=
                ERR_NONE ||
            sha256.len != sizeof(digest->sha256))
            continue;
        memcpy(digest->sha256, sha256.ptr, sha256.len);
        digest->read = true;
    }
}

/* One by one is as fast for a few. */
static struct digest *
digest_ahead(struct reconciler *r, struct arena *scratch, const struct spec *spec)
{
    struct digesting work = {
        .r = r, .spec = spec, .digests = ARENA_ARRAY(scratch, spec->n_models, struct digest)};
    if (spec->n_models > FILES_AT_ONCE)
        batch_run(r->loop, spec->n_models, FILES_AT_ONCE, digest_range, &work);
    return work.digests;
}

static enum err_code digest_artifact(
    struct reconciler *r, const struct digest *ahead, struct want_model *model, struct err *err)
{
    if (!ahead->read)
        return r->world->ops->digest_file(
            r->world, r->arena, model->path, &model->sha256, &model->size, err);
    model->sha256 = str_dup(r->arena, str_of(ahead->sha256, sizeof(ahead->sha256)));
    model->size = ahead->size;
    return ERR_NONE;
}

static enum err_code fill_own_artifact(
    struct reconciler *r,
    const struct want *want,
    const struct spec_model *from,
    const struct digest *ahead,
    struct want_model *model,
    struct err *err)
{
    enum err_code code;
    model->source = from->artifact.value;
    model->path = from->artifact_path;
    model->allow_pickle = from->allow_pickle;
    if (!str_is_null(model->path)) {
        struct str pinned = from->sha256.value;
        code = digest_artifact(r, ahead, model, err);
        if (code == ERR_NONE && !str_is_null(pinned) && !str_eq_nocase(pinned, model->sha256)) {
            err_set(
                err, ERR_SPEC, "artifact '" STR_FMT "' has sha256 " STR_FMT ", not the pinned one",
                STR_ARG(model->source), STR_ARG(model->sha256));
            err_hint(err, "if the new content is meant, change 'sha256' in the spec");
            return err_locate(err, from->sha256.at);
        }
    } else {
        struct str digest;
        model->s3_uri = from->artifact.value;
        code = r->world->ops->digest_s3(
            r->world, r->arena, want, model->s3_uri, true, &digest, &model->source_etag,
            &model->size, err);
        /* An artifact is one object; a prefix that holds others is not it. */
        if (code == ERR_NONE && str_is_null(model->source_etag))
            code = ERR_NOT_FOUND;
        if (code == ERR_NOT_FOUND) {
            code = err_set(
                err, ERR_SPEC, "model '" STR_FMT "': there is no object '" STR_FMT "'",
                STR_ARG(model->name), STR_ARG(model->source));
            err_hint(err, "check the bucket and the key; an artifact is one object");
        }
        if (!str_is_null(from->sha256.value))
            model->sha256 = str_lower(r->arena, from->sha256.value);
    }
    if (code == ERR_NONE)
        return code;
    if (!str_is_null(model->path))
        err_wrap(err, "model '" STR_FMT "'", STR_ARG(model->name));
    return err_locate(err, from->artifact.at);
}

static int model_by_name(const void *a, const void *b)
{
    const struct want_model *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static void finish_model(
    struct reconciler *r, const struct want *want, struct str settings, struct want_model *model)
{
    model->settings_hash = settings;
    model->spec_fp = model->fp = fingerprint_model(r->arena, want, model);
    if (model->trained)
        model->job = name_thing(r->arena, want, 't', model->fp);
}

static enum err_code fill_model(
    struct reconciler *r,
    const struct spec *spec,
    const struct want *want,
    const struct spec_model *from,
    const struct digest *ahead,
    struct map *known,
    struct want_model *model,
    struct err *err)
{
    model->name = from->name.value;
    model->description = from->description.value;
    model->protect = from->protect;
    model->at = from->at;
    model->trained = str_is_null(from->artifact.value);
    model->set = from->set != NULL ? from->set->name.value : STR_NULL;
    model->hyperparameters =
        pairs_of(r->arena, &from->hyperparameters, true, &model->n_hyperparameters);
    model->pin = from->version.value;
    model->pin_at = from->version.at;
    if (!model->trained)
        return fill_own_artifact(r, want, from, ahead, model, err);
    if (from->channels == spec->training.channels)
        return ERR_NONE;
    return fill_own_channels(r, want, spec, from, known, model, err);
}

static enum err_code
fill_models(struct reconciler *r, const struct spec *spec, struct want *want, struct err *err)
{
    AUTO(arena_close) struct arena *scratch = arena_new("digests", 0);
    const struct digest *ahead = digest_ahead(r, scratch, spec);
    struct set_models parted = {0};
    enum err_code code = desired_partitions(r, spec, want, &parted, NULL, err);
    if (code != ERR_NONE)
        return code;
    want->n_models = spec->n_models + parted.len;
    want->models = ARENA_ARRAY(r->arena, want->n_models, struct want_model);
    struct map *known = map_new(scratch);
    for (size_t i = 0; code == ERR_NONE && i < spec->n_models; i++)
        code = fill_model(r, spec, want, &spec->models[i], &ahead[i], known, &want->models[i], err);
    if (code != ERR_NONE)
        return code;
    if (parted.len > 0)
        memcpy(want->models + spec->n_models, parted.items, parted.len * sizeof(*parted.items));
    struct str settings = fingerprint_settings(r->arena, want);
    for (size_t i = 0; i < want->n_models; i++)
        finish_model(r, want, settings, &want->models[i]);
    code = desired_gates(r, spec, want, err);
    if (code != ERR_NONE)
        return code;
    if (want->n_models > 1)
        qsort(want->models, want->n_models, sizeof(*want->models), model_by_name);
    return ERR_NONE;
}

enum err_code desired_outline(
    struct arena *arena,
    const struct spec *spec,
    struct str account,
    struct want *out,
    struct err *err)
{
    struct want want = {.account = account};
    fill_places(arena, spec, STR_NULL, &want);
    fill_machines(arena, spec, &want);
    enum err_code code = fill_images(arena, spec, &want, err);
    fill_containers(arena, spec, &want);
    if (code == ERR_NONE)
        *out = want;
    return code;
}

enum err_code desired_build(
    struct reconciler *r,
    const struct spec *spec,
    bool destroy,
    struct want **ret_want,
    struct err *err)
{
    struct want *want = ARENA_NEW(r->arena, struct want);
    enum err_code code = find_account(r, spec, want, err);
    if (code != ERR_NONE)
        return code;
    fill_places(r->arena, spec, r->region, want);
    fill_machines(r->arena, spec, want);
    /* Tearing down needs neither files nor images: only the names. */
    if (!destroy) {
        code = fill_images(r->arena, spec, want, err);
        fill_containers(r->arena, spec, want);
        if (code == ERR_NONE)
            code = fill_channels(r, spec, want, err);
        if (code == ERR_NONE)
            code = fill_models(r, spec, want, err);
        if (code == ERR_NONE)
            code = desired_routes(r->arena, spec, want, err);
        if (code != ERR_NONE)
            return code;
    }
    *ret_want = want;
    return ERR_NONE;
}

enum err_code desired_names(
    struct reconciler *r, const struct spec *spec, struct want **ret_want, struct err *err)
{
    struct want *want;
    enum err_code code = desired_build(r, spec, true, &want, err);
    if (code == ERR_NONE)
        code = fill_images(r->arena, spec, want, err);
    if (code != ERR_NONE)
        return code;
    fill_containers(r->arena, spec, want);
    want->n_models = spec->n_models;
    want->models = ARENA_ARRAY(r->arena, want->n_models, struct want_model);
    for (size_t i = 0; i < want->n_models; i++)
        want->models[i] = (struct want_model){
            .name = spec->models[i].name.value,
            .protect = spec->models[i].protect,
            .trained = true,
            .pin = spec->models[i].version.value,
            .pin_at = spec->models[i].version.at,
            .at = spec->models[i].at};
    if (want->n_models > 1)
        qsort(want->models, want->n_models, sizeof(*want->models), model_by_name);
    *ret_want = want;
    return ERR_NONE;
}

enum err_code desired_offline(
    struct reconciler *r,
    const struct spec *spec,
    struct want **ret_want,
    size_t *ret_unread,
    struct err *err)
{
    struct want *want = ARENA_NEW(r->arena, struct want);
    struct set_models parted = {0};
    want->trains_here = spec->training.backend == SPEC_BACKEND_LOCAL;
    *ret_unread = 0;
    enum err_code code = desired_partitions(r, spec, want, &parted, ret_unread, err);
    if (code != ERR_NONE)
        return code;
    want->n_models = spec->n_models + parted.len;
    want->models = ARENA_ARRAY(r->arena, want->n_models, struct want_model);
    for (size_t i = 0; i < spec->n_models; i++)
        want->models[i] = (struct want_model){
            .name = spec->models[i].name.value,
            .trained = str_is_null(spec->models[i].artifact.value)};
    if (parted.len > 0)
        memcpy(want->models + spec->n_models, parted.items, parted.len * sizeof(*parted.items));
    *ret_want = want;
    return ERR_NONE;
}
