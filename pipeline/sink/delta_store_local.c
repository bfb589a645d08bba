/* delta_store_local.c - a table's folder on a disk.
 *
 * A file is written beside its place (.tmp-…), flushed to the disk, and then renamed into it, or linked when it must
 * not replace another: link(2) is atomic and fails when the name is taken. The folder is flushed too, so that the
 * name outlives a power cut.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/sink/delta.h"

struct local {
    struct delta_store store;
    struct clock *clock;
    char *dir;
    unsigned long long n_temporary;
};

static int refused(const char *what, const char *path, struct err *e)
{
    return err_set(e, 0, "DISK", "cannot %s %s: %s", what, path, strerror(errno));
}

/* Paths come from logs that anybody may have written: they stay below the folder. */
static int full_path(const struct local *l, struct str path, struct buf *ret, struct err *e)
{
    struct str rest = path;
    bool ok = path.n > 0 && path.p[0] != '/' && !memchr(path.p, 0, path.n) && str_find(path, S("://")) == STR_NONE;
    while (ok && rest.p)
        ok = !str_is(str_cut(&rest, '/'), "..");
    if (!ok)
        return err_set(e, 0, "DELTA_PATH", "'" STR_F "' lies outside of the table's folder %s: not supported", STR_A(str_head(path, 200)), l->dir);
    buf_z(ret, l->dir);
    buf_c(ret, '/');
    buf_str_add(ret, path);
    buf_cstr(ret);
    return 0;
}

/* ---- get ---- */

static int read_all(int fd, struct buf *ret)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && st.st_size > 0)
        buf_room(ret, (size_t)st.st_size + 1);
    for (;;) {
        char *at = buf_room(ret, 65536);
        ssize_t n = at ? read(fd, at, 65536) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        ret->n += (size_t)n;
    }
}

static int local_get(struct delta_store *s, struct str path, struct buf *ret, struct err *e)
{
    struct local *l = (struct local *)s;
    struct buf full = BUF_INIT;
    int result = full_path(l, path, &full, e);
    int fd = result == 0 ? open(full.p, O_RDONLY | O_CLOEXEC) : -1;
    if (result == 0 && fd < 0)
        result = errno == ENOENT || errno == ENOTDIR ? 1 : refused("open", full.p, e);
    if (fd >= 0 && read_all(fd, ret))
        result = refused("read", full.p, e);
    if (fd >= 0)
        close(fd);
    buf_release(&full);
    return result;
}

/* ---- put ---- */

static int make_folders(char *path, struct err *e)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int failed = mkdir(path, 0777) && errno != EEXIST && errno != EROFS ? refused("make the folder", path, e) : 0;
        *slash = '/';
        if (failed)
            return -1;
    }
    return 0;
}

static int write_all(int fd, struct str bytes)
{
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes = str_from(bytes, (size_t)n);
    }
    return 0;
}

static int put_temporary(const char *path, struct str bytes, int64_t us, struct err *e)
{
    struct timespec now = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, times[2] = { now, now };
    unlink(path); /* what a process of the same number left behind */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return refused("make", path, e);
    int result = write_all(fd, bytes) || futimens(fd, times) || fsync(fd) ? refused("write", path, e) : 0;
    if (close(fd) && result == 0)
        result = refused("write", path, e);
    return result;
}

static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = mem_dup((struct str){ path, (size_t)(slash - path) });
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

/* 1: the name is taken. */
static int put_in_place(const char *temporary, const char *path, bool if_absent, struct err *e)
{
    if (!if_absent)
        return rename(temporary, path) ? refused("put into place", path, e) : 0;
    int result = link(temporary, path) == 0 ? 0 : errno == EEXIST ? 1 : refused("put into place", path, e);
    unlink(temporary);
    return result;
}

static int local_put(struct delta_store *s, struct str path, struct str bytes, bool if_absent, struct err *e)
{
    struct local *l = (struct local *)s;
    struct buf full = BUF_INIT, temporary = BUF_INIT;
    int result = full_path(l, path, &full, e);
    if (result == 0)
        result = make_folders(full.p, e);
    if (result == 0) {
        const char *slash = strrchr(full.p, '/');
        buf_f(&temporary, "%.*s/.tmp-%ld-%p-%llu", (int)(slash - full.p), full.p, (long)getpid(), (void *)l, l->n_temporary++);
        buf_cstr(&temporary);
        result = put_temporary(temporary.p, bytes, clock_now_us(l->clock), e);
        if (result == 0)
            result = put_in_place(temporary.p, full.p, if_absent, e);
        if (result < 0)
            unlink(temporary.p);
        else
            sync_folder(full.p);
    }
    buf_release(&full);
    buf_release(&temporary);
    return result;
}

static int local_remove(struct delta_store *s, struct str path, struct err *e)
{
    struct buf full = BUF_INIT;
    int result = full_path((struct local *)s, path, &full, e);
    if (result == 0 && unlink(full.p) && errno != ENOENT)
        result = refused("delete", full.p, e);
    buf_release(&full);
    return result;
}

/* ---- list ---- */

enum { MAX_DEPTH = 32 };

struct found {
    struct delta_object *at;
    size_t n, cap;
    struct arena arena;
    struct str prefix, after;
};

static void add(struct found *f, const char *path, const struct stat *st)
{
    struct str name = str_of(path);
    if (!str_starts(name, f->prefix) || (f->after.n && str_cmp(name, f->after) <= 0))
        return;
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 64;
        f->at = mem_grow(f->at, f->cap * sizeof *f->at);
    }
    f->at[f->n++] = (struct delta_object){ arena_dup(&f->arena, name), (uint64_t)st->st_size,
                                           (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000 };
}

/* relative: "" or "folder/" below the table. Links are not followed out of it. */
static int walk(const struct local *l, struct str relative, int depth, struct found *f, struct err *e)
{
    struct arena a = ARENA_INIT;
    const char *folder = arena_f(&a, "%s/" STR_F, l->dir, STR_A(relative)).p;
    DIR *d = opendir(folder);
    int result = d || errno == ENOENT || errno == ENOTDIR ? 0 : refused("list", folder, e);
    for (struct dirent *entry; result == 0 && d && (entry = readdir(d));) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strncmp(entry->d_name, ".tmp-", 5) == 0)
            continue;
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue; /* gone meanwhile */
        struct str path = arena_f(&a, STR_F "%s", STR_A(relative), entry->d_name);
        if (S_ISREG(st.st_mode))
            add(f, path.p, &st);
        else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
            result = walk(l, arena_f(&a, STR_F "/", STR_A(path)), depth + 1, f, e);
    }
    if (d)
        closedir(d);
    arena_release(&a);
    return result;
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct delta_object *)a)->path, ((const struct delta_object *)b)->path);
}

static int local_list(struct delta_store *s, struct str prefix, struct str after, void (*each)(void *arg, const struct delta_object *o),
                      void *arg, struct err *e)
{
    struct local *l = (struct local *)s;
    struct found f = { .prefix = prefix, .after = after };
    /* Only the folder the prefix names need be read. */
    size_t folder = prefix.n;
    while (folder && prefix.p[folder - 1] != '/')
        folder--;
    int result = walk(l, str_head(prefix, folder), 0, &f, e);
    if (f.n)
        qsort(f.at, f.n, sizeof *f.at, by_path);
    for (size_t i = 0; i < f.n && result == 0; i++)
        each(arg, &f.at[i]);
    free(f.at);
    arena_release(&f.arena);
    return result;
}

/* ---- opening ---- */

static void local_close(struct delta_store *s)
{
    struct local *l = (struct local *)s;
    free(l->dir);
    free((char *)(uintptr_t)l->store.root.p);
    free(l);
}

struct delta_store *delta_store_local(const char *dir, struct clock *clock)
{
    static const struct delta_store_ops ops = { local_get, local_put, local_list, local_remove, local_close };
    struct local *l = mem_zero(sizeof *l);
    struct str path = str_of(dir);
    char real[PATH_MAX];
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    l->dir = mem_dup(path);
    l->clock = clock;
    l->store.ops = &ops;
    l->store.root = str_of(mem_dup(str_of(realpath(l->dir, real) ? real : l->dir)));
    return &l->store;
}
