/* mysqld_login.c - from the greeting to a session that may ask: HandshakeV10, SSLRequest, HandshakeResponse41,
 * AuthSwitchRequest.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 *
 * The greeting names caching_sha2_password, as servers from 8.0 on do (clients from 9.0 on have no other plugin). A
 * client that answered by mysql_native_password is taken as it is when that fits, else asked again by AuthSwitchRequest.
 */
#include <stdlib.h>

#include "mocks/rds/mysqld.h"

enum {
    CLIENT_CONNECT_WITH_DB = 8, CLIENT_PROTOCOL_41 = 0x200, CLIENT_SSL = 0x800, CLIENT_SECURE_CONNECTION = 0x8000,
    CLIENT_PLUGIN_AUTH = 0x80000, CLIENT_PLUGIN_AUTH_LENENC = 0x200000,
    /* LONG_PASSWORD FOUND_ROWS LONG_FLAG CONNECT_WITH_DB PROTOCOL_41 TRANSACTIONS SECURE_CONNECTION MULTI_STATEMENTS
     * MULTI_RESULTS PS_MULTI_RESULTS PLUGIN_AUTH CONNECT_ATTRS PLUGIN_AUTH_LENENC. What is not offered (compression,
     * session tracking, no-EOF) makes every client use the classic form. */
    OFFERED = 0x3fa20f, /* and CLIENT_SSL where there is a local CA */
    SSL_REQUEST_BYTES = 32,
};
#define SHA2 "caching_sha2_password"
#define NATIVE "mysql_native_password"

/* Printable, without '$', which separates fields in stored hashes. */
static void draw_nonce(struct mysqld_session *s)
{
    for (int i = 0; i < MYSQL_NONCE; i++) {
        char c = (char)(33 + cloud_random(s->state->cloud) % 93);
        s->nonce[i] = c == '$' ? '~' : c;
    }
    s->nonce[MYSQL_NONCE] = 0;
}

void mysqld_login_greet(struct mysqld_session *s, struct buf *out)
{
    struct mysqld_writer w = { .b = out };
    uint32_t offered = OFFERED | (cloud_tls(s->state->cloud) ? CLIENT_SSL : 0);
    draw_nonce(s);
    mysqld_begin(&w);
    buf_c(out, 10);
    buf_add(out, s->state->version, strlen(s->state->version) + 1);
    mysqld_put_int(out, s->id, 4);
    buf_add(out, s->nonce, 8);
    buf_c(out, 0);
    mysqld_put_int(out, offered & 0xffff, 2);
    mysqld_put_int(out, MYSQL_CHARSET_UTF8MB4, 1);
    mysqld_put_int(out, MYSQL_AUTOCOMMIT, 2);
    mysqld_put_int(out, offered >> 16, 2);
    mysqld_put_int(out, MYSQL_NONCE + 1, 1);
    mysqld_put_int(out, 0, 8);
    mysqld_put_int(out, 0, 2);
    buf_add(out, s->nonce + 8, MYSQL_NONCE - 8 + 1);
    buf_add(out, s->state->plugin, strlen(s->state->plugin) + 1);
    mysqld_end(&w);
}

/* The beginning of a log-in without the rest, which comes through TLS then. It counts as a packet. */
bool mysqld_login_asks_for_tls(const struct mysqld_session *s, struct str packet)
{
    struct mysqld_reader r = mysqld_reader_of(packet);
    return s->phase == MYSQL_GREETED && !s->user && packet.n == SSL_REQUEST_BYTES && mysqld_get_int(&r, 4) & CLIENT_SSL &&
           cloud_tls(s->state->cloud) && !tcp_is_secure(s->conn);
}

/* ---- the decision ---- */

static void welcome(struct mysqld_command *m, bool fast)
{
    struct mysqld_session *s = m->session;
    struct mysqld_writer w = mysqld_command_writer(m);
    if (fast) { /* fast_auth_success */
        mysqld_begin(&w);
        mysqld_put_int(w.b, 0x0301, 2);
        mysqld_end(&w);
    }
    s->phase = MYSQL_READY;
    mysqld_put_ok(&w, 0, 0, mysqld_session_status(s), 0);
}

static void ask_again(struct mysqld_command *m)
{
    struct mysqld_session *s = m->session;
    struct mysqld_writer w = mysqld_command_writer(m);
    s->phase = MYSQL_SWITCHED;
    s->next_seq = (uint8_t)(m->seq + 2);
    mysqld_begin(&w);
    buf_c(w.b, (char)0xfe);
    buf_add(w.b, NATIVE, sizeof NATIVE);
    buf_add(w.b, s->nonce, MYSQL_NONCE + 1);
    mysqld_end(&w);
}

static void set_text(char **at, struct str text)
{
    free(*at);
    *at = mem_dup(text);
}

static int decide(struct mysqld_command *m, struct str response)
{
    struct mysqld_session *s = m->session;
    struct str plugin = str_of(s->plugin), user = str_of(s->user);
    bool sha2 = str_eq(plugin, S(SHA2)), fits = mysqld_users_check(s->state->users, user, plugin, response, s->nonce);
    if (!fits && !sha2 && s->phase == MYSQL_GREETED) {
        set_text(&s->plugin, S(NATIVE));
        ask_again(m);
        return 0;
    }
    m->close = true;
    if (!fits)
        return mysqld_error(&m->call->err, MYSQL_DENIED, "Access denied for user '" STR_F "'@'%s' (using password: %s)", STR_A(user),
                           tcp_peer(s->conn), response.n ? "YES" : "NO");
    if (s->pending_database[0] && mysqld_session_use(s, str_of(s->pending_database), &m->call->err))
        return -1;
    m->close = false;
    welcome(m, sha2 && response.n);
    return 0;
}

static int bad_handshake(struct mysqld_command *m)
{
    m->close = true;
    return mysqld_error(&m->call->err, MYSQL_BAD_HANDSHAKE, "Bad handshake");
}

/* ---- packets ---- */

/* "user/database", for the journal. */
static void tell_who(struct call *c)
{
    const struct mysqld_session *s = mysqld_command_of(c)->session;
    c->resource = arena_f(c->arena, "%s/%s", s->user, s->pending_database);
}

/* Text up to a NUL, or to the end of the packet: some clients leave the last NUL out. */
static struct str text_at_end(struct mysqld_reader *r)
{
    bool ends = memchr(r->p, 0, mysqld_left(r)) != NULL;
    return ends ? mysqld_get_z(r) : mysqld_get_rest(r);
}

int mysqld_login_connect(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_session *s = m->session;
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    s->capabilities = (uint32_t)mysqld_get_int(&r, 4);
    mysqld_get_int(&r, 4); /* largest packet */
    mysqld_get_int(&r, 1); /* character set */
    mysqld_get_bytes(&r, 23);
    if (r.bad || !(s->capabilities & CLIENT_PROTOCOL_41) || (s->capabilities & CLIENT_SSL && !mysqld_left(&r)))
        return bad_handshake(m);
    struct str user = mysqld_get_z(&r);
    struct str response = s->capabilities & CLIENT_PLUGIN_AUTH_LENENC ? mysqld_get_lenenc(&r)
                          : s->capabilities & CLIENT_SECURE_CONNECTION ? mysqld_get_bytes(&r, mysqld_get_int(&r, 1))
                                                                       : mysqld_get_z(&r);
    if (r.bad)
        return bad_handshake(m);
    struct str database = s->capabilities & CLIENT_CONNECT_WITH_DB ? text_at_end(&r) : S("");
    struct str plugin = s->capabilities & CLIENT_PLUGIN_AUTH ? text_at_end(&r) : S(NATIVE);
    set_text(&s->user, str_head(user, 255));
    set_text(&s->plugin, str_head(plugin.n ? plugin : S(NATIVE), 64));
    set_text(&s->pending_database, str_head(database, 255));
    tell_who(c);
    return decide(m, response);
}

int mysqld_login_switched(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    tell_who(c);
    return decide(m, m->payload);
}

int mysqld_login_change_user(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_session *s = m->session;
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    struct str user = mysqld_get_z(&r), response = mysqld_get_bytes(&r, mysqld_get_int(&r, 1)), database = mysqld_get_z(&r);
    if (r.bad)
        return bad_handshake(m);
    mysqld_get_int(&r, 2);
    struct str plugin = !r.bad && mysqld_left(&r) ? text_at_end(&r) : S(NATIVE);
    mysqld_session_forget(s);
    set_text(&s->user, str_head(user, 255));
    set_text(&s->plugin, str_head(plugin, 64));
    set_text(&s->pending_database, str_head(database, 255));
    free(s->database);
    s->database = NULL;
    s->phase = MYSQL_GREETED;
    tell_who(c);
    return decide(m, response);
}
