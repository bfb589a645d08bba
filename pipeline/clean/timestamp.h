/* timestamp.h - reading instants by format strings, as microseconds UTC.
 *
 * Patterns: yyyy MM dd HH mm ss (exactly so many digits), S… (a fraction of one to nine digits, cut at the
 * microsecond), X (Z, +hh, +hhmm or +hh:mm), 'text' in quotes, [optional part], any other character as itself.
 */
#ifndef PIPELINE_CLEAN_TIMESTAMP_H
#define PIPELINE_CLEAN_TIMESTAMP_H

#include "base/arena.h"
#include "base/str.h"

enum { ITEM_YEAR, ITEM_MONTH, ITEM_DAY, ITEM_HOUR, ITEM_MINUTE, ITEM_SECOND, ITEM_FRACTION, ITEM_ZONE, ITEM_LITERAL,
       ITEM_OPEN, ITEM_CLOSE };
struct item {
    uint8_t kind, digits;
    char literal;
    uint16_t close; /* ITEM_OPEN: index behind its ITEM_CLOSE */
};
struct timestamp_format {
    struct str pattern;
    struct item *items;
    size_t n_items;
    char between; /* not 0: yyyy-MM-dd, this sign, HH:mm:ss, and nothing more that a text must have */
};

/* What four digits of a year can say: 0000-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z. */
#define TIMESTAMP_FIRST_US INT64_C(-62167219200000000)
#define TIMESTAMP_LAST_US INT64_C(253402300799999999)

/* NULL with *ret_why when the pattern is none, or names no full date. */
struct timestamp_format *timestamp_compile(struct arena *a, struct str pattern, const char **ret_why);
/* Reads the whole text; false when it does not fit or names an instant that does not exist, or none of those years. */
bool timestamp_read(const struct timestamp_format *f, struct str text, int64_t *ret_epoch_us);

#endif
