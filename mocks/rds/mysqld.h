/* mysqld.h - inside the MySQL wire of the mock RDS: who holds what.
 *
 *   mysqld_service.c   struct service: the commands as actions, opening, listening, resetting
 *   mysqld_session.c   a connection: log-in, packets into commands, commands through dispatch
 *   mysqld_login.c     greeting, log-in, change of user   mysqld_auth.c  passwords
 *   mysqld_command.c   what each command does
 *   mysqld_prepared.c  statements that a client prepared, and their parameters
 *   mysqld_run.c       a text of SQL, statement by statement        mysqld_lane.c   slow ones, beside the event loop
 *   mysqld_plan.c      one statement: its engine, preparing, rows   mysqld_transaction.c  a session's own engine
 *   mysqld_set.c       SET and @@variables    mysqld_show.c  SHOW, DESCRIBE   mysqld_schema.c  information_schema
 *   mysqld_engine.c    a connection to SQLite with its prepared statements   mysqld_function.c  MySQL's functions
 *   mysqld_rows.c      rows into packets
 *
 * Threads: a worker of net/tcp has one engine for all its sessions and only reads with it; a statement that takes
 * longer than MYSQL_PATIENCE_MS is begun anew in the lane. A session that writes gets an engine of its own, used by one
 * thread at a time (a session has one command at a time), always in the lane. Its transaction begins with its first
 * change, so that readers never hold one.
 */
#ifndef MOCKS_RDS_MYSQLD_H
#define MOCKS_RDS_MYSQLD_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/map.h"
#include "mocks/cloud/cloud.h"
#include "mocks/rds/mysqld_error.h"
#include "mocks/rds/mysqld_packet.h"
#include "mocks/rds/mysqld_type.h"
#include "mocks/rds/rds.h"
#include "mocks/rds/sqlfront.h"
#include "net/tcp.h"

enum {
    MYSQL_MAX_PACKET = 64 << 20,   /* @@max_allowed_packet: a command of several packets, at most */
    MYSQL_MAX_LOGIN = 64 << 10,    /* before the log-in is over */
    MYSQL_MAX_RESULT = 512 << 20,  /* of one answer, and of all that clients have not taken yet */
    MYSQL_MAX_STATEMENTS = 1024,   /* prepared, of one session */
    MYSQL_MAX_WRITERS = 256,       /* sessions with an engine of their own */
    MYSQL_WORKERS = 2,
    MYSQL_PATIENCE_MS = 30,        /* in the event loop */
    MYSQL_TIMEOUT_MS = 30000,      /* in the lane: error 3024 */
    MYSQL_LOCK_WAIT_MS = 5000,     /* error 1205 */
    MYSQL_NONCE = 20,
};

struct mysqld_engine;
struct mysqld_lane;
struct mysqld_users;
struct mysqld_statement;

struct mysqld_state {
    struct cloud *cloud;
    struct clock *clock;
    struct tcp_server *server;
    struct rds *rds;              /* under lock */
    pthread_mutex_t lock;
    _Atomic bool ready;           /* the tables are filled */
    _Atomic bool closing;         /* statements are to end */
    _Atomic uint64_t generation;  /* of rds: a reset opens another */
    _Atomic uint64_t schema_epoch, data_epoch; /* counted up by whoever changed tables, rows */
    _Atomic uint32_t last_id;
    _Atomic uint64_t questions, writers;
    struct mysqld_engine *engines[MYSQL_WORKERS]; /* each worker's, used on its thread only */
    struct mysqld_lane *lane;
    struct mysqld_users *users;    /* NULL: anybody */
    const char *version, *plugin; /* of the greeting */
    int64_t opened_ms;
};

enum mysqld_phase { MYSQL_GREETED = 0, MYSQL_SWITCHED /* to another way of authentication */, MYSQL_READY };

struct mysqld_session {
    struct mysqld_state *state;
    struct tcp_conn *conn;
    uint32_t id;
    uint32_t capabilities;
    enum mysqld_phase phase;
    char nonce[MYSQL_NONCE + 1];
    bool no_autocommit, in_transaction; /* as the client sees it */
    bool began;                         /* its own engine is inside a transaction of SQLite */
    bool switched;                      /* authentication was switched once */
    bool secured;                       /* TLS was asked for */
    uint16_t warnings;
    char *user, *database;              /* database NULL: none chosen */
    struct buf partial;                 /* packets of a command that goes on */
    struct mysqld_engine *own;           /* since its first change */
    struct map *variables, *user_variables; /* those that were set: name -> struct mysqld_value * */
    struct map *statements;             /* id -> struct mysqld_prepared * */
    uint32_t last_statement;
    size_t kept_bytes;                  /* of prepared statements */
    uint8_t next_seq;                   /* of the packet that has to come next */
    char *plugin;                       /* of authentication, until it is over */
    char *pending_database;             /* chosen in the log-in, until authentication is over */
    int64_t last_insert_id, row_count, found_rows, delay_ms;
};

/* One command on its way. */
struct mysqld_command {
    struct mysqld_session *session;
    struct str payload;           /* without the command's byte; valid until the answer */
    const struct action *action;
    uint8_t seq;                  /* of the packet it came in */
    bool silent;                  /* no answer is due */
    bool close;                   /* the connection ends with it */
    bool in_lane;
    struct mysqld_engine **slot;   /* the engine of the thread it runs on */
    struct call *call;
    struct http_request request;
    struct http_reply reply;
    struct arena arena;
    /* Where a text of several statements stands, for going on in the lane. */
    struct str sql;
    struct sqlfront_text text;
    bool lexed;
    size_t done_tokens, done_bytes;
    uint8_t done_seq;
    /* Of COM_STMT_EXECUTE. */
    bool binary;
    struct mysqld_value *params;
    unsigned n_params;
    int64_t waiting_since_us; /* for a lock; 0 = not */
    struct mysqld_command *next;
    int64_t due_us;
};

/* ---- mysqld_session.c ---- */
extern const struct tcp_handler mysqld_session_handler;
void mysqld_session_answered(struct call *c); /* dispatch's done; done_arg is the struct mysqld_command */
struct mysqld_command *mysqld_command_of(struct call *c); /* NULL: not from the wire */
uint16_t mysqld_session_status(const struct mysqld_session *s);
void mysqld_session_forget(struct mysqld_session *s); /* as COM_RESET_CONNECTION */
int mysqld_session_use(struct mysqld_session *s, struct str database, struct err *e);
struct str mysqld_session_database(const struct mysqld_session *s); /* the name it goes by, S("") when none */
struct mysqld_writer mysqld_command_writer(struct mysqld_command *m);

/* ---- mysqld_auth.c ---- */
struct mysqld_users *mysqld_users_open(const char *list, struct err *e); /* "name:password,…"; NULL list: NULL, no error */
void mysqld_users_close(struct mysqld_users *u);
bool mysqld_users_check(const struct mysqld_users *u, struct str user, struct str plugin, struct str response, const char *nonce);

/* ---- mysqld_login.c ---- */
void mysqld_login_greet(struct mysqld_session *s, struct buf *out);
bool mysqld_login_asks_for_tls(const struct mysqld_session *s, struct str packet); /* an SSLRequest that is to be honoured */
int mysqld_login_connect(struct call *c);
int mysqld_login_switched(struct call *c);
int mysqld_login_change_user(struct call *c);

/* ---- mysqld_command.c ---- */
enum { MYSQL_ACTION_CONNECT, MYSQL_ACTION_SWITCH, MYSQL_ACTIONS = 26 };
extern const struct action mysqld_command_actions[MYSQL_ACTIONS];
/* The action of a command's byte, whether it has no answer; NULL when there is none. */
const struct action *mysqld_command_find(uint8_t number, bool *ret_silent);
bool mysqld_command_is_text(const struct action *a); /* its payload is for people: SQL, a name; no response to a challenge */

/* ---- mysqld_prepared.c ---- */
int mysqld_prepared_prepare(struct call *c);
int mysqld_prepared_execute(struct call *c);
int mysqld_prepared_send_long_data(struct call *c);
int mysqld_prepared_close(struct call *c);
int mysqld_prepared_reset(struct call *c);
void mysqld_prepared_forget(struct mysqld_session *s);

/* ---- mysqld_run.c ---- */
enum mysqld_outcome { MYSQL_DONE = 0, MYSQL_FAILED = -1, MYSQL_SLOW = 1, MYSQL_BUSY = 2 };
/* Runs m->sql; answers CALL_LATER when it goes on in the lane. */
int mysqld_run_call(struct mysqld_command *m);
/* Runs what is left of m->sql on this thread, writing the answer into m->reply. */
enum mysqld_outcome mysqld_run(struct mysqld_command *m, struct err *e);
/* The statement that m->sql is, prepared, to be given back by mysqld_engine_done; *ret NULL when it has neither columns nor
 * rows. *ret_params: how many it takes. */
enum mysqld_outcome mysqld_run_prepare(struct mysqld_command *m, struct mysqld_statement **ret, unsigned *ret_params, struct err *e);

/* ---- mysqld_transaction.c ---- */
/* The engine of its own that a session that writes has; NULL and *e. */
struct mysqld_engine *mysqld_transaction_engine(struct mysqld_session *s, struct err *e);
/* Each: MYSQL_DONE, MYSQL_BUSY (try again), MYSQL_FAILED. */
enum mysqld_outcome mysqld_transaction_begin(struct mysqld_session *s, struct err *e); /* before a change; only when one is due */
enum mysqld_outcome mysqld_transaction_commit(struct mysqld_session *s, struct err *e);
void mysqld_transaction_rollback(struct mysqld_session *s);
void mysqld_transaction_forget(struct mysqld_session *s); /* the engine, too */

/* ---- mysqld_lane.c ---- */
struct mysqld_lane *mysqld_lane_open(struct mysqld_state *state, struct err *e);
void mysqld_lane_close(struct mysqld_lane *l);
void mysqld_lane_push(struct mysqld_lane *l, struct mysqld_command *m);

/* ---- mysqld_set.c ---- */
int mysqld_set_run(struct mysqld_command *m, struct mysqld_engine *engine, size_t from, size_t to, struct err *e);
/* The value of @@name ("session.x", "global.x" too); false when there is none. text lives until the next call. */
bool mysqld_set_get(struct mysqld_session *s, struct str name, char scratch[32], struct mysqld_value *ret);
void mysqld_set_list(struct mysqld_session *s, void (*each)(void *ctx, const char *name, const struct mysqld_value *v), void *ctx);
void mysqld_set_forget(struct mysqld_session *s);
const struct mysqld_value *mysqld_set_user_variable(struct mysqld_session *s, struct str name);

/* ---- mysqld_show.c ---- */
/* The SELECT that yields what SHOW or DESCRIBE asks for. */
int mysqld_show_rewrite(struct mysqld_command *m, size_t from, size_t to, struct buf *ret_sql, struct err *e);

/* ---- mysqld_engine.c ---- */
struct mysqld_column {
    struct mysqld_type type;
    bool expression;  /* its type is told by its values */
    size_t tail;      /* where type and length stand in the statement's header */
};
struct mysqld_statement {
    sqlite3_stmt *stmt, *page;
    unsigned n_params, n_limits;
    struct mysqld_column *columns;
    size_t n_columns;
    bool all_typed;        /* no column is an expression */
    struct buf header;     /* packets: number of columns, the columns */
    char *page_table;
    unsigned page_offset, page_count;
    bool transient;        /* not in the cache: to be freed by whoever asked for it */
};
struct mysqld_engine {
    struct mysqld_state *state;
    sqlite3 *db;
    struct mysqld_session *session; /* whose statement runs */
    uint64_t generation, schema_epoch;
    struct map statements; /* key -> struct mysqld_statement * */
    struct map pages;      /* table -> struct mysqld_page * */
    bool has_schema;       /* information_schema is attached */
    uint64_t filled_epoch;
    char *filled_for;      /* the database's name in it */
    int64_t deadline_us;   /* of the statement that runs */
};
struct mysqld_engine *mysqld_engine_open(struct mysqld_state *state, struct err *e);
void mysqld_engine_close(struct mysqld_engine *en);
/* Forgets what was prepared when tables have changed since. */
void mysqld_engine_refresh(struct mysqld_engine *en);
struct mysqld_statement *mysqld_engine_find(struct mysqld_engine *en, struct str key);
/* Prepares; keeps it under the key unless that is empty. NULL: sqlite3_errmsg(en->db) says why, *ret_at where. */
struct mysqld_statement *mysqld_engine_prepare(struct mysqld_engine *en, const struct sqlfront_result *r, struct str key, size_t *ret_at);
void mysqld_engine_done(struct mysqld_statement *st); /* reset, or freed when transient */
int mysqld_engine_exec(struct mysqld_engine *en, const char *sql); /* SQLite's code */
/* The rowid of the row with that number in the table's order; false when there is none. Codes as *ret_code. */
bool mysqld_engine_row(struct mysqld_engine *en, const char *table, int64_t offset, int64_t *ret_rowid, int *ret_code);
struct str mysqld_engine_database(const struct mysqld_engine *en); /* how errors and columns name it */

/* ---- mysqld_function.c, mysqld_schema.c ---- */
int mysqld_function_register(sqlite3 *db, struct mysqld_engine *en);
int mysqld_schema_fill(struct mysqld_engine *en); /* SQLite's code */
int mysqld_schema_register(sqlite3 *db, struct mysqld_engine *en);

/* ---- mysqld_rows.c ---- */
void mysqld_rows_header(struct mysqld_statement *st, const char *database);
/* Steps through the rows and writes the whole result set. SQLITE_DONE, SQLITE_NOMEM (too large), or SQLite's mistake. */
int mysqld_rows_put(struct mysqld_command *m, struct mysqld_statement *st, sqlite3_stmt *rows, bool binary, bool more,
                   struct mysqld_writer *w);
void mysqld_rows_put_column(struct mysqld_writer *w, const char *database, const char *table, const char *name,
                           const struct mysqld_type *t, bool with_default);

#endif
