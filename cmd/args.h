/* cmd/args.h - what a command line says, and the option sets that several commands share.
 *
 * One struct for all commands: an option means the same wherever it is taken. Filled in by
 * opt_parse() from the tables of args.c and of the commands; zero where an option was not given,
 * except the flags that are on until they are switched off.
 */
#ifndef CMD_ARGS_H
#define CMD_ARGS_H

#include "cmd/opt.h"

enum out_format { OUT_TEXT, OUT_JSON, OUT_MARKDOWN };

struct args {
    struct opt_list operands;
    bool help;
    /* every command */
    bool color, json, verbose;
    /* which specs */
    struct opt_list files, sets;
    struct str region;
    /* which AWS */
    bool local, stats;
    struct str profile, endpoint_url, trace, allow_destroy;
    /* plan, apply, destroy */
    bool lock, fail_fast;
    int64_t lock_timeout_ms; /* main.c has the default */
    bool input, auto_approve, detailed_exitcode, full, retry_failed, compact_warnings;
    bool allow_empty, refresh_only, destroy;
    int64_t parallelism, allow_deletes;
    struct opt_list targets, replaces;
    struct str out;
    int format; /* enum out_format */
    /* rollback */
    struct str to, reason;
    /* test, invoke, route */
    struct str data, model, container, route, key, content_type, accept;
    int64_t calls;
    /* cost */
    struct str resident;
    int64_t call_bytes;
    bool live;
    /* local */
    int64_t port;
    struct str account;
    struct opt_list delays;
    struct str record;
    bool https_proxy;
    int64_t proxy_port;
    struct opt_list faults;
    struct str latency;
    bool force;
    int64_t ready_fd;
    /* serve */
    struct str pins; /* of serve */
    bool evict;
    int64_t bind_port, memory_limit, threads; /* main.c has the default of the first */
    struct str address, model_dir;
    /* iam-policy */
    struct opt_list uses, sources;
    bool execution_role, bucket_exists;
    /* import, forget, gc */
    struct str from_stack, from_home;
    struct opt_list from, leave_out;
    bool allow_managed, all, delete;
    /* init */
    struct str output, bucket, role, name;
};

extern const struct opt_set args_common; /* --help --no-color */
extern const struct opt_set args_json;   /* --json */
extern const struct opt_set args_spec;   /* --file --set --region */
extern const struct opt_set args_aws;    /* --local --profile --endpoint-url --stats --trace */
extern const struct opt_set args_lock;   /* --no-lock --lock-timeout; args_plan has them, too */
extern const struct opt_set args_plan;   /* what plan, apply and destroy share */

/* SPEC operands and -f values together; `./mme.yaml` when there is none. */
struct opt_list args_specs(struct arena *arena, const struct args *args, bool operands_are_specs);

#endif
