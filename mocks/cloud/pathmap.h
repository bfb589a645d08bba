/* pathmap.h - REST: from a method and a path to a row of a service's actions.
 *
 * A row's match is "GET /topics/{topic}/partitions/{partition}": each {name} stands for one segment that is not empty.
 * A slash at the end of a path does not count. Parts are views of the path, still percent-encoded; pathmap_text decodes.
 */
#ifndef MOCKS_CLOUD_PATHMAP_H
#define MOCKS_CLOUD_PATHMAP_H

#include "mocks/cloud/service.h"

enum { PATHMAP_PARTS = 4 };

struct pathmap {
    const struct action *action; /* NULL = none */
    bool path_known; /* without action: some row has the path, but with another method (405 rather than 404) */
    struct {
        struct str name, text;
    } parts[PATHMAP_PARTS];
    size_t n_parts;
};

/* Fills *ret and returns its action. The first row that fits is taken. */
const struct action *pathmap_find(const struct action *rows, size_t n_rows, struct str method, struct str path,
                                  struct pathmap *ret);
/* The part of that name, decoded: the view itself when nothing was encoded, else a copy in the arena. p == NULL when the
 * match has no such part. */
struct str pathmap_text(const struct pathmap *m, const char *name, struct arena *a);
/* The part as a number from 0 to INT32_MAX; false when it is none. An absent part is 0. */
bool pathmap_number(const struct pathmap *m, const char *name, int64_t *ret_number);

#endif
