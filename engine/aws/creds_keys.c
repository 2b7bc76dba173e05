#include "engine/aws/creds_keys.h"

#include "engine/aws/profile.h"
#include "engine/base/arena.h"
#include "engine/base/file.h"

#define MAX_ID_BYTES 128
#define MAX_SECRET_BYTES 1024
#define MAX_TOKEN_BYTES KIB(16)
#define MAX_TOKEN_FILE KIB(32) /* STS takes 20,000 characters of web identity */
#define MAX_ANSWER_BYTES KIB(64)

static char *copy_z(struct str text)
{
    char *copy = xmalloc(text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

void creds_keys_set(struct creds_keys *keys, const struct creds_raw *raw)
{
    struct creds creds = {
        .expires_ms = raw->expires_ms, .renews = keys->creds.renews, .source = keys->source};
    char *id = copy_z(raw->access_key_id), *account = NULL;
    struct secret secret = secret_from(raw->secret_key), token = {0};
    if (raw->account.len > 0)
        account = copy_z(raw->account);
    if (raw->session_token.len > 0)
        token = secret_from(raw->session_token);
    xfree(keys->access_key_id);
    xfree(keys->account);
    secret_clear(&keys->secret_key);
    secret_clear(&keys->session_token);
    keys->access_key_id = id;
    keys->account = account;
    keys->secret_key = secret;
    keys->session_token = token;
    creds.access_key_id = str_from(id);
    creds.account = str_from(account);
    creds.secret_key = &keys->secret_key;
    creds.session_token = token.ptr != NULL ? &keys->session_token : NULL;
    keys->creds = creds;
}

void creds_keys_name(struct creds_keys *keys, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(keys->source, sizeof(keys->source), fmt, args);
    va_end(args);
}

void creds_keys_clear(struct creds_keys *keys)
{
    xfree(keys->access_key_id);
    xfree(keys->account);
    secret_clear(&keys->secret_key);
    secret_clear(&keys->session_token);
    *keys = (struct creds_keys){0};
}

bool creds_text_ok(struct str text, size_t max)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7F)
            return false;
    return text.len > 0 && text.len <= max;
}

enum err_code creds_keys_take(
    struct creds_keys *keys, const struct creds_raw *raw, const char *from, struct err *err)
{
    const struct {
        struct str value;
        const char *name;
        size_t max;
        bool needed;
    } parts[] = {
        {raw->access_key_id, "access key id", MAX_ID_BYTES, true},
        {raw->secret_key, "secret key", MAX_SECRET_BYTES, true},
        {raw->session_token, "session token", MAX_TOKEN_BYTES, false},
        {raw->account, "account", 12, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].value.len == 0 && parts[i].needed)
            return err_set(err, ERR_AUTH, "%s has no %s", from, parts[i].name);
        if (parts[i].value.len > 0 && !creds_text_ok(parts[i].value, parts[i].max))
            return err_set(
                err, ERR_AUTH,
                "%s has %s %s with a blank, a control character or more than %zu characters", from,
                i == 0 || i == 3 ? "an" : "a", parts[i].name, parts[i].max);
    }
    creds_keys_set(keys, raw);
    return ERR_NONE;
}

/* ---- answers in JSON ---- */

static bool parse_offset(struct str text, int64_t *ret_ms)
{
    *ret_ms = 0;
    if (str_eq_z(text, "Z") || str_eq_z(text, "UTC") || str_eq_z(text, " UTC"))
        return true;
    uint64_t hours, minutes;
    size_t colon = text.len == 6 ? 1 : 0; /* +01:00 or +0100 */
    if ((text.len != 6 && text.len != 5) || (text.ptr[0] != '+' && text.ptr[0] != '-') ||
        (colon == 1 && text.ptr[3] != ':') || !str_to_u64(str_slice(text, 1, 3), &hours) ||
        !str_to_u64(str_from_index(text, 3 + colon), &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_ms = (int64_t) (hours * 60 + minutes) * 60000 * (text.ptr[0] == '-' ? -1 : 1);
    return true;
}

bool creds_time_parse(struct str text, int64_t *ret_ms)
{
    char plain[24];
    int64_t at, offset;
    if (text.len < 20)
        return false;
    struct str rest = str_from_index(text, 19);
    if (rest.ptr[0] == '.') {
        size_t digits = 1;
        while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9')
            digits++;
        rest = str_from_index(rest, digits);
    }
    snprintf(plain, sizeof(plain), "%.19sZ", text.ptr);
    if (!parse_offset(rest, &offset) || !time_parse(str_from(plain), &at))
        return false;
    *ret_ms = at - offset;
    return true;
}

enum err_code creds_raw_parse(
    struct arena *arena,
    struct str text,
    const struct creds_names *names,
    const char *from,
    struct creds_raw *ret_raw,
    struct err *err)
{
    struct json *json;
    struct err broken;
    if (json_parse(arena, text, MAX_ANSWER_BYTES, &json, &broken) != ERR_NONE)
        return err_set(err, ERR_AUTH, "%s is not JSON: %s", from, broken.message);
    if (json->type != JSON_OBJECT)
        return err_set(err, ERR_AUTH, "%s is JSON, but no object", from);
    struct str verdict = json_get_str(json, "Code"); /* of the agents of EC2 */
    if (verdict.len > 0 && !str_eq_z(verdict, "Success"))
        return err_set(err, ERR_AUTH, "%s is the refusal '" STR_FMT "'", from, STR_ARG(verdict));
    if (names->has_version && json_get_int(json, "Version", 0) != 1)
        return err_set(err, ERR_AUTH, "%s has no 'Version' that is 1", from);
    const char *const members[] = {
        names->access_key_id, names->secret_key, names->session_token, names->expires,
        names->account};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct json *member = members[i] != NULL ? json_get(json, members[i]) : NULL;
        if (member != NULL && member->type != JSON_NULL && member->type != JSON_STRING)
            return err_set(err, ERR_AUTH, "%s has a '%s' that is no string", from, members[i]);
        if (i < 2 && json_str(member).len == 0)
            return err_set(err, ERR_AUTH, "%s has no '%s'", from, members[i]);
    }
    struct creds_raw raw = {
        .access_key_id = json_get_str(json, names->access_key_id),
        .secret_key = json_get_str(json, names->secret_key),
        .session_token = json_get_str(json, names->session_token),
        .account = names->account != NULL ? json_get_str(json, names->account) : STR_NULL,
    };
    struct str expires = json_get_str(json, names->expires);
    if (expires.len > 0 && !creds_time_parse(expires, &raw.expires_ms))
        return err_set(err, ERR_AUTH, "%s has an '%s' that is no time", from, names->expires);
    *ret_raw = raw;
    return ERR_NONE;
}

/* ---- what sources read ---- */

enum err_code creds_lacks(const struct profile *profile, const char *key, struct err *err)
{
    struct str name = profile_name(profile);
    if (!profile_exists(profile))
        return err_set(err, ERR_NOT_FOUND, "there is no profile '" STR_FMT "'", STR_ARG(name));
    return err_set(err, ERR_NOT_FOUND, "profile '" STR_FMT "' has no %s", STR_ARG(name), key);
}

struct str creds_env_get(env_fn *env, const char *name)
{
    struct str value = str_from(env != NULL ? env(name) : NULL);
    return value.len > 0 ? value : STR_NULL;
}

bool creds_env_true(env_fn *env, const char *name)
{
    return str_eq_nocase(creds_env_get(env, name), STR("true"));
}

enum err_code creds_token_file(
    struct arena *arena, struct str path, const char *what, struct str *ret_token, struct err *err)
{
    struct str text;
    const char *name = str_z(arena, path);
    enum err_code code = file_read(arena, name, MAX_TOKEN_FILE, &text, err);
    if (code != ERR_NONE) {
        err_wrap(err, "%s", what);
        return err->code = ERR_AUTH;
    }
    /* Editors and `echo` end a line. */
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    if (text.len == 0)
        return err_set(err, ERR_AUTH, "%s: '%s' is empty", what, name);
    *ret_token = text;
    return ERR_NONE;
}
