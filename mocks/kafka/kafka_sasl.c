/* kafka_sasl.c - SaslHandshake and SaslAuthenticate (KIP-43, KIP-152); which mechanism a port takes.
 *
 *   9096  SCRAM-SHA-512, SCRAM-SHA-256 (kafka_scram.c), PLAIN
 *   9098  AWS_MSK_IAM, OAUTHBEARER (kafka_iam.c)
 */
#include <stdlib.h>

#include "mocks/kafka/kafka_sasl.h"

static const struct kafka_mechanism mechanisms[] = {
    { "SCRAM-SHA-512", KAFKA_SASL_SCRAM, kafka_scram_sha512 },
    { "SCRAM-SHA-256", KAFKA_SASL_SCRAM, kafka_scram_sha256 },
    { "PLAIN", KAFKA_SASL_SCRAM, kafka_scram_plain },
    { "AWS_MSK_IAM", KAFKA_SASL_IAM, kafka_iam_aws },
    { "OAUTHBEARER", KAFKA_SASL_IAM, kafka_iam_bearer },
};
enum { N_MECHANISMS = sizeof mechanisms / sizeof *mechanisms };

void kafka_sasl_close(struct kafka_sasl *s)
{
    if (!s)
        return;
    arena_release(&s->memory);
    free(s);
}

/* ---- SaslHandshake ---- */

struct handshake_request {
    struct str mechanism;
};
struct handshake_response {
    int16_t error;
    struct kafka_array mechanisms;
};

static const struct kafka_field handshake_fields[] = { KAFKA(struct handshake_request, STRING, mechanism) };
static const struct kafka_field handshake_response_fields[] = {
    KAFKA(struct handshake_response, INT16, error),
    KAFKA(struct handshake_response, ARRAY, mechanisms, .of = &kafka_codec_string),
};
const struct kafka_schema kafka_sasl_handshake_request = KAFKA_SCHEMA(struct handshake_request, handshake_fields);
const struct kafka_schema kafka_sasl_handshake_response = KAFKA_SCHEMA(struct handshake_response, handshake_response_fields);

static void begin(struct kafka_session *s, const struct kafka_mechanism *m, bool raw)
{
    kafka_sasl_close(s->sasl);
    s->sasl = mem_zero(sizeof *s->sasl);
    s->sasl->mechanism = m;
    s->raw_sasl = raw;
}

int kafka_sasl_handshake(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct handshake_request *r = q->args;
    enum kafka_way way = q->session->listener->way;
    struct str names[N_MECHANISMS];
    struct handshake_response answer = { .error = (int16_t)q->refused, .mechanisms = { names, 0 } };
    const struct kafka_mechanism *found = NULL;
    for (size_t i = 0; i < N_MECHANISMS; i++) {
        if (mechanisms[i].way != way)
            continue;
        names[answer.mechanisms.n++] = str_of(mechanisms[i].name);
        if (str_is(r->mechanism, mechanisms[i].name))
            found = &mechanisms[i];
    }
    if (!answer.error && !found)
        answer.error = answer.mechanisms.n ? KAFKA_UNSUPPORTED_SASL_MECHANISM : KAFKA_ILLEGAL_SASL_STATE;
    if (!answer.error)
        begin(q->session, found, q->version == 0);
    else if (!q->refused)
        call_reason(c, "SASL mechanism '" STR_F "' is none of this port: 9096 takes SCRAM and PLAIN, 9098 AWS_MSK_IAM and OAUTHBEARER",
                    STR_A(str_head(r->mechanism, 40)));
    return kafka_answer(c, &answer);
}

/* ---- SaslAuthenticate ---- */

struct authenticate_request {
    struct str bytes;
};
struct authenticate_response {
    int16_t error;
    struct str message, bytes;
    int64_t lifetime_ms;
};

static const struct kafka_field authenticate_fields[] = { KAFKA(struct authenticate_request, BYTES, bytes) };
static const struct kafka_field authenticate_response_fields[] = {
    KAFKA(struct authenticate_response, INT16, error),
    KAFKA(struct authenticate_response, STRING, message, .nullable = KAFKA_NULL(0)),
    KAFKA(struct authenticate_response, BYTES, bytes),
    KAFKA(struct authenticate_response, INT64, lifetime_ms, .since = 1),
};
const struct kafka_schema kafka_sasl_authenticate_request = KAFKA_SCHEMA(struct authenticate_request, authenticate_fields);
const struct kafka_schema kafka_sasl_authenticate_response = KAFKA_SCHEMA(struct authenticate_response, authenticate_response_fields);

/* After SaslHandshake v0: the mechanism's bytes behind their length, or the end of the connection. */
static int answer_raw(struct call *c, int error, struct str bytes)
{
    struct kafka_request *q = kafka_request_of(c);
    q->close = error != 0;
    if (error)
        return 0;
    kafka_codec_put(call_body(c), bytes.n, 4);
    buf_str_add(call_body(c), bytes);
    return 0;
}

int kafka_sasl_authenticate(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct kafka_session *session = q->session;
    struct kafka_sasl *s = session->sasl;
    struct authenticate_response answer = { .error = (int16_t)q->refused, .bytes = S("") };
    bool raw = session->raw_sasl, over = false;
    struct str bytes = raw ? q->body : ((const struct authenticate_request *)q->args)->bytes;
    if (!answer.error && !s) {
        answer.error = KAFKA_ILLEGAL_SASL_STATE;
        answer.message = S("SaslAuthenticate request received before SaslHandshake");
    } else if (!answer.error && s->mechanism->step(c, s, bytes, &over, &answer.bytes, &answer.message)) {
        answer.error = KAFKA_SASL_AUTHENTICATION_FAILED;
    }
    if (answer.error || over) {
        session->authenticated = over && !answer.error;
        session->raw_sasl = false;
        session->sasl = NULL;
        kafka_sasl_close(s);
    }
    q->close = answer.error != 0;
    return raw ? answer_raw(c, answer.error, answer.bytes) : kafka_answer(c, &answer);
}
