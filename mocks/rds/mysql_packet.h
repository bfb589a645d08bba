/* mysql_packet.h - the integers, strings and packets of MySQL's client/server protocol.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 *
 * Readers never pass the end: a value that is not whole sets `bad` and yields zeros from then on.
 */
#ifndef MOCKS_RDS_MYSQL_PACKET_H
#define MOCKS_RDS_MYSQL_PACKET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { MYSQL_HEAD = 4, MYSQL_LARGEST = 0xffffff }; /* a packet of that length is continued by the next */

struct mysql_reader {
    const unsigned char *p, *end;
    bool bad;
};

static inline struct mysql_reader mysql_reader_of(struct str s)
{
    return (struct mysql_reader){ (const unsigned char *)s.p, (const unsigned char *)s.p + s.n, false };
}
static inline size_t mysql_left(const struct mysql_reader *r) { return (size_t)(r->end - r->p); }
uint64_t mysql_get_int(struct mysql_reader *r, unsigned bytes); /* little endian */
uint64_t mysql_get_lenenc_int(struct mysql_reader *r);
struct str mysql_get_bytes(struct mysql_reader *r, uint64_t n);
struct str mysql_get_lenenc(struct mysql_reader *r);
struct str mysql_get_z(struct mysql_reader *r); /* up to a NUL, which must be there */
struct str mysql_get_rest(struct mysql_reader *r);

/* Writes packets one behind the other, numbered from seq on. */
struct mysql_writer {
    struct buf *b;
    uint8_t seq;
    size_t start; /* of the packet begun */
};
void mysql_begin(struct mysql_writer *w);
void mysql_end(struct mysql_writer *w); /* fills in length and number; splits what is longer than one packet */

void mysql_put_int(struct buf *b, uint64_t v, unsigned bytes);
void mysql_put_lenenc_int(struct buf *b, uint64_t v);
void mysql_put_lenenc(struct buf *b, struct str s);

enum mysql_status { MYSQL_IN_TRANSACTION = 1, MYSQL_AUTOCOMMIT = 2, MYSQL_MORE_RESULTS = 8 };
void mysql_put_ok(struct mysql_writer *w, uint64_t affected, uint64_t insert_id, uint16_t status, uint16_t warnings);
void mysql_put_eof(struct mysql_writer *w, uint16_t status, uint16_t warnings);
void mysql_put_error(struct mysql_writer *w, const struct err *e); /* as mysql_error filled it */

#endif
