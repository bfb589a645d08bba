/* tcp_wire.c - a connection's bytes as its socket has them: plainly, or through TLS, from the first byte or from the
 * middle of the stream on.
 *
 * When a connection is told to go on in TLS, what has been read from it but not handled yet is the beginning of the
 * handshake, never a frame: nothing that came in the clear is believed to have come through TLS (the flaw that
 * CVE-2011-0411 names). Once there is a session, no other path leads to the socket, for what is read or what is sent.
 */
#include <errno.h>
#include <sys/socket.h>

#include "net/tcp_worker.h"

enum { TLS_HANDSHAKE = 0x16 }; /* the first byte of a TLS record that begins a handshake */

/* A peer that is just gone is no failure of TLS. */
static void note_failure(struct tcp_conn *c)
{
    const struct tcp_options *o = &c->worker->server->options;
    const char *why = tls_session_why(c->tls);
    if (why[0] && !c->broken && o->handler->insecure)
        o->handler->insecure(o->ctx, c, why, tls_session_distrusted(c->tls));
    c->broken = true;
}

size_t tcp_wire_send(struct tcp_conn *c, const char *p, size_t n)
{
    ssize_t put;
    if (c->broken)
        return 0;
    if (c->tls) {
        put = tls_session_write(c->tls, p, n);
        if (put == TLS_FAILED)
            note_failure(c);
        return put > 0 ? (size_t)put : 0;
    }
    do
        put = send(c->fd, p, n, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    if (put < 0)
        c->hung = errno != EAGAIN && errno != EWOULDBLOCK;
    return put > 0 ? (size_t)put : 0;
}

static size_t receive_plain(struct tcp_conn *c, char *out, size_t room)
{
    ssize_t n;
    do
        n = recv(c->fd, out, room, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        c->eof = true;
    else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        c->hung = true;
    /* Fewer bytes than asked for: there are none left now, unless the end was announced. */
    if (n <= 0 || ((size_t)n < room && !c->fin))
        c->readable = false;
    return n > 0 ? (size_t)n : 0;
}

size_t tcp_wire_receive(struct tcp_conn *c, char *out, size_t room)
{
    if (!c->tls || c->broken) /* … when it is only to be dropped */
        return receive_plain(c, out, room);
    ssize_t n = tls_session_read(c->tls, out, room);
    if (n == TLS_FAILED)
        note_failure(c);
    if (n == TLS_END)
        c->eof = true;
    if (n <= 0)
        c->readable = false;
    return n > 0 ? (size_t)n : 0;
}

/* The bytes that wait become the beginning of the handshake. */
void tcp_wire_secure(struct tcp_conn *c)
{
    struct str early = c->in ? (struct str){ c->in + c->in_at, c->in_n - c->in_at } : S("");
    c->undecided = false;
    c->tls = tls_session_upgrade(c->worker->server->options.tls, c->fd, early);
    c->in_at = c->in_n;
    c->readable |= early.n > 0;
    c->broken |= !c->tls;
}

bool tcp_wire_is_handshake(const struct tcp_conn *c) { return c->in[c->in_at] == TLS_HANDSHAKE; }

/* Nothing follows: the peer is told, in TLS and then by its socket. */
void tcp_wire_end(struct tcp_conn *c)
{
    if (c->tls)
        tls_session_end(c->tls);
    shutdown(c->fd, SHUT_WR);
}

bool tcp_is_secure(const struct tcp_conn *c) { return c->tls != NULL; }
const char *tcp_cipher(const struct tcp_conn *c) { return c->tls ? tls_session_cipher(c->tls) : ""; }
const char *tcp_tls_version(const struct tcp_conn *c) { return c->tls ? tls_session_version(c->tls) : ""; }
