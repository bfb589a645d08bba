/* crew.h - the same work on several things at once, a thread each. */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <stddef.h>

/* Calls work on each of the n items (item i at items + i * size) and returns when all are done. The first is the caller's
 * own, as are those for which there was no thread. */
void crew_run(void *items, size_t size, size_t n, void (*work)(void *item));
enum { CREW_MAX = 64 };
/* How many things to make of so much work: wanted, or (0) one a processor, as long as each has at least `least` of it; at most CREW_MAX. */
size_t crew_size(unsigned wanted, size_t amount, size_t least);

#endif
