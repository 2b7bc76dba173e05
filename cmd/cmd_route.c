#include "cmd/cmd.h"
#include "cmd/session.h"
#include "engine/reconcile/rollback.h"

struct route_run {
    struct str model;
    struct buf buf;
    struct json *stacks;
};

static struct json *
route_json(struct arena *arena, struct str stack, struct str model, const struct route *route)
{
    struct json *out = json_object(arena);
    json_put(arena, out, "stack", json_string(arena, stack));
    json_put(arena, out, "model", json_string(arena, model));
    json_put(arena, out, "target_model", json_string(arena, route->target));
    json_put(arena, out, "version", json_string(arena, route->fp));
    json_put(arena, out, "held", json_bool(arena, !str_is_null(route->hold.fp)));
    return out;
}

static enum exit_code route_one(struct session *session, void *arg)
{
    struct route_run *run = arg;
    struct err err = {0};
    struct route route;
    if (reconcile_route(&session->reconciler, session->spec, run->model, &route, &err) != ERR_NONE)
        return app_fail(session->app, &err);
    json_push(
        run->stacks,
        route_json(session->app->arena, session->spec->name.value, run->model, &route));
    buf_add_clean(&run->buf, route.target);
    buf_add_char(&run->buf, '\n');
    return EXIT_CODE_OK;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    if (app->args.operands.len == 0) {
        err_set(&err, ERR_USAGE, "'route' needs the name of a model");
        err_hint(&err, "usage: mmectl route MODEL -f SPEC");
        return app_fail(app, &err);
    }
    struct route_run run = {app->args.operands.items[0], BUF_INIT(KIB(64)), json_array(app->arena)};
    enum exit_code code = session_each(app, false, route_one, &run);
    return session_finish(app, code, run.stacks, &run.buf);
}

static const struct opt_set *const s_sets[] = {
    &args_spec, &args_json, &args_aws, &args_common, NULL};

const struct cmd cmd_route = {
    .name = "route",
    .operands = "MODEL",
    .max_operands = 1,
    .summary = "print the TargetModel that a model is called by now",
    .text =
        "Prints the TargetModel of a published model, for use with aws-cli or an SDK. The spec\n"
        "is given with -f.",
    .sets = s_sets,
    .run = run,
};
