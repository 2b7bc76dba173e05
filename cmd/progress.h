/* cmd/progress.h - the events of a run, shown as they happen.
 *
 * On a terminal: finished things as lines, running ones in a block below that is redrawn. In a
 * pipe: one line per change of state and one every 30 s. With --json, for a command that streams:
 * one JSON object per event on standard output. Lines follow Terraform's wording. Threads: the
 * loop's.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "cmd/app.h"
#include "engine/plan/event.h"

struct progress;

/* on_aws: durations are compared with what AWS usually takes. */
struct progress *progress_new(struct app *app, bool on_aws);
/* An event_fn; arg is the struct progress. */
void progress_event(void *arg, const struct event *event);
/* Between the two the live block is redrawn by a task of its own; call inside a task. */
void progress_start(struct progress *progress, size_t total);
void progress_stop(struct progress *progress); /* takes the block off the screen */

#endif
