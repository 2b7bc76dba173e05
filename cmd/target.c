#include "cmd/target.h"

#include "cmd/cmd.h"

/* "a, b" into the hint. */
static enum err_code hint_containers(const char *before, const struct spec *spec, struct err *err)
{
    struct buf buf = BUF_INIT(KIB(4));
    for (size_t i = 0; i < spec->endpoint.n_containers; i++)
        buf_fmt(
            &buf, "%s" STR_FMT, i > 0 ? ", " : "",
            STR_ARG(spec->endpoint.containers[i].model.name.value));
    enum err_code code = err_hint(err, "%s" STR_FMT, before, STR_ARG(buf_str(&buf)));
    buf_done(&buf);
    return code;
}

static bool has_container(const struct spec *spec, struct str name)
{
    for (size_t i = 0; i < spec->endpoint.n_containers; i++)
        if (str_eq(spec->endpoint.containers[i].model.name.value, name))
            return true;
    return false;
}

static enum err_code
refuse(const char *option, const char *what, const struct spec *spec, struct err *err)
{
    return err_set(
        err, ERR_USAGE, "%s does not go with endpoint '" STR_FMT "', which is %s", option,
        STR_ARG(spec->endpoint.name.value), what);
}

static enum err_code
check(const struct args *args, const struct spec *spec, bool needed, struct err *err)
{
    const char *given = !str_is_null(args->model)       ? "--model"
                        : !str_is_null(args->route)     ? "--route"
                        : !str_is_null(args->container) ? "--container"
                                                        : NULL;
    bool container = !str_is_null(args->container);
    switch (spec->endpoint.mode) {
    case SPEC_MULTI_MODEL:
        if (container) {
            refuse("--container", "a multi-model endpoint", spec, err);
            return err_hint(err, "'--model=NAME' calls one of its models");
        }
        if (needed && given == NULL)
            return err_set(
                err, ERR_USAGE, "'invoke' needs --model=NAME, or --route=NAME and --key=KEY");
        return ERR_NONE;
    case SPEC_CONTAINERS_SERIAL:
        if (given == NULL)
            return ERR_NONE;
        refuse(given, "a pipeline", spec, err);
        return err_hint(err, "leave it out: a call goes through all of its containers");
    case SPEC_CONTAINERS_DIRECT:
        break;
    }
    if (given != NULL && !container) {
        refuse(given, "a multi-container endpoint", spec, err);
        return hint_containers("'--container=NAME' calls one of: ", spec, err);
    }
    if (needed && !container) {
        err_set(err, ERR_USAGE, "'invoke' needs --container=NAME");
        return hint_containers("there are: ", spec, err);
    }
    if (!container || has_container(spec, args->container))
        return ERR_NONE;
    err_set(
        err, ERR_USAGE, "endpoint '" STR_FMT "' has no container '" STR_FMT "'",
        STR_ARG(spec->endpoint.name.value), STR_ARG(args->container));
    return hint_containers("there are: ", spec, err);
}

enum exit_code target_each(struct app *app, bool needed, session_work_fn *work, void *arg)
{
    struct err err = {0};
    struct spec_list specs = {0};
    if (session_specs(app, true, &specs, &err) != ERR_NONE)
        return session_fail(app, &err);
    for (size_t i = 0; i < specs.len; i++)
        if (check(&app->args, specs.items[i], needed, &err) != ERR_NONE)
            return app_fail(app, &err);
    return session_each_of(app, &specs, work, arg);
}
