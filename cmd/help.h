/* cmd/help.h - every text that is derived from the command list and the option tables.
 *
 * help_overview and help_command are what --help prints; help_markdown is the part of README.md
 * between its markers; help_man is mmectl(1) in roff; help_completion is a script for a shell.
 */
#ifndef CMD_HELP_H
#define CMD_HELP_H

#include "cmd/cmd.h"

void help_overview(struct arena *arena, struct buf *buf);
void help_command(struct arena *arena, struct buf *buf, const struct cmd *cmd);
/* The commands of a group ("local"); false when there is no such group. */
bool help_group(struct arena *arena, struct buf *buf, struct str group);
void help_markdown(struct arena *arena, struct buf *buf);
void help_man(struct arena *arena, struct buf *buf);

/* bash, zsh, fish; false for another shell. */
bool help_completion(struct arena *arena, struct buf *buf, struct str shell);

#endif
