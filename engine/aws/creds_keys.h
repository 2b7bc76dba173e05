/* engine/aws/creds_keys.h - a set of keys that owns its secrets; internal to creds_*.c.
 */
#ifndef ENGINE_AWS_CREDS_KEYS_H
#define ENGINE_AWS_CREDS_KEYS_H

#include "engine/aws/creds.h"

struct creds_keys {
    struct creds creds; /* views into the rest */
    char *access_key_id, *account;
    struct secret secret_key, session_token;
};

/* Copies everything, after clearing what was there; token and account may be null or empty. */
void creds_keys_set(
    struct creds_keys *keys,
    struct str access_key_id,
    struct str secret_key,
    struct str session_token,
    struct str account);
void creds_keys_clear(struct creds_keys *keys);

#endif
