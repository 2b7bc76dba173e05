#include "engine/aws/creds_keys.h"

#include "engine/base/arena.h"

/* ---- a set of keys with its secrets, shared by the sources that read text ---- */

static char *copy_z(struct str text)
{
    char *copy = xmalloc(text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

void creds_keys_set(
    struct creds_keys *keys,
    struct str access_key_id,
    struct str secret_key,
    struct str session_token,
    struct str account)
{
    creds_keys_clear(keys);
    keys->access_key_id = copy_z(access_key_id);
    keys->secret_key = secret_from(secret_key);
    keys->creds.access_key_id = str_of(keys->access_key_id, access_key_id.len);
    keys->creds.secret_key = &keys->secret_key;
    if (session_token.len > 0) {
        keys->session_token = secret_from(session_token);
        keys->creds.session_token = &keys->session_token;
    }
    if (account.len > 0) {
        keys->account = copy_z(account);
        keys->creds.account = str_of(keys->account, account.len);
    }
}

void creds_keys_clear(struct creds_keys *keys)
{
    xfree(keys->access_key_id);
    xfree(keys->account);
    secret_clear(&keys->secret_key);
    secret_clear(&keys->session_token);
    *keys = (struct creds_keys){0};
}

/* ---- static keys ---- */

struct creds_static {
    struct creds_provider base;
    struct creds_keys keys;
};

static enum err_code
static_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_static *self = (struct creds_static *) provider;
    (void) err;
    *ret_creds = &self->keys.creds;
    return ERR_NONE;
}

static void static_close(struct creds_provider *provider)
{
    struct creds_static *self = (struct creds_static *) provider;
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_static_ops = {
    .name = "given keys", .get = static_get, .close = static_close};

struct creds_provider *creds_static_new(
    struct str access_key_id, struct str secret_key, struct str session_token, const char *source)
{
    struct creds_static *self = xmalloc(sizeof(*self));
    *self = (struct creds_static){.base = {&s_static_ops}};
    creds_keys_set(&self->keys, access_key_id, secret_key, session_token, STR_NULL);
    self->keys.creds.source = source;
    return &self->base;
}
