/* tests/bench/serve_load.h - what serve_load.c stands on: a client that keeps connections busy, the
 * servers it talks to, and libxgboost alone.
 *
 * Whatever breaks ends the program. Threads: one.
 */
#ifndef TESTS_BENCH_SERVE_LOAD_H
#define TESTS_BENCH_SERVE_LOAD_H

#include "engine/base/arena.h"
#include "engine/base/str.h"
#include "tests/bench/bench.h"

#include <sys/types.h>

enum { BENCH_MODELS = 20 }; /* distinct ones; more are copies under other names */

struct load_call {
    struct str text; /* the request */
    struct str want; /* the answer's body; null: not looked at */
};

struct load_plan {
    uint16_t port;
    size_t connections;
    const struct load_call *calls;
    size_t n_calls, total;
    bool drawn; /* calls are drawn evenly, else they come in turn */
};

/* Every connection has one call under way until `total` are done. ret_times: of each; may be NULL.
 */
void load_run(const struct load_plan *plan, int64_t *ret_times);

struct load_server {
    pid_t pid;
    int input;
    uint16_t port;
};

/* The program says its port at the end of its first line, and ends with its input or SIGTERM. */
struct load_server load_server_start(const char *const *argv);
void load_server_end(struct load_server *server);
size_t load_server_kib(const struct load_server *server); /* resident */

struct str bench_read(struct arena *arena, const char *folder, size_t model, const char *end);
void bench_train(struct arena *arena, const char *folder);
int64_t bench_load_and_score(struct str bytes, struct str row);
/* By how much the process grows with so many boosters that have predicted once. */
size_t bench_boosters_kib(const char *folder, size_t count);

#endif
