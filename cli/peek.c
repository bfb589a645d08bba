/* peek.c - weirbox peek: what has arrived in a topic, a stream or a bucket, with its decoded bytes and what is odd about them. */
#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/reach.h"

#define NOT_THERE "NO_SUCH_NAME"

enum { LOOK_MS = 300, A_LOOK = 1000, CLOCK_AT = 11, CLOCK_BYTES = 12, SHOWN_BYTES = 1500 };

static struct str target_of(const struct args *a, struct reach *r, int64_t limit, const char *cursor)
{
    struct buf target = BUF_INIT;
    buf_z(&target, "peek");
    reach_query(&target, a->operands[0], a->operands[1]);
    reach_query(&target, "limit", arena_f(&r->arena, "%lld", (long long)limit).p);
    reach_query(&target, "from", args_text(a, "from"));
    reach_query(&target, "follow", args_on(a, "follow") ? "on" : NULL);
    if (cursor)
        buf_f(&target, "&after=%s", cursor); /* encoded already */
    struct str text = arena_dup(&r->arena, buf_str(&target));
    buf_release(&target);
    return text;
}

/* ---- one record ---- */

static void put_shown(struct buf *out, struct str text)
{
    struct str head = utf8_head(text, SHOWN_BYTES);
    for (size_t i = 0; i < head.n; i++)
        buf_c(out, ((unsigned char)head.p[i] < ' ' && head.p[i] != '\t') || head.p[i] == 0x7f ? ' ' : head.p[i]);
    if (text.n > head.n)
        buf_f(out, " … (%zu bytes; --json shows more)", text.n);
    buf_c(out, '\n');
}

static void put_hints(struct buf *out, struct str line, struct arena *a)
{
    struct json_reader r;
    struct json hints, v;
    if (!json_get(line, "hints", &hints))
        return;
    json_open(&r, hints.raw);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &v) == 0)
        buf_f(out, "    ! " STR_F "\n", STR_A(json_text(v, a)));
}

static void put_record(struct buf *out, struct str line, struct arena *a)
{
    struct json v, key;
    struct str time = json_get_text(line, "time", a);
    buf_f(out, STR_F "  " STR_F, STR_A(str_head(str_from(time, CLOCK_AT), CLOCK_BYTES)), STR_A(json_get_text(line, "place", a)));
    if (json_get(line, "key", &key))
        buf_f(out, "  key " STR_F, STR_A(json_text(key, a)));
    if (json_get(line, "bytes", &v))
        buf_f(out, "  " STR_F " bytes", STR_A(v.raw));
    buf_z(out, "\n    ");
    if (json_get(line, "value", &v) && v.type == JSON_STRING)
        put_shown(out, json_text(v, a));
    else if (json_get(line, "value_base64", &v))
        buf_z(out, "base64 "), put_shown(out, v.raw);
    else
        buf_z(out, "null\n");
    if (json_get(line, "decoded", &v))
        buf_z(out, "    = "), put_shown(out, v.type == JSON_STRING ? json_text(v, a) : v.raw);
    put_hints(out, line, a);
}

static void print(const struct args *a, struct str lines)
{
    struct buf out = BUF_INIT;
    struct arena arena = ARENA_INIT;
    if (args_on(a, "json"))
        buf_str_add(&out, lines);
    while (!args_on(a, "json") && lines.n) {
        struct str line = str_cut(&lines, '\n');
        if (line.n)
            put_record(&out, line, &arena);
        arena_reset(&arena);
    }
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    fflush(stdout);
    buf_release(&out);
    arena_release(&arena);
}

/* ---- the command ---- */

static void keep_cursor(const struct client_response *answer, struct buf *cursor)
{
    buf_reset(cursor);
    buf_str_add(cursor, http_header_get(answer->headers, answer->n_headers, "Weirbox-Cursor"));
    buf_cstr(cursor);
}

/* Looks again and again. What is not there yet will come with its first record: then it is shown from the start. */
static int follow(const struct args *a, struct reach *r, struct buf *cursor)
{
    struct client_response answer;
    bool waits = !cursor->n;
    while (!ferror(stdout)) {
        struct err gone = { 0 };
        clock_wait_ms(&r->clock, LOOK_MS);
        if (reach_ask(r, "GET", target_of(a, r, A_LOOK, waits ? NULL : buf_cstr(cursor)), S(""), &answer, &gone) == 0) {
            print(a, answer.body);
            keep_cursor(&answer, cursor);
            waits = false;
        } else if (strcmp(gone.code, NOT_THERE)) {
            fprintf(stderr, "weirbox: %s\n", gone.message);
            return EXIT_OK;
        } else {
            waits = true;
        }
        arena_reset(&r->arena);
    }
    return EXIT_OK;
}

int peek_command_run(struct args *a, struct err *e)
{
    struct reach r;
    struct buf cursor = BUF_INIT;
    struct client_response answer = { 0 };
    int64_t limit = 10;
    if (reach_kind(a->operands[0], e) || args_number(a, "limit", 0, 1000, &limit, e))
        return -1;
    int result = reach_open(&r, a, e);
    if (result == 0)
        result = reach_ask(&r, "GET", target_of(a, &r, limit, NULL), S(""), &answer, e);
    if (result == 0) {
        print(a, answer.body);
        keep_cursor(&answer, &cursor);
        if (!answer.body.n && !args_on(a, "follow") && !args_on(a, "json"))
            fprintf(stderr, "weirbox: nothing has arrived in the %s %s\n", a->operands[0], a->operands[1]);
    } else if (args_on(a, "follow") && !strcmp(e->code, NOT_THERE)) {
        fprintf(stderr, "weirbox: %s; waiting for it\n", e->message);
        result = 0;
    }
    if (result == 0 && args_on(a, "follow"))
        result = follow(a, &r, &cursor);
    buf_release(&cursor);
    reach_close(&r);
    return result;
}
