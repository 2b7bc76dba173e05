#include "engine/local/fleet.h"

#include "engine/base/digest.h"
#include "engine/local/fleet_disk.h"
#include "engine/local/sm.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MAX_VARIANTS = 10 };

struct fleet {
    struct fleet *next;
    _Atomic unsigned refs; /* one of the list while it is in it */
    struct arena *arena;
    struct str region, endpoint; /* as created: invocations match the case */
    struct str group;            /* its log group */
    int64_t created_ms, generation;
    /* Good until the row changes or time moves it; guarded by the room's lock. */
    uint64_t epoch;
    int64_t due_ms;
    struct fleet_variant variants[MAX_VARIANTS];
    size_t n_variants;
    _Atomic uint64_t picks;
    _Atomic bool started; /* what its containers load at their start is loaded, or being loaded */
};

struct state {
    pthread_mutex_t lock;
    struct fleet *first;
    _Atomic uint64_t epoch;
};

void fleet_changed(struct local *local)
{
    struct state *state = local_state(local, &local_fleet_room);

    if (state != NULL)
        atomic_fetch_add(&state->epoch, 1);
}

struct str fleet_log_stream(
    struct arena *arena, struct str endpoint_arn, struct str variant, int64_t generation)
{
    struct str seed = str_fmt(
        arena, STR_FMT "/" STR_FMT "/%lld", STR_ARG(endpoint_arn), STR_ARG(variant),
        (long long) generation);
    struct str id = str_slice(sha256_hex(arena, seed), 0, 17);

    return str_fmt(arena, STR_FMT "/i-" STR_FMT, STR_ARG(variant), STR_ARG(id));
}

/* ------------------------------------------------------------------ making and freeing */

struct str
fleet_container_stream(struct arena *arena, struct str stream, struct str container, bool several)
{
    return several ? str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(stream), STR_ARG(container))
                   : stream;
}

static void loaded(void *self, int64_t took_us)
{
    const struct fleet_container *container = self;

    measures_add(
        container->measures, MEASURE_LOADING, clock_wall_ms(container->clock), (double) took_us);
}

static void unloaded(void *self, int64_t took_us)
{
    const struct fleet_container *container = self;

    measures_add(
        container->measures, MEASURE_UNLOADING, clock_wall_ms(container->clock), (double) took_us);
}

static const struct serve_watch_ops s_watch = {loaded, unloaded};

/* memory: of the instance, which containers share. */
static void container_make(
    struct local *local,
    struct arena *arena,
    struct measures *measures,
    struct fleet_container *container,
    const struct json *deployed,
    size_t memory)
{
    const struct json *env = json_get(deployed, "Environment");
    const struct json *multi = json_get(deployed, "MultiModelConfig");
    bool disabled = str_eq_z(json_get_str(multi, "ModelCacheSetting"), "Disabled");
    struct str accept = json_get_str(env, "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT");
    struct str hostname = json_get_str(deployed, "ContainerHostname");

    container->url = str_dup(arena, json_get_str(deployed, "ModelDataUrl"));
    container->multi = str_eq_z(json_get_str(deployed, "Mode"), "MultiModel");
    container->default_accept = str_is_null(accept) ? STR_NULL : str_dup(arena, accept);
    container->target = str_is_null(hostname) ? STR("model") : container->name;
    container->clock = local_clock(local);
    container->measures = container->multi ? measures : NULL;
    container->disk =
        fleet_disk_new(local, container->url, container->multi, !disabled, container->measures);
    struct serve_options options = {
        .memory_bytes = memory,
        .cache_disabled = disabled,
        .default_accept = container->default_accept,
        .pins = json_get_str(env, "MMECTL_PIN"),
        .store = &fleet_disk_store,
        .store_self = container->disk,
        .watch = container->multi ? &s_watch : NULL,
        .watch_self = container,
    };
    container->serve = serve_new(&options);
}

static void variant_make(
    struct local *local,
    struct fleet *fleet,
    const struct sm_thing *endpoint,
    const struct json *deployed)
{
    struct fleet_variant *variant = &fleet->variants[fleet->n_variants++];
    const struct json *containers = json_get(deployed, "containers");
    size_t fixed = local_options(local)->serve_memory_bytes;
    size_t memory = fixed > 0 ? fixed : fleet_instance_memory(json_get_str(deployed, "type"));
    struct str stream;

    variant->name = str_dup(fleet->arena, json_get_str(deployed, "name"));
    variant->direct = json_get_bool(deployed, "direct", false);
    variant->measures = measures_open(local, fleet->region, fleet->endpoint, variant->name);
    atomic_init(&variant->weight, json_get_num(deployed, "weight", 1.0));
    atomic_init(&variant->instances, json_get_int(deployed, "count", 1));
    stream = fleet_log_stream(fleet->arena, endpoint->arn, variant->name, fleet->generation);
    JSON_EACH (item, containers) {
        struct fleet_container *container = &variant->containers[variant->n_containers];
        if (variant->n_containers == FLEET_CONTAINERS_MAX)
            break;
        container->name =
            str_dup(fleet->arena, sm_container_name(fleet->arena, item, variant->n_containers++));
        container->log_stream =
            fleet_container_stream(fleet->arena, stream, container->name, containers->len > 1);
        container_make(
            local, fleet->arena, variant->measures, container, item, memory / containers->len);
    }
}

static struct fleet *fleet_make(struct local *local, const struct sm_thing *endpoint)
{
    struct fleet *fleet = xmalloc(sizeof(*fleet));

    *fleet = (struct fleet){.arena = arena_new("fleet", 0)};
    atomic_init(&fleet->refs, 1);
    atomic_init(&fleet->picks, 0);
    atomic_init(&fleet->started, false);
    fleet->region = str_dup(fleet->arena, endpoint->region);
    fleet->endpoint = str_dup(fleet->arena, endpoint->name);
    fleet->group =
        str_fmt(fleet->arena, "/aws/sagemaker/Endpoints/" STR_FMT, STR_ARG(fleet->endpoint));
    fleet->created_ms = endpoint->created_ms;
    fleet->generation = json_get_int(endpoint->doc, "generation", 0);
    JSON_EACH (deployed, json_get(endpoint->doc, "variants"))
        if (fleet->n_variants < MAX_VARIANTS)
            variant_make(local, fleet, endpoint, deployed);
    return fleet;
}

void fleet_release(struct fleet *fleet)
{
    if (fleet == NULL || atomic_fetch_sub(&fleet->refs, 1) != 1)
        return;
    for (size_t i = 0; i < fleet->n_variants; i++) {
        for (size_t k = 0; k < fleet->variants[i].n_containers; k++) {
            serve_free(fleet->variants[i].containers[k].serve);
            fleet_disk_free(fleet->variants[i].containers[k].disk);
        }
        measures_close(fleet->variants[i].measures);
    }
    arena_free(fleet->arena);
    xfree(fleet);
}

/* ------------------------------------------------------------------ finding */

/* Lock held. */
static struct fleet *find(struct state *state, struct str region, struct str endpoint)
{
    for (struct fleet *fleet = state->first; fleet != NULL; fleet = fleet->next)
        if (str_eq(fleet->endpoint, endpoint) && str_eq(fleet->region, region))
            return fleet;
    return NULL;
}

/* Lock held; the list's reference is the caller's to release. */
static void unlink_fleet(struct state *state, struct fleet *fleet)
{
    struct fleet **at = &state->first;

    while (*at != fleet)
        at = &(*at)->next;
    *at = fleet->next;
}

static bool in_service(const struct sm_thing *endpoint, struct str name)
{
    static const char *const serving[] = {
        "InService", "Updating", "RollingBack", "SystemUpdating", "UpdateRollbackFailed"};

    if (!str_eq(endpoint->name, name) || json_get_int(endpoint->doc, "generation", 0) == 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(serving); i++)
        if (str_eq_z(endpoint->status, serving[i]))
            return true;
    return false;
}

static bool same_fleet(const struct fleet *fleet, const struct sm_thing *endpoint)
{
    return fleet->created_ms == endpoint->created_ms &&
           fleet->generation == json_get_int(endpoint->doc, "generation", 0);
}

/* Weights and counts change without a new fleet. Lock held. */
static void refresh(struct fleet *fleet, const struct sm_thing *endpoint, uint64_t epoch)
{
    size_t i = 0;

    fleet->epoch = epoch;
    fleet->due_ms = endpoint->due_ms;
    JSON_EACH (deployed, json_get(endpoint->doc, "variants"))
        if (i < fleet->n_variants) {
            struct fleet_variant *variant = &fleet->variants[i++];
            atomic_store(&variant->weight, json_get_num(deployed, "weight", 1.0));
            atomic_store(&variant->instances, json_get_int(deployed, "count", 1));
        }
}

/* Puts what the row says into the list; gives a reference, or NULL when nothing serves. */
static struct fleet *
install(struct local *local, const struct sm_thing *endpoint, struct str name, uint64_t epoch)
{
    struct state *state = local_state(local, &local_fleet_room);
    struct fleet *fleet, *gone = NULL;
    bool serving = in_service(endpoint, name);

    pthread_mutex_lock(&state->lock);
    fleet = find(state, endpoint->region, name);
    if (fleet != NULL && (!serving || !same_fleet(fleet, endpoint))) {
        gone = fleet;
        unlink_fleet(state, fleet);
        fleet = NULL;
    }
    if (fleet == NULL && serving) {
        fleet = fleet_make(local, endpoint);
        fleet->next = state->first;
        state->first = fleet;
    }
    if (fleet != NULL) {
        refresh(fleet, endpoint, epoch);
        atomic_fetch_add(&fleet->refs, 1);
    }
    pthread_mutex_unlock(&state->lock);
    fleet_release(gone);
    return fleet;
}

/* A container of one model has it in memory before it is in service. World not entered, no lock
 * held: it reads objects. */
static void start_containers(struct fleet *fleet)
{
    if (fleet == NULL || atomic_exchange(&fleet->started, true))
        return;
    for (size_t i = 0; i < fleet->n_variants; i++)
        for (size_t k = 0; k < fleet->variants[i].n_containers; k++) {
            const struct fleet_container *container = &fleet->variants[i].containers[k];
            if (!container->multi)
                serve_load(container->serve, container->target);
        }
}

enum err_code fleet_acquire(
    struct local *local,
    struct str region,
    struct str endpoint,
    int64_t now_ms,
    struct fleet **out,
    struct err *err)
{
    struct state *state = local_state(local, &local_fleet_room);
    struct arena *AUTO(arena_close) arena = NULL;
    struct sm_thing thing;
    struct fleet *fleet;
    uint64_t epoch;
    enum err_code code;

    pthread_mutex_lock(&state->lock);
    fleet = find(state, region, endpoint);
    if (fleet != NULL && fleet->epoch == atomic_load(&state->epoch) &&
        (fleet->due_ms == SM_NEVER || now_ms < fleet->due_ms)) {
        atomic_fetch_add(&fleet->refs, 1);
        pthread_mutex_unlock(&state->lock);
        *out = fleet;
        return ERR_NONE;
    }
    pthread_mutex_unlock(&state->lock);
    arena = arena_new("endpoint", 0);
    code = world_enter(local, err);
    if (code != ERR_NONE)
        return code;
    epoch = atomic_load(&state->epoch);
    if (!sm_find(local, arena, region, SM_ENDPOINT, endpoint, &thing))
        thing = (struct sm_thing){.region = region, .doc = json_object(arena)};
    *out = install(local, &thing, endpoint, epoch);
    world_abandon(local); /* nothing was written */
    start_containers(*out);
    return ERR_NONE;
}

/* ------------------------------------------------------------------ use */

/* A golden-ratio sequence: spreads picks by weight without randomness or a lock. */
static double spread(uint64_t pick)
{
    return (double) ((pick * UINT64_C(0x9E3779B97F4A7C15)) >> 11) * 0x1p-53;
}

struct fleet_variant *fleet_variant_pick(struct fleet *fleet, struct str wanted)
{
    double total = 0.0, at;

    for (size_t i = 0; i < fleet->n_variants; i++) {
        if (!str_is_null(wanted) && str_eq(fleet->variants[i].name, wanted))
            return &fleet->variants[i];
        total += atomic_load(&fleet->variants[i].weight);
    }
    if (!str_is_null(wanted) || fleet->n_variants == 0)
        return NULL;
    at = spread(atomic_fetch_add_explicit(&fleet->picks, 1, memory_order_relaxed)) * total;
    for (size_t i = 0; i < fleet->n_variants; i++) {
        double weight = atomic_load(&fleet->variants[i].weight);
        if (at < weight)
            return &fleet->variants[i];
        at -= weight;
    }
    return &fleet->variants[0];
}

void fleet_measure_models(
    const struct fleet *fleet, const struct fleet_variant *variant, int64_t now_ms)
{
    int64_t run = fleet->created_ms * 1000 + fleet->generation;
    size_t count = 0, n_multi = 0;

    for (size_t i = 0; i < variant->n_containers; i++)
        if (variant->containers[i].multi) {
            n_multi++;
            count += serve_loaded_count(variant->containers[i].serve);
        }
    if (n_multi > 0)
        measures_gauge(variant->measures, MEASURE_LOADED_MODELS, run, now_ms, (double) count);
}

void fleet_measure(const struct fleet *fleet, int64_t now_ms)
{
    for (size_t i = 0; i < fleet->n_variants; i++)
        fleet_measure_models(fleet, &fleet->variants[i], now_ms);
}

struct str fleet_endpoint_group(const struct fleet *fleet)
{
    return fleet->group;
}

void fleet_unload(struct fleet *fleet, struct str model, bool keep_disk)
{
    for (size_t i = 0; i < fleet->n_variants; i++)
        for (size_t k = 0; k < fleet->variants[i].n_containers; k++) {
            struct fleet_container *container = &fleet->variants[i].containers[k];
            serve_unload(container->serve, model);
            if (!keep_disk)
                fleet_disk_forget(container->disk, model);
        }
}

struct listing {
    struct arena *arena;
    struct json *out;
    const struct fleet_variant *variant;
    const struct fleet_container *container;
};

static void list_one(void *arg, struct str target)
{
    struct listing *listing = arg;
    struct arena *arena = listing->arena;
    struct json *item = json_object(arena);
    struct str model = str_dup(arena, target);

    json_put(arena, item, "variant", json_string(arena, str_dup(arena, listing->variant->name)));
    json_put(
        arena, item, "container", json_string(arena, str_dup(arena, listing->container->name)));
    json_put(arena, item, "model", json_string(arena, model));
    json_put(
        arena, item, "loaded", json_bool(arena, serve_is_loaded(listing->container->serve, model)));
    json_push(listing->out, item);
}

struct json *fleet_models(struct fleet *fleet, struct arena *arena)
{
    struct listing listing = {.arena = arena, .out = json_array(arena)};

    for (size_t i = 0; i < fleet->n_variants; i++) {
        listing.variant = &fleet->variants[i];
        for (size_t k = 0; k < fleet->variants[i].n_containers; k++) {
            listing.container = &fleet->variants[i].containers[k];
            fleet_disk_each(listing.container->disk, list_one, &listing);
        }
    }
    return listing.out;
}

/* ------------------------------------------------------------------ room */

static enum err_code fleet_start(struct local *local, void **ret_state, struct err *err)
{
    struct state *state = xmalloc(sizeof(*state));

    (void) local;
    (void) err;
    *state = (struct state){.first = NULL};
    pthread_mutex_init(&state->lock, NULL);
    atomic_init(&state->epoch, 1);
    *ret_state = state;
    return ERR_NONE;
}

static void forget_all(struct state *state)
{
    struct fleet *fleet;

    for (;;) {
        pthread_mutex_lock(&state->lock);
        fleet = state->first;
        if (fleet != NULL)
            state->first = fleet->next;
        pthread_mutex_unlock(&state->lock);
        if (fleet == NULL)
            return;
        fleet_release(fleet);
    }
}

static void fleet_stop(struct local *local, void *state)
{
    (void) local;
    if (state == NULL)
        return;
    forget_all(state);
    pthread_mutex_destroy(&((struct state *) state)->lock);
    xfree(state);
}

static void fleet_wipe(struct local *local)
{
    fleet_changed(local);
    forget_all(local_state(local, &local_fleet_room));
}

const struct local_room local_fleet_room = {
    .name = "fleet",
    .start = fleet_start,
    .stop = fleet_stop,
    .wipe = fleet_wipe,
    .restored = fleet_wipe,
};
