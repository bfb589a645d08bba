/* SQL of any bytes: tokens, rewriting with and without parameters for LIMIT, the tail of numbers.
 * The first byte chooses the options, the rest is the text. */
#include <stdlib.h>

#include "mocks/rds/sqlfront.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Tokens lie one behind the other inside the text, and brackets point at each other. */
static void check_tokens(const struct sqlfront_text *t, struct arena *a)
{
    size_t end = 0;
    for (size_t i = 0; i < t->n; i++) {
        const struct sqlfront_token *k = &t->tokens[i];
        if (k->at < end || k->n == 0 || k->at + k->n > t->sql.n || (k->mate && t->tokens[k->mate].mate != i))
            abort();
        end = k->at + k->n;
        sqlfront_name(t, i, a);
    }
}

static void rewrite(const struct sqlfront_text *t, size_t from, size_t to, struct sqlfront_options *o, struct arena *a)
{
    struct sqlfront_result r;
    const char *what = NULL;
    if (!sqlfront_rewrite(t, from, to, o, a, &r, &what)) {
        if (!what)
            abort();
        return;
    }
    if (r.n_limits > 2 || (r.n_limits && !o->limits_as_params) || (o->locating && r.located > t->sql.n) || r.page_bytes > r.sql.n)
        abort();
    if (r.page && (!r.page_offset || !r.page_count || r.page_offset > r.n_params + r.n_limits || r.page_count > r.n_params + r.n_limits))
        abort();
    sqlfront_result_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = ARENA_INIT;
    struct sqlfront_text t;
    struct sqlfront_tail tail;
    if (n == 0 || n > 1 << 16)
        return 0;
    struct str sql = { (const char *)data + 1, n - 1 };
    struct sqlfront_options o = { .limits_as_params = data[0] & 1, .locating = data[0] & 2, .locate = data[0] };
    o.database = data[0] & 4 ? S("own") : S("");
    if (sqlfront_tail_of(sql, &tail) && (tail.head.n >= sql.n || tail.first < 0 || tail.second < 0))
        abort();
    if (sqlfront_lex(sql, &a, &t)) {
        check_tokens(&t, &a);
        for (size_t from = 0, to; from < t.n; from = to + 1) {
            for (to = from; to < t.n && t.tokens[to].word != ';'; to++)
                continue;
            sqlfront_kind_of(&t, from, to);
            if (to > from)
                rewrite(&t, from, to, &o, &a);
        }
    }
    arena_release(&a);
    return 0;
}
