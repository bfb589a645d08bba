#include "pipeline/clean/lines.h"

#include <stdlib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/crew.h"
#include "pipeline/clean/table.h"

enum { LEAST_BYTES = 1 << 20 };

struct piece {
    struct str text;
    struct cleaner *cleaner;
    struct lines done;
    size_t first_line, n_lines;
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

/* The line ends in the text. */
static size_t lines_ends(struct str text)
{
    size_t n = 0, i = 0;
#ifdef __SSE2__
    const __m128i end = _mm_set1_epi8('\n'), zero = _mm_setzero_si128();
    __m128i sum = zero;
    while (text.n - i >= 16) {
        __m128i few = zero; /* a byte each, below 256 */
        for (unsigned k = 0; k < 255 && text.n - i >= 16; k++, i += 16)
            few = _mm_sub_epi8(few, _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(text.p + i)), end));
        sum = _mm_add_epi64(sum, _mm_sad_epu8(few, zero));
    }
    uint64_t halves[2];
    memcpy(halves, &sum, sizeof halves);
    n = halves[0] + halves[1];
#endif
    for (; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

static void lines_count(void *piece)
{
    struct piece *p = piece;
    p->n_lines = lines_ends(p->text) + (p->text.n && p->text.p[p->text.n - 1] != '\n');
}

static void lines_piece(void *piece)
{
    struct piece *p = piece;
    struct str rest = p->text, record;
    for (size_t line = p->first_line; rest.n; line++) {
        struct err why;
        if (cleaner_add_line(p->cleaner, &rest, line, &record, &why) < 0)
            lines_refuse(&p->done, line, record, &why);
    }
    p->done.table = cleaner_take(p->cleaner);
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
    table_merge(into->table, from->table);
}

/* Where the pieces' lines begin. Nothing begins behind those of the last: they are not counted but guessed from the others',
 * a quarter too many, for room without rows costs nothing. */
static size_t lines_number(struct piece *pieces, size_t n)
{
    size_t lines = 0, bytes = 0;
    crew_run(pieces, sizeof *pieces, n > 1 ? n - 1 : n, lines_count);
    for (size_t i = 0; i < n; i++) {
        if (i && i + 1 == n)
            pieces[i].n_lines = (size_t)(1.25 * (double)lines / (double)(bytes + 1) * (double)pieces[i].text.n) + 1;
        pieces[i].first_line = lines + 1;
        lines += pieces[i].n_lines;
        bytes += pieces[i].text.n;
    }
    return lines;
}

/* One table with room for a row a line; each piece writes into its part. Where there is no such room the pieces grow. */
static struct table *lines_room(const struct rules *r, struct str table, struct piece *pieces, size_t n)
{
    struct table *whole = table_open(r, table);
    bool roomy = table_room(whole, lines_number(pieces, n));
    for (size_t i = 0; i < n; i++) {
        pieces[i].cleaner = cleaner_open(r, table, true);
        if (roomy)
            cleaner_fill(pieces[i].cleaner, table_window(whole, pieces[i].first_line - 1, pieces[i].n_lines));
    }
    return whole;
}

/* The pieces' rows in order. One that left its window, because lines were arrays of rows or more than guessed, leaves no order in
 * the whole. */
static void lines_join(const struct rules *r, struct str table, struct piece *pieces, size_t n, struct lines *all)
{
    bool in_place = true;
    for (size_t i = 0; i < n; i++)
        in_place = in_place && pieces[i].done.table->window;
    struct table *into = in_place ? all->table : table_open(r, table), *whole = all->table;
    all->table = into;
    for (size_t i = 0; i < n; i++)
        lines_merge(all, &pieces[i].done);
    if (into != whole)
        table_close(whole);
}

int lines_clean(const struct rules *r, struct str table, struct str text, unsigned threads, struct lines *ret_lines,
                struct err *e)
{
    if (!rules_program(r, table))
        return err_set(e, 0, "TABLE_MISSING", "there are no rules for a table " STR_F, STR_A(table));
    size_t n = crew_size(threads, text.n, LEAST_BYTES);
    struct piece *pieces = mem_zero(n * sizeof *pieces);
    lines_cut(text, pieces, n);
    *ret_lines = (struct lines){ .table = lines_room(r, table, pieces, n) };
    crew_run(pieces, sizeof *pieces, n, lines_piece);
    lines_join(r, table, pieces, n, ret_lines);
    for (size_t i = 0; i < n; i++)
        cleaner_close(pieces[i].cleaner);
    free(pieces);
    return 0;
}

bool lines_view(const struct lines *l, struct str text)
{
    if (l->n_refused)
        return true;
    for (size_t i = 0; i < l->table->n_columns; i++) {
        const struct column *c = &l->table->columns[i];
        for (size_t row = 0; c->type == COLUMN_STRING && !c->coded && row < l->table->n_rows; row++)
            if ((uintptr_t)c->v.text[row].p - (uintptr_t)text.p < text.n)
                return true;
    }
    return false;
}

void lines_release(struct lines *l)
{
    table_close(l->table);
    for (size_t i = 0; i < l->n_refused; i++)
        free(l->refused[i].message);
    free(l->refused);
    *l = (struct lines){ 0 };
}
