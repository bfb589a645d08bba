/* check_subject.c - the tables and answers that are checked, and the raw records behind them. */
#include <stdlib.h>

#include "cli/check.h"
#include "cli/options.h"
#include "cli/show.h"

static void measure(struct check_subject *s)
{
    s->now.tables = s->tables;
    s->now.n_tables = LEDGER_TABLES;
    s->now.arg = s;
    measured_open(&s->now);
}

/* ---- a run ---- */

static const struct flow_path *first_path(const struct flow *f)
{
    return &f->paths[f->paths[FLOW_BATCH].on ? FLOW_BATCH : FLOW_STREAM];
}

static struct str flow_record_of(void *arg, size_t table, uint64_t tag)
{
    const struct flow_path *p = first_path(&((struct check_subject *)arg)->flow);
    (void)table;
    return tag < p->n_records ? p->records[tag].bytes : S("");
}

static bool flow_occurs(void *arg, size_t table, struct str bytes)
{
    const struct flow_path *p = first_path(&((struct check_subject *)arg)->flow);
    for (size_t i = 0; i < p->n_records; i++)
        if (p->records[i].table == table && memmem(p->records[i].bytes.p, p->records[i].bytes.n, bytes.p, bytes.n))
            return true;
    return false;
}

static int open_run(struct args *a, struct check_subject *s, struct err *e)
{
    struct flow_options o;
    struct show show;
    if (options_fill(a, &o, e))
        return -1;
    show_init(&show, args_on(a, "json"));
    o.progress = show_progress;
    o.progress_arg = &show;
    if (flow_run(&o, &s->flow, e) || flow_verdict(&s->flow, e))
        return -1;
    check_subject_measure(s);
    return 0;
}

void check_subject_measure(struct check_subject *s)
{
    const struct flow_path *p = first_path(&s->flow);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        s->tables[t] = p->tables[t];
    s->now.rules = s->flow.rules;
    s->now.analytics = s->flow.analytics;
    s->now.answers = p->answers;
    s->now.record = flow_record_of;
    s->now.occurs = flow_occurs;
    measure(s);
}

/* ---- a folder ---- */

static void find_lines(struct check_subject *s, size_t table)
{
    struct str text = buf_str(&s->folder.texts[table]);
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    s->lines[table] = mem_alloc(n * sizeof *s->lines[table]);
    while (text.n)
        s->lines[table][s->n_lines[table]++] = str_cut(&text, '\n');
}

static struct str folder_record_of(void *arg, size_t table, uint64_t tag)
{
    struct check_subject *s = arg;
    if (!s->lines[table])
        find_lines(s, table);
    return tag && tag <= s->n_lines[table] ? s->lines[table][tag - 1] : S("");
}

static bool folder_occurs(void *arg, size_t table, struct str bytes)
{
    const struct buf *text = &((struct check_subject *)arg)->folder.texts[table];
    return text->n && memmem(text->p, text->n, bytes.p, bytes.n);
}

static int open_folder(struct args *a, struct check_subject *s, const char *dir, struct err *e)
{
    s->is_folder = true;
    s->folder.keep_texts = true;
    if (folder_load(a, &s->folder, dir, e) || !(s->analytics = analytics_open(s->folder.rules, e)))
        return -1;
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        s->tables[t] = s->folder.tables[t];
    s->answers = mem_zero((analytics_count(s->analytics) + 1) * sizeof *s->answers);
    for (size_t i = 0; i < analytics_count(s->analytics); i++)
        if (analytics_run(s->analytics, i, s->tables, LEDGER_TABLES, &s->answers[i], e))
            return -1;
    s->now.rules = s->folder.rules;
    s->now.analytics = s->analytics;
    s->now.answers = s->answers;
    s->now.came_clean = s->folder.clean;
    s->now.record = folder_record_of;
    s->now.occurs = folder_occurs;
    if (s->folder.n_quarantined)
        fprintf(stderr, "weirbox: %llu records of %s are quarantined; weirbox clean %s tells why\n", (unsigned long long)s->folder.n_quarantined, dir, dir);
    measure(s);
    return 0;
}

/* ---- both ---- */

static bool is_one_of(const struct option *table, const struct option *o)
{
    for (; table->name; table++)
        if (table == o)
            return true;
    return false;
}

/* What is said of a run says nothing of a folder. */
static int refuse_run_options(const struct args *a, struct err *e)
{
    for (size_t i = 0; i < a->n_values; i++)
        if (is_one_of(options_rows, a->values[i].option) || is_one_of(options_flow, a->values[i].option))
            return err_set(e, 0, "USAGE", "--%s is about a run, and --from checks the rows of a folder; leave one of them out", a->values[i].option->name);
    return 0;
}

int check_subject_open(struct args *a, struct check_subject *s, struct err *e)
{
    const char *dir = args_text(a, "from");
    if (dir && refuse_run_options(a, e))
        return -1;
    return dir ? open_folder(a, s, dir, e) : open_run(a, s, e);
}

void check_subject_release(struct check_subject *s)
{
    measured_close(&s->now);
    for (size_t i = 0; s->answers && i < analytics_count(s->analytics); i++)
        result_close(s->answers[i]);
    free(s->answers);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        free(s->lines[t]);
    analytics_close(s->analytics);
    if (s->is_folder)
        folder_release(&s->folder);
    else
        flow_release(&s->flow);
}
