/* verify.c - walking the journal or what is kept, keeping the nearest, the report. Reading checks: verify_check.c.
 *
 * The walk is made twice: the first counts and notes by number which candidates are nearest, the second writes only those.
 * A count that calls no longer in the journal could change is no proof: such a check misses, and says so.
 */
#include "mocks/cloud/verify.h"

#include "base/utf8.h"
#include "mocks/cloud/verify_check.h"

enum { MAX_CHECKS = 200, NEAREST = 3, SHOWN_BYTES = 2000 };

/* ---- walking ---- */

struct near {
    unsigned score; /* 0 = none */
    uint64_t number;
};

struct walk {
    struct cloud *cloud;
    const struct verify_check *check;
    struct arena scratch;
    uint64_t number; /* of the candidate: the call's id, the record's place in the walk */
    uint64_t looked_at, matched;
    struct near nearest[NEAREST], last[NEAREST]; /* misses by score, then age; the last that match */
    struct buf *out; /* NULL in the first walk */
    bool any;
};

static struct wanted_value value_of(const struct walk *w, const void *candidate, const struct verify_wish *wish, struct arena *a)
{
    return w->check->kind ? verify_record_value(candidate, wish, a) : verify_call_value(candidate, wish->field);
}

static void note(struct near *list, struct near one)
{
    size_t worst = 0;
    for (size_t i = 1; i < NEAREST; i++)
        if (list[i].score < list[worst].score || (list[i].score == list[worst].score && list[i].number < list[worst].number))
            worst = i;
    if (one.score && one.score >= list[worst].score)
        list[worst] = one;
}

static void count(struct walk *w, const void *candidate)
{
    unsigned held = 0, score = 0;
    for (size_t i = 0; i < w->check->n; i++) {
        const struct verify_wish *wish = &w->check->wishes[i];
        struct wanted_value is = value_of(w, candidate, wish, &w->scratch);
        bool fits = wanted_fits(wish->wanted, &is, &w->scratch);
        held += fits;
        score += fits ? 2 : wanted_is_near(wish->wanted, &is, &w->scratch);
    }
    bool all = held == w->check->n;
    w->matched += all;
    note(all ? w->last : w->nearest, (struct near){ all ? 1 : score, w->number });
}

static void put_record(const struct verify_record *s, struct buf *out)
{
    buf_z(out, ",\"record\":{\"place\":");
    json_put_text(out, s->record->place);
    peek_put_bytes(out, "value", utf8_head(s->decoded.inner, SHOWN_BYTES));
    buf_z(out, "}}");
}

static void put_differences(struct walk *w, const void *candidate)
{
    struct buf *out = w->out;
    bool first = true;
    buf_f(out, "%s{\"differs\":[", w->any ? ",\n" : "");
    w->any = true;
    for (size_t i = 0; i < w->check->n; i++) {
        const struct verify_wish *wish = &w->check->wishes[i];
        struct wanted_value is = value_of(w, candidate, wish, &w->scratch);
        if (wanted_fits(wish->wanted, &is, &w->scratch))
            continue;
        buf_z(out, first ? "{\"field\":" : ",{\"field\":");
        first = false;
        json_put_text(out, wish->field);
        buf_z(out, ",\"wanted\":");
        struct wanted_value wanted = wanted_value_of(wish->wanted, &w->scratch);
        wanted_put_value(out, &wanted);
        buf_z(out, ",\"was\":");
        wanted_put_value(out, &is);
        buf_c(out, '}');
    }
    buf_c(out, ']');
}

static bool is_chosen(const struct walk *w)
{
    const struct near *list = (int64_t)w->matched > w->check->most ? w->last : w->nearest;
    for (size_t i = 0; i < NEAREST; i++)
        if (list[i].score && list[i].number == w->number)
            return true;
    return false;
}

static bool see_call(void *arg, const struct journal_entry *e)
{
    struct walk *w = arg;
    w->number = e->id;
    w->looked_at++;
    if (!w->out) {
        count(w, e);
    } else if (is_chosen(w)) {
        put_differences(w, e);
        buf_z(w->out, ",\"call\":");
        journal_put(cloud_journal(w->cloud), e, w->out);
        w->out->n--; /* its end of line */
        buf_c(w->out, '}');
    }
    arena_reset(&w->scratch);
    return true;
}

static void see_record(void *arg, const struct peek_record *r)
{
    struct walk *w = arg;
    struct verify_record s = { .record = r };
    w->number++;
    w->looked_at++;
    if (!w->out || is_chosen(w)) {
        decode_bytes(r->value, &w->scratch, &s.decoded);
        if (w->out)
            put_differences(w, &s), put_record(&s, w->out);
        else
            count(w, &s);
    }
    arena_reset(&w->scratch);
}

static int walk(struct walk *w, struct err *e)
{
    w->number = 0;
    if (w->check->kind)
        return peek_each(w->cloud, w->check->kind, w->check->name, see_record, w, e);
    journal_each(cloud_journal(w->cloud), 0, see_call, w);
    return 0;
}

/* ---- the report ---- */

static void put_count(struct buf *out, const struct verify_check *k)
{
    if (k->least == k->most)
        buf_f(out, "exactly %lld", (long long)k->least);
    else if (k->most == INT64_MAX)
        buf_f(out, "at least %lld", (long long)k->least);
    else if (k->least == 0)
        buf_f(out, "at most %lld", (long long)k->most);
    else
        buf_f(out, "%lld to %lld", (long long)k->least, (long long)k->most);
}

/* exactly 3 calls with service="kinesis", status=200 */
static void put_words(struct buf *out, const struct verify_check *k, struct arena *a)
{
    put_count(out, k);
    if (k->kind)
        buf_f(out, " %s of %s " STR_F, k->kind == PEEK_BUCKET ? "objects" : "records", peek_kind_name(k->kind), STR_A(k->name));
    else
        buf_z(out, " calls");
    for (size_t i = 0; i < k->n; i++) {
        struct wanted_value wanted = wanted_value_of(k->wishes[i].wanted, a);
        buf_f(out, "%s" STR_F "=", i ? ", " : " with ", STR_A(k->wishes[i].field));
        wanted_put_value(out, &wanted);
    }
}

static bool is_proved(const struct verify_check *k, uint64_t matched, uint64_t forgotten, bool *ret_holds)
{
    *ret_holds = (int64_t)matched >= k->least && (int64_t)matched <= k->most;
    return !forgotten || (int64_t)matched > k->most || k->most == INT64_MAX;
}

static int run_check(struct cloud *c, const struct verify_check *k, struct arena *a, struct buf *out, bool *ret_holds, struct err *e)
{
    struct walk w = { .cloud = c, .check = k };
    bool holds;
    uint64_t forgotten = k->kind ? 0 : journal_forgotten(cloud_journal(c));
    if (walk(&w, e) && k->least > 0) /* of a name that is not there, there can be none */
        return -1;
    uint64_t looked_at = w.looked_at;
    bool proved = is_proved(k, w.matched, forgotten, &holds);
    *ret_holds = holds && proved;
    struct buf words = BUF_INIT;
    put_words(&words, k, a);
    buf_f(out, "{\"ok\":%s,\"check\":", *ret_holds ? "true" : "false");
    json_put_text(out, buf_str(&words));
    buf_release(&words);
    buf_f(out, ",\"matched\":%llu,\"looked_at\":%llu", (unsigned long long)w.matched, (unsigned long long)looked_at);
    if (!proved)
        buf_f(out, ",\"forgotten\":%llu,\"reason\":\"the journal no longer has the oldest calls: no count is certain\"", (unsigned long long)forgotten);
    if (!holds) {
        buf_z(out, (int64_t)w.matched > k->most ? ",\"too_many\":[" : ",\"nearest\":[");
        w.out = out;
        walk(&w, e);
        buf_c(out, ']');
    }
    buf_c(out, '}');
    arena_release(&w.scratch);
    return 0;
}

/* ---- a body ---- */

int verify_run(struct cloud *c, struct str body, struct arena *a, struct buf *out, struct err *e)
{
    struct verify_check *checks = ARENA_ARRAY(a, struct verify_check, MAX_CHECKS);
    struct json_reader r;
    struct json v, list;
    size_t n = 0;
    bool all = true;
    json_open(&r, body);
    if (json_read(&r, &v) || json_close(&r))
        return err_set(e, 400, "BAD_JSON", "the checks are not valid JSON: " STR_F, STR_A(json_where(&r, a)));
    if (v.type == JSON_OBJECT && json_get(v.raw, "checks", &list))
        v = list;
    if (v.type != JSON_ARRAY && verify_check_read(c, v, ++n, a, &checks[0], e))
        return -1;
    json_open(&r, v.raw);
    if (v.type == JSON_ARRAY)
        for (json_enter(&r, JSON_ARRAY); json_element(&r) == 1 && json_read(&r, &v) == 0; n++)
            if (n == MAX_CHECKS ? err_set(e, 400, "BAD_CHECK", "more than %d checks", MAX_CHECKS) : verify_check_read(c, v, n + 1, a, &checks[n], e))
                return -1;
    if (!n)
        return err_set(e, 400, "BAD_CHECK", "there is no check; one looks like {\"service\":\"kinesis\",\"action\":\"PutRecord\",\"count\":{\"exactly\":3}}");
    struct buf results = BUF_INIT;
    int result = 0;
    for (size_t i = 0; i < n && result == 0; i++) {
        bool holds = false;
        buf_z(&results, i ? ",\n" : "");
        result = run_check(c, &checks[i], a, &results, &holds, e);
        all = all && holds;
    }
    if (result == 0) {
        buf_f(out, "{\"ok\":%s,\"checks\":[", all ? "true" : "false");
        buf_str_add(out, buf_str(&results));
        buf_z(out, "]}\n");
    }
    buf_release(&results);
    return result ? -1 : !all;
}

/* ---- the journal, by the same words ---- */

struct listing {
    struct cloud *cloud;
    const struct verify_check *check;
    struct arena scratch;
    struct buf *out;
    uint64_t *last; /* ring of the ids that fit, for last=N */
    size_t n_last, left;
    uint64_t fitting;
};

static bool fits(struct listing *l, const struct journal_entry *e)
{
    bool all = true;
    for (size_t i = 0; all && i < l->check->n; i++) {
        struct wanted_value is = verify_call_value(e, l->check->wishes[i].field);
        all = wanted_fits(l->check->wishes[i].wanted, &is, &l->scratch);
    }
    arena_reset(&l->scratch);
    return all;
}

static bool find_last(void *arg, const struct journal_entry *e)
{
    struct listing *l = arg;
    if (fits(l, e))
        l->last[l->fitting++ % l->n_last] = e->id;
    return true;
}

static bool list_fitting(void *arg, const struct journal_entry *e)
{
    struct listing *l = arg;
    if (!l->left)
        return false;
    if (fits(l, e)) {
        journal_put(cloud_journal(l->cloud), e, l->out);
        l->left--;
    }
    return true;
}

static int read_number(const struct http_request *r, const char *name, int64_t most, struct arena *a, int64_t *ret, struct err *e)
{
    struct str text = http_query(r, name, a);
    if (text.n && (!str_to_i64(text, ret) || *ret < 0 || *ret > most))
        return err_set(e, 400, "BAD_REQUEST", "%s: '" STR_F "' is no whole number from 0 to %lld", name, STR_A(str_head(text, 40)), (long long)most);
    return 0;
}

/* As JSON: numbers as they are, else text. */
static struct json wanted_of(struct str text, struct arena *a)
{
    double number;
    struct buf b = BUF_INIT;
    if (str_to_double(text, &number))
        return (struct json){ JSON_NUMBER, false, text };
    json_put_text(&b, text);
    struct str quoted = arena_keep(a, &b);
    return (struct json){ JSON_STRING, true, { quoted.p + 1, quoted.n - 2 } };
}

int verify_journal(struct cloud *c, const struct http_request *r, struct arena *a, struct buf *out, uint64_t *ret_seen, struct err *e)
{
    struct verify_check k = { .most = INT64_MAX };
    struct listing l = { .cloud = c, .check = &k, .out = out };
    int64_t after = 0, limit = 1000, last = 0;
    if (read_number(r, "after", INT64_MAX, a, &after, e) || read_number(r, "limit", 100000, a, &limit, e) || read_number(r, "last", 100000, a, &last, e))
        return -1;
    for (const char *const *field = verify_call_fields; *field; field++) {
        struct str text = http_query(r, *field, a);
        if (text.n && verify_check_add(&k, 0, str_of(*field), wanted_of(text, a), false, a, e))
            return -1;
    }
    if (verify_check_judge(c, &k, 0, a, e))
        return -1;
    l.left = (size_t)limit;
    if ((uint64_t)after > journal_total(cloud_journal(c)))
        after = 0;
    if (last) {
        l.n_last = l.left = (size_t)last;
        l.last = ARENA_ARRAY(a, uint64_t, l.n_last);
        journal_each(cloud_journal(c), (uint64_t)after, find_last, &l);
        if (l.fitting)
            after = (int64_t)l.last[l.fitting <= l.n_last ? 0 : l.fitting % l.n_last] - 1;
    }
    *ret_seen = journal_each(cloud_journal(c), (uint64_t)after, list_fitting, &l);
    arena_release(&l.scratch);
    return 0;
}
