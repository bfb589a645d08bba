/* utf8.h - decoding and judging UTF-8. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"
#include "base/str.h"

/* Index of the first byte that is not well-formed UTF-8 (RFC 3629), or STR_NONE. */
size_t utf8_check(struct str s);
static inline bool utf8_valid(struct str s) { return utf8_check(s) == STR_NONE; }
/* At most n bytes of s, not ending in the middle of a character. */
struct str utf8_head(struct str s, size_t n);
/* Reads one code point off the front of *s (s->n > 0). A bad byte is consumed alone and answers 0xFFFD. */
uint32_t utf8_next(struct str *s);
/* Writes a code point as 1 to 4 bytes and returns how many; what is no code point is written as U+FFFD. */
size_t utf8_encode(uint32_t code_point, char out[4]);
void utf8_put(struct buf *out, uint32_t code_point);
/* Number of code points; of UTF-16 units (what Java and JavaScript call length). */
size_t utf8_count(struct str s);
size_t utf8_utf16_count(struct str s);

#endif
