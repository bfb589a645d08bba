/* mysqld_session.c - one connection: packets into commands, commands through dispatch, answers back.
 *
 * A packet of 0xffffff bytes goes on in the next; the whole is bounded by MYSQL_MAX_PACKET, and by MYSQL_MAX_LOGIN before
 * the log-in is over. Packets are numbered from 0 in each command; a wrong number is error 1156 and the end.
 */
#include <stdlib.h>

#include "mocks/cloud/dispatch.h"
#include "mocks/rds/mysqld.h"

/* ---- what the session is ---- */

uint16_t mysqld_session_status(const struct mysqld_session *s)
{
    return (uint16_t)((s->no_autocommit ? 0 : MYSQL_AUTOCOMMIT) | (s->began || s->in_transaction ? MYSQL_IN_TRANSACTION : 0));
}

struct str mysqld_session_database(const struct mysqld_session *s) { return str_of(s->database ? s->database : ""); }

/* Any name will do, since scripts call it as they like; with users configured it is the real one's. */
int mysqld_session_use(struct mysqld_session *s, struct str database, struct err *e)
{
    bool own = str_eq_nocase(database, S(SQLFRONT_SCHEMA)) || str_eq_nocase(database, S("information_schema"));
    if (!database.n || database.n > 64 || str_chr(database, 0) != STR_NONE || (s->state->users && !own))
        return mysqld_error(e, MYSQL_UNKNOWN_DATABASE, "Unknown database '" STR_F "'", STR_A(str_head(database, 64)));
    if (str_is(database, s->database))
        return 0;
    free(s->database);
    s->database = mem_dup(database);
    return 0;
}

void mysqld_session_forget(struct mysqld_session *s)
{
    mysqld_transaction_forget(s);
    mysqld_prepared_forget(s);
    mysqld_set_forget(s);
    s->no_autocommit = false;
    s->last_insert_id = s->row_count = s->found_rows = 0;
    s->warnings = 0;
}

/* ---- commands ---- */

struct mysqld_writer mysqld_command_writer(struct mysqld_command *m)
{
    return (struct mysqld_writer){ .b = &m->reply.body, .seq = (uint8_t)(m->seq + 1) };
}

struct mysqld_command *mysqld_command_of(struct call *c) { return c->done == mysqld_session_answered ? c->done_arg : NULL; }

static enum tcp_end end_of(const struct mysqld_command *m)
{
    switch (m->reply.end) {
    case HTTP_RESET: return TCP_SEND_RESET;
    case HTTP_TRUNCATE: return TCP_SEND_HALF;
    case HTTP_SEND: break;
    }
    return m->close ? TCP_SEND_CLOSE : TCP_SEND;
}

/* The last step touches the connection only: another thread may begin its next command at once. */
void mysqld_session_answered(struct call *c)
{
    struct mysqld_command *m = c->done_arg;
    struct mysqld_session *s = m->session;
    struct tcp_conn *conn = s->conn;
    struct buf out = m->reply.body;
    int64_t delay_ms = m->reply.delay_ms + s->delay_ms;
    enum tcp_end end = end_of(m);
    m->reply.body = BUF_INIT;
    http_reply_release(&m->reply);
    if (m->silent)
        buf_release(&out);
    buf_release(&s->partial);
    s->delay_ms = 0;
    if (s->phase == MYSQL_READY)
        s->next_seq = 0;
    arena_release(&m->arena);
    free(m);
    tcp_answer(conn, &out, delay_ms, end);
}

static void refuse(struct mysqld_session *s, uint8_t seq, int number, const char *text)
{
    struct buf out = BUF_INIT;
    struct mysqld_writer w = { .b = &out, .seq = (uint8_t)(seq + 1) };
    struct err e;
    mysqld_error(&e, number, "%s", text);
    mysqld_put_error(&w, &e);
    tcp_answer(s->conn, &out, 0, TCP_SEND_CLOSE);
}

/* Which action the packet means; its payload without the byte that says so. */
static const struct action *action_of(struct mysqld_session *s, struct str packet, struct mysqld_command *m)
{
    m->payload = packet;
    if (s->phase != MYSQL_READY)
        return &mysqld_command_actions[s->phase == MYSQL_GREETED ? MYSQL_ACTION_CONNECT : MYSQL_ACTION_SWITCH];
    m->payload = str_from(packet, 1);
    return packet.n ? mysqld_command_find((uint8_t)packet.p[0], &m->silent) : NULL;
}

static void begin(struct mysqld_session *s, struct str packet, uint8_t seq)
{
    struct mysqld_state *state = s->state;
    struct mysqld_command *m = mem_zero(sizeof *m);
    m->session = s;
    m->seq = seq;
    m->slot = &state->engines[tcp_worker(s->conn)];
    m->action = action_of(s, packet, m);
    m->request.method = m->action ? str_of(m->action->name) : S("?");
    m->request.body = m->payload;
    m->request.peer = str_of(tcp_peer(s->conn));
    atomic_fetch_add_explicit(&state->questions, 1, memory_order_relaxed);
    dispatch_call(state->cloud, &rds_service, state, &m->request, &m->reply, &m->arena, false, mysqld_session_answered, m);
}

/* ---- packets ---- */

static uint64_t frame_length(const char *head)
{
    const unsigned char *p = (const unsigned char *)head;
    return MYSQL_HEAD + ((uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16);
}

static void on_frame(void *ctx, struct tcp_conn *c, struct str frame)
{
    struct mysqld_session *s = tcp_session(c);
    struct str payload = str_from(frame, MYSQL_HEAD);
    uint8_t seq = (uint8_t)frame.p[3];
    size_t most = s->phase == MYSQL_READY ? MYSQL_MAX_PACKET : MYSQL_MAX_LOGIN;
    bool goes_on = payload.n == MYSQL_LARGEST;
    struct buf nothing = BUF_INIT;
    (void)ctx;
    if (seq != s->next_seq) {
        refuse(s, seq, MYSQL_OUT_OF_ORDER, "Got packets out of order");
        return;
    }
    if (s->partial.n + payload.n > most) {
        refuse(s, seq, s->phase == MYSQL_READY ? MYSQL_TOO_LARGE : MYSQL_BAD_HANDSHAKE,
               s->phase == MYSQL_READY ? "Got a packet bigger than 'max_allowed_packet' bytes" : "Bad handshake");
        return;
    }
    s->next_seq++;
    if (mysqld_login_asks_for_tls(s, payload)) {
        s->secured = true;
        tcp_answer(c, &nothing, 0, TCP_SEND_UPGRADE);
        return;
    }
    if (goes_on || s->partial.n)
        buf_str_add(&s->partial, payload);
    if (goes_on)
        tcp_answer(c, &nothing, 0, TCP_SEND);
    else
        begin(s, s->partial.n ? buf_str(&s->partial) : payload, seq);
}

static void on_opened(void *ctx, struct tcp_conn *c)
{
    struct mysqld_state *state = ctx;
    struct mysqld_session *s = mem_zero(sizeof *s);
    struct buf greeting = BUF_INIT;
    s->state = state;
    s->conn = c;
    s->id = atomic_fetch_add(&state->last_id, 1) + 1;
    s->next_seq = 1;
    tcp_set_session(c, s);
    mysqld_login_greet(s, &greeting);
    tcp_answer(c, &greeting, 0, TCP_SEND);
}

/* ---- TLS ---- */

/* What only the journal can tell: the client's own message does not say which authority it would have to trust. */
static void note_tls(struct mysqld_session *s, const char *why, const char *remedy)
{
    struct mysqld_state *state = s->state;
    struct buf reason = BUF_INIT;
    struct journal_entry entry = { .time_ms = clock_now_ms(state->clock), .service = "rds", .action = "Connect", .status = MYSQL_BAD_HANDSHAKE, .code = "TLS", .fault_rule = -1 };
    buf_f(&reason, "TLS with %s: %s%s%s", tcp_peer(s->conn), why, remedy, remedy[0] ? tls_ca_path(cloud_tls(state->cloud)) : "");
    journal_add(cloud_journal(state->cloud), &entry, S(""), buf_str(&reason));
    buf_release(&reason);
    s->secured = false;
}

static void on_insecure(void *ctx, struct tcp_conn *c, const char *why, bool distrusted)
{
    (void)ctx;
    note_tls(tcp_session(c), why, distrusted ? "; the client trusts other authorities (ssl_ca=…): let it trust " : "");
}

static void on_closed(void *ctx, struct tcp_conn *c)
{
    struct mysqld_session *s = tcp_session(c);
    (void)ctx;
    if (s->secured && !s->user && tcp_cipher(c)[0])
        note_tls(s, "the client left after it had seen the certificate", "; it takes it for another's (check the host's name), or trusts others than ");
    mysqld_session_forget(s);
    buf_release(&s->partial);
    free(s->user);
    free(s->database);
    free(s->plugin);
    free(s->pending_database);
    free(s);
}

static void on_full(void *ctx, struct buf *out)
{
    struct mysqld_writer w = { .b = out };
    struct err e;
    (void)ctx;
    mysqld_error(&e, MYSQL_TOO_MANY_CONNECTIONS, "Too many connections");
    mysqld_put_error(&w, &e);
}

const struct tcp_handler mysqld_session_handler = {
    .head_bytes = MYSQL_HEAD,
    .length = frame_length,
    .opened = on_opened,
    .frame = on_frame,
    .full = on_full,
    .insecure = on_insecure,
    .closed = on_closed,
};
