#include "engine/local/proxy_certs.h"

#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/log.h"

#include <errno.h>
#include <sys/stat.h>

enum { MAX_PEM = 64 * 1024 };

struct kept_leaf {
    struct tls_leaf *leaf; /* NULL: free */
    char name[AWS_HOST_MAX + 1];
    uint64_t used;
};

struct proxy_certs {
    struct arena *arena;
    struct clock clock;
    const char *key_path, *bundle_path;
    struct tls_ca *ca;
    struct kept_leaf leaves[PROXY_LEAVES];
    uint64_t uses;
};

static enum err_code
bad_key_file(const struct proxy_certs *certs, enum err_code code, const char *why, struct err *err)
{
    err_set(err, code, "the proxy's key file '%s' %s", certs->key_path, why);
    return err_hint(err, "remove it; the next start makes another authority");
}

static enum err_code ca_make(struct proxy_certs *certs, struct err *err)
{
    const struct tls_ca_options options = {
        .name = "mmectl AWS stand-in (this machine only)",
        .domains = aws_host_domains,
        .now_ms = clock_wall_ms(certs->clock),
        .days = PROXY_CA_DAYS};
    AUTO(arena_close) struct arena *arena = arena_new("authority", 0);
    struct str pem;
    enum err_code code = tls_ca_make(arena, &options, &pem, err);
    if (code != ERR_NONE)
        return code;
    code = file_write_atomic(certs->key_path, pem, 0600, err);
    if (code == ERR_NONE)
        code = tls_ca_open(pem, &certs->ca, err);
    secret_wipe((char *) (uintptr_t) pem.ptr, pem.len);
    return code;
}

/* ERR_NOT_FOUND when there is none. */
static enum err_code ca_read(struct proxy_certs *certs, struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("authority", 0);
    struct stat info;
    struct err why = {0};
    struct str pem;
    if (stat(certs->key_path, &info) != 0)
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "no authority")
                               : err_errno(err, errno, "looking at '%s'", certs->key_path);
    if ((info.st_mode & 077) != 0)
        return bad_key_file(certs, ERR_DENIED, "can be read by others", err);
    enum err_code code = file_read(arena, certs->key_path, MAX_PEM, &pem, err);
    if (code != ERR_NONE)
        return code;
    if (tls_ca_open(pem, &certs->ca, &why) != ERR_NONE)
        code = bad_key_file(certs, ERR_PROTOCOL, "does not hold a certificate authority", err);
    secret_wipe((char *) (uintptr_t) pem.ptr, pem.len);
    return code;
}

static bool ends_soon(const struct proxy_certs *certs, int64_t ends_ms, int days)
{
    return ends_ms - clock_wall_ms(certs->clock) < (int64_t) days * TLS_DAY_MS;
}

/* The certificate for clients is written whenever it is not what it should be: a process may have
 * been killed between the two files. */
static enum err_code bundle_write(struct proxy_certs *certs, struct err *err)
{
    AUTO(arena_close) struct arena *arena = arena_new("authority", 0);
    struct str wanted = tls_ca_certificate(certs->ca, arena), there = STR_NULL;
    struct err ignored = {0};
    if (file_read(arena, certs->bundle_path, MAX_PEM, &there, &ignored) == ERR_NONE &&
        str_eq(there, wanted))
        return ERR_NONE;
    return file_write_atomic(certs->bundle_path, wanted, 0644, err);
}

enum err_code
proxy_certs_open(struct clock clock, const char *home, struct proxy_certs **out, struct err *err)
{
    struct proxy_certs *certs = xmalloc(sizeof(*certs));
    struct err why = {0};
    memset(certs, 0, sizeof(*certs));
    certs->arena = arena_new("certificates", 0);
    certs->clock = clock;
    certs->key_path = path_join(certs->arena, str_from(home), STR("proxy-ca.key")).ptr;
    certs->bundle_path = path_join(certs->arena, str_from(home), STR("proxy-ca.pem")).ptr;
    enum err_code code = ca_read(certs, &why);
    if (code == ERR_NONE && ends_soon(certs, tls_ca_ends_ms(certs->ca), PROXY_CA_RENEW_DAYS)) {
        tls_ca_free(certs->ca);
        certs->ca = NULL;
        code = ERR_NOT_FOUND;
        log_write(LOG_LEVEL_INFO, "proxy", "the certificate authority is made anew");
    }
    if (code == ERR_NOT_FOUND)
        code = ca_make(certs, &why);
    if (code == ERR_NONE)
        code = bundle_write(certs, &why);
    if (code != ERR_NONE) {
        proxy_certs_free(certs);
        *err = why;
        return code;
    }
    *out = certs;
    return ERR_NONE;
}

void proxy_certs_free(struct proxy_certs *certs)
{
    if (certs == NULL)
        return;
    for (size_t i = 0; i < PROXY_LEAVES; i++)
        tls_leaf_free(certs->leaves[i].leaf);
    tls_ca_free(certs->ca);
    arena_free(certs->arena);
    xfree(certs);
}

/* The one of that name, or the one to be replaced. */
static struct kept_leaf *find(struct proxy_certs *certs, struct str name)
{
    struct kept_leaf *oldest = &certs->leaves[0];
    for (size_t i = 0; i < PROXY_LEAVES; i++) {
        struct kept_leaf *kept = &certs->leaves[i];
        if (kept->leaf != NULL && str_eq_z(name, kept->name))
            return kept;
        if (oldest->leaf != NULL && (kept->leaf == NULL || kept->used < oldest->used))
            oldest = kept;
    }
    return oldest;
}

enum err_code proxy_certs_for(
    struct proxy_certs *certs,
    const struct aws_host *host,
    const struct tls_leaf **out,
    struct err *err)
{
    char wildcard[AWS_HOST_MAX + 3];
    struct kept_leaf *kept = find(certs, host->base);
    bool known = kept->leaf != NULL && str_eq_z(host->base, kept->name) &&
                 !ends_soon(certs, tls_leaf_ends_ms(kept->leaf), 1);
    if (!known) {
        struct tls_leaf *leaf = NULL;
        snprintf(wildcard, sizeof(wildcard), "*." STR_FMT, STR_ARG(host->base));
        const struct str names[] = {host->base, str_from(wildcard)};
        size_t count = str_eq_z(host->service, "s3") ? 2 : 1;
        enum err_code code = tls_leaf_make(
            certs->ca, names, count, clock_wall_ms(certs->clock), PROXY_LEAF_DAYS, &leaf, err);
        if (code != ERR_NONE)
            return code;
        tls_leaf_free(kept->leaf);
        kept->leaf = leaf;
        snprintf(kept->name, sizeof(kept->name), STR_FMT, STR_ARG(host->base));
    }
    kept->used = ++certs->uses;
    *out = kept->leaf;
    return ERR_NONE;
}

size_t proxy_certs_cached(const struct proxy_certs *certs)
{
    size_t count = 0;
    for (size_t i = 0; i < PROXY_LEAVES; i++)
        count += certs->leaves[i].leaf != NULL;
    return count;
}

const char *proxy_certs_bundle(const struct proxy_certs *certs)
{
    return certs->bundle_path;
}

struct str proxy_certs_fingerprint(const struct proxy_certs *certs, struct arena *arena)
{
    return tls_ca_fingerprint(certs->ca, arena);
}

int64_t proxy_certs_ends_ms(const struct proxy_certs *certs)
{
    return tls_ca_ends_ms(certs->ca);
}
