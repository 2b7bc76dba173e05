/* engine/local/s3_signed.h - the signatures of the chunks of an aws-chunked body, each made over
 * the one before it.
 *
 * A body whose x-amz-content-sha256 is STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER] is signed in
 * pieces; every piece is held against its signature, the trailer too. Threads: one.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
#ifndef ENGINE_LOCAL_S3_SIGNED_H
#define ENGINE_LOCAL_S3_SIGNED_H

#include "engine/local/call.h"
#include "engine/local/s3_chunked.h"

struct chunk_signatures;

/* NULL when the body of this call is not signed in pieces. */
struct chunk_signatures *chunk_signatures_of(struct local_call *call);
void chunk_signatures_close(struct chunk_signatures **signatures); /* of NULL: nothing */
void chunk_signatures_add(struct chunk_signatures *signatures, struct str bytes);
/* A chunk ends here. */
void chunk_signatures_check(struct chunk_signatures *signatures, struct str signature);
/* Whether all were right, the trailer's as well. */
bool chunk_signatures_hold(const struct chunk_signatures *signatures, const struct chunked *chunked)
    MUST_USE;

#endif
