/* keyindex.c - see keyindex.h. No leaf is ever empty. */
#include "mocks/s3/keyindex.h"

#include <stdlib.h>

#include "base/err.h"

static struct str key_of(const void *entry) { return *(const struct str *)entry; }

void keyindex_release(struct keyindex *ix)
{
    for (size_t i = 0; i < ix->n_leaves; i++)
        free(ix->leaves[i]);
    free(ix->leaves);
    *ix = (struct keyindex){ 0 };
}

struct keyindex_place keyindex_seek(const struct keyindex *ix, struct str key, bool after)
{
    /* The first leaf whose last key is not before the one sought. */
    size_t low = 0, high = ix->n_leaves;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct keyindex_leaf *l = ix->leaves[mid];
        int c = str_cmp(key_of(l->entries[l->n - 1]), key);
        if (c < 0 || (after && c == 0))
            low = mid + 1;
        else
            high = mid;
    }
    struct keyindex_place place = { low, 0 };
    if (low == ix->n_leaves)
        return place;
    const struct keyindex_leaf *leaf = ix->leaves[low];
    for (size_t top = leaf->n; place.at < top;) {
        size_t mid = place.at + (top - place.at) / 2;
        int c = str_cmp(key_of(leaf->entries[mid]), key);
        if (c < 0 || (after && c == 0))
            place.at = mid + 1;
        else
            top = mid;
    }
    return place;
}

void *keyindex_next(const struct keyindex *ix, struct keyindex_place *place)
{
    if (place->leaf >= ix->n_leaves)
        return NULL;
    struct keyindex_leaf *leaf = ix->leaves[place->leaf];
    void *entry = leaf->entries[place->at];
    if (++place->at == leaf->n) {
        place->leaf++;
        place->at = 0;
    }
    return entry;
}

void *keyindex_find(const struct keyindex *ix, struct str key)
{
    struct keyindex_place place = keyindex_seek(ix, key, false);
    void *entry = keyindex_next(ix, &place);
    return entry && str_eq(key_of(entry), key) ? entry : NULL;
}

static struct keyindex_leaf *insert_leaf(struct keyindex *ix, size_t at)
{
    if (ix->n_leaves == ix->cap_leaves) {
        ix->cap_leaves = ix->cap_leaves ? ix->cap_leaves * 2 : 4;
        ix->leaves = mem_grow(ix->leaves, ix->cap_leaves * sizeof *ix->leaves);
    }
    memmove(ix->leaves + at + 1, ix->leaves + at, (ix->n_leaves - at) * sizeof *ix->leaves);
    ix->n_leaves++;
    ix->leaves[at] = mem_alloc(sizeof **ix->leaves);
    ix->leaves[at]->n = 0;
    return ix->leaves[at];
}

/* Moves the upper half of a full leaf into a new one behind it. */
static void split_leaf(struct keyindex *ix, size_t at)
{
    struct keyindex_leaf *right = insert_leaf(ix, at + 1), *left = ix->leaves[at];
    left->n = KEYINDEX_LEAF / 2;
    right->n = KEYINDEX_LEAF - left->n;
    memcpy(right->entries, left->entries + left->n, right->n * sizeof *right->entries);
}

static bool beyond_all(const struct keyindex *ix, struct str key)
{
    if (ix->n_leaves == 0)
        return true;
    const struct keyindex_leaf *last = ix->leaves[ix->n_leaves - 1];
    return str_cmp(key_of(last->entries[last->n - 1]), key) < 0;
}

void keyindex_add(struct keyindex *ix, void *entry)
{
    ix->n++;
    if (beyond_all(ix, key_of(entry))) {
        struct keyindex_leaf *last = ix->n_leaves ? ix->leaves[ix->n_leaves - 1] : NULL;
        if (!last || last->n == KEYINDEX_LEAF)
            last = insert_leaf(ix, ix->n_leaves);
        last->entries[last->n++] = entry;
        return;
    }
    struct keyindex_place place = keyindex_seek(ix, key_of(entry), false);
    if (ix->leaves[place.leaf]->n == KEYINDEX_LEAF) {
        split_leaf(ix, place.leaf);
        if (place.at > ix->leaves[place.leaf]->n) {
            place.at -= ix->leaves[place.leaf]->n;
            place.leaf++;
        }
    }
    struct keyindex_leaf *leaf = ix->leaves[place.leaf];
    memmove(leaf->entries + place.at + 1, leaf->entries + place.at, (leaf->n - place.at) * sizeof *leaf->entries);
    leaf->entries[place.at] = entry;
    leaf->n++;
}

void *keyindex_remove(struct keyindex *ix, struct str key)
{
    struct keyindex_place place = keyindex_seek(ix, key, false);
    if (place.leaf == ix->n_leaves)
        return NULL;
    struct keyindex_leaf *leaf = ix->leaves[place.leaf];
    void *entry = leaf->entries[place.at];
    if (!str_eq(key_of(entry), key))
        return NULL;
    leaf->n--;
    ix->n--;
    memmove(leaf->entries + place.at, leaf->entries + place.at + 1, (leaf->n - place.at) * sizeof *leaf->entries);
    if (leaf->n == 0) {
        free(leaf);
        ix->n_leaves--;
        memmove(ix->leaves + place.leaf, ix->leaves + place.leaf + 1,
                (ix->n_leaves - place.leaf) * sizeof *ix->leaves);
    }
    return entry;
}
