/* engine/local/s3_page.h - one page of a listing of S3: what was asked for, and what is on it.
 *
 * ListObjects, ListObjectVersions and ListMultipartUploads ask alike (prefix, delimiter, a size, a
 * marker, encoding-type=url) and answer alike: entries, and groups of what has a delimiter behind
 * the prefix, which count as entries. Texts live on the call's arena; the two buffers are freed by
 * s3_page_finish(). A page that was begun and never written to holds nothing to free.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
 */
#ifndef ENGINE_LOCAL_S3_PAGE_H
#define ENGINE_LOCAL_S3_PAGE_H

#include "engine/local/s3.h"

struct s3_page {
    struct str prefix, delimiter;
    struct str after, after_id; /* the marker: what an earlier page gave last; the caller's */
    size_t max, count;
    bool encode;
    bool full;                /* there was one more than the page takes */
    struct str last, last_id; /* what was given last; a group has no id */
    struct buf entries, groups;
};

/* Reads what all have in common; max_param: "max-keys". false: answered. */
bool s3_page_begin(struct local_call *call, struct s3_page *page, const char *max_param);
/* A size of a page, at most 1000, which it is unless given. false: answered. */
bool s3_page_size(struct local_call *call, const char *param, size_t *ret_size);
/* The group of a key that has the prefix; null when it is an entry of its own. */
struct str s3_page_group(const struct s3_page *page, struct str key);
/* Makes room for one more, which the caller then writes. false: the page is full. */
bool s3_page_take(struct s3_page *page, struct str key, struct str id);
void s3_page_add_group(struct local_call *call, struct s3_page *page, struct str group);
/* An element whose text is as the page's encoding wants it. */
void s3_page_text(
    struct local_call *call,
    const struct s3_page *page,
    struct buf *xml,
    const char *name,
    struct str text);
/* <Delimiter> and <EncodingType>, where they were asked for. */
void s3_page_terms(struct local_call *call, const struct s3_page *page, struct buf *xml);
/* Moves the entries and the groups behind what is in xml. */
void s3_page_finish(struct s3_page *page, struct buf *xml);

#endif
