/* dispatch.c - one request through one service, in AWS's own order:
 *
 *   1 size      larger than the service takes: 413
 *   2 route     which action; unknown: the service's error
 *   3 sign      SigV4 verified, or only read, or not asked for, by the cloud's --auth
 *   4 built?    an action without a function: 501 that names it
 *   5 bind      parameters read and checked
 *   6 fault     what the rules say this call meets
 *   7 run       the effect
 *   8 phrase    errors into the service's dialect, common headers
 *   9 journal   one line: what, about what, how it ended, why
 */
#include "mocks/cloud/dispatch.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "mocks/cloud/accounts.h"
#include "mocks/cloud/cloud.h"
#include "mocks/cloud/journal.h"

int call_fail(struct call *c, int status, const char *code, const char *fmt, ...)
{
    char text[sizeof c->err.message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(&c->err, status, code, "%s", text);
}

void call_reason(struct call *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    c->reason = arena_vf(c->arena, fmt, ap);
    va_end(ap);
}

void call_header(struct call *c, const char *name, struct str value) { http_reply_header(c->reply, c->arena, name, value); }

/* ---- 9 journal ---- */

/* What the rules did to this call; NULL = nothing. */
static const char *fault_word(const struct fault_verdict *f)
{
    static const char *const words[] = { [FAULT_ERROR] = "error", [FAULT_THROTTLE] = "throttle", [FAULT_RESET] = "reset", [FAULT_PARTIAL] = "partial" };
    return f->effect != FAULT_NONE ? words[f->effect] : f->latency_ms > 0 ? "latency" : NULL;
}

static void write_journal(struct call *c, bool failed)
{
    struct journal_entry entry = {
        .time_ms = clock_now_ms(cloud_clock(c->cloud)),
        .service = c->service->name,
        .action = c->action ? c->action->name : "",
        .status = c->reply->end == HTTP_RESET ? 0 : c->reply->status,
        .took_us = clock_stopwatch_us() - c->started_us,
        .bytes_in = c->request->body.n,
        .bytes_out = http_reply_body(c->reply).n,
        .fault_rule = c->fault.rule,
        .fault = fault_word(&c->fault),
        .internal = c->internal,
    };
    if (failed)
        snprintf(entry.code, sizeof entry.code, "%.*s", (int)sizeof entry.code - 1, c->err.code);
    struct str reason = c->reason.n ? c->reason : failed ? str_of(c->err.message) : S("");
    journal_add(cloud_journal(c->cloud), &entry, c->resource, reason);
    if (cloud_verbose(c->cloud))
        log_line("%s.%s resource=" STR_F " status=%d ms=%.2f%s%s%s" STR_F, entry.service,
                 entry.action[0] ? entry.action : "?", STR_A(c->resource), entry.status, (double)entry.took_us / 1000,
                 failed ? " code=" : "", entry.code, reason.n ? " why=" : "", STR_A(reason));
}

/* ---- 8 phrase ---- */

static void conclude(struct call *c, bool failed)
{
    if (failed) {
        int64_t delay_ms = c->reply->delay_ms; /* the time an action says has passed has passed for its error too */
        http_reply_release(c->reply);
        c->reply->delay_ms = delay_ms;
        c->reply->status = c->err.status ? c->err.status : 500;
        c->service->phrase(c);
    } else if (!c->reply->status) {
        c->reply->status = 200;
    }
    if (c->service->finish)
        c->service->finish(c);
    c->reply->delay_ms += c->fault.latency_ms;
    if (c->fault.effect == FAULT_RESET) {
        c->reply->end = HTTP_RESET;
        call_reason(c, "fault rule %d: connection reset %s", c->fault.rule,
                    c->effect_done ? "after the effect, the answer is lost" : "before the effect");
    }
    write_journal(c, failed);
    c->done(c);
}

/* ---- 6 fault, 7 run ---- */

static int fail_by_rule(struct call *c)
{
    if (c->fault.effect == FAULT_THROTTLE) {
        const struct throttle *t = &c->service->throttle;
        call_fail(c, t->status ? t->status : 503, t->code ? t->code : "Throttled", "%s", t->message ? t->message : "Rate exceeded");
    } else {
        call_fail(c, c->fault.status, c->fault.code, "%s", c->fault.message);
    }
    call_reason(c, "fault rule %d: %s instead of %s answer", c->fault.rule, c->err.code,
                c->effect_done ? "the true" : "an effect and its");
    return -1;
}

void call_finish(struct call *c, int result)
{
    c->effect_done = result == 0;
    bool refuse = c->fault.after && (c->fault.effect == FAULT_ERROR || c->fault.effect == FAULT_THROTTLE);
    if (result == 0 && refuse)
        result = fail_by_rule(c);
    conclude(c, result != 0);
}

static void meet_fault_and_run(struct call *c)
{
    c->fault = faults_check(cloud_faults(c->cloud), c->service->name, c->action->name, c->resource);
    if (c->fault.effect != FAULT_NONE && c->fault.effect != FAULT_PARTIAL && !c->fault.after) {
        bool failed = c->fault.effect != FAULT_RESET && fail_by_rule(c);
        conclude(c, failed);
        return;
    }
    int result = c->action->run(c);
    if (result != CALL_LATER)
        call_finish(c, result);
}

/* ---- the order ---- */

static int admit(struct call *c)
{
    const struct service *s = c->service;
    size_t most = s->max_body_bytes ? s->max_body_bytes : SERVICE_BODY_BYTES;
    if (c->request->body.n > most)
        return call_fail(c, 413, "RequestEntityTooLarge", "The request body of %zu bytes is larger than the %zu this service takes",
                         c->request->body.n, most);
    c->action = s->route(c);
    if (!c->action)
        return -1;
    bool asked = s->signed_requests && !c->internal && !(s->unsigned_call && s->unsigned_call(c));
    if (asked && accounts_authenticate(c))
        return -1;
    if (!c->action->run) {
        call_reason(c, "%s %s is known but not implemented here; see weirbox status --unimplemented", s->name, c->action->name);
        return call_fail(c, 501, "NotImplemented", "weirbox does not implement %s of %s.", c->action->name, s->title);
    }
    return s->bind ? s->bind(c) : 0;
}

void dispatch_call(struct cloud *cloud, const struct service *service, void *state,
                   const struct http_request *request, struct http_reply *reply, struct arena *arena,
                   bool internal, void (*done)(struct call *c), void *done_arg)
{
    struct call *c = ARENA_NEW(arena, struct call);
    c->cloud = cloud;
    c->service = service;
    c->state = state;
    c->request = request;
    c->reply = reply;
    c->arena = arena;
    c->internal = internal;
    c->account = S(CLOUD_ACCOUNT);
    c->region = S(CLOUD_REGION);
    c->fault.rule = -1;
    c->started_us = clock_stopwatch_us();
    c->request_id = cloud_uuid(cloud, arena);
    c->done = done;
    c->done_arg = done_arg;
    if (admit(c))
        conclude(c, true);
    else
        meet_fault_and_run(c);
}
