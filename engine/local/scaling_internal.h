/* engine/local/scaling_internal.h - what scaling.c and scaling_policy.c share; nobody else includes
 * it.
 */
#ifndef ENGINE_LOCAL_SCALING_INTERNAL_H
#define ENGINE_LOCAL_SCALING_INTERNAL_H

#include "engine/local/scaling.h"
#include "engine/local/sm.h"

#define NAMESPACE "sagemaker"
#define DIMENSION "sagemaker:variant:DesiredInstanceCount"

struct variant_id {
    struct str resource, endpoint, variant;
};

struct scaling_target {
    int64_t min, max, created_ms;
    struct str suspended;
};

/* One page of rows; the token is how many went before. */
struct scaling_page {
    int64_t skip, limit;
    struct json *items;
    bool more;
};

/* Answers and returns false when the call is not about a variant of an endpoint. */
bool scaling_read_keys(struct local_call *call, struct variant_id *id);
enum err_code scaling_not_found(struct local_call *call, const char *what, struct str resource);
bool scaling_find_target(
    struct local *local,
    struct arena *arena,
    struct str region,
    struct str resource,
    struct scaling_target *out);
struct json *scaling_keys_json(struct local_call *call, struct str resource);
bool scaling_is_listed(const struct json *list, struct str text); /* an empty list holds all */
/* Of what is no variant of an endpoint there is nothing here. */
bool scaling_is_ours(const struct json *in);
/* false: answered, the token is none of this query's. */
bool scaling_page_of(struct local_call *call, struct scaling_page *out);
void scaling_page_add(struct scaling_page *page, struct json *item, int64_t *seen);
enum err_code
scaling_answer_page(struct local_call *call, struct scaling_page *page, const char *key);

#endif
