/* rows.c - raw rows of any number, as pin.jsonl, geo.jsonl and user.jsonl of a folder: those of the mock RDS
 * (mocks/rds/synth.h), one set of them after another with seeds that follow, their keys counted on. One line in twenty is
 * followed by a copy of one of the last 64, so that keys repeat and are out of order.
 * usage: bench_rows ROWS DIR [SEED] */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/rng.h"
#include "mocks/rds/synth.h"

enum { RECENT = 64, REPEATED_IN = 20, FLUSH_BYTES = 1 << 20 };

struct file {
    FILE *f;
    struct buf out, recent[RECENT];
    struct rng r;
};

static void put_text(struct buf *out, const char *key, struct str text)
{
    buf_z(out, key);
    json_put_text(out, text);
}

static void put_number(struct buf *out, const char *key, double v)
{
    buf_z(out, key);
    json_put_double(out, v);
}

static void put_pin(struct buf *out, const struct synth_pin *p, int64_t key)
{
    buf_f(out, "{\"index\":%lld", (long long)key);
    put_text(out, ",\"unique_id\":", p->unique_id);
    put_text(out, ",\"title\":", p->title);
    put_text(out, ",\"description\":", p->description);
    put_text(out, ",\"poster_name\":", p->poster_name);
    put_text(out, ",\"follower_count\":", p->follower_count);
    put_text(out, ",\"tag_list\":", p->tag_list);
    put_text(out, ",\"is_image_or_video\":", p->is_image_or_video);
    put_text(out, ",\"image_src\":", p->image_src);
    buf_f(out, ",\"downloaded\":%lld", (long long)p->downloaded);
    put_text(out, ",\"save_location\":", p->save_location);
    put_text(out, ",\"category\":", p->category);
    buf_z(out, "}\n");
}

static void put_geo(struct buf *out, const struct synth_geo *g, int64_t key)
{
    buf_f(out, "{\"ind\":%lld", (long long)key);
    put_text(out, ",\"timestamp\":", g->timestamp);
    put_number(out, ",\"latitude\":", g->latitude);
    put_number(out, ",\"longitude\":", g->longitude);
    put_text(out, ",\"country\":", g->country);
    buf_z(out, "}\n");
}

static void put_user(struct buf *out, const struct synth_user *u, int64_t key)
{
    buf_f(out, "{\"ind\":%lld", (long long)key);
    put_text(out, ",\"first_name\":", u->first_name);
    put_text(out, ",\"last_name\":", u->last_name);
    buf_f(out, ",\"age\":%lld", (long long)u->age);
    put_text(out, ",\"date_joined\":", u->date_joined);
    buf_z(out, "}\n");
}

static void file_flush(struct file *f)
{
    if (fwrite(f->out.p, 1, f->out.n, f->f) != f->out.n) {
        perror("bench_rows");
        exit(3);
    }
    buf_reset(&f->out);
}

/* The line of row n is in recent[n % RECENT]. */
static void file_line(struct file *f, int64_t n)
{
    buf_str_add(&f->out, buf_str(&f->recent[n % RECENT]));
    if (n >= RECENT && rng_below(&f->r, REPEATED_IN) == 0)
        buf_str_add(&f->out, buf_str(&f->recent[rng_below(&f->r, RECENT)]));
    if (f->out.n >= FLUSH_BYTES)
        file_flush(f);
}

static void file_open(struct file *f, const char *dir, const char *table, uint64_t seed)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.jsonl", dir, table);
    *f = (struct file){ .f = fopen(path, "w"), .out = BUF_INIT };
    if (!f->f) {
        perror(path);
        exit(3);
    }
    for (size_t i = 0; i < RECENT; i++)
        f->recent[i] = BUF_INIT;
    rng_seed(&f->r, seed);
}

static void file_close(struct file *f)
{
    file_flush(f);
    fclose(f->f);
    buf_release(&f->out);
    for (size_t i = 0; i < RECENT; i++)
        buf_release(&f->recent[i]);
}

static void row(const struct synth *s, struct arena *a, struct file *files, int64_t n)
{
    struct synth_pin pin;
    struct synth_geo geo;
    struct synth_user user;
    int64_t k = n % SYNTH_ROWS;
    for (size_t t = 0; t < 3; t++)
        buf_reset(&files[t].recent[n % RECENT]);
    synth_pin(s, k, a, &pin);
    put_pin(&files[0].recent[n % RECENT], &pin, n);
    synth_geo(s, k, a, &geo);
    put_geo(&files[1].recent[n % RECENT], &geo, n);
    synth_user(s, k, a, &user);
    put_user(&files[2].recent[n % RECENT], &user, n);
    for (size_t t = 0; t < 3; t++)
        file_line(&files[t], n);
}

int main(int argc, char **argv)
{
    static const char *const TABLES[] = { "pin", "geo", "user" };
    struct file files[3];
    struct synth s;
    struct arena a = ARENA_INIT;
    if (argc < 3) {
        fprintf(stderr, "usage: %s ROWS DIR [SEED]\n", argv[0]);
        return 2;
    }
    int64_t rows = atoll(argv[1]);
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    for (size_t t = 0; t < 3; t++)
        file_open(&files[t], argv[2], TABLES[t], seed + t);
    for (int64_t n = 0; n < rows; n++) {
        if (n % SYNTH_ROWS == 0)
            synth_init(&s, seed + (uint64_t)(n / SYNTH_ROWS));
        row(&s, &a, files, n);
        arena_reset(&a);
    }
    for (size_t t = 0; t < 3; t++)
        file_close(&files[t]);
    arena_release(&a);
    return 0;
}
