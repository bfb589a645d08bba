/* mysqld_packet.h - the integers, strings and packets of MySQL's client/server protocol.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 *
 * Readers never pass the end: a value that is not whole sets `bad` and yields zeros from then on.
 */
#ifndef MOCKS_RDS_MYSQLD_PACKET_H
#define MOCKS_RDS_MYSQLD_PACKET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { MYSQL_HEAD = 4, MYSQL_LARGEST = 0xffffff }; /* a packet of that length is continued by the next */

struct mysqld_reader {
    const unsigned char *p, *end;
    bool bad;
};

static inline struct mysqld_reader mysqld_reader_of(struct str s)
{
    return (struct mysqld_reader){ (const unsigned char *)s.p, (const unsigned char *)s.p + s.n, false };
}
static inline size_t mysqld_left(const struct mysqld_reader *r) { return (size_t)(r->end - r->p); }
uint64_t mysqld_get_int(struct mysqld_reader *r, unsigned bytes); /* little endian */
uint64_t mysqld_get_lenenc_int(struct mysqld_reader *r);
struct str mysqld_get_bytes(struct mysqld_reader *r, uint64_t n);
struct str mysqld_get_lenenc(struct mysqld_reader *r);
struct str mysqld_get_z(struct mysqld_reader *r); /* up to a NUL, which must be there */
struct str mysqld_get_rest(struct mysqld_reader *r);

/* Writes packets one behind the other, numbered from seq on. */
struct mysqld_writer {
    struct buf *b;
    uint8_t seq;
    size_t start; /* of the packet begun */
};
void mysqld_begin(struct mysqld_writer *w);
void mysqld_end(struct mysqld_writer *w); /* fills in length and number; splits what is longer than one packet */

void mysqld_put_int(struct buf *b, uint64_t v, unsigned bytes);
void mysqld_put_lenenc_int(struct buf *b, uint64_t v);
void mysqld_put_lenenc(struct buf *b, struct str s);

enum mysqld_status { MYSQL_IN_TRANSACTION = 1, MYSQL_AUTOCOMMIT = 2, MYSQL_MORE_RESULTS = 8 };
void mysqld_put_ok(struct mysqld_writer *w, uint64_t affected, uint64_t insert_id, uint16_t status, uint16_t warnings);
void mysqld_put_eof(struct mysqld_writer *w, uint16_t status, uint16_t warnings);
void mysqld_put_error(struct mysqld_writer *w, const struct err *e); /* as mysqld_error filled it */

#endif
