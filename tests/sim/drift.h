/* tests/sim/drift.h - what other people and other tools do to a stack behind mmectl's back.
 *
 * To add one: a function and a line in the table (drift.c).
 */
#ifndef TESTS_SIM_DRIFT_H
#define TESTS_SIM_DRIFT_H

#include "tests/sim/account.h"

/* Does one of them, by lot; says which. Nothing is done where there is nothing to do it to. */
const char *drift_random(struct account *account, struct rng *rng);
size_t drift_count(void);
const char *drift_do(struct account *account, struct rng *rng, size_t which);
/* Takes away again what drifts put there that is nobody's to take away but theirs. */
void drift_undo(struct account *account);
/* Moves an overwritten artifact out of the way, as mmectl asks for when nothing says any more that
 * it was ours; false when there is none. */
bool drift_clear(struct account *account);

#endif
