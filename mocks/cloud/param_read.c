/* param_read.c - types: one pass over the JSON text, walking the table beside it, into struct arg. */
#include <math.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/utf8.h"
#include "mocks/cloud/param.h"

struct binder {
    struct json_reader r;
    struct arena *arena;
    struct str refusal; /* p != NULL: a value was of the wrong type */
};

static bool refuse(struct binder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct binder *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    b->refusal = arena_vf(b->arena, fmt, ap);
    va_end(ap);
    return false;
}

static const char *type_word(enum param_type t)
{
    switch (t) {
    case PARAM_STRING: return "an String";
    case PARAM_BLOB: return "a Blob";
    case PARAM_INTEGER: return "an Integer";
    case PARAM_LONG: return "an Long";
    case PARAM_BOOLEAN: return "an Boolean";
    default: return "milliseconds since epoch";
    }
}

/* The sentence for a value of another type; articles and dots are AWS's. */
static bool mismatch(struct binder *b, enum param_type want, enum json_type got)
{
    if (got == JSON_ARRAY)
        return refuse(b, "Start of list found where not expected");
    if (got == JSON_OBJECT)
        return refuse(b, "Start of structure or map found where not expected.");
    if (want == PARAM_LIST)
        return refuse(b, "Expected list or null");
    if (want == PARAM_MAP)
        return refuse(b, "Expected map or null");
    if (want == PARAM_STRUCTURE)
        return refuse(b, "Expected null");
    const char *class = got == JSON_STRING   ? "java.lang.String"
                        : got == JSON_NUMBER ? "com.amazon.coral.value.json.numbers.TruncatingBigNumber"
                                             : "java.lang.Boolean";
    return refuse(b, "class %s can not be converted to %s", class, type_word(want));
}

static bool bind_boolean(struct binder *b, struct json v, struct arg *ret)
{
    if (v.type == JSON_STRING) {
        static const struct { const char *word; int value; } words[] = {
            { "TRUE", 1 }, { "1", 1 }, { "YES", 1 }, { "FALSE", 0 }, { "0", 0 }, { "NO", 0 },
        };
        char *text = arena_z(b->arena, json_text(v, b->arena));
        for (char *p = text; *p; p++)
            if (*p >= 'a' && *p <= 'z')
                *p -= 32;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strcmp(text, words[i].word) == 0) {
                *ret = (struct arg){ .type = PARAM_BOOLEAN, .number = words[i].value };
                return true;
            }
        return refuse(b, "'%s' can not be converted to an Boolean", text);
    }
    if (v.type != JSON_TRUE && v.type != JSON_FALSE)
        return mismatch(b, PARAM_BOOLEAN, v.type);
    *ret = (struct arg){ .type = PARAM_BOOLEAN, .number = v.type == JSON_TRUE };
    return true;
}

/* Fractions are cut downwards, what is too large is capped. Timestamps are seconds with a fraction. */
static bool bind_number(struct binder *b, enum param_type type, struct json v, struct arg *ret)
{
    if (v.type != JSON_NUMBER)
        return mismatch(b, type, v.type);
    int64_t n;
    double d;
    if (type == PARAM_TIMESTAMP || !str_to_i64(v.raw, &n)) {
        if (!str_to_double(v.raw, &d))
            d = v.raw.p[0] == '-' ? -INFINITY : INFINITY;
        d = type == PARAM_TIMESTAMP ? nearbyint(d * 1000) : floor(d);
        n = d >= 9.2e18 ? INT64_MAX : d <= -9.2e18 ? INT64_MIN : (int64_t)d;
    }
    if (type == PARAM_INTEGER && n > INT32_MAX)
        n = INT32_MAX;
    *ret = (struct arg){ .type = type, .number = n };
    return true;
}

static bool bind_string(struct binder *b, struct json v, struct arg *ret)
{
    if (v.type != JSON_STRING)
        return mismatch(b, PARAM_STRING, v.type);
    *ret = (struct arg){ .type = PARAM_STRING, .text = json_text(v, b->arena) };
    if (!ret->text.p)
        ret->text = S("");
    if (!utf8_valid(ret->text)) {
        b->r.error = "not UTF-8";
        return false;
    }
    return true;
}

static bool is_base64_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* Why the text is no base64, once it is known that it is none. */
static bool refuse_base64(struct binder *b, struct str text)
{
    if (text.n % 4)
        return refuse(b, "'" STR_F "' can not be converted to a Blob: Base64 encoded length is expected a multiple "
                         "of 4 bytes but found: %zu", STR_A(text), text.n);
    for (size_t i = 0; i < text.n; i++) {
        bool misplaced = text.p[i] == '=' && i + 1 < text.n && text.p[i + 1] != '=';
        if (misplaced || (text.p[i] != '=' && !is_base64_letter(text.p[i])))
            return refuse(b, "'" STR_F "' can not be converted to a Blob: Invalid Base64 character: '%c'",
                          STR_A(text), text.p[i]);
    }
    return refuse(b, "'" STR_F "' can not be converted to a Blob: Invalid last non-pad Base64 character dectected",
                  STR_A(text));
}

/* Bits of the last letter that no byte uses must be zero. */
static bool is_canonical(struct str text, struct str bytes)
{
    size_t left = bytes.n % 3;
    if (left == 0)
        return true;
    char last[4];
    struct buf out = { .p = last, .cap = sizeof last, .max = sizeof last };
    codec_base64(&out, str_from(bytes, bytes.n - left));
    return memcmp(last, text.p + text.n - 4, 4) == 0;
}

static bool bind_blob(struct binder *b, struct json v, struct arg *ret)
{
    if (v.type != JSON_STRING)
        return mismatch(b, PARAM_BLOB, v.type);
    struct str text = json_text(v, b->arena);
    size_t room = text.n / 4 * 3 + 4;
    struct buf out = { .p = arena_alloc(b->arena, room), .cap = room, .max = room };
    if (!codec_unbase64(&out, text) || !is_canonical(text, buf_str(&out)))
        return refuse_base64(b, text);
    *ret = (struct arg){ .type = PARAM_BLOB, .text = buf_str(&out) };
    return true;
}

static bool bind_value(struct binder *b, const struct param *p, struct arg *ret);

static bool bind_list(struct binder *b, const struct param *p, struct arg *ret)
{
    size_t cap = 0, most = param_kept(p);
    struct arg list = { .type = PARAM_LIST };
    json_enter(&b->r, JSON_ARRAY);
    while (json_element(&b->r) == 1) {
        if (list.n == cap && cap < most) {
            size_t wider = cap ? cap * 4 : 8;
            struct arg *items = ARENA_ARRAY(b->arena, struct arg, wider < most ? wider : most);
            if (cap)
                memcpy(items, list.items, cap * sizeof *items);
            list.items = items;
            cap = wider < most ? wider : most;
        }
        if (list.n >= cap)
            json_skip(&b->r);
        else if (!bind_value(b, p->members, &list.items[list.n]))
            return false;
        list.n++;
    }
    *ret = list;
    return !b->r.error;
}

static bool bind_map(struct binder *b, const struct param *p, struct arg *ret)
{
    size_t cap = 0, most = param_kept(p), i;
    struct arg map = { .type = PARAM_MAP };
    struct str key;
    json_enter(&b->r, JSON_OBJECT);
    while (json_member(&b->r, &key) == 1) {
        struct str name = json_text((struct json){ JSON_STRING, str_chr(key, '\\') != STR_NONE, key }, b->arena);
        for (i = 0; i < map.n && i < cap && !str_eq(map.items[2 * i].text, name); i++) {}
        if (i == cap && cap < most) {
            size_t wider = cap ? cap * 4 : 8;
            struct arg *items = ARENA_ARRAY(b->arena, struct arg, 2 * (wider < most ? wider : most));
            if (cap)
                memcpy(items, map.items, 2 * cap * sizeof *items);
            map.items = items;
            cap = wider < most ? wider : most;
        }
        if (i >= cap) {
            json_skip(&b->r);
        } else {
            map.items[2 * i] = (struct arg){ .type = PARAM_STRING, .text = name };
            if (!bind_value(b, &p->members[1], &map.items[2 * i + 1]))
                return false;
        }
        map.n = i < map.n ? map.n : map.n + 1;
    }
    *ret = map;
    return !b->r.error;
}

static bool key_is(struct str key, const char *name)
{
    if (key.n && key.p[0] == name[0] && strncmp(key.p, name, key.n) == 0)
        return name[key.n] == 0;
    return str_chr(key, '\\') != STR_NONE && json_key_is(key, name);
}

static bool bind_members(struct binder *b, const struct param *members, size_t n, struct arg *args)
{
    struct str key;
    json_enter(&b->r, JSON_OBJECT);
    while (json_member(&b->r, &key) == 1) {
        size_t i = 0;
        while (i < n && !key_is(key, members[i].name))
            i++;
        if (i == n)
            json_skip(&b->r);
        else if (!bind_value(b, &members[i], &args[i]))
            return false;
    }
    return !b->r.error;
}

static bool bind_container(struct binder *b, const struct param *p, enum json_type type, struct arg *ret)
{
    if (p->type == PARAM_LIST)
        return type == JSON_ARRAY ? bind_list(b, p, ret) : mismatch(b, p->type, type);
    if (type != JSON_OBJECT)
        return mismatch(b, p->type, type);
    if (p->type == PARAM_MAP)
        return bind_map(b, p, ret);
    struct arg *items = ARENA_ARRAY(b->arena, struct arg, p->n_members);
    *ret = (struct arg){ .type = PARAM_STRUCTURE, .items = items, .n = p->n_members };
    return bind_members(b, p->members, p->n_members, items);
}

static bool bind_value(struct binder *b, const struct param *p, struct arg *ret)
{
    enum json_type type = json_peek(&b->r);
    struct json v;
    if (type == 0)
        return false;
    if (type == JSON_NULL) {
        *ret = (struct arg){ 0 };
        return json_skip(&b->r) == 0;
    }
    if (p->type >= PARAM_LIST)
        return bind_container(b, p, type, ret);
    if (json_read(&b->r, &v) < 0)
        return false;
    switch (p->type) {
    case PARAM_STRING: return bind_string(b, v, ret);
    case PARAM_BLOB: return bind_blob(b, v, ret);
    case PARAM_BOOLEAN: return bind_boolean(b, v, ret);
    default: return bind_number(b, p->type, v, ret);
    }
}

int param_read(const struct param *params, size_t n_params, struct str text, struct arena *a, struct arg **ret_args,
               struct param_refusal *ret_why)
{
    struct binder b = { .arena = a };
    json_open(&b.r, text);
    struct arg *args = ARENA_ARRAY(a, struct arg, n_params);
    if (json_peek(&b.r) == JSON_OBJECT && bind_members(&b, params, n_params, args) && json_close(&b.r) == 0) {
        *ret_args = args;
        return 0;
    }
    /* A mistake of syntax anywhere comes before a mistake of type. */
    bool typed = b.refusal.p && json_valid(text);
    *ret_why = (struct param_refusal){ "SerializationException", typed ? b.refusal : (struct str){ 0 } };
    return -1;
}

const struct arg *param_find(const struct param *params, size_t n_params, const struct arg *args, const char *name)
{
    for (size_t i = 0; i < n_params; i++)
        if (strcmp(params[i].name, name) == 0)
            return args[i].type ? &args[i] : NULL;
    return NULL;
}
