/* Checks that cannot fail check nothing: a defect is planted for each rule, and the rule must find
 * it. */
#include "tests/sim/drift.h"
#include "tests/sim/parts.h"
#include "tests/sim/reference.h"
#include "tests/sim/scenarios.h"
#include "tests/sim/watch.h"

#include <stdio.h>

static void send(struct stage *stage, const char *method, const char *key)
{
    struct str target = str_fmt(stage->account->arena, "/" SIM_BUCKET "/%s", key);
    (void) account_send(stage->account, "s3", method, target, STR("planted"), NULL, NULL);
}

/* What a run would have sent, past all that is not the watch. */
static void
watch_request(struct stage *stage, const char *method, const char *target, const char *body)
{
    struct http_request request = {
        .method = str_from(method),
        .url = str_fmt(stage->account->arena, "http://127.0.0.1:1%s", target),
        .body = str_from(body)};
    watch_before(stage->account, &request);
}

static const char *live_key(struct stage *stage)
{
    watch_everything(stage->account); /* reads the record */
    return str_z(stage->account->arena, stage->account->live.keys[0]);
}

static void still_different(struct stage *stage)
{
    stage->order.spec.depth[0] = 7;
    stage_settle(stage);
}

static void wrong_world(struct stage *stage)
{
    stage->order.spec.env = 1;
    reference_applied(stage->account, &stage->order.spec);
}

static void wrong_artifact(struct stage *stage)
{
    send(stage, "PUT", live_key(stage));
    reference_applied(stage->account, &stage->order.spec);
}

static void not_gone(struct stage *stage)
{
    reference_gone(stage->account, stage->untouched);
}

static void orphan(struct stage *stage)
{
    send(stage, "PUT", SIM_PREFIX "/models/m5--0123456789abcdef.tar.gz");
    reference_applied(stage->account, &stage->order.spec);
}

static void foreign_object(struct stage *stage)
{
    send(stage, "DELETE", "foreign/model.tar.gz");
    watch_everything(stage->account);
}

static void foreign_overwritten(struct stage *stage)
{
    send(stage, "PUT", SIM_PREFIX "/models/README.txt");
    watch_everything(stage->account);
}

static void config_gone(struct stage *stage)
{
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < drift_count(); i++) {
        bool published = stage->account->published;
        const char *what = drift_do(stage->account, &rng, i);
        stage->account->published = published;
        if (strcmp(what, "a config deleted") == 0)
            break;
        account_return(stage->account, stage->moment);
    }
    watch_everything(stage->account);
}

static void target_gone(struct stage *stage)
{
    send(stage, "DELETE", live_key(stage));
    watch_everything(stage->account);
}

static void overwrites(struct stage *stage)
{
    struct str target = str_fmt(stage->account->arena, "/" SIM_BUCKET "/%s", live_key(stage));
    watch_request(stage, "PUT", target.ptr, "other bytes");
}

static void deletes_blindly(struct stage *stage)
{
    watch_request(stage, "DELETE", "/" SIM_BUCKET "/" SIM_PREFIX "/control/stack.json", "");
}

static void deletes_batch_blindly(struct stage *stage)
{
    watch_request(
        stage, "POST", "/" SIM_BUCKET "?delete=",
        "<Delete><Object><Key>demo/models/a.tar.gz</Key></Object></Delete>");
}

static void never_done(struct stage *stage)
{
    stage->order.spec.instance = 1;
    account_tell(
        stage->account, "POST", "faults",
        "{'faults':[{'operation':'CreateEndpointConfig','kind':'error','status':400,"
        "'code':'ValidationException','times':0}]}");
    stage_converge(stage);
}

/* Two runs that both believe to have the lease: the one that has it, counted twice. */
static void count_twice(struct wire *wire)
{
    struct account *account = wire->account;
    account->running[1] = account->running[0];
    watch_request(
        &(struct stage){.account = account}, "PUT", "/" SIM_BUCKET "/" SIM_PREFIX "/control/x", "");
    account->running[1] = NULL;
}

static void two_holders(struct stage *stage)
{
    struct sim_order order = {
        .verb = SIM_APPLY,
        .spec = stage->order.spec,
        .strike = STRIKE_PAUSE,
        .nth = 25,
        .pause = count_twice};
    order.spec.depth[1] = 9;
    (void) sim_run(stage->account, &order);
}

static void breaks(struct stage *stage)
{
    struct sim_result result = {.code = ERR_INTERNAL};
    stage_judge(stage, &result);
}

/* It says that all is done, and it is not. */
static void lies(struct stage *stage)
{
    struct sim_result result = {.code = ERR_NONE};
    stage->order.spec.count = 3;
    stage_judge(stage, &result);
}

static void plan_writes(struct stage *stage)
{
    stage_judge_plan(stage->account, &(struct sim_result){.empty = true, .mutating = 1});
}

/* That an object is not what was uploaded under such a name, its ETag in the record alone tells. */
static void record_matters(struct stage *stage)
{
    send(stage, "PUT", live_key(stage));
    stage->order.verb = SIM_PLAN;
    stage_judge_without_record(stage->account, &stage->order);
}

static void leaves_open(struct stage *stage)
{
    FILE *file = fopen("/dev/null", "r");
    account_check_files(stage->account);
    if (file != NULL)
        (void) fclose(file);
}

static void plan_wanders(struct stage *stage)
{
    stage_judge_plan(stage->account, &(struct sim_result){.empty = true, .requests = 16});
}

static void plans_differ(struct stage *stage)
{
    struct sim_order order = {.verb = SIM_PLAN, .spec = stage->order.spec};
    order.spec.depth[0] = 7;
    struct sim_result first = sim_run(stage->account, &order);
    order.spec.depth[0] = 8;
    struct sim_result second = sim_run(stage->account, &order);
    stage_judge_same(stage->account, &first, &second);
}

static void tells(struct stage *stage)
{
    struct str key = stage->account->key.secret_key;
    struct str said = str_fmt(stage->account->arena, "signed with " STR_FMT, STR_ARG(key));
    sim_check_secrets(stage->account, said, &(struct err){.code = ERR_NONE});
}

static void lingers(struct stage *stage)
{
    stage_judge_interrupted(stage->account, &(struct sim_result){.after_strike_ms = 5001});
}

static const struct {
    const char *name, *rule;
    void (*plant)(struct stage *stage);
} s_checks[] = {
    {"still-different", "I1", still_different},
    {"wrong-world", "I2", wrong_world},
    {"wrong-artifact", "I2", wrong_artifact},
    {"not-gone", "I3", not_gone},
    {"orphan", "I4", orphan},
    {"foreign-object", "I5", foreign_object},
    {"foreign-overwritten", "I5", foreign_overwritten},
    {"config-gone", "I6", config_gone},
    {"target-gone", "I6", target_gone},
    {"overwrites", "I7", overwrites},
    {"deletes-blindly", "I8", deletes_blindly},
    {"deletes-batch-blindly", "I8", deletes_batch_blindly},
    {"two-holders", "I9", two_holders},
    {"breaks", "I10", breaks},
    {"lies", "I2", lies},
    {"plan-writes", "I11", plan_writes},
    {"plans-differ", "I12", plans_differ},
    {"record-matters", "I13", record_matters},
    {"plan-wanders", "I14", plan_wanders},
    {"tells", "I15", tells},
    {"never-done", "I16", never_done},
    {"leaves-open", "I17", leaves_open},
    {"lingers", "I18", lingers},
};

static void check(struct sim_report *report, struct stage *stage, size_t i)
{
    struct account *account = report->account;
    account_return(account, stage->moment);
    struct stage copy = *stage;
    s_checks[i].plant(&copy);
    struct verdict found = account->verdict;
    account->verdict = (struct verdict){.rule = ""};
    if (strcmp(found.rule, s_checks[i].rule) != 0)
        account_violation(
            account, "checks", "%s does not find what was planted; '%s' was found: %s",
            s_checks[i].rule, found.rule, found.text);
    report_verdict(report);
}

void part_checks(struct sim_report *report)
{
    report->part = PART_CHECKS;
    struct stage stage = {.trace = false};
    stage_set(&stage, report->account, &scenarios[1], false);
    (void) sim_run(report->account, &stage.order);
    struct account_moment *moment = account_keep(report->account);
    stage.moment = moment;
    for (size_t i = 0; i < ARRAY_LEN(s_checks); i++)
        if (report_case(report, "%s", s_checks[i].name))
            check(report, &stage, i);
    account_forget(report->account, moment);
}
