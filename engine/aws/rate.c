#include "engine/aws/rate.h"

#define LEAST_PER_S 1.0
#define GROWTH 0.1 /* of the rate after the last cut, per second */
#define FORGET 4.0 /* times that rate: the limit is gone */
#define SECOND_MS 1000

static void count(struct rate *rate, int64_t now_ms)
{
    if (now_ms - rate->second_ms >= SECOND_MS) {
        bool adjacent = now_ms - rate->second_ms < 2 * (int64_t) SECOND_MS;
        rate->last_second = adjacent ? rate->this_second : 0;
        rate->this_second = 0;
        rate->second_ms = now_ms;
    }
    rate->this_second++;
}

int64_t rate_claim(struct rate *rate, int64_t now_ms)
{
    count(rate, now_ms);
    if (!rate->limited)
        return 0;
    int64_t at_ms = rate->next_ms > now_ms ? rate->next_ms : now_ms;
    rate->next_ms = at_ms + (int64_t) (SECOND_MS / rate->per_s);
    return at_ms - now_ms;
}

void rate_throttled(struct rate *rate, int64_t now_ms)
{
    if (rate->limited && now_ms - rate->cut_ms < RATE_CUT_MS)
        return; /* sent before the cut */
    if (!rate->limited)
        rate->per_s = rate->this_second > rate->last_second ? rate->this_second : rate->last_second;
    rate->per_s /= 2;
    if (rate->per_s < LEAST_PER_S)
        rate->per_s = LEAST_PER_S;
    rate->cut_per_s = rate->per_s;
    rate->cut_ms = now_ms;
    rate->next_ms = now_ms + (int64_t) (SECOND_MS / rate->per_s);
    rate->limited = true;
}

void rate_success(struct rate *rate)
{
    if (!rate->limited)
        return;
    /* per_s successes a second add GROWTH * cut_per_s to the rate. */
    rate->per_s += GROWTH * rate->cut_per_s / rate->per_s;
    if (rate->per_s >= FORGET * rate->cut_per_s)
        rate->limited = false;
}
