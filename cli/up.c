/* up.c - weirbox up: the cloud alone, in the foreground or detached, for scripts of your own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/state.h"
#include "mocks/kafka/kafka.h"

static int fill(struct args *a, struct host *h, struct err *e)
{
    int64_t port = -1;
    if (args_number(a, "port", 0, 65535, &port, e) || host_fill(a, h, e))
        return -1;
    h->ports[0] = (struct cloud_port){ "edge", (uint16_t)port };
    h->ports[1] = (struct cloud_port){ NULL, 0 };
    h->options.ports = port > 0 ? h->ports : NULL;
    h->options.host = args_text(a, "host");
    h->options.fixed_ports = port != 0;
    return 0;
}

static void print_kafka_ways(const struct cloud *c)
{
    static const char *const ways[KAFKA_WAYS] = { NULL, "  by TLS", "  by SASL: SCRAM, PLAIN", "  by SASL: IAM" };
    void *kafka = cloud_state(c, "kafka");
    for (int i = KAFKA_TLS; kafka && i < KAFKA_WAYS; i++)
        if (kafka_service_port(kafka, i))
            printf("  %-24s kafka://127.0.0.1:%u\n", ways[i], kafka_service_port(kafka, i));
}

static void print_addresses(const struct args *a, const struct host *h, bool detached)
{
    const struct cloud *c = h->cloud;
    if (args_on(a, "json")) {
        printf("{\"schema\":1,\"command\":\"up\",\"status\":\"ok\",\"data\":{\"edge\":\"%s\"", cloud_url(c, "edge"));
        for (size_t i = 0; i < cloud_services(c); i++)
            printf(",\"%s\":\"%s\"", cloud_service_at(c, i)->name, cloud_url(c, cloud_service_at(c, i)->name));
        printf(",\"proxy\":\"http://127.0.0.1:%u\"}}\n", h->proxy_port);
    } else {
        printf("weirbox is up; %s ends it\n\n  %-24s %s\n", detached ? "weirbox down" : "Ctrl-C", "every service (edge)", cloud_url(c, "edge"));
        for (size_t i = 0; i < cloud_services(c); i++) {
            printf("  %-24s %s\n", cloud_service_at(c, i)->title, cloud_url(c, cloud_service_at(c, i)->name));
            if (cloud_service_at(c, i) == &kafka_service)
                print_kafka_ways(c);
        }
        printf("  %-24s http://127.0.0.1:%u\n", "proxy (HTTPS_PROXY)", h->proxy_port);
        printf("\nFor your script:\n  eval \"$(weirbox env)\"\n"
               "  batch posts:  POST %s/" FLOW_STAGE "/topics/" FLOW_USER_ID ".pin\n"
               "  stream posts: PUT  %s/" FLOW_STAGE "/streams/streaming-" FLOW_USER_ID "-pin/record\n", cloud_url(c, "apigw"),
               cloud_url(c, "apigw"));
    }
}

/* ---- detaching ---- */

/* The child's end of `up -d`: whoever started it reads stdout until a NUL says that all is ready. */
static int let_go(struct args *a, struct err *e)
{
    const char *log = state_log(&a->arena, e);
    int fd = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600) : -1;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || nothing < 0)
        return log ? err_set(e, 0, "RUNTIME_FOLDER", "cannot write %s: %s", log, strerror(errno)) : -1;
    putchar(0);
    fflush(stdout);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd), close(nothing);
    return 0;
}

/* In the parent: prints what the child says; its exit status if it ended before it was ready. In the child: -1. */
static int detach(struct err *e, bool *ret_child)
{
    int out[2];
    if (pipe2(out, O_CLOEXEC))
        return err_set(e, 0, "NO_PROCESS", "cannot start a process: %s", strerror(errno));
    pid_t pid = fork();
    *ret_child = pid == 0;
    if (pid < 0) {
        close(out[0]), close(out[1]);
        return err_set(e, 0, "NO_PROCESS", "cannot start a process: %s", strerror(errno));
    }
    if (pid == 0) {
        setsid();
        dup2(out[1], STDOUT_FILENO);
        close(out[0]), close(out[1]);
        return 0;
    }
    close(out[1]);
    char block[4096];
    bool ready = false;
    int status = 0;
    for (ssize_t n; !ready && ((n = read(out[0], block, sizeof block)) > 0 || (n < 0 && errno == EINTR));) {
        ready = n > 0 && block[n - 1] == 0;
        fwrite(block, 1, n > 0 ? (size_t)n - ready : 0, stdout);
    }
    close(out[0]);
    if (!ready)
        waitpid(pid, &status, 0);
    return ready ? EXIT_OK : WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_ENVIRONMENT;
}

/* ---- the cloud ---- */

/* One cloud of a user is the one that env, down and wait mean; another, in the foreground, is nobody's but its terminal's. */
static int announce(struct args *a, struct host *h, struct environ_list *env, bool must, int *ret_lock, struct err *e)
{
    *ret_lock = state_claim(&a->arena, e);
    if (*ret_lock < 0)
        return must ? -1 : 0;
    const char *folder = state_folder(&a->arena, e);
    if (!folder)
        return -1;
    h->folder = mem_dup(str_of(folder));
    const struct environ_options o = { .library = host_library(&a->arena) };
    return environ_fill(h, &o, env, e) || state_write(h, env, &a->arena, e) ? -1 : 0;
}

static int serve(struct args *a, struct host *h, bool detached, const sigset_t *ends, struct err *e)
{
    struct environ_list env = { 0 };
    struct err ignored;
    int lock = -1, signal_number, result = -1;
    if (fill(a, h, e) == 0 && host_open(a, h, e) == 0 && announce(a, h, &env, detached, &lock, detached ? e : &ignored) == 0) {
        print_addresses(a, h, detached);
        fflush(stdout);
        result = detached ? let_go(a, e) : 0;
    }
    if (result == 0)
        sigwait(ends, &signal_number);
    if (lock >= 0)
        state_forget(&a->arena);
    host_close(h);
    environ_release(&env);
    if (lock >= 0)
        close(lock);
    return result;
}

int up_command_run(struct args *a, struct err *e)
{
    struct host h = { 0 };
    sigset_t ends;
    bool detached = args_on(a, "detach"), child = false;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    if (detached) {
        if (state_is_up(&a->arena))
            return err_set(e, 0, "ALREADY_UP", "a cloud is up already; weirbox env tells its addresses, weirbox down ends it");
        int status = detach(e, &child);
        if (status || !child)
            return status;
    }
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before any thread is made, so that only sigwait gets them */
    return serve(a, &h, detached, &ends, e);
}
