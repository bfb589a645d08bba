/* binary.c - bodies between text and bytes.
 *
 *   request    text + CONVERT_TO_BINARY: base64 decoded        bytes + CONVERT_TO_TEXT: base64 encoded
 *   response   text: decoded by CONVERT_TO_BINARY, or when the client accepts bytes and nothing is said
 *              bytes: encoded by CONVERT_TO_TEXT, or when the client accepts text and nothing is said
 *              other text: what is no UTF-8 becomes U+FFFD, as recorded on AWS
 * Bytes are what has one of the API's binary media types.
 * Documented at: Developer Guide, "Content type conversions in API Gateway".
 */
#include "base/codec.h"
#include "base/utf8.h"
#include "mocks/apigw/invoke.h"

static bool is_binary(const struct model_api *api, struct str type)
{
    type = str_trim(str_cut(&type, ';'));
    for (size_t i = 0; type.n && i < api->n_binary_types; i++) {
        struct str t = api->binary_types[i];
        if (str_is(t, "*/*") || str_eq_nocase(t, type))
            return true;
        if (str_ends(t, S("/*")) && type.n >= t.n && str_eq_nocase(str_head(type, t.n - 1), str_head(t, t.n - 1)))
            return true;
    }
    return false;
}

static void encode(struct arena *a, struct str *body)
{
    struct buf b = BUF_INIT;
    codec_base64(&b, *body);
    *body = arena_dup(a, buf_str(&b));
    buf_release(&b);
}

static int decode(struct invocation *v, struct str *body)
{
    struct buf b = BUF_INIT;
    bool good = codec_unbase64(&b, str_trim(*body));
    if (good)
        *body = arena_dup(v->call->arena, buf_str(&b));
    buf_release(&b);
    return good ? 0 : invoke_fail(v->call, REFUSE_CONFIGURATION, "the body is to be converted to bytes (CONVERT_TO_BINARY) and is "
                                  "not base64: " STR_F, STR_A(str_head(*body, 60)));
}

static void as_text(struct arena *a, struct str *body)
{
    struct buf b = BUF_INIT;
    if (utf8_valid(*body))
        return;
    for (struct str rest = *body; rest.n;)
        utf8_put(&b, utf8_next(&rest));
    *body = arena_dup(a, buf_str(&b));
    buf_release(&b);
}

int binary_request(struct invocation *v, struct str *body)
{
    enum model_content handling = v->integration->content;
    bool bytes = is_binary(v->api, http_request_header(v->call->request, "Content-Type"));
    if (handling == MODEL_CONTENT_TO_BINARY && !bytes)
        return decode(v, body);
    if (handling == MODEL_CONTENT_TO_TEXT && bytes)
        encode(v->call->arena, body);
    else if (!bytes)
        as_text(v->call->arena, body);
    return 0;
}

int binary_response(struct invocation *v, enum model_content handling, struct str backend_type, struct str *body)
{
    struct str accept = http_request_header(v->call->request, "Accept");
    bool bytes = is_binary(v->api, backend_type), wants_bytes = is_binary(v->api, str_trim(str_cut(&accept, ',')));
    if (!bytes && (handling == MODEL_CONTENT_TO_BINARY || (handling == MODEL_CONTENT_AS_IS && wants_bytes)))
        return decode(v, body);
    if (bytes && (handling == MODEL_CONTENT_TO_TEXT || (handling == MODEL_CONTENT_AS_IS && !wants_bytes)))
        encode(v->call->arena, body);
    else if (!bytes)
        as_text(v->call->arena, body);
    return 0;
}
