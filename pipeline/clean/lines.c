#include "pipeline/clean/lines.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_THREADS = 64, LEAST_BYTES = 1 << 20 };

struct piece {
    pthread_t thread;
    bool started;
    struct str text;
    struct cleaner *cleaner;
    struct lines done;
    size_t n_lines;
};

static void lines_refuse(struct lines *l, size_t line, struct str record, const struct err *why)
{
    if ((l->n_refused & (l->n_refused - 1)) == 0)
        l->refused = mem_grow(l->refused, (l->n_refused ? l->n_refused * 2 : 1) * sizeof *l->refused);
    struct lines_refused *r = &l->refused[l->n_refused++];
    *r = (struct lines_refused){ .line = line, .record = record, .message = mem_dup(str_of(why->message)) };
    struct str code = str_head(str_of(why->code), sizeof r->code - 1);
    memcpy(r->code, code.p, code.n);
}

static void *lines_piece(void *piece)
{
    struct piece *p = piece;
    struct str rest = p->text, record;
    while (rest.n) {
        struct err why;
        if (cleaner_add_line(p->cleaner, &rest, ++p->n_lines, &record, &why) < 0)
            lines_refuse(&p->done, p->n_lines, record, &why);
    }
    p->done.table = cleaner_take(p->cleaner);
    return NULL;
}

/* Cuts the text behind line ends into n pieces of about the same size. */
static void lines_cut(struct str text, struct piece *pieces, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t want = i + 1 == n ? text.n : text.n / (n - i);
        size_t end = want < text.n ? str_chr(str_from(text, want), '\n') : STR_NONE;
        want = end == STR_NONE ? text.n : want + end + 1;
        pieces[i].text = str_head(text, want);
        text = str_from(text, want);
    }
}

/* Numbers of lines of a piece become those of the whole text. */
static void lines_shift(struct lines *l, size_t by)
{
    struct table *t = l->table;
    for (size_t i = 0; i < t->n_rows; i++)
        t->tag[i] += by;
    for (size_t i = 0; i < t->n_counts; i++)
        t->counts[i].sample_tag += t->counts[i].sample.p ? by : 0;
    for (size_t i = 0; i < l->n_refused; i++)
        l->refused[i].line += by;
}

static void lines_merge(struct lines *into, struct lines *from)
{
    size_t n = into->n_refused + from->n_refused, cap = 1;
    while (cap < n)
        cap *= 2;
    into->refused = mem_grow(into->refused, cap * sizeof *into->refused);
    if (from->n_refused)
        memcpy(into->refused + into->n_refused, from->refused, from->n_refused * sizeof *from->refused);
    into->n_refused = n;
    free(from->refused);
    if (into->table)
        table_merge(into->table, from->table);
    else
        into->table = from->table;
}

static size_t lines_threads(unsigned threads, size_t bytes)
{
    long processors = threads ? (long)threads : sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = processors < 1 ? 1 : processors > MAX_THREADS ? MAX_THREADS : (size_t)processors;
    return threads || bytes >= n * LEAST_BYTES ? n : 1;
}

int lines_clean(const struct rules *r, struct str table, struct str text, unsigned threads, struct lines *ret_lines,
                struct err *e)
{
    size_t n = lines_threads(threads, text.n), before = 0;
    struct piece *pieces = mem_zero(n * sizeof *pieces);
    struct lines all = { 0 };
    int result = 0;
    lines_cut(text, pieces, n);
    for (size_t i = 0; i < n && !result; i++)
        if (!(pieces[i].cleaner = cleaner_open(r, table, true)))
            result = err_set(e, 0, "TABLE_MISSING", "there are no rules for a table " STR_F, STR_A(table));
    for (size_t i = 1; i < n && !result; i++)
        pieces[i].started = pthread_create(&pieces[i].thread, NULL, lines_piece, &pieces[i]) == 0;
    for (size_t i = 0; i < n && !result; i++)
        if (!pieces[i].started) /* the first, and those for which there was no thread */
            lines_piece(&pieces[i]);
    for (size_t i = 0; i < n && !result; i++) {
        if (pieces[i].started)
            pthread_join(pieces[i].thread, NULL);
        lines_shift(&pieces[i].done, before);
        before += pieces[i].n_lines;
        lines_merge(&all, &pieces[i].done);
    }
    for (size_t i = 0; i < n; i++)
        cleaner_close(pieces[i].cleaner);
    free(pieces);
    if (result == 0)
        *ret_lines = all;
    return result;
}

void lines_release(struct lines *l)
{
    table_close(l->table);
    for (size_t i = 0; i < l->n_refused; i++)
        free(l->refused[i].message);
    free(l->refused);
    *l = (struct lines){ 0 };
}
