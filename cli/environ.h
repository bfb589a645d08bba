/* environ.h - the variables that make a program speak to a cloud of this machine, and the files they name.
 *
 * Whatever could lead a script to the real AWS is set or unset: endpoints, keys, profiles, meta data, proxies. The list is
 * what `weirbox env` prints and what `weirbox exec` gives its command.
 */
#ifndef CLI_ENVIRON_H
#define CLI_ENVIRON_H

#include "cli/host.h"

struct environ_row {
    const char *name;
    const char *value; /* NULL: unset */
    bool redirects;    /* leads hard-coded host names here: too much for a whole shell, unless asked for */
};

enum { ENVIRON_MAX = 96 };
struct environ_list {
    struct environ_row rows[ENVIRON_MAX];
    size_t n;
    struct arena arena;
};

struct environ_options {
    bool offline;        /* nothing but the cloud and this machine may be reached */
    const char *library; /* to be preloaded; NULL = none */
    const char *refused; /* the file where it reports */
    bool by_name;        /* the library is sure to be there: name the RDS so that whatever port a script has leads here */
};

/* Writes config, credentials, CA bundle and trust store into h->folder and fills the list. */
int environ_fill(const struct host *h, const struct environ_options *o, struct environ_list *ret, struct err *e);
void environ_release(struct environ_list *l);
/* This process's environment with the list applied, NULL-terminated; in the list's arena. */
char **environ_apply(struct environ_list *l);

#endif
