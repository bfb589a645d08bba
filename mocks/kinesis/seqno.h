/* seqno.h - sequence numbers in AWS's layout.
 *
 * A decimal number of 56 digits which in hexadecimal has 47 (seen on real records, and decoded by kinesalite):
 *
 *     2 | create_s 9 | shard 1 | index 16 | 00 | time_s 9 | shard 8 | 2
 *
 * create_s: when the shard was created; index: counts the shard's records; time_s: when the record came; the last
 * digit is the version. Two older forms are understood: version 1, and version 0 (numbers below 2^124).
 */
#ifndef MOCKS_KINESIS_SEQNO_H
#define MOCKS_KINESIS_SEQNO_H

#include "base/str.h"

struct seqno {
    int64_t create_s;
    uint64_t index;
    int64_t time_s;
    int64_t shard; /* negative when the number says so; no shard has it */
    int version;
};

enum { SEQNO_DIGITS = 56 };
#define SEQNO_INDEX_CLOSED 0x7fffffffffffffffu /* the index that ends a closed shard */

/* Writes version 2; exactly SEQNO_DIGITS digits, no NUL. */
void seqno_write(const struct seqno *s, char out[SEQNO_DIGITS]);
/* False when no version fits, or index or date are beyond what can be. */
bool seqno_parse(struct str text, struct seqno *ret);

#endif
