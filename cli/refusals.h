/* refusals.h - which of a script's calls were refused, how often, and why, out of the journal. */
#ifndef CLI_REFUSALS_H
#define CLI_REFUSALS_H

#include <stdio.h>

#include "mocks/cloud/journal.h"

/* One paragraph for each kind of refusal among the calls up to number `last`; nothing when there was none. */
void refusals_print(struct journal *j, uint64_t last, FILE *out);

#endif
