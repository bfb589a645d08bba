/* t.c - assertions that show text, and finding test data. */
#include "tests/support/t.h"

#include <unistd.h>

void t_assert_str(struct str got, const char *want, const char *file, int line)
{
    if (str_is(got, want))
        return;
    print_error("got:  " STR_F "\nwant: %s\n", STR_A(got), want);
    _fail(file, line);
}

void t_assert_ok(int result, const struct err *e, const char *what, const char *file, int line)
{
    if (result == 0)
        return;
    print_error("%s: %d [%s] %s\n", what, result, e->code, e->message);
    _fail(file, line);
}

struct str t_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return (struct str){ 0 };
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    char *p = arena_alloc(a, (size_t)n + 1);
    size_t got = fread(p, 1, (size_t)n, f);
    fclose(f);
    p[got] = 0;
    return (struct str){ p, got };
}

static const char *below(struct arena *a, const char *variable, const char *relative)
{
    const char *root = getenv(variable);
    return root ? arena_f(a, "%s/%s", root, relative).p : NULL;
}

const char *t_shared(struct arena *a, const char *relative)
{
    const char *path = below(a, "WEIRBOX_SHARED_DATA", relative);
    return path && access(path, R_OK) == 0 ? path : NULL;
}

void t_need_shared(const char *relative)
{
    struct arena a = ARENA_INIT;
    bool there = t_shared(&a, relative) != NULL;
    arena_release(&a);
    if (there)
        return;
    printf("skipped: the shared test data has no %s here\n", relative);
    exit(77);
}

const char *t_source(struct arena *a, const char *relative) { return below(a, "WEIRBOX_SOURCE", relative); }
