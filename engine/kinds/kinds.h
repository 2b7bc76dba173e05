/* engine/kinds/kinds.h - the world as AWS has it: implements the seam of engine/plan/world.h with
 * the AWS client.
 *
 * Ownership: the world borrows its options and lives on the arena given. Threads: the loop's.
 */
#ifndef ENGINE_KINDS_KINDS_H
#define ENGINE_KINDS_KINDS_H

#include "engine/aws/aws.h"
#include "engine/plan/world.h"

/* What is read of the user's files: each file once, for all the worlds that share it. */
struct kinds_sources;

struct kinds_sources *kinds_sources_new(void);
void kinds_sources_free(struct kinds_sources *sources); /* after its worlds; accepts NULL */

struct kinds_options {
    struct aws *aws;
    struct loop *loop;
    struct str version;            /* mmectl's own, for the tag mmectl:version */
    struct kinds_sources *sources; /* NULL: the world has its own */
};

struct world *kinds_world(struct arena *arena, const struct kinds_options *options);
/* Frees what training here keeps in memory. Accepts NULL. */
void kinds_free(struct world *world);

#endif
