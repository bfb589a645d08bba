/* synth_text.c - sentences from templates.
 *
 * Lengths follow the real tables: titles to 199 characters (3 % over 100), descriptions to 179 with two thirds
 * over 100, nine tags in nearly every list.
 */
#include "mocks/rds/synth_text.h"

#include "mocks/rds/synth.h"

enum { TITLE_MAX = 199, DESCRIPTION_MAX = 177, DESCRIPTION_LEAST = 40, TAGS = 9 };

const char *synth_text_pick(const struct words *w, struct rng *r) { return w->list[synth_below(r, w->n)]; }

static void fill_slot(struct buf *out, struct rng *r, int topic, char slot)
{
    switch (slot) {
    case 'n': buf_z(out, words_nouns[topic][synth_below(r, WORDS_NOUNS)]); break;
    case 'a': buf_z(out, synth_text_pick(&words_adjectives, r)); break;
    case 'p': buf_z(out, synth_text_pick(&words_audiences, r)); break;
    case 'f': buf_z(out, synth_text_pick(&words_first_names, r)); break;
    case 'l': buf_z(out, synth_text_pick(&words_last_names, r)); break;
    case '2': buf_u64(out, 3 + synth_below(r, 47)); break;
    }
}

void synth_text_fill(struct buf *out, struct rng *r, int topic, const char *template)
{
    for (const char *open; (open = strchr(template, '{')); template = open + 3) {
        buf_add(out, template, (size_t)(open - template));
        fill_slot(out, r, topic, open[1]);
    }
    buf_z(out, template);
}

/* Texts made here are well-formed: a character is a byte that does not continue one. */
static bool begins(char c) { return ((unsigned char)c & 0xC0) != 0x80; }

static size_t characters_from(const struct buf *b, size_t at)
{
    size_t n = 0;
    for (; at < b->n; at++)
        n += begins(b->p[at]);
    return n;
}

void synth_text_cut(struct buf *out, size_t characters)
{
    if (out->n <= characters)
        return;
    for (size_t i = 0; i < out->n; i++)
        if (begins(out->p[i]) && characters-- == 0) {
            out->n = i;
            return;
        }
}

void synth_text_title(struct buf *out, struct rng *r, int topic)
{
    uint64_t draw = synth_below(r, 100);
    int pieces = draw < 3 ? 5 : draw < 45 ? 2 : 1;
    for (int i = 0; i < pieces; i++) {
        if (i)
            buf_z(out, synth_below(r, 2) ? " | " : " - ");
        synth_text_fill(out, r, topic, synth_text_pick(&words_titles, r));
    }
    synth_text_cut(out, TITLE_MAX);
}

/* Another sentence; how many characters it added. */
static size_t add_sentence(struct buf *out, struct rng *r, int topic)
{
    size_t before = out->n;
    if (before)
        buf_c(out, ' ');
    synth_text_fill(out, r, topic, synth_text_pick(&words_sentences, r));
    return characters_from(out, before);
}

static void long_description(struct buf *out, struct rng *r, int topic)
{
    for (size_t n = characters_from(out, 0); n <= DESCRIPTION_MAX;)
        n += add_sentence(out, r, topic);
    synth_text_cut(out, DESCRIPTION_MAX);
    buf_z(out, "…\xC2\xA0");
}

static void short_description(struct buf *out, struct rng *r, int topic)
{
    size_t least = DESCRIPTION_LEAST + synth_below(r, 110), before = 0, n = characters_from(out, 0);
    while (n < least) {
        before = out->n;
        n += add_sentence(out, r, topic);
    }
    if (n > DESCRIPTION_MAX)
        out->n = before;
}

void synth_text_description(struct buf *out, struct rng *r, int topic)
{
    if (synth_below(r, 1000) < 395)
        long_description(out, r, topic);
    else
        short_description(out, r, topic);
}

static size_t tag_count(struct rng *r)
{
    uint64_t draw = synth_below(r, 4447);
    return draw < 6 ? 8 : draw < 8 ? 3 : draw < 9 ? 7 : TAGS;
}

void synth_text_tags(struct buf *out, struct rng *r, int topic)
{
    static const unsigned char steps[] = { 1, 5, 7, 11, 13, 17, 19, 23 }; /* prime to WORDS_NOUNS: no tag twice */
    size_t at = synth_below(r, WORDS_NOUNS), step = steps[synth_below(r, sizeof steps)];
    for (size_t i = 0, n = tag_count(r); i < n; i++, at = (at + step) % WORDS_NOUNS) {
        uint64_t form = synth_below(r, 4);
        if (i)
            buf_c(out, ',');
        if (form < 2)
            buf_z(out, synth_text_pick(&words_modifiers, r)), buf_c(out, ' ');
        buf_z(out, words_nouns[topic][at]);
        if (form == 2)
            buf_z(out, " Ideas");
    }
}
