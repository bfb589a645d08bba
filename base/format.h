/* format.h - the words most formats consist of, without the price of vsnprintf (a microsecond for three words). */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf, for formats of plain text and %s %.*s %c %d %u %x %zu %lld %llu %llx %%, numbers also with zeros in front
 * (%02d); writes no NUL. -1 for any other word, and where vsnprintf has rules of its own (NULL texts, negative precisions);
 * what was written is then worth nothing. Else the length of the whole, of which the first `room` bytes are in out. ap is not
 * moved on. */
long format_quick(char *out, size_t room, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

#endif
