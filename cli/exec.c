/* exec.c - weirbox exec -- CMD…: a fresh cloud on free ports, CMD with everything leading to it, nothing left behind.
 *
 * The exit status is CMD's; 125 when weirbox itself failed, 126 and 127 when CMD could not be run, 128 + N when signal N
 * ended it, as of env(1) and the shell. With --check: 1 when CMD ended well but not everything it posted was found.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/map.h"
#include "cli/arrived.h"
#include "cli/calls.h"
#include "cli/child.h"
#include "cli/commands.h"
#include "cli/environ.h"
#include "cli/refusals.h"

enum { LAST_CALLS = 20, MAX_REPORTED = 100 };

struct exec {
    struct args *args;
    struct host host;
    struct environ_list env;
    sigset_t signals, before;
    char *refused; /* path of the file */
    bool offline;
    uint64_t calls; /* of CMD, without those of reading back */
};

static void note_refused(void *arg, const char *host, unsigned port)
{
    const struct exec *x = arg;
    FILE *f = fopen(x->refused, "ae");
    if (f) {
        fprintf(f, "%s:%u by HTTPS_PROXY\n", host, port);
        fclose(f);
    }
}

/* ---- the folder of this run ---- */

static void remove_files(struct exec *x, const char *folder)
{
    static const char *const files[] = { "refused", "ca-bundle.pem", "truststore.jks", "aws-config", "aws-credentials" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(arena_f(&x->args->arena, "%s/%s", folder, files[i]).p);
    rmdir(folder);
}

/* Of runs whose process is gone: those were killed and could not tidy up. */
static void remove_stale(struct exec *x, const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        struct str name = str_of(f->d_name), kind = str_cut(&name, '-'), pid = str_cut(&name, '-');
        int64_t number;
        if (str_eq(kind, S("exec")) && str_to_i64(pid, &number) && number > 1 && kill((pid_t)number, 0) && errno == ESRCH)
            remove_files(x, arena_f(&x->args->arena, "%s/%s", dir, f->d_name).p);
    }
    if (d)
        closedir(d);
}

static int make_folder(struct exec *x, struct err *e)
{
    const char *dir = host_runtime_dir(&x->args->arena, e);
    if (!dir)
        return -1;
    remove_stale(x, dir);
    char *folder = mem_dup(arena_f(&x->args->arena, "%s/exec-%ld-XXXXXX", dir, (long)getpid()));
    if (!mkdtemp(folder)) {
        free(folder);
        return err_set(e, 0, "RUNTIME_FOLDER", "cannot make a folder in %s: %s", dir, strerror(errno));
    }
    x->host.folder = folder;
    x->refused = mem_dup(arena_f(&x->args->arena, "%s/refused", folder));
    FILE *f = fopen(x->refused, "we");
    if (!f)
        return err_set(e, 0, "RUNTIME_FOLDER", "cannot write %s: %s", x->refused, strerror(errno));
    fclose(f);
    return 0;
}

/* ---- reports, all on stderr: stdout is CMD's ---- */

/* Each line once, in the order of the first. */
static void print_refused(const struct exec *x)
{
    char line[700];
    struct map seen = MAP_INIT;
    FILE *f = fopen(x->refused, "re");
    while (f && seen.n_live < MAX_REPORTED && fgets(line, sizeof line, f)) {
        struct str text = str_trim(str_of(line));
        if (!text.n || map_get(&seen, text))
            continue;
        map_put(&seen, text, f);
        struct str program = text, place = str_cut(&program, ' ');
        fprintf(stderr, "weirbox: refused a connection to " STR_F " (" STR_F "): this run is offline; lead it here with --redirect "
                "HOST=SERVICE, or allow other hosts with --no-offline\n", STR_A(place), STR_A(program));
    }
    if (f)
        fclose(f);
    map_release(&seen);
}

static void put_quoted(struct buf *out, const char *word)
{
    bool plain = word[0] && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+")] == 0;
    buf_c(out, ' ');
    if (!plain)
        buf_c(out, '\'');
    for (const char *c = word; *c; c++)
        if (*c == '\'')
            buf_z(out, "'\\''");
        else
            buf_c(out, *c);
    if (!plain)
        buf_c(out, '\'');
}

/* Ids of the last calls; what services of the cloud called among each other and was answered well tells nothing. */
struct last_calls {
    uint64_t ids[LAST_CALLS];
    uint64_t n, until; /* those after it are not the command's */
    struct journal *journal;
    struct buf lines;
};

static bool is_telling(const struct last_calls *l, const struct journal_entry *e)
{
    return e->id <= l->until && (!e->internal || e->status < 200 || e->status >= 400);
}

static bool note_call(void *arg, const struct journal_entry *e)
{
    struct last_calls *l = arg;
    if (is_telling(l, e))
        l->ids[l->n++ % LAST_CALLS] = e->id;
    return true;
}

static bool put_telling(void *arg, const struct journal_entry *e)
{
    struct last_calls *l = arg;
    if (is_telling(l, e))
        journal_put(l->journal, e, &l->lines);
    return true;
}

static void put_last_calls(struct journal *j, uint64_t until, struct buf *text)
{
    struct last_calls l = { .journal = j, .until = until };
    journal_each(j, 0, note_call, &l);
    if (!l.n) {
        buf_z(text, "weirbox: no call of the command has reached the cloud\n");
        return;
    }
    buf_f(text, "weirbox: the last of %llu calls:\n", (unsigned long long)until);
    journal_each(j, l.ids[l.n <= LAST_CALLS ? 0 : l.n % LAST_CALLS] - 1, put_telling, &l);
    calls_put(text, buf_str(&l.lines));
    buf_release(&l.lines);
}

static void print_failure(const struct exec *x, int status)
{
    struct buf text = BUF_INIT;
    buf_f(&text, "weirbox: the command ended with status %d; seed %llu\n", status, (unsigned long long)x->host.options.seed);
    put_last_calls(cloud_journal(x->host.cloud), x->calls, &text);
    buf_z(&text, "weirbox: to repeat:\n  weirbox exec");
    if (!args_given(x->args, "seed"))
        buf_f(&text, " --seed %llu", (unsigned long long)x->host.options.seed);
    for (size_t i = 0; i < x->args->n_values; i++) {
        const struct option *o = x->args->values[i].option;
        const char *value = x->args->values[i].value;
        buf_f(&text, " --%s%s", !o->argument && strcmp(value, "off") == 0 ? "no-" : "", o->name);
        if (o->argument)
            put_quoted(&text, value);
    }
    buf_z(&text, " --");
    for (char **word = x->args->tail; *word; word++)
        put_quoted(&text, *word);
    buf_c(&text, '\n');
    fwrite(text.p, 1, text.n, stderr);
    buf_release(&text);
}

/* ---- the run ---- */

static int prepare(struct exec *x, struct err *e)
{
    const char *library = host_library(&x->args->arena);
    if (!library && x->offline)
        return err_set(e, 0, "NO_LIBRARY", "libweirbox-redirect.so is not beside the program nor in ../lib/weirbox: host names cannot be led "
                       "here; reinstall, or use --no-offline and the exported addresses");
    if (host_fill(x->args, &x->host, e) || make_folder(x, e))
        return -1;
    x->host.refused = note_refused;
    x->host.refused_arg = x;
    const struct environ_options o = { .offline = x->offline, .library = library, .refused = x->refused, .by_name = library };
    return host_open(x->args, &x->host, e) || environ_fill(&x->host, &o, &x->env, e) ? -1 : 0;
}

static int run_command(struct exec *x, struct err *e)
{
    struct child child;
    struct err why = { 0 };
    if (child_start(&child, x->args->tail, environ_apply(&x->env), &x->before, e))
        return EXIT_EXEC_FAILED;
    int status = child_wait(&child, &x->signals, &why);
    if (why.code[0])
        err_set(e, 0, "NO_COMMAND", "cannot run '%s': %s", x->args->tail[0], why.message);
    return status;
}

static int run(struct exec *x, struct err *e)
{
    if (prepare(x, e))
        return EXIT_EXEC_FAILED;
    int status = run_command(x, e);
    print_refused(x);
    if (e->code[0])
        return status;
    x->calls = journal_total(cloud_journal(x->host.cloud));
    if (args_on(x->args, "check")) {
        struct err why = { 0 };
        refusals_print(cloud_journal(x->host.cloud), x->calls, stderr);
        if (arrived_print(&x->host, stderr, &why)) {
            fprintf(stderr, "weirbox: %s\n", why.message);
            status = status ? status : EXIT_CHECK_FAILED;
        }
    }
    if (status && status != 128 + SIGINT) /* how scripts that never end are ended */
        print_failure(x, status);
    return status;
}

int exec_command_run(struct args *a, struct err *e)
{
    static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    struct exec x = { .args = a, .offline = !args_given(a, "offline") || args_on(a, "offline") };
    struct err why = { 0 };
    (void)e;
    sigemptyset(&x.signals);
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        sigaddset(&x.signals, handled[i]);
    pthread_sigmask(SIG_BLOCK, &x.signals, &x.before); /* before any thread is made */
    int status = run(&x, &why);
    if (why.code[0])
        command_error(a, &why);
    if (x.host.folder)
        remove_files(&x, x.host.folder);
    host_close(&x.host);
    environ_release(&x.env);
    free(x.refused);
    return status;
}
