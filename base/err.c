/* err.c - filling errors; allocation that cannot fail. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int err_set(struct err *e, int status, const char *code, const char *fmt, ...)
{
    char text[sizeof e->message]; /* the arguments may point into e itself */
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    char name[sizeof e->code];
    snprintf(name, sizeof name, "%s", code);
    e->status = status;
    memcpy(e->message, text, sizeof text);
    memcpy(e->code, name, sizeof name);
    return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    char text[sizeof e->message];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return -1;
    if ((size_t)n >= sizeof text)
        n = (int)sizeof text - 1;
    char whole[sizeof e->message];
    size_t room = sizeof whole - 1;
    size_t head = (size_t)n > room - 2 ? room - 2 : (size_t)n;
    memcpy(whole, text, head);
    memcpy(whole + head, ": ", 2);
    size_t tail = strlen(e->message);
    if (tail > room - head - 2)
        tail = room - head - 2;
    memcpy(whole + head + 2, e->message, tail);
    whole[head + 2 + tail] = 0;
    memcpy(e->message, whole, head + 3 + tail);
    return -1;
}

static void *or_abort(void *p)
{
    if (!p) {
        fputs("weirbox: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *mem_alloc(size_t n) { return or_abort(malloc(n ? n : 1)); }
void *mem_zero(size_t n) { return or_abort(calloc(1, n ? n : 1)); }
void *mem_grow(void *p, size_t n) { return or_abort(realloc(p, n ? n : 1)); }

char *mem_dup(struct str s)
{
    char *z = mem_alloc(s.n + 1);
    if (s.n)
        memcpy(z, s.p, s.n);
    z[s.n] = 0;
    return z;
}
