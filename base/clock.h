/* clock.h - the only place where time is read and waiting is done.
 *
 * A real clock follows the machine. A virtual clock stands still until somebody waits on it or advances it:
 * waiting for n ms then takes no time and moves it by n. Safe from many threads.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdatomic.h>

#include "base/str.h"

struct clock {
    bool is_virtual;
    _Atomic int64_t virtual_us; /* microseconds since 1970-01-01 UTC */
};

void clock_init_real(struct clock *c);
void clock_init_virtual(struct clock *c, int64_t start_ms);
int64_t clock_now_ms(struct clock *c); /* milliseconds since 1970-01-01 UTC */
int64_t clock_now_us(struct clock *c);
void clock_advance_ms(struct clock *c, int64_t ms); /* virtual only */
void clock_wait_ms(struct clock *c, int64_t ms);
/* Monotonic microseconds of the machine, for measuring how long work took; never for behaviour. */
int64_t clock_stopwatch_us(void);

/* Civil UTC time. */
struct civil {
    int year, month, day, hour, minute, second, ms;
};
struct civil clock_civil(int64_t epoch_ms);
/* false for dates that do not exist (2021-02-30, month 13, hour 24). */
bool clock_epoch_ms(const struct civil *c, int64_t *ret_ms);
enum { CLOCK_TEXT = 40 };
/* "2020-08-28T03:52:47.000Z" */
const char *clock_iso(int64_t epoch_ms, char out[CLOCK_TEXT]);
/* "20200828T035247Z", as SigV4 wants it */
const char *clock_amz(int64_t epoch_ms, char out[CLOCK_TEXT]);
/* "Fri, 28 Aug 2020 03:52:47 GMT", as HTTP wants it */
const char *clock_http(int64_t epoch_ms, char out[CLOCK_TEXT]);

#endif
