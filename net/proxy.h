/* proxy.h - the HTTPS proxy: CONNECT to a host name that means one of the cloud's ports leads there, to others nowhere.
 *
 * For programs that no preloaded library reaches (static ones), but which honour HTTPS_PROXY. The port it leads to takes
 * TLS off itself, with a certificate for the name the client asks for. Plain requests through the proxy are refused with
 * a sentence that says what to do (RFC 9110 section 9.3.6 is all it speaks).
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "net/relay.h"

struct proxy_options {
    const char *names; /* as net/names.h; copied. Loopback hosts lead to their own ports */
    /* Optional, from the relay's thread: somebody wanted to go elsewhere. */
    void (*refused)(void *arg, const char *host, unsigned port);
    void *arg;
};

struct proxy;
/* Listens on host:port (0 = a free one). */
struct proxy *proxy_open(const struct proxy_options *o, struct relay *relay, const char *host, uint16_t port, uint16_t *ret_port, struct err *e);
void proxy_close(struct proxy *p); /* after the relay; NULL is allowed */

#endif
