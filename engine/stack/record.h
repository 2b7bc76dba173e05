/* engine/stack/record.h - control/stack.json: the stack's one record. Pure: text in, text out.
 *
 * Never the truth about what exists; it resolves names for clients, and its ETags are hints that
 * spare HEAD requests. Unknown members are kept when it is rewritten, so an older mmectl does not
 * destroy what a newer one wrote. A record with a `format` above ours is refused.
 */
#ifndef ENGINE_STACK_RECORD_H
#define ENGINE_STACK_RECORD_H

#include "engine/base/json.h"
#include "engine/base/vec.h"

#define RECORD_FORMAT 1

struct record_version {
    struct str fp, etag, key; /* etag is STR_NULL where only the listing told of the version */
    uint64_t size;
    struct str at, by;          /* ISO time, who */
    int64_t serial;             /* of the record that published it first; 0: not known */
    const struct json *metrics; /* object of numbers; NULL */
};

/* A version that was chosen by hand (mmectl rollback): apply publishes it, whatever the spec's
 * content is, until the hold is lifted. */
struct record_hold {
    struct str fp; /* STR_NULL: there is none */
    struct str at, by, reason;
};

struct record_model {
    struct str name;
    struct record_version live;
    bool protect; /* the spec said so when it was published: apply does not delete it */
    struct record_hold hold;
    VEC(struct record_version) history; /* newest first, without the live one */
    const struct json *unknown;         /* members we do not know; NULL when there are none */
};

struct record_share {
    struct str model;
    int64_t weight; /* 1 to ROUTE_MAX_WEIGHT */
};

/* A name that stands for several models; how it is resolved: engine/stack/route.h. */
struct record_route {
    struct str name;
    VEC(struct record_share) split; /* in the spec's order; what is no weight was left out */
    struct str shadow;              /* STR_NULL: none */
    struct str fp;                  /* route_fp() of what mmectl wrote: another one's hand shows */
    struct str at, by;
    const struct json *unknown; /* members we do not know; NULL when there are none */
};

struct record_removed { /* stable mode: a name that went out of the live generation */
    struct str name, fp;
};

/* A version that was made and not published: a gate or a check held it back. */
struct record_held {
    struct str name;               /* of the model, which may have no version that is published */
    struct record_version version; /* at: since when; key is STR_NULL where nothing was kept */
    struct str reason;             /* "validation:auc 0.931 is below 0.95 ..." */
    struct str check;              /* digest of the checks it did not pass; STR_NULL: a gate */
};

/* Conditions that a store may ignore (mmectl then looks before it writes or deletes). */
enum record_condition {
    CONDITION_PUT_IF_NONE_MATCH = 1 << 0,
    CONDITION_PUT_IF_MATCH = 1 << 1,
    CONDITION_DELETE = 1 << 2,
    CONDITION_BATCH_DELETE = 1 << 3,
};

struct record {
    bool present;
    bool conditions_known;       /* the store was asked */
    unsigned conditions_missing; /* of enum record_condition */
    struct str store_etag;       /* of the object itself, for the compare-and-set */
    int64_t serial;
    struct str stack, uid, home, writer;
    VEC(struct str) endpoints;
    VEC(struct record_model) models; /* sorted by name */
    VEC(struct record_route) routes; /* sorted by name */
    struct str generation;           /* stable mode: the live one */
    VEC(struct record_removed) removed;
    /* There, and not published yet, by a run that was interrupted: hints alone. */
    VEC(struct record_version) uploaded;
    VEC(struct record_held) held; /* sorted by name */
    struct str failed_config, failed_reason;
    struct str scaling;         /* digest of the scaling that apply left; STR_NULL: none */
    const struct json *unknown; /* the document without its models, for members we do not know */
};

/* ERR_PROTOCOL when it is not a record of a format we know. */
enum err_code
record_parse(struct arena *arena, struct str text, struct record *out, struct err *err) MUST_USE;
struct str record_text(struct arena *arena, const struct record *record);
const struct record_model *record_find(const struct record *record, struct str name);     /* NULL */
const struct record_held *record_find_held(const struct record *record, struct str name); /* NULL */
/* Same claims about the world: uid, home, endpoints, live and older versions, versions held
 * back, holds, routes, generation, failed config, scaling. Who wrote it and when does not count. */
bool record_same(const struct record *a, const struct record *b);
bool record_same_model(const struct record_model *a, const struct record_model *b);

#endif
