/* show.c - aligned tables by display width; one live line per stage. */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "base/json.h"
#include "base/utf8.h"

void show_init(struct show *s, bool json)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    bool dumb = term && strcmp(term, "dumb") == 0;
    *s = (struct show){
        .live = isatty(STDERR_FILENO) && !dumb && !json,
        .colour = isatty(STDOUT_FILENO) && !dumb && !(no_colour && no_colour[0]),
        .quiet = json,
    };
}

static const char *bold(const struct show *s) { return s->colour ? "\033[1m" : ""; }
static const char *red(const struct show *s) { return s->colour ? "\033[31m" : ""; }
static const char *green(const struct show *s) { return s->colour ? "\033[32m" : ""; }
static const char *plain(const struct show *s) { return s->colour ? "\033[0m" : ""; }

/* ---- progress ---- */

static void put_rate(FILE *out, const struct flow_progress *p)
{
    double seconds = (double)p->took_us / 1e6;
    fprintf(out, "%-6s %-8s %9llu", p->path, p->stage, (unsigned long long)p->done);
    if (p->total > p->done)
        fprintf(out, " of %llu", (unsigned long long)p->total);
    fprintf(out, "  %7.2f s", seconds);
    if (p->done && seconds > 0.0005)
        fprintf(out, "  %9.0f/s", (double)p->done / seconds);
}

void show_progress(void *arg, const struct flow_progress *p)
{
    struct show *s = arg;
    if (s->quiet || (!p->over && !s->live))
        return;
    int64_t now = clock_stopwatch_us();
    if (!p->over && now - s->last_us < 50000)
        return;
    s->last_us = now;
    if (s->live)
        fputs("\r\033[K", stderr);
    put_rate(stderr, p);
    fputs(p->over ? "\n" : "", stderr);
    fflush(stderr);
}

/* ---- tables ---- */

/* Columns on a terminal: two for wide East Asian characters and emoji, none for combining marks. */
static size_t display_width(struct str text)
{
    size_t width = 0;
    while (text.n) {
        uint32_t c = utf8_next(&text);
        bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
                    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                    (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
        bool none = (c >= 0x300 && c <= 0x36f) || c == 0x200b || c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f);
        width += none ? 0 : wide ? 2 : 1;
    }
    return width;
}

static bool is_number(enum column_type t) { return t == COLUMN_INT || t == COLUMN_LONG || t == COLUMN_DOUBLE; }

static void put_padded(struct str text, size_t width, bool right)
{
    size_t have = display_width(text);
    size_t pad = width > have ? width - have : 0;
    printf("%*s" STR_F "%*s", right ? (int)pad : 0, "", STR_A(text), right ? 0 : (int)pad, "");
}

static void cell_text(const struct result *r, size_t row, size_t column, struct buf *out)
{
    buf_reset(out);
    result_put_cell(r, row, column, out);
    for (size_t i = 0; i < out->n; i++) /* control characters would break the table */
        if ((unsigned char)out->p[i] < 0x20)
            out->p[i] = ' ';
}

void show_result(const struct show *s, const struct result *r, size_t most)
{
    size_t rows = r->n_rows < most ? r->n_rows : most;
    size_t width[64] = { 0 };
    struct buf cell = BUF_INIT;
    for (size_t c = 0; c < r->n_columns && c < 64; c++) {
        width[c] = display_width(r->columns[c].name);
        for (size_t i = 0; i < rows; i++) {
            cell_text(r, i, c, &cell);
            size_t w = display_width(buf_str(&cell));
            width[c] = w > width[c] ? w : width[c];
        }
    }
    printf("\n%s" STR_F "%s\n", bold(s), STR_A(r->name), plain(s));
    for (size_t line = 0; line < rows + 1; line++) {
        fputs("  ", stdout);
        for (size_t c = 0; c < r->n_columns && c < 64; c++) {
            if (line)
                cell_text(r, line - 1, c, &cell);
            struct str text = line ? buf_str(&cell) : r->columns[c].name;
            bool last = c + 1 == r->n_columns, right = is_number(r->columns[c].type);
            put_padded(text, last && !right ? 0 : width[c], right);
            fputs(last ? "\n" : "  ", stdout);
        }
    }
    if (rows < r->n_rows)
        printf("  … %zu more rows\n", r->n_rows - rows);
    buf_release(&cell);
}

void show_answer(const struct result *r, const char *format)
{
    struct buf out = BUF_INIT;
    struct show show;
    show_init(&show, false);
    if (strcmp(format, "table") == 0)
        show_result(&show, r, SIZE_MAX);
    else if (strcmp(format, "csv") == 0)
        result_put_csv(r, &out);
    else
        result_put_json(r, &out), buf_c(&out, '\n');
    if (out.n)
        fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
}

/* ---- the ledger ---- */

void show_ledger(const struct show *s, const struct flow *f)
{
    printf("\n%sledger%s\n  %-7s %-5s %8s %8s %8s %8s %8s %8s %8s %6s %8s\n", bold(s), plain(s), "path", "table", "posted", "acked",
           "stored", "read", "cleaned", "quarant.", "written", "lost", "doubled");
    for (int i = 0; i < FLOW_PATHS; i++) {
        const struct flow_path *p = &f->paths[i];
        for (unsigned t = 0; p->on && t < LEDGER_TABLES; t++) {
            struct ledger_sums n = ledger_sums(p->ledger, t);
            bool bad = n.lost || n.doubled || n.acknowledged < n.posted;
            printf("  %s%-7s %-5s %8llu %8llu %8llu %8llu %8llu %8llu %8llu %6llu %8llu%s\n", bad ? red(s) : "", p->name,
                   ledger_table_names[t], (unsigned long long)n.posted, (unsigned long long)n.acknowledged,
                   (unsigned long long)n.stored, (unsigned long long)n.read, (unsigned long long)n.cleaned,
                   (unsigned long long)n.quarantined, (unsigned long long)n.written, (unsigned long long)n.lost,
                   (unsigned long long)n.doubled, bad ? plain(s) : "");
        }
    }
}

static void show_rds(const struct flow *f)
{
    for (int t = 0; t < SCHEMA_TABLES; t++) {
        int64_t missing = f->report.tables[t].missing;
        if (missing) {
            printf("  %s has no row for %lld of %lld posts (", source_names[t], (long long)missing, (long long)f->report.indices);
            for (size_t i = 0; i < f->report.tables[t].n_first_missing; i++)
                printf("%s%lld", i ? ", " : "", (long long)f->report.tables[t].first_missing[i]);
            printf("%s)\n", missing > (int64_t)f->report.tables[t].n_first_missing ? ", …" : "");
        }
        if (f->report.tables[t].broken)
            printf("  %s: %lld broken lines were skipped\n", source_names[t], (long long)f->report.tables[t].broken);
    }
    for (size_t i = 0; i < f->report.n_broken; i++)
        printf("    %s\n", f->report.broken[i]);
    if (f->report.complete < f->report.indices)
        printf("  %lld of %lld posts can be formed\n", (long long)f->report.complete, (long long)f->report.indices);
}

static void show_path(const struct flow_path *p)
{
    if (p->emulated.skipped)
        printf("  %s: %llu chosen rows were not posted, a table lacks them (first: %lld)\n", p->name,
               (unsigned long long)p->emulated.skipped, (long long)p->emulated.first_skipped[0]);
    if (p->emulated.retries || p->ingested.retries)
        printf("  %s: %llu calls were tried again when posting, %llu when reading\n", p->name,
               (unsigned long long)p->emulated.retries, (unsigned long long)p->ingested.retries);
    uint64_t unknown = 0;
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        unknown += ledger_sums(p->ledger, t).unknown;
    if (p->ingested.repeats)
        printf("  %s: %llu records were stored again by a retry; recognised by post id and written once\n", p->name,
               (unsigned long long)p->ingested.repeats);
    if (unknown)
        printf("  %s: %llu records are claimed by no post\n", p->name, (unsigned long long)unknown);
    for (size_t i = 0; i < p->n_quarantine && i < 3; i++)
        printf("  %s: quarantined %s %u/" STR_F ": %s\n", p->name, ledger_table_names[p->quarantine[i].table],
               p->quarantine[i].place.partition, STR_A(p->quarantine[i].place.position), p->quarantine[i].message);
    if (p->emulated.first_refusal[0])
        printf("  %s: first refusal: %s\n", p->name, p->emulated.first_refusal);
}

static uint64_t rows_repeated(const struct flow *f)
{
    uint64_t n = 0;
    for (int i = 0; i < FLOW_PATHS; i++)
        if (f->paths[i].on && f->paths[i].tables[0] && !rules_dedupes(f->rules, f->paths[i].tables[0]->name)) {
            const struct table *t = f->paths[i].tables[0];
            const struct column *key = &t->columns[t->key];
            for (size_t r = 1; r < t->n_rows; r++)
                n += key->type == COLUMN_INT ? key->v.i32[r] == key->v.i32[r - 1] : key->v.i64[r] == key->v.i64[r - 1];
            return n;
        }
    return n;
}

void show_remarks(const struct show *s, const struct flow *f)
{
    printf("\n%sremarks%s\n", bold(s), plain(s));
    printf("  cloud ready in %.1f ms, whole run %.2f s\n", (double)f->ready_us / 1000, (double)f->took_us / 1e6);
    show_rds(f);
    for (int i = 0; i < FLOW_PATHS; i++)
        if (f->paths[i].on)
            show_path(&f->paths[i]);
    if (f->fault_hits)
        printf("  faults met: %llu\n", (unsigned long long)f->fault_hits);
    uint64_t repeated = rows_repeated(f);
    if (repeated)
        printf("  %llu rows were posted more than once; joins multiply them, as Spark's do (a profile with dedupe would not)\n",
               (unsigned long long)repeated);
    struct err e = { 0 };
    if (flow_verdict(f, &e) == 0)
        printf("\n%sbalanced: lost 0, doubled 0%s%s\n", green(s), f->paths[0].on && f->paths[1].on ? ", both paths agree" : "", plain(s));
}

/* ---- for machines ---- */

static void put_path(const struct flow *f, const struct flow_path *p, struct buf *out)
{
    buf_f(out, "\"%s\":{\"ledger\":", p->name);
    ledger_put_json(p->ledger, out);
    out->n--; /* its newline */
    buf_f(out, ",\"posts\":%llu,\"skipped\":%llu,\"retries\":%llu,\"quarantined\":%zu", (unsigned long long)p->emulated.posts,
          (unsigned long long)p->emulated.skipped, (unsigned long long)(p->emulated.retries + p->ingested.retries), p->n_quarantine);
    buf_f(out, ",\"ms\":{\"emulate\":%.1f,\"settle\":%.1f,\"ingest\":%.1f,\"clean\":%.1f,\"query\":%.1f},\"answers\":[", (double)p->emulate_us / 1000,
          (double)p->settle_us / 1000, (double)p->ingest_us / 1000, (double)p->finish_us / 1000, (double)p->query_us / 1000);
    for (size_t i = 0; p->answers && i < analytics_count(f->analytics); i++) {
        buf_z(out, i ? "," : "");
        if (p->answers[i])
            result_put_json(p->answers[i], out);
    }
    buf_z(out, "]}");
}

void show_json(const struct flow *f, const char *command, const struct err *verdict)
{
    struct buf out = BUF_INIT;
    buf_f(&out, "{\"schema\":1,\"command\":\"%s\",\"status\":\"%s\",\"data\":{\"ready_ms\":%.2f,\"ms\":%.1f,\"faults_hit\":%llu,\"paths\":{",
          command, verdict ? "error" : "ok", (double)f->ready_us / 1000, (double)f->took_us / 1000, (unsigned long long)f->fault_hits);
    bool first = true;
    for (int i = 0; i < FLOW_PATHS; i++)
        if (f->paths[i].on) {
            buf_z(&out, first ? "" : ",");
            put_path(f, &f->paths[i], &out);
            first = false;
        }
    buf_z(&out, "}}");
    if (verdict) {
        buf_z(&out, ",\"error\":{\"code\":");
        json_put_text(&out, str_of(verdict->code));
        buf_z(&out, ",\"message\":");
        json_put_text(&out, str_of(verdict->message));
        buf_c(&out, '}');
    }
    buf_z(&out, "}\n");
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
}
