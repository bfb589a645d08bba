/* listen.h - a listening socket and what can be said when there is none. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/err.h"

/* A non-blocking socket that listens on host:port (port 0 = a free one), or -1 and *e:
 * PORT_IN_USE, PORT_FORBIDDEN, ADDRESS_UNKNOWN, NO_SOCKET. */
int listen_open(const char *host, uint16_t port, uint16_t *ret_port, struct err *e);

#endif
