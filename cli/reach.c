/* reach.c - finding the cloud, asking its admin routes. */
#include "cli/reach.h"

#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/near.h"
#include "cli/state.h"

enum { TIMEOUT_MS = 40000 };

const struct option reach_options[] = {
    { "url", "URL", "the edge of another cloud", "$WEIRBOX_URL, else the one of weirbox up", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

int reach_open(struct reach *r, struct args *a, struct err *e)
{
    struct str json;
    const char *exported = getenv("WEIRBOX_URL"); /* by exec, and by weirbox env */
    *r = (struct reach){ .arena = ARENA_INIT };
    clock_init_real(&r->clock);
    if (args_given(a, "url"))
        r->url = args_text(a, "url");
    else if (exported && exported[0])
        r->url = exported;
    else if (state_read(&a->arena, &json, e))
        return -1;
    else
        r->url = arena_z(&a->arena, json_get_text(json, "edge", &a->arena));
    const struct client_options o = { .clock = &r->clock, .max_attempts = 1, .timeout_ms = TIMEOUT_MS };
    r->client = client_open(&o, e);
    return r->client ? 0 : -1;
}

void reach_close(struct reach *r)
{
    if (r->client)
        client_close(r->client);
    arena_release(&r->arena);
}

int reach_ask(struct reach *r, const char *method, struct str target, struct str body, struct client_response *ret, struct err *e)
{
    struct err why = { 0 };
    struct json error;
    const struct http_header type = { S("Content-Type"), S("application/json") };
    const struct client_request request = { .method = method, .url = arena_f(&r->arena, "%s/_weirbox/" STR_F, r->url, STR_A(target)), .body = body,
                                            .headers = &type, .n_headers = body.n > 0 };
    if (client_do(r->client, &request, &r->arena, ret, &why))
        return err_set(e, 0, "NOT_UP", "no cloud answers at %s: %s; weirbox up -d starts one, --url names another", r->url, why.message);
    if (ret->status < 400 || ret->status == 409)
        return 0;
    if (!json_get(ret->body, "error", &error))
        return err_set(e, 0, "NOT_UP", "%s answers %d: " STR_F "; is it the edge of a weirbox?", r->url, ret->status, STR_A(str_head(str_trim(ret->body), 120)));
    return err_set(e, 0, ret->status == 400 ? "USAGE" : arena_z(&r->arena, json_get_text(error.raw, "code", &r->arena)), STR_F,
                   STR_A(json_get_text(error.raw, "message", &r->arena)));
}

void reach_query(struct buf *target, const char *name, const char *value)
{
    if (!value)
        return;
    bool first = str_chr(buf_str(target), '?') == STR_NONE;
    buf_f(target, "%c%s=", first ? '?' : '&', name);
    codec_percent(target, str_of(value), "");
}

int reach_kind(const char *word, struct err *e)
{
    static const char *const kinds[] = { "topic", "stream", "bucket" };
    const char *best = NULL;
    size_t least = NEAR_NONE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        near_try(word, kinds[i], &best, &least);
    return best && least == 0 ? 0 : err_set(e, 0, "USAGE", "'%s' is none of topic, stream, bucket%s", word, near_say(best).text);
}
