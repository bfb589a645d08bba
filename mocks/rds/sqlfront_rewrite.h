/* sqlfront_rewrite.h - what the files of the rewriter share. */
#ifndef MOCKS_RDS_SQLFRONT_REWRITE_H
#define MOCKS_RDS_SQLFRONT_REWRITE_H

#include "mocks/rds/sqlfront.h"
#include "mocks/rds/sqlfront_words.h"

struct rewriter {
    const struct sqlfront_text *t;
    const struct sqlfront_options *options;
    struct arena *a;
    struct buf *out;
    struct sqlfront_result *r;
    const char *failed; /* what cannot be rewritten; the first mistake stays */
    int depth;
    bool typing;       /* writing r->typing */
    bool upsert;       /* behind ON DUPLICATE KEY UPDATE */
    bool define;       /* in a statement that defines tables */
    size_t from, to;   /* of the statement */
    size_t limit_from; /* numbers from this token on become parameters */
};

/* The tokens [from, to) rewritten, with what lies between them. */
void sqlfront_put_range(struct rewriter *w, size_t from, size_t to);
/* The token as it is, with the blanks before it. */
void sqlfront_put_token(struct rewriter *w, size_t i);
void sqlfront_put_gap(struct rewriter *w, size_t i); /* the blanks before it alone */
void sqlfront_fail(struct rewriter *w, const char *what);
/* One special form at i: the index behind it, or i when it is none. */
size_t sqlfront_put_function(struct rewriter *w, size_t i, size_t to);
void sqlfront_put_define(struct rewriter *w);
void sqlfront_put_read(struct rewriter *w);
size_t sqlfront_put_one(struct rewriter *w, size_t i, size_t to); /* the index behind what was written */
bool sqlfront_is_dropped(unsigned word); /* a word that says nothing to SQLite */

static inline unsigned sqlfront_word(const struct rewriter *w, size_t i)
{
    const struct sqlfront_token *k = &w->t->tokens[i];
    return k->kind == SQLFRONT_WORD ? k->word : K_NONE;
}
static inline bool sqlfront_op(const struct rewriter *w, size_t i, char c)
{
    const struct sqlfront_token *k = &w->t->tokens[i];
    return k->kind == SQLFRONT_OP && k->word == (uint8_t)c && k->n == 1;
}
/* The first token at this bracket's depth in [from, to) that is the word; `to` when there is none. */
size_t sqlfront_find(const struct rewriter *w, size_t from, size_t to, unsigned word);
/* Behind the bracket that opens at i, at most `to`. */
size_t sqlfront_behind(const struct rewriter *w, size_t i, size_t to);

#endif
