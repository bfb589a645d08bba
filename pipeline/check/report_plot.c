#include "pipeline/check/report_plot.h"

#include <math.h>

#include "base/json.h"
#include "base/utf8.h"

void report_put_escaped(struct buf *out, struct str text)
{
    for (struct str rest = text; rest.n;) {
        const char *at = rest.p;
        uint32_t c = utf8_next(&rest);
        if (c == '&')
            buf_z(out, "&amp;");
        else if (c == '<')
            buf_z(out, "&lt;");
        else if (c == '>')
            buf_z(out, "&gt;");
        else if (c == '"')
            buf_z(out, "&quot;");
        else if (c == '\'')
            buf_z(out, "&#39;");
        else if (c < 0x20)
            buf_f(out, "&#x%x;", 0x2400 + c); /* the symbols for control characters */
        else if ((c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
            buf_f(out, "\\u%04x", c); /* these would turn the line around */
        else
            buf_add(out, at, (size_t)(rest.p - at));
    }
}

/* At most so many characters, with … behind. */
static void report_put_short(struct buf *out, struct str text, size_t most)
{
    size_t n = 0;
    struct str rest = text;
    while (rest.n && n < most)
        utf8_next(&rest), n++;
    report_put_escaped(out, str_head(text, text.n - rest.n));
    buf_z(out, rest.n ? "…" : "");
}

static void report_put_number(struct buf *out, double v)
{
    if (fabs(v) >= 1e7)
        buf_f(out, "%.3gM", v / 1e6);
    else if (v == floor(v))
        buf_f(out, "%.0f", v);
    else
        buf_f(out, "%.3g", v);
}

static void report_put_open(struct buf *out, const char *class, int width, int height, struct str title)
{
    buf_f(out, "<svg class=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\"><title>", class, width, height, width, height);
    report_put_escaped(out, title);
    buf_z(out, "</title>");
}

/* ---- bars ---- */

void report_put_bars(struct buf *out, struct str title, const struct report_bar *bars, size_t n)
{
    enum { WIDTH = 460, LEFT = 170, RIGHT = 70, STEP = 20, TALL = 12 };
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fmax(bars[i].now, bars[i].has_was ? bars[i].was : 0));
    double scale = most > 0 ? (WIDTH - LEFT - RIGHT) / most : 0;
    report_put_open(out, "bars", WIDTH, (int)n * STEP + 6, title);
    for (size_t i = 0; i < n; i++) {
        int y = (int)i * STEP + 4;
        bool differs = bars[i].has_was && bars[i].was != bars[i].now;
        buf_f(out, "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 8, y + 10);
        report_put_short(out, bars[i].label, 24);
        buf_f(out, "</text><rect class=\"now\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", LEFT, y, bars[i].now * scale, TALL);
        if (differs)
            buf_f(out, "<rect class=\"was\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", LEFT, y, bars[i].was * scale, TALL);
        double end = LEFT + fmax(bars[i].now, differs ? bars[i].was : 0) * scale;
        buf_f(out, "<text class=\"label%s\" x=\"%.1f\" y=\"%d\">", differs ? " differs" : "", end + 6, y + 10);
        report_put_number(out, bars[i].now);
        if (differs) {
            buf_z(out, bars[i].now > bars[i].was ? " (+" : " (−");
            report_put_number(out, fabs(bars[i].now - bars[i].was));
            buf_c(out, ')');
        }
        buf_z(out, "</text>");
    }
    buf_z(out, "</svg>\n");
}

/* ---- lines ---- */

struct frame {
    int left, top, width, height;
    double most;
    size_t n_x;
};

static double report_x(const struct frame *f, size_t i)
{
    return f->left + (f->n_x > 1 ? (double)f->width * (double)i / (double)(f->n_x - 1) : f->width / 2.0);
}

static double report_y(const struct frame *f, double v)
{
    return f->top + f->height * (1 - (f->most > 0 ? v / f->most : 0));
}

static void report_put_path(struct buf *out, const struct frame *f, const double *values, const char *class, size_t series)
{
    bool down = false;
    buf_f(out, "<path class=\"line %s s%zu\" d=\"", class, series);
    for (size_t i = 0; i < f->n_x; i++) {
        if (!isnan(values[i]))
            buf_f(out, "%s%.1f %.1f", down ? "L" : "M", report_x(f, i), report_y(f, values[i]));
        down = !isnan(values[i]);
    }
    buf_z(out, "\"/>");
}

/* 1, 2 or 5 times a power of ten, above the greatest value. */
static double report_round_up(double v)
{
    double ten = v > 0 ? pow(10, floor(log10(v))) : 1;
    static const double STEPS[] = { 1, 2, 2.5, 5, 10 };
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        if (v <= STEPS[i] * ten)
            return STEPS[i] * ten;
    return v;
}

static void report_put_axes(struct buf *out, const struct frame *f, const struct str *x)
{
    for (int i = 0; i <= 4; i++) {
        double v = f->most * i / 4, y = report_y(f, v);
        buf_f(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text class=\"label\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", f->left,
              f->left + f->width, y, y, f->left - 6, y + 4);
        report_put_number(out, v);
        buf_z(out, "</text>");
    }
    for (size_t i = 0; i < f->n_x; i++) {
        buf_f(out, "<text class=\"label\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", report_x(f, i), f->top + f->height + 18);
        report_put_short(out, x[i], 10);
        buf_z(out, "</text>");
    }
}

void report_put_plot(struct buf *out, struct str title, const struct str *x, size_t n_x, const struct report_series *series, size_t n)
{
    enum { WIDTH = 460, PLOT = 200, LEGEND = 16 };
    struct frame f = { .left = 54, .top = 10, .width = WIDTH - 54 - 16, .height = PLOT, .n_x = n_x };
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < n_x; i++)
            f.most = fmax(f.most, fmax(series[s].now[i], series[s].was ? series[s].was[i] : 0)); /* fmax passes NAN over */
    f.most = report_round_up(f.most);
    size_t rows = n > 1 ? (n + 1) / 2 : 0;
    report_put_open(out, "plot", WIDTH, PLOT + 36 + (int)rows * LEGEND, title);
    report_put_axes(out, &f, x);
    for (size_t s = 0; s < n; s++) {
        if (series[s].was)
            report_put_path(out, &f, series[s].was, "was", s % REPORT_SERIES);
        report_put_path(out, &f, series[s].now, "now", s % REPORT_SERIES);
        for (size_t i = 0; i < n_x; i++)
            if (!isnan(series[s].now[i]))
                buf_f(out, "<circle class=\"s%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", s % REPORT_SERIES, report_x(&f, i), report_y(&f, series[s].now[i]));
        if (n > 1) {
            int left = s % 2 ? WIDTH / 2 : f.left, y = PLOT + 42 + (int)(s / 2) * LEGEND;
            buf_f(out, "<rect class=\"s%zu\" x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" rx=\"2\"/><text class=\"label\" x=\"%d\" y=\"%d\">",
                  s % REPORT_SERIES, left, y - 9, left + 16, y);
            report_put_short(out, series[s].label, 24);
            buf_z(out, "</text>");
        }
    }
    buf_z(out, "</svg>\n");
}

/* ---- sparklines ---- */

void report_put_spark(struct buf *out, struct str title, const double *now, const double *was, size_t n)
{
    struct frame f = { .left = 2, .top = 2, .width = 96, .height = 18, .n_x = n };
    for (size_t i = 0; i < n; i++)
        f.most = fmax(f.most, fmax(now[i], was ? was[i] : 0));
    report_put_open(out, "spark", 100, 22, title);
    if (was)
        report_put_path(out, &f, was, "was", 0);
    report_put_path(out, &f, now, "now", 0);
    buf_z(out, "</svg>");
}
