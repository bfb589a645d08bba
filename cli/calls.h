/* calls.h - a line of the journal for people. */
#ifndef CLI_CALLS_H
#define CLI_CALLS_H

#include "base/buf.h"

/* Lines of JSON, as the journal gives them, each into one readable line:
 * 23:14:47.164  kinesis     PutRecord         400     0.21 ms  512/130 B  streaming-1-pin  ResourceNotFoundException: Stream … */
void calls_put(struct buf *out, struct str lines);

#endif
