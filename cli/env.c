/* env.c - weirbox env: the variables of the cloud that stays, in the words of a shell. eval "$(weirbox env)" */
#include <stdio.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/state.h"

/* `text` with every byte of `special` replaced by what stands for it. */
static void put_escaped(struct buf *out, struct str text, const char *special, const char *const *instead)
{
    for (size_t i = 0; i < text.n; i++) {
        const char *at = text.p[i] ? strchr(special, text.p[i]) : NULL;
        if (at)
            buf_z(out, instead[at - special]);
        else
            buf_c(out, text.p[i]);
    }
}

static void put_sh(struct buf *out, const char *name, struct str value)
{
    static const char *const quote[] = { "'\\''" };
    if (!value.p) {
        buf_f(out, "unset %s\n", name);
        return;
    }
    buf_f(out, "export %s='", name);
    put_escaped(out, value, "'", quote);
    buf_z(out, "'\n");
}

static void put_fish(struct buf *out, const char *name, struct str value)
{
    static const char *const quote[] = { "\\'", "\\\\" };
    if (!value.p) {
        buf_f(out, "set -e %s\n", name);
        return;
    }
    buf_f(out, "set -gx %s '", name);
    put_escaped(out, value, "'\\", quote);
    buf_z(out, "'\n");
}

static void put_dotenv(struct buf *out, const char *name, struct str value)
{
    static const char *const quote[] = { "\\\"", "\\\\", "\\$" };
    buf_f(out, "%s=\"", name);
    put_escaped(out, value, "\"\\$", quote);
    buf_z(out, "\"\n");
}

/* For >>"$GITHUB_ENV"; values have no line ends. */
static void put_github(struct buf *out, const char *name, struct str value) { buf_f(out, "%s=" STR_F "\n", name, STR_A(value)); }

static void put_json(struct buf *out, const char *name, struct str value)
{
    buf_f(out, "%s\"%s\":", out->n > 1 ? "," : "", name);
    if (value.p)
        json_put_text(out, value);
    else
        buf_z(out, "null");
}

static const struct shell {
    const char *name, *before, *after;
    void (*put)(struct buf *out, const char *name, struct str value);
} shells[] = {
    { "sh", "", "", put_sh }, { "fish", "", "", put_fish }, { "json", "{", "}\n", put_json }, { "dotenv", "", "", put_dotenv }, { "github", "", "", put_github },
};

static void put_rows(struct buf *out, const struct shell *s, struct str rows, bool redirect, struct arena *a)
{
    struct json_reader r;
    struct json row, value, redirects;
    json_open(&r, rows);
    for (json_enter(&r, JSON_ARRAY); json_element(&r) == 1 && json_read(&r, &row) == 0;) {
        bool leads = json_get(row.raw, "redirects", &redirects) && redirects.type == JSON_TRUE;
        struct str name = json_get_text(row.raw, "name", a);
        if (!name.p || (leads && !redirect) || !json_get(row.raw, "value", &value))
            continue;
        s->put(out, arena_z(a, name), value.type == JSON_STRING ? json_text(value, a) : (struct str){ 0 });
    }
}

int env_command_run(struct args *a, struct err *e)
{
    struct str json;
    struct json rows;
    const char *name = args_on(a, "json") ? "json" : args_text(a, "shell");
    const struct shell *s = shells;
    while (strcmp(s->name, name) != 0)
        s++;
    if (state_read(&a->arena, &json, e))
        return -1;
    if (!json_get(json, "env", &rows))
        return err_set(e, 0, "STATE_MALFORMED", "up.json lists no variables; weirbox down and up again");
    struct buf out = BUF_INIT;
    buf_z(&out, s->before);
    put_rows(&out, s, rows.raw, args_on(a, "redirected"), &a->arena);
    buf_z(&out, s->after);
    fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
    return EXIT_OK;
}
