/* near.h - the word that was probably meant, for "did you mean". */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "base/str.h"

/* Edits between two words; anything over `most`, and words of 64 bytes and more, are most + 1. */
size_t near_distance(const char *a, const char *b, size_t most);
/* Keeps in *best the candidate that is nearest to the word, at most two edits away; *least begins as NEAR_NONE. */
enum { NEAR_NONE = 3 };
void near_try(const char *word, const char *candidate, const char **best, size_t *least);
/* "; did you mean 'x'?", or "" when there is no best. */
struct near_text { char text[96]; };
struct near_text near_say(const char *best);

#endif
