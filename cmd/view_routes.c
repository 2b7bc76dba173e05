#include "cmd/view.h"

struct str view_route_line(struct arena *arena, const struct plan_route *route)
{
    return str_fmt(
        arena, "%s route '" STR_FMT "': " STR_FMT "%s", action_symbol(route->action, false),
        STR_ARG(term_clean(arena, route->name)), STR_ARG(term_clean(arena, route->text)),
        route->outside ? " (what is there was changed outside of mmectl)" : "");
}

static enum paint paint_of(enum action action)
{
    return action == ACTION_CREATE   ? PAINT_GREEN
           : action == ACTION_DELETE ? PAINT_RED
                                     : PAINT_YELLOW;
}

void view_routes_text(struct arena *arena, struct buf *buf, const struct plan *plan, bool color)
{
    if (plan->routes.len == 0)
        return;
    buf_fmt(buf, "%sChanges to routes:%s\n", paint(color, PAINT_BOLD), paint_end(color));
    for (size_t i = 0; i < plan->routes.len; i++) {
        const struct plan_route *route = &plan->routes.items[i];
        struct str line = view_route_line(arena, route);
        buf_fmt(
            buf, "  %s" STR_FMT "%s" STR_FMT "\n", paint(color, paint_of(route->action)),
            STR_ARG(str_slice(line, 0, 1)), paint_end(color), STR_ARG(str_from_index(line, 1)));
    }
    buf_add_char(buf, '\n');
}

static struct json *or_null(struct arena *arena, const struct json *json)
{
    return json != NULL ? json_copy(arena, json) : json_null(arena);
}

struct json *view_routes_json(struct arena *arena, const struct plan *plan)
{
    struct json *out = json_array(arena);
    for (size_t i = 0; i < plan->routes.len; i++) {
        const struct plan_route *route = &plan->routes.items[i];
        struct json *node = json_object(arena);
        json_put(arena, node, "name", json_string(arena, route->name));
        json_put(
            arena, node, "actions",
            json_push(json_array(arena), json_z(arena, action_name(route->action))));
        json_put(arena, node, "before", or_null(arena, route->before));
        json_put(arena, node, "after", or_null(arena, route->after));
        json_put(arena, node, "changed_outside", json_bool(arena, route->outside));
        json_put(arena, node, "text", json_string(arena, view_route_line(arena, route)));
        json_push(out, node);
    }
    return out;
}
