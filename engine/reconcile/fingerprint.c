#include "engine/reconcile/fingerprint.h"

#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/resource/names.h"

static struct str hash_json(struct arena *arena, struct arena *scratch, const struct json *node)
{
    return sha256_hex(arena, json_text(scratch, node, JSON_CANONICAL));
}

struct str fingerprint_json(struct arena *arena, const struct json *node)
{
    return hash_json(arena, arena, node);
}

static struct json *
trained_recipe(struct arena *arena, const struct want *want, const struct want_model *model)
{
    struct json *recipe = json_object(arena);
    struct json *algorithm = json_object(arena);
    json_put(arena, algorithm, "name", json_string(arena, want->algorithm_name));
    json_put(arena, algorithm, "version", json_string(arena, want->algorithm_version));
    json_put(arena, recipe, "algorithm", algorithm);
    struct json *hyper = json_object(arena);
    for (size_t i = 0; i < model->n_hyperparameters; i++)
        json_set(
            arena, hyper, model->hyperparameters[i].name,
            json_string(arena, model->hyperparameters[i].value));
    json_put(arena, recipe, "hyperparameters", hyper);
    struct json *channels = json_object(arena);
    const struct want_channel *used;
    size_t n_used = want_channels(want, model, &used);
    for (size_t i = 0; i < n_used; i++) {
        struct json *channel = json_object(arena);
        json_put(arena, channel, "digest", json_string(arena, used[i].digest));
        json_put(arena, channel, "contentType", json_string(arena, used[i].content_type));
        json_set(arena, channels, used[i].name, channel);
    }
    json_put(arena, recipe, "channels", channels);
    if (!str_is_null(model->set_value))
        json_put(arena, recipe, "partition", json_string(arena, model->set_value));
    json_put(arena, recipe, "packer", json_int(arena, FINGERPRINT_PACKER));
    return recipe;
}

static struct json *own_recipe(struct arena *arena, const struct want_model *model)
{
    struct json *recipe = json_object(arena);
    if (!str_is_null(model->sha256)) {
        json_put(arena, recipe, "artifact", json_string(arena, model->sha256));
    } else {
        json_put(arena, recipe, "etag", json_string(arena, model->source_etag));
        json_put(arena, recipe, "size", json_int(arena, (int64_t) model->size));
    }
    return recipe;
}

struct str
fingerprint_model(struct arena *arena, const struct want *want, const struct want_model *model)
{
    AUTO(arena_close) struct arena *scratch = arena_new("recipe", 0);
    return hash_json(
        arena, scratch,
        model->trained ? trained_recipe(scratch, want, model) : own_recipe(scratch, model));
}

struct str fingerprint_settings(struct arena *arena, const struct want *want)
{
    struct json *node = json_object(arena);
    json_put(arena, node, "role", json_string(arena, want->role));
    json_put(arena, node, "image", json_string(arena, want->image));
    json_put(arena, node, "instance", json_string(arena, want->training_instance));
    json_put(arena, node, "count", json_int(arena, want->training_count));
    json_put(arena, node, "volume", json_int(arena, want->training_volume_gb));
    json_put(arena, node, "maxRuntime", json_int(arena, want->max_runtime_s));
    if (want->max_wait_s > 0)
        json_put(arena, node, "maxWait", json_int(arena, want->max_wait_s));
    return str_slice(fingerprint_json(arena, node), 0, FP12);
}

struct str fingerprint_generation(struct arena *arena, const struct want *want, struct str salt)
{
    struct json *set = json_object(arena);
    for (size_t i = 0; i < want->n_models; i++)
        if (!str_is_null(want->models[i].fp))
            json_set(arena, set, want->models[i].name, json_string(arena, want->models[i].fp));
    struct json *node = json_object(arena);
    json_put(arena, node, "models", set);
    if (!str_is_null(salt))
        json_put(arena, node, "after", json_string(arena, salt));
    return str_slice(fingerprint_json(arena, node), 0, GEN10);
}
