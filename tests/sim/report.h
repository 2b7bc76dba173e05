/* tests/sim/report.h - which cases run, what they found, and the counts.
 *
 * A case has a name that says all about it ("crash/create/stable/17/effect"); with it, the same
 * case runs again, alone and with every request shown. Cases are dealt to processes by their
 * number.
 */
#ifndef TESTS_SIM_REPORT_H
#define TESTS_SIM_REPORT_H

#include "tests/sim/account.h"

enum sim_part {
    PART_CRASH,
    PART_DOUBLE,
    PART_FAULT,
    PART_RANDOM,
    PART_PAIR,
    PART_LEASE,
    PART_CHECKS,
    PART_COUNT
};

struct report_options {
    struct str replay;      /* one case; null: all */
    unsigned shard, shards; /* this process's share */
    unsigned thin;          /* every so manieth case only; 1: all */
    size_t seeds;           /* of the random part */
    const char *binary;
};

struct sim_report {
    struct report_options options;
    struct account *account;
    size_t cases[PART_COUNT], violations[PART_COUNT];
    size_t counter;
    enum sim_part part;
    char name[160]; /* of the case that runs */
    bool quiet;     /* a violation is wanted: the checks are being checked */
};

const char *part_name(enum sim_part part);
/* Whether what this prefix of a name stands for has a case that runs here. */
bool report_within(const struct sim_report *report, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Whether this one case is to run here; it then counts as run. */
bool report_case(struct sim_report *report, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool report_is_replay(const struct sim_report *report);
/* Looks at the account's verdict at the end of the case. True: all is well. */
bool report_verdict(struct sim_report *report);

#endif
