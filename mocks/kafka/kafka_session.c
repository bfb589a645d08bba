/* kafka_session.c - one connection: frames into requests, requests through dispatch, answers back.
 *
 * A connection has one request at a time, as in Kafka (a broker does not read on before it has answered), so answers are in
 * order. A request that cannot be answered in its own words (unknown key or version, malformed, not authenticated) ends the
 * connection, as Kafka does; the journal says why.
 */
#include <stdlib.h>

#include "mocks/cloud/dispatch.h"
#include "mocks/kafka/kafka_broker.h"

enum { LENGTH = 4 };

struct kafka_request *kafka_request_of(struct call *c) { return c->done == kafka_session_answered ? c->done_arg : NULL; }

/* ---- answers ---- */

int kafka_answer(struct call *c, const void *response)
{
    struct kafka_request *q = kafka_request_of(c);
    struct buf *out = call_body(c);
    bool flexible = q->version >= q->api->flexible;
    if (q->silent)
        return 0;
    kafka_codec_put(out, 0, LENGTH);
    kafka_codec_put(out, (uint32_t)q->correlation, 4);
    if (flexible && !q->header_v0)
        buf_c(out, 0);
    kafka_codec_write(out, q->api->response, q->version, flexible, response);
    kafka_codec_patch(out, 0, out->n - LENGTH, LENGTH);
    return 0;
}

static enum tcp_end end_of(const struct kafka_request *q)
{
    switch (q->reply.end) {
    case HTTP_RESET: return TCP_SEND_RESET;
    case HTTP_TRUNCATE: return TCP_SEND_HALF;
    case HTTP_SEND: break;
    }
    return q->close ? TCP_SEND_CLOSE : TCP_SEND;
}

/* The last step touches the connection only: another thread may begin its next request at once. */
void kafka_session_answered(struct call *c)
{
    struct kafka_request *q = c->done_arg;
    struct tcp_conn *conn = q->session->conn;
    struct buf out = q->reply.body;
    int64_t delay_ms = q->reply.delay_ms;
    enum tcp_end end = end_of(q);
    q->reply.body = BUF_INIT;
    http_reply_release(&q->reply);
    arena_release(&q->arena);
    free(q);
    tcp_answer(conn, &out, delay_ms, end);
}

/* ---- requests ---- */

static void read_header(struct kafka_request *q)
{
    struct kafka_reader *r = &q->reader;
    q->key = (int16_t)kafka_codec_get(r, 2);
    q->version = (int16_t)kafka_codec_get(r, 2);
    q->correlation = (int32_t)kafka_codec_get(r, 4);
    q->client_id = kafka_codec_get_short_string(r);
    q->api_index = kafka_api_find(q->key);
    if (q->api_index < 0)
        return;
    q->api = &kafka_api_table[q->api_index];
    r->flexible = q->version >= q->api->flexible && q->version <= q->api->max;
    if (r->flexible)
        kafka_codec_skip_tags(r);
}

/* After SaslHandshake v0 a frame is the mechanism's own bytes, as if in a SaslAuthenticate v0. */
static void read_raw_sasl(struct kafka_request *q)
{
    q->key = KAFKA_KEY_SASL_AUTHENTICATE;
    q->api_index = kafka_api_find(q->key);
    q->api = &kafka_api_table[q->api_index];
    q->version = 0;
}

static void on_frame(void *ctx, struct tcp_conn *c, struct str frame)
{
    struct kafka_state *state = ctx;
    struct kafka_session *s = tcp_session(c);
    struct kafka_request *q = mem_zero(sizeof *q);
    q->session = s;
    q->body = str_from(frame, LENGTH);
    q->reader = (struct kafka_reader){ .left = q->body, .arena = &q->arena };
    q->api_index = -1;
    if (s->raw_sasl)
        read_raw_sasl(q);
    else
        read_header(q);
    q->request.method = q->api_index < 0 ? S("?") : str_of(kafka_api_actions[q->api_index].name);
    q->request.body = q->body;
    q->request.peer = str_of(tcp_peer(c));
    atomic_fetch_add_explicit(&state->requests, 1, memory_order_relaxed);
    dispatch_call(state->cloud, &kafka_service, state, &q->request, &q->reply, &q->arena, false, kafka_session_answered, q);
}

/* ---- connections ---- */

static uint64_t frame_length(const char *head)
{
    const unsigned char *p = (const unsigned char *)head;
    return LENGTH + ((uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3]);
}

/* The one it came in by; the last asks for most. */
static const struct kafka_listener *listener_of(const struct kafka_state *s, uint16_t port)
{
    int way = 0;
    while (way < KAFKA_WAYS - 1 && s->listeners[way].port != port)
        way++;
    return &s->listeners[way];
}

static void on_opened(void *ctx, struct tcp_conn *c)
{
    struct kafka_session *s = mem_zero(sizeof *s);
    s->state = ctx;
    s->listener = listener_of(ctx, tcp_local(c, s->address));
    s->conn = c;
    s->authenticated = s->listener->way == KAFKA_PLAINTEXT || s->listener->way == KAFKA_TLS;
    tcp_set_session(c, s);
}

/* What only the journal can tell: the client's own message does not say which authority it would have to trust. */
static void on_insecure(void *ctx, struct tcp_conn *c, const char *why, bool distrusted)
{
    struct kafka_state *state = ctx;
    struct journal_entry entry = { .time_ms = clock_now_ms(state->clock), .service = "kafka", .action = "Connect", .code = "TLS", .fault_rule = -1 };
    struct buf reason = BUF_INIT;
    buf_f(&reason, "TLS with %s: %s", tcp_peer(c), why);
    if (distrusted)
        buf_f(&reason, "; the client trusts other authorities (ssl.ca.location, a trust store): let it trust %s", tls_ca_path(cloud_tls(state->cloud)));
    journal_add(cloud_journal(state->cloud), &entry, S(""), buf_str(&reason));
    buf_release(&reason);
}

static void on_closed(void *ctx, struct tcp_conn *c)
{
    struct kafka_session *s = tcp_session(c);
    (void)ctx;
    kafka_sasl_close(s->sasl);
    free(s->host);
    free(s);
}

const struct tcp_handler kafka_session_handler = {
    .head_bytes = LENGTH,
    .length = frame_length,
    .opened = on_opened,
    .frame = on_frame,
    .insecure = on_insecure,
    .closed = on_closed,
};
