/* engine/local/proxy_certs.h - the certificates of the stand-in's HTTPS proxy.
 *
 * The authority is made when there is none, and anew when little of its life is left. Under the
 * home folder: proxy-ca.key (key and certificate, mode 0600: the one truth) and proxy-ca.pem (the
 * certificate alone, for clients), each written in one step. It may speak for AWS's domains only,
 * and is for AWS_CA_BUNDLE of single programs: in a system's store it would let whoever reads the
 * key be AWS for every program of the machine.
 *
 * Leaves are made per host as AWS's certificates are: the buckets of an S3 host share *.s3.<region>
 * with it, so that a bucket with a dot fails here where it fails there. Their keys are in memory
 * only. The cache is bounded; the least recently used goes.
 * Threads: one at a time.
 */
#ifndef ENGINE_LOCAL_PROXY_CERTS_H
#define ENGINE_LOCAL_PROXY_CERTS_H

#include "engine/base/clock.h"
#include "engine/httpd/tls.h"
#include "engine/local/aws_host.h"

enum {
    PROXY_CA_DAYS = 365,
    PROXY_CA_RENEW_DAYS = 60, /* with less left, a start makes a new one */
    PROXY_LEAF_DAYS = 7,
    PROXY_LEAVES = 64 /* kept at once */
};

struct proxy_certs;

/* ERR_IO when the files cannot be kept, ERR_PROTOCOL when the key file is no such thing, ERR_DENIED
 * when others can read it; each with what to do. */
enum err_code
proxy_certs_open(struct clock clock, const char *home, struct proxy_certs **out, struct err *err)
    MUST_USE;
void proxy_certs_free(struct proxy_certs *certs); /* accepts NULL */
/* For a host that aws_host_read() knows. Good until the next call. */
enum err_code proxy_certs_for(
    struct proxy_certs *certs,
    const struct aws_host *host,
    const struct tls_leaf **out,
    struct err *err) MUST_USE;
size_t proxy_certs_cached(const struct proxy_certs *certs);

const char *proxy_certs_bundle(const struct proxy_certs *certs); /* path of proxy-ca.pem */
struct str proxy_certs_fingerprint(const struct proxy_certs *certs, struct arena *arena);
int64_t proxy_certs_ends_ms(const struct proxy_certs *certs);

#endif
