/* engine/aws/rate.h - how many requests a second a service takes from us, found out by being
 * throttled: additive increase, multiplicative decrease.
 *
 * Nothing is held back until a service asks to slow down. Then the rate is halved, at most once per
 * RATE_CUT_MS however many of the requests under way are refused, and grows back by a tenth of that
 * rate a second; far enough above it the limit is forgotten. Decisions only, nothing waits here.
 * Not thread-safe: one per service and session.
 */
#ifndef ENGINE_AWS_RATE_H
#define ENGINE_AWS_RATE_H

#include "engine/base/base.h"

#define RATE_CUT_MS 1000

struct rate {
    bool limited;
    double per_s;     /* while limited */
    double cut_per_s; /* what the last cut left */
    int64_t next_ms;  /* when the next request may go */
    int64_t cut_ms;   /* when it was cut last */
    int64_t second_ms;
    unsigned this_second, last_second; /* sent */
};

/* Takes a place; how long to wait until it comes. */
int64_t rate_claim(struct rate *rate, int64_t now_ms);
void rate_throttled(struct rate *rate, int64_t now_ms);
void rate_success(struct rate *rate);

#endif
