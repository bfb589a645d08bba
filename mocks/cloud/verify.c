/* verify.c - reading checks, walking the journal or what is kept, keeping the nearest, the report.
 *
 * The walk is made twice: the first counts and notes by number which candidates are nearest, the second writes only those.
 * A count that calls no longer in the journal could change is no proof: such a check misses, and says so.
 */
#include "mocks/cloud/verify.h"

#include <stdio.h>

#include "base/near.h"
#include "mocks/cloud/decode.h"
#include "mocks/cloud/peek.h"
#include "mocks/cloud/wanted.h"

enum { MAX_CHECKS = 200, MAX_WISHES = 24, NEAREST = 3, SHOWN_BYTES = 2000 };

struct wish {
    struct str field; /* of records: a path, "a.b" */
    struct json wanted;
    bool of_content;
};

struct check {
    enum peek_kind kind; /* PEEK_NONE: calls */
    struct str name;     /* of the topic, stream, bucket */
    struct wish wishes[MAX_WISHES];
    size_t n;
    int64_t least, most;
};

/* ---- fields of a call ---- */

static const char *const call_fields[] = { "service", "action", "resource", "status", "code", "reason", "fault", "fault_rule", "internal",
                                           "ms", "bytes_in", "bytes_out", "id", NULL };
static const char *const record_fields[] = { "key", "place", "bytes", NULL };
static const char *const own_fields[] = { "topic", "stream", "bucket", "where", "count", NULL };

static struct wanted_value text_of(const char *z) { return (struct wanted_value){ .type = z[0] ? JSON_STRING : (enum json_type)0, .text = str_of(z) }; }
static struct wanted_value number_of(double v) { return (struct wanted_value){ .type = JSON_NUMBER, .number = v }; }

static struct wanted_value call_value(const struct journal_entry *e, struct str field)
{
    if (str_is(field, "service"))
        return text_of(e->service);
    if (str_is(field, "action"))
        return text_of(e->action);
    if (str_is(field, "resource"))
        return text_of(e->resource);
    if (str_is(field, "status"))
        return number_of(e->status);
    if (str_is(field, "code"))
        return text_of(e->code);
    if (str_is(field, "reason"))
        return text_of(e->reason);
    if (str_is(field, "fault"))
        return text_of(e->fault ? e->fault : "");
    if (str_is(field, "fault_rule"))
        return e->fault_rule < 0 ? (struct wanted_value){ 0 } : number_of(e->fault_rule);
    if (str_is(field, "internal"))
        return (struct wanted_value){ .type = e->internal ? JSON_TRUE : JSON_FALSE };
    if (str_is(field, "ms"))
        return number_of((double)e->took_us / 1000);
    return number_of((double)(str_is(field, "bytes_in") ? e->bytes_in : str_is(field, "bytes_out") ? e->bytes_out : e->id));
}

/* ---- fields of a record ---- */

struct shown { /* a record, decoded once for all its wishes */
    const struct peek_record *record;
    struct decode decoded;
};

static struct wanted_value content_value(const struct shown *s, struct str path, struct arena *a)
{
    struct json v = { 0 };
    struct str at = s->decoded.inner;
    for (struct str rest = path; s->decoded.is_json && rest.p; at = v.raw)
        if (!json_get(str_trim(at), arena_z(a, str_cut(&rest, '.')), &v))
            return (struct wanted_value){ 0 };
    return v.type ? wanted_value_of(v, a) : (struct wanted_value){ 0 };
}

static struct wanted_value record_value(const struct shown *s, const struct wish *w, struct arena *a)
{
    const struct peek_record *r = s->record;
    if (w->of_content)
        return content_value(s, w->field, a);
    if (str_is(w->field, "bytes"))
        return number_of((double)r->value.n);
    struct str text = str_is(w->field, "key") ? r->key : r->place;
    return (struct wanted_value){ .type = text.p ? JSON_STRING : (enum json_type)0, .text = text };
}

/* ---- reading ---- */

static int unknown(size_t number, struct str field, const char *what, const char *const *const lists[], struct err *e)
{
    char name[64];
    const char *best = NULL;
    size_t least = NEAR_NONE;
    snprintf(name, sizeof name, STR_F, STR_A(str_head(field, 60)));
    for (size_t i = 0; lists[i]; i++)
        for (const char *const *word = lists[i]; *word; word++)
            near_try(name, *word, &best, &least);
    err_set(e, 400, "BAD_CHECK", "%s '%s'%s", what, name, near_say(best).text);
    return number ? err_wrap(e, "check %zu", number) : -1;
}

static bool is_in(const char *const *list, struct str field)
{
    for (; *list; list++)
        if (str_is(field, *list))
            return true;
    return false;
}

static int add_wish(struct check *k, size_t number, struct str field, struct json wanted, bool of_content, struct arena *a, struct err *e)
{
    if (k->n == MAX_WISHES)
        return err_set(e, 400, "BAD_CHECK", "check %zu: more than %d fields", number, MAX_WISHES);
    if (wanted_check(wanted, a, e))
        return err_wrap(e, "check %zu: field '" STR_F "'", number, STR_A(field));
    k->wishes[k->n++] = (struct wish){ field, wanted, of_content };
    return 0;
}

static int read_where(struct check *k, size_t number, struct json where, struct arena *a, struct err *e)
{
    static const char *const *const lists[] = { call_fields, NULL };
    struct json_reader r;
    struct str key;
    struct json v;
    if (where.type != JSON_OBJECT)
        return err_set(e, 400, "BAD_CHECK", "check %zu: where must be an object: {\"index\":7528}", number);
    json_open(&r, where.raw);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        struct str field = json_text((struct json){ JSON_STRING, true, key }, a);
        if (!k->kind && !is_in(call_fields, field))
            return unknown(number, field, "where: a call has no field", lists, e);
        if (add_wish(k, number, field, v, k->kind != PEEK_NONE, a, e))
            return -1;
    }
    return 0;
}

static int read_count(struct check *k, size_t number, struct json v, struct err *e)
{
    struct json_reader r;
    struct str key;
    int64_t n;
    if (v.type == JSON_NUMBER && str_to_i64(v.raw, &n) && n >= 0) {
        k->least = k->most = n;
        return 0;
    }
    if (v.type != JSON_OBJECT)
        return err_set(e, 400, "BAD_CHECK", "check %zu: count must be a number, or {\"exactly\"|\"at_least\"|\"at_most\": number}", number);
    k->least = 0;
    json_open(&r, v.raw);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        bool exactly = json_key_is(key, "exactly"), least = json_key_is(key, "at_least"), most = json_key_is(key, "at_most");
        static const char *const words[] = { "exactly", "at_least", "at_most", NULL };
        static const char *const *const lists[] = { words, NULL };
        if (!exactly && !least && !most)
            return unknown(number, key, "count: unknown word", lists, e);
        if (v.type != JSON_NUMBER || !str_to_i64(v.raw, &n) || n < 0)
            return err_set(e, 400, "BAD_CHECK", "check %zu: count: " STR_F " must be a whole number", number, STR_A(key));
        k->least = exactly || least ? n : k->least;
        k->most = exactly || most ? n : k->most;
    }
    return 0;
}

/* The names of services and actions are known: one that there is not can never be met. */
static int judge_name(struct cloud *c, const struct check *k, size_t number, struct arena *a, struct err *e)
{
    const struct service *only = NULL;
    for (size_t i = 0; i < k->n; i++) {
        const struct wish *w = &k->wishes[i];
        bool is_service = str_is(w->field, "service"), is_action = str_is(w->field, "action");
        struct str name = w->wanted.type == JSON_STRING ? json_text(w->wanted, a) : S("");
        if (k->kind || !name.n || str_chr(name, '*') != STR_NONE || str_chr(name, '?') != STR_NONE || (!is_service && !is_action))
            continue;
        const char **words = ARENA_ARRAY(a, const char *, 4096);
        size_t n = 0;
        for (size_t s = 0; s < cloud_services(c); s++) {
            const struct service *service = cloud_service_at(c, s);
            if (is_service)
                words[n++] = service->name, only = str_is(name, service->name) ? service : only;
            for (size_t x = 0; is_action && x < service->n_actions && n < 4095 && (!only || only == service); x++)
                words[n++] = service->actions[x].name;
        }
        const char *const *const lists[] = { words, NULL };
        if (!is_in(words, name))
            return unknown(number, name, is_service ? "this cloud has no service" : only ? "the service has no action" : "no service has an action", lists, e);
    }
    return 0;
}

/* What the check is about must be known before its other members are read. */
static void read_kind(struct check *k, struct str object, struct arena *a)
{
    for (int kind = PEEK_TOPIC; kind <= PEEK_BUCKET; kind++) {
        struct str name = json_get_text(object, peek_kind_name((enum peek_kind)kind), a);
        if (name.p)
            k->kind = (enum peek_kind)kind, k->name = name;
    }
}

static int read_check(struct cloud *c, struct json v, size_t number, struct arena *a, struct check *k, struct err *e)
{
    const char *const *own = NULL;
    struct json_reader r;
    struct str key;
    *k = (struct check){ .least = 1, .most = INT64_MAX };
    if (v.type != JSON_OBJECT)
        return err_set(e, 400, "BAD_CHECK", "check %zu: must be an object", number);
    read_kind(k, v.raw, a);
    own = k->kind ? record_fields : call_fields;
    const char *const *const lists[] = { own, own_fields, NULL };
    json_open(&r, v.raw);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        struct str field = json_text((struct json){ JSON_STRING, true, key }, a);
        int result = 0;
        if (str_is(field, "where"))
            result = read_where(k, number, v, a, e);
        else if (str_is(field, "count"))
            result = read_count(k, number, v, e);
        else if (is_in(own, field))
            result = add_wish(k, number, field, v, false, a, e);
        else if (!k->kind || peek_kind_of(field) != k->kind)
            result = unknown(number, field, k->kind ? "a check of records has no field (columns go into where)" : "unknown field", lists, e);
        if (result)
            return -1;
    }
    return judge_name(c, k, number, a, e);
}

/* ---- walking ---- */

struct near {
    unsigned score; /* 0 = none */
    uint64_t number;
};

struct walk {
    struct cloud *cloud;
    const struct check *check;
    struct arena scratch;
    uint64_t number; /* of the candidate: the call's id, the record's place in the walk */
    uint64_t looked_at, matched;
    struct near nearest[NEAREST], last[NEAREST]; /* misses by score, then age; the last that match */
    struct buf *out; /* NULL in the first walk */
    bool any;
};

static struct wanted_value value_of(const struct walk *w, const void *candidate, const struct wish *wish, struct arena *a)
{
    return w->check->kind ? record_value(candidate, wish, a) : call_value(candidate, wish->field);
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
        const struct wish *wish = &w->check->wishes[i];
        struct wanted_value is = value_of(w, candidate, wish, &w->scratch);
        bool fits = wanted_fits(wish->wanted, &is, &w->scratch);
        held += fits;
        score += fits ? 2 : wanted_is_near(wish->wanted, &is, &w->scratch);
    }
    bool all = held == w->check->n;
    w->matched += all;
    note(all ? w->last : w->nearest, (struct near){ all ? 1 : score, w->number });
}

static void put_record(const struct shown *s, struct buf *out)
{
    buf_z(out, ",\"record\":{\"place\":");
    json_put_text(out, s->record->place);
    buf_z(out, ",\"value\":");
    json_put_text(out, str_head(s->decoded.inner, SHOWN_BYTES));
    buf_z(out, "}}");
}

static void put_differences(struct walk *w, const void *candidate)
{
    struct buf *out = w->out;
    bool first = true;
    buf_f(out, "%s{\"differs\":[", w->any ? ",\n" : "");
    w->any = true;
    for (size_t i = 0; i < w->check->n; i++) {
        const struct wish *wish = &w->check->wishes[i];
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
    struct shown s = { .record = r };
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

static void put_count(struct buf *out, const struct check *k)
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
static void put_words(struct buf *out, const struct check *k, struct arena *a)
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

static bool is_proved(const struct check *k, uint64_t matched, uint64_t forgotten, bool *ret_holds)
{
    *ret_holds = (int64_t)matched >= k->least && (int64_t)matched <= k->most;
    return !forgotten || (int64_t)matched > k->most || k->most == INT64_MAX;
}

static int run_check(struct cloud *c, const struct check *k, struct arena *a, struct buf *out, bool *ret_holds, struct err *e)
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
    struct check *checks = ARENA_ARRAY(a, struct check, MAX_CHECKS);
    struct json_reader r;
    struct json v, list;
    size_t n = 0;
    bool all = true;
    json_open(&r, body);
    if (json_read(&r, &v) || json_close(&r))
        return err_set(e, 400, "BAD_JSON", "the checks are not valid JSON: " STR_F, STR_A(json_where(&r, a)));
    if (v.type == JSON_OBJECT && json_get(v.raw, "checks", &list))
        v = list;
    if (v.type != JSON_ARRAY && read_check(c, v, ++n, a, &checks[0], e))
        return -1;
    json_open(&r, v.raw);
    if (v.type == JSON_ARRAY)
        for (json_enter(&r, JSON_ARRAY); json_element(&r) == 1 && json_read(&r, &v) == 0; n++)
            if (n == MAX_CHECKS ? err_set(e, 400, "BAD_CHECK", "more than %d checks", MAX_CHECKS) : read_check(c, v, n + 1, a, &checks[n], e))
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
    const struct check *check;
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
        struct wanted_value is = call_value(e, l->check->wishes[i].field);
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
    struct check k = { .most = INT64_MAX };
    struct listing l = { .cloud = c, .check = &k, .out = out };
    int64_t after = 0, limit = 1000, last = 0;
    if (read_number(r, "after", INT64_MAX, a, &after, e) || read_number(r, "limit", 100000, a, &limit, e) || read_number(r, "last", 100000, a, &last, e))
        return -1;
    for (const char *const *field = call_fields; *field; field++) {
        struct str text = http_query(r, *field, a);
        if (text.n && add_wish(&k, 0, str_of(*field), wanted_of(text, a), false, a, e))
            return -1;
    }
    if (judge_name(c, &k, 0, a, e))
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
