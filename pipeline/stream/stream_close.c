/* stream_close.c - rows into the windows they belong to; windows that the watermark has passed are told and dropped.
 *
 * A window [start, start + size) belongs to a grid of `slide` from 1970-01-01. A row belongs to size / slide of them.
 */
#include <stdlib.h>

#include "pipeline/stream/stream_own.h"

static int64_t floor_to(int64_t us, int64_t step) { return us - (us % step + step) % step; }

/* ---- open windows ---- */

struct open_window *stream_close_open(struct window_state *st, int64_t start_us)
{
    size_t i = st->n_open;
    while (i && st->open[i - 1]->start_us > start_us)
        i--;
    if (i && st->open[i - 1]->start_us == start_us)
        return st->open[i - 1];
    if (st->n_open == st->cap_open)
        st->open = mem_grow(st->open, (st->cap_open = st->cap_open ? st->cap_open * 2 : 8) * sizeof *st->open);
    memmove(&st->open[i + 1], &st->open[i], (st->n_open++ - i) * sizeof *st->open);
    st->open[i] = mem_zero(sizeof **st->open);
    st->open[i]->start_us = start_us;
    return st->open[i];
}

static void drop_first(struct window_state *st)
{
    stream_fold_groups_release(&st->open[0]->groups, &st->window->question);
    free(st->open[0]);
    memmove(st->open, st->open + 1, --st->n_open * sizeof *st->open);
}

void stream_close_release(struct window_state *st)
{
    while (st->n_open)
        drop_first(st);
    free(st->open);
    free(st->shards);
}

/* ---- rows ---- */

static void tell_late(struct stream *s, const struct window *w, const struct joined *j, int64_t time_us)
{
    struct buf line = BUF_INIT;
    buf_z(&line, "{\"window\":");
    json_put_text(&line, w->name);
    buf_z(&line, ",\"time\":\"");
    table_put_timestamp(&line, time_us);
    buf_c(&line, '"');
    for (size_t k = 0; k < w->question.q->n_group_by; k++) {
        const struct field *f = &w->question.q->fields[w->question.q->group_by[k]];
        struct value v = stream_fold_value(j, w->question.q->group_by[k]);
        buf_c(&line, ',');
        json_put_text(&line, f->name);
        buf_c(&line, ':');
        if (v.null)
            buf_z(&line, "null");
        else if (f->type == COLUMN_STRING)
            json_put_text(&line, v.text);
        else if (f->type == COLUMN_DOUBLE)
            json_put_double(&line, vector_to_double(v.number));
        else
            buf_i64(&line, v.number);
    }
    buf_z(&line, "}\n");
    struct output *out = stream_output_of(s, S("late.jsonl"));
    if (out)
        buf_str_add(&out->added, buf_str(&line));
    stream_tell(s, &(struct stream_event){ .kind = STREAM_LATE, .name = w->name, .line = str_head(buf_str(&line), line.n - 1) });
    buf_release(&line);
}

void stream_close_add(struct stream *s, const struct window *w, const struct joined *j, int64_t arrived_us)
{
    struct window_state *st = &s->states[w - s->windows->windows];
    struct value time = { .number = arrived_us, .null = arrived_us == NO_TIME };
    uint64_t in = 0, out = 0;
    if (w->time_field != NO_FIELD)
        time = stream_fold_value(j, w->time_field);
    if (time.null) {
        s->sums.without_time++;
        return;
    }
    for (int64_t start = floor_to(time.number, w->slide_us); start > time.number - w->size_us; start -= w->slide_us) {
        if (st->closed_us != NO_TIME && start + w->size_us <= st->closed_us) {
            out++;
            continue;
        }
        stream_fold_into(&stream_close_open(st, start)->groups, &w->question, j);
        in++;
    }
    if (out && in)
        s->sums.partly_late++;
    if (out && !in) {
        s->sums.late++;
        tell_late(s, w, j, time.number);
    }
}

/* ---- watermarks ---- */

struct shard_time *stream_close_shard(struct window_state *st, unsigned table, uint32_t number)
{
    for (size_t i = 0; i < st->n_shards; i++)
        if (st->shards[i].table == table && st->shards[i].number == number)
            return &st->shards[i];
    st->shards = mem_grow(st->shards, (st->n_shards + 1) * sizeof *st->shards);
    st->shards[st->n_shards] = (struct shard_time){ table, number, NO_TIME };
    return &st->shards[st->n_shards++];
}

static void see(struct window_state *st, const struct record *r, int64_t us)
{
    struct shard_time *shard = stream_close_shard(st, r->table, r->shard);
    if (us > shard->greatest_us)
        shard->greatest_us = us;
    if (us > st->greatest_us)
        st->greatest_us = us;
}

static bool asks_about(const struct question *x, unsigned table)
{
    for (size_t i = 0; i < x->q->n_tables; i++)
        if (x->tables[i] == table)
            return true;
    return false;
}

/* The time is that of every row that came, also of those that joins and where leave out. */
void stream_close_advance(struct stream *s, struct table *const tables[LEDGER_TABLES])
{
    for (size_t w = 0; w < s->windows->n; w++) {
        struct window_state *st = &s->states[w];
        const struct question *x = &st->window->question;
        const struct field *f = st->window->time_field == NO_FIELD ? NULL : &x->q->fields[st->window->time_field];
        for (size_t i = 0; !f && i < s->n_records; i++)
            if (asks_about(x, s->records[i].table))
                see(st, &s->records[i], s->records[i].arrived_us);
        const struct table *t = f ? tables[x->tables[f->table]] : NULL;
        for (size_t i = 0; t && i < t->n_rows; i++)
            if (!t->columns[f->column].null[i])
                see(st, &s->records[t->tag[i]], t->columns[f->column].v.i64[i]);
    }
}

/* The watermark is behind the greatest time seen. While shards have more to read, what they will bring may be older than what
 * others have brought: then it is behind the least of their greatest times. When none has, arrival times come after the
 * time at which that was so. */
static int64_t watermark(const struct stream *s, const struct window_state *st, int64_t tip_ms)
{
    const struct question *x = &st->window->question;
    bool arrival = st->window->time_field == NO_FIELD;
    int64_t mark = st->greatest_us;
    for (size_t i = 0; i < s->n_behind; i++) {
        const struct shard_time *b = &s->behind[i];
        bool concerned = arrival ? asks_about(x, b->table) : x->tables[x->q->fields[st->window->time_field].table] == b->table;
        int64_t greatest = NO_TIME;
        for (size_t k = 0; k < st->n_shards; k++)
            if (st->shards[k].table == b->table && st->shards[k].number == b->number)
                greatest = st->shards[k].greatest_us;
        mark = concerned && greatest < mark ? greatest : mark;
    }
    if (arrival && !s->n_behind && tip_ms && tip_ms * 1000 > mark)
        mark = tip_ms * 1000;
    return mark == NO_TIME ? NO_TIME : mark - st->window->delay_us;
}

bool stream_close_is_due(const struct stream *s, int64_t tip_ms)
{
    for (size_t i = 0; i < s->windows->n; i++) {
        const struct window_state *st = &s->states[i];
        int64_t mark = watermark(s, st, tip_ms);
        if (st->n_open && mark != NO_TIME && st->open[0]->start_us + st->window->size_us <= mark)
            return true;
    }
    return false;
}

static void tell_window(struct stream *s, const struct window *w, const struct result *r, bool partial)
{
    struct arena a = ARENA_INIT;
    struct output *out = s->o.out ? stream_output_of(s, arena_f(&a, "windows/" STR_F ".jsonl", STR_A(w->name))) : NULL;
    for (size_t row = 0; out && row < r->n_rows; row++) {
        buf_c(&out->added, '{');
        stream_put_row(r, row, &out->added);
        buf_z(&out->added, partial ? ",\"partial\":true}\n" : "}\n");
    }
    stream_alert_check(s, w, r, partial);
    stream_tell(s, &(struct stream_event){ .kind = STREAM_WINDOW, .name = w->name, .result = r, .partial = partial });
    s->sums.windows++;
    arena_release(&a);
}

void stream_close_windows(struct stream *s, int64_t tip_ms)
{
    for (size_t i = 0; i < s->windows->n; i++) {
        struct window_state *st = &s->states[i];
        int64_t mark = watermark(s, st, tip_ms);
        if (mark == NO_TIME)
            continue;
        while (st->n_open && st->open[0]->start_us + st->window->size_us <= mark) {
            struct result *r = stream_answer_of(&st->window->question, &st->open[0]->groups, st->open[0]);
            tell_window(s, st->window, r, st->partial_us != NO_TIME && st->open[0]->start_us <= st->partial_us);
            result_close(r);
            drop_first(st);
        }
        st->closed_us = mark > st->closed_us ? mark : st->closed_us;
    }
}
