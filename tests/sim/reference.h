/* tests/sim/reference.h - the reference model: what a world must look like, worked out from the
 * numbers of a spec and from the documents, without any of the product's own planning code.
 *
 * I2 the world is the spec's; I4 nothing owned is left over; I3 after destroy the world is what it
 * was before; I10 what a command said fits what is there. Findings go to the account's verdict.
 * Follows the decisions on identity, places, publishing and fingerprints (engine/README.md).
 */
#ifndef TESTS_SIM_REFERENCE_H
#define TESTS_SIM_REFERENCE_H

#include "tests/sim/account.h"

/* After an apply that ended well. */
void reference_applied(struct account *account, const struct sim_spec *spec);
/* After a destroy that ended well: `before` is what reference_text() said of the untouched world.
 */
void reference_gone(struct account *account, struct str before);
/* The whole world but for what SageMaker keeps account-wide and nobody can own. */
struct str reference_text(struct account *account);

#endif
