/* tests/sim/parts.h - the parts of the simulation: each runs its share of its cases.
 */
#ifndef TESTS_SIM_PARTS_H
#define TESTS_SIM_PARTS_H

#include "tests/sim/report.h"

void part_crash(struct sim_report *report);
void part_double(struct sim_report *report);
void part_fault(struct sim_report *report);
void part_random(struct sim_report *report);
void part_pair(struct sim_report *report);
void part_lease(struct sim_report *report);
/* Whether the checks can fail: worlds with a defect planted in them. */
void part_checks(struct sim_report *report);

#endif
