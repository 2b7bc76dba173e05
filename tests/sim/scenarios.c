#include "tests/sim/scenarios.h"

#include "tests/sim/reference.h"
#include "tests/sim/watch.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_RERUNS 3
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

const struct scenario scenarios[] = {
    {"create", true, true, true, set_create},
    {"add", true, true, false, set_add},
    {"update-one", true, true, false, set_update_one},
    {"update-all", true, true, false, set_update_all},
    {"remove-one", true, true, false, set_remove_one},
    {"remove-all", true, true, false, set_remove_all},
    {"instance", true, false, false, set_instance},
    {"env", true, true, false, set_env},
    {"adopt", true, true, false, set_adopt},
    {"resume", true, true, false, set_resume},
    {"destroy", true, true, false, set_destroy},
    {"destroy-updating", true, false, true, set_destroy_updating},
    {"failed-update", true, true, false, set_failed_update},
    {"takeover", true, true, false, set_takeover},
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

static struct sim_result again(struct stage *stage, enum sim_verb verb)
{
    struct sim_order order = {.verb = verb, .spec = stage->order.spec, .trace = stage->trace};
    return sim_run(stage->account, &order);
}

void stage_judge(struct stage *stage, const struct sim_result *result)
{
    watch_everything(stage->account);
    if (result->code == ERR_INTERNAL)
        account_violation(stage->account, "I10", "a defect: %s", result->err.message);
    if (result->code != ERR_NONE)
        return;
    if (stage->order.verb == SIM_IMPORT)
        return; /* the apply that follows is judged */
    if (stage->order.verb == SIM_DESTROY)
        reference_gone(stage->account, stage->untouched);
    else
        reference_applied(stage->account, &stage->order.spec);
}

void stage_settle(struct stage *stage)
{
    if (stage->order.verb != SIM_APPLY || !account_is_well(stage->account))
        return;
    struct sim_result plan = again(stage, SIM_PLAN);
    struct account *account = stage->account;
    if (plan.code != ERR_NONE)
        account_violation(account, "I1", "plan after apply: %s", plan.err.message);
    else if (!plan.empty)
        account_violation(
            account, "I1", "after apply there is a difference: " STR_FMT, STR_ARG(plan.plan));
    if (plan.mutating > 0)
        account_violation(account, "I11", "plan sent %zu mutating requests", plan.mutating);
    if (plan.requests > PLAN_REQUESTS + (account->struck ? 1U : 0U))
        account_violation(account, "I14", "plan sent %zu requests", plan.requests);
}

/* What was taken over is not ours yet in all it is: the next apply makes it so. */
static void apply_adopted(struct stage *stage)
{
    struct stage next = *stage;
    next.order.verb = SIM_APPLY;
    stage_converge(&next);
}

void stage_converge(struct stage *stage)
{
    struct account *account = stage->account;
    struct sim_result result = {0};
    for (int i = 0; i < MAX_RERUNS && account_is_well(account); i++) {
        result = again(stage, stage->order.verb);
        stage_judge(stage, &result);
        if (result.code == stage->ends)
            break;
    }
    if (result.code != stage->ends)
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
    if (stage->order.verb == SIM_IMPORT && account_is_well(account))
        apply_adopted(stage);
    stage_settle(stage);
}
