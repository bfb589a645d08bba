/* kafka_service.c - the broker as a service of a cloud: its settings, listeners and life. */
#include "mocks/kafka/kafka.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "mocks/kafka/kafka_broker.h"

enum { WORKERS = 2 };

/* ---- through dispatch ---- */

/* The request cannot be answered: the connection ends. */
static const struct action *end_connection(struct call *c, const char *code)
{
    kafka_request_of(c)->close = true;
    call_fail(c, 400, code, STR_F, STR_A(c->reason));
    return NULL;
}

static const struct action *route(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    if (!q) {
        call_fail(c, 501, "NotImplemented", "kafka speaks Kafka's protocol on its own ports, not HTTP");
        return NULL;
    }
    q->call = c;
    if (q->api_index < 0 || q->version < q->api->min || (q->version > q->api->max && q->key != KAFKA_KEY_API_VERSIONS)) {
        call_reason(c, "API key %d in version %d is none that this broker speaks", q->key, q->version);
        return end_connection(c, "UNSUPPORTED_VERSION");
    }
    bool may_be_anyone = q->key == KAFKA_KEY_API_VERSIONS || q->key == KAFKA_KEY_SASL_HANDSHAKE || q->key == KAFKA_KEY_SASL_AUTHENTICATE;
    if (!q->session->authenticated && (!may_be_anyone || q->body.n > KAFKA_MAX_UNAUTHENTICATED)) {
        call_reason(c, "%s before SASL authentication, on a port that asks for it", kafka_api_actions[q->api_index].name);
        return end_connection(c, "ILLEGAL_SASL_STATE");
    }
    return &kafka_api_actions[q->api_index];
}

/* What the request is about, for the journal and fault rules: the first topic or group its tables have. */
static struct str resource_of(const struct kafka_schema *s, const char *args)
{
    for (unsigned i = 0; i < s->n; i++) {
        const struct kafka_field *f = &s->fields[i];
        const struct kafka_array *a = (const struct kafka_array *)(const void *)(args + f->at);
        if (f->kind == KAFKA_STRING && ((const struct str *)(const void *)(args + f->at))->n)
            return *(const struct str *)(const void *)(args + f->at);
        struct str inner = f->kind == KAFKA_ARRAY && a->n > 0 ? resource_of(f->of, a->at) : S("");
        if (inner.n)
            return inner;
    }
    return S("");
}

static int bind(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    int version = q->version <= q->api->max ? q->version : 0;
    q->args = arena_zero(c->arena, q->api->request->size ? q->api->request->size : 1);
    if (q->version > q->api->max || q->session->raw_sasl)
        return 0;
    if (kafka_codec_read(&q->reader, q->api->request, version, q->args)) {
        q->close = true;
        q->args = NULL;
        call_reason(c, "the %s request (version %d, %zu bytes) does not have the form of its version", c->action->name, q->version, q->body.n);
        return call_fail(c, 400, "INVALID_REQUEST", STR_F, STR_A(c->reason));
    }
    if (q->key != KAFKA_KEY_SASL_AUTHENTICATE && q->key != KAFKA_KEY_API_VERSIONS)
        c->resource = resource_of(q->api->request, q->args);
    return 0;
}

/* An error is what every item of the answer carries: the action answers once more, and does nothing but that. */
static void phrase(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    if (!q) {
        buf_z(call_body(c), "{\"message\":");
        json_put_text(call_body(c), str_of(c->err.message));
        buf_c(call_body(c), '}');
        return;
    }
    if (q->close || !q->args || !c->action || !c->action->run) {
        q->close = true;
        return;
    }
    q->refused = kafka_error_of(str_of(c->err.code));
    if (!c->reason.n)
        call_reason(c, "%s", c->err.message);
    c->action->run(c);
}

/* ---- settings ---- */

static int read_settings(struct kafka_state *s, struct err *e)
{
    const char *partitions = cloud_setting(s->cloud, "kafka.default_partitions");
    int64_t n = 1;
    if (partitions && (!str_to_i64(str_of(partitions), &n) || n < 1 || n > 1000))
        return err_set(e, 0, "SETTING_INVALID", "setting kafka.default_partitions=%s: expected a whole number from 1 to 1000", partitions);
    s->default_partitions = (unsigned)n;
    s->auto_create = cloud_setting_on(s->cloud, "kafka.auto_create", true);
    s->sasl_users = cloud_setting(s->cloud, "kafka.sasl_users");
    s->host = cloud_setting(s->cloud, "kafka.advertised_host");
    return 0;
}

/* 16 bytes as base64 without its padding and with letters that may stand in a URL, as Kafka prints a Uuid. */
static void draw_cluster_id(struct kafka_state *s)
{
    uint64_t drawn[2] = { cloud_random(s->cloud), cloud_random(s->cloud) };
    struct buf text = BUF_INIT;
    codec_base64(&text, (struct str){ (const char *)drawn, sizeof drawn });
    for (size_t i = 0; i + 1 < sizeof s->cluster_id && i < text.n; i++)
        s->cluster_id[i] = text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i];
    buf_release(&text);
}

/* ---- life ---- */

static void close_state(void *state)
{
    struct kafka_state *s = state;
    if (s->wait)
        kafka_wait_end(s->wait);
    if (s->server)
        tcp_close(s->server);
    kafka_wait_close(s->wait);
    kafka_groups_close(s->groups);
    kafka_producers_close(s->producers);
    kafka_topics_reset(s);
    pthread_mutex_destroy(&s->topics_lock);
    free(s);
}

static void *open_state(struct cloud *cloud, struct err *e)
{
    struct kafka_state *s = mem_zero(sizeof *s);
    s->cloud = cloud;
    s->clock = cloud_clock(cloud);
    pthread_mutex_init(&s->topics_lock, NULL);
    s->groups = kafka_groups_open(s);
    s->producers = kafka_producers_open();
    s->wait = kafka_wait_open(s);
    draw_cluster_id(s);
    if (read_settings(s, e) == 0)
        return s;
    close_state(s);
    return NULL;
}

/* Kafka's clients speak first, with the length of a request that is far below TLS's first byte: a port can take both. */
static int listen_way(struct kafka_state *s, enum kafka_way way, const char *host, uint16_t port, struct err *e)
{
    enum tcp_security security = !cloud_tls(s->cloud) ? TCP_PLAIN : way == KAFKA_TLS ? TCP_SECURE : TCP_EITHER;
    s->listeners[way].way = way;
    if (way == KAFKA_TLS && security == TCP_PLAIN)
        return 0; /* nothing to offer there */
    atomic_store(&s->listeners[way].port, port); /* the first client may come before the next line is over */
    if (tcp_listen_secure(s->server, security, host, port, &port, e))
        return -1;
    atomic_store(&s->listeners[way].port, port);
    return 0;
}

static int listen_state(void *state, const char *host, uint16_t port, uint16_t *ret_port, struct err *e)
{
    struct kafka_state *s = state;
    const struct tcp_options o = { .clock = s->clock, .handler = &kafka_session_handler, .ctx = s, .threads = WORKERS,
                                   .tls = cloud_tls(s->cloud), .max_frame_bytes = KAFKA_MAX_REQUEST + 4 };
    if (!s->server && !(s->server = tcp_open(&o, e)))
        return -1;
    for (int way = 0; way < KAFKA_WAYS; way++) /* as MSK numbers them, when the first has its own */
        if (listen_way(s, way, host, port == KAFKA_PORT ? (uint16_t)(KAFKA_PORT + 2 * way) : way == 0 ? port : 0, e))
            return -1;
    *ret_port = atomic_load(&s->listeners[KAFKA_PLAINTEXT].port);
    return 0;
}

static void reset_state(void *state)
{
    struct kafka_state *s = state;
    kafka_groups_reset(s->groups);
    kafka_producers_reset(s->producers);
    kafka_topics_reset(s);
}

uint16_t kafka_service_port(void *state, enum kafka_way way) { return ((struct kafka_state *)state)->listeners[way].port; }

static void describe(void *state, struct buf *out)
{
    struct kafka_state *s = state;
    static const char *const names[KAFKA_WAYS] = { "plaintext", "tls", "sasl_scram", "sasl_iam" };
    uint64_t connections = s->server ? tcp_connections(s->server) : 0;
    buf_f(out, "\"connections\":%llu,\"requests\":%llu,\"groups\":%zu", (unsigned long long)connections,
          (unsigned long long)atomic_load(&s->requests), kafka_groups_count(s->groups));
    for (int i = 0; i < KAFKA_WAYS; i++)
        if (s->listeners[i].port)
            buf_f(out, ",\"%s_port\":%u", names[i], s->listeners[i].port);
}

const struct service kafka_service = {
    .name = "kafka",
    .title = "Amazon MSK (Kafka 2.8.1)",
    .scheme = "kafka",
    .actions = kafka_api_actions,
    .n_actions = KAFKA_APIS,
    .port = KAFKA_PORT,
    .max_body_bytes = KAFKA_MAX_REQUEST,
    .throttle = { 503, "REQUEST_TIMED_OUT", "The request timed out." },
    .route = route,
    .bind = bind,
    .phrase = phrase,
    .open = open_state,
    .close = close_state,
    .reset = reset_state,
    .listen = listen_state,
    .describe = describe,
};
