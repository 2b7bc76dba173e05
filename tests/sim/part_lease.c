#include "tests/sim/parts.h"

void part_lease(struct sim_report *report)
{
    report->part = PART_LEASE;
}
