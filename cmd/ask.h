/* cmd/ask.h - the one question before something is changed.
 *
 * Threads: the loop's.
 */
#ifndef CMD_ASK_H
#define CMD_ASK_H

#include "cmd/app.h"

/* Before anything is read: somebody can be asked, or --auto-approve says yes already. ERR_TERMINAL
 * names the command. */
enum err_code ask_check(const struct app *app, const char *command, struct err *err) MUST_USE;
/* Yes by --auto-approve or by typing it; anything else prints `refused` and is false. */
enum err_code
ask_yes(struct app *app, const char *question, const char *refused, bool *ret_yes, struct err *err)
    MUST_USE;

#endif
