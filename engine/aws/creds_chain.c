#include "engine/aws/creds.h"

#include "engine/base/arena.h"

/* botocore's mandatory refresh: credentials this close to their end are asked for again. */
#define REFRESH_BEFORE_MS INT64_C(600000)

struct creds_chain {
    struct creds_provider base;
    struct clock clock;
    struct creds_provider **providers;
    size_t count;
    struct creds_provider *winner;
    const struct creds *creds; /* the winner's last */
};

static enum err_code
ask_all(struct creds_chain *self, const struct creds **ret_creds, struct err *err)
{
    char said[sizeof(err->hint)] = "";
    size_t used = 0;
    for (size_t i = 0; i < self->count; i++) {
        struct err local;
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
            said + used, sizeof(said) - used, "%s%s: %s", i > 0 ? "; " : "",
            self->providers[i]->ops->name, local.message);
        if (len > 0 && (size_t) len < sizeof(said) - used)
            used += (size_t) len;
    }
    err_set(err, ERR_AUTH, "no AWS credentials were found");
    return err_hint(
        err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (%s)", said);
}

static enum err_code
chain_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_chain *self = (struct creds_chain *) provider;
    const struct creds *creds = self->creds;
    if (creds != NULL && (creds->expires_ms == 0 ||
                          creds->expires_ms - clock_wall_ms(self->clock) > REFRESH_BEFORE_MS)) {
        *ret_creds = creds;
        return ERR_NONE;
    }
    self->creds = NULL;
    enum err_code code =
        self->winner != NULL ? creds_get(self->winner, &creds, err) : ask_all(self, &creds, err);
    if (code != ERR_NONE)
        return code;
    if (creds->expires_ms != 0 && creds->expires_ms <= clock_wall_ms(self->clock)) {
        err_set(err, ERR_AUTH, "the credentials from %s have expired", creds->source);
        return err_hint(err, "sign in again, or set new AWS_* variables");
    }
    self->creds = creds;
    *ret_creds = creds;
    return ERR_NONE;
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

struct creds_provider *
creds_chain_new(struct creds_provider *const *providers, size_t count, struct clock clock)
{
    struct creds_chain *self = xmalloc(sizeof(*self));
    *self = (struct creds_chain){.base = {&s_chain_ops}, .clock = clock, .count = count};
    self->providers = xmalloc((count + 1) * sizeof(*providers));
    for (size_t i = 0; i < count; i++)
        self->providers[i] = providers[i];
    return &self->base;
}
