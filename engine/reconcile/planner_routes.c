#include "engine/reconcile/planner_internal.h"
#include "engine/stack/route.h"

/* What changes about the routes, for people; record_routes.c makes it true. */

/* As far as can be known before: its artifact is there, or will be. While the endpoint may not move
 * nothing new is published. */
static bool will_be_published(const struct planner *p, struct str model)
{
    if (!str_is_null(p->plan->note_blocked))
        return route_published(&p->seen->record, model) != NULL;
    return planner_artifact(p->context, model) != NULL;
}

static struct str first_missing(const struct planner *p, const struct record_route *route)
{
    for (size_t i = 0; i < route->split.len; i++)
        if (!will_be_published(p, route->split.items[i].model))
            return route->split.items[i].model;
    return str_is_null(route->shadow) || will_be_published(p, route->shadow) ? STR_NULL
                                                                             : route->shadow;
}

static void add_part(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void add_part(struct buf *buf, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    buf_fmt(buf, "%s%s", buf->len > 0 ? ", " : "", text);
}

static struct str words_of_one(struct arena *arena, const struct record_route *route)
{
    struct buf buf AUTO(buf_done) = BUF_INIT(KIB(64));
    for (size_t i = 0; i < route->split.len; i++)
        add_part(
            &buf, STR_FMT " %lld", STR_ARG(route->split.items[i].model),
            (long long) route->split.items[i].weight);
    if (!str_is_null(route->shadow))
        add_part(&buf, "shadow " STR_FMT, STR_ARG(route->shadow));
    return str_dup(arena, buf_str(&buf));
}

static void add_shadow(struct buf *buf, struct str before, struct str after)
{
    if (str_eq(before, after))
        return;
    if (str_is_null(before))
        add_part(buf, "shadow " STR_FMT, STR_ARG(after));
    else
        add_part(
            buf, "shadow " STR_FMT " -> " STR_FMT, STR_ARG(before),
            STR_ARG(str_is_null(after) ? STR("none") : after));
}

static void add_weight(struct buf *buf, struct str model, int64_t before, int64_t after)
{
    add_part(buf, STR_FMT " %lld -> %lld", STR_ARG(model), (long long) before, (long long) after);
}

/* What differs. */
static struct str words_of_two(
    struct arena *arena, const struct record_route *before, const struct record_route *after)
{
    struct buf buf AUTO(buf_done) = BUF_INIT(KIB(64));
    size_t same = 0;
    for (size_t i = 0; i < after->split.len; i++) {
        const struct record_share *share = &after->split.items[i];
        int64_t was = route_weight(before, share->model);
        if (was == share->weight)
            same++;
        else
            add_weight(&buf, share->model, was, share->weight);
    }
    for (size_t i = 0; i < before->split.len; i++)
        if (route_weight(after, before->split.items[i].model) == 0)
            add_weight(&buf, before->split.items[i].model, before->split.items[i].weight, 0);
    add_shadow(&buf, before->shadow, after->shadow);
    if (same > 0)
        add_part(&buf, "%zu unchanged", same);
    return str_dup(arena, buf_str(&buf));
}

static struct json *attributes(struct arena *arena, const struct record_route *route)
{
    if (route == NULL)
        return NULL;
    struct json *out = json_object(arena), *split = json_object(arena);
    for (size_t i = 0; i < route->split.len; i++)
        json_set(
            arena, split, route->split.items[i].model,
            json_int(arena, route->split.items[i].weight));
    json_put(arena, out, "split", split);
    json_put(
        arena, out, "shadow",
        str_is_null(route->shadow) ? json_null(arena) : json_string(arena, route->shadow));
    return out;
}

static void add_route(
    struct planner *p,
    const struct record_route *before,
    const struct record_route *after,
    struct str text,
    struct srcloc at)
{
    *VEC_PUSH(p->arena, &p->plan->routes) = (struct plan_route){
        .name = after != NULL ? after->name : before->name,
        .action = before == NULL  ? ACTION_CREATE
                  : after == NULL ? ACTION_DELETE
                                  : ACTION_UPDATE,
        .outside = before != NULL && !str_eq(before->fp, route_fp(p->arena, before)),
        .text = text,
        .before = attributes(p->arena, before),
        .after = attributes(p->arena, after),
        .at = at};
}

static void plan_wanted_route(struct planner *p, const struct want_route *want)
{
    struct record_route route = route_of_want(p->arena, want);
    const struct record_route *old = route_find(&p->seen->record, want->name);
    if (old != NULL && route_same(&route, old))
        return;
    if (p->plan->targeted) {
        p->plan->n_waiting++;
        return;
    }
    struct str missing = first_missing(p, &route);
    if (str_is_null(missing))
        add_route(
            p, old, &route,
            old != NULL ? words_of_two(p->arena, old, &route) : words_of_one(p->arena, &route),
            want->at);
    else
        *VEC_PUSH(p->arena, &p->plan->notes) = str_fmt(
            p->arena, "route '" STR_FMT "' %s until model '" STR_FMT "' is published",
            STR_ARG(want->name), old != NULL ? "stays as it is" : "waits", STR_ARG(missing));
}

static int by_name(const void *a, const void *b)
{
    const struct plan_route *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

void plan_routes(struct planner *p)
{
    const struct want *want = p->want;
    const struct record *record = &p->seen->record;
    if (p->plan->mode == PLAN_ROLLBACK)
        return;
    for (size_t i = 0; i < want->n_routes; i++)
        plan_wanted_route(p, &want->routes[i]);
    for (size_t i = 0; i < record->routes.len; i++) {
        bool wanted = false;
        for (size_t k = 0; k < want->n_routes && !wanted; k++)
            wanted = str_eq(want->routes[k].name, record->routes.items[i].name);
        if (wanted)
            continue;
        if (p->plan->targeted)
            p->plan->n_waiting++;
        else
            add_route(
                p, &record->routes.items[i], NULL, words_of_one(p->arena, &record->routes.items[i]),
                want->at);
    }
    if (p->plan->routes.len > 1)
        qsort(p->plan->routes.items, p->plan->routes.len, sizeof(*p->plan->routes.items), by_name);
}
