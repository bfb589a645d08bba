/* lines.h - a whole text of JSON lines cleaned by several threads.
 *
 * The text is cut at line ends into as many pieces as threads; each has a cleaner of its own, and the tables are
 * merged in order. The result is the same for any number of threads. A row's tag is the number of its line, from 1.
 */
#ifndef PIPELINE_CLEAN_LINES_H
#define PIPELINE_CLEAN_LINES_H

#include "pipeline/clean/clean.h"

struct lines_refused {
    size_t line;
    struct str record; /* a view of the text */
    char code[32];
    char *message;
};
struct lines {
    struct table *table; /* views the text; not yet finished */
    struct lines_refused *refused; /* in the order of lines */
    size_t n_refused;
};

/* threads: 0 = as many as there are processors. -1 when there are no rules for such a table. */
int lines_clean(const struct rules *r, struct str table, struct str text, unsigned threads, struct lines *ret_lines,
                struct err *e);
/* Does a text of the table, or a refused record, view the text they were read from? If not, it may go before the table. */
bool lines_view(const struct lines *l, struct str text);
void lines_release(struct lines *l); /* the table too, unless it was taken out */

#endif
