/* doctor.c - weirbox doctor: what of this machine would get in the way, and what to do about it. One row a check. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/state.h"
#include "mocks/rds/rds.h"
#include "net/listen.h"

enum verdict { FINE, WARNING, BROKEN };
enum { ENOUGH_FILES = 4096, ENOUGH_MIB = 512, EDGE_PORT = 4566, YEAR_WRITTEN = 2026 };

static enum verdict check_library(struct args *a, struct buf *why)
{
    const char *path = host_library(&a->arena);
    buf_z(why, path ? path : "libweirbox-redirect.so is not beside the program: exec cannot lead host names here; reinstall");
    return path ? FINE : BROKEN;
}

static enum verdict check_ca(struct args *a, struct buf *why)
{
    struct err e;
    struct tls *tls = tls_open(host_ca_dir(a), &e);
    buf_z(why, tls ? tls_ca_path(tls) : e.message);
    tls_close(tls);
    return tls ? FINE : BROKEN;
}

static enum verdict check_runtime(struct args *a, struct buf *why)
{
    struct err e;
    const char *dir = host_runtime_dir(&a->arena, &e);
    buf_z(why, dir ? dir : e.message);
    return dir ? FINE : BROKEN;
}

static enum verdict check_files(struct args *a, struct buf *why)
{
    struct rlimit r;
    (void)a;
    if (getrlimit(RLIMIT_NOFILE, &r))
        return BROKEN;
    buf_f(why, "%llu open files allowed", (unsigned long long)r.rlim_cur);
    if (r.rlim_cur >= ENOUGH_FILES)
        return FINE;
    buf_f(why, "; scripts that never close connections need more: ulimit -n %d", ENOUGH_FILES);
    return WARNING;
}

static enum verdict check_disk(struct args *a, struct buf *why)
{
    struct statvfs v;
    struct err e;
    const char *dir = host_runtime_dir(&a->arena, &e);
    if (!dir || statvfs(dir, &v)) {
        buf_z(why, "the free space is not known");
        return WARNING;
    }
    uint64_t free_mib = (uint64_t)v.f_bavail * v.f_frsize >> 20;
    buf_f(why, "%llu MiB free in %s", (unsigned long long)free_mib, dir);
    return free_mib >= ENOUGH_MIB ? FINE : WARNING;
}

static void try_port(struct buf *why, const char *service, uint16_t port)
{
    struct err e;
    uint16_t got;
    int fd = listen_open("127.0.0.1", port, &got, &e);
    if (fd < 0)
        buf_f(why, "%s%u (%s)", why->n ? ", " : "", port, service);
    else
        close(fd);
}

static enum verdict check_ports(struct args *a, struct buf *why)
{
    if (state_is_up(&a->arena)) {
        buf_z(why, "a cloud is up");
        return FINE;
    }
    try_port(why, "edge", EDGE_PORT);
    for (const struct service *const *s = flow_services; *s; s++)
        if ((*s)->port && *s != &rds_service)
            try_port(why, (*s)->name, (*s)->port);
    buf_z(why, why->n ? " taken; weirbox up --port 0 takes free ones, exec always does" : "the usual ones are free");
    return str_ends(buf_str(why), S("free")) ? FINE : WARNING;
}

static enum verdict check_clock(struct args *a, struct buf *why)
{
    char text[CLOCK_TEXT];
    struct clock clock;
    (void)a;
    clock_init_real(&clock);
    const char *now = clock_iso(clock_now_ms(&clock), text);
    buf_z(why, now);
    if (strtol(now, NULL, 10) >= YEAR_WRITTEN - 1)
        return FINE;
    buf_z(why, "; certificates and signatures will be refused by a clock that is so far behind");
    return WARNING;
}

static enum verdict check_leaks(struct args *a, struct buf *why)
{
    static const char *const names[] = { "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "HTTPS_PROXY", "HTTP_PROXY" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            buf_f(why, "%s%s", why->n ? ", " : "", names[i]);
    const char *home = getenv("HOME");
    if (home && access(arena_f(&a->arena, "%s/.aws/credentials", home).p, F_OK) == 0)
        buf_f(why, "%s~/.aws/credentials", why->n ? ", " : "");
    if (!why->n) {
        buf_z(why, "nothing here leads to the real AWS");
        return FINE;
    }
    buf_z(why, " may lead a script to the real AWS; exec and env hide them");
    return WARNING;
}

static const struct check {
    const char *name;
    enum verdict (*run)(struct args *a, struct buf *why);
} checks[] = {
    { "library", check_library }, { "ca", check_ca },       { "runtime folder", check_runtime }, { "open files", check_files },
    { "disk", check_disk },       { "ports", check_ports }, { "clock", check_clock },            { "environment", check_leaks },
};

int doctor_command_run(struct args *a, struct err *e)
{
    static const char *const words[] = { "ok", "warning", "broken" };
    enum verdict worst = FINE;
    bool json = args_on(a, "json");
    struct buf why = BUF_INIT, text = BUF_INIT;
    (void)e;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        buf_reset(&why), buf_reset(&text);
        enum verdict v = checks[i].run(a, &why);
        worst = v > worst ? v : worst;
        json_put_text(&text, buf_str(&why));
        if (json)
            printf("%s{\"check\":\"%s\",\"verdict\":\"%s\",\"detail\":%s}", i ? ",\n" : "{\"schema\":1,\"command\":\"doctor\",\"status\":\"ok\",\"data\":[",
                   checks[i].name, words[v], buf_cstr(&text));
        else
            printf("%-8s %-15s %s\n", words[v], checks[i].name, buf_cstr(&why));
    }
    if (json)
        printf("]}\n");
    buf_release(&why);
    buf_release(&text);
    return worst == BROKEN ? EXIT_CHECK_FAILED : EXIT_OK;
}
