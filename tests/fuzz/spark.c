/* Statements of any bytes, rewritten: places never run backwards nor out of the statement; a statement that SQLite takes has
 * no mistake in its texts. */
#include <stdlib.h>

#include "pipeline/analytics/spark_own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct str statement = { (const char *)data, size };
    struct spark_text t = { 0 };
    struct err e = { 0 };
    size_t at = 0;
    if (spark_rewrite(statement, &a, &t, &at, &e)) {
        if (at > size || !e.message[0])
            abort();
    } else {
        for (size_t i = 0; i < t.n_places; i++)
            if (t.places[i].in >= size || t.places[i].out > t.sql.n || (i && (t.places[i].in <= t.places[i - 1].in || t.places[i].out < t.places[i - 1].out)))
                abort();
    }
    arena_release(&a);
    return 0;
}
