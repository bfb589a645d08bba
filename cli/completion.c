/* completion.c - weirbox completion: what a shell has to know to complete command lines, written from the table of commands. */
#include <stdio.h>

#include "base/buf.h"
#include "cli/commands.h"

/* ---- what the table says ---- */

/* The first of a command's words, its second (empty when there is none). */
static struct str first_word(const struct command *c)
{
    struct str rest = str_of(c->name);
    return str_cut(&rest, ' ');
}
static struct str second_word(const struct command *c)
{
    struct str rest = str_of(c->name);
    str_cut(&rest, ' ');
    return rest.p ? rest : S("");
}

/* "a|b|c", or "[a|b NAME]" of an operand, as "a b c"; nothing when it is no choice. */
static void put_choices(struct buf *out, const char *text)
{
    struct str s = str_of(text);
    if (s.n && s.p[0] == '[')
        s = str_from(s, 1);
    s = str_head(s, strcspn(s.p ? s.p : "", " ]"));
    if (str_chr(s, '|') == STR_NONE)
        return;
    for (bool first = true; s.p; first = false) {
        buf_z(out, first ? "" : " ");
        buf_str_add(out, str_cut(&s, '|'));
    }
}

static void put_options(struct buf *out, const struct command *c)
{
    const struct option *table;
    for (size_t i = 0; (table = command_table(c, i)); i++)
        for (const struct option *o = table; o->name; o++)
            buf_f(out, "%s--%s", out->n && out->p[out->n - 1] != '\'' ? " " : "", o->name);
}

/* Commands stand beside the others that begin with the same word. */
static bool begins_group(const struct command *c) { return c == commands || !str_eq(first_word(c), first_word(c - 1)); }

/* ---- bash, and zsh by its bashcompinit ---- */

static void put_bash(struct buf *out)
{
    buf_z(out, "_weirbox() {\n    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} list='' word\n"
               "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do [[ $word == -- ]] && return; done\n"
               "    if [[ $COMP_CWORD == 1 ]]; then\n        COMPREPLY=($(compgen -W '");
    for (const struct command *c = commands; c->name; c++)
        if (begins_group(c))
            buf_f(out, STR_F " ", STR_A(first_word(c)));
    buf_z(out, "help' -- \"$cur\"))\n        return\n    fi\n    case $command in\n");
    for (const struct command *c = commands; c->name; c++) {
        if (!second_word(c).n || !begins_group(c))
            continue;
        buf_f(out, "    " STR_F ")\n        [[ $COMP_CWORD == 2 ]] && list='", STR_A(first_word(c)));
        for (const struct command *d = c; d->name && str_eq(first_word(d), first_word(c)); d++)
            buf_f(out, "%s" STR_F, d == c ? "" : " ", STR_A(second_word(d)));
        buf_z(out, "'\n        command+=\" ${COMP_WORDS[2]-}\" ;;\n");
    }
    buf_z(out, "    esac\n    [[ $list ]] || case \"$command $prev\" in\n");
    for (const struct command *c = commands; c->name; c++) {
        const struct option *table;
        for (size_t i = 0; (table = command_table(c, i)); i++)
            for (const struct option *o = table; o->name; o++) {
                if (!o->argument)
                    continue;
                buf_f(out, "    '%s --%s') list='", c->name, o->name);
                put_choices(out, o->choices);
                buf_z(out, "'; [[ $list ]] || return ;;\n");
            }
    }
    buf_z(out, "    esac\n    [[ $list ]] || case $command in\n");
    for (const struct command *c = commands; c->name; c++) {
        buf_f(out, "    '%s') if [[ $cur == -* ]]; then list='", c->name);
        put_options(out, c);
        buf_z(out, "'; else list='");
        put_choices(out, c->operands);
        buf_z(out, "'; fi ;;\n");
    }
    buf_z(out, "    esac\n    COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n}\ncomplete -o default -F _weirbox weirbox\n");
}

static void put_zsh(struct buf *out)
{
    buf_z(out, "autoload -Uz compinit bashcompinit && compinit -C && bashcompinit\n");
    put_bash(out);
}

/* ---- fish ---- */

static void put_quoted(struct buf *out, const char *text)
{
    buf_c(out, '\'');
    for (const char *c = text; *c; c++) {
        if (*c == '\'' || *c == '\\')
            buf_c(out, '\\');
        buf_c(out, *c);
    }
    buf_c(out, '\'');
}

static void put_fish_condition(struct buf *out, const struct command *c)
{
    buf_f(out, "complete -c weirbox -n '__fish_seen_subcommand_from " STR_F, STR_A(first_word(c)));
    if (second_word(c).n)
        buf_f(out, "; and __fish_seen_subcommand_from " STR_F, STR_A(second_word(c)));
    buf_c(out, '\'');
}

static void put_fish_option(struct buf *out, const struct command *c, const struct option *o)
{
    put_fish_condition(out, c);
    buf_f(out, " -l %s", o->name);
    if (o->argument && o->choices) {
        buf_z(out, " -xa '");
        put_choices(out, o->choices);
        buf_c(out, '\'');
    } else if (o->argument) {
        buf_z(out, " -r");
    }
    buf_z(out, " -d ");
    put_quoted(out, o->help);
    buf_c(out, '\n');
}

static void put_fish(struct buf *out)
{
    for (const struct command *c = commands; c->name; c++) {
        struct str second = second_word(c);
        if (begins_group(c))
            buf_f(out, "complete -c weirbox -n __fish_use_subcommand -a " STR_F " -d ", STR_A(first_word(c))),
                put_quoted(out, second.n ? "" : c->summary), buf_c(out, '\n');
        if (second.n)
            buf_f(out, "complete -c weirbox -n '__fish_seen_subcommand_from " STR_F "' -a " STR_F " -d ", STR_A(first_word(c)), STR_A(second)),
                put_quoted(out, c->summary), buf_c(out, '\n');
        struct buf operands = BUF_INIT;
        put_choices(&operands, c->operands);
        if (operands.n) {
            put_fish_condition(out, c);
            buf_f(out, " -a '" STR_F "'\n", STR_A(buf_str(&operands)));
        }
        buf_release(&operands);
        const struct option *table;
        for (size_t i = 0; (table = command_table(c, i)); i++)
            for (const struct option *o = table; o->name; o++)
                put_fish_option(out, c, o);
    }
}

int completion_command_run(struct args *a, struct err *e)
{
    static const struct {
        const char *shell;
        void (*put)(struct buf *out);
    } shells[] = { { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish } };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(a->operands[0], shells[i].shell) == 0)
            shells[i].put(&out);
    if (!out.n)
        return err_set(e, 0, "USAGE", "'%s' is none of bash, zsh, fish", a->operands[0]);
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
    return EXIT_OK;
}
