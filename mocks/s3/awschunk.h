/* awschunk.h - undoes the aws-chunked framing of streamed uploads, in pieces of any size.
 *
 *     1000;chunk-signature=<64 hex>\r\n <4,096 bytes> \r\n … 0;chunk-signature=…\r\n
 *     x-amz-checksum-crc32:AAAAAA==\r\n x-amz-trailer-signature:<64 hex>\r\n \r\n
 *
 * Signatures of chunks are there in STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER] only. The decoder checks the form
 * and calls `chunk` for each whole chunk (the last has n == 0) and `trailer` once at the end, which verify; a
 * header line is bounded, a chunk's length is never trusted for an allocation beyond what has arrived.
 * Source: "Signature calculations for the authorization header: transferring payload in multiple chunks",
 * S3 API reference.
 */
#ifndef MOCKS_S3_AWSCHUNK_H
#define MOCKS_S3_AWSCHUNK_H

#include "base/buf.h"
#include "base/str.h"

enum { AWSCHUNK_LINE = 1024, AWSCHUNK_TRAILERS = 16, AWSCHUNK_SIGNATURE = 64 };

enum awschunk_state {
    AWSCHUNK_HEAD = 0, AWSCHUNK_DATA, AWSCHUNK_DATA_END, AWSCHUNK_TRAILER, AWSCHUNK_DONE, AWSCHUNK_BAD,
};

struct awschunk {
    /* Set by the caller. */
    bool is_signed; /* each chunk must carry a signature */
    struct buf *out; /* decoded bytes; its ceiling holds */
    /* false refuses the chunk. signature is 64 bytes of hex, or empty. NULL = not asked. */
    bool (*chunk)(void *arg, struct str data, struct str signature);
    /* Each trailer, name in lower case, x-amz-trailer-signature as the last. NULL = not asked. */
    bool (*trailer)(void *arg, struct str name, struct str value);
    void *arg;
    /* Inside. */
    enum awschunk_state state;
    const char *error; /* why it is AWSCHUNK_BAD */
    uint64_t left;     /* bytes of this chunk to come */
    size_t chunk_at;   /* where it began in out */
    char signature[AWSCHUNK_SIGNATURE];
    size_t n_signature;
    char line[AWSCHUNK_LINE];
    size_t n_line;
    unsigned n_trailers;
    bool last; /* the empty chunk has been seen */
};

/* 0, or -1 with error set (and for ever after). */
int awschunk_push(struct awschunk *d, struct str bytes);
/* Whole at its end? Without trailers the last empty line may be missing. */
bool awschunk_complete(const struct awschunk *d);

#endif
