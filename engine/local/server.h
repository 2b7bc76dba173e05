/* engine/local/server.h - the stand-in as a process: one loopback port over one world.
 *
 * Everything is under one home folder: world.db and objects/, lock (held while it runs, so that two
 * starts give one server) and local.json (how to reach it, mode 0600), which is removed on a clean
 * end. The caller has already detached, and started with OMP_NUM_THREADS=1 where it matters.
 * Errors: ERR_EXISTS when another process serves this home; ERR_IO for a taken port.
 */
#ifndef ENGINE_LOCAL_SERVER_H
#define ENGINE_LOCAL_SERVER_H

#include "engine/local/local.h"

#define LOCAL_SERVER_READY '1'

struct local_server_options {
    const char *home;
    uint16_t port;         /* 0: any free one */
    struct str account;    /* null: what the world has, or 123456789012 */
    struct str secret_key; /* of a new world's first key; null: random */
    struct str region;     /* written into local.json as the default; null: us-east-1 */
    /* Gets LOCAL_SERVER_READY when requests are answered, then is closed; -1: none. Still open when
     * the server could not be started. */
    int ready_fd;
    const struct local_delays *delays; /* NULL: the defaults */
    const char *record; /* file that gets every exchange (record_wire.h); NULL: none */
    bool https_proxy;   /* AWS's host names over CONNECT, too (proxy.h) */
    uint16_t proxy_port;
    const struct str *faults; /* rules for the life of this process (fault_rule.h) */
    size_t n_faults;
    struct str latency; /* likewise (latency.h); null: the world's */
};

/* Serves until SIGTERM or SIGINT, then finishes what runs and returns. Changes the signal mask and
 * ignores SIGPIPE: a process of its own. */
enum err_code local_server_run(const struct local_server_options *options, struct err *err)
    MUST_USE;

#endif
