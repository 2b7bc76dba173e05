/* cmd/target.h - whether the command line names what the stack's endpoint can be asked for.
 *
 * A multi-model endpoint is called by --model or --route, a multi-container endpoint by
 * --container, a pipeline as a whole.
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include "cmd/session.h"

/* session_each_of() once every spec is checked. needed: without a target nothing can be called. */
enum exit_code target_each(struct app *app, bool needed, session_work_fn *work, void *arg);

#endif
