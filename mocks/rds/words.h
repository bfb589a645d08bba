/* words.h - the vocabulary of the synthetic rows. Lists end where their count says; nothing here is copied data. */
#ifndef MOCKS_RDS_WORDS_H
#define MOCKS_RDS_WORDS_H

#include "base/str.h"

struct words {
    const char *const *list;
    size_t n;
};

enum { WORDS_COUNTRIES = 243, WORDS_NOUNS = 24, WORDS_TOPICS = 13 };
extern const char *const words_countries[WORDS_COUNTRIES]; /* alphabetical */
extern const struct words words_first_names, words_last_names;
extern const char *const words_nouns[WORDS_TOPICS][WORDS_NOUNS]; /* in the order of synth_categories */

/* Templates: {n} noun of the topic, {a} adjective, {p} for whom or when, {f} first name, {l} last name,
 * {2} a small number; everything else is literal. */
extern const struct words words_titles, words_sentences, words_posters;
extern const struct words words_adjectives, words_audiences, words_modifiers, words_emoji;

#endif
