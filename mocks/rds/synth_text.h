/* synth_text.h - sentences from templates, bounded by characters, not bytes. */
#ifndef MOCKS_RDS_SYNTH_TEXT_H
#define MOCKS_RDS_SYNTH_TEXT_H

#include "base/buf.h"
#include "base/rng.h"
#include "mocks/rds/words.h"

const char *synth_text_pick(const struct words *w, struct rng *r);
/* Appends a template with its slots (words.h) filled for a topic. */
void synth_text_fill(struct buf *out, struct rng *r, int topic, const char *template);
/* Keeps the first `characters` characters of out. */
void synth_text_cut(struct buf *out, size_t characters);
/* These continue what `out` holds: an opening. */
void synth_text_title(struct buf *out, struct rng *r, int topic);
/* 36 % end, cut, in an ellipsis and a no-break space, as the real ones do. */
void synth_text_description(struct buf *out, struct rng *r, int topic);
void synth_text_tags(struct buf *out, struct rng *r, int topic);

#endif
