/* stream_alert.c - alerts: a window's rows against the conditions of its file, and the outbox they wait in.
 *
 * The id is a digest of what the alert is about (user, window, its start, the row's keys, the alert), so that it is the same
 * whenever the window is told and however often the alert is delivered. outbox, in the checkpoint folder:
 *
 *   {"batch":N}                                  alerts of batches up to N have been added
 *   {"id":…,"alert":…,"attempts":2,"due":MS,"body":"{…}"}
 *
 * A delivery that fails is tried again after a back-off that doubles up to a cap; after the last attempt the alert goes to
 * dead.jsonl of the folder.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/stream/stream_own.h"

enum { FIRST_BACKOFF_MS = 500, LONGEST_BACKOFF_MS = 30000, ATTEMPTS = 6 };

/* ---- is it one? ---- */

static bool holds(const struct alert_when *w, const struct result *r, size_t row)
{
    size_t column = w->output + 2; /* behind the window's start and end */
    const struct cell *c = result_cell(r, row, column);
    if (c->null)
        return false;
    if (w->is_text)
        return str_eq(c->text, w->text);
    int64_t v = r->columns[column].type == COLUMN_DOUBLE ? vector_of_double(c->d) : c->i;
    return v >= w->low && v <= w->high;
}

static void identify(struct stream *s, const struct window *w, const struct alert *a, const struct result *r, size_t row, char out[33])
{
    struct buf text = BUF_INIT;
    uint8_t digest[SHA256_BYTES];
    buf_f(&text, "%s\n" STR_F "\n" STR_F "\n%lld\n", s->ingest.user_id, STR_A(w->name), STR_A(a->name), (long long)result_cell(r, row, 0)->i);
    for (size_t k = 0; k < w->question.q->n_group_by; k++) {
        buf_c(&text, result_cell(r, row, k + 2)->null ? 'n' : 'v');
        result_put_cell(r, row, k + 2, &text);
        buf_c(&text, 0);
    }
    codec_sha256(buf_str(&text), digest);
    codec_hex_into(out, digest, 16);
    buf_release(&text);
}

static struct pending *add(struct outbox *o)
{
    if (o->n == o->cap)
        o->pending = mem_grow(o->pending, (o->cap = o->cap ? o->cap * 2 : 8) * sizeof *o->pending);
    o->changed = true;
    return &o->pending[o->n++];
}

static void raise_alert(struct stream *s, const struct window *w, const struct alert *a, const struct result *r, size_t row, bool partial)
{
    struct outbox *o = &s->outbox;
    struct buf body = BUF_INIT;
    char id[33];
    identify(s, w, a, r, row, id);
    buf_f(&body, "{\"id\":\"%s\",\"alert\":", id);
    json_put_text(&body, a->name);
    buf_z(&body, ",\"window\":");
    json_put_text(&body, w->name);
    buf_z(&body, partial ? ",\"partial\":true,\"row\":{" : ",\"row\":{");
    stream_put_row(r, row, &body);
    buf_z(&body, "}}");
    *add(o) = (struct pending){ .alert = a, .id = arena_dup(&o->arena, str_of(id)), .name = a->name, .body = arena_dup(&o->arena, buf_str(&body)),
                                .due_ms = clock_now_ms(s->ingest.clock) };
    s->sums.alerts++;
    buf_release(&body);
}

void stream_alert_check(struct stream *s, const struct window *w, const struct result *r, bool partial)
{
    if (s->outbox.batch >= s->checkpoint.batch)
        return; /* this batch is done again, and its alerts were added the first time */
    for (size_t row = 0; row < r->n_rows; row++)
        for (size_t i = 0; i < w->n_alerts; i++) {
            const struct alert *a = &w->alerts[i];
            bool all = true;
            for (size_t k = 0; k < a->n_when && all; k++)
                all = holds(&a->when[k], r, row);
            if (all)
                raise_alert(s, w, a, r, row, partial);
        }
}

/* ---- the outbox ---- */

int stream_alert_save(struct stream *s, struct err *e)
{
    struct outbox *o = &s->outbox;
    struct buf out = BUF_INIT;
    if (!o->changed)
        return 0;
    buf_f(&out, "{\"batch\":%lld}\n", (long long)o->batch);
    for (size_t i = 0; i < o->n; i++) {
        const struct pending *p = &o->pending[i];
        buf_f(&out, "{\"id\":\"" STR_F "\",\"alert\":", STR_A(p->id));
        json_put_text(&out, p->name);
        buf_f(&out, ",\"attempts\":%d,\"due\":%lld,\"body\":", p->attempts, (long long)p->due_ms);
        json_put_text(&out, p->body);
        buf_z(&out, "}\n");
    }
    int result = s->o.folder->ops->put(s->o.folder, S("outbox"), buf_str(&out), false, e) < 0 ? -1 : 0;
    o->changed = result != 0;
    buf_release(&out);
    return result;
}

static const struct alert *alert_of(const struct stream *s, struct str body, struct str name, struct arena *a)
{
    struct str window = json_get_text(body, "window", a);
    for (size_t i = 0; i < s->windows->n; i++)
        for (size_t k = 0; str_eq(s->windows->windows[i].name, window) && k < s->windows->windows[i].n_alerts; k++)
            if (str_eq(s->windows->windows[i].alerts[k].name, name))
                return &s->windows->windows[i].alerts[k];
    return NULL;
}

static bool read_line(struct stream *s, struct str line, struct arena *a)
{
    struct outbox *o = &s->outbox;
    struct json v, due, attempts;
    int64_t n;
    if (json_get(line, "batch", &v))
        return str_to_i64(v.raw, &o->batch);
    struct pending p = { .id = json_get_text(line, "id", &o->arena), .name = json_get_text(line, "alert", &o->arena), .body = json_get_text(line, "body", &o->arena) };
    if (!p.id.n || !p.body.n || !json_get(line, "attempts", &attempts) || !str_to_i64(attempts.raw, &n) || n < 0 || n > 1000000 ||
        !json_get(line, "due", &due) || !str_to_i64(due.raw, &p.due_ms))
        return false;
    p.id = arena_dup(&o->arena, p.id);
    p.name = arena_dup(&o->arena, p.name);
    p.body = arena_dup(&o->arena, p.body);
    p.attempts = (int)n;
    p.alert = alert_of(s, p.body, p.name, a);
    *add(o) = p;
    return true;
}

int stream_alert_load(struct stream *s, struct err *e)
{
    struct buf text = BUF_INIT;
    struct arena a = ARENA_INIT;
    s->outbox.batch = -1;
    int result = s->o.folder->ops->get(s->o.folder, S("outbox"), &text, e);
    for (struct str rest = buf_str(&text); result == 0 && rest.n;)
        if (!read_line(s, str_cut(&rest, '\n'), &a))
            result = err_set(e, 0, "STREAM_STATE_BROKEN", STR_F "/outbox is not what this program wrote; remove it to give up the alerts in it", STR_A(s->o.folder->root));
    s->outbox.changed = false;
    buf_release(&text);
    arena_release(&a);
    return result < 0 ? -1 : 0;
}

/* ---- delivery ---- */

static void tell(struct stream *s, const struct pending *p, const char *message)
{
    stream_tell(s, &(struct stream_event){ .kind = STREAM_ALERT, .name = p->name, .line = p->body, .message = message });
}

static int64_t backoff(struct stream *s, int attempts)
{
    int64_t most = FIRST_BACKOFF_MS;
    for (int i = 1; i < attempts && most < LONGEST_BACKOFF_MS; i++)
        most *= 2;
    most = most < LONGEST_BACKOFF_MS ? most : LONGEST_BACKOFF_MS;
    return most / 2 + (int64_t)rng_below(&s->rng, (uint64_t)(most / 2 + 1));
}

static void bury(struct stream *s, const struct pending *p, const struct err *why)
{
    struct buf *b = &s->outbox.dead;
    buf_f(b, "{\"attempts\":%d,\"reason\":", p->attempts);
    json_put_text(b, str_of(why->message));
    buf_z(b, ",\"alert\":");
    buf_str_add(b, p->body);
    buf_z(b, "}\n");
    s->sums.dead++;
    tell(s, p, "dead");
}

/* dead.jsonl is put whole, before the outbox forgets: a crash in between leaves a line twice, with the same id. */
static int put_dead(struct stream *s, struct err *e)
{
    struct buf text = BUF_INIT;
    if (!s->outbox.dead.n)
        return 0;
    int result = s->o.folder->ops->get(s->o.folder, S("dead.jsonl"), &text, e);
    buf_str_add(&text, buf_str(&s->outbox.dead));
    if (result >= 0)
        result = s->o.folder->ops->put(s->o.folder, S("dead.jsonl"), buf_str(&text), false, e);
    buf_reset(&s->outbox.dead);
    buf_release(&text);
    return result < 0 ? -1 : 0;
}

/* Is it over with? */
static bool try_once(struct stream *s, struct pending *p)
{
    struct err why = { 0 };
    int most = s->o.alert_attempts ? s->o.alert_attempts : ATTEMPTS;
    s->outbox.changed = true;
    p->attempts++;
    if (stream_deliver(s, p, &why) == 0) {
        s->sums.delivered++;
        tell(s, p, "delivered");
        return true;
    }
    if (p->attempts >= most || !p->alert) {
        bury(s, p, &why);
        return true;
    }
    p->due_ms = clock_now_ms(s->ingest.clock) + backoff(s, p->attempts);
    tell(s, p, why.message);
    return false;
}

int stream_alert_deliver(struct stream *s, int64_t *ret_next_ms, struct err *e)
{
    struct outbox *o = &s->outbox;
    int64_t now = clock_now_ms(s->ingest.clock);
    size_t kept = 0;
    for (size_t i = 0; i < o->n; i++)
        if (o->pending[i].due_ms > now || !try_once(s, &o->pending[i]))
            o->pending[kept++] = o->pending[i];
    o->n = kept;
    *ret_next_ms = 0;
    for (size_t i = 0; i < o->n; i++)
        if (!*ret_next_ms || o->pending[i].due_ms < *ret_next_ms)
            *ret_next_ms = o->pending[i].due_ms;
    int result = put_dead(s, e) || stream_alert_save(s, e) ? -1 : 0;
    if (o->n == 0)
        arena_reset(&o->arena);
    return result;
}
