/* names.h - which port of this machine a host name stands for.
 *
 * The table is text, so that it travels through an environment variable into other processes: rows PATTERN=PORT or
 * PATTERN:PORT=PORT, separated by commas, the first that matches decides.
 *
 *     *.rds.amazonaws.com=13306,kafka.internal:9092=41731,*.amazonaws.com=4566
 *
 * '*' stands for any run of bytes, letters match in either case, a dot behind the host is ignored. Needs nothing but the
 * C library: it is also part of the library that exec preloads into other programs.
 */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAMES_MAX_ROWS = 250, NAMES_MAX_HOST = 255 };

/* The first row from `from` on that matches host and port (0 = any port), or -1. ret_port may be NULL. */
int names_find(const char *table, const char *host, unsigned port, int from, uint16_t *ret_port);
/* What connecting to `port` means for a host that row `row` matched: its own port, or that of a later row that matches its
 * pattern; false when no row wants this port. */
bool names_port(const char *table, int row, unsigned port, uint16_t *ret_port);
/* The row's pattern; false when there is no such row. */
bool names_pattern(const char *table, int row, char out[NAMES_MAX_HOST + 1]);

#endif
