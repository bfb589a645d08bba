/* stream_output.c - files of the out folder that grow with every batch: each is cut to what state/N-1 says of it, then the
 * batch's lines are added, so that a batch done again leaves the same bytes. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/sink/sink.h"
#include "pipeline/stream/stream_own.h"

struct output *stream_output_of(struct stream *s, struct str path)
{
    if (!s->o.out)
        return NULL;
    for (size_t i = 0; i < s->n_outputs; i++)
        if (str_eq(s->outputs[i].path, path))
            return &s->outputs[i];
    s->outputs = mem_grow(s->outputs, (s->n_outputs + 1) * sizeof *s->outputs);
    s->outputs[s->n_outputs] = (struct output){ .path = arena_dup(&s->names, path) };
    return &s->outputs[s->n_outputs++];
}

uint64_t stream_output_size(const struct stream *s, const struct output *o)
{
    struct arena a = ARENA_INIT;
    struct stat st;
    bool there = stat(arena_f(&a, "%s/" STR_F, s->o.out, STR_A(o->path)).p, &st) == 0;
    arena_release(&a);
    return there && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static int fail(const char *path, struct err *e)
{
    return err_set(e, 0, "DISK", "cannot write %s: %s", path, strerror(errno));
}

/* 1: the file was shorter than what belongs to it: somebody took it away or cut it. */
static int cut(int fd, uint64_t length)
{
    struct stat st;
    if (fstat(fd, &st))
        return -1;
    if ((uint64_t)st.st_size < length)
        return 1;
    return ftruncate(fd, (off_t)length);
}

static int add(const char *path, const struct output *o, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), result = fd < 0 ? -1 : cut(fd, o->length);
    off_t at = result == 0 ? (off_t)o->length : result == 1 ? lseek(fd, 0, SEEK_END) : 0;
    result = result > 0 ? 0 : result;
    for (size_t done = 0; result == 0 && done < o->added.n;) {
        ssize_t n = pwrite(fd, o->added.p + done, o->added.n - done, at + (off_t)done);
        if (n < 0 && errno != EINTR)
            result = -1;
        done += n > 0 ? (size_t)n : 0;
    }
    if (result == 0)
        result = fsync(fd);
    if (result)
        fail(path, e);
    if (fd >= 0)
        close(fd);
    return result;
}

int stream_output_flush(struct stream *s, struct err *e)
{
    struct arena a = ARENA_INIT;
    int result = 0;
    for (size_t i = 0; i < s->n_outputs && result == 0; i++) {
        struct output *o = &s->outputs[i];
        if (!o->added.n)
            continue;
        char *path = arena_z(&a, arena_f(&a, "%s/" STR_F, s->o.out, STR_A(o->path)));
        result = sink_folders(path, e);
        if (result == 0)
            result = add(path, o, e);
        o->length += o->added.n;
        buf_reset(&o->added);
    }
    arena_release(&a);
    return result;
}
