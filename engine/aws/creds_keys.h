/* engine/aws/creds_keys.h - a set of keys that owns its secrets, and how it is read; internal to
 * creds_*.c.
 */
#ifndef ENGINE_AWS_CREDS_KEYS_H
#define ENGINE_AWS_CREDS_KEYS_H

#include "engine/aws/creds.h"
#include "engine/base/json.h"

struct creds_keys {
    struct creds creds; /* views into the rest */
    char *access_key_id, *account;
    struct secret secret_key, session_token;
    char source[320];
};

/* What was read, not yet looked at; token and account may be null or empty. */
struct creds_raw {
    struct str access_key_id, secret_key, session_token, account;
    int64_t expires_ms; /* 0: never */
};

/* Copies everything, after clearing what was there; the source stays. */
void creds_keys_set(struct creds_keys *keys, const struct creds_raw *raw);
/* The same of what comes from outside: ERR_AUTH, naming `from`, when something is missing or has a
 * byte that no key has; then nothing is changed. */
enum err_code creds_keys_take(
    struct creds_keys *keys, const struct creds_raw *raw, const char *from, struct err *err)
    MUST_USE;
/* Who gave them, for messages. */
void creds_keys_name(struct creds_keys *keys, const char *fmt, ...) PRINTF_LIKE(2, 3);
void creds_keys_clear(struct creds_keys *keys);

/* What the members of an answer in JSON are called. */
struct creds_names {
    const char *access_key_id, *secret_key, *session_token, *expires, *account;
    bool has_version; /* a Version, which must be 1 */
};
/* `from` is the subject of messages: "the answer of credential_process". ERR_AUTH. */
enum err_code creds_raw_parse(
    struct arena *arena,
    struct str text,
    const struct creds_names *names,
    const char *from,
    struct creds_raw *ret_raw,
    struct err *err) MUST_USE;
/* ISO 8601 with any offset and fraction, and the older "...UTC" of the AWS CLI. */
bool creds_time_parse(struct str text, int64_t *ret_ms);

/* ERR_NOT_FOUND: the profile has no such key, or does not exist. */
enum err_code creds_lacks(const struct profile *profile, const char *key, struct err *err);
/* A variable that is set to something; STR_NULL. */
struct str creds_env_get(env_fn *env, const char *name);
bool creds_env_true(env_fn *env, const char *name);
/* Printable and without a blank, of 1 to max bytes: what can stand in a header. */
bool creds_text_ok(struct str text, size_t max);
/* A file that holds a token: its one line. ERR_AUTH names what it is. */
enum err_code creds_token_file(
    struct arena *arena, struct str path, const char *what, struct str *ret_token, struct err *err)
    MUST_USE;

#endif
