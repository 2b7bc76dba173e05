#include "cmd/cmd.h"
#include "cmd/session.h"
#include "engine/aws/s3.h"
#include "engine/kinds/permissions.h"
#include "engine/reconcile/desired.h"

/* Characters without white space:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
#define MANAGED_POLICY_CHARS 6144

static const struct {
    const char *name;
    unsigned uses;
} s_uses[] = {
    {"plan", USE_PLAN},
    {"apply", USE_PLAN | USE_APPLY},
    {"destroy", USE_DESTROY},
    {"test", USE_PLAN | USE_CALL},
    {"invoke", USE_CALL},
    {"doctor", USE_PLAN | USE_DOCTOR},
    {"import", USE_PLAN | USE_APPLY | USE_IMPORT},
    {"forget", USE_PLAN | USE_FORGET},
};

static enum err_code uses_of(const struct opt_list *names, unsigned *ret_uses, struct err *err)
{
    const char *known[ARRAY_LEN(s_uses)];
    unsigned uses = names->len == 0 ? USE_OWN : 0;
    for (size_t i = 0; i < ARRAY_LEN(s_uses); i++)
        known[i] = s_uses[i].name;
    for (size_t i = 0; i < names->len; i++) {
        unsigned found = 0;
        for (size_t k = 0; k < ARRAY_LEN(s_uses); k++)
            if (str_eq_z(names->items[i], s_uses[k].name))
                found = s_uses[k].uses;
        if (found == 0) {
            const char *near = opt_nearest(names->items[i], known, ARRAY_LEN(known));
            err_set(
                err, ERR_USAGE,
                "option '--for' takes plan, apply, destroy, test, invoke, doctor, import or "
                "forget, not '" STR_FMT "'",
                STR_ARG(names->items[i]));
            return near != NULL ? err_hint(err, "did you mean '%s'?", near) : ERR_USAGE;
        }
        uses |= found;
    }
    *ret_uses = uses;
    return ERR_NONE;
}

static enum err_code check_sources(const struct opt_list *given, struct err *err)
{
    struct str bucket, key;
    for (size_t i = 0; i < given->len; i++)
        if (!s3_uri_split(given->items[i], &bucket, &key))
            return err_set(
                err, ERR_USAGE, "option '--source' takes s3://BUCKET/PREFIX/, not '" STR_FMT "'",
                STR_ARG(given->items[i]));
    return ERR_NONE;
}

/* Above this many, artifacts are named by their folders: a policy's size has a limit. */
#define EXACT_ARTIFACTS 10

static void add_source(struct permission_scope *scope, struct str *sources, struct str uri)
{
    for (size_t i = 0; i < scope->n_sources; i++)
        if (str_eq(sources[i], uri))
            return;
    sources[scope->n_sources++] = uri;
}

static void add_channels(
    struct permission_scope *scope,
    struct str *sources,
    const struct spec_channel *channels,
    size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is_null(channels[i].path))
            add_source(scope, sources, channels[i].source.value);
}

/* What the stack reads outside of its own prefix, and whether it trains on SageMaker. */
static void fill_sources(
    struct arena *arena,
    const struct spec *spec,
    const struct opt_list *given,
    struct permission_scope *scope)
{
    const struct spec_training *training = &spec->training;
    size_t most = training->n_channels + spec->n_models + given->len;
    for (size_t i = 0; i < spec->n_sets; i++)
        most += spec->sets[i].n_channels;
    for (size_t i = 0; i < spec->n_models; i++)
        most += spec->models[i].n_channels;
    struct str *sources = ARENA_ARRAY(arena, most, struct str);
    size_t trained = spec->n_sets, remote = 0;
    for (size_t i = 0; i < spec->n_models; i++) {
        trained += str_is_null(spec->models[i].artifact.value);
        remote += !str_is_null(spec->models[i].artifact.value) &&
                  str_is_null(spec->models[i].artifact_path);
    }
    scope->trains = trained > 0 && training->backend == SPEC_BACKEND_SAGEMAKER;
    scope->sources = sources;
    for (size_t i = 0; i < given->len; i++)
        add_source(scope, sources, given->items[i]);
    add_channels(scope, sources, training->channels, training->n_channels);
    for (size_t i = 0; i < spec->n_sets; i++)
        if (spec->sets[i].partition.set)
            add_channels(scope, sources, spec->sets[i].channels, spec->sets[i].n_channels);
    for (size_t i = 0; i < spec->n_models; i++)
        if (spec->models[i].set != NULL)
            add_channels(scope, sources, spec->models[i].channels, spec->models[i].n_channels);
    for (size_t i = 0; i < spec->n_models && remote > 0; i++) {
        struct str uri = spec->models[i].artifact.value;
        if (str_is_null(uri) || !str_is_null(spec->models[i].artifact_path))
            continue;
        if (remote > EXACT_ARTIFACTS)
            uri = str_slice(uri, 0, str_rindex(uri, '/') + 1);
        add_source(scope, sources, uri);
    }
}

static enum err_code scope_of(
    struct app *app,
    const struct spec *spec,
    unsigned uses,
    struct permission_scope *out,
    struct err *err)
{
    /* SageMaker takes a role of its own account only, so the role's account is the stack's. */
    struct str account = account_of_arn(spec->role.value);
    if (!str_is_null(spec->account.value) && !str_eq(spec->account.value, account)) {
        err_set(
            err, ERR_SPEC,
            "role '" STR_FMT "' belongs to account '" STR_FMT "', the spec is for '" STR_FMT "'",
            STR_ARG(spec->role.value), STR_ARG(account), STR_ARG(spec->account.value));
        err_hint(err, "SageMaker can only use a role of its own account");
        return err_locate(err, spec->role.at);
    }
    struct want *want = ARENA_NEW(app->arena, struct want);
    enum err_code code = desired_outline(app->arena, spec, account, want, err);
    if (code != ERR_NONE)
        return code;
    *out = (struct permission_scope){
        .want = want, .uses = uses, .bucket_exists = app->args.bucket_exists};
    fill_sources(app->arena, spec, &app->args.sources, out);
    return ERR_NONE;
}

static void warn_of_size(struct app *app, const struct json *policy)
{
    size_t chars = json_text(app->arena, policy, JSON_COMPACT).len;
    if (chars > MANAGED_POLICY_CHARS)
        term_note(
            "Warning: the policy has %zu characters, a managed policy takes %d\n"
            "  hint: put it inline on the role (10240), or one policy for each --for",
            chars, MANAGED_POLICY_CHARS);
}

/* {"role", "policy", "trustPolicy"} for each role: stacks that share one are in one. */
static struct json *
roles_json(struct arena *arena, const struct permission_scope *scopes, size_t count)
{
    struct json *all = json_array(arena);
    struct permission_scope *mine = ARENA_ARRAY(arena, count, struct permission_scope);
    for (size_t i = 0; i < count; i++) {
        struct str role = scopes[i].want->role;
        size_t n = 0, first = count;
        for (size_t k = 0; k < count; k++) {
            if (!str_eq(scopes[k].want->role, role))
                continue;
            first = first == count ? k : first;
            mine[n++] = scopes[k];
        }
        if (first != i)
            continue;
        struct json *one = json_object(arena);
        json_put(arena, one, "role", json_string(arena, role));
        json_put(arena, one, "policy", permissions_role(arena, mine, n));
        json_put(arena, one, "trustPolicy", permissions_trust(arena, mine, n));
        json_push(all, one);
    }
    return all;
}

static enum exit_code run(struct app *app)
{
    struct err err = {0};
    struct spec_list specs = {0};
    unsigned uses = 0;
    if (uses_of(&app->args.uses, &uses, &err) != ERR_NONE ||
        check_sources(&app->args.sources, &err) != ERR_NONE)
        return app_fail(app, &err);
    if (session_specs(app, true, &specs, &err) != ERR_NONE)
        return session_fail(app, &err);
    struct permission_scope *scopes = ARENA_ARRAY(app->arena, specs.len, struct permission_scope);
    for (size_t i = 0; i < specs.len; i++)
        if (scope_of(app, specs.items[i], uses, &scopes[i], &err) != ERR_NONE)
            return app_fail(app, &err);
    if (app->args.execution_role) {
        const struct json *roles = roles_json(app->arena, scopes, specs.len);
        return app_print_json(app, roles->len == 1 ? roles->first : roles);
    }
    const struct json *policy = permissions_caller(app->arena, scopes, specs.len);
    warn_of_size(app, policy);
    return app_print_json(app, policy);
}

#define AT(member) offsetof(struct args, member)

static const struct opt s_opts[] = {
    {OPT_LIST, 0, "for", "COMMAND", AT(uses), NULL, 0,
     "only what this takes: plan (also status, history), apply (also rollback), destroy, test, "
     "invoke (also route), doctor, import or forget; may be repeated"},
    {OPT_LIST, 0, "source", "URI", AT(sources), NULL, 0,
     "the stack reads from there, too: with import, the artifacts' folder, s3://BUCKET/PREFIX/"},
    {OPT_FLAG, 0, "bucket-exists", NULL, AT(bucket_exists), NULL, 0,
     "leave out making and deleting the bucket"},
    {OPT_FLAG, 0, "role", NULL, AT(execution_role), NULL, 0,
     "the execution role's policy and trust policy instead of the caller's"},
};
static const struct opt_set s_own = OPT_SET(s_opts);
static const struct opt_set *const s_sets[] = {&s_own, &args_spec, &args_common, NULL};

const struct cmd cmd_iam_policy = {
    .name = "iam-policy",
    .operands = "[SPEC...]",
    .max_operands = 1000,
    .summary = "print the least-privilege IAM policy for a spec; --role: the execution role's",
    .text = "Prints the policy that whoever runs mmectl needs for the spec, as JSON: the actions,\n"
            "the ARNs of this stack, and the conditions that keep them to it. Works offline. A\n"
            "pipeline takes two: --for=plan for the job of a pull request, --for=apply for the\n"
            "job after the merge. With --role it prints what the spec's role needs instead, and\n"
            "who may assume it. Several specs give one policy for all of them.",
    .sets = s_sets,
    .run = run,
};
