#include "engine/aws/http_failure.h"

#include "engine/base/uri.h"

/* What OpenSSL calls the faults of a handshake that another attempt does not mend. */
static const char *const s_lasting[] = {
    "unsupported protocol", "protocol version", "wrong version number", "no protocols available",
    "handshake failure",    "no shared cipher", "http request",         "packet length too long",
};

static bool has(const struct http_failure *failure, const char *words)
{
    return str_find(str_from(failure->reason), str_from(words)) != SIZE_MAX;
}

static bool is_lasting(const struct http_failure *failure)
{
    for (size_t i = 0; i < ARRAY_LEN(s_lasting); i++)
        if (has(failure, s_lasting[i]))
            return true;
    return false;
}

static enum err_code hint_trust(const struct http_failure *failure, struct err *err)
{
    if (has(failure, "expired") || has(failure, "not yet valid"))
        return err_hint(err, "if its dates are right, this machine's clock is wrong: set it");
    if (has(failure, "subject name") || has(failure, "does not match"))
        return err_hint(
            err, "it shows the certificate of another host: check the endpoint URL, and any proxy");
    if (failure->ca_bundle != NULL)
        return err_hint(
            err,
            "AWS_CA_BUNDLE is '%s', which alone is trusted: it must hold who signed the "
            "server's certificate",
            failure->ca_bundle);
    return err_hint(
        err, "behind a proxy that inspects TLS, point AWS_CA_BUNDLE to its certificate");
}

static enum err_code
fail_proxy(const struct http_failure *failure, const char *host, unsigned port, struct err *err)
{
    if (failure->proxy_status == 407) {
        err_set(err, ERR_TERMINAL, "the proxy to '%s:%u' wants a user and a password", host, port);
        return err_hint(err, "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT names them");
    }
    if (failure->proxy_status != 0)
        err_set(
            err, failure->proxy_status >= 500 ? ERR_TRANSIENT : ERR_TERMINAL,
            "the proxy does not connect to '%s:%u': it answered %d", host, port,
            failure->proxy_status);
    else
        err_set(err, ERR_TRANSIENT, "no connection to '%s:%u': %s", host, port, failure->reason);
    return err_hint(err, "check HTTPS_PROXY; NO_PROXY lists hosts that need none");
}

enum err_code http_failure_err(const struct http_failure *failure, struct err *err)
{
    struct url url = {.port = 0};
    struct err ignored;
    char host[256] = "?";
    if (url_parse(failure->url, &url, &ignored) == ERR_NONE)
        snprintf(host, sizeof(host), STR_FMT, STR_ARG(url.host));
    unsigned port = url.port;
    const char *reason = failure->reason;
    struct err out = {0};
    switch (failure->kind) {
    case HTTP_INTERRUPTED:
        err_set(&out, ERR_CANCELLED, "interrupted before '%s:%u' answered", host, port);
        break;
    case HTTP_TIMED_OUT:
        err_set(&out, ERR_TIMEOUT, "'%s:%u' did not answer in time: %s", host, port, reason);
        break;
    case HTTP_NO_CONNECTION:
        err_set(&out, ERR_TRANSIENT, "no connection to '%s:%u': %s", host, port, reason);
        err_hint(&out, "check the network, the region and any configured endpoint URL");
        break;
    case HTTP_NO_PROXY:
        fail_proxy(failure, host, port, &out);
        break;
    case HTTP_NO_TLS:
        err_set(
            &out, is_lasting(failure) ? ERR_TERMINAL : ERR_TRANSIENT,
            "no TLS connection to '%s:%u': %s", host, port, reason);
        err_hint(
            &out,
            is_lasting(failure)
                ? "TLS 1.2 or later is needed, and nothing else is spoken: check the endpoint "
                  "URL, and any proxy"
                : "check the network, the region and any configured endpoint URL");
        break;
    case HTTP_NOT_TRUSTED:
        err_set(&out, ERR_TERMINAL, "'%s:%u' cannot be trusted: %s", host, port, reason);
        hint_trust(failure, &out);
        break;
    case HTTP_BAD_BUNDLE:
        err_set(
            &out, ERR_TERMINAL, "the certificates in '%s' cannot be used: %s",
            failure->ca_bundle != NULL ? failure->ca_bundle : "the system's folder", reason);
        err_hint(&out, "AWS_CA_BUNDLE, or ca_bundle of the profile, names a file in PEM format");
        break;
    case HTTP_BROKEN_CALL:
        err_set(&out, ERR_INTERNAL, "libcurl: %s", reason);
        break;
    case HTTP_BROKE_OFF:
        err_set(&out, ERR_TRANSIENT, "the exchange with '%s:%u' broke off: %s", host, port, reason);
        break;
    default:
        break;
    }
    out.aws.not_sent = failure->not_sent;
    *err = out;
    return out.code;
}

/* ---- hosts that no proxy may be asked for ---- */

/* 169.254.0.0/16 holds the credentials of EC2 and ECS, fe80::/10 is its like, and EC2's addresses
 * in IPv6 are fd00:ec2::254 and fd00:ec2::23. */
bool http_is_direct(struct str url)
{
    static const char *const s_prefixes[] = {
        "127.", "169.254.", "[::1]", "[fd00:ec2:", "[fe8", "[fe9", "[fea", "[feb",
    };
    struct url parts;
    struct err ignored;
    if (url_parse(url, &parts, &ignored) != ERR_NONE)
        return false;
    char host[64];
    snprintf(host, sizeof(host), STR_FMT, STR_ARG(str_slice(parts.host, 0, sizeof(host) - 1)));
    for (char *p = host; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char) (*p | 0x20);
    struct str lower = str_from(host);
    if (str_eq_z(lower, "localhost") || str_ends(lower, STR(".localhost")))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(s_prefixes); i++)
        if (str_starts(lower, str_from(s_prefixes[i])))
            return true;
    return false;
}
