/* verify.c - weirbox verify: a file of checks over what the cloud that is up has seen and holds. */
#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/calls.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/reach.h"

/* ---- the report for people ---- */

static void put_member(struct buf *out, struct str object, const char *name)
{
    struct json v;
    if (!json_get(object, name, &v))
        return;
    if (v.type == JSON_STRING)
        buf_c(out, '"');
    buf_str_add(out, v.raw);
    if (v.type == JSON_STRING)
        buf_c(out, '"');
}

static void put_differences(struct buf *out, struct str near, struct arena *a)
{
    struct json_reader r;
    struct json list, v;
    const char *comma = "      ";
    if (!json_get(near, "differs", &list))
        return;
    json_open(&r, list.raw);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &v) == 0) {
        buf_f(out, "%s" STR_F " was ", comma, STR_A(json_get_text(v.raw, "field", a)));
        put_member(out, v.raw, "was");
        buf_z(out, ", wanted ");
        put_member(out, v.raw, "wanted");
        comma = "; ";
    }
    if (comma[0] == ';')
        buf_c(out, '\n');
}

static void put_near(struct buf *out, struct str check, const char *name, struct arena *a)
{
    struct json_reader r;
    struct json list, v, it;
    if (!json_get(check, name, &list))
        return;
    json_open(&r, list.raw);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &v) == 0) {
        buf_z(out, strcmp(name, "nearest") ? "    matched: " : "    near: ");
        if (json_get(v.raw, "call", &it))
            calls_put(out, it.raw);
        else if (json_get(v.raw, "record", &it))
            buf_f(out, STR_F "  " STR_F "\n", STR_A(json_get_text(it.raw, "place", a)), STR_A(utf8_head(str_trim(json_get_text(it.raw, "value", a)), 400)));
        put_differences(out, v.raw, a);
    }
}

static void put_check(struct buf *out, struct str check, struct arena *a)
{
    struct json v;
    bool ok = json_get(check, "ok", &v) && v.type == JSON_TRUE;
    buf_f(out, "%s  " STR_F ": ", ok ? "ok  " : "MISS", STR_A(json_get_text(check, "check", a)));
    put_member(out, check, "matched");
    buf_z(out, " of ");
    put_member(out, check, "looked_at");
    buf_c(out, '\n');
    if (json_get(check, "reason", &v))
        buf_f(out, "    " STR_F "\n", STR_A(json_text(v, a)));
    put_near(out, check, "nearest", a);
    put_near(out, check, "too_many", a);
}

static void print(const struct args *a, struct str report, bool ok)
{
    struct buf out = BUF_INIT;
    struct arena arena = ARENA_INIT;
    struct json_reader r;
    struct json checks, v;
    if (args_on(a, "json")) {
        buf_f(&out, "{\"schema\":1,\"command\":\"verify\",\"status\":\"%s\",\"data\":", ok ? "ok" : "failed");
        buf_str_add(&out, str_trim(report));
        buf_z(&out, "}\n");
    } else if (json_get(report, "checks", &checks)) {
        json_open(&r, checks.raw);
        json_enter(&r, JSON_ARRAY);
        while (json_element(&r) == 1 && json_read(&r, &v) == 0)
            put_check(&out, v.raw, &arena);
    }
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_release(&out);
    arena_release(&arena);
}

/* ---- the command ---- */

/* What was acknowledged has reached the bucket before it is looked for there. */
static int settle(struct reach *r, struct err *e)
{
    struct client_response answer;
    struct json error;
    if (reach_ask(r, "POST", S("settle"), S(""), &answer, e))
        return -1;
    if (answer.status != 409)
        return 0;
    bool told = json_get(answer.body, "error", &error);
    return err_set(e, 0, "NOT_SETTLED", "not everything has arrived where it goes: " STR_F "; --no-settle checks all the same",
                   STR_A(told ? json_get_text(error.raw, "message", &r->arena) : S("no reason given")));
}

int verify_command_run(struct args *a, struct err *e)
{
    struct reach r;
    struct client_response answer;
    struct str checks;
    const char *path = strcmp(a->operands[0], "-") ? a->operands[0] : "/dev/stdin";
    if (options_file(a, path, "checks", &checks, e))
        return -1;
    int result = reach_open(&r, a, e);
    if (result == 0 && args_on(a, "settle"))
        result = settle(&r, e);
    if (result == 0)
        result = reach_ask(&r, "POST", S("verify"), checks, &answer, e);
    if (result == 0) {
        print(a, answer.body, answer.status == 200);
        result = answer.status == 200 ? EXIT_OK : EXIT_CHECK_FAILED;
    } else if (!strcmp(e->code, "USAGE")) {
        err_wrap(e, "%s", a->operands[0]);
    }
    reach_close(&r);
    return result;
}
