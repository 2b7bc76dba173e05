/* engine/base/digest.h - hashes, HMAC and text encodings of bytes (OpenSSL; the only file that
 * includes it besides TLS inside libcurl).
 *
 * Threads: functions are re-entrant; a struct digest belongs to one thread.
 */
#ifndef ENGINE_BASE_DIGEST_H
#define ENGINE_BASE_DIGEST_H

#include "engine/base/buf.h"
#include "engine/base/err.h"

#define SHA256_LEN 32
#define MD5_LEN 16

struct sha256 {
    unsigned char bytes[SHA256_LEN];
};

struct md5 {
    unsigned char bytes[MD5_LEN];
};

struct sha256 sha256_of(struct str data);
struct md5 md5_of(struct str data);
/* SHA-1 in lower-case hex, for names that others have chosen; good for nothing else. */
struct str sha1_hex(struct arena *arena, struct str data);
struct sha256 hmac_sha256(struct str key, struct str data);
/* For a key that is used again: half the work is done once. As secret as the key. */
struct hmac_key {
    uint32_t inner[8], outer[8];
};
struct hmac_key hmac_key_of(struct str key);
struct sha256 hmac_sha256_with(const struct hmac_key *key, struct str data);
uint32_t crc32_of(uint32_t seed, struct str data); /* zlib's polynomial; seed 0 to start */

/* Incremental hashing, SHA-256 and MD5 at once (S3 needs both). */
struct digest;
struct digest *digest_new(void);
void digest_free(struct digest *digest);
void digest_close(struct digest **digest);
void digest_add(struct digest *digest, struct str data);
void digest_end(
    struct digest *digest, struct sha256 *sha256, struct md5 *md5); /* either may be NULL */

/* Incremental hashing by one algorithm. */
enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512 };
#define HASH_MAX_LEN 64
struct hash;
struct hash *hash_new(enum hash_kind kind);
void hash_close(struct hash **hash);
void hash_add(struct hash *hash, struct str data);
size_t hash_end(struct hash *hash, unsigned char out[HASH_MAX_LEN]); /* how many bytes it has */

/* Hashes a file by reading it in pieces. ERR_IO when it cannot be read. */
enum err_code sha256_file(const char *path, struct sha256 *out, uint64_t *size, struct err *err)
    MUST_USE;

struct str hex_of(struct arena *arena, const void *bytes, size_t len); /* lower case */
bool hex_decode(struct str hex, void *out, size_t out_len);            /* exact length */
struct str base64_of(struct arena *arena, const void *bytes, size_t len);
bool base64_decode(struct arena *arena, struct str text, struct str *out);
/* RFC 4648 base32 in lower case (a-z2-7), no padding. */
struct str base32_of(struct arena *arena, const void *bytes, size_t len);
struct str sha256_hex(struct arena *arena, struct str data);
/* Constant-time comparison. */
bool secret_eq(struct str a, struct str b);
/* Overwrites memory in a way the compiler keeps. */
void secret_wipe(void *ptr, size_t len);

#endif
