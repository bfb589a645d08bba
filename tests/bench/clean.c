/* clean.c - pin.jsonl, geo.jsonl and user.jsonl of a folder loaded, cleaned and asked by the native engine.
 * Prints "measure<TAB>milliseconds" lines (wall, then CPU) and "rss<TAB>KiB"; writes the answers, one JSON line a row.
 * bench/engines.sh sets it beside other engines. usage: bench_clean DIR ANSWERS [THREADS] [PROFILE] */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "pipeline/analytics/analytics.h"
#include "pipeline/clean/lines.h"

static const char *const TABLES[] = { "geo", "user", "pin" }; /* the largest last: its text stays */
enum { N_TABLES = 3 };

struct watch {
    double wall, cpu;
};

static double ms_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct watch watch_start(void)
{
    return (struct watch){ ms_of(CLOCK_MONOTONIC), ms_of(CLOCK_PROCESS_CPUTIME_ID) };
}

static void watch_stop(struct watch from, struct str measure)
{
    printf(STR_F "\t%.1f\t%.1f\n", STR_A(measure), ms_of(CLOCK_MONOTONIC) - from.wall,
           ms_of(CLOCK_PROCESS_CPUTIME_ID) - from.cpu);
}

static void fail(const struct err *e)
{
    fprintf(stderr, "%s\n", e->message);
    exit(1);
}

static struct str map_file(const char *dir, const char *table)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s.jsonl", dir, table);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st)) {
        perror(path);
        exit(3);
    }
    void *p = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    close(fd);
    if (p == MAP_FAILED) {
        perror(path);
        exit(3);
    }
    return (struct str){ p, (size_t)st.st_size };
}

static void load(const struct rules *r, const char *dir, unsigned threads, struct lines *lines)
{
    struct watch w = watch_start();
    struct err e;
    for (int t = 0; t < N_TABLES; t++) {
        struct str text = map_file(dir, TABLES[t]);
        if (lines_clean(r, str_of(TABLES[t]), text, threads, &lines[t], &e))
            fail(&e);
        if (text.n && !lines_view(&lines[t], text))
            munmap((void *)(uintptr_t)text.p, text.n);
    }
    watch_stop(w, S("load and clean"));
}

/* ["question",cell,…] a row */
static void put_answer(const struct result *r, struct buf *out)
{
    for (size_t row = 0; row < r->n_rows; row++) {
        buf_c(out, '[');
        json_put_text(out, r->name);
        for (size_t k = 0; k < r->n_columns; k++) {
            const struct cell *c = result_cell(r, row, k);
            buf_c(out, ',');
            if (c->null)
                buf_z(out, "null");
            else if (r->columns[k].type == COLUMN_STRING)
                json_put_text(out, c->text);
            else
                result_put_cell(r, row, k, out);
        }
        buf_z(out, "]\n");
    }
}

static void ask(const struct analytics *a, const struct lines *lines, struct buf *answers)
{
    const struct table *tables[N_TABLES];
    struct err e;
    for (int t = 0; t < N_TABLES; t++)
        tables[t] = lines[t].table;
    for (size_t i = 0; i < analytics_count(a); i++) {
        struct result *r;
        struct watch w = watch_start();
        if (analytics_run(a, i, tables, N_TABLES, &r, &e))
            fail(&e);
        watch_stop(w, analytics_name(a, i));
        put_answer(r, answers);
        result_close(r);
    }
}

/* What the program does before it writes tables, and no question needs. */
static void finish(struct lines *lines)
{
    struct watch w = watch_start();
    for (int t = 0; t < N_TABLES; t++)
        table_finish(lines[t].table);
    watch_stop(w, S("(order of rows)"));
}

static void write_answers(const char *path, const struct buf *answers)
{
    FILE *f = fopen(path, "w");
    if (!f || fwrite(answers->p, 1, answers->n, f) != answers->n || fclose(f)) {
        perror(path);
        exit(3);
    }
}

int main(int argc, char **argv)
{
    struct err e;
    struct lines lines[N_TABLES];
    struct rusage usage;
    struct buf answers = BUF_INIT;
    if (argc < 3) {
        fprintf(stderr, "usage: %s DIR ANSWERS [THREADS] [PROFILE]\n", argv[0]);
        return 2;
    }
    struct rules *r = rules_open(NULL, argc > 4 ? argv[4] : NULL, &e);
    struct analytics *a = r ? analytics_open(r, &e) : NULL;
    if (!a)
        fail(&e);
    load(r, argv[1], argc > 3 ? (unsigned)atoi(argv[3]) : 0, lines);
    ask(a, lines, &answers);
    getrusage(RUSAGE_SELF, &usage);
    printf("rss\t%ld\n", usage.ru_maxrss);
    finish(lines);
    write_answers(argv[2], &answers);
    buf_release(&answers);
    for (int t = 0; t < N_TABLES; t++)
        lines_release(&lines[t]);
    analytics_close(a);
    rules_close(r);
    return 0;
}
