/* ledger.c - one small struct per post, a hash table from places to posts. */
#include "pipeline/ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"

const char *const ledger_table_names[LEDGER_TABLES] = { "pin", "geo", "user" };

enum post_state { ACKNOWLEDGED = 1, GIVEN_UP = 2, STORED = 4, READ = 8, CLEANED = 16, QUARANTINED = 32, DEDUPLICATED = 64, AMBIGUOUS = 128 };

struct post {
    int64_t row;
    struct ledger_place place; /* position's text in the ledger's arena */
    const char *why;           /* GIVEN_UP, QUARANTINED: code or cause */
    uint8_t state;
    uint8_t written; /* times, saturating */
};

struct posts {
    struct post *at;
    uint32_t n, cap;
    uint32_t *slots; /* place -> post + 1 */
    size_t n_slots;
    uint64_t repeats, unknown, unknown_written;
};

struct ledger {
    char *path;
    struct posts tables[LEDGER_TABLES];
    struct arena texts;
};

struct ledger *ledger_open(const char *path)
{
    struct ledger *l = mem_zero(sizeof *l);
    l->path = mem_dup(str_of(path));
    return l;
}

void ledger_close(struct ledger *l)
{
    if (!l)
        return;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        free(l->tables[t].at);
        free(l->tables[t].slots);
    }
    arena_release(&l->texts);
    free(l->path);
    free(l);
}

const char *ledger_path(const struct ledger *l) { return l->path; }

/* ---- identities ---- */

void ledger_id(unsigned table, uint32_t post, struct buf *out)
{
    buf_z(out, ledger_table_names[table]);
    buf_c(out, '-');
    buf_u64(out, post);
}

bool ledger_id_parse(struct str id, unsigned table, uint32_t *ret_post)
{
    struct str name = str_of(ledger_table_names[table]);
    int64_t number;
    if (!str_starts(id, name) || id.n < name.n + 2 || id.p[name.n] != '-' ||
        !str_to_i64(str_from(id, name.n + 1), &number) || number < 0 || number >= LEDGER_NO_POST)
        return false;
    *ret_post = (uint32_t)number;
    return true;
}

static uint32_t *slot_of(const struct posts *t, struct ledger_place place)
{
    size_t mask = t->n_slots - 1;
    for (size_t i = (str_hash(place.position) ^ place.partition * 0x9e3779b97f4a7c15u) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &t->slots[i];
        if (!*slot)
            return slot;
        const struct ledger_place *have = &t->at[*slot - 1].place;
        if (have->partition == place.partition && str_eq(have->position, place.position))
            return slot;
    }
}

static void grow_slots(struct posts *t)
{
    size_t want = t->n_slots ? t->n_slots : 64;
    while (want < (size_t)t->cap * 2)
        want *= 2;
    if (want == t->n_slots)
        return;
    free(t->slots);
    t->slots = mem_zero(want * sizeof *t->slots);
    t->n_slots = want;
    for (uint32_t i = 0; i < t->n; i++)
        if (t->at[i].state & ACKNOWLEDGED)
            *slot_of(t, t->at[i].place) = i + 1;
}

static uint32_t find_place(const struct posts *t, struct ledger_place place)
{
    return t->n_slots ? *slot_of(t, place) - 1 : LEDGER_NO_POST; /* an empty slot is 0 - 1 = LEDGER_NO_POST */
}

/* ---- left of the wire ---- */

uint32_t ledger_post(struct ledger *l, unsigned table, int64_t row)
{
    struct posts *t = &l->tables[table];
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->at = mem_grow(t->at, t->cap * sizeof *t->at);
        grow_slots(t);
    }
    t->at[t->n] = (struct post){ .row = row };
    return t->n++;
}

void ledger_acknowledge(struct ledger *l, unsigned table, uint32_t post, struct ledger_place place, bool ambiguous)
{
    struct posts *t = &l->tables[table];
    struct post *p = &t->at[post];
    p->place = (struct ledger_place){ place.partition, arena_dup(&l->texts, place.position) };
    p->state |= ACKNOWLEDGED | (ambiguous ? AMBIGUOUS : 0);
    uint32_t *slot = slot_of(t, p->place);
    if (!*slot) /* two posts acknowledged at one place: the second is never found there, and so counts as lost */
        *slot = post + 1;
}

void ledger_give_up(struct ledger *l, unsigned table, uint32_t post, const char *why)
{
    struct post *p = &l->tables[table].at[post];
    p->state |= GIVEN_UP;
    p->why = arena_z(&l->texts, str_of(why));
}

/* ---- right of the wire ---- */

void ledger_stored(struct ledger *l, unsigned table, struct ledger_place place)
{
    uint32_t post = find_place(&l->tables[table], place);
    if (post != LEDGER_NO_POST)
        l->tables[table].at[post].state |= STORED;
}

enum ledger_verdict ledger_read(struct ledger *l, unsigned table, struct ledger_place place, struct str id, bool last,
                                uint32_t *ret_post)
{
    struct posts *t = &l->tables[table];
    uint32_t post = find_place(t, place);
    if (post == LEDGER_NO_POST && !(id.p && ledger_id_parse(id, table, &post) && post < t->n)) {
        post = LEDGER_NO_POST;
        if (last)
            t->unknown++;
        *ret_post = post;
        return LEDGER_UNKNOWN;
    }
    *ret_post = post;
    struct post *p = &t->at[post];
    if (p->state & READ) {
        t->repeats++;
        return LEDGER_REPEAT;
    }
    p->state |= READ | STORED;
    return LEDGER_NEW;
}

void ledger_clean(struct ledger *l, unsigned table, uint32_t post)
{
    if (post != LEDGER_NO_POST)
        l->tables[table].at[post].state |= CLEANED;
}

void ledger_quarantine(struct ledger *l, unsigned table, uint32_t post, const char *code)
{
    if (post == LEDGER_NO_POST)
        return;
    struct post *p = &l->tables[table].at[post];
    p->state |= QUARANTINED;
    p->why = arena_z(&l->texts, str_of(code));
}

void ledger_drop_duplicate(struct ledger *l, unsigned table, uint32_t post)
{
    if (post != LEDGER_NO_POST)
        l->tables[table].at[post].state |= DEDUPLICATED;
}

void ledger_write(struct ledger *l, unsigned table, uint32_t post)
{
    struct posts *t = &l->tables[table];
    if (post == LEDGER_NO_POST)
        t->unknown_written++;
    else if (t->at[post].written < UINT8_MAX)
        t->at[post].written++;
}

/* ---- the balance ---- */

static bool is_lost(const struct post *p)
{
    return (p->state & ACKNOWLEDGED) && !p->written && !(p->state & (QUARANTINED | DEDUPLICATED));
}

struct ledger_sums ledger_sums(const struct ledger *l, unsigned table)
{
    const struct posts *t = &l->tables[table];
    struct ledger_sums s = { .posted = t->n, .repeats = t->repeats, .unknown = t->unknown };
    for (uint32_t i = 0; i < t->n; i++) {
        const struct post *p = &t->at[i];
        s.acknowledged += (p->state & ACKNOWLEDGED) != 0;
        s.given_up += (p->state & GIVEN_UP) != 0;
        s.stored += (p->state & STORED) != 0;
        s.read += (p->state & READ) != 0;
        s.cleaned += (p->state & CLEANED) != 0;
        s.quarantined += (p->state & QUARANTINED) != 0;
        s.deduplicated += (p->state & DEDUPLICATED) != 0;
        s.ambiguous += (p->state & AMBIGUOUS) != 0;
        s.written += p->written;
        s.lost += is_lost(p);
        s.doubled += p->written > 1;
    }
    s.written += t->unknown_written;
    return s;
}

static void put_place(struct buf *out, const struct post *p)
{
    if (p->state & ACKNOWLEDGED)
        buf_f(out, " (acknowledged at %u/" STR_F ")", p->place.partition, STR_A(p->place.position));
}

/* What is wrong with a post, or NULL. */
static const char *problem_of(const struct post *p)
{
    if (is_lost(p))
        return "lost";
    if (p->written > 1)
        return "doubled";
    if ((p->state & GIVEN_UP) && !(p->state & READ))
        return "never acknowledged";
    return NULL;
}

static void describe_posts(const struct ledger *l, unsigned table, struct buf *out, unsigned most)
{
    const struct posts *t = &l->tables[table];
    uint64_t more = 0;
    unsigned shown = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct post *p = &t->at[i];
        const char *problem = problem_of(p);
        if (!problem)
            continue;
        if (shown == most) {
            more++;
            continue;
        }
        buf_f(out, "%s%s-%u row %lld %s", shown++ ? ", " : "", ledger_table_names[table], i, (long long)p->row, problem);
        put_place(out, p);
        if (p->why)
            buf_f(out, ": %s", p->why);
    }
    if (more)
        buf_f(out, " and %llu more", (unsigned long long)more);
}

static bool untold_doubles(const struct ledger_sums *s) { return s->unknown > 0 && s->ambiguous > 0; }

int ledger_balance(const struct ledger *l, struct err *e)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct ledger_sums s = ledger_sums(l, t);
        struct buf text = BUF_INIT;
        describe_posts(l, t, &text, 3);
        if (text.n)
            err_set(e, 0, "LEDGER_UNBALANCED", "%s path: lost %llu, doubled %llu, given up %llu of %llu %s posts: %s; "
                    "ledger.json lists them, and the journal says what each call met", l->path,
                    (unsigned long long)s.lost, (unsigned long long)s.doubled, (unsigned long long)s.given_up,
                    (unsigned long long)s.posted, ledger_table_names[t], buf_cstr(&text));
        else if (untold_doubles(&s))
            err_set(e, 0, "LEDGER_UNKNOWN", "%s path: %llu %s records were stored that no acknowledgement names, after %llu "
                    "posts were retried without knowing whether they had arrived; without post ids the same post cannot "
                    "be told from another: run with --post-ids on", l->path, (unsigned long long)s.unknown,
                    ledger_table_names[t], (unsigned long long)s.ambiguous);
        bool bad = text.n || untold_doubles(&s);
        buf_release(&text);
        if (bad)
            return -1;
    }
    return 0;
}

static void put_problems(const struct ledger *l, struct buf *out)
{
    bool first = true;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        const struct posts *posts = &l->tables[t];
        unsigned shown = 0;
        for (uint32_t i = 0; i < posts->n && shown < 10; i++) {
            const struct post *p = &posts->at[i];
            const char *problem = problem_of(p);
            if (!problem)
                continue;
            buf_f(out, "%s{\"post\":\"%s-%u\",\"row\":%lld,\"problem\":\"%s\"", first ? "" : ",", ledger_table_names[t], i,
                  (long long)p->row, problem);
            if (p->state & ACKNOWLEDGED) {
                buf_f(out, ",\"partition\":%u,\"position\":", p->place.partition);
                json_put_text(out, p->place.position);
            }
            if (p->why) {
                buf_z(out, ",\"why\":");
                json_put_text(out, str_of(p->why));
            }
            buf_c(out, '}');
            first = false, shown++;
        }
    }
}

void ledger_put_json(const struct ledger *l, struct buf *out)
{
    buf_f(out, "{\"path\":\"%s\",\"tables\":{", l->path);
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct ledger_sums s = ledger_sums(l, t);
        const struct { const char *name; uint64_t n; } fields[] = {
            { "posted", s.posted }, { "acknowledged", s.acknowledged }, { "given_up", s.given_up }, { "stored", s.stored },
            { "read", s.read }, { "repeats", s.repeats }, { "unknown", s.unknown }, { "cleaned", s.cleaned },
            { "quarantined", s.quarantined }, { "deduplicated", s.deduplicated }, { "written", s.written },
            { "lost", s.lost }, { "doubled", s.doubled }, { "ambiguous", s.ambiguous },
        };
        buf_f(out, "%s\"%s\":{", t ? "," : "", ledger_table_names[t]);
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            buf_f(out, "%s\"%s\":%llu", i ? "," : "", fields[i].name, (unsigned long long)fields[i].n);
        buf_c(out, '}');
    }
    struct err e = { 0 };
    buf_f(out, "},\"balanced\":%s,\"problems\":[", ledger_balance(l, &e) == 0 ? "true" : "false");
    put_problems(l, out);
    buf_z(out, "]}\n");
}
