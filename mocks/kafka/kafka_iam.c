/* kafka_iam.c - AWS's identities on Kafka's wire: AWS_MSK_IAM and OAUTHBEARER, both a presigned GET of kafka-cluster:Connect.
 *
 *   AWS_MSK_IAM   a JSON object of the presigned query's parameters and the host (aws-msk-iam-auth, "Details")
 *   OAUTHBEARER   "n,,\1auth=Bearer TOKEN\1\1", TOKEN the base64url of the presigned URL (aws-msk-iam-sasl-signer), to which
 *                 User-Agent was added after signing
 *
 * Signatures are verified with the cloud's keys, as of any AWS call. There are no policies: who has a key may do everything.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "mocks/cloud/accounts.h"
#include "mocks/kafka/kafka_sasl.h"

enum { LONGEST_EXPIRES_S = 900 };

/* The client is told no more than MSK tells; the journal why. */
static int refuse(struct call *c, struct str *ret_message, struct str why)
{
    *ret_message = arena_f(c->arena, "[" STR_F "]: Access denied", STR_A(c->request_id));
    call_reason(c, "IAM: " STR_F, STR_A(why));
    return -1;
}

static int check(struct call *c, struct str host, struct str target, struct str *ret_message)
{
    struct http_header headers[] = { { S("host"), host } };
    struct http_request r = { .method = S("GET"), .headers = headers, .n_headers = 1 };
    struct sigv4_claim claim = { 0 };
    struct str secret, account;
    struct err why = { 0 };
    enum cloud_auth mode = cloud_auth_mode(c->cloud);
    http_request_target(&r, target);
    if (!str_eq(http_query(&r, "Action", c->arena), S("kafka-cluster:Connect")))
        return refuse(c, ret_message, S("the action signed is not kafka-cluster:Connect"));
    if (sigv4_parse(&r, c->arena, &claim, &why) != SIGV4_OK || (claim.expires_s > LONGEST_EXPIRES_S && mode == CLOUD_AUTH_STRICT))
        return mode == CLOUD_AUTH_OFF ? 0 : refuse(c, ret_message, why.message[0] ? str_of(why.message) : S("X-Amz-Expires is more than 900"));
    if (mode != CLOUD_AUTH_STRICT)
        return 0;
    if (!accounts_secret(c->cloud, claim.access_key, &secret, &account))
        return refuse(c, ret_message, arena_f(c->arena, "the access key '" STR_F "' is not known here; use test/test or the pair `weirbox env` prints",
                                              STR_A(str_head(claim.access_key, 128))));
    if (sigv4_verify(cloud_sigv4(c->cloud), &r, &claim, secret, S("kafka-cluster"), clock_now_ms(kafka_state_of(c)->clock), c->arena, &why) != SIGV4_OK)
        return refuse(c, ret_message, str_of(why.message));
    return 0;
}

/* ---- AWS_MSK_IAM ---- */

static void put_parameter(struct buf *query, const char *name, struct str value)
{
    if (!value.p)
        return;
    buf_f(query, "%s%s=", query->n > 2 ? "&" : "", name);
    codec_percent(query, value, "");
}

/* A client that came by an MSK name is led back to that: it reads the region it signs for out of it. */
static void keep_host(struct kafka_session *s, struct str host)
{
    free(s->host);
    s->host = str_ends(host, S(".amazonaws.com")) ? mem_dup(host) : NULL;
}

int kafka_iam_aws(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message)
{
    static const struct {
        const char *member, *parameter;
    } parameters[] = {
        { "action", "Action" },
        { "x-amz-algorithm", "X-Amz-Algorithm" },
        { "x-amz-credential", "X-Amz-Credential" },
        { "x-amz-date", "X-Amz-Date" },
        { "x-amz-expires", "X-Amz-Expires" },
        { "x-amz-security-token", "X-Amz-Security-Token" },
        { "x-amz-signedheaders", "X-Amz-SignedHeaders" },
        { "x-amz-signature", "X-Amz-Signature" },
    };
    struct buf target = BUF_INIT;
    (void)s;
    if (!json_valid(in) || !str_is(json_get_text(in, "version", c->arena), "2020_10_22"))
        return refuse(c, ret_message, S("the message is no JSON object of version 2020_10_22"));
    buf_z(&target, "/?");
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        put_parameter(&target, parameters[i].parameter, json_get_text(in, parameters[i].member, c->arena));
    struct str host = json_get_text(in, "host", c->arena), whole = arena_keep(c->arena, &target);
    if (check(c, host, whole, ret_message))
        return -1;
    keep_host(kafka_request_of(c)->session, host);
    *ret_bytes = arena_f(c->arena, "{\"version\":\"2020_10_22\",\"request-id\":\"" STR_F "\"}", STR_A(c->request_id));
    *ret_over = true;
    return 0;
}

/* ---- OAUTHBEARER (RFC 7628) ---- */

static struct str bearer_token(struct str in)
{
    for (struct str rest = in; rest.p;) {
        struct str piece = str_cut(&rest, 1);
        if (str_starts(piece, S("auth=Bearer ")))
            return str_from(piece, 12);
    }
    return (struct str){ 0 };
}

static struct str without_user_agent(struct call *c, struct str target)
{
    struct buf out = BUF_INIT;
    struct str rest = target;
    for (bool is_first = true; rest.p; is_first = false) {
        struct str piece = str_cut(&rest, '&');
        if (!is_first && str_eq_nocase(str_head(piece, 11), S("user-agent=")))
            continue;
        if (!is_first)
            buf_c(&out, '&');
        buf_str_add(&out, piece);
    }
    return arena_keep(c->arena, &out);
}

int kafka_iam_bearer(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message)
{
    struct buf decoded = BUF_INIT;
    (void)s, (void)ret_bytes;
    bool good = codec_unbase64_loose(&decoded, bearer_token(in));
    struct str url = arena_keep(c->arena, &decoded);
    size_t slash = str_starts(url, S("https://")) ? str_chr(str_from(url, 8), '/') : STR_NONE;
    if (!good || slash == STR_NONE)
        return refuse(c, ret_message, S("the bearer token is not the base64url of a presigned https URL"));
    if (check(c, str_head(str_from(url, 8), slash), without_user_agent(c, str_from(url, 8 + slash)), ret_message))
        return -1;
    *ret_over = true;
    return 0;
}
