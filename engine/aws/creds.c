#include "engine/aws/creds.h"

#include "engine/base/arena.h"

struct secret secret_from(struct str bytes)
{
    struct secret secret = {.ptr = xmalloc(bytes.len + 1), .len = bytes.len};
    if (bytes.len > 0)
        memcpy(secret.ptr, bytes.ptr, bytes.len);
    secret.ptr[bytes.len] = '\0';
    return secret;
}

void secret_clear(struct secret *secret)
{
    if (secret->ptr != NULL)
        secret_wipe(secret->ptr, secret->len);
    xfree(secret->ptr);
    *secret = (struct secret){0};
}

struct str secret_view(const struct secret *secret)
{
    return secret != NULL && secret->ptr != NULL ? str_of(secret->ptr, secret->len) : STR_NULL;
}

enum err_code
creds_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    return provider->ops->get(provider, ret_creds, err);
}

bool creds_expired(struct creds_provider *provider, uint64_t serial)
{
    return provider->ops->expired != NULL && provider->ops->expired(provider, serial);
}

void creds_close(struct creds_provider *provider)
{
    if (provider != NULL)
        provider->ops->close(provider);
}
