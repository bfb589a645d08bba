/* measured.h - the cleaned tables and answers of now, with all that comparing them needs. */
#ifndef PIPELINE_CHECK_MEASURED_H
#define PIPELINE_CHECK_MEASURED_H

#include "pipeline/analytics/analytics.h"
#include "pipeline/check/profile.h"

enum { MEASURED_MAX_TABLES = 32 };

struct measured {
    const struct rules *rules;
    const struct analytics *analytics;
    const struct table *const *tables; /* finished */
    size_t n_tables;
    struct result *const *answers; /* as many as analytics_count */
    bool came_clean; /* the rows were clean when they came: what the operations touched says nothing */
    /* The raw record behind a row, by its tag; a raw text below which a marker may stand. */
    struct str (*record)(void *arg, size_t table, uint64_t tag);
    bool (*occurs)(void *arg, size_t table, struct str bytes);
    void *arg;
    /* ---- filled by measured_open ---- */
    struct table_profile profiles[MEASURED_MAX_TABLES];
    uint64_t *row_hashes[MEASURED_MAX_TABLES];
    struct cleaner *cleaners[MEASURED_MAX_TABLES];
    struct arena arena;
};

void measured_open(struct measured *m);
void measured_close(struct measured *m);
/* Which operations of the rule file touched the row's cell: "null_if", "strip_prefix, null_if"; "none" when no one did.
 * Found by cleaning its record once more. */
struct str measured_rule(struct measured *m, size_t table, size_t row, struct str column, struct arena *a);

#endif
