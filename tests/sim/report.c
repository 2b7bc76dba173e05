#include "tests/sim/report.h"

#include <stdarg.h>
#include <stdio.h>

#define SHOWN 20

static const char *const s_parts[PART_COUNT] = {
    [PART_CRASH] = "crash",   [PART_DOUBLE] = "double", [PART_FAULT] = "fault",
    [PART_RANDOM] = "random", [PART_PAIR] = "pair",     [PART_LEASE] = "lease",
    [PART_CHECKS] = "checks",
};

const char *part_name(enum sim_part part)
{
    return s_parts[part];
}

bool report_is_replay(const struct sim_report *report)
{
    return report->options.replay.len > 0;
}

static struct str
full_name(const struct sim_report *report, char *text, size_t size, const char *fmt, va_list args)
{
    int n = snprintf(text, size, "%s/", part_name(report->part));
    vsnprintf(text + n, size - (size_t) n, fmt, args);
    return str_from(text);
}

/* "a/b" is within "a/b/c" and the other way round, by whole words. */
static bool begins(struct str name, struct str with)
{
    return str_starts(name, with) && (name.len == with.len || name.ptr[with.len] == '/');
}

bool report_within(const struct sim_report *report, const char *fmt, ...)
{
    char text[160];
    va_list args;
    va_start(args, fmt);
    struct str name = full_name(report, text, sizeof(text), fmt, args);
    va_end(args);
    struct str wanted = report->options.replay;
    return wanted.len == 0 || begins(wanted, name) || begins(name, wanted);
}

bool report_case(struct sim_report *report, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct str name = full_name(report, report->name, sizeof(report->name), fmt, args);
    va_end(args);
    const struct report_options *options = &report->options;
    if (options->replay.len > 0) {
        if (!begins(name, options->replay))
            return false;
    } else {
        size_t number = report->counter++;
        if (number % options->thin != 0 ||
            number / options->thin % options->shards != options->shard)
            return false;
    }
    report->cases[report->part]++;
    return true;
}

bool report_verdict(struct sim_report *report)
{
    struct account *account = report->account;
    if (account_is_well(account))
        return true;
    size_t count = ++report->violations[report->part];
    if (!report->quiet && (count <= SHOWN || report_is_replay(report)))
        printf(
            "not ok %s\n    %s: %s\n    again: %s --replay=%s\n", report->name,
            account->verdict.rule, account->verdict.text, report->options.binary, report->name);
    fflush(stdout);
    return false;
}
