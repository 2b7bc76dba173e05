#include "tests/harness/test.h"

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/rng.h"

#include <pthread.h>

/* FIPS 180-4 examples; the empty string's is the one every unsigned S3 GET carries. */
static void sha256_vectors(void **state)
{
    static const struct {
        const char *text, *hex;
    } s_cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++)
        assert_str(sha256_hex(*state, str_from(s_cases[i].text)), s_cases[i].hex);
    char *million = arena_alloc(*state, 1000000);
    memset(million, 'a', 1000000);
    assert_str(
        sha256_hex(*state, str_of(million, 1000000)),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 1321 appendix A.5. */
static void md5_vectors(void **state)
{
    static const struct {
        const char *text, *hex;
    } s_cases[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct md5 md5 = md5_of(str_from(s_cases[i].text));
        assert_str(hex_of(*state, md5.bytes, sizeof(md5.bytes)), s_cases[i].hex);
    }
}

/* FIPS 180-4, in pieces. */
static void sha1_vectors(void **state)
{
    static const struct {
        const char *first, *second, *hex;
    } s_cases[] = {
        {"", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"a", "bc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"abcdbcdecdefdefgefghfghighij", "hijkijkljklmklmnlmnomnopnopq",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        unsigned char bytes[HASH_MAX_LEN];
        AUTO(hash_close) struct hash *hash = hash_new(HASH_SHA1);
        hash_add(hash, str_from(s_cases[i].first));
        hash_add(hash, str_from(s_cases[i].second));
        size_t len = hash_end(hash, bytes);
        assert_str(hex_of(*state, bytes, len), s_cases[i].hex);
    }
}

static struct str filled(struct arena *arena, char byte, size_t len)
{
    char *bytes = arena_alloc(arena, len);
    memset(bytes, byte, len);
    return str_of(bytes, len);
}

/* RFC 4231 test cases 1, 2, 3, 6 and 7. */
static void hmac_vectors(void **state)
{
    struct arena *arena = *state;
    const struct {
        struct str key, data;
        const char *hex;
    } cases[] = {
        {filled(arena, 0x0b, 20), STR("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {STR("Jefe"), STR("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {filled(arena, (char) 0xaa, 20), filled(arena, (char) 0xdd, 50),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {filled(arena, (char) 0xaa, 131),
         STR("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {filled(arena, (char) 0xaa, 131),
         STR("This is a test using a larger than block-size key and a larger than block-size data. "
             "The key needs to be hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
        /* Not in the RFC: an empty key after others must not reuse the last one. */
        {STR_NULL, STR(""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct sha256 mac = hmac_sha256(cases[i].key, cases[i].data);
            assert_str(hex_of(arena, mac.bytes, sizeof(mac.bytes)), cases[i].hex);
        }
}

/* The worked example of "Deriving a signing key" in AWS's SigV4 documentation. */
static void aws_signing_key(void **state)
{
    static const char *const s_steps[] = {"20150830", "us-east-1", "iam", "aws4_request"};
    struct str key = STR("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    struct sha256 mac = {{0}};
    for (size_t i = 0; i < ARRAY_LEN(s_steps); i++) {
        mac = hmac_sha256(key, str_from(s_steps[i]));
        key = str_of(mac.bytes, sizeof(mac.bytes));
    }
    assert_str(
        hex_of(*state, mac.bytes, sizeof(mac.bytes)),
        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

static void crc32_vectors(void **state)
{
    struct arena *arena = *state;
    assert_int_equal(crc32_of(0, STR("")), 0);
    assert_int_equal(crc32_of(0, STR("123456789")), 0xCBF43926);
    assert_int_equal(crc32_of(0, STR("The quick brown fox jumps over the lazy dog")), 0x414FA339);
    struct rng rng;
    rng_seed(&rng, test_seed());
    char *bytes = arena_alloc(arena, 1000);
    for (size_t i = 0; i < 1000; i++)
        bytes[i] = (char) rng_u64(&rng);
    uint32_t whole = crc32_of(0, str_of(bytes, 1000));
    for (size_t cut = 0; cut <= 1000; cut++) {
        uint32_t head = crc32_of(0, str_of(bytes, cut));
        assert_int_equal(crc32_of(head, str_of(bytes + cut, 1000 - cut)), whole);
    }
}

/* Of "abc", from the algorithms' own documents. */
static void each_algorithm_in_pieces(void **state)
{
    static const struct {
        enum hash_kind kind;
        const char *hex;
    } rows[] = {
        {HASH_MD5, "900150983cd24fb0d6963f7d28e17f72"},
        {HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {HASH_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"}};
    struct arena *arena = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned char bytes[HASH_MAX_LEN];
        AUTO(hash_close) struct hash *hash = hash_new(rows[i].kind);
        hash_add(hash, STR("a"));
        hash_add(hash, STR("bc"));
        size_t len = hash_end(hash, bytes);
        assert_str(hex_of(arena, bytes, len), rows[i].hex);
    }
}

static void pieces_hash_as_the_whole(void **state)
{
    (void) state;
    AUTO(digest_close) struct digest *digest = digest_new();
    digest_add(digest, STR("a"));
    digest_add(digest, STR(""));
    digest_add(digest, STR("bc"));
    struct sha256 sha256 = {{0}}, want = sha256_of(STR("abc"));
    struct md5 md5 = {{0}}, want_md5 = md5_of(STR("abc"));
    digest_end(digest, &sha256, &md5);
    assert_memory_equal(&sha256, &want, sizeof(want));
    assert_memory_equal(&md5, &want_md5, sizeof(want_md5));
    AUTO(digest_close) struct digest *unfinished = digest_new();
    digest_end(unfinished, NULL, NULL);
    digest_free(NULL);
}

static void files(void **state)
{
    struct arena *arena = *state;
    struct err err = {0};
    const char *folder = test_folder_new(arena);
    const char *path = path_join(arena, str_from(folder), STR("f")).ptr;
    struct str content = filled(arena, 'z', 200001);
    assert_ok(file_write_atomic(path, content, 0600, &err), &err);
    struct sha256 got = {{0}}, want = sha256_of(content);
    uint64_t size = 0;
    assert_ok(sha256_file(path, &got, &size, &err), &err);
    assert_memory_equal(&got, &want, sizeof(want));
    assert_int_equal(size, 200001);
    assert_fails(sha256_file("/no/such", &got, NULL, &err), ERR_NOT_FOUND, &err, "'/no/such'");
    assert_fails(sha256_file(folder, &got, NULL, &err), ERR_IO, &err, folder);
    assert_memory_equal(&got, &want, sizeof(want)); /* untouched by failures */
    test_folder_remove(folder);
}

static void hex_of_every_byte(void **state)
{
    unsigned char bytes[256 + 3], back[sizeof(bytes)];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char) (i * 37);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct str hex = hex_of(*state, bytes, len);
        assert_int_equal(hex.len, len * 2);
        for (size_t i = 0; i < len; i++) {
            char want[3];
            snprintf(want, sizeof(want), "%02x", bytes[i]);
            assert_memory_equal(hex.ptr + i * 2, want, 2);
        }
        assert_true(hex_decode(hex, back, len));
        assert_memory_equal(back, bytes, len);
    }
}

static void hex_both_ways(void **state)
{
    unsigned char bytes[3] = {0x00, 0xAb, 0xff}, back[3] = {0};
    assert_str(hex_of(*state, bytes, sizeof(bytes)), "00abff");
    assert_true(hex_decode(STR("00aBFf"), back, sizeof(back)));
    assert_memory_equal(bytes, back, sizeof(back));
    assert_false(hex_decode(STR("00abf"), back, sizeof(back)));
    assert_false(hex_decode(STR("00abffff"), back, sizeof(back)));
    assert_false(hex_decode(STR("00abfg"), back, sizeof(back)));
    assert_memory_equal(bytes, back, sizeof(back));
}

/* RFC 4648 section 10. */
static void base64_and_base32_vectors(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text, *base64, *base32;
    } s_cases[] = {
        {"", "", ""},
        {"f", "Zg==", "my"},
        {"fo", "Zm8=", "mzxq"},
        {"foo", "Zm9v", "mzxw6"},
        {"foob", "Zm9vYg==", "mzxw6yq"},
        {"fooba", "Zm9vYmE=", "mzxw6ytb"},
        {"foobar", "Zm9vYmFy", "mzxw6ytboi"}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct str text = str_from(s_cases[i].text), back = STR_NULL;
        assert_str(base64_of(arena, text.ptr, text.len), s_cases[i].base64);
        assert_str(base32_of(arena, text.ptr, text.len), s_cases[i].base32);
        assert_true(base64_decode(arena, str_from(s_cases[i].base64), &back));
        assert_str_len(back, text);
    }
    static const char *const s_bad[] = {"Z",    "Zg=",      "Zg",   "Zh==",  "Zm9=", "Z===",
                                        "====", "Zg==Zg==", "Zm 9", "Zm9\n", "Zm9-", "=m9v"};
    for (size_t i = 0; i < ARRAY_LEN(s_bad); i++) {
        struct str untouched = STR("x");
        if (base64_decode(arena, str_from(s_bad[i]), &untouched))
            fail_msg("'%s' was decoded", s_bad[i]);
        assert_str(untouched, "x");
    }
}

static void base64_of_random_bytes(void **state)
{
    struct arena *arena = *state;
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int i = 0; i < 500; i++) {
        size_t len = rng_below(&rng, 100);
        char *bytes = arena_alloc(arena, len + 1);
        for (size_t at = 0; at < len; at++)
            bytes[at] = (char) rng_u64(&rng);
        struct str back = STR_NULL;
        assert_true(base64_decode(arena, base64_of(arena, bytes, len), &back));
        assert_str_len(back, str_of(bytes, len));
    }
}

static void secrets(void **state)
{
    (void) state;
    char key[] = "secret";
    assert_true(secret_eq(STR("secret"), str_from(key)));
    assert_false(secret_eq(STR("secreT"), str_from(key)));
    assert_false(secret_eq(STR("secre"), str_from(key)));
    assert_true(secret_eq(STR(""), STR_NULL));
    secret_wipe(key, sizeof(key));
    for (size_t i = 0; i < sizeof(key); i++)
        assert_int_equal(key[i], 0);
}

static void *hash_many(void *arg)
{
    bool *good = arg;
    struct sha256 want = hmac_sha256(STR("k"), STR("v"));
    *good = true;
    for (int i = 0; i < 2000; i++) {
        struct sha256 got = hmac_sha256(STR("k"), STR("v"));
        *good = *good && memcmp(&got, &want, sizeof(got)) == 0;
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void) state;
    pthread_t threads[4];
    bool good[4] = {false};
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_many, &good[i]), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(good[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(sha256_vectors),
        WITH_ARENA(md5_vectors),
        WITH_ARENA(sha1_vectors),
        WITH_ARENA(hmac_vectors),
        WITH_ARENA(aws_signing_key),
        WITH_ARENA(crc32_vectors),
        WITH_ARENA(each_algorithm_in_pieces),
        cmocka_unit_test(pieces_hash_as_the_whole),
        WITH_ARENA(files),
        WITH_ARENA(hex_of_every_byte),
        WITH_ARENA(hex_both_ways),
        WITH_ARENA(base64_and_base32_vectors),
        WITH_ARENA(base64_of_random_bytes),
        cmocka_unit_test(secrets),
        cmocka_unit_test(threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
