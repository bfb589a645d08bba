/* child.c - starting, guarding, waiting. The guard is forked from a process with threads: until CMD is executed nothing here
 * calls but functions that are safe after fork (signal-safety(7)) and system calls. */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REPEAT_MS = 100, EXIT_OURS = 125, EXIT_NOT_RUNNABLE = 126, EXIT_NOT_FOUND = 127 };

/* What the guard tells of CMD. */
struct outcome {
    int exec_errno; /* 0: it ran */
    int status;     /* as of waitpid */
};

/* ---- the guard ---- */

struct guard {
    int life_fd, status_fd, signal_fd;
    pid_t command;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Kills children as the kernel lists them; theirs become ours and are listed next. */
static void kill_all(void)
{
    char text[4096];
    for (;;) {
        int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;
        if (fd >= 0)
            close(fd);
        pid_t pid = 0;
        for (ssize_t i = 0; i < n; i++) {
            if (text[i] >= '0' && text[i] <= '9')
                pid = pid * 10 + (text[i] - '0');
            else if (pid > 0)
                kill(pid, SIGKILL), pid = 0;
        }
        if (n < 0)
            kill(0, SIGKILL); /* no list on this kernel: the group at least, ourselves included */
        if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
            return;
    }
}

static void tell(const struct guard *g, struct outcome o)
{
    ssize_t put = write(g->status_fd, &o, sizeof o);
    (void)put;
}

static _Noreturn void run_command(char *const *argv, char *const *env, const sigset_t *before, int failed_fd, pid_t guard)
{
    static const int usual[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU, SIGTSTP, SIGCHLD };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guard)
        _exit(EXIT_OURS);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        signal(usual[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, before, NULL);
    execvpe(argv[0], argv, env);
    int why = errno;
    ssize_t put = write(failed_fd, &why, sizeof why);
    (void)put;
    _exit(why == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE);
}

/* True when CMD has ended. */
static bool reap(struct guard *g, int *ret_status)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
        if (WIFSTOPPED(status))
            kill(0, SIGCONT); /* the group stops as one */
        else if (pid == g->command) {
            *ret_status = status;
            return true;
        }
    }
    return false;
}

static int guard_command(struct guard *g)
{
    int wishes = 0, status = 0;
    int64_t last_ms = 0;
    for (;;) {
        struct pollfd fds[2] = { { g->signal_fd, POLLIN, 0 }, { g->life_fd, POLLIN, 0 } };
        poll(fds, 2, -1);
        if (fds[1].revents) { /* nobody writes to it: weirbox is gone */
            kill_all();
            _exit(EXIT_OURS);
        }
        struct signalfd_siginfo info;
        if (!fds[0].revents || read(g->signal_fd, &info, sizeof info) != sizeof info)
            continue;
        if (info.ssi_signo == SIGCHLD) {
            if (reap(g, &status))
                return status;
        } else if (!wishes || now_ms() - last_ms > REPEAT_MS) {
            last_ms = now_ms();
            if (++wishes == 2)
                kill(g->command, SIGKILL);
        }
    }
}

static _Noreturn void be_guard(struct guard *g, char *const *argv, char *const *env, const sigset_t *before, bool foreground)
{
    sigset_t mine;
    int failed[2], why = 0;
    setpgid(0, 0);
    prctl(PR_SET_NAME, "weirbox-guard");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigemptyset(&mine);
    static const int handled[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU, SIGTSTP };
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        sigaddset(&mine, handled[i]);
    sigprocmask(SIG_SETMASK, &mine, NULL);
    signal(SIGTSTP, SIG_IGN);
    if (foreground)
        tcsetpgrp(STDIN_FILENO, getpid());
    sigdelset(&mine, SIGTTOU);
    sigdelset(&mine, SIGTSTP);
    g->signal_fd = signalfd(-1, &mine, SFD_CLOEXEC);
    if (g->signal_fd < 0 || pipe2(failed, O_CLOEXEC))
        _exit(EXIT_OURS);
    pid_t guard = getpid();
    g->command = fork();
    if (g->command == 0)
        run_command(argv, env, before, failed[1], guard);
    close(failed[1]);
    if (g->command < 0)
        _exit(EXIT_OURS);
    bool ran = read(failed[0], &why, sizeof why) <= 0;
    int status = guard_command(g);
    tell(g, (struct outcome){ ran ? 0 : why, status }); /* weirbox waits for our end all the same */
    kill_all();
    _exit(0);
}

/* ---- our side ---- */

/* Everything but the guard's pipes and the standard streams: ports that it kept open would stay taken. */
static void close_others(struct guard *g)
{
    int low = g->life_fd < g->status_fd ? g->life_fd : g->status_fd, high = g->life_fd < g->status_fd ? g->status_fd : g->life_fd;
    if (low > 3)
        syscall(SYS_close_range, 3u, (unsigned)low - 1, 0u);
    if (high > low + 1)
        syscall(SYS_close_range, (unsigned)low + 1, (unsigned)high - 1, 0u);
    syscall(SYS_close_range, (unsigned)high + 1, ~0u, 0u);
}

int child_start(struct child *c, char *const *argv, char *const *env, const sigset_t *before, struct err *e)
{
    int life[2], status[2];
    if (pipe2(life, O_CLOEXEC))
        return err_set(e, 0, "NO_PROCESS", "cannot start a process: %s", strerror(errno));
    if (pipe2(status, O_CLOEXEC)) {
        close(life[0]), close(life[1]);
        return err_set(e, 0, "NO_PROCESS", "cannot start a process: %s", strerror(errno));
    }
    c->foreground = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
    c->guard = fork();
    if (c->guard == 0) {
        struct guard g = { life[0], status[1], -1, 0 };
        close_others(&g);
        be_guard(&g, argv, env, before, c->foreground);
    }
    close(life[0]), close(status[1]);
    c->life_fd = life[1];
    c->status_fd = status[0];
    if (c->guard > 0) {
        setpgid(c->guard, c->guard);
        return 0;
    }
    close(life[1]), close(status[0]);
    return err_set(e, 0, "NO_PROCESS", "cannot start a process: %s", strerror(errno));
}

/* Waits until the guard has told how CMD ended; signals meanwhile go to CMD's group. False when it told nothing. */
static bool wait_outcome(struct child *c, const sigset_t *signals, struct outcome *ret)
{
    int signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
    bool told = false, over = false;
    while (!over) {
        struct pollfd fds[2] = { { c->status_fd, POLLIN, 0 }, { signal_fd, POLLIN, 0 } };
        poll(fds, 2, -1);
        struct signalfd_siginfo info;
        if (fds[1].revents && read(signal_fd, &info, sizeof info) == sizeof info)
            kill(-c->guard, (int)info.ssi_signo);
        if (fds[0].revents) {
            told = read(c->status_fd, ret, sizeof *ret) == sizeof *ret;
            over = true;
        }
    }
    if (signal_fd >= 0)
        close(signal_fd);
    return told;
}

int child_wait(struct child *c, const sigset_t *signals, struct err *e)
{
    struct outcome o;
    bool told = wait_outcome(c, signals, &o);
    if (!told)
        kill(-c->guard, SIGKILL);
    while (waitpid(c->guard, NULL, 0) < 0 && errno == EINTR)
        ;
    if (c->foreground) {
        sigset_t output;
        sigemptyset(&output);
        sigaddset(&output, SIGTTOU);
        pthread_sigmask(SIG_BLOCK, &output, NULL); /* we are in the background until this is done */
        tcsetpgrp(STDIN_FILENO, getpgrp());
    }
    close(c->status_fd), close(c->life_fd);
    if (!told) {
        err_set(e, 0, "NO_PROCESS", "the process that guards the command was killed; the command was killed with it");
        return EXIT_OURS;
    }
    if (o.exec_errno) {
        err_set(e, 0, "NO_COMMAND", "%s", strerror(o.exec_errno));
        return o.exec_errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE;
    }
    return WIFSIGNALED(o.status) ? 128 + WTERMSIG(o.status) : WEXITSTATUS(o.status);
}
