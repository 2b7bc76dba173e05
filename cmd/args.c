#include "cmd/args.h"

#define AT(member) offsetof(struct args, member)

static const struct opt s_common[] = {
    {OPT_FLAG, 'h', "help", NULL, AT(help), NULL, 0, "print this help and exit"},
    {OPT_FLAG_OFF, 0, "color", NULL, AT(color), NULL, 0,
     "no colours; also when NO_COLOR is set, TERM is dumb or the output is no terminal"},
};
const struct opt_set args_common = OPT_SET(s_common);

static const struct opt s_json[] = {
    {OPT_FLAG, 0, "json", NULL, AT(json), NULL, 0, "print JSON on standard output"},
};
const struct opt_set args_json = OPT_SET(s_json);

static const struct opt s_spec[] = {
    {OPT_LIST, 'f', "file", "SPEC", AT(files), NULL, 0,
     "a spec: a file, a folder of *.yaml, or - for standard input; may be repeated"},
    {OPT_LIST, 0, "set", "NAME=VALUE", AT(sets), NULL, 0,
     "value of a variable of the spec; may be repeated"},
    {OPT_STRING, 0, "region", "REGION", AT(region), NULL, 0,
     "AWS region of a spec that names none; one of a spec's 'regions'; another one is refused"},
};
const struct opt_set args_spec = OPT_SET(s_spec);

static const struct opt s_aws[] = {
    {OPT_FLAG, 0, "local", NULL, AT(local), NULL, 0,
     "work on the AWS stand-in of this machine, starting it when it is not running"},
    {OPT_STRING, 0, "profile", "NAME", AT(profile), NULL, 0,
     "profile of ~/.aws/config to take credentials from"},
    {OPT_STRING, 0, "endpoint-url", "URL", AT(endpoint_url), NULL, 0,
     "send every AWS request there; also AWS_ENDPOINT_URL"},
    {OPT_FLAG, 0, "stats", NULL, AT(stats), NULL, 0,
     "end with one line: requests, CPU seconds, memory"},
    {OPT_STRING, 0, "trace", "FILE", AT(trace), NULL, 0,
     "append every AWS request and answer to FILE, without secrets and bodies"},
};
const struct opt_set args_aws = OPT_SET(s_aws);

#define LOCK_OPTS \
    {OPT_FLAG_OFF, 0,    "lock", NULL, \
     AT(lock),     NULL, 0,      "do not take the stack's lock; same as --lock=false"}, \
    { \
        OPT_DURATION, 0, "lock-timeout", "TIME", AT(lock_timeout_ms), NULL, 0, \
            "how long to wait for another run's lock (default 150s); 0s fails at once" \
    }

static const struct opt s_lock[] = {LOCK_OPTS};
const struct opt_set args_lock = OPT_SET(s_lock);

static const struct opt s_plan[] = {
    {OPT_INT, 0, "parallelism", "N", AT(parallelism), NULL, 1,
     "how many AWS objects are worked on at once (default 10; objects in S3: 32)"},
    {OPT_FLAG, 0, "fail-fast", NULL, AT(fail_fast), NULL, 0,
     "after the first failure start nothing new, not even what does not depend on it"},
    LOCK_OPTS,
    {OPT_FLAG, 0, "full", NULL, AT(full), NULL, 0, "list every model instead of collapsing many"},
    {OPT_FLAG, 0, "retry-failed", NULL, AT(retry_failed), NULL, 0,
     "try again what failed for good before: training jobs, a rolled-back endpoint config"},
    {OPT_STRING, 0, "allow-destroy", "STACK", AT(allow_destroy), NULL, 0,
     "let this stack's protected endpoint and models go"},
    {OPT_FLAG, 0, "allow-empty", NULL, AT(allow_empty), NULL, 0,
     "let a spec without models empty the stack"},
    {OPT_INT, 0, "allow-deletes", "N", AT(allow_deletes), NULL, 1,
     "let up to N models go at once (without: 20, or a tenth when that is more)"},
    {OPT_LIST, 0, "target", "ADDRESS", AT(targets), NULL, 0,
     "only this and what it needs, e.g. 'aws_s3_object.model[\"x\"]'; * stands for anything in an "
     "index; may be repeated"},
    {OPT_LIST, 0, "replace", "ADDRESS", AT(replaces), NULL, 0,
     "make this again though it is there: an endpoint, a model, its training job, a data object"},
    {OPT_FLAG, 0, "compact-warnings", NULL, AT(compact_warnings), NULL, 0,
     "warnings in one line each"},
    {OPT_FLAG_OFF, 0, "input", NULL, AT(input), NULL, 0, "never ask; same as --input=false"},
};
const struct opt_set args_plan = OPT_SET(s_plan);

struct opt_list args_specs(struct arena *arena, const struct args *args, bool operands_are_specs)
{
    struct opt_list all = {0};
    for (size_t i = 0; i < args->files.len; i++)
        *VEC_PUSH(arena, &all) = args->files.items[i];
    if (operands_are_specs)
        for (size_t i = 0; i < args->operands.len; i++)
            *VEC_PUSH(arena, &all) = args->operands.items[i];
    if (all.len == 0)
        *VEC_PUSH(arena, &all) = STR("mme.yaml");
    return all;
}
