/* stream_deliver.c - one attempt: a POST, a line of a file, or a program with the alert on its standard input. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/client.h"
#include "pipeline/sink/sink.h"
#include "pipeline/stream/stream_own.h"

enum { PROGRAM_MS = 30000, WEBHOOK_MS = 10000 };

static int webhook(struct stream *s, const struct pending *p, struct err *why)
{
    struct arena a = ARENA_INIT;
    struct client_response got;
    struct http_header headers[] = { { S("Content-Type"), S("application/json") }, { S("Idempotency-Key"), p->id } };
    struct client_request q = { .method = "POST", .url = p->alert->to, .headers = headers, .n_headers = 2, .body = p->body };
    if (!s->webhooks) {
        struct client_options o = { .clock = s->ingest.clock, .seed = s->ingest.seed, .max_attempts = 1, .timeout_ms = WEBHOOK_MS };
        if (!(s->webhooks = client_open(&o, why)))
            return -1;
    }
    int result = client_do(s->webhooks, &q, &a, &got, why);
    if (result == 0 && (got.status < 200 || got.status > 299))
        result = err_set(why, got.status, "ALERT_REFUSED", "POST " STR_F ": %d", STR_A(p->alert->to), got.status);
    arena_release(&a);
    return result;
}

static int file(struct stream *s, const struct pending *p, struct err *why)
{
    struct buf path = BUF_INIT, line = BUF_INIT;
    if (!s->o.out)
        return err_set(why, 0, "ALERT_NO_FOLDER", "file " STR_F ": there is no folder of --out", STR_A(p->alert->to));
    buf_f(&path, "%s/" STR_F, s->o.out, STR_A(p->alert->to));
    buf_str_add(&line, p->body);
    buf_c(&line, '\n');
    char *name = mem_dup(buf_str(&path));
    int result = sink_folders(name, why);
    if (result == 0) {
        int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        bool ok = fd >= 0 && write(fd, line.p, line.n) == (ssize_t)line.n && fsync(fd) == 0;
        result = ok ? 0 : err_set(why, 0, "DISK", "cannot write %s: %s", name, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    free(name);
    buf_release(&path);
    buf_release(&line);
    return result;
}

/* The alert as a file that begins at its first byte. */
static int input_of(const struct pending *p)
{
    int fd = memfd_create("alert", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, p->body.p, p->body.n) != (ssize_t)p->body.n || write(fd, "\n", 1) != 1 || lseek(fd, 0, SEEK_SET))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Its own process group, so that what it starts can be ended with it; signals as a shell would leave them; what it prints
 * goes to stderr. */
static int start(const struct pending *p, int input, pid_t *ret)
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int failed = posix_spawnp(ret, p->alert->argv[0], &actions, &attributes, (char *const *)(uintptr_t)p->alert->argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static int wait_for(const struct pending *p, pid_t pid, struct err *why)
{
    int fd = pidfd_open(pid, 0), status = 0, n = 0;
    struct pollfd ended = { .fd = fd, .events = POLLIN };
    while (fd >= 0 && (n = poll(&ended, 1, PROGRAM_MS)) < 0 && errno == EINTR)
        continue;
    bool slow = fd >= 0 && n == 0;
    if (slow)
        kill(-pid, SIGKILL);
    if (fd >= 0)
        close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (slow)
        return err_set(why, 0, "ALERT_TIMEOUT", "%s: ended after %d s", p->alert->argv[0], PROGRAM_MS / 1000);
    if (WIFSIGNALED(status))
        return err_set(why, 0, "ALERT_REFUSED", "%s: ended by signal %d", p->alert->argv[0], WTERMSIG(status));
    return WEXITSTATUS(status) ? err_set(why, 0, "ALERT_REFUSED", "%s: exit status %d", p->alert->argv[0], WEXITSTATUS(status)) : 0;
}

static int program(const struct pending *p, struct err *why)
{
    int input = input_of(p);
    pid_t pid;
    if (input < 0)
        return err_set(why, 0, "ALERT_NO_PROGRAM", "%s: no file for its input: %s", p->alert->argv[0], strerror(errno));
    int failed = start(p, input, &pid);
    close(input);
    if (failed)
        return err_set(why, 0, "ALERT_NO_PROGRAM", "%s: %s", p->alert->argv[0], strerror(failed));
    return wait_for(p, pid, why);
}

int stream_deliver(struct stream *s, const struct pending *p, struct err *why)
{
    if (!p->alert)
        return err_set(why, 0, "ALERT_GONE", "no window file has the alert " STR_F " any more", STR_A(p->name));
    return p->alert->target == TARGET_WEBHOOK ? webhook(s, p, why) : p->alert->target == TARGET_FILE ? file(s, p, why) : program(p, why);
}
