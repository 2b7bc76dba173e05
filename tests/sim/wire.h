/* tests/sim/wire.h - the transport of one simulated run: every request is counted, and at one of
 * them something can be done: the process dies, is interrupted, or a fault is played.
 *
 * Sits between the real client and the stand-in. Each request takes a millisecond or more, so that
 * what runs side by side really interleaves. After each one that can change something, what must
 * hold at every instant is checked (watch.h). A dead process's requests never arrive.
 */
#ifndef TESTS_SIM_WIRE_H
#define TESTS_SIM_WIRE_H

#include "tests/sim/account.h"

enum strike {
    STRIKE_NONE,
    STRIKE_BEFORE,    /* it never arrives, and the process is dead */
    STRIKE_EFFECT,    /* it takes effect, its answer is lost, and the process is dead */
    STRIKE_AFTER,     /* it is answered, and the process is dead before its next request */
    STRIKE_INTERRUPT, /* SIGINT arrives together with the answer */
    STRIKE_FAULT,     /* `fault` is played */
    STRIKE_PAUSE,     /* `pause` is called before it arrives: the process is stopped meanwhile */
};

#define WIRE_LEASE (UINT64_C(1) << 63)

struct fault;
struct wire;

/* Decides which of several runs' requests goes next (part_pair.c). */
typedef void wire_turn_fn(struct wire *wire);

struct wire {
    struct http_transport base;
    struct account *account;
    struct loop *loop;
    bool own_loop; /* nobody else runs on it: dying may cut its sleeps short */
    bool trace;    /* to standard error */
    unsigned longest_ms;
    struct rng rng;

    enum strike strike;
    size_t nth; /* of all requests, from 1 */
    const struct fault *fault;
    void (*pause)(struct wire *wire);
    void *pause_arg;
    wire_turn_fn *turn; /* NULL: at once */
    void *turn_arg;

    size_t requests, mutating;
    bool struck, dead;
    char what[200]; /* the request that was struck */
    int64_t struck_ms;
    struct { /* for faults that take more than one exchange */
        struct http_request again;
        size_t again_at;
        struct http_response page;
        bool has_page;
    } later;
    uint64_t *masks; /* NULL, or gets for each request which faults apply to it; bit 63: it is
                        the lease's */
    size_t n_masks;
};

void wire_init(struct wire *wire, struct account *account, struct loop *loop);
/* Delivers a request, whatever becomes of it, and checks what must hold at every instant. */
enum err_code wire_deliver(
    struct wire *wire,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err);
/* "CreateModel", "PUT http://..." */
void wire_name(const struct http_request *request, char *text, size_t size);
bool wire_is_mutating(const struct http_request *request);
/* "CreateModel" of "SageMaker.CreateModel"; null for S3 and STS. */
struct str wire_operation(const struct http_request *request);

#endif
