/* redirect.c - the library that `weirbox exec` preloads into other programs: host names of the cloud lead to this machine.
 *
 *   getaddrinfo, gethostbyname…   a name that a row of the table matches becomes 127.77.0.(row + 1)
 *   connect, sendto, sendmsg…     that address becomes 127.0.0.1 and the port that row leads to
 *   fopen                         the bundles in which Amazon publishes its authorities (ssl_ca=global-bundle.pem), whether
 *                                 they are there or not, become the one that holds the local CA, too
 *
 * The address alone tells the row, so that a name may be resolved in one process and connected to in another. Offline, any
 * name that is not of this machine becomes an address of 127.78.0.0/16, so that connecting to it is refused here, with
 * ECONNREFUSED, and reported with the name that was meant. Unix sockets and loopback addresses are left alone.
 *
 * Environment:  WEIRBOX_NAMES    the table (net/names.h)
 *               WEIRBOX_OFFLINE  "1": nothing but the table and loopback may be reached
 *               WEIRBOX_CA       that bundle
 *               WEIRBOX_REFUSED  a file; a line "host:port program" is added for whatever was refused
 *
 * What it cannot see: programs that are statically linked or make system calls of their own. They are offered HTTPS_PROXY.
 * State is the process's, by the nature of a preloaded library: the table, and the names that were refused an address.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/names.h"

#define EXPORT __attribute__((visibility("default")))
enum { MATCHED_NET = 0x7f4d0000, ELSEWHERE_NET = 0x7f4e0000, NET_MASK = 0xffff0000u, MAX_ELSEWHERE = 1024, MAX_TABLE = 32 << 10 };

static struct {
    pthread_once_t once;
    char table[MAX_TABLE];
    bool offline;
    char report[512], bundle[512];
    pthread_mutex_t lock; /* elsewhere */
    char *elsewhere[MAX_ELSEWHERE];
    unsigned n_elsewhere;
    FILE *(*fopen)(const char *, const char *), *(*fopen64)(const char *, const char *);
    int (*connect)(int, const struct sockaddr *, socklen_t);
    ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    int (*sendmmsg)(int, struct mmsghdr *, unsigned, int);
    int (*getaddrinfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct hostent *(*gethostbyname)(const char *);
    struct hostent *(*gethostbyname2)(const char *, int);
    int (*gethostbyname_r)(const char *, struct hostent *, char *, size_t, struct hostent **, int *);
    int (*gethostbyname2_r)(const char *, int, struct hostent *, char *, size_t, struct hostent **, int *);
} the = { .once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- start ---- */

static void copy(char *out, size_t room, const char *from)
{
    if (from)
        snprintf(out, room, "%s", from);
}

static void find(void *ret_function, const char *name)
{
    void *at = dlsym(RTLD_NEXT, name);
    memcpy(ret_function, &at, sizeof at); /* C has no cast from a data pointer to a function */
}

static void start(void)
{
    const char *offline = getenv("WEIRBOX_OFFLINE");
    copy(the.table, sizeof the.table, getenv("WEIRBOX_NAMES"));
    copy(the.report, sizeof the.report, getenv("WEIRBOX_REFUSED"));
    copy(the.bundle, sizeof the.bundle, getenv("WEIRBOX_CA"));
    the.offline = offline && strcmp(offline, "1") == 0;
    find(&the.fopen, "fopen");
    find(&the.fopen64, "fopen64");
    find(&the.connect, "connect");
    find(&the.sendto, "sendto");
    find(&the.sendmsg, "sendmsg");
    find(&the.sendmmsg, "sendmmsg");
    find(&the.getaddrinfo, "getaddrinfo");
    find(&the.gethostbyname, "gethostbyname");
    find(&the.gethostbyname2, "gethostbyname2");
    find(&the.gethostbyname_r, "gethostbyname_r");
    find(&the.gethostbyname2_r, "gethostbyname2_r");
}

static void ready(void) { pthread_once(&the.once, start); }

static void report(const char *host, unsigned port)
{
    char line[NAMES_MAX_HOST + 300];
    if (!the.report[0])
        return;
    int kept = errno, n = snprintf(line, sizeof line, "%s:%u %s\n", host, port, program_invocation_short_name);
    int fd = open(the.report, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t put = write(fd, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
        (void)put;
        close(fd);
    }
    errno = kept;
}

/* ---- addresses ---- */

/* The IPv4 address inside, also of ::ffff:a.b.c.d; false when there is none. */
static bool v4_of(const struct sockaddr *sa, socklen_t n, uint32_t *ret_address, uint16_t *ret_port)
{
    if (n >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        *ret_address = ntohl(in.sin_addr.s_addr);
        *ret_port = ntohs(in.sin_port);
        return true;
    }
    if (n >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, sa, sizeof in);
        if (!IN6_IS_ADDR_V4MAPPED(&in.sin6_addr))
            return false;
        uint32_t address;
        memcpy(&address, &in.sin6_addr.s6_addr[12], 4);
        *ret_address = ntohl(address);
        *ret_port = ntohs(in.sin6_port);
        return true;
    }
    return false;
}

static void lead_to(struct sockaddr_storage *at, uint16_t port)
{
    uint32_t here = htonl(INADDR_LOOPBACK);
    if (at->ss_family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)at;
        in->sin_addr.s_addr = here;
        in->sin_port = htons(port);
    } else {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)at;
        memcpy(&in->sin6_addr.s6_addr[12], &here, 4);
        in->sin6_port = htons(port);
    }
}

static bool is_here(const struct sockaddr *sa, uint32_t v4, bool has_v4)
{
    if (has_v4)
        return v4 >> 24 == 127 || v4 == INADDR_ANY;
    if (sa->sa_family != AF_INET6)
        return true; /* Unix sockets, netlink: no other host */
    struct sockaddr_in6 in;
    memcpy(&in, sa, sizeof in);
    return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&in.sin6_addr);
}

static bool text_of(const struct sockaddr *sa, uint32_t v4, bool has_v4, char out[INET6_ADDRSTRLEN], unsigned *ret_port)
{
    if (has_v4) {
        struct in_addr in = { htonl(v4) };
        return inet_ntop(AF_INET, &in, out, INET6_ADDRSTRLEN) != NULL;
    }
    struct sockaddr_in6 in;
    memcpy(&in, sa, sizeof in);
    *ret_port = ntohs(in.sin6_port);
    return inet_ntop(AF_INET6, &in.sin6_addr, out, INET6_ADDRSTRLEN) != NULL;
}

static bool known_elsewhere(unsigned i, char host[NAMES_MAX_HOST + 1])
{
    pthread_mutex_lock(&the.lock);
    bool known = i < the.n_elsewhere;
    if (known)
        snprintf(host, NAMES_MAX_HOST + 1, "%s", the.elsewhere[i]);
    pthread_mutex_unlock(&the.lock);
    return known;
}

/* Where a destination leads: 0 as it is, 1 to *ret instead, -1 refused and reported (errno is set). */
static int lead(const struct sockaddr *sa, socklen_t n, struct sockaddr_storage *ret)
{
    uint32_t v4 = 0;
    uint16_t v4_port = 0, target;
    char host[NAMES_MAX_HOST + 1];
    ready();
    if (!sa || n > sizeof *ret || n < sizeof(sa_family_t) || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6) ||
        (sa->sa_family == AF_INET6 && n < sizeof(struct sockaddr_in6)))
        return 0;
    bool has_v4 = v4_of(sa, n, &v4, &v4_port);
    unsigned port = v4_port;
    uint32_t net = v4 & NET_MASK;
    bool found = false, named = false;
    if (net == MATCHED_NET)
        found = names_port(the.table, (int)(v4 & 0xff) - 1, port, &target), named = names_pattern(the.table, (int)(v4 & 0xff) - 1, host);
    else if (net == ELSEWHERE_NET)
        named = known_elsewhere(v4 & 0xffff, host);
    else if (is_here(sa, v4, has_v4))
        return 0;
    if (!named && !text_of(sa, v4, has_v4, host, &port))
        return 0;
    found = found || (!named && has_v4 && names_find(the.table, host, port, 0, &target) >= 0);
    if (found) {
        memset(ret, 0, sizeof *ret);
        memcpy(ret, sa, n);
        lead_to(ret, target);
        return 1;
    }
    if (!the.offline && net != MATCHED_NET && net != ELSEWHERE_NET)
        return 0;
    report(host, port);
    errno = ECONNREFUSED;
    return -1;
}

/* ---- names ---- */

/* Names of this machine, which files answer; and numbers, which are nobody's name. */
static bool is_own_name(const char *host)
{
    char own[256];
    struct in6_addr number;
    size_t n = strlen(host);
    if (n == 0 || inet_pton(AF_INET, host, &number) == 1 || strchr(host, ':') || strspn(host, "0123456789.xX") == n)
        return true;
    if (strcasecmp(host, "localhost") == 0 || strcasecmp(host, "ip6-localhost") == 0 || (n > 10 && strcasecmp(host + n - 10, ".localhost") == 0))
        return true;
    return gethostname(own, sizeof own) == 0 && strcasecmp(own, host) == 0;
}

static unsigned remember_elsewhere(const char *host)
{
    pthread_mutex_lock(&the.lock);
    unsigned i = 0;
    while (i < the.n_elsewhere && strcmp(the.elsewhere[i], host) != 0)
        i++;
    if (i == the.n_elsewhere && i < MAX_ELSEWHERE) {
        char *kept = strndup(host, NAMES_MAX_HOST);
        if (kept)
            the.elsewhere[the.n_elsewhere++] = kept;
    }
    pthread_mutex_unlock(&the.lock);
    return i;
}

/* The number that stands for a host, as text; NULL when the host is to be resolved as ever. */
static const char *number_for(const char *host, char out[INET_ADDRSTRLEN])
{
    ready();
    if (!host || is_own_name(host))
        return NULL;
    int row = names_find(the.table, host, 0, 0, NULL);
    if (row < 0 && !the.offline)
        return NULL;
    struct in_addr in = { htonl(row >= 0 ? MATCHED_NET + (uint32_t)row + 1 : ELSEWHERE_NET + remember_elsewhere(host)) };
    return inet_ntop(AF_INET, &in, out, INET_ADDRSTRLEN);
}

EXPORT int getaddrinfo(const char *restrict host, const char *restrict service, const struct addrinfo *restrict hints,
                       struct addrinfo **restrict ret)
{
    char number[INET_ADDRSTRLEN];
    const char *stand_in = number_for(host, number);
    if (stand_in && hints && hints->ai_family == AF_INET6 && !(hints->ai_flags & AI_V4MAPPED))
        return EAI_NONAME; /* has no such address */
    if (stand_in && hints && hints->ai_flags & AI_CANONNAME) {
        struct addrinfo plain = *hints;
        plain.ai_flags &= ~AI_CANONNAME;
        int result = the.getaddrinfo(stand_in, service, &plain, ret);
        if (result == 0)
            (*ret)->ai_canonname = strdup(host);
        return result;
    }
    return the.getaddrinfo(stand_in ? stand_in : host, service, hints, ret);
}

EXPORT struct hostent *gethostbyname(const char *host)
{
    char number[INET_ADDRSTRLEN];
    const char *stand_in = number_for(host, number);
    return the.gethostbyname(stand_in ? stand_in : host);
}

EXPORT struct hostent *gethostbyname2(const char *host, int family)
{
    char number[INET_ADDRSTRLEN];
    const char *stand_in = number_for(host, number);
    return the.gethostbyname2(stand_in ? stand_in : host, family);
}

EXPORT int gethostbyname_r(const char *restrict host, struct hostent *restrict entry, char *restrict buffer, size_t n,
                           struct hostent **restrict ret, int *restrict ret_error)
{
    char number[INET_ADDRSTRLEN];
    const char *stand_in = number_for(host, number);
    return the.gethostbyname_r(stand_in ? stand_in : host, entry, buffer, n, ret, ret_error);
}

EXPORT int gethostbyname2_r(const char *restrict host, int family, struct hostent *restrict entry, char *restrict buffer, size_t n,
                            struct hostent **restrict ret, int *restrict ret_error)
{
    char number[INET_ADDRSTRLEN];
    const char *stand_in = number_for(host, number);
    return the.gethostbyname2_r(stand_in ? stand_in : host, family, entry, buffer, n, ret, ret_error);
}

/* ---- destinations ---- */

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t n)
{
    struct sockaddr_storage other;
    const struct sockaddr *sa = to.__sockaddr__;
    int way = lead(sa, n, &other);
    return way < 0 ? -1 : the.connect(fd, way ? (const struct sockaddr *)&other : sa, n);
}

EXPORT ssize_t sendto(int fd, const void *p, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t n_to)
{
    struct sockaddr_storage other;
    const struct sockaddr *sa = to.__sockaddr__;
    int way = lead(sa, n_to, &other);
    return way < 0 ? -1 : the.sendto(fd, p, n, flags, way ? (const struct sockaddr *)&other : sa, n_to);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    struct sockaddr_storage other;
    int way = m && m->msg_name ? lead(m->msg_name, m->msg_namelen, &other) : 0;
    ready();
    if (way <= 0)
        return way < 0 ? -1 : the.sendmsg(fd, m, flags);
    struct msghdr led = *m;
    led.msg_name = &other;
    return the.sendmsg(fd, &led, flags);
}

/* All or none: a batch with one refused destination is refused. */
EXPORT int sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
    struct sockaddr_storage other;
    ready();
    for (unsigned i = 0; i < n; i++)
        if (m[i].msg_hdr.msg_name && lead(m[i].msg_hdr.msg_name, m[i].msg_hdr.msg_namelen, &other) < 0)
            return -1;
    return the.sendmmsg(fd, m, n, flags);
}

/* ---- Amazon's authorities ---- */

/* As https://truststore.pki.rds.amazonaws.com and its predecessor name their files; and the roots of Amazon Trust Services. */
static const char *instead_of(const char *path, const char *mode)
{
    static const char *const bundles[] = { "global-bundle.pem", "*-[0-9]-bundle.pem", "rds-combined-ca-bundle.pem", "rds-ca-*.pem", "AmazonRootCA[1-4].pem" };
    ready();
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    for (size_t i = 0; name && the.bundle[0] && mode && mode[0] == 'r' && !strchr(mode, '+') && i < sizeof bundles / sizeof *bundles; i++)
        if (fnmatch(bundles[i], name, 0) == 0)
            return the.bundle;
    return path;
}

EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
    const char *led = instead_of(path, mode);
    return the.fopen(led, mode);
}
EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    const char *led = instead_of(path, mode);
    return the.fopen64(led, mode);
}
