/* engine/local/s3_known.h - the memory of s3_bucket_find(), as state of the S3 room. */
#ifndef ENGINE_LOCAL_S3_KNOWN_H
#define ENGINE_LOCAL_S3_KNOWN_H

struct s3_known *s3_known_new(void);
void s3_known_free(void *known); /* accepts NULL */

#endif
