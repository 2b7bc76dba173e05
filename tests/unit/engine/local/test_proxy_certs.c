#include "tests/harness/test.h"

#include "engine/base/file.h"
#include "engine/local/proxy_certs.h"

#include <sys/stat.h>

static int64_t s_now_ms;

static int64_t now(void *self)
{
    (void) self;
    return s_now_ms;
}

static struct clock test_clock(void)
{
    static const struct clock_ops ops = {now, now};
    return (struct clock){&ops, NULL};
}

static struct proxy_certs *certs_open(const char *home)
{
    struct proxy_certs *certs = NULL;
    struct err err = {0};
    assert_ok(proxy_certs_open(test_clock(), home, &certs, &err), &err);
    return certs;
}

static const struct tls_leaf *leaf_for(struct proxy_certs *certs, const char *name)
{
    const struct tls_leaf *leaf = NULL;
    struct aws_host host;
    struct err err = {0};
    assert_true(aws_host_read(str_from(name), &host));
    assert_ok(proxy_certs_for(certs, &host, &leaf, &err), &err);
    return leaf;
}

static void test_life(void **state)
{
    struct arena *arena = *state;
    const char *home = test_folder_new(arena);
    const char *key = path_join(arena, str_from(home), STR("proxy-ca.key")).ptr;
    struct stat info;
    s_now_ms = INT64_C(1790000000000);
    struct proxy_certs *certs = certs_open(home);
    struct str first = proxy_certs_fingerprint(certs, arena);
    assert_int_equal(first.len, 32 * 3 - 1);
    assert_int_equal(stat(key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(
        proxy_certs_ends_ms(certs) / 1000,
        (s_now_ms + (int64_t) PROXY_CA_DAYS * TLS_DAY_MS) / 1000);
    proxy_certs_free(certs);

    /* Killed between the two files: the certificate is written again. */
    struct err err = {0};
    const char *bundle = path_join(arena, str_from(home), STR("proxy-ca.pem")).ptr;
    assert_ok(file_remove(bundle, &err), &err);
    certs = certs_open(home);
    assert_str_len(proxy_certs_fingerprint(certs, arena), first);
    assert_string_equal(proxy_certs_bundle(certs), bundle);
    assert_true(file_exists(bundle));
    proxy_certs_free(certs);

    s_now_ms += (int64_t) (PROXY_CA_DAYS - PROXY_CA_RENEW_DAYS - 1) * TLS_DAY_MS;
    certs = certs_open(home);
    assert_str_len(proxy_certs_fingerprint(certs, arena), first);
    proxy_certs_free(certs);
    s_now_ms += 2 * (int64_t) TLS_DAY_MS;
    certs = certs_open(home);
    assert_false(str_eq(proxy_certs_fingerprint(certs, arena), first));
    proxy_certs_free(certs);
    test_folder_remove(home);
}

static void test_leaves(void **state)
{
    struct arena *arena = *state;
    const char *home = test_folder_new(arena);
    s_now_ms = INT64_C(1790000000000);
    struct proxy_certs *certs = certs_open(home);
    const struct tls_leaf *sts = leaf_for(certs, "sts.amazonaws.com");
    assert_ptr_equal(leaf_for(certs, "sts.amazonaws.com"), sts);
    /* Buckets share the certificate of their host. */
    assert_ptr_equal(leaf_for(certs, "a.s3.amazonaws.com"), leaf_for(certs, "b.s3.amazonaws.com"));
    assert_int_equal(proxy_certs_cached(certs), 2);
    for (int i = 0; i < 3 * PROXY_LEAVES; i++) {
        char name[80];
        snprintf(name, sizeof(name), "svc%d.us-east-1.amazonaws.com", i);
        leaf_for(certs, name);
        assert_ptr_equal(leaf_for(certs, "sts.amazonaws.com"), sts); /* used, so it stays */
    }
    assert_int_equal(proxy_certs_cached(certs), PROXY_LEAVES);
    /* One that is about to end is made anew. */
    int64_t ends_ms = tls_leaf_ends_ms(sts);
    s_now_ms += (int64_t) (PROXY_LEAF_DAYS - 1) * TLS_DAY_MS + 1;
    assert_true(tls_leaf_ends_ms(leaf_for(certs, "sts.amazonaws.com")) > ends_ms);
    proxy_certs_free(certs);
    test_folder_remove(home);
}

static void test_bad_files(void **state)
{
    static const char *const contents[] = {
        "", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"};
    struct arena *arena = *state;
    const char *home = test_folder_new(arena);
    const char *key = path_join(arena, str_from(home), STR("proxy-ca.key")).ptr;
    struct proxy_certs *certs = NULL;
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        err = (struct err){0};
        assert_ok(file_write_atomic(key, str_from(contents[i]), 0600, &err), &err);
        assert_fails(
            proxy_certs_open(test_clock(), home, &certs, &err), ERR_PROTOCOL, &err,
            "does not hold a certificate authority");
    }
    assert_int_equal(chmod(key, 0640), 0);
    err = (struct err){0};
    assert_fails(
        proxy_certs_open(test_clock(), home, &certs, &err), ERR_DENIED, &err,
        "can be read by others");
    test_folder_remove(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_life),
        WITH_ARENA(test_leaves),
        WITH_ARENA(test_bad_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
