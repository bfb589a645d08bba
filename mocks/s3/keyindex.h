/* keyindex.h - entries in the byte order of their keys: sorted leaves under one sorted directory.
 *
 * Look-up and insertion cost O(log n) comparisons and the move of at most one leaf; keys that come in ascending
 * order fill leaves completely and only ever touch the last one. An entry begins with its struct str key, which
 * must not change while it is in the index. Not thread-safe: its owner has the lock.
 */
#ifndef MOCKS_S3_KEYINDEX_H
#define MOCKS_S3_KEYINDEX_H

#include "base/str.h"

enum { KEYINDEX_LEAF = 256 };

struct keyindex_leaf {
    uint32_t n;
    void *entries[KEYINDEX_LEAF]; /* each a pointer to something that begins with struct str key */
};
struct keyindex {
    struct keyindex_leaf **leaves;
    size_t n_leaves, cap_leaves;
    size_t n; /* entries */
};
struct keyindex_place {
    size_t leaf, at;
};

void keyindex_release(struct keyindex *ix); /* the entries are the caller's */
void *keyindex_find(const struct keyindex *ix, struct str key); /* NULL when absent */
/* The key must not be there yet. */
void keyindex_add(struct keyindex *ix, void *entry);
void *keyindex_remove(struct keyindex *ix, struct str key); /* the entry, or NULL */
/* The place of the first entry whose key is >= key, with `after` > key. */
struct keyindex_place keyindex_seek(const struct keyindex *ix, struct str key, bool after);
/* The entry at the place, stepping to the one behind it; NULL at the end. */
void *keyindex_next(const struct keyindex *ix, struct keyindex_place *place);

#endif
