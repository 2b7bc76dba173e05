/* tests/unit/engine/reconcile/adopting.h - an endpoint that somebody else made, beside a scene.
 *
 * Header-only. look_new() is a stack with n trained models that wants the endpoint; its artifacts
 * lie at s3://theirs/models/. Tests change what they like and build.
 */
#ifndef TESTS_UNIT_ENGINE_RECONCILE_ADOPTING_H
#define TESTS_UNIT_ENGINE_RECONCILE_ADOPTING_H

#include "tests/unit/engine/reconcile/scene.h"

#include "engine/reconcile/adopt.h"

struct adopt_scene {
    struct scene *s;
    struct adopt_look look;
    struct adopt_options options;
    struct adoption *out;
    struct err err;
};

/* Single quotes for double ones. */
static UNUSED struct json *quoted(struct arena *arena, const char *text)
{
    struct json *out = NULL;
    struct err err = {0};
    char *copy = str_z(arena, str_from(text));
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    assert_ok(json_parse(arena, str_from(copy), KIB(64), &out, &err), &err);
    return out;
}

static UNUSED struct seen_object *theirs(struct adopt_scene *a, const char *key)
{
    struct seen_object *object = ARENA_NEW(a->s->arena, struct seen_object);
    *object = (struct seen_object){
        .key = str_from(key), .etag = str_fmt(a->s->arena, "\"their %s\"", key), .size = 11};
    map_put(a->look.there, object->key, object);
    return object;
}

#define THEIR_CONFIG \
    "{'EndpointConfigName': 'their-config', 'ProductionVariants': [{'VariantName': 'AllTraffic', " \
    "'ModelName': 'their-model', 'InstanceType': 'ml.m5.xlarge', 'InitialInstanceCount': 2}]}"
#define THEIR_MODEL \
    "{'ModelName': 'their-model', 'PrimaryContainer': {'Image': 'image', 'Mode': 'MultiModel', " \
    "'ModelDataUrl': 's3://theirs/models/', 'Environment': {'TOKEN': 'secret'}}}"

static UNUSED struct adopt_scene *adopt_scene_new(struct arena *arena, bool stable, size_t n)
{
    struct adopt_scene *a = ARENA_NEW(arena, struct adopt_scene);
    struct scene *s = a->s = scene_trained(arena, stable, n);
    s->seen.bucket.present = true;
    s->seen.endpoint = (struct seen_endpoint){
        .present = true,
        .name = s->want.endpoint,
        .arn = STR("arn:endpoint"),
        .status = STR("InService"),
        .config = STR("their-config"),
        .owner = OWNER_OTHER,
        .tags = quoted(arena, "{'team': 'risk'}")};
    s->seen.live_config = (struct seen_thing){
        .present = true,
        .name = STR("their-config"),
        .owner = OWNER_OTHER,
        .describe = quoted(arena, THEIR_CONFIG)};
    s->seen.live_model = (struct seen_thing){
        .present = true,
        .name = STR("their-model"),
        .owner = OWNER_OTHER,
        .describe = quoted(arena, THEIR_MODEL)};
    s->seen.live_model_url = STR("s3://theirs/models/");
    a->look = (struct adopt_look){.want = &s->want, .seen = &s->seen};
    a->look.there = map_new(arena);
    a->look.sources = ARENA_ARRAY(arena, n + 1, struct adopt_source);
    for (size_t i = 0; i < n; i++) {
        struct str key =
            str_fmt(arena, "models/" STR_FMT ".tar.gz", STR_ARG(s->want.models[i].name));
        a->look.sources[i] = (struct adopt_source){
            .bucket = STR("theirs"),
            .key = key,
            .uri = str_fmt(arena, "s3://theirs/" STR_FMT, STR_ARG(key)),
            .object = theirs(a, str_z(arena, key))};
    }
    return a;
}

static UNUSED enum err_code adopt(struct adopt_scene *a)
{
    a->err = (struct err){0};
    return adopt_build(a->s->arena, &a->look, &a->options, &a->out, &a->err);
}

static UNUSED bool warned(const struct adopt_scene *a, const char *text)
{
    for (size_t i = 0; i < a->out->plan->warnings.len; i++)
        if (str_find(a->out->plan->warnings.items[i].message, str_from(text)) != SIZE_MAX)
            return true;
    return false;
}

#endif
