#include "engine/reconcile/adopt_internal.h"

#include "engine/plan/artifact.h"
#include "engine/plan/world.h"
#include "engine/reconcile/claim.h"
#include "engine/reconcile/desired.h"
#include "engine/reconcile/executor.h"
#include "engine/reconcile/fan.h"
#include "engine/reconcile/lease.h"
#include "engine/reconcile/run.h"
#include "engine/resource/names.h"

struct looking {
    struct reconciler *r;
    const struct adopt_options *options;
    struct adopt_look *look;
    struct seen_object **unknown; /* whose owner is asked */
};

static struct str given_key(const struct adopt_options *options, struct str name)
{
    for (size_t i = 0; i < options->n_from; i++)
        if (str_eq(options->from[i].name, name))
            return options->from[i].value;
    return STR_NULL;
}

static void split(struct str uri, struct str *ret_bucket, struct str *ret_key)
{
    struct str rest = str_from_index(uri, STR("s3://").len);
    size_t slash = str_index(rest, '/');
    *ret_bucket = str_slice(rest, 0, slash);
    *ret_key = slash == SIZE_MAX ? STR("") : str_from_index(rest, slash + 1);
}

/* What the endpoint's container of that name has loaded; STR_NULL: there is none, or no model in
 * it. */
static struct str container_url(const struct looking *l, struct str name)
{
    JSON_EACH (container, json_get(l->look->seen->live_model.describe, "Containers")) {
        if (str_eq(json_get_str(container, "ContainerHostname"), name))
            return json_get_str(container, "ModelDataUrl");
    }
    return STR_NULL;
}

/* Where the user, the endpoint's container, or the names of the tutorial say that a model's
 * artifact is. */
static enum err_code find_source(struct looking *l, size_t index, struct err *err)
{
    struct arena *arena = l->r->arena;
    const struct want_model *model = &l->look->want->models[index];
    struct adopt_source *source = &l->look->sources[index];
    struct str given = given_key(l->options, model->name);
    if (str_is_null(given) && !model->trained)
        return ERR_NONE; /* its artifact is the user's own file: apply publishes that */
    struct map *there = l->look->there;
    bool contained = l->look->want->mode != WANT_MULTI_MODEL;
    if (contained && str_is_null(given))
        given = container_url(l, model->name);
    if (contained && str_is_null(given))
        return ERR_NONE;
    if (str_starts(given, STR("s3://"))) {
        source->uri = given;
        enum err_code code =
            l->r->world->ops->list_source(l->r->world, arena, l->look->want, given, &there, err);
        if (code != ERR_NONE)
            return err_wrap(err, "model '" STR_FMT "'", STR_ARG(model->name));
    } else {
        struct str url = l->look->seen->live_model_url;
        struct str file =
            !str_is_null(given) ? given : str_fmt(arena, STR_FMT ".tar.gz", STR_ARG(model->name));
        source->uri = str_fmt(
            arena, STR_FMT "%s" STR_FMT, STR_ARG(url), str_ends(url, STR("/")) ? "" : "/",
            STR_ARG(file));
    }
    split(source->uri, &source->bucket, &source->key);
    source->object = there != NULL ? map_get(there, source->key) : NULL;
    if (source->object == NULL && !str_is_null(given)) {
        err_set(
            err, ERR_NOT_FOUND, "model '" STR_FMT "': there is no object '" STR_FMT "'",
            STR_ARG(model->name), STR_ARG(source->uri));
        return err_hint(err, "--from=NAME=KEY takes a key behind the ModelDataUrl, or s3://");
    }
    return ERR_NONE;
}

static enum err_code look_at_artifacts(struct looking *l, struct err *err)
{
    struct adopt_look *look = l->look;
    look->sources = ARENA_ARRAY(l->r->arena, look->want->n_models, struct adopt_source);
    enum err_code code = ERR_NONE;
    bool listed = look->want->mode == WANT_MULTI_MODEL;
    if (listed && str_starts(look->seen->live_model_url, STR("s3://")))
        code = l->r->world->ops->list_source(
            l->r->world, l->r->arena, look->want, look->seen->live_model_url, &look->there, err);
    for (size_t i = 0; code == ERR_NONE && i < look->want->n_models; i++)
        code = find_source(l, i, err);
    return code;
}

/* ---- a renamed stack ---- */

static void set_home(struct reconciler *r, struct want *want, struct str home)
{
    while (str_ends(home, STR("/")))
        home.len--;
    split(home, &want->bucket, &want->prefix);
    want->home = str_dup(r->arena, home);
}

static struct str old_home(const struct looking *l)
{
    const struct adopt_look *look = l->look;
    const struct json *tags = look->seen->endpoint.tags;
    if (!str_is_null(l->options->from_home))
        return l->options->from_home;
    if (look->seen->endpoint.present &&
        str_eq(json_get_str(tags, "mmectl:uid"), look->old.want.uid))
        return json_get_str(tags, "mmectl:home");
    return str_fmt(
        l->r->arena, "s3://" STR_FMT "/" STR_FMT, STR_ARG(look->want->bucket),
        STR_ARG(l->options->from_stack));
}

static enum err_code no_stack(const struct looking *l, struct err *err)
{
    const struct want *old = &l->look->old.want;
    err_set(
        err, ERR_NOT_FOUND, "there is no stack '" STR_FMT "' at '" STR_FMT "'", STR_ARG(old->stack),
        STR_ARG(old->home));
    return err_hint(
        err, "if its bucket or prefix is another one, add --from-home=s3://BUCKET/PREFIX");
}

static enum err_code look_at_old(struct looking *l, struct err *err)
{
    struct adopt_look *look = l->look;
    struct reconciler *r = l->r;
    if (str_eq(l->options->from_stack, look->want->stack))
        return err_set(
            err, ERR_USAGE, "--from-stack names the spec's own stack, '" STR_FMT "'",
            STR_ARG(look->want->stack));
    struct str home = old_home(l);
    if (!str_starts(home, STR("s3://")))
        return err_set(err, ERR_USAGE, "'" STR_FMT "' is not s3://BUCKET/PREFIX", STR_ARG(home));
    set_home(r, &look->old.want, home);
    if (str_eq(look->old.want.home, look->want->home))
        return ERR_NONE; /* refused by adopt_check, which says what to do */
    enum err_code code =
        r->world->ops->record_read(r->world, r->arena, &look->old.want, &look->old.record, err);
    if (code != ERR_NONE)
        return code;
    if (!look->old.record.present || !str_eq(look->old.record.uid, look->old.want.uid))
        return no_stack(l, err);
    struct str uri = str_fmt(r->arena, STR_FMT "/", STR_ARG(look->old.want.home));
    look->old.found = true;
    return r->world->ops->list_source(r->world, r->arena, look->want, uri, &look->old.objects, err);
}

static void name_old(struct looking *l)
{
    struct want *old = &l->look->old.want;
    *old = *l->look->want;
    old->stack = l->options->from_stack;
    old->uid = name_uid(l->r->arena, old->account, old->region, old->stack);
    l->look->old.asked = true;
}

/* ---- both ---- */

static enum err_code inspect_one(void *arg, size_t index, struct err *err)
{
    struct looking *l = arg;
    return l->r->world->ops->inspect(
        l->r->world, l->r->arena, l->look->want, l->unknown[index], err);
}

/* Whose the objects under models/ and versions/ are: there are none before the first import. */
static enum err_code look_at_copies(struct looking *l, struct err *err)
{
    struct map *objects = l->look->seen->objects;
    size_t n = 0;
    l->unknown = ARENA_ARRAY(l->r->arena, map_len(objects), struct seen_object *);
    for (size_t i = 0; i < map_len(objects); i++) {
        struct seen_object *object = map_value_at(objects, i);
        struct key_parts parts;
        enum key_class class = key_classify(l->look->want, object->key, &parts);
        if (class != KEY_FOREIGN && class != KEY_CONTROL && class != KEY_DATA &&
            class != KEY_TRAINING && object->owner == OWNER_UNKNOWN)
            l->unknown[n++] = object;
    }
    return fan_out(l->r->loop, l->r->arena, n, inspect_one, l, err);
}

static bool is_ours(const struct adopt_look *look)
{
    return look->seen->endpoint.present && look->seen->endpoint.owner == OWNER_US;
}

static enum err_code look_at(
    struct reconciler *r,
    const struct spec *spec,
    const struct adopt_options *options,
    struct adopt_look *look,
    struct err *err)
{
    struct looking l = {.r = r, .options = options, .look = look};
    enum err_code code = desired_build(r, spec, false, &look->want, err);
    if (code != ERR_NONE)
        return code;
    look->seen = ARENA_NEW(r->arena, struct snapshot);
    struct event event = {
        .type = EVENT_OBSERVE, .name = look->want->stack, .text = STR("what is there")};
    reconcile_tell(r, &event);
    code = r->world->ops->observe(r->world, r->arena, look->want, false, look->seen, err);
    if (code != ERR_NONE)
        return code;
    if (!str_is_null(options->from_stack)) {
        name_old(&l);
        if (!is_ours(look))
            code = look_at_old(&l, err);
    } else {
        code = look_at_artifacts(&l, err);
    }
    return code == ERR_NONE ? look_at_copies(&l, err) : code;
}

enum err_code adopt_plan(
    struct reconciler *r,
    const struct spec *spec,
    const struct adopt_options *options,
    struct adoption **ret_adoption,
    struct err *err)
{
    struct adopt_look *look = ARENA_NEW(r->arena, struct adopt_look);
    enum err_code code = look_at(r, spec, options, look, err);
    return code == ERR_NONE ? adopt_build(r->arena, look, options, ret_adoption, err) : code;
}

/* ---- doing it ---- */

static void
run_kind(struct reconciler *r, struct adoption *adoption, bool bucket, struct report *report)
{
    struct plan *plan = adoption->plan;
    struct change **set = ARENA_ARRAY(r->arena, plan->changes.len, struct change *);
    size_t n = 0;
    for (size_t i = 0; i < plan->changes.len; i++)
        if ((plan->changes.items[i]->kind == KIND_BUCKET) == bucket)
            set[n++] = plan->changes.items[i];
    execute_phase(r, adoption->want, adoption->seen, set, n);
    run_count(r->arena, set, n, report);
}

/* What was copied has the ETag that its copy got. */
static void learn_etags(struct adoption *adoption, struct record_version *version)
{
    for (size_t i = 0; i < adoption->plan->changes.len; i++) {
        const struct change *change = adoption->plan->changes.items[i];
        const struct artifact_plan *artifact = change->subject;
        if (change->kind != KIND_ARTIFACT || !str_eq(artifact->key, version->key))
            continue;
        version->etag = artifact->etag;
        version->size = artifact->size;
    }
}

static enum err_code write_record(struct reconciler *r, struct adoption *adoption, struct err *err)
{
    struct record *record = &adoption->record;
    if (!adoption->writes_record)
        return ERR_NONE;
    for (size_t i = 0; i < record->models.len; i++) {
        learn_etags(adoption, &record->models.items[i].live);
        for (size_t k = 0; k < record->models.items[i].history.len; k++)
            learn_etags(adoption, &record->models.items[i].history.items[k]);
    }
    record->writer = r->writer;
    record->conditions_known = adoption->seen->record.conditions_known;
    record->conditions_missing = adoption->seen->record.conditions_missing;
    return claim_write(r, adoption->want, adoption->seen, record, err);
}

static enum err_code retag(
    struct reconciler *r,
    const struct adoption *adoption,
    struct str arn,
    bool endpoint,
    struct err *err)
{
    struct want_pair extra[2];
    size_t n = 0;
    if (endpoint && adoption->want->protect)
        extra[n++] = (struct want_pair){STR("mmectl:protect"), STR("true")};
    if (endpoint && !str_is_null(adoption->from_uid))
        extra[n++] = (struct want_pair){STR("mmectl:from"), adoption->from_uid};
    return r->world->ops->tag(r->world, r->arena, adoption->want, arn, extra, n, err);
}

/* The endpoint is tagged last: from then on it is ours. A model and a configuration with names of
 * ours are a forgotten stack's, which comes back. */
static enum err_code take_over(
    struct reconciler *r, const struct adoption *adoption, struct report *report, struct err *err)
{
    const struct snapshot *seen = adoption->seen;
    if (!adoption->tags_endpoint)
        return ERR_NONE;
    enum err_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < seen->models.len; i++)
        if (str_eq(seen->models.items[i].name, seen->live_model.name))
            code = retag(r, adoption, seen->models.items[i].arn, false, err);
    for (size_t i = 0; code == ERR_NONE && i < seen->configs.len; i++)
        if (str_eq(seen->configs.items[i].name, seen->live_config.name))
            code = retag(r, adoption, seen->configs.items[i].arn, false, err);
    if (code == ERR_NONE)
        code = retag(r, adoption, seen->endpoint.arn, true, err);
    if (code != ERR_NONE)
        return err_wrap(err, "tagging endpoint '" STR_FMT "'", STR_ARG(seen->endpoint.name));
    report->n_imported = 1;
    return ERR_NONE;
}

static enum err_code
carry_out(struct reconciler *r, struct adoption *adoption, struct report *report, struct err *err)
{
    enum err_code code = ERR_NONE;
    if (!plan_is_empty(adoption->plan))
        code = claim_record(r, adoption->plan, true, err);
    if (code != ERR_NONE)
        return code;
    run_kind(r, adoption, false, report);
    code = run_result(r, report, "import", err);
    if (code == ERR_NONE)
        code = write_record(r, adoption, err);
    if (code == ERR_NONE)
        code = take_over(r, adoption, report, err);
    return code;
}

/* A run of the renamed stack that is still at work would change what is being copied. */
static enum err_code
check_old_idle(struct reconciler *r, const struct adopt_look *look, struct err *err)
{
    struct lease_info info;
    if (!look->old.found)
        return ERR_NONE;
    enum err_code code = lease_peek(r, r->arena, &look->old.want, &info, err);
    if (code != ERR_NONE || !info.present || !lease_is_live(r, &info))
        return code;
    err_set(
        err, ERR_LOCKED, "stack '" STR_FMT "' is being changed by " STR_FMT,
        STR_ARG(look->old.want.stack), STR_ARG(info.who));
    return err_hint(err, "wait for that run to end, then run the same command again");
}

enum err_code adopt_execute(
    struct reconciler *r,
    const struct spec *spec,
    const struct adopt_options *options,
    struct report *ret_report,
    struct err *err)
{
    *ret_report = (struct report){0};
    struct adoption *adoption = NULL;
    struct adopt_look *look = ARENA_NEW(r->arena, struct adopt_look);
    enum err_code code = look_at(r, spec, options, look, err);
    if (code == ERR_NONE)
        code = adopt_build(r->arena, look, options, &adoption, err);
    if (code == ERR_NONE)
        code = check_old_idle(r, look, err);
    if (code != ERR_NONE || adoption_is_empty(adoption))
        return code;
    run_kind(r, adoption, true, ret_report);
    code = run_result(r, ret_report, "import", err);
    if (code == ERR_NONE)
        code = lease_acquire(r, adoption->want, "import", NULL, err);
    if (code != ERR_NONE)
        return code;
    /* As it is now that nobody else changes it. */
    code = adopt_plan(r, spec, options, &adoption, err);
    if (code == ERR_NONE)
        code = carry_out(r, adoption, ret_report, err);
    lease_release(r->lease);
    return code;
}
