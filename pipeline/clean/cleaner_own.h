/* cleaner_own.h - inside cleaner*.c: one cleaner, and the way from the members of a record to the cells of a row. */
#ifndef PIPELINE_CLEAN_CLEANER_OWN_H
#define PIPELINE_CLEAN_CLEANER_OWN_H

#include "pipeline/clean/program.h"
#include "pipeline/clean/shape.h"
#include "pipeline/clean/table.h"

/* What records of the known shape have for a column. */
struct plan {
    const struct json *value; /* SOURCE_MEMBER, or the whole */
    bool whole, renamed;
    enum plan_way {
        PLAN_LONG,   /* by cleaner_column */
        PLAN_TEXT,   /* texts that no operation looks at go straight to the table */
        PLAN_WHOLE,  /* whole numbers without operations */
        PLAN_INSTANT /* texts with no operation but timestamp */
    } way;
    uint64_t lengths; /* of texts that an operation does look at, as in struct op */
};

struct cleaner {
    const struct program *p;
    struct table *t;
    bool views;
    bool unwrapped;           /* we are inside a string that held the record */
    struct json *values;      /* by input; type 0 = absent */
    struct shape_number *numbers; /* by input; known = what values says as a number */
    struct shape shape;
    shape_reader *read;
    struct plan *plan;        /* by column */
    bool simple;              /* what is required are whole numbers without operations */
    bool values_shaped;       /* nothing but members of the shape is in values */
    unsigned missed, patience; /* records since the shape was learned that did not have it; until it is learned anew */
    struct clean_count *undo; /* counts as they were before the record */
    struct arena scratch;     /* for messages */
    struct json_reader reader;
    uint64_t tag;
};

/* A value that is neither null nor nested nor escaped; a whole number is one at once where no text is asked for. */
static inline void cleaner_draft(const struct cleaner *c, const struct json *v, struct draft *d)
{
    const struct shape_number *n = &c->numbers[v - c->values];
    bool whole = n->known && !n->behind && (n->digits || !n->negative);
    d->state = whole ? DRAFT_NUMBER : DRAFT_TEXT;
    d->moved = false;
    d->text = v->raw;
    d->number = n->digits;
}

/* What the members at hand mean for the column; it must not lack any. */
struct plan cleaner_plan(const struct cleaner *c, const struct program_column *col);
/* Works out cell i of the row: takes members, runs the operations, makes the type. */
void cleaner_column(struct cleaner *c, size_t i, size_t row, const struct plan *plan);
/* The draft as a value of the column's type; false when it is none. */
bool cleaner_put(struct cleaner *c, struct column *out, size_t row, const struct draft *d);
/* The first member present of those the column may be taken from, or NULL. */
const struct json *cleaner_member(const struct cleaner *c, const struct program_column *col);
/* The first part that is absent, or NULL. */
const struct part *cleaner_absent(const struct cleaner *c, const struct program_column *col);

#endif
