/* sink.c - write beside, flush, rename. */
#include "pipeline/sink/sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int sink_folders(char *path, struct err *e)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int failed = mkdir(path, 0777) && errno != EEXIST;
        if (failed)
            err_set(e, 0, "DISK", "cannot make the folder %s: %s", path, strerror(errno));
        *slash = '/';
        if (failed)
            return -1;
    }
    return 0;
}

int sink_put(const char *dir, const char *relative, struct str bytes, struct err *e)
{
    struct buf text = BUF_INIT, temporary = BUF_INIT;
    buf_f(&text, "%s/%s", dir, relative);
    char *path = mem_dup(buf_str(&text));
    buf_f(&temporary, "%s.new", path);
    int result = sink_folders(path, e);
    if (result == 0) {
        FILE *f = fopen(buf_cstr(&temporary), "wb");
        bool ok = f && (bytes.n == 0 || fwrite(bytes.p, 1, bytes.n, f) == bytes.n);
        if (f && fclose(f))
            ok = false;
        if (!ok || rename(buf_cstr(&temporary), path)) {
            result = err_set(e, 0, "DISK", "cannot write %s: %s", path, strerror(errno));
            if (f)
                unlink(buf_cstr(&temporary));
        }
    }
    free(path);
    buf_release(&text);
    buf_release(&temporary);
    return result;
}

int sink_table(const char *dir, const struct table *t, struct err *e)
{
    struct buf out = BUF_INIT, name = BUF_INIT;
    for (size_t i = 0; i < t->n_rows; i++)
        table_put_jsonl(t, i, &out);
    buf_f(&name, "clean/" STR_F ".jsonl", STR_A(t->name));
    int result = sink_put(dir, buf_cstr(&name), buf_str(&out), e);
    buf_release(&out);
    buf_release(&name);
    return result;
}

int sink_answer(const char *dir, const struct result *r, struct err *e)
{
    struct buf out = BUF_INIT, name = BUF_INIT;
    result_put_csv(r, &out);
    buf_f(&name, "queries/" STR_F ".csv", STR_A(r->name));
    int result = sink_put(dir, buf_cstr(&name), buf_str(&out), e);
    buf_release(&out);
    buf_release(&name);
    return result;
}

int sink_get(const char *dir, const char *relative, struct buf *ret, struct err *e)
{
    struct buf name = BUF_INIT;
    buf_f(&name, "%s/%s", dir, relative);
    FILE *f = fopen(buf_cstr(&name), "rb");
    int result = 0;
    if (!f) {
        result = errno == ENOENT ? 1 : err_set(e, 0, "DISK", "cannot read %s: %s", buf_cstr(&name), strerror(errno));
    } else {
        char piece[65536];
        for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
            buf_add(ret, piece, n);
        if (ferror(f))
            result = err_set(e, 0, "DISK", "cannot read %s: %s", buf_cstr(&name), strerror(errno));
        fclose(f);
    }
    buf_release(&name);
    return result;
}
