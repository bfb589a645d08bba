/* calls.c - what of a call people want to see, in one line. */
#include "cli/calls.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/json.h"

enum { CLOCK_AT = 11, CLOCK_BYTES = 12 }; /* of 2026-11-28T23:14:47.164Z */

static struct str raw_of(struct str line, const char *name)
{
    struct json v;
    return json_get(line, name, &v) ? v.raw : S("");
}

/* Statements have ends of lines. */
static void put_flat(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_c(out, (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i]);
}

static void put_call(struct buf *out, struct str line, struct arena *a)
{
    struct str action = json_get_text(line, "action", a), time = json_get_text(line, "time", a), code = json_get_text(line, "code", a);
    struct str reason = json_get_text(line, "reason", a), resource = json_get_text(line, "resource", a), fault = json_get_text(line, "fault", a);
    double ms = 0;
    char bytes[48];
    str_to_double(raw_of(line, "ms"), &ms);
    snprintf(bytes, sizeof bytes, STR_F "/" STR_F " B", STR_A(raw_of(line, "bytes_in")), STR_A(raw_of(line, "bytes_out")));
    buf_f(out, STR_F "  %-10s  %-23s  %4s  %8.2f ms  %12s", STR_A(str_head(str_from(time, CLOCK_AT), CLOCK_BYTES)),
          arena_z(a, json_get_text(line, "service", a)), action.n ? arena_z(a, action) : "?", arena_z(a, raw_of(line, "status")), ms, bytes);
    if (resource.n)
        buf_z(out, "  "), put_flat(out, resource);
    if (raw_of(line, "internal").n)
        buf_z(out, "  (by another service)");
    if (fault.n)
        buf_f(out, "  [fault rule " STR_F ": " STR_F "]", STR_A(raw_of(line, "fault_rule")), STR_A(fault));
    if (code.n)
        buf_f(out, "  " STR_F, STR_A(code));
    if (reason.n)
        buf_z(out, code.n ? ": " : "  "), put_flat(out, reason);
    buf_c(out, '\n');
}

void calls_put(struct buf *out, struct str lines)
{
    struct arena a = ARENA_INIT;
    while (lines.n) {
        struct str line = str_cut(&lines, '\n');
        if (line.n)
            put_call(out, line, &a);
        arena_reset(&a);
    }
    arena_release(&a);
}
