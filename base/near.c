/* near.c - Levenshtein's distance, one row at a time. */
#include "base/near.h"

#include <stdio.h>

enum { MAX_WORD = 64 };

size_t near_distance(const char *a, const char *b, size_t most)
{
    size_t n = strlen(a), m = strlen(b), row[MAX_WORD];
    if (n >= MAX_WORD || m >= MAX_WORD)
        return most + 1;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t best = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < best ? change : best;
        }
    }
    return row[m] > most ? most + 1 : row[m];
}

void near_try(const char *word, const char *candidate, const char **best, size_t *least)
{
    size_t d = near_distance(word, candidate, NEAR_NONE);
    if (d < *least)
        *least = d, *best = candidate;
}

struct near_text near_say(const char *best)
{
    struct near_text t = { "" };
    if (best)
        snprintf(t.text, sizeof t.text, "; did you mean '%.64s'?", best);
    return t;
}
