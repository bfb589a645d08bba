/* listing.h - walking a bucket's keys page by page, with keys rolled up to common prefixes. */
#ifndef MOCKS_S3_LISTING_H
#define MOCKS_S3_LISTING_H

#include "mocks/s3/s3call.h"

enum { LISTING_MOST = 1000 };

struct listing {
    struct str prefix, delimiter;
    struct str after; /* list what comes behind this key or common prefix */
    int64_t max;      /* keys and common prefixes together, as asked; a page holds LISTING_MOST at most */
    bool url;         /* encoding-type=url */
    struct buf *out;
    /* Found by the walk. */
    struct buf prefixes; /* CommonPrefixes elements; release it */
    uint64_t count;
    bool truncated;
    struct str last; /* the last key or common prefix listed, in the arena */
};

/* Reads prefix, delimiter, max-keys (or whatever it is called) and encoding-type. */
int listing_read(struct call *c, const char *max_name, struct listing *ret);
/* <element>text</element>, percent-encoded when asked for. */
void listing_put(const struct listing *l, struct buf *out, const char *element, struct str text);
/* The common prefix a key is rolled up to; empty when it is listed itself. */
struct str listing_common(const struct listing *l, struct str key);
void listing_put_common(struct listing *l, struct str common);
/* Is the marker itself such a common prefix? Then all keys below it are behind us. */
bool listing_is_common(const struct listing *l, struct str marker);
/* The first key behind all keys that begin with the prefix; empty when there can be none. */
struct str listing_behind(struct arena *a, struct str prefix);
/* Ends an answer: Delimiter, EncodingType, MaxKeys (or whatever it is called), IsTruncated, and what the walk wrote, which
 * is released. */
void listing_end(struct listing *l, struct buf *out, const char *max_name, struct buf *contents, const char *root);
/* Where a walk begins. */
struct keyindex_place listing_start(struct call *c, const struct listing *l);

#endif
