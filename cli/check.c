/* check.c - weirbox check: the cleaned tables and answers of now against a baseline, and the rules' own checks and examples.
 *
 * The rows are those of a run of the default seed (both paths must agree), or of a folder (--from). The baseline lies in
 * fixtures/golden, found from the working folder upwards, or --against DIR. --update takes over what differs, --review asks.
 */
#include "cli/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "pipeline/check/compare.h"
#include "pipeline/check/ruletest.h"

/* fixtures/golden of this folder or one above it. */
static const char *find_baseline(struct args *a)
{
    static const char *const NAMES[] = { "against", "golden" };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (args_given(a, NAMES[i]))
            return args_text(a, NAMES[i]);
    struct str up = S("");
    for (int depth = 0; depth < 8; depth++) {
        struct str path = arena_f(&a->arena, STR_F "fixtures/golden", STR_A(up));
        if (access(path.p, R_OK) == 0)
            return path.p;
        up = arena_f(&a->arena, STR_F "../", STR_A(up));
    }
    return "fixtures/golden";
}

/* The names behind the command and those of --select. */
static void find_patterns(struct check *c)
{
    const struct args *a = c->args;
    c->patterns = mem_alloc((a->n_operands + a->n_values + 1) * sizeof *c->patterns);
    for (size_t i = 0; i < a->n_operands; i++)
        c->patterns[c->n_patterns++] = a->operands[i];
    for (size_t i = 0; i < a->n_values; i++)
        if (strcmp(a->values[i].option->name, "select") == 0)
            c->patterns[c->n_patterns++] = a->values[i].value;
    c->report.patterns = c->patterns;
    c->report.n_patterns = c->n_patterns;
}

static int compare(struct check *c, struct err *e)
{
    struct measured *now = &c->subject.now;
    if (compare_run(now, &c->baseline, &c->report, e))
        return -1;
    compare_operations(now, &c->baseline, &c->report);
    compare_keys(now, &c->report);
    if (compare_checks(now, &c->report, args_text(c->args, "out"), e) || ruletest_run(now->rules, now->analytics, &c->report, e))
        return -1;
    if (!c->report.n_cases)
        return err_set(e, 0, "USAGE", "no case is named so; cases are named as in schema/pin, column/pin.title, diff/pin, query/users_joined_by_year, "
                       "operation/pin.title.null_if, keys/pin, check/user.age.between, test/pin[0]; * stands for anything");
    return 0;
}

static enum baseline_keep keeps(const struct args *a)
{
    static const char *const WORDS[] = { [BASELINE_AUTO] = "auto", [BASELINE_ROWS] = "rows", [BASELINE_HASHES] = "hashes", [BASELINE_NONE] = "none" };
    for (int k = 0; k <= BASELINE_NONE; k++)
        if (strcmp(args_text(a, "keep"), WORDS[k]) == 0)
            return (enum baseline_keep)k;
    return BASELINE_AUTO;
}

/* --update and --review: what differs becomes the baseline. */
static int accept(struct check *c, struct err *e)
{
    if (args_on(c->args, "review"))
        check_review(c, stdin);
    else if (!c->n_patterns)
        baseline_accept_all(&c->baseline, &c->subject.now, &c->report);
    else
        for (size_t i = 0; i < c->report.n_cases; i++)
            if (c->report.cases[i].verdict != REPORT_SAME || args_given(c->args, "keep"))
                baseline_accept(&c->baseline, &c->subject.now, &c->report.cases[i]);
    return baseline_write(&c->baseline, &c->subject.now, keeps(c->args), e);
}

/* -1 when something differs that was not accepted. */
static int judge(const struct check *c, struct err *e)
{
    size_t fails = 0, warns = 0;
    for (size_t i = 0; i < c->report.n_cases; i++) {
        const struct report_case *k = &c->report.cases[i];
        fails += k->verdict == REPORT_FAILS && !k->accepted;
        warns += k->verdict == REPORT_WARNS && !k->accepted;
    }
    if (fails)
        return err_set(e, 0, "GOLDEN_DIFFERS", "%zu of %zu cases differ from the baseline in %s%s%s; if they are meant, run weirbox check --review or --update",
                       fails, c->report.n_cases, c->baseline.dir, c->report.all.n ? "; all differences are in " : "",
                       c->report.all.n ? args_text(c->args, "diff") : "");
    if (warns && args_on(c->args, "strict"))
        return err_set(e, 0, "CHECK_WARNS", "%zu of %zu cases warn, and --strict makes that a failure", warns, c->report.n_cases);
    return 0;
}

static int run(struct check *c, struct err *e)
{
    bool accepts = args_on(c->args, "update") || args_on(c->args, "review");
    const char *dir = find_baseline(c->args);
    find_patterns(c);
    if (args_on(c->args, "review") && args_on(c->args, "json"))
        return err_set(e, 0, "USAGE", "--review asks on the terminal, and --json answers with one object; leave one of them out");
    if (check_subject_open(c->args, &c->subject, e) || baseline_open(&c->baseline, dir, &c->subject.now, e))
        return -1;
    if (!c->baseline.n_found && !accepts)
        return err_set(e, 0, "GOLDEN_MISSING", "there is no baseline in %s; run weirbox check --update to write one, then look at it with git diff", dir);
    if (compare(c, e))
        return -1;
    if (accepts && accept(c, e))
        return -1;
    struct err verdict = { 0 }, disk = { 0 };
    int result = judge(c, &verdict);
    if (check_print(c, result ? &verdict : NULL, &disk)) {
        *e = disk;
        return -1;
    }
    *e = verdict;
    return result && args_on(c->args, "json") ? command_status(e->code) : result; /* the envelope has said it */
}

int check_command_run(struct args *a, struct err *e)
{
    struct check c = { .args = a };
    int result = run(&c, e);
    baseline_close(&c.baseline);
    report_release(&c.report);
    check_subject_release(&c.subject);
    free(c.patterns);
    return result;
}
