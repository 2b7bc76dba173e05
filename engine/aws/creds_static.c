#include "engine/aws/creds_keys.h"

#include "engine/base/arena.h"

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
    const struct creds_raw raw = {
        .access_key_id = access_key_id, .secret_key = secret_key, .session_token = session_token};
    creds_keys_name(&self->keys, "%s", source);
    creds_keys_set(&self->keys, &raw);
    return &self->base;
}
