/* cmd/app.h - what a running command has: memory, time, the loop, the terminal, its arguments.
 *
 * Made by main.c (the composition root) and passed down; commands take everything from the outside
 * world through it. Lives for the command; the arena owns all of a command's data.
 */
#ifndef CMD_APP_H
#define CMD_APP_H

#include "cmd/args.h"
#include "cmd/exit.h"
#include "cmd/term.h"
#include "engine/base/loop.h"
#include "engine/base/rng.h"

#define MMECTL_VERSION "0.1.0"

struct cmd;

typedef const char *getenv_fn(const char *name);

struct app {
    struct arena *arena;
    struct clock clock;
    struct rng rng;
    struct loop *loop;
    struct term term;
    const struct cmd *cmd;
    struct args args;
    getenv_fn *getenv;
    /* A lease is held and lasts for so long; null: it is not any more. May be NULL. */
    void (*on_lease)(struct str id, int64_t left_ms);
    struct str region; /* of the stack at work, when its spec has several: errors tell it */
    uint64_t requests, mutating, retried; /* to AWS, of the sessions closed so far */
    bool out_failed;                      /* standard output does not take anything any more */
};

/* Prints the error and gives the exit status that belongs to it. */
enum exit_code app_fail(struct app *app, const struct err *err);
/* Writes to standard output. A full disk or closed pipe is EXIT_CODE_ERROR; the former is said,
 * once.
 */
enum exit_code app_print(struct app *app, const struct buf *buf);
enum exit_code app_print_json(struct app *app, const struct json *json);
/* A line or two for people: with --json nothing is printed. */
enum exit_code app_say(struct app *app, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
