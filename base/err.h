/* err.h - what went wrong, where, why, and what to do next.
 *
 * A function that can fail returns 0 or -1 and fills the struct err its caller gave (never NULL).
 * Only the outermost caller prints it. Out of memory is not an error here: mem_* aborts.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/str.h"

struct err {
    int status;         /* HTTP status on a wire; 0 where no wire is concerned */
    char code[96];      /* stable name: an AWS error code, or PORT_IN_USE, TABLE_MALFORMED, … */
    char message[2048]; /* what / where / why / next step, one line */
};

/* Fills *e and returns -1, so that `return err_set(e, 0, "X", "…")` is the usual form. */
int err_set(struct err *e, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Puts "context: " before the message and returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Abort with a message when memory is out: a judge that limps is worse than one that stops. */
void *mem_alloc(size_t n);
void *mem_zero(size_t n);
void *mem_grow(void *p, size_t n);
char *mem_dup(struct str s); /* NUL-terminated copy; free() it */

#endif
