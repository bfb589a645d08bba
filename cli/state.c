/* state.c - the files of a cloud that stays. */
#include "cli/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "pipeline/sink/sink.h"

static const char *path_of(struct arena *a, const char *name, struct err *e)
{
    const char *dir = host_runtime_dir(a, e);
    return dir ? arena_f(a, "%s/%s", dir, name).p : NULL;
}

const char *state_log(struct arena *a, struct err *e) { return path_of(a, "up.log", e); }

const char *state_folder(struct arena *a, struct err *e)
{
    const char *path = path_of(a, "up", e);
    if (path && mkdir(path, 0700) && errno != EEXIST) {
        err_set(e, 0, "RUNTIME_FOLDER", "cannot make the folder %s: %s", path, strerror(errno));
        return NULL;
    }
    return path;
}

int state_claim(struct arena *a, struct err *e)
{
    const char *path = path_of(a, "up.lock", e);
    if (!path)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return why == EWOULDBLOCK ? err_set(e, 0, "ALREADY_UP", "a cloud is up already; weirbox env tells its addresses, weirbox down ends it")
                              : err_set(e, 0, "RUNTIME_FOLDER", "cannot lock %s: %s", path, strerror(why));
}

bool state_is_up(struct arena *a)
{
    struct err e;
    int fd = state_claim(a, &e);
    if (fd >= 0)
        close(fd);
    return fd < 0 && strcmp(e.code, "ALREADY_UP") == 0;
}

static void put_member(struct buf *out, const char *name, const char *text)
{
    buf_f(out, ",\"%s\":", name);
    json_put_text(out, str_of(text));
}

static void put_env(struct buf *out, const struct environ_list *env)
{
    for (size_t i = 0; i < env->n; i++) {
        buf_f(out, "%s\n{\"name\":\"%s\",\"redirects\":%s,\"value\":", i ? "," : "", env->rows[i].name, env->rows[i].redirects ? "true" : "false");
        if (env->rows[i].value)
            json_put_text(out, str_of(env->rows[i].value));
        else
            buf_z(out, "null");
        buf_c(out, '}');
    }
}

int state_write(const struct host *h, const struct environ_list *env, struct arena *a, struct err *e)
{
    const char *dir = host_runtime_dir(a, e), *log = state_log(a, e);
    if (!dir || !log)
        return -1;
    struct buf text = BUF_INIT;
    buf_f(&text, "{\"pid\":%ld,\"seed\":%llu", (long)getpid(), (unsigned long long)h->options.seed);
    put_member(&text, "edge", cloud_url(h->cloud, "edge"));
    for (size_t i = 0; i < cloud_services(h->cloud); i++)
        put_member(&text, cloud_service_at(h->cloud, i)->name, cloud_url(h->cloud, cloud_service_at(h->cloud, i)->name));
    buf_f(&text, ",\"proxy\":\"http://127.0.0.1:%u\"", h->proxy_port);
    put_member(&text, "ca", tls_ca_path(h->tls));
    put_member(&text, "log", log);
    buf_z(&text, ",\"env\":[");
    put_env(&text, env);
    buf_z(&text, "]}\n");
    int result = sink_put(dir, "up.json", buf_str(&text), e);
    buf_release(&text);
    return result;
}

void state_forget(struct arena *a)
{
    static const char *const files[] = { "up.json", "up/ca-bundle.pem", "up/truststore.jks", "up/aws-config", "up/aws-credentials" };
    struct err e;
    const char *dir = host_runtime_dir(a, &e);
    for (size_t i = 0; dir && i < sizeof files / sizeof *files; i++)
        unlink(arena_f(a, "%s/%s", dir, files[i]).p);
    if (dir)
        rmdir(arena_f(a, "%s/up", dir).p);
}

int state_read(struct arena *a, struct str *ret_json, struct err *e)
{
    struct buf text = BUF_INIT;
    const char *dir = host_runtime_dir(a, e);
    if (!dir)
        return -1;
    int result = state_is_up(a) ? sink_get(dir, "up.json", &text, e) : 1;
    if (result == 1)
        result = err_set(e, 0, "NOT_UP", "no cloud is up; weirbox up -d starts one");
    if (result == 0)
        *ret_json = arena_dup(a, buf_str(&text));
    buf_release(&text);
    return result;
}
