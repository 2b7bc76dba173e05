/* engine/local/objects.h - buckets and objects for the other rooms: what a training job reads and
 * writes, what an endpoint serves from.
 *
 * The world must not be entered unless a function says so: rows are read under the lock, bytes
 * without it. Errors: ERR_NOT_FOUND for a missing bucket or key; ERR_IO for the disk.
 */
#ifndef ENGINE_LOCAL_OBJECTS_H
#define ENGINE_LOCAL_OBJECTS_H

#include "engine/base/vec.h"
#include "engine/local/call.h"

struct local_object {
    struct str bucket, key;
    struct str etag; /* without quotes */
    struct str blob; /* id of its bytes */
    uint64_t size_bytes;
    int64_t modified_ms;
};

typedef VEC(struct local_object) local_object_vec; /* a value, in bytewise order of key */

/* Region of a bucket; STR_NULL when there is none. World entered. */
struct str objects_bucket_region(struct local *local, struct arena *arena, struct str bucket);
/* false when absent. World entered. */
bool objects_find(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str key,
    struct local_object *out);
/* Every object whose key starts with prefix, at most max. World entered. */
void objects_list(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str prefix,
    size_t max,
    local_object_vec *out);

/* The whole object, for who has entered the world; false when it is absent or longer. */
bool objects_bytes(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str key,
    size_t max_bytes,
    struct str *ret_bytes);
/* The whole object on the arena. ret_object may be NULL. */
enum err_code objects_read(
    struct local *local,
    struct arena *arena,
    struct str bucket,
    struct str key,
    size_t max_bytes,
    struct str *ret_bytes,
    struct local_object *ret_object,
    struct err *err) MUST_USE;
/* kms_key: encrypted with it; null: as the bucket says. */
enum err_code objects_write(
    struct local *local,
    struct str bucket,
    struct str key,
    struct str bytes,
    struct str content_type,
    struct str kms_key,
    struct err *err) MUST_USE;
/* s3://bucket/key; false when it is none. Views into uri. */
bool objects_parse_uri(struct str uri, struct str *ret_bucket, struct str *ret_key);

#endif
