/* checksum.h - the five additional checksums of S3: names, lengths, computing, reading, printing.
 *
 * A FULL_OBJECT checksum is that of the bytes; a COMPOSITE one is that of the parts' checksums, printed with "-n".
 * Source: "Checking object integrity in Amazon S3", S3 user guide.
 */
#ifndef MOCKS_S3_CHECKSUM_H
#define MOCKS_S3_CHECKSUM_H

#include "base/buf.h"
#include "base/str.h"

enum checksum_kind {
    CHECKSUM_NONE = 0, CHECKSUM_CRC32, CHECKSUM_CRC32C, CHECKSUM_CRC64NVME, CHECKSUM_SHA1, CHECKSUM_SHA256,
    CHECKSUM_KINDS,
};
enum { CHECKSUM_MAX_BYTES = 32 };

struct checksum_row {
    const char *name;   /* "CRC32", as in x-amz-checksum-algorithm */
    const char *header; /* "x-amz-checksum-crc32" */
    const char *element; /* "ChecksumCRC32" */
    uint8_t n_bytes;
    bool full_object, composite; /* what a multipart upload may have */
};

struct checksum {
    enum checksum_kind kind;
    uint32_t composite_of; /* number of parts; 0 = FULL_OBJECT */
    uint8_t raw[CHECKSUM_MAX_BYTES];
};

extern const struct checksum_row checksum_rows[CHECKSUM_KINDS];

enum checksum_kind checksum_named(struct str name);     /* CHECKSUM_NONE when there is no such */
enum checksum_kind checksum_of_header(struct str name);
void checksum_compute(enum checksum_kind kind, struct str bytes, struct checksum *out);
/* The checksum over the raw checksums of parts, in order. */
void checksum_compose(enum checksum_kind kind, const struct checksum *const *parts, size_t n, struct checksum *out);
/* Base64 of exactly the right length, for composites with "-n". */
bool checksum_parse(enum checksum_kind kind, struct str text, struct checksum *ret);
void checksum_print(const struct checksum *c, struct buf *out);
bool checksum_same(const struct checksum *a, const struct checksum *b);
static inline const char *checksum_type(const struct checksum *c)
{
    return c->composite_of ? "COMPOSITE" : "FULL_OBJECT";
}

#endif
