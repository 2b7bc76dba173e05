#include "engine/reconcile/forget.h"

#include "engine/resource/names.h"

struct forgetter {
    struct arena *arena;
    struct str address; /* null: everything */
    struct forgetting *out;
};

static void
add(struct forgetter *f, enum kind_id kind, struct str index, struct str name, struct str arn)
{
    struct str address = address_of(f->arena, kind, index);
    if (!str_is_null(f->address) && !str_eq(f->address, address))
        return;
    *VEC_PUSH(f->arena, &f->out->items) = (struct forget_item){kind, address, name, arn};
}

/* Models and configurations. Those in use are known by their names alone, so they count only while
 * there is an endpoint or a record of ours. */
static void add_things(
    struct forgetter *f,
    enum kind_id kind,
    const struct seen_thing *things,
    size_t count,
    const struct seen_thing *live,
    bool ours)
{
    for (size_t i = 0; i < count; i++) {
        bool in_use = live->present && str_eq(live->name, things[i].name);
        if (things[i].owner == OWNER_US && (ours || !in_use))
            add(f, kind, in_use ? STR_NULL : things[i].name, things[i].name, things[i].arn);
    }
}

static enum err_code no_such(const struct forgetter *f, struct err *err)
{
    err_set(
        err, ERR_NOT_FOUND,
        "there is nothing of stack '" STR_FMT "' with the address '" STR_FMT "'",
        STR_ARG(f->out->want->stack), STR_ARG(f->address));
    return err_hint(
        err, "what has tags can be forgotten alone: aws_sagemaker_endpoint.this, "
             "aws_sagemaker_endpoint_configuration.this, aws_sagemaker_model.this; --all forgets "
             "the stack");
}

static void count_objects(struct forgetting *out)
{
    for (size_t i = 0; i < map_len(out->seen->objects); i++) {
        const struct seen_object *object = map_value_at(out->seen->objects, i);
        struct key_parts parts;
        enum key_class class = key_classify(out->want, object->key, &parts);
        if (class == KEY_FOREIGN || class == KEY_CONTROL)
            continue;
        out->n_objects++;
        out->bytes += object->size;
    }
}

/* The record no longer claims an endpoint that is let go alone. */
static void release_endpoint(struct forgetter *f)
{
    const struct record *record = &f->out->seen->record;
    f->out->record = *record;
    if (!record->present || f->out->items.len == 0 || f->out->items.items[0].kind != KIND_ENDPOINT)
        return;
    f->out->record.endpoints.items = NULL;
    f->out->record.endpoints.len = f->out->record.endpoints.cap = 0;
    for (size_t i = 0; i < record->endpoints.len; i++)
        if (!str_eq(record->endpoints.items[i], f->out->want->endpoint))
            *VEC_PUSH(f->arena, &f->out->record.endpoints) = record->endpoints.items[i];
    f->out->writes_record = f->out->record.endpoints.len != record->endpoints.len;
}

bool forgetting_is_empty(const struct forgetting *forgetting)
{
    return forgetting->items.len == 0 && !forgetting->deletes_record && !forgetting->untags_bucket;
}

enum err_code forget_build(
    struct arena *arena,
    struct want *want,
    struct snapshot *seen,
    struct str address,
    struct forgetting **ret_forgetting,
    struct err *err)
{
    struct forgetting *out = ARENA_NEW(arena, struct forgetting);
    struct forgetter f = {.arena = arena, .address = address, .out = out};
    *out = (struct forgetting){.want = want, .seen = seen, .all = str_is_null(address)};
    if (seen->record.present && !str_eq(seen->record.uid, want->uid)) {
        err_set(
            err, ERR_CONFLICT, "the prefix '" STR_FMT "' belongs to another stack, '" STR_FMT "'",
            STR_ARG(want->home), STR_ARG(seen->record.stack));
        err_hint(err, "name the spec of the stack that is to be forgotten");
        return err_locate(err, want->prefix_at);
    }
    bool endpoint = seen->endpoint.present && seen->endpoint.owner == OWNER_US;
    bool ours = endpoint || seen->record.present;
    for (size_t i = 0; i < seen->jobs.len; i++)
        if (seen->jobs.items[i].owner == OWNER_US)
            add(&f, KIND_TRAINING_JOB, seen->jobs.items[i].name, seen->jobs.items[i].name,
                seen->jobs.items[i].arn);
    add_things(
        &f, KIND_ENDPOINT_CONFIG, seen->configs.items, seen->configs.len, &seen->live_config, ours);
    add_things(&f, KIND_MODEL, seen->models.items, seen->models.len, &seen->live_model, ours);
    for (size_t i = 0; i < seen->old_endpoints.len; i++)
        add(&f, KIND_ENDPOINT, seen->old_endpoints.items[i].name, seen->old_endpoints.items[i].name,
            seen->old_endpoints.items[i].arn);
    if (endpoint)
        add(&f, KIND_ENDPOINT, STR_NULL, seen->endpoint.name, seen->endpoint.arn);
    if (out->all) {
        out->deletes_record = seen->record.present;
        out->untags_bucket = seen->bucket.ours;
    } else {
        if (out->items.len == 0)
            return no_such(&f, err);
        release_endpoint(&f);
    }
    count_objects(out);
    *ret_forgetting = out;
    return ERR_NONE;
}
