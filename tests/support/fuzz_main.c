/* fuzz_main.c - runs a libFuzzer entry point without libFuzzer: over its corpus, and over mutations of it drawn from a
 * fixed seed, so that the targets are built, and their findings stay found, in every test run.
 *
 *   fuzz_NAME [rounds] [file or folder …]        default: tests/fuzz/corpus/NAME, 4,000 rounds
 *
 * With clang's runtime the same targets fuzz by coverage: clang -fsanitize=fuzzer,address tests/fuzz/NAME.c …
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_SEEDS = 512, MAX_BYTES = 1 << 16 };

struct seeds {
    struct buf at[MAX_SEEDS];
    size_t n;
};

static void add_file(struct seeds *s, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || s->n == MAX_SEEDS)
        return;
    struct buf *b = &s->at[s->n++];
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0 && b->n < MAX_BYTES;)
        buf_add(b, piece, n);
    fclose(f);
}

static void add_path(struct seeds *s, const char *path)
{
    DIR *d = opendir(path);
    if (!d) {
        add_file(s, path);
        return;
    }
    for (struct dirent *e; (e = readdir(d));) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            add_file(s, file);
    }
    closedir(d);
}

/* Every entry point sees its bytes at the end of an allocation of just their size, so that a sanitizer sees one byte too far. */
static void try(const char *p, size_t n)
{
    uint8_t *exact = mem_alloc(n);
    if (n)
        memcpy(exact, p, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

static void mutate(struct rng *r, const struct seeds *s, struct buf *b)
{
    static const uint8_t interesting[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '\\', '{', '}', '[', ']', '<', '>', '&', '%', '#', '$', '\n', '\r', ',', ';', '0', '9', '-' };
    for (int steps = 1 + (int)rng_below(r, 6); steps > 0; steps--) {
        size_t at = b->n ? rng_below(r, b->n) : 0;
        switch (rng_below(r, 6)) {
        case 0: /* one byte */
            if (b->n)
                b->p[at] = (char)interesting[rng_below(r, sizeof interesting)];
            break;
        case 1: /* one bit */
            if (b->n)
                b->p[at] = (char)(b->p[at] ^ 1 << rng_below(r, 8));
            break;
        case 2: /* cut the end */
            b->n = at;
            break;
        case 3: { /* repeat a piece */
            size_t n = b->n ? rng_below(r, b->n - at) : 0;
            if (n && b->n + n < MAX_BYTES && buf_room(b, n))
                memcpy(b->p + b->n, b->p + at, n), b->n += n;
            break;
        }
        case 4: /* insert */
            if (b->n < MAX_BYTES && buf_room(b, 1)) {
                if (b->n > at)
                    memmove(b->p + at + 1, b->p + at, b->n - at);
                b->p[at] = (char)interesting[rng_below(r, sizeof interesting)];
                b->n++;
            }
            break;
        default: { /* the end of another seed */
            const struct buf *other = &s->at[rng_below(r, s->n)];
            size_t from = other->n ? rng_below(r, other->n) : 0;
            b->n = at;
            if (other->n)
                buf_add(b, other->p + from, other->n - from < 512 ? other->n - from : 512);
        }
        }
    }
}

int main(int argc, char **argv)
{
    static struct seeds seeds;
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 4000;
    for (int i = 2; i < argc; i++)
        add_path(&seeds, argv[i]);
    if (seeds.n == 0)
        seeds.n = 1; /* the empty input */
    for (size_t i = 0; i < seeds.n; i++)
        for (size_t cut = 0; cut <= seeds.at[i].n; cut += 1 + seeds.at[i].n / 512)
            try(seeds.at[i].p, cut);
    struct rng rng;
    rng_seed(&rng, 1);
    struct buf b = BUF_INIT;
    for (long i = 0; i < rounds; i++) {
        const struct buf *seed = &seeds.at[rng_below(&rng, seeds.n)];
        buf_reset(&b);
        buf_str_add(&b, buf_str(seed));
        mutate(&rng, &seeds, &b);
        try(b.p, b.n);
    }
    buf_release(&b);
    for (size_t i = 0; i < seeds.n; i++)
        buf_release(&seeds.at[i]);
    printf("%zu seeds, %ld mutations\n", seeds.n, rounds);
    return 0;
}
