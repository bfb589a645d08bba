/* rows.c - a source opened, and the rows of it chosen. */
#include "cli/rows.h"

#include <stdlib.h>

#include "cli/options.h"

void rows_close(struct rows *r)
{
    choose_close(r->choose);
    source_close(r->source);
    rds_close(r->rds);
}

int rows_open(struct args *a, struct rows *r, struct err *e)
{
    struct choose_options c;
    *r = (struct rows){ 0 };
    if (options_choose(a, &c, e))
        return -1;
    const char *uri = args_text(a, "source");
    if (!uri) {
        const struct rds_options o = { .seed = (uint64_t)c.seed, .tables_dir = args_text(a, "tables"), .skip_broken = args_on(a, "skip-broken") };
        r->rds = rds_open(&o);
        uri = rds_uri(r->rds, e);
    }
    if (!uri || !(r->source = source_open(uri, e)))
        return -1;
    int64_t *indices = NULL;
    int result = c.kind == CHOOSE_ALL ? source_complete_indices(r->source, &indices, &c.n_indices, e) : 0;
    c.indices = indices;
    if (result == 0 && !(r->choose = choose_open(&c, e)))
        result = -1;
    free(indices);
    return result;
}
