/* tests/sim/faults.h - what can happen to one request on its way: one table.
 *
 * A fault is played once, at the request that the wire was told. What it does to the world is what
 * the real thing does: a lost request changes nothing, a lost answer everything.
 * To add one: a line in FAULTS (faults.c).
 */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include "tests/sim/wire.h"

size_t fault_count(void);
const struct fault *fault_at(size_t index);
const struct fault *fault_named(struct str name); /* NULL */
const char *fault_name(const struct fault *fault);
/* It says what is not so, in words that must be believed: 'you may not', 'there is no such thing',
 * 'it has changed', 'this is its ETag'. What a run makes of that is judged after the next one. */
bool fault_is_untrue(const struct fault *fault);
/* Something arrives once more after the run may have ended: what it sets off has to end, too. */
bool fault_is_late(const struct fault *fault);
/* False: it cannot happen to this request (an empty page to one that lists nothing). */
bool fault_applies(const struct fault *fault, const struct http_request *request);

enum err_code fault_play(
    struct wire *wire,
    struct arena *arena,
    const struct http_request *request,
    struct http_response *ret_response,
    struct err *err);
/* The second exchange of a fault that takes two; false: a request like any other. */
bool fault_continues(
    struct wire *wire, const struct http_request *request, struct http_response *ret_response);

#endif
