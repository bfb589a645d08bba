/* reply.h - writing an answer, in JSON or CBOR alike. CBOR containers are of indefinite length, so nothing need be
 * counted beforehand. */
#ifndef MOCKS_KINESIS_REPLY_H
#define MOCKS_KINESIS_REPLY_H

#include "base/buf.h"

struct reply {
    struct buf *out;
    bool cbor;
    bool comma; /* JSON: one is due before the next key or element */
};

static inline struct reply reply_to(struct buf *out, bool cbor) { return (struct reply){ out, cbor, false }; }
void reply_map(struct reply *w);
void reply_end_map(struct reply *w);
void reply_list(struct reply *w);
void reply_end_list(struct reply *w);
void reply_key(struct reply *w, const char *key);
void reply_text(struct reply *w, struct str text);
void reply_number(struct reply *w, int64_t n);
void reply_bool(struct reply *w, bool v);
void reply_blob(struct reply *w, struct str bytes);
void reply_time(struct reply *w, int64_t ms); /* JSON: seconds with up to 3 decimals; CBOR: tag 1, milliseconds */

static inline void reply_key_text(struct reply *w, const char *key, struct str text)
{
    reply_key(w, key);
    reply_text(w, text);
}
static inline void reply_key_number(struct reply *w, const char *key, int64_t n)
{
    reply_key(w, key);
    reply_number(w, n);
}
static inline void reply_key_bool(struct reply *w, const char *key, bool v)
{
    reply_key(w, key);
    reply_bool(w, v);
}
static inline void reply_key_time(struct reply *w, const char *key, int64_t ms)
{
    reply_key(w, key);
    reply_time(w, ms);
}

#endif
