/* cmd/partitions.h - how many models a spec has, those of its partitions included, without AWS.
 */
#ifndef CMD_PARTITIONS_H
#define CMD_PARTITIONS_H

#include "cmd/app.h"
#include "specs/spec.h"

struct partitions {
    size_t n_models; /* all that is known */
    size_t n_unread; /* partitions whose data is in S3 */
    size_t *of_set;  /* models of each of the spec's sets that is a partition */
};

/* Reads the local files that partitions name; ERR_SPEC, positioned, for what is wrong with them. */
enum err_code
partitions_find(struct app *app, const struct spec *spec, struct partitions *out, struct err *err)
    MUST_USE;

#endif
