/* sim - the real reconciler, signer, parsers and stand-in in one process, on a virtual clock.
 *
 * usage: sim [--part=NAME] [--shard=I/N] [--thin=N] [--seeds=N] [--replay=CASE]
 */
#include "tests/sim/parts.h"

#include "engine/base/clock.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    enum sim_part part;
    void (*run)(struct sim_report *report);
    const char *what;
} s_parts[] = {
    {PART_CHECKS, part_checks, "planted defects that the checks must find"},
    {PART_CRASH, part_crash, "crash points and interrupts"},
    {PART_DOUBLE, part_double, "double crashes"},
    {PART_FAULT, part_fault, "faults at requests"},
    {PART_RANDOM, part_random, "random pairs of specs"},
    {PART_PAIR, part_pair, "schedules of two appliers"},
    {PART_LEASE, part_lease, "moments of the lease"},
};

static bool option(struct str arg, const char *name, struct str *value)
{
    if (!str_starts(arg, str_from(name)))
        return false;
    *value = str_from_index(arg, strlen(name));
    return true;
}

static unsigned number(struct str text)
{
    uint64_t value;
    if (!str_to_u64(text, &value) || value > UINT32_MAX) {
        fprintf(stderr, "sim: '" STR_FMT "' is not a number\n", STR_ARG(text));
        exit(64);
    }
    return (unsigned) value;
}

static void parse(int argc, char **argv, struct report_options *options, struct str *part)
{
    for (int i = 1; i < argc; i++) {
        struct str arg = str_from(argv[i]), value, first;
        if (option(arg, "--part=", part) || option(arg, "--replay=", &options->replay))
            continue;
        if (option(arg, "--thin=", &value)) {
            options->thin = number(value);
        } else if (option(arg, "--seeds=", &value)) {
            options->seeds = number(value);
        } else if (option(arg, "--shard=", &value)) {
            (void) str_split(&value, '/', &first);
            options->shard = number(first);
            options->shards = number(value);
        } else {
            fprintf(
                stderr, "usage: sim [--part=NAME] [--shard=I/N] [--thin=N] [--seeds=N] "
                        "[--replay=CASE]\n");
            exit(64);
        }
    }
}

static bool wanted(const struct sim_report *report, size_t i, struct str part)
{
    struct str name = str_from(part_name(s_parts[i].part));
    if (report_is_replay(report))
        return str_starts(report->options.replay, name);
    return part.len == 0 || str_eq(part, name);
}

int main(int argc, char **argv)
{
    /* What one case gives back, the next one takes: not by way of the system. */
    mallopt(M_TRIM_THRESHOLD, 1 << 28);
    mallopt(M_TOP_PAD, 1 << 24);
    struct sim_report report = {
        .options = {.replay = STR_NULL, .shards = 1, .thin = 1, .seeds = 20000, .binary = argv[0]}};
    struct str part = STR_NULL;
    parse(argc, argv, &report.options, &part);
    size_t failed = 0;
    report.account = account_open();
    for (size_t i = 0; i < ARRAY_LEN(s_parts); i++) {
        if (!wanted(&report, i, part))
            continue;
        int64_t start = clock_mono_ms(clock_system());
        size_t requests = report.account->requests;
        report.counter = 0;
        s_parts[i].run(&report);
        int64_t took = clock_mono_ms(clock_system()) - start;
        enum sim_part id = s_parts[i].part;
        printf(
            "%s: %zu %s, %zu violations, %zu requests, %lld.%lld s\n", part_name(id),
            report.cases[id], s_parts[i].what, report.violations[id],
            report.account->requests - requests, (long long) took / 1000,
            (long long) took / 100 % 10);
        fflush(stdout);
        failed += report.violations[id];
    }
    account_check_files(report.account);
    if (!account_is_well(report.account)) {
        printf("not ok files\n    I17: %s\n", report.account->verdict.text);
        failed++;
    }
    account_close(report.account);
    return failed > 0 ? 1 : 0;
}
