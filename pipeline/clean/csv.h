/* csv.h - one field of a CSV line as RFC 4180 wants it. */
#ifndef PIPELINE_CLEAN_CSV_H
#define PIPELINE_CLEAN_CSV_H

#include "base/buf.h"

/* In quotes when it holds a comma, quote, CR or LF, or is empty (nothing at all stands for null). */
void csv_put(struct buf *out, struct str field);

#endif
