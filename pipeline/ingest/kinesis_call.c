/* kinesis_call.c - a call to Kinesis, and what is said when it fails. */
#include <stdio.h>

#include "pipeline/ingest/kinesis_own.h"

static bool passing(const struct client_response *r)
{
    struct json type;
    return r->status == 400 && json_get(r->body, "__type", &type) &&
           (str_find(type.raw, S("ProvisionedThroughputExceeded")) != STR_NONE ||
            str_find(type.raw, S("LimitExceeded")) != STR_NONE || str_find(type.raw, S("Throttling")) != STR_NONE);
}

struct client_request kinesis_call(struct kinesis_reader *r, const char *action, char target[KINESIS_TARGET], struct http_header headers[KINESIS_HEADERS])
{
    snprintf(target, KINESIS_TARGET, "Kinesis_20131202.%s", action);
    headers[0] = (struct http_header){ S("Content-Type"), S("application/x-amz-json-1.1") };
    headers[1] = (struct http_header){ S("X-Amz-Target"), str_of(target) };
    return (struct client_request){ .method = "POST", .url = r->url, .headers = headers, .n_headers = KINESIS_HEADERS, .body = buf_str(&r->body),
                                    .sign = true, .service = S("kinesis"), .retry_reply = passing };
}

void kinesis_call_failed(struct kinesis_reader *r, const char *action, struct str stream, const struct client_response *got)
{
    struct arena a = ARENA_INIT;
    if (r->failed)
        return; /* the first cause is the one to tell */
    r->failed = true;
    if (got->status) {
        struct str type = json_get_text(got->body, "__type", &a), message = json_get_text(got->body, "message", &a);
        err_set(r->err, got->status, type.n ? arena_z(&a, type) : "KINESIS_REFUSED", "%s of stream " STR_F " at %s: %d " STR_F ": " STR_F "%s", action,
                STR_A(stream), r->options->endpoint, got->status, STR_A(type), STR_A(message),
                str_find(type, S("ResourceNotFound")) != STR_NONE ? "; is --user-id right, and has anything been put into it?" : "");
    } else {
        err_set(r->err, 0, "NO_ANSWER", "%s of stream " STR_F " at %s: %s after %d attempts; is Kinesis running there?", action,
                STR_A(stream), r->options->endpoint, got->error ? got->error : "no answer", got->attempts);
    }
    arena_release(&a);
}

