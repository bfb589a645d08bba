/* sigv4_canonical.h - inside net/sigv4*.c: the one canonical form that signing and verifying share. */
#ifndef NET_SIGV4_CANONICAL_H
#define NET_SIGV4_CANONICAL_H

#include "net/message.h"

/* Does the service sign the path encoded once and otherwise as it was sent? */
bool sigv4_canonical_is_s3(struct str service);

/* Lower case, sorted, each once. */
struct sigv4_names {
    struct str *names;
    size_t n;
};
struct sigv4_names sigv4_canonical_names(const struct str *names, size_t n, struct arena *a);
/* "host;x-amz-date" */
struct str sigv4_canonical_join(struct sigv4_names names, struct arena *a);
/* The canonical request. X-Amz-Signature is left out of the query. */
void sigv4_canonical_request(struct buf *out, const struct http_request *r, struct str service,
                             struct sigv4_names names, struct str payload_hash, struct arena *a);

#endif
