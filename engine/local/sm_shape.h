/* engine/local/sm_shape.h - what a request may hold, as tables, and the check that reads them.
 *
 * The shapes are those of AWS's service models: members, which are required, lengths, patterns,
 * enums and bounds. sm_shape_check() answers as the services do, all faults in one message:
 *
 *     2 validation errors detected: Value 'x_y' at 'modelName' failed to satisfy constraint: Member
 *     must satisfy regular expression pattern: ...; Value null at 'tags.1.member.value' failed to
 *     satisfy constraint: Member must not be null
 *
 * A value of another JSON type is a SerializationException; unknown members are ignored, as AWS
 * does. Ownership: static tables. Threads: re-entrant.
 */
#ifndef ENGINE_LOCAL_SM_SHAPE_H
#define ENGINE_LOCAL_SM_SHAPE_H

#include "engine/base/json.h"

enum sm_kind {
    SM_STRING, /* min..max: characters */
    SM_INT,    /* min..max: value */
    SM_NUM,    /* min..max: value */
    SM_BOOL,
    SM_TIME, /* epoch seconds as a number */
    SM_LIST, /* min..max: how many; item */
    SM_MAP,  /* min..max: how many; key is a string */
    SM_STRUCT
};

/* No bound. */
#define SM_MIN INT64_MIN
#define SM_MAX INT64_MAX

struct sm_member;

struct sm_shape {
    enum sm_kind kind;
    bool open; /* an enum that grows with every release: whatever looks like an instance type is
                  taken */
    int64_t min, max;
    const char *pattern;       /* NULL: any */
    const char *const *values; /* an enum: NULL-terminated */
    const struct sm_shape *key, *item;
    const struct sm_member *members; /* ends with a NULL name */
};

struct sm_member {
    const char *name;
    bool required;
    const struct sm_shape *shape;
};

enum sm_verdict { SM_FINE, SM_INVALID, SM_MALFORMED };

/* Checks a request against its shape. SM_INVALID: *ret_message is a ValidationException's;
 * SM_MALFORMED: a SerializationException's. */
enum sm_verdict sm_shape_check(
    struct arena *arena,
    const struct sm_shape *shape,
    const struct json *request,
    struct str *ret_message) MUST_USE;

#endif
