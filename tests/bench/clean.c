/* clean.c - how fast pin.jsonl, geo.jsonl and user.jsonl of a folder are cleaned and the questions answered.
 * usage: bench_clean DIR [THREADS] [PROFILE] */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pipeline/analytics/analytics.h"
#include "pipeline/clean/lines.h"

static const char *const TABLES[] = { "pin", "geo", "user" };
enum { N_TABLES = 3, ROUNDS = 3 };

static double ms_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
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
    void *p = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0) : NULL;
    close(fd);
    if (p == MAP_FAILED) {
        perror(path);
        exit(3);
    }
    return (struct str){ p, (size_t)st.st_size };
}

static void ask(const struct analytics *a, struct lines *lines)
{
    const struct table *tables[N_TABLES];
    double all = ms_of(CLOCK_MONOTONIC);
    struct err e;
    for (int t = 0; t < N_TABLES; t++)
        tables[t] = lines[t].table;
    for (size_t i = 0; i < analytics_count(a); i++) {
        struct result *r;
        double from = ms_of(CLOCK_MONOTONIC);
        if (analytics_run(a, i, tables, N_TABLES, &r, &e)) {
            fprintf(stderr, "%s\n", e.message);
            exit(1);
        }
        printf("  %-46.*s %8.1f ms\n", STR_A(r->name), ms_of(CLOCK_MONOTONIC) - from);
        result_close(r);
    }
    printf("  all questions %40.1f ms\n", ms_of(CLOCK_MONOTONIC) - all);
}

static void run(const struct rules *r, const struct analytics *a, const struct str *texts, unsigned threads, bool questions)
{
    struct lines lines[N_TABLES];
    struct err e;
    double wall = ms_of(CLOCK_MONOTONIC), cpu = ms_of(CLOCK_PROCESS_CPUTIME_ID), bytes = 0;
    size_t rows = 0;
    for (int t = 0; t < N_TABLES; t++) {
        if (lines_clean(r, str_of(TABLES[t]), texts[t], threads, &lines[t], &e)) {
            fprintf(stderr, "%s\n", e.message);
            exit(1);
        }
        bytes += (double)texts[t].n;
        rows += lines[t].table->n_rows;
    }
    wall = ms_of(CLOCK_MONOTONIC) - wall;
    cpu = ms_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("clean: %zu rows, %.0f MB in %.0f ms: %.0f MB/s (CPU %.0f ms: %.0f MB/s per core)\n", rows, bytes / 1e6, wall,
           bytes / 1e3 / wall, cpu, bytes / 1e3 / cpu);
    double sort = ms_of(CLOCK_MONOTONIC);
    for (int t = 0; t < N_TABLES; t++)
        table_finish(lines[t].table);
    printf("order and duplicates: %.0f ms\n", ms_of(CLOCK_MONOTONIC) - sort);
    if (questions)
        ask(a, lines);
    for (int t = 0; t < N_TABLES; t++)
        lines_release(&lines[t]);
}

int main(int argc, char **argv)
{
    struct err e;
    struct str texts[N_TABLES];
    struct rusage usage;
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIR [THREADS] [PROFILE]\n", argv[0]);
        return 2;
    }
    struct rules *r = rules_open(NULL, argc > 3 ? argv[3] : NULL, &e);
    struct analytics *a = r ? analytics_open(r, &e) : NULL;
    if (!a) {
        fprintf(stderr, "%s\n", e.message);
        return 2;
    }
    for (int t = 0; t < N_TABLES; t++)
        texts[t] = map_file(argv[1], TABLES[t]);
    for (int round = 0; round < ROUNDS; round++)
        run(r, a, texts, argc > 2 ? (unsigned)atoi(argv[2]) : 0, round + 1 == ROUNDS);
    getrusage(RUSAGE_SELF, &usage);
    printf("most memory: %ld MB, of which the rows' text may be most\n", usage.ru_maxrss / 1024);
    analytics_close(a);
    rules_close(r);
    return 0;
}
