/* check_review.c - weirbox check --review: one question per case that does not hold. */
#include "cli/check.h"

/* 'a', 's' or 'q'; the end of the input quits. */
static char ask(FILE *in)
{
    char line[64];
    for (;;) {
        fputs("  accept, skip or quit? [a/s/q] ", stdout);
        fflush(stdout);
        if (!fgets(line, sizeof line, in)) {
            fputs("\n", stdout);
            return 'q';
        }
        struct str word = str_trim(str_of(line));
        static const struct { const char *word; char means; } WORDS[] = {
            { "a", 'a' }, { "accept", 'a' }, { "s", 's' }, { "skip", 's' }, { "q", 'q' }, { "quit", 'q' },
        };
        for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
            if (str_is(word, WORDS[i].word))
                return WORDS[i].means;
    }
}

void check_review(struct check *c, FILE *in)
{
    size_t n = 0, of = 0, accepted = 0;
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < c->report.n_cases; i++)
        of += c->report.cases[i].verdict != REPORT_SAME && c->report.cases[i].acceptable;
    for (size_t i = 0; i < c->report.n_cases; i++) {
        struct report_case *k = &c->report.cases[i];
        if (k->verdict == REPORT_SAME || !k->acceptable)
            continue;
        buf_reset(&text);
        report_put_case(&c->report, k, false, &text);
        printf("\n%zu of %zu\n" STR_F, ++n, of, STR_A(buf_str(&text)));
        char answer = ask(in);
        if (answer == 'q')
            break;
        if (answer == 'a') {
            baseline_accept(&c->baseline, &c->subject.now, k);
            accepted++;
        }
    }
    printf("\naccepted %zu of %zu\n", accepted, of);
    buf_release(&text);
}
