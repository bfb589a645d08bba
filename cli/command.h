/* command.h - the table of commands and options from which parser, help and completion come.
 *
 * A command is a row of commands.c and a file of its own. Its options are rows of tables, shared where commands
 * share them. The parser accepts --name value, --name=value, and for options without a value --name and
 * --no-name; no abbreviations. Options come in any order, everything after "--" is an operand.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/arena.h"
#include "base/err.h"

enum exit_status {
    EXIT_OK = 0,
    EXIT_CHECK_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3,
    EXIT_NOT_READY = 4,
    EXIT_CORRUPT = 5,
    EXIT_REFUSED = 6,
    EXIT_SKIPPED = 77,
};

struct option {
    const char *name;     /* "tables" */
    const char *argument; /* "DIR", or NULL when it takes none */
    const char *help;
    const char *otherwise; /* default as text, shown in help; NULL = none */
    const char *choices;   /* "batch|stream|both"; NULL = any */
};

enum { MAX_VALUES = 64, MAX_OPERANDS = 16, TAKES_COMMAND = 1 << 20 };
struct args {
    const struct command *command;
    struct { const struct option *option; const char *value; } values[MAX_VALUES];
    size_t n_values;
    const char *operands[MAX_OPERANDS];
    size_t n_operands;
    char **tail; /* with TAKES_COMMAND: the first operand and all that follow, NULL-terminated */
    struct arena arena;
};

struct command {
    const char *name;    /* "emulate batch" */
    const char *summary; /* one line */
    const char *operands; /* "[NAME]" or "" */
    const char *examples[4]; /* command, what it does, command, what it does */
    const struct option *const *options; /* NULL-terminated list of tables, each ended by .name == NULL */
    size_t min_operands, max_operands; /* max TAKES_COMMAND: a command line, nothing of which is read as an option */
    int (*run)(struct args *a, struct err *e); /* an exit status; -1 with *e filled: printed, status by the code */
};

extern const struct command commands[]; /* .name == NULL ends */

/* The i-th of the tables of its options, own and common; NULL behind the last. */
const struct option *command_table(const struct command *c, size_t i);
/* The row of that option, its own or a common one; NULL when the command has none. */
const struct option *args_option(const struct command *c, struct str name);
/* The value given, or the default; NULL when there is neither. */
const char *args_text(const struct args *a, const char *name);
bool args_on(const struct args *a, const char *name); /* options without value, or on|off */
bool args_given(const struct args *a, const char *name);
/* -1 with USAGE when the text is no whole number in low..high. */
int args_number(const struct args *a, const char *name, int64_t low, int64_t high, int64_t *ret, struct err *e);
int args_real(const struct args *a, const char *name, double *ret, struct err *e);

/* Finds the command, reads its options, runs it; prints errors. The whole of main but its environment. */
int command_main(int argc, char **argv);
/* The exit status of an error's code. */
int command_status(const char *code);
/* The status of `exec` when it is weirbox that failed, as of env(1): the command's own statuses are told from it. */
enum { EXIT_EXEC_FAILED = 125 };
void command_help(const struct command *c); /* NULL: the list of all */
/* Prints the error to stderr as text, or with --json as an envelope to stdout. */
void command_error(const struct args *a, const struct err *e);

#endif
