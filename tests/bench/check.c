/* check.c - how fast pin.jsonl, geo.jsonl and user.jsonl of a folder are profiled once they are clean.
 * usage: bench_check DIR [THREADS] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "pipeline/check/profile.h"
#include "pipeline/clean/lines.h"
#include "pipeline/sink/sink.h"

static const char *const TABLES[] = { "pin", "geo", "user" };
enum { N_TABLES = 3, ROUNDS = 3 };

static double now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const struct err *e)
{
    fprintf(stderr, "%s\n", e->message);
    exit(3);
}

static void profile(const struct table *const *tables, unsigned threads)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct arena a = ARENA_INIT;
        struct table_profile profiles[N_TABLES];
        double from = now_ms(CLOCK_MONOTONIC), cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID);
        profile_tables(tables, N_TABLES, threads, &a, profiles, NULL);
        printf("  %8.1f ms (CPU %.1f)", now_ms(CLOCK_MONOTONIC) - from, now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu);
        for (int t = 0; t < N_TABLES; t++)
            printf("  " STR_F " %016llx", STR_A(profiles[t].name), (unsigned long long)profiles[t].hash[0]);
        printf("\n");
        arena_release(&a);
    }
}

int main(int argc, char **argv)
{
    struct err e;
    struct buf text[N_TABLES] = { 0 };
    struct lines lines[N_TABLES];
    const struct table *tables[N_TABLES];
    struct rusage usage;
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIR [THREADS]\n", argv[0]);
        return 2;
    }
    struct rules *r = rules_open(NULL, NULL, &e);
    if (!r)
        fail(&e);
    for (int t = 0; t < N_TABLES; t++) {
        char name[16];
        snprintf(name, sizeof name, "%s.jsonl", TABLES[t]);
        if (sink_get(argv[1], name, &text[t], &e) || lines_clean(r, str_of(TABLES[t]), buf_str(&text[t]), 0, &lines[t], &e))
            fail(&e);
        table_finish(lines[t].table);
        tables[t] = lines[t].table;
    }
    printf("profile of %zu, %zu and %zu rows\n", tables[0]->n_rows, tables[1]->n_rows, tables[2]->n_rows);
    profile(tables, argc > 2 ? (unsigned)atoi(argv[2]) : 0);
    getrusage(RUSAGE_SELF, &usage);
    printf("most memory: %ld MB, of which the rows' text may be most\n", usage.ru_maxrss / 1024);
    for (int t = 0; t < N_TABLES; t++) {
        lines_release(&lines[t]);
        buf_release(&text[t]);
    }
    rules_close(r);
    return 0;
}
