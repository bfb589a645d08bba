/* listen.c - socket, bind, listen. */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static int phrase(int why, const char *host, uint16_t port, struct err *e)
{
    if (why == EADDRINUSE)
        return err_set(e, 0, "PORT_IN_USE", "port %u on %s is in use by another program; stop it or take another port (0 = any free one)", port, host);
    if (why == EACCES)
        return err_set(e, 0, "PORT_FORBIDDEN", "port %u on %s is not allowed to this user; take a port from 1024 on", port, host);
    return err_set(e, 0, "ADDRESS_UNKNOWN", "cannot listen on %s:%u: %s", host, port, strerror(why));
}

int listen_open(const char *host, uint16_t port, uint16_t *ret_port, struct err *e)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    if (inet_pton(AF_INET, host, &at.sin_addr) != 1)
        return err_set(e, 0, "ADDRESS_UNKNOWN", "cannot listen on '%s': not an IPv4 address; use 127.0.0.1 or 0.0.0.0", host);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(e, 0, "NO_SOCKET", "cannot open a socket: %s", strerror(errno));
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t n = sizeof at;
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG) || getsockname(fd, (struct sockaddr *)&at, &n)) {
        int why = errno;
        close(fd);
        return phrase(why, host, port, e);
    }
    *ret_port = ntohs(at.sin_port);
    return fd;
}
