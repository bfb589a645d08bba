/* faults.c - weirbox faults lint: a rule file read as a cloud would read it. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/options.h"

int faults_command_lint(struct args *a, struct err *e)
{
    struct str text;
    if (options_file(a, a->operands[0], "fault rules", &text, e))
        return -1;
    struct faults *f = faults_open(0);
    int result = faults_load(f, text, e);
    if (result == 0)
        printf("%s: the rules are well-formed\n", a->operands[0]);
    else
        err_wrap(e, "%s", a->operands[0]);
    faults_close(f);
    return result;
}
