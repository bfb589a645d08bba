/* command.c - finding the command, parsing by its tables, help, exit statuses. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/near.h"

/* ---- exit statuses: error code -> what it means to the caller ---- */

static const struct {
    const char *code;
    int status;
} statuses[] = {
    { "USAGE", EXIT_USAGE },
    { "SQL_MISTAKE", EXIT_USAGE },
    { "LEDGER_UNBALANCED", EXIT_CHECK_FAILED }, { "LEDGER_UNKNOWN", EXIT_CHECK_FAILED },
    { "ANSWERS_DIFFER", EXIT_CHECK_FAILED },    { "GOLDEN_DIFFERS", EXIT_CHECK_FAILED },
    { "POSTS_INCOMPLETE", EXIT_CHECK_FAILED },  { "TEMPLATE_FAILED", EXIT_CHECK_FAILED },
    { "CHECK_WARNS", EXIT_CHECK_FAILED },
    { "GOLDEN_MISSING", EXIT_ENVIRONMENT },
    { "BASELINE_MALFORMED", EXIT_CORRUPT },     { "BASELINE_VERSION", EXIT_CORRUPT },
    { "PORT_IN_USE", EXIT_ENVIRONMENT },        { "PORT_FORBIDDEN", EXIT_ENVIRONMENT },
    { "ADDRESS_UNKNOWN", EXIT_ENVIRONMENT },    { "DISK", EXIT_ENVIRONMENT },
    { "NOT_SETTLED", EXIT_NOT_READY },          { "NOT_READY", EXIT_NOT_READY },
    { "CHECKPOINT_MALFORMED", EXIT_CORRUPT },   { "DELTA_CHECKPOINT_BROKEN", EXIT_CORRUPT },
    { "STREAM_STATE_BROKEN", EXIT_CORRUPT },
    { "DELTA_MALFORMED", EXIT_CORRUPT },        { "PARQUET_MALFORMED", EXIT_CORRUPT },
    { "DELTA_UNSUPPORTED", EXIT_REFUSED },      { "PARQUET_UNSUPPORTED", EXIT_REFUSED },
    { "DELTA_RETENTION", EXIT_REFUSED },        { "DELTA_APPEND_ONLY", EXIT_REFUSED },
    { "DELTA_CHECKPOINT_LOST", EXIT_REFUSED },  { "DELTA_PATH", EXIT_REFUSED },
};

/* Whatever is not listed is something to correct in the environment: files, addresses, rules, settings. */
int command_status(const char *code)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(statuses[i].code, code) == 0)
            return statuses[i].status;
    return EXIT_ENVIRONMENT;
}

/* ---- option tables ---- */

static const struct option common[] = {
    { "json", NULL, "answer as one JSON object on stdout", NULL, NULL },
    { "help", NULL, "this text", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

const struct option *command_table(const struct command *c, size_t i)
{
    for (size_t k = 0; c->options && c->options[k]; k++, i--)
        if (i == 0)
            return c->options[k];
    return i == 0 ? common : NULL;
}

const struct option *args_option(const struct command *c, struct str name)
{
    const struct option *table;
    for (size_t i = 0; (table = command_table(c, i)); i++)
        for (const struct option *o = table; o->name; o++)
            if (str_is(name, o->name))
                return o;
    return NULL;
}

static const char *nearest_option(const struct command *c, const char *name)
{
    const char *best = NULL;
    size_t least = NEAR_NONE;
    const struct option *table;
    for (size_t i = 0; (table = command_table(c, i)); i++)
        for (const struct option *o = table; o->name; o++)
            near_try(name, o->name, &best, &least);
    return best;
}

/* ---- parsing ---- */

static bool is_choice(const char *choices, const char *value)
{
    for (struct str rest = str_of(choices); rest.p;)
        if (str_is(str_cut(&rest, '|'), value))
            return true;
    return false;
}

static int set_value(struct args *a, const struct option *o, const char *value, struct err *e)
{
    if (o->choices && !is_choice(o->choices, value))
        return err_set(e, 0, "USAGE", "--%s '%s': must be one of %s", o->name, value, o->choices);
    if (a->n_values == MAX_VALUES)
        return err_set(e, 0, "USAGE", "more than %d options", MAX_VALUES);
    a->values[a->n_values].option = o;
    a->values[a->n_values++].value = value;
    return 0;
}

static int unknown_option(const struct args *a, const char *name, struct err *e)
{
    const char *near = nearest_option(a->command, name);
    return err_set(e, 0, "USAGE", "weirbox %s has no option --%s%s%s%s; see weirbox %s --help", a->command->name, name,
                   near ? "; did you mean --" : "", near ? near : "", near ? "?" : "", a->command->name);
}

/* Reads the option at argv[*i]; may take argv[*i + 1] as its value. */
static int parse_option(struct args *a, int argc, char **argv, int *i, struct err *e)
{
    struct str word = str_of(argv[*i] + 2), value = word;
    struct str name = str_cut(&value, '=');
    bool negated = !value.p && str_starts(name, S("no-"));
    const struct option *o = args_option(a->command, name);
    if (!o && negated && (o = args_option(a->command, str_from(name, 3))) && !o->argument)
        return set_value(a, o, "off", e);
    if (!o)
        return unknown_option(a, arena_z(&a->arena, name), e);
    if (!o->argument)
        return value.p ? err_set(e, 0, "USAGE", "--%s takes no value", o->name) : set_value(a, o, "on", e);
    if (value.p)
        return set_value(a, o, value.p, e);
    if (*i + 1 >= argc)
        return err_set(e, 0, "USAGE", "--%s needs a value: --%s %s", o->name, o->name, o->argument);
    return set_value(a, o, argv[++*i], e);
}

/* The few options that everybody types as one letter; NULL when it is none, or not this command's. */
static const struct option *short_option(const struct args *a, const char *word)
{
    static const struct {
        const char *letter, *name;
    } letters[] = { { "-h", "help" }, { "-d", "detach" }, { "-f", "follow" } };
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (strcmp(word, letters[i].letter) == 0)
            return args_option(a->command, str_of(letters[i].name));
    return NULL;
}

static int parse(struct args *a, int argc, char **argv, struct err *e)
{
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (a->command->max_operands == TAKES_COMMAND && (only_operands || argv[i][0] != '-')) {
            a->tail = argv + i;
            a->n_operands = (size_t)(argc - i);
            break;
        } else if (!only_operands && short_option(a, argv[i])) {
            if (set_value(a, short_option(a, argv[i]), "on", e))
                return -1;
        } else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
            if (parse_option(a, argc, argv, &i, e))
                return -1;
        } else if (a->n_operands == MAX_OPERANDS || a->n_operands >= a->command->max_operands) {
            return err_set(e, 0, "USAGE", "weirbox %s takes no further operand: '%s'; see weirbox %s --help", a->command->name, argv[i],
                           a->command->name);
        } else {
            a->operands[a->n_operands++] = argv[i];
        }
    }
    if (a->n_operands < a->command->min_operands && !args_on(a, "help"))
        return err_set(e, 0, "USAGE", "weirbox %s needs %s; see weirbox %s --help", a->command->name, a->command->operands, a->command->name);
    return 0;
}

/* ---- help and errors ---- */

void command_help(const struct command *c)
{
    if (!c) {
        printf("weirbox - a whole data pipeline and the cloud around it, on one machine\n\n"
               "  weirbox run            post every row over both paths, print the ledger and the eight answers\n"
               "  weirbox check          compare rows and answers with a baseline, run the rules' own checks and tests\n\n"
               "Commands:\n");
        for (c = commands; c->name; c++)
            printf("  %-15s %s\n", c->name, c->summary);
        printf("\nweirbox COMMAND --help tells more. Exit status: 0 ok, 1 the check failed, 2 usage, 3 environment,\n"
               "4 not ready in time, 5 state corrupt, 6 refused for safety, 77 skipped.\n");
        return;
    }
    printf("weirbox %s - %s\n\nExamples:\n", c->name, c->summary);
    for (size_t i = 0; i + 1 < 4 && c->examples[i]; i += 2)
        printf("  %s\n      %s\n", c->examples[i], c->examples[i + 1]);
    printf("\nUsage: weirbox %s [options]%s%s\n\nOptions:\n", c->name, c->operands[0] ? " " : "", c->operands);
    const struct option *table;
    for (size_t i = 0; (table = command_table(c, i)); i++)
        for (const struct option *o = table; o->name; o++) {
            char left[48];
            if (args_option(c, str_of(o->name)) != o)
                continue; /* the command has one of its own of that name */
            snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
            printf("  %-24s %s", left, o->help);
            if (o->otherwise && o->otherwise[0])
                printf(" (default: %s)", o->otherwise);
            printf("\n");
        }
}

void command_error(const struct args *a, const struct err *e)
{
    if (!a || !a->command || !args_on(a, "json")) {
        fprintf(stderr, "weirbox: %s\n", e->message);
        return;
    }
    struct buf out = BUF_INIT;
    buf_f(&out, "{\"schema\":1,\"command\":\"%s\",\"status\":\"error\",\"error\":{\"code\":", a->command->name);
    json_put_text(&out, str_of(e->code));
    buf_z(&out, ",\"message\":");
    json_put_text(&out, str_of(e->message));
    buf_z(&out, "}}\n");
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
}

/* ---- main ---- */

/* The command whose name the arguments begin with, the longest such name first. */
static const struct command *find_command(int argc, char **argv, int *ret_words)
{
    for (int words = argc < 2 ? argc : 2; words > 0; words--)
        for (const struct command *c = commands; c->name; c++) {
            struct str rest = str_of(c->name);
            bool same = true;
            for (int i = 0; i < words; i++)
                same = same && rest.p && str_is(str_cut(&rest, ' '), argv[i]);
            if (same && !rest.p) {
                *ret_words = words;
                return c;
            }
        }
    return NULL;
}

static int no_such_command(int argc, char **argv)
{
    const char *best = NULL;
    size_t least = NEAR_NONE;
    for (const struct command *c = commands; c->name; c++) {
        size_t n = strlen(argv[0]);
        if (strncmp(c->name, argv[0], n) == 0 && c->name[n] == ' ')
            best = c->name, least = 0;
        near_try(argv[0], c->name, &best, &least);
    }
    fprintf(stderr, "weirbox: no command '%s%s%s'%s%s%s; weirbox --help lists them\n", argv[0], argc > 1 ? " " : "",
            argc > 1 ? argv[1] : "", best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
    return EXIT_USAGE;
}

static int run_command(const struct command *c, int argc, char **argv)
{
    struct args a = { .command = c };
    struct err e = { 0 };
    int status;
    if (parse(&a, argc, argv, &e)) {
        command_error(&a, &e);
        status = c->max_operands == TAKES_COMMAND ? EXIT_EXEC_FAILED : EXIT_USAGE;
    } else if (args_on(&a, "help")) {
        command_help(c);
        status = EXIT_OK;
    } else if ((status = c->run(&a, &e)) < 0) {
        command_error(&a, &e);
        status = command_status(e.code);
    }
    arena_release(&a.arena);
    if (fflush(stdout) && status == EXIT_OK) {
        fprintf(stderr, "weirbox: cannot write to stdout\n");
        status = EXIT_ENVIRONMENT;
    }
    return status;
}

int command_main(int argc, char **argv)
{
    argc--, argv++;
    if (argc == 0 || !strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
        command_help(NULL);
        return argc ? EXIT_OK : EXIT_USAGE;
    }
    if (!strcmp(argv[0], "--version")) {
        printf("weirbox " WEIRBOX_VERSION "\n");
        return EXIT_OK;
    }
    bool help = strcmp(argv[0], "help") == 0;
    if (help && argc == 1) {
        command_help(NULL);
        return EXIT_OK;
    }
    argc -= help, argv += help;
    int words;
    const struct command *c = find_command(argc, argv, &words);
    if (!c)
        return no_such_command(argc, argv);
    if (help) {
        command_help(c);
        return EXIT_OK;
    }
    return run_command(c, argc - words, argv + words);
}
