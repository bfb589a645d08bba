/* jersey.c - see jersey.h. */
#include "mocks/cloud/jersey.h"

#include <stdio.h>

#include "base/json.h"

int jersey_refuse(struct call *c, int status)
{
    char code[12];
    snprintf(code, sizeof code, "%d", status);
    return call_fail(c, status, code, "HTTP %d %s", status, http_status_text(status));
}

void jersey_phrase(struct call *c)
{
    int64_t code;
    if (!str_to_i64(str_of(c->err.code), &code))
        code = c->err.status;
    c->reply->status = c->err.status;
    buf_z(call_body(c), "{\"error_code\":");
    buf_i64(call_body(c), code);
    buf_z(call_body(c), ",\"message\":");
    json_put_text(call_body(c), str_of(c->err.message));
    buf_c(call_body(c), '}');
}
