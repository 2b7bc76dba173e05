#include "cmd/cmd.h"
#include "cmd/session.h"
#include "engine/reconcile/route.h"

struct route_run {
    struct str name, key;
    struct buf buf;
    struct json *stacks;
};

static void put_target(struct arena *arena, struct json *out, const struct route_target *target)
{
    json_put(arena, out, "model", json_string(arena, target->model));
    json_put(arena, out, "target_model", json_string(arena, target->target));
    json_put(arena, out, "version", json_string(arena, target->fp));
    json_put(arena, out, "held", json_bool(arena, !str_is_null(target->hold.fp)));
}

static struct json *route_json(
    struct arena *arena, struct str stack, const struct route_run *run, const struct route *route)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "stack", json_string(arena, stack));
    if (route->split) {
        json_put(arena, out, "route", json_string(arena, run->name));
        json_put(arena, out, "key", json_string(arena, run->key));
    }
    put_target(arena, out, &route->answer);
    if (!str_is_null(route->shadow.model)) {
        struct json *shadow = json_object(arena);
        put_target(arena, shadow, &route->shadow);
        json_put(arena, out, "shadow", shadow);
    }
    return out;
}

static enum exit_code route_one(struct session *session, void *arg)
{
    struct route_run *run = arg;
    struct err err = {0};
    struct route route;
    if (reconcile_route(
            &session->reconciler, session->spec, ROUTE_MODELS | ROUTE_ROUTES, run->name, run->key,
            &route, &err) != ERR_NONE)
        return app_fail(session->app, &err);
    json_push(run->stacks, route_json(session->app->arena, session->spec->name.value, run, &route));
    buf_add_clean(&run->buf, route.answer.target);
    buf_add_char(&run->buf, '\n');
    return EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    if (app->args.operands.len == 0) {
        err_set(&err, ERR_USAGE, "'route' needs the name of a model or a route");
        err_hint(&err, "usage: mmectl route NAME -f SPEC");
        return app_fail(app, &err);
    }
    struct route_run run = {
        app->args.operands.items[0], app->args.key, BUF_INIT(KIB(64)), json_array(app->arena)};
    enum exit_code code = session_each(app, false, route_one, &run);
    return session_finish(app, code, run.stacks, &run.buf);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_STRING, 0, "key", "KEY", AT(key), NULL, 0,
     "whose request it is, for a route: the same key always gets the same model"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own,    &args_spec,   &args_json,
                                               &args_aws, &args_common, NULL};

const struct cmd cmd_route = {
    .name = "route",
    .operands = "NAME",
    .max_operands = 1,
    .summary = "print the TargetModel that a model or a route is called by now",
    .text =
        "Prints the TargetModel of a published model, or of the model that a route gives a key,\n"
        "for use with aws-cli or an SDK. The spec is given with -f.",
    .names_model = true,
    .one_region = true,
    .sets = s_sets,
    .run = run,
};
