#include "engine/aws/creds_keys.h"

#include "engine/base/arena.h"
#include "engine/base/log.h"

/* botocore's advisory refresh. A set that lives for less than an hour has a shorter window, or it
 * would be asked for at every request: a role may live for 15 minutes. */
#define BEFORE_END_MS INT64_C(900000)
/* After a renewal that failed, while the old set is good. */
#define TRY_AGAIN_MS 5000

struct creds_cache {
    struct creds_provider base;
    struct loop *loop;
    struct clock clock;
    struct creds_provider *inner;
    struct creds_keys keys; /* a copy: the inner one changes while it is asked */
    bool has, over;         /* there is a set; AWS said that it is over */
    uint64_t serial;
    int64_t lifetime_ms; /* from when it was given to its end */
    int64_t next_try_ms;
    struct gate gate;
};

static bool is_good(const struct creds_cache *self)
{
    int64_t expires_ms = self->keys.creds.expires_ms;
    return self->has && !self->over && (expires_ms == 0 || expires_ms > clock_wall_ms(self->clock));
}

static bool is_due(const struct creds_cache *self)
{
    const struct creds *creds = &self->keys.creds;
    if (!is_good(self))
        return true;
    int64_t now_ms = clock_wall_ms(self->clock), window_ms = self->lifetime_ms / 4;
    if (window_ms > BEFORE_END_MS)
        window_ms = BEFORE_END_MS;
    return creds->expires_ms != 0 && creds->renews && creds->expires_ms - now_ms <= window_ms &&
           now_ms >= self->next_try_ms;
}

static enum err_code ask(struct creds_cache *self, struct err *err)
{
    const struct creds *given;
    enum err_code code = creds_get(self->inner, &given, err);
    if (code != ERR_NONE)
        return code;
    int64_t now_ms = clock_wall_ms(self->clock);
    if (given->expires_ms != 0 && given->expires_ms <= now_ms) {
        err_set(err, ERR_AUTH, "the credentials from %s have expired", given->source);
        return err_hint(
            err, given->renews ? "it gives what is over already: check it, and this machine's clock"
                               : "sign in again, or set new AWS_* variables");
    }
    const struct creds_raw raw = {
        .access_key_id = given->access_key_id,
        .secret_key = secret_view(given->secret_key),
        .session_token = secret_view(given->session_token),
        .account = given->account,
        .expires_ms = given->expires_ms,
    };
    log_debug("aws", "credentials %s: %s", self->has ? "renewed" : "found", given->source);
    self->keys.creds.renews = given->renews;
    creds_keys_name(&self->keys, "%s", given->source);
    creds_keys_set(&self->keys, &raw);
    self->keys.creds.serial = ++self->serial;
    self->lifetime_ms = given->expires_ms - now_ms;
    self->has = true;
    self->over = false;
    return ERR_NONE;
}

static enum err_code
cache_get(struct creds_provider *provider, const struct creds **ret_creds, struct err *err)
{
    struct creds_cache *self = (struct creds_cache *) provider;
    enum err_code code = ERR_NONE;
    /* Nobody waits for a renewal that another task makes while the old set is good. */
    bool skip = self->gate.inside > 0 && is_good(self);
    if (!skip && is_due(self)) {
        struct err local = {0};
        gate_enter(self->loop, &self->gate);
        if (is_due(self))
            code = ask(self, &local);
        gate_leave(self->loop, &self->gate);
        if (code != ERR_NONE && !is_good(self)) {
            *err = local;
            return code;
        }
        if (code != ERR_NONE) {
            log_debug("aws", "credentials were not renewed: %s", local.message);
            self->next_try_ms = clock_wall_ms(self->clock) + TRY_AGAIN_MS;
        }
    }
    *ret_creds = &self->keys.creds;
    return ERR_NONE;
}

static bool cache_expired(struct creds_provider *provider, uint64_t serial)
{
    struct creds_cache *self = (struct creds_cache *) provider;
    if (!self->has || self->serial != serial)
        return true; /* a newer one is there already, or will be asked for */
    self->over = self->keys.creds.renews;
    return self->over;
}

static void cache_close(struct creds_provider *provider)
{
    struct creds_cache *self = (struct creds_cache *) provider;
    creds_close(self->inner);
    creds_keys_clear(&self->keys);
    xfree(self);
}

static const struct creds_provider_ops s_cache_ops = {
    .name = "cache", .get = cache_get, .expired = cache_expired, .close = cache_close};

struct creds_provider *
creds_cache_new(struct loop *loop, struct clock clock, struct creds_provider *inner)
{
    struct creds_cache *self = xmalloc(sizeof(*self));
    *self =
        (struct creds_cache){.base = {&s_cache_ops}, .loop = loop, .clock = clock, .inner = inner};
    gate_init(&self->gate, 1);
    return &self->base;
}
