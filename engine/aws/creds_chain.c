#include "engine/aws/creds.h"

#include "engine/base/arena.h"

struct creds_chain {
    struct creds_provider base;
    struct creds_provider **providers;
    size_t count;
    struct creds_provider *winner;
};

static enum err_code
chain_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_chain *self = (struct creds_chain *) provider;
    if (self->winner != NULL)
        return creds_get(self->winner, ret_creds, err);
    char said[sizeof(err->hint)] = "";
    size_t used = 0;
    for (size_t i = 0; i < self->count; i++) {
        struct err local = {0};
        enum err_code code = creds_get(self->providers[i], ret_creds, &local);
        if (code == ERR_NONE) {
            self->winner = self->providers[i];
            return ERR_NONE;
        }
        if (code != ERR_NOT_FOUND) {
            *err = local;
            return code;
        }
        int len = snprintf(
            said + used, sizeof(said) - used, "\n%s: %s", self->providers[i]->ops->name,
            local.message);
        if (len > 0 && (size_t) len < sizeof(said) - used)
            used += (size_t) len;
    }
    said[used] = '\0';
    err_set(err, ERR_AUTH, "no AWS credentials were found");
    return err_hint(
        err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile; asked in turn:%s",
        said);
}

static void chain_close(struct creds_provider *provider)
{
    struct creds_chain *self = (struct creds_chain *) provider;
    for (size_t i = 0; i < self->count; i++)
        creds_close(self->providers[i]);
    xfree(self->providers);
    xfree(self);
}

static const struct creds_provider_ops s_chain_ops = {
    .name = "chain", .get = chain_get, .close = chain_close};

struct creds_provider *creds_chain_new(struct creds_provider *const *providers, size_t count)
{
    struct creds_chain *self = xmalloc(sizeof(*self));
    *self = (struct creds_chain){.base = {&s_chain_ops}, .count = count};
    self->providers = xmalloc((count + 1) * sizeof(struct creds_provider *));
    for (size_t i = 0; i < count; i++)
        self->providers[i] = providers[i];
    return &self->base;
}
