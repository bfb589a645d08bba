/* verify_check.c - fields that checks may ask for, and reading them; what is unknown is refused with the word that was meant. */
#include "mocks/cloud/verify_check.h"

#include <stdio.h>

#include "base/near.h"

/* ---- fields of a call ---- */

const char *const verify_call_fields[] = { "service", "action", "resource", "status", "code", "reason", "fault", "fault_rule", "internal",
                                           "ms", "bytes_in", "bytes_out", "id", NULL };
static const char *const record_fields[] = { "key", "place", "bytes", NULL };
static const char *const own_fields[] = { "topic", "stream", "bucket", "where", "count", NULL };

static struct wanted_value text_of(const char *z) { return (struct wanted_value){ .type = z[0] ? JSON_STRING : (enum json_type)0, .text = str_of(z) }; }
static struct wanted_value number_of(double v) { return (struct wanted_value){ .type = JSON_NUMBER, .number = v }; }

struct wanted_value verify_call_value(const struct journal_entry *e, struct str field)
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

static struct wanted_value content_value(const struct verify_record *s, struct str path, struct arena *a)
{
    struct json v = { 0 };
    struct str at = s->decoded.inner;
    for (struct str rest = path; s->decoded.is_json && rest.p; at = v.raw)
        if (!json_get(str_trim(at), arena_z(a, str_cut(&rest, '.')), &v))
            return (struct wanted_value){ 0 };
    return v.type ? wanted_value_of(v, a) : (struct wanted_value){ 0 };
}

struct wanted_value verify_record_value(const struct verify_record *s, const struct verify_wish *w, struct arena *a)
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

int verify_check_add(struct verify_check *k, size_t number, struct str field, struct json wanted, bool of_content, struct arena *a, struct err *e)
{
    if (k->n == VERIFY_WISHES)
        return err_set(e, 400, "BAD_CHECK", "check %zu: more than %d fields", number, VERIFY_WISHES);
    if (wanted_check(wanted, a, e))
        return err_wrap(e, "check %zu: field '" STR_F "'", number, STR_A(field));
    k->wishes[k->n++] = (struct verify_wish){ field, wanted, of_content };
    return 0;
}

static int read_where(struct verify_check *k, size_t number, struct json where, struct arena *a, struct err *e)
{
    static const char *const *const lists[] = { verify_call_fields, NULL };
    struct json_reader r;
    struct str key;
    struct json v;
    if (where.type != JSON_OBJECT)
        return err_set(e, 400, "BAD_CHECK", "check %zu: where must be an object: {\"index\":7528}", number);
    json_open(&r, where.raw);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        struct str field = json_text((struct json){ JSON_STRING, true, key }, a);
        if (!k->kind && !is_in(verify_call_fields, field))
            return unknown(number, field, "where: a call has no field", lists, e);
        if (verify_check_add(k, number, field, v, k->kind != PEEK_NONE, a, e))
            return -1;
    }
    return 0;
}

static int read_count(struct verify_check *k, size_t number, struct json v, struct err *e)
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
int verify_check_judge(struct cloud *c, const struct verify_check *k, size_t number, struct arena *a, struct err *e)
{
    const struct service *only = NULL;
    for (size_t i = 0; i < k->n; i++) {
        const struct verify_wish *w = &k->wishes[i];
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
static void read_kind(struct verify_check *k, struct str object, struct arena *a)
{
    for (int kind = PEEK_TOPIC; kind <= PEEK_BUCKET; kind++) {
        struct str name = json_get_text(object, peek_kind_name((enum peek_kind)kind), a);
        if (name.p)
            k->kind = (enum peek_kind)kind, k->name = name;
    }
}

int verify_check_read(struct cloud *c, struct json v, size_t number, struct arena *a, struct verify_check *k, struct err *e)
{
    const char *const *own = NULL;
    struct json_reader r;
    struct str key;
    *k = (struct verify_check){ .least = 1, .most = INT64_MAX };
    if (v.type != JSON_OBJECT)
        return err_set(e, 400, "BAD_CHECK", "check %zu: must be an object", number);
    read_kind(k, v.raw, a);
    own = k->kind ? record_fields : verify_call_fields;
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
            result = verify_check_add(k, number, field, v, false, a, e);
        else if (!k->kind || peek_kind_of(field) != k->kind)
            result = unknown(number, field, k->kind ? "a check of records has no field (columns go into where)" : "unknown field", lists, e);
        if (result)
            return -1;
    }
    return verify_check_judge(c, k, number, a, e);
}
