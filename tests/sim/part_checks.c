#include "tests/sim/parts.h"

void part_checks(struct sim_report *report)
{
    report->part = PART_CHECKS;
}
