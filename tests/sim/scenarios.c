#include "tests/sim/scenarios.h"

#include "tests/sim/reference.h"
#include "tests/sim/watch.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_RERUNS 3
#define INTERRUPT_MS 5000
/* A plan of so few objects: 11 + one page + two for listing in parallel. */
#define PLAN_REQUESTS 14 /* and one for a lease that lies there */

static struct sim_spec five(const struct stage *stage)
{
    return (struct sim_spec){.stable = stage->stable, .depth = {1, 2, 3, 4, 5}, .count = 1};
}

/* ---- what was there before ---- */

static void must_apply(struct stage *stage, const struct sim_spec *spec)
{
    struct sim_order order = {.verb = SIM_APPLY, .spec = *spec, .trace = stage->trace};
    struct sim_result result = sim_run(stage->account, &order);
    if (result.code != ERR_NONE)
        account_violation(
            stage->account, "I16", "setting the stage: %s: %s", err_name(result.code),
            result.err.message);
}

/* A command that is killed right after its n-th request of a kind. */
static void killed_after(struct stage *stage, const struct sim_order *order, size_t nth)
{
    struct sim_order killed = *order;
    killed.strike = STRIKE_AFTER;
    killed.nth = nth;
    killed.trace = stage->trace;
    (void) sim_run(stage->account, &killed);
}

static void set_create(struct stage *stage)
{
    stage->order.spec = five(stage);
}

static void set_add(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    stage->order.spec = spec;
    spec.depth[4] = 0;
    must_apply(stage, &spec);
}

static void set_update_one(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.depth[2] = 9;
    stage->order.spec = spec;
}

static void set_update_all(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.data = 1;
    stage->order.spec = spec;
}

static void set_remove_one(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.depth[1] = 0;
    stage->order.spec = spec;
}

/* Containers, where multi-model was before, and one model less. */
static void set_contain(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.mode = 1;
    spec.depth[1] = 0;
    stage->order.spec = spec;
}

/* One container's model, and what all of them are told. */
static void set_container(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    spec.mode = 2;
    must_apply(stage, &spec);
    spec.depth[2] = 9;
    spec.env = 2;
    stage->order.spec = spec;
}

static void set_remove_all(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    memset(spec.depth, 0, sizeof(spec.depth));
    spec.depth[5] = 1;
    stage->order.spec = spec;
}

static void set_instance(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.instance = 1;
    spec.count = 2;
    stage->order.spec = spec;
}

static void set_env(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.env = 2;
    stage->order.spec = spec;
}

static void set_resume(struct stage *stage)
{
    struct sim_order order = {.verb = SIM_APPLY, .spec = five(stage)};
    killed_after(stage, &order, 28);
    stage->order.spec = order.spec;
}

/* Killed with the lease in its hand, on a machine of which nobody knows whether it lives. */
static void set_takeover(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.depth[0] = 7;
    struct sim_order order = {.verb = SIM_APPLY, .spec = spec, .elsewhere = true};
    killed_after(stage, &order, 26);
    order.spec.depth[3] = 8;
    stage->order = order;
}

/* An endpoint that somebody made by hand, with its five models in a bucket of theirs. */
static void set_adopt(struct stage *stage)
{
    struct account *account = stage->account;
    for (size_t i = 0; i < 5; i++) {
        struct str target = str_fmt(account->arena, "/their-bucket/mme/m%zu.tar.gz", i);
        struct str bytes = str_fmt(account->arena, "model %zu made by hand", i);
        (void) account_send(account, "s3", "PUT", target, bytes, NULL, NULL);
    }
    account_sagemaker(
        account, "CreateModel",
        "{'ModelName':'by-hand','ExecutionRoleArn':'" SIM_ROLE "','PrimaryContainer':{"
        "'Image':'683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1',"
        "'Mode':'MultiModel','ModelDataUrl':'s3://their-bucket/mme/'}}");
    account_sagemaker(
        account, "CreateEndpointConfig",
        "{'EndpointConfigName':'by-hand','ProductionVariants':[{'VariantName':'AllTraffic',"
        "'ModelName':'by-hand','InstanceType':'ml.m5.large','InitialInstanceCount':1,"
        "'InitialVariantWeight':1}]}");
    account_sagemaker(
        account, "CreateEndpoint",
        "{'EndpointName':'" SIM_STACK "','EndpointConfigName':'by-hand'}");
    account->now_ms += 60000;
    stage->order.spec = five(stage);
    stage->order.verb = SIM_IMPORT;
}

static void set_destroy(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    stage->order.spec = spec;
    stage->order.verb = SIM_DESTROY;
}

/* Killed with the endpoint on its way to another configuration. */
static void set_destroy_updating(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.instance = 1;
    struct sim_order order = {.verb = SIM_APPLY, .spec = spec};
    for (size_t nth = 1; nth < 100; nth++) {
        order.strike = STRIKE_AFTER;
        order.nth = nth;
        struct sim_result result = sim_run(stage->account, &order);
        if (!result.struck || strcmp(result.what, "UpdateEndpoint") == 0)
            break;
    }
    stage->order.spec = spec;
    stage->order.verb = SIM_DESTROY;
}

/* SageMaker rolls every update back. */
static void set_failed_update(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    account_tell(
        stage->account, "POST", "faults",
        "{'faults':[{'operation':'UpdateEndpoint','kind':'rollback','times':0,"
        "'reason':'the container did not pass the ping health check'}]}");
    spec.instance = 2;
    stage->order.spec = spec;
    stage->ends = ERR_ROLLED_BACK;
}

/* ---- beyond the fourteen ---- */

/* Model m2 has a version before its live one. */
static struct sim_spec two_versions(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.depth[2] = 9;
    must_apply(stage, &spec);
    return spec;
}

static struct sim_spec held(struct sim_spec spec)
{
    spec.depth[2] = 3; /* the one before */
    return spec;
}

static void set_rollback(struct stage *stage)
{
    struct sim_spec spec = two_versions(stage);
    stage->order.verb = SIM_ROLLBACK;
    stage->order.model = "m2";
    stage->order.spec = spec;
    stage->world = held(spec);
    stage->has_world = true;
}

static void roll_back(struct stage *stage)
{
    set_rollback(stage);
    struct sim_result result = sim_run(stage->account, &stage->order);
    if (result.code != ERR_NONE)
        account_violation(stage->account, "I16", "rolling back: %s", result.err.message);
}

/* A model is held; another one changes. */
static void set_held(struct stage *stage)
{
    roll_back(stage);
    stage->order.verb = SIM_APPLY;
    stage->order.spec.depth[0] = 7;
    stage->world = held(stage->order.spec);
}

static void set_lifted(struct stage *stage)
{
    roll_back(stage);
    stage->order.verb = SIM_RESUME;
    stage->has_world = false;
}

/* With a note in the record after every upload, as a publish of thousands makes them. */
static void set_checkpoints(struct stage *stage)
{
    struct sim_spec spec = five(stage);
    must_apply(stage, &spec);
    spec.data = 1;
    stage->order.spec = spec;
    stage->order.checkpoint_uploads = 1;
}

static void set_saved(struct stage *stage)
{
    set_update_all(stage);
    struct sim_order plan = stage->order;
    plan.verb = SIM_PLAN;
    stage->order.approved = sim_run(stage->account, &plan).saved;
}

/* Since it was saved, another run has brought something else about. */
static void set_saved_stale(struct stage *stage)
{
    set_saved(stage);
    struct sim_spec other = five(stage);
    other.depth[3] = 8;
    must_apply(stage, &other);
    stage->world = other;
    stage->has_world = true;
    stage->ends = ERR_PRECONDITION;
}

const struct scenario scenarios[] = {
    {"create", true, true, true, set_create},
    {"add", true, true, false, set_add},
    {"update-one", true, true, false, set_update_one},
    {"update-all", true, true, false, set_update_all},
    {"remove-one", true, true, false, set_remove_one},
    {"remove-all", true, true, false, set_remove_all},
    {"contain", true, true, false, set_contain},
    {"container", false, true, false, set_container},
    {"instance", true, false, false, set_instance},
    {"env", true, true, false, set_env},
    {"adopt", true, true, false, set_adopt},
    {"resume", true, true, false, set_resume},
    {"destroy", true, true, false, set_destroy},
    {"destroy-updating", true, false, true, set_destroy_updating},
    {"failed-update", true, true, false, set_failed_update},
    {"takeover", true, true, false, set_takeover},
    {"rollback", true, true, false, set_rollback},
    {"held", true, true, false, set_held},
    {"lifted", true, true, false, set_lifted},
    {"checkpoints", true, true, false, set_checkpoints},
    {"saved", true, true, false, set_saved},
    {"saved-stale", true, true, false, set_saved_stale},
};
const size_t n_scenarios = ARRAY_LEN(scenarios);

/* ---- the stage ---- */

void stage_set(
    struct stage *stage, struct account *account, const struct scenario *scenario, bool stable)
{
    struct account_options options = {.seed = 1, .alone = scenario->alone};
    account_reset(account, &options);
    *stage = (struct stage){.account = account, .stable = stable, .trace = stage->trace};
    stage->untouched = reference_text(account);
    scenario->set(stage);
}

/* The same command as it would be given again. A saved plan is used up once it was begun. */
static struct sim_result again(struct stage *stage, enum sim_verb verb)
{
    struct sim_order order = {
        .verb = verb,
        .spec = stage->order.spec,
        .model = stage->order.model,
        .approved =
            stage->ends == ERR_PRECONDITION && verb == SIM_APPLY ? stage->order.approved : NULL,
        .checkpoint_uploads = stage->order.checkpoint_uploads,
        .trace = stage->trace};
    return sim_run(stage->account, &order);
}

static const struct sim_spec *world_of(const struct stage *stage)
{
    return stage->has_world ? &stage->world : &stage->order.spec;
}

void stage_judge(struct stage *stage, const struct sim_result *result)
{
    struct account *account = stage->account;
    watch_everything(account);
    account->now_ms +=
        60000; /* what was under way has ended: a training whose run lost the lease */
    if (result->code == ERR_INTERNAL)
        account_violation(account, "I10", "a defect: %s", result->err.message);
    if (result->code == ERR_PRECONDITION && stage->ends == ERR_PRECONDITION)
        reference_applied(account, world_of(stage));
    if (result->code != ERR_NONE)
        return;
    if (stage->ends == ERR_PRECONDITION)
        account_violation(account, "I10", "a stale plan was carried out");
    if (stage->order.verb == SIM_IMPORT || stage->order.verb == SIM_RESUME)
        return; /* the apply that follows is judged */
    if (stage->order.verb == SIM_DESTROY)
        reference_gone(account, stage->untouched);
    else
        reference_applied(account, world_of(stage));
}

void stage_judge_plan(struct account *account, const struct sim_result *plan)
{
    if (plan->code != ERR_NONE)
        account_violation(account, "I1", "plan after apply: %s", plan->err.message);
    else if (!plan->empty)
        account_violation(
            account, "I1", "after apply there is a difference: " STR_FMT, STR_ARG(plan->plan));
    if (plan->mutating > 0)
        account_violation(account, "I11", "plan sent %zu mutating requests", plan->mutating);
    if (plan->requests > PLAN_REQUESTS + (account->struck ? 1U : 0U))
        account_violation(account, "I14", "plan sent %zu requests", plan->requests);
}

void stage_judge_same(
    struct account *account, const struct sim_result *first, const struct sim_result *second)
{
    if (first->mutating + second->mutating > 0)
        account_violation(account, "I11", "plan changes something");
    if (first->code != second->code || !str_eq(first->plan, second->plan))
        account_violation(
            account, "I12", "two plans of one world differ:\n" STR_FMT "---\n" STR_FMT,
            STR_ARG(first->plan), STR_ARG(second->plan));
}

void stage_judge_without_record(struct account *account, const struct sim_order *plan)
{
    static const char *const s_record = "/" SIM_BUCKET "/" SIM_PREFIX "/control/stack.json";
    struct account_moment *moment = account_keep(account);
    struct sim_result with = sim_run(account, plan);
    (void) account_send(account, "s3", "DELETE", str_from(s_record), STR(""), NULL, NULL);
    struct sim_result without = sim_run(account, plan);
    struct str a = with.deeds, b = without.deeds, x = STR_NULL, y = STR_NULL;
    while (str_split(&a, '\n', &x) && str_split(&b, '\n', &y) && str_eq(x, y))
        ;
    bool same = with.code == without.code && str_eq(with.deeds, without.deeds);
    char first[400]; /* the plans go with the moment's end */
    snprintf(
        first, sizeof(first), "'" STR_FMT "' is '" STR_FMT "'", STR_ARG(str_slice(x, 0, 180)),
        STR_ARG(str_slice(y, 0, 180)));
    account_return(account, moment);
    account_forget(account, moment);
    if (!same)
        account_violation(account, "I13", "without the record the plan is another one: %s", first);
}

void stage_judge_interrupted(struct account *account, const struct sim_result *result)
{
    if (result->after_strike_ms > INTERRUPT_MS)
        account_violation(
            account, "I18", "%lld ms from the interrupt to the end",
            (long long) result->after_strike_ms);
}

void stage_settle(struct stage *stage)
{
    if (stage->order.verb != SIM_APPLY || stage->ends == ERR_PRECONDITION ||
        !account_is_well(stage->account))
        return;
    struct sim_result plan = again(stage, SIM_PLAN);
    stage_judge_plan(stage->account, &plan);
}

/* What was taken over is not ours yet in all it is, what was resumed not published, and what was
 * rolled back has to stay so: the next apply. */
static void apply_next(struct stage *stage)
{
    struct stage next = *stage;
    next.order.verb = SIM_APPLY;
    stage_converge(&next);
}

/* A command that comes again after it was carried out finds nothing left to roll back or lift. */
static bool is_done(const struct stage *stage, enum err_code code)
{
    bool about_versions = stage->order.verb == SIM_ROLLBACK || stage->order.verb == SIM_RESUME;
    return code == stage->ends || (about_versions && code == ERR_NOT_FOUND);
}

void stage_converge(struct stage *stage)
{
    struct account *account = stage->account;
    struct sim_result result = {0};
    for (int i = 0; i < MAX_RERUNS && account_is_well(account); i++) {
        result = again(stage, stage->order.verb);
        stage_judge(stage, &result);
        if (is_done(stage, result.code))
            break;
    }
    if (!is_done(stage, result.code))
        account_violation(
            account, "I16", "still not done after %d more runs: %s: %s", MAX_RERUNS,
            err_name(result.code), result.err.message);
    if (stage->ends == ERR_ROLLED_BACK && account_is_well(account)) {
        /* What is in the way goes, and the same is tried once more. */
        account_tell(account, "DELETE", "faults", "");
        struct sim_order order = {
            .verb = SIM_APPLY,
            .spec = stage->order.spec,
            .retry_failed = true,
            .trace = stage->trace};
        result = sim_run(account, &order);
        stage_judge(stage, &result);
        if (result.code != ERR_NONE)
            account_violation(account, "I16", "with --retry-failed: %s", result.err.message);
    }
    bool unfinished = stage->order.verb == SIM_IMPORT || stage->order.verb == SIM_ROLLBACK ||
                      stage->order.verb == SIM_RESUME;
    if (unfinished && account_is_well(account))
        apply_next(stage);
    stage_settle(stage);
}
