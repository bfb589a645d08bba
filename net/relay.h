/* relay.h - bytes carried between two sockets, TLS taken off on the way. One thread, whatever the number of connections.
 *
 *   client ══TLS══► relay ──socketpair──► HTTP workers       relay_serve: a port that speaks both, told by the first byte
 *   client ──CONNECT──► relay ──► a port of this machine     relay_listen: a greeting decides where it leads
 *
 * A connection costs no thread and, while nothing waits to be carried, no buffer. What one side does not take yet is kept
 * (one block at most), and nothing more is read for it meanwhile. Neither side can make the relay wait.
 */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "base/buf.h"
#include "base/err.h"
#include "net/tls.h"

struct relay_options {
    struct tls *tls;          /* must outlive the relay */
    unsigned max_connections; /* relayed at once; beyond them new ones are closed; 0 = 8,192 */
};

struct relay;
struct relay *relay_open(const struct relay_options *o, struct err *e);

/* Takes a fresh non-blocking connection. Once its first byte is there, calls ready from the relay's thread, once: with the
 * same descriptor when it speaks plainly, with one end of a socketpair when TLS was taken off, with -1 when the connection
 * has been given up. */
void relay_serve(struct relay *r, int fd, void (*ready)(void *arg, int fd), void *arg);

/* Accepts connections on a listening socket (which the relay owns from here on). Each sends a head that ends in an empty
 * line; greet answers with the port of 127.0.0.1 the connection is to be joined to, or 0 to end it, and in both cases
 * writes what is sent back first. */
int relay_listen(struct relay *r, int fd, uint16_t (*greet)(void *ctx, struct str head, struct buf *reply), void *ctx, struct err *e);

/* No `ready` is called with a descriptor any more once this returns; what is joined goes on. */
void relay_quiet(struct relay *r);
/* Carries what has been written already, then closes everything. NULL is allowed. */
void relay_close(struct relay *r);

#endif
