/* word          what it does to a text                                              becomes null when
 * null_if       -                                                                    it equals one of the texts
 * null_if_prefix  -                                                                  it begins with one of the texts
 * null_if_blank -                                                                    it is empty or only blanks
 * trim          cuts blanks, tabs and line ends at both ends                         -
 * strip_prefix  cuts the text at the beginning, as often as it stands there          -
 * replace       every occurrence of each key by its value, in order                  -
 * lower, upper  ASCII letters only                                                   -
 * map           a text equal to a key becomes its value                              -
 * suffix        1 to 10 ASCII digits and at most one suffix become a number          it is anything else
 * timestamp     by the first format that fits becomes microseconds UTC               none fits, or no such instant
 */
#include "pipeline/clean/op.h"

static int op_texts(struct arena *a, const struct node *n, struct op *op, struct err *e)
{
    return doc_texts(a, n, &op->texts, &op->n, e);
}

static int op_flag(struct arena *a, const struct node *n, struct op *op, struct err *e)
{
    bool on;
    (void)a, (void)op;
    if (doc_flag(n, &on, e))
        return -1;
    return on ? 0 : doc_fail(n, e, "must be true; leave the word out to switch it off");
}

/* {"from": "to", …} */
static int op_pairs(struct arena *a, const struct node *n, struct op *op, struct err *e)
{
    if (doc_want(n, JSON_OBJECT, e))
        return -1;
    op->texts = ARENA_ARRAY(a, struct str, n->n + 1);
    op->to = ARENA_ARRAY(a, struct str, n->n + 1);
    for (const struct node *c = n->child; c; c = c->next) {
        if (!c->key.n)
            return doc_fail(c, e, "an empty text cannot be looked for");
        op->texts[op->n] = c->key;
        if (doc_text(c, &op->to[op->n++], e))
            return -1;
    }
    return 0;
}

static int op_factors(struct arena *a, const struct node *n, struct op *op, struct err *e)
{
    if (doc_want(n, JSON_OBJECT, e))
        return -1;
    op->texts = ARENA_ARRAY(a, struct str, n->n + 1);
    op->factors = ARENA_ARRAY(a, int64_t, n->n + 1);
    for (const struct node *c = n->child; c; c = c->next) {
        if (!c->key.n || (c->key.p[0] >= '0' && c->key.p[0] <= '9'))
            return doc_fail(c, e, "a suffix must be a text that does not begin with a digit");
        op->texts[op->n] = c->key;
        if (doc_integer(c, &op->factors[op->n], e))
            return -1;
        if (op->factors[op->n] < 1 || op->factors[op->n] > 1000000000)
            return doc_fail(c, e, "a suffix stands for a factor from 1 to 1000000000");
        op->n++;
    }
    return 0;
}

static int op_formats_of(struct arena *a, const struct node *n, const struct str *texts, size_t count, struct op *op,
                         struct err *e)
{
    op->formats = ARENA_ARRAY(a, const struct timestamp_format *, count + 1);
    for (op->n = 0; op->n < count; op->n++) {
        const char *why = "";
        op->formats[op->n] = timestamp_compile(a, texts[op->n], &why);
        if (!op->formats[op->n])
            return doc_fail(n, e, "\"" STR_F "\" is no format of an instant: %s", STR_A(texts[op->n]), why);
    }
    return 0;
}

static int op_formats(struct arena *a, const struct node *n, struct op *op, struct err *e)
{
    static const char *const WORDS[] = { "formats", "zone", NULL };
    struct str *texts;
    size_t count;
    if (doc_keys(n, WORDS, e))
        return -1;
    const struct node *formats = doc_get(n, "formats"), *zone = doc_get(n, "zone");
    if (!formats)
        return doc_fail(n, e, "say which formats: {\"formats\": [\"yyyy-MM-dd HH:mm:ss\"], \"zone\": \"UTC\"}");
    if (zone && !str_is(zone->text, "UTC"))
        return doc_fail(zone, e, "only \"UTC\" is known");
    if (doc_texts(a, formats, &texts, &count, e))
        return -1;
    return op_formats_of(a, formats, texts, count, op, e);
}

static enum op_effect op_null_if(const struct op *op, struct draft *d, struct arena *a)
{
    (void)a;
    for (size_t i = 0; i < op->n; i++)
        if (str_eq(d->text, op->texts[i]))
            return OP_NULLED;
    return OP_SAME;
}

static enum op_effect op_null_if_prefix(const struct op *op, struct draft *d, struct arena *a)
{
    (void)a;
    for (size_t i = 0; i < op->n; i++)
        if (str_starts(d->text, op->texts[i]))
            return OP_NULLED;
    return OP_SAME;
}

static enum op_effect op_null_if_blank(const struct op *op, struct draft *d, struct arena *a)
{
    (void)op, (void)a;
    return str_trim(d->text).n == 0 ? OP_NULLED : OP_SAME;
}

static enum op_effect op_trim(const struct op *op, struct draft *d, struct arena *a)
{
    struct str cut = str_trim(d->text);
    (void)op, (void)a;
    if (cut.n == d->text.n)
        return OP_SAME;
    d->text = cut;
    return OP_TOUCHED;
}

static enum op_effect op_strip_prefix(const struct op *op, struct draft *d, struct arena *a)
{
    enum op_effect effect = OP_SAME;
    (void)a;
    for (size_t i = 0; i < op->n; i++)
        while (op->texts[i].n && str_starts(d->text, op->texts[i])) {
            d->text = str_from(d->text, op->texts[i].n);
            effect = OP_TOUCHED;
        }
    return effect;
}

static enum op_effect op_replace(const struct op *op, struct draft *d, struct arena *a)
{
    enum op_effect effect = OP_SAME;
    for (size_t i = 0; i < op->n; i++) {
        size_t at = str_find(d->text, op->texts[i]);
        if (at == STR_NONE)
            continue;
        struct buf b = BUF_INIT;
        for (struct str rest = d->text;; at = str_find(rest, op->texts[i])) {
            buf_str_add(&b, at == STR_NONE ? rest : str_head(rest, at));
            if (at == STR_NONE)
                break;
            buf_str_add(&b, op->to[i]);
            rest = str_from(rest, at + op->texts[i].n);
        }
        d->text = arena_dup(a, buf_str(&b));
        d->moved = true;
        buf_release(&b);
        effect = OP_TOUCHED;
    }
    return effect;
}

static enum op_effect op_case(struct draft *d, struct arena *a, char low, char high)
{
    for (size_t i = 0; i < d->text.n; i++)
        if (d->text.p[i] >= low && d->text.p[i] <= high) {
            struct str copy = arena_dup(a, d->text);
            char *q = (char *)(uintptr_t)copy.p;
            for (; i < copy.n; i++)
                q[i] = (char)(q[i] >= low && q[i] <= high ? q[i] ^ 32 : q[i]);
            d->text = copy;
            d->moved = true;
            return OP_TOUCHED;
        }
    return OP_SAME;
}

static enum op_effect op_lower(const struct op *op, struct draft *d, struct arena *a)
{
    (void)op;
    return op_case(d, a, 'A', 'Z');
}

static enum op_effect op_upper(const struct op *op, struct draft *d, struct arena *a)
{
    (void)op;
    return op_case(d, a, 'a', 'z');
}

static enum op_effect op_map(const struct op *op, struct draft *d, struct arena *a)
{
    (void)a;
    for (size_t i = 0; i < op->n; i++)
        if (str_eq(d->text, op->texts[i])) {
            d->text = op->to[i];
            d->moved = true;
            return OP_TOUCHED;
        }
    return OP_SAME;
}

static enum op_effect op_suffix(const struct op *op, struct draft *d, struct arena *a)
{
    int64_t v = 0, factor = 0;
    size_t n = 0;
    (void)a;
    for (; n < d->text.n && n < 11 && d->text.p[n] >= '0' && d->text.p[n] <= '9'; n++)
        v = v * 10 + (d->text.p[n] - '0');
    if (n == 0 || n > 10)
        return OP_NULLED;
    struct str rest = str_from(d->text, n);
    for (size_t i = 0; i < op->n && rest.n; i++)
        if (str_eq(rest, op->texts[i]))
            factor = op->factors[i];
    if (rest.n && !factor)
        return OP_NULLED;
    if (__builtin_mul_overflow(v, rest.n ? factor : 1, &d->number))
        return OP_NULLED;
    d->state = DRAFT_NUMBER;
    return rest.n ? OP_TOUCHED : OP_SAME;
}

static enum op_effect op_timestamp(const struct op *op, struct draft *d, struct arena *a)
{
    (void)a;
    for (size_t i = 0; i < op->n; i++)
        if (timestamp_read(op->formats[i], d->text, &d->number)) {
            d->state = DRAFT_NUMBER;
            return OP_TOUCHED;
        }
    return OP_NULLED;
}

static const struct op_kind KINDS[] = {
    { "null_if", op_texts, op_null_if, false, OP_EQUAL },
    { "null_if_prefix", op_texts, op_null_if_prefix, false, OP_BEGIN },
    { "null_if_blank", op_flag, op_null_if_blank, false, OP_ANY },
    { "trim", op_flag, op_trim, false, OP_ANY },
    { "strip_prefix", op_texts, op_strip_prefix, false, OP_BEGIN },
    { "replace", op_pairs, op_replace, false, OP_ANY },
    { "lower", op_flag, op_lower, false, OP_ANY },
    { "upper", op_flag, op_upper, false, OP_ANY },
    { "map", op_pairs, op_map, false, OP_EQUAL },
    { "suffix", op_factors, op_suffix, true, OP_ANY },
    { "timestamp", op_formats, op_timestamp, true, OP_ANY },
};
enum { N_KINDS = sizeof KINDS / sizeof *KINDS };

static uint64_t op_lengths(const struct op *op)
{
    uint64_t lengths = 0;
    for (size_t i = 0; i < op->n && op->kind->looks_at != OP_ANY; i++) {
        uint64_t bit = UINT64_C(1) << (op->texts[i].n < 63 ? op->texts[i].n : 63);
        lengths |= op->kind->looks_at == OP_EQUAL ? bit : ~(bit - 1);
    }
    return op->kind->looks_at == OP_ANY ? UINT64_MAX : lengths;
}

int op_compile(struct arena *a, const struct op_kind *kind, const struct node *n, struct op *op, struct err *e)
{
    op->kind = kind;
    if (kind->compile(a, n, op, e))
        return -1;
    op->lengths = op_lengths(op);
    return 0;
}

const struct op_kind *op_find(struct str word)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (str_is(word, KINDS[i].word))
            return &KINDS[i];
    return NULL;
}

const char *op_word(size_t i)
{
    return i < N_KINDS ? KINDS[i].word : NULL;
}

int op_default_timestamp(struct arena *a, struct op *op, struct err *e)
{
    static const struct str FORMATS[] = { S_INIT("yyyy-MM-dd HH:mm:ss[.S][X]"),
                                          S_INIT("yyyy-MM-dd'T'HH:mm:ss[.S][X]") };
    struct node nowhere = { 0 };
    op->kind = op_find(S("timestamp"));
    op->lengths = UINT64_MAX;
    return op_formats_of(a, &nowhere, FORMATS, 2, op, e);
}
