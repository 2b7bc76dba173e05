/* tests/sim/watch.h - what must hold at every instant, looked at around each request that can
 * change something.
 *
 * I5 nothing foreign is ever touched; I6 from the first success on, the config and the model of the
 * endpoint exist, and so does every TargetModel of the record; I7 no artifact key is overwritten;
 * I8 what is deleted is known to be ours: objects by their ETag; I9 at most one run believes that
 * it has the lease.
 */
#ifndef TESTS_SIM_WATCH_H
#define TESTS_SIM_WATCH_H

#include "tests/sim/account.h"

void watch_before(struct account *account, const struct http_request *request);
void watch_after(struct account *account, const struct http_request *request);
/* All of it now, whatever was asked last. */
void watch_everything(struct account *account);

#endif
