/* check.c - weirbox check: a run of the default seed against the golden rows and answers.
 *
 * Goldens lie in fixtures/golden (found from the working folder upwards, or --golden DIR): clean/<table>.jsonl and
 * queries/<name>.csv. Both paths must give them. --update rewrites them after the differences were shown.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/show.h"
#include "pipeline/sink/golden.h"
#include "pipeline/sink/sink.h"

struct checking {
    const char *golden;
    struct golden_diff diff;
    size_t missing; /* golden files that are not there */
    bool update;
    struct err *err;
};

/* fixtures/golden of this folder or one above it. */
static const char *find_golden(struct args *a)
{
    if (args_given(a, "golden"))
        return args_text(a, "golden");
    struct str up = S("");
    for (int depth = 0; depth < 8; depth++) {
        struct str path = arena_f(&a->arena, STR_F "fixtures/golden", STR_A(up));
        if (access(path.p, R_OK) == 0)
            return path.p;
        up = arena_f(&a->arena, STR_F "../", STR_A(up));
    }
    return "fixtures/golden";
}

static int check_file(struct checking *c, const char *relative, const char *name, struct str actual,
                      int (*compare)(struct golden_diff *, const char *, struct str, struct str, struct err *))
{
    struct buf golden = BUF_INIT;
    int found = sink_get(c->golden, relative, &golden, c->err);
    int result = found < 0 ? -1 : 0;
    if (found == 1)
        c->missing++;
    if (found == 0)
        result = compare(&c->diff, name, buf_str(&golden), actual, c->err);
    if (c->update && (result == 0 || found == 0))
        result = sink_put(c->golden, relative, actual, c->err);
    buf_release(&golden);
    return result;
}

static int check_path(struct checking *c, const struct flow *f, const struct flow_path *p)
{
    struct buf text = BUF_INIT, relative = BUF_INIT;
    int result = 0;
    for (unsigned t = 0; t < LEDGER_TABLES && result == 0; t++) {
        buf_reset(&text), buf_reset(&relative);
        for (size_t i = 0; i < p->tables[t]->n_rows; i++)
            table_put_jsonl(p->tables[t], i, &text);
        buf_f(&relative, "clean/%s.jsonl", ledger_table_names[t]);
        result = check_file(c, buf_cstr(&relative), ledger_table_names[t], buf_str(&text), golden_jsonl);
    }
    for (size_t i = 0; i < analytics_count(f->analytics) && result == 0; i++) {
        buf_reset(&text), buf_reset(&relative);
        result_put_csv(p->answers[i], &text);
        buf_f(&relative, "queries/" STR_F ".csv", STR_A(p->answers[i]->name));
        result = check_file(c, buf_cstr(&relative), p->answers[i]->name.p, buf_str(&text), golden_csv);
    }
    buf_release(&text), buf_release(&relative);
    return result;
}

/* The verdict in words; -1 when something differs or is missing. */
static int conclude(struct args *a, struct checking *c, struct err *e)
{
    const char *file = args_text(a, "diff");
    if (c->diff.differences && sink_put(".", file, buf_str(&c->diff.all), e))
        return -1;
    if (c->diff.differences)
        fprintf(stderr, STR_F, STR_A(buf_str(&c->diff.first)));
    if (c->update) {
        printf("goldens in %s rewritten: %llu differences, %zu new files\n", c->golden, (unsigned long long)c->diff.differences, c->missing);
        return 0;
    }
    if (c->missing)
        return err_set(e, 0, "GOLDEN_MISSING", "%zu golden files are missing in %s; run weirbox check --update to write them, then look at them with git diff",
                       c->missing, c->golden);
    if (c->diff.differences)
        return err_set(e, 0, "GOLDEN_DIFFERS", "%llu cells or rows differ from the goldens in %s; all of them are in %s; if they are meant, run weirbox check --update",
                       (unsigned long long)c->diff.differences, c->golden, file);
    if (!args_on(a, "json"))
        printf("same as the goldens in %s\n", c->golden);
    return 0;
}

int check_command_run(struct args *a, struct err *e)
{
    struct flow_options o;
    if (options_fill(a, &o, e))
        return -1;
    bool json = args_on(a, "json");
    struct show show;
    show_init(&show, json);
    o.progress = show_progress;
    o.progress_arg = &show;
    struct flow f;
    struct checking c = { .golden = find_golden(a), .update = args_on(a, "update"), .err = e };
    int result = flow_run(&o, &f, e) || flow_verdict(&f, e) ? -1 : 0;
    for (int i = 0; i < FLOW_PATHS && result == 0; i++)
        if (f.paths[i].on)
            result = check_path(&c, &f, &f.paths[i]);
    if (result == 0)
        result = conclude(a, &c, e);
    if (json && f.cloud)
        show_json(&f, "check", result ? e : NULL);
    bool told = json && f.cloud;
    golden_release(&c.diff);
    flow_release(&f);
    return result && told ? command_status(e->code) : result;
}
