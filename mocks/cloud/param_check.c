/* param_check.c - constraints: a pass over the arguments only; complaints are written as they are found. The patterns
 * are in param_match.c. */
#include "base/buf.h"
#include "base/utf8.h"
#include "mocks/cloud/param.h"

enum { PRINTED_ITEMS = 1000 };

/* Where a value stands, innermost first. */
struct path {
    const struct path *up;
    const char *name;
    size_t item; /* 1, 2, … in a list; 0 = not in one */
};

struct checker {
    struct buf complaints;
    int n;
};

static void put_path(struct buf *out, const struct path *p)
{
    if (p->up) {
        put_path(out, p->up);
        buf_c(out, '.');
    }
    if (p->item) {
        buf_u64(out, p->item);
        buf_z(out, ".member");
        return;
    }
    buf_c(out, (char)(p->name[0] | 32));
    buf_z(out, p->name + 1);
}

static void put_value(struct buf *out, const struct param *p, const struct arg *a)
{
    if (!a->type) {
        buf_z(out, "null");
        return;
    }
    switch (a->type) {
    case PARAM_STRING: buf_str_add(out, a->text); break;
    case PARAM_BLOB: buf_f(out, "java.nio.HeapByteBuffer[pos=0 lim=%zu cap=%zu]", a->text.n, a->text.n); break;
    case PARAM_BOOLEAN: buf_z(out, a->number ? "true" : "false"); break;
    case PARAM_STRUCTURE: buf_f(out, "%s@c965e310", p->name); break;
    case PARAM_LIST:
        buf_c(out, '[');
        for (size_t i = 0; i < a->n && i < param_kept(p) && i < PRINTED_ITEMS; i++) {
            buf_z(out, i ? ", " : "");
            put_value(out, p->members, &a->items[i]);
        }
        buf_c(out, ']');
        break;
    case PARAM_MAP:
        buf_c(out, '{');
        for (size_t i = 0; i < a->n && i < param_kept(p) && i < PRINTED_ITEMS; i++) {
            buf_z(out, i ? ", " : "");
            buf_str_add(out, a->items[2 * i].text);
            buf_c(out, '=');
            put_value(out, &p->members[1], &a->items[2 * i + 1]);
        }
        buf_c(out, '}');
        break;
    default: buf_i64(out, a->number);
    }
}

static void complain(struct checker *k, const struct param *p, const struct arg *a, const struct path *at,
                     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void complain(struct checker *k, const struct param *p, const struct arg *a, const struct path *at,
                     const char *fmt, ...)
{
    if (k->n == PARAM_COMPLAINTS)
        return;
    struct buf *out = &k->complaints;
    buf_z(out, k->n++ ? "; Value " : "Value ");
    if (a->type)
        buf_c(out, '\'');
    put_value(out, p, a);
    if (a->type)
        buf_c(out, '\'');
    buf_z(out, " at '");
    put_path(out, at);
    buf_z(out, "' failed to satisfy constraint: ");
    va_list ap;
    va_start(ap, fmt);
    buf_vf(out, fmt, ap);
    va_end(ap);
}

static bool is_one_of(const char *const *values, struct str text)
{
    for (; *values; values++)
        if (str_is(text, *values))
            return true;
    return false;
}

/* "A, B" into a buffer of its own. */
static void put_enum(struct buf *out, const char *const *values)
{
    for (size_t i = 0; values[i]; i++) {
        buf_z(out, i ? ", " : "");
        buf_z(out, values[i]);
    }
}

/* Java counts UTF-16 units; they differ from bytes only where the limit is near. */
static int64_t text_length(const struct param *p, struct str text)
{
    bool ascii_will_do = p->min <= 1 && (p->max == 0 || (int64_t)text.n <= p->max);
    return (int64_t)(ascii_will_do ? text.n : utf8_utf16_count(text));
}

static void check_length(struct checker *k, const struct param *p, const struct arg *a, const struct path *at,
                         int64_t length)
{
    if (length < p->min)
        complain(k, p, a, at, "Member must have length greater than or equal to %lld", (long long)p->min);
    if (p->max && length > p->max)
        complain(k, p, a, at, "Member must have length less than or equal to %lld", (long long)p->max);
}

static void check_string(struct checker *k, const struct param *p, const struct arg *a, const struct path *at)
{
    if (p->pattern && !param_match(p->pattern, a->text))
        complain(k, p, a, at, "Member must satisfy regular expression pattern: %s", p->pattern);
    check_length(k, p, a, at, text_length(p, a->text));
    if (p->values && !is_one_of(p->values, a->text)) {
        struct buf list = BUF_INIT;
        put_enum(&list, p->values);
        complain(k, p, a, at, "Member must satisfy enum value set: [" STR_F "]", STR_A(buf_str(&list)));
        buf_release(&list);
    }
}

static bool fits(const struct param *p, const struct arg *a)
{
    int64_t n = text_length(p, a->text);
    return a->type == 0 || (n >= p->min && (p->max == 0 || n <= p->max) && (!p->values || is_one_of(p->values, a->text)));
}

/* Texts within a list or a map are complained of together. */
static void check_texts(struct checker *k, const struct param *p, const struct arg *a, const struct path *at,
                        const struct param *item, size_t step, size_t from, const char *what)
{
    for (size_t i = 0; i < a->n && i < param_kept(p); i++) {
        if (fits(item, &a->items[step * i + from]))
            continue;
        struct buf rule = BUF_INIT;
        if (item->values) {
            buf_z(&rule, "Member must satisfy enum value set: [");
            put_enum(&rule, item->values);
            buf_c(&rule, ']');
        } else {
            buf_f(&rule, "Member must have length less than or equal to %lld, "
                         "Member must have length greater than or equal to %lld",
                  (long long)item->max, (long long)item->min);
        }
        complain(k, p, a, at, "%s must satisfy constraint: [" STR_F "]", what, STR_A(buf_str(&rule)));
        buf_release(&rule);
        return;
    }
}

static void check_members(struct checker *k, const struct param *members, size_t n, const struct arg *args,
                          const struct path *up);

static void check_list(struct checker *k, const struct param *p, const struct arg *a, const struct path *at)
{
    const struct param *item = p->members;
    check_length(k, p, a, at, (int64_t)a->n);
    for (size_t i = 0; i < a->n && i < param_kept(p) && k->n < PARAM_COMPLAINTS; i++) {
        struct path here = { at, NULL, i + 1 };
        if (!a->items[i].type)
            complain(k, item, &a->items[i], &here, "Member must not be null");
        else if (item->type == PARAM_STRUCTURE)
            check_members(k, item->members, item->n_members, a->items[i].items, &here);
    }
    if (item->type == PARAM_STRING)
        check_texts(k, p, a, at, item, 1, 0, "Member");
}

static void check_value(struct checker *k, const struct param *p, const struct arg *a, const struct path *at)
{
    if (!a->type) {
        if (p->required)
            complain(k, p, a, at, "Member must not be null");
        return;
    }
    switch (p->type) {
    case PARAM_STRING: check_string(k, p, a, at); break;
    case PARAM_BLOB: check_length(k, p, a, at, (int64_t)a->text.n); break;
    case PARAM_INTEGER:
    case PARAM_LONG:
        if (a->number < p->min)
            complain(k, p, a, at, "Member must have value greater than or equal to %lld", (long long)p->min);
        if (p->max && a->number > p->max)
            complain(k, p, a, at, "Member must have value less than or equal to %lld", (long long)p->max);
        break;
    case PARAM_LIST: check_list(k, p, a, at); break;
    case PARAM_MAP:
        check_length(k, p, a, at, (int64_t)a->n);
        check_texts(k, p, a, at, &p->members[0], 2, 0, "Map keys");
        check_texts(k, p, a, at, &p->members[1], 2, 1, "Map value");
        break;
    case PARAM_STRUCTURE: check_members(k, p->members, p->n_members, a->items, at); break;
    default: break;
    }
}

static void check_members(struct checker *k, const struct param *members, size_t n, const struct arg *args,
                          const struct path *up)
{
    for (size_t i = 0; i < n && k->n < PARAM_COMPLAINTS; i++) {
        struct path here = { up, members[i].name, 0 };
        check_value(k, &members[i], &args[i], &here);
    }
}

int param_check(const struct param *params, size_t n_params, const struct arg *args, struct arena *a,
                struct param_refusal *ret_why)
{
    struct checker k = { BUF_INIT, 0 };
    check_members(&k, params, n_params, args, NULL);
    if (k.n == 0)
        return 0;
    struct buf all = BUF_INIT;
    buf_f(&all, "%d validation error%s detected: ", k.n, k.n > 1 ? "s" : "");
    buf_str_add(&all, buf_str(&k.complaints));
    *ret_why = (struct param_refusal){ "ValidationException", arena_dup(a, buf_str(&all)) };
    buf_release(&all);
    buf_release(&k.complaints);
    return -1;
}
