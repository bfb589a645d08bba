/* report_plot.h - plots of the page as inline SVG: now beside the baseline, coloured by the page's CSS classes.
 *
 * Classes: now (filled), was (the baseline), s0…s7 (series), axis, label. Every text is escaped; every plot has a title.
 */
#ifndef PIPELINE_CHECK_REPORT_PLOT_H
#define PIPELINE_CHECK_REPORT_PLOT_H

#include "base/buf.h"

/* Text for HTML and XML, also within quotes. Control characters become visible. */
void report_put_escaped(struct buf *out, struct str text);

struct report_bar {
    struct str label; /* as it is shown, not escaped */
    double now, was;
    bool has_was;
};
void report_put_bars(struct buf *out, struct str title, const struct report_bar *bars, size_t n);

enum { REPORT_SERIES = 8 };
struct report_series {
    struct str label;
    const double *now, *was; /* by x; NAN: no value. was may be NULL */
};
void report_put_plot(struct buf *out, struct str title, const struct str *x, size_t n_x, const struct report_series *series, size_t n);

/* Rates from 0 to 1; was may be NULL. */
void report_put_spark(struct buf *out, struct str title, const double *now, const double *was, size_t n);

#endif
