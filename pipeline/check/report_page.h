/* report_page.h - inside report_*.c: the part of the page that is plots. */
#ifndef PIPELINE_CHECK_REPORT_PAGE_H
#define PIPELINE_CHECK_REPORT_PAGE_H

#include "pipeline/check/report.h"

void report_put_figures(struct report *r, const struct report_context *x, struct buf *out);

#endif
