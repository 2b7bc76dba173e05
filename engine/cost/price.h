/* engine/cost/price.h - on-demand prices of SageMaker ML instances, as one table.
 *
 * us-east-1, USD per instance-hour, read from AWS's public AmazonSageMaker offer file on the date
 * of price_date(). A type costs the same for hosting and for training to within a cent; where the
 * two differ the hosting price stands here. A type that is not in the table has no price: nothing
 * is guessed. To add a type or a newer list: edit the table in price.c and the date below.
 * Source:
 * https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonSageMaker/current/us-east-1/index.json
 */
#ifndef ENGINE_COST_PRICE_H
#define ENGINE_COST_PRICE_H

#include "engine/base/str.h"

#define PRICE_REGION "us-east-1"
#define PRICE_DATE "2026-09-27"
#define PRICE_SOURCE "AWS price list, AmazonSageMaker offer file"
#define PRICE_HOURS_PER_MONTH 730.0
#define PRICE_VOLUME_GB_MONTH 0.14 /* ML storage attached to a training instance */
#define PRICE_S3_GB_MONTH 0.023    /* S3 Standard */
#define PRICE_DATA_GB 0.016        /* data processed by an endpoint, in and out alike */

struct price {
    const char *type; /* "ml.m5.large" */
    unsigned vcpus;
    unsigned memory_gib;
    double usd_per_hour;
};

const struct price *price_find(struct str type); /* NULL when the table has no such type */
size_t price_count(void);
const struct price *price_at(size_t index);

#endif
