/* proxy.c - reading the request line, finding the port. */
#include "net/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "net/listen.h"
#include "net/names.h"

struct proxy {
    struct proxy_options options;
    char *names;
};

static bool is_loopback(const char *host)
{
    struct in_addr at;
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || (inet_pton(AF_INET, host, &at) == 1 && ntohl(at.s_addr) >> 24 == 127);
}

/* "host:443" or "[::1]:443" into host (NUL-terminated) and port; false when it is neither. */
static bool read_target(struct str target, char host[NAMES_MAX_HOST + 1], uint16_t *ret_port)
{
    size_t colon = STR_NONE;
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] == ':')
            colon = i;
    int64_t port;
    if (colon == STR_NONE || !str_to_i64(str_from(target, colon + 1), &port) || port < 1 || port > 65535)
        return false;
    struct str name = str_head(target, colon);
    if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
        name = (struct str){ name.p + 1, name.n - 2 };
    if (!name.n || name.n > NAMES_MAX_HOST || memchr(name.p, 0, name.n))
        return false;
    memcpy(host, name.p, name.n);
    host[name.n] = 0;
    *ret_port = (uint16_t)port;
    return true;
}

static void refuse(struct buf *reply, const char *status, const char *why, const char *what)
{
    buf_f(reply, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s%s\n", status,
          strlen(why) + strlen(what) + 1, why, what);
}

static uint16_t greet(void *ctx, struct str head, struct buf *reply)
{
    const struct proxy *p = ctx;
    char host[NAMES_MAX_HOST + 1];
    uint16_t port, target = 0;
    struct str line = str_cut(&head, '\n');
    struct str method = str_cut(&line, ' ');
    if (!str_eq(method, S("CONNECT"))) {
        refuse(reply, "405 Method Not Allowed", "this proxy only knows CONNECT; ask the cloud's own address for plain HTTP", "");
    } else if (!read_target(str_cut(&line, ' '), host, &port)) {
        refuse(reply, "400 Bad Request", "CONNECT wants host:port", "");
    } else if (names_find(p->names, host, port, 0, &target) >= 0 || (is_loopback(host) && (target = port))) {
        buf_z(reply, "HTTP/1.1 200 Connection Established\r\n\r\n");
    } else {
        if (p->options.refused)
            p->options.refused(p->options.arg, host, port);
        refuse(reply, "403 Forbidden", "this cloud is offline and has no service for ", host);
    }
    return target;
}

struct proxy *proxy_open(const struct proxy_options *o, struct relay *relay, const char *host, uint16_t port, uint16_t *ret_port, struct err *e)
{
    struct proxy *p = mem_zero(sizeof *p);
    p->options = *o;
    p->names = mem_dup(str_of(o->names));
    int fd = listen_open(host, port, ret_port, e);
    if (fd < 0 || relay_listen(relay, fd, greet, p, e)) {
        proxy_close(p);
        return NULL;
    }
    return p;
}

void proxy_close(struct proxy *p)
{
    if (!p)
        return;
    free(p->names);
    free(p);
}
