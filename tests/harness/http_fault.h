/* tests/harness/http_fault.h - a transport that loses one request or one answer, and says which.
 *
 * Wraps another transport. Mutating requests are counted from 1; the one whose number is asked for
 * is lost in the way asked for. What a client cannot know is not told: a lost request and a lost
 * answer give the same error. Threads: those of the wrapped transport. The wrapped transport and
 * the struct stay the caller's.
 */
#ifndef TESTS_HARNESS_HTTP_FAULT_H
#define TESTS_HARNESS_HTTP_FAULT_H

#include "engine/aws/http.h"

enum http_loss {
    LOSS_ANSWER,  /* it took effect, nobody hears of it */
    LOSS_REQUEST, /* it never arrived */
    LOSS_REST,    /* it took effect, and nothing works any more: the process was killed */
};

struct http_fault {
    struct http_transport *inner;
    size_t nth;            /* of the mutating requests; 0: nothing is lost */
    const char *operation; /* of SageMaker: only its requests count for `nth`; NULL: all do */
    enum http_loss loss;
    size_t requests, mutating, of_operation; /* so far */
    bool struck, down;
    char what[160]; /* the request that was lost: "PUT http://...", "CreateModel" */
};

struct http_transport *http_fault_new(struct http_fault *fault);
/* Whether the request can change something at AWS. */
bool http_is_mutating(const struct http_request *request);

#endif
