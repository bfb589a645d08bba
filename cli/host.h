/* host.h - a cloud as up and exec open it: from command-line options, with TLS, with the names that lead to it and a proxy.
 *
 * host_fill reads options and files; host_open opens. Between the two a caller may change host.options, and must have
 * blocked the signals it waits for, so that no thread of the cloud takes them.
 */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include "base/buf.h"
#include "cli/command.h"
#include "mocks/cloud/cloud.h"
#include "net/proxy.h"

extern const struct option host_options[]; /* --auth --auto-create … --seed, shared by up and exec */

enum { HOST_SETTINGS = 20, HOST_SERVICES = 24 };
struct host {
    struct cloud_options options;
    const struct service *services[HOST_SERVICES]; /* those of a flow, and the RDS on its own wire */
    struct cloud_setting settings[HOST_SETTINGS];
    struct cloud_port ports[2];
    struct str faults;
    const char *ca_dir;
    struct tls *tls;
    struct cloud *cloud;
    struct proxy *proxy;
    uint16_t proxy_port;
    struct buf names;   /* as net/names.h, NUL-terminated */
    char *folder;       /* for generated files, private to this user; the cloud's own. NULL until host_folder */
    void (*refused)(void *arg, const char *host, unsigned port); /* by the proxy */
    void *refused_arg;
};

/* Texts live in the args' arena. Always host_close. */
int host_fill(struct args *a, struct host *h, struct err *e);
int host_open(struct args *a, struct host *h, struct err *e);
void host_close(struct host *h);

/* The folder of this user's running clouds, made when it is not there; NULL with RUNTIME_FOLDER. In the arena. */
const char *host_runtime_dir(struct arena *a, struct err *e);
/* Where the CA lives: --ca-dir, $XDG_DATA_HOME/weirbox, ~/.local/share/weirbox. */
const char *host_ca_dir(struct args *a);
/* The preloaded library, found beside the program or in ../lib/weirbox; NULL when it is not there. In the arena. */
const char *host_library(struct arena *a);

#endif
