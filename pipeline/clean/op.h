/* op.h - the operations a rule file may apply to a column, one row each in op.c.
 *
 * null in, null out: an operation never sees a null. An operation works on a text until one turns it into a
 * number; behind that only `type` may stand.
 */
#ifndef PIPELINE_CLEAN_OP_H
#define PIPELINE_CLEAN_OP_H

#include "pipeline/clean/clean.h"
#include "pipeline/clean/doc.h"
#include "pipeline/clean/draft.h"
#include "pipeline/clean/timestamp.h"

enum op_effect { OP_SAME, OP_TOUCHED, OP_NULLED };

struct op {
    const struct op_kind *kind;
    size_t count; /* index of its counter */
    struct str *texts, *to;
    int64_t *factors;
    size_t n;
    const struct timestamp_format **formats;
    uint64_t lengths; /* bit n: a text of n bytes (63: or more) may be changed by it */
};
/* May the operation do anything to this text? */
static inline bool op_screen(const struct op *op, struct str text)
{
    return op->lengths >> (text.n < 63 ? text.n : 63) & 1;
}
struct op_kind {
    const char *word;
    int (*compile)(struct arena *a, const struct node *n, struct op *op, struct err *e);
    enum op_effect (*run)(const struct op *op, struct draft *d, struct arena *a);
    bool gives_number;
    enum { OP_ANY, OP_EQUAL, OP_BEGIN } looks_at; /* texts of any length, as long as one of its texts, or longer */
};

/* Reads the argument of the word and prepares the operation. */
int op_compile(struct arena *a, const struct op_kind *kind, const struct node *n, struct op *op, struct err *e);
/* The kind of that word, or NULL. */
const struct op_kind *op_find(struct str word);
/* `timestamp` with the formats that are read when a column says only "type": "timestamp". */
int op_default_timestamp(struct arena *a, struct op *op, struct err *e);
/* The words of all operations, NULL behind the last. */
const char *op_word(size_t i);

#endif
