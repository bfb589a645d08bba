/* mysql.h - inside the MySQL wire of the mock RDS: who holds what.
 *
 *   mysql_service.c   struct service: the commands as actions, opening, listening, resetting
 *   mysql_session.c   a connection: log-in, packets into commands, commands through dispatch
 *   mysql_login.c     greeting, log-in, change of user   mysql_auth.c  passwords
 *   mysql_command.c   what each command does
 *   mysql_prepared.c  statements that a client prepared, and their parameters
 *   mysql_run.c       a text of SQL, statement by statement        mysql_lane.c   slow ones, beside the event loop
 *   mysql_set.c       SET and @@variables    mysql_show.c  SHOW, DESCRIBE   mysql_schema.c  information_schema
 *   mysql_transaction.c  a session's own engine
 *   mysql_engine.c    a connection to SQLite with its prepared statements   mysql_function.c  MySQL's functions
 *   mysql_rows.c      rows into packets
 *
 * Threads: a worker of net/tcp has one engine for all its sessions and only reads with it; a statement that takes
 * longer than MYSQL_PATIENCE_MS is begun anew in the lane. A session that writes gets an engine of its own, used by one
 * thread at a time (a session has one command at a time), always in the lane. Its transaction begins with its first
 * change, so that readers never hold one.
 */
#ifndef MOCKS_RDS_MYSQL_H
#define MOCKS_RDS_MYSQL_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/map.h"
#include "mocks/cloud/cloud.h"
#include "mocks/rds/mysql_error.h"
#include "mocks/rds/mysql_packet.h"
#include "mocks/rds/mysql_type.h"
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

struct mysql_engine;
struct mysql_lane;
struct mysql_users;
struct mysql_statement;

struct mysql_state {
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
    struct mysql_engine *engines[MYSQL_WORKERS]; /* each worker's, used on its thread only */
    struct mysql_lane *lane;
    struct mysql_users *users;    /* NULL: anybody */
    const char *version, *plugin; /* of the greeting */
    int64_t opened_ms;
};

enum mysql_phase { MYSQL_GREETED = 0, MYSQL_SWITCHED /* to another way of authentication */, MYSQL_READY };

struct mysql_session {
    struct mysql_state *state;
    struct tcp_conn *conn;
    uint32_t id;
    uint32_t capabilities;
    enum mysql_phase phase;
    char nonce[MYSQL_NONCE + 1];
    bool no_autocommit, in_transaction; /* as the client sees it */
    bool began;                         /* its own engine is inside a transaction of SQLite */
    bool switched;                      /* authentication was switched once */
    uint16_t warnings;
    char *user, *database;              /* database NULL: none chosen */
    struct buf partial;                 /* packets of a command that goes on */
    struct mysql_engine *own;           /* since its first change */
    struct map *variables, *user_variables; /* those that were set: name -> struct mysql_value * */
    struct map *statements;             /* id -> struct mysql_prepared * */
    uint32_t last_statement;
    size_t kept_bytes;                  /* of prepared statements */
    uint8_t next_seq;                   /* of the packet that has to come next */
    char *plugin;                       /* of authentication, until it is over */
    char *pending_database;             /* chosen in the log-in, until authentication is over */
    int64_t last_insert_id, row_count, found_rows, delay_ms;
};

/* One command on its way. */
struct mysql_command {
    struct mysql_session *session;
    struct str payload;           /* without the command's byte; valid until the answer */
    const struct action *action;
    uint8_t seq;                  /* of the packet it came in */
    bool silent;                  /* no answer is due */
    bool close;                   /* the connection ends with it */
    bool in_lane;
    struct mysql_engine **slot;   /* the engine of the thread it runs on */
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
    struct mysql_value *params;
    unsigned n_params;
    int64_t waiting_since_us; /* for a lock; 0 = not */
    struct mysql_command *next;
    int64_t due_us;
};

/* ---- mysql_session.c ---- */
extern const struct tcp_handler mysql_session_handler;
void mysql_session_answered(struct call *c); /* dispatch's done; done_arg is the struct mysql_command */
struct mysql_command *mysql_command_of(struct call *c); /* NULL: not from the wire */
uint16_t mysql_session_status(const struct mysql_session *s);
void mysql_session_forget(struct mysql_session *s); /* as COM_RESET_CONNECTION */
int mysql_session_use(struct mysql_session *s, struct str database, struct err *e);
struct str mysql_session_database(const struct mysql_session *s); /* the name it goes by, S("") when none */
struct mysql_writer mysql_command_writer(struct mysql_command *m);

/* ---- mysql_auth.c ---- */
struct mysql_users *mysql_users_open(const char *list, struct err *e); /* "name:password,…"; NULL list: NULL, no error */
void mysql_users_close(struct mysql_users *u);
bool mysql_users_check(const struct mysql_users *u, struct str user, struct str plugin, struct str response, const char *nonce);

/* ---- mysql_login.c ---- */
void mysql_login_greet(struct mysql_session *s, struct buf *out);
int mysql_login_connect(struct call *c);
int mysql_login_switched(struct call *c);
int mysql_login_change_user(struct call *c);

/* ---- mysql_command.c ---- */
enum { MYSQL_ACTION_CONNECT, MYSQL_ACTION_SWITCH, MYSQL_ACTIONS = 26 };
extern const struct action mysql_command_actions[MYSQL_ACTIONS];
/* The action of a command's byte, whether it has no answer; NULL when there is none. */
const struct action *mysql_command_find(uint8_t number, bool *ret_silent);

/* ---- mysql_prepared.c ---- */
int mysql_prepared_prepare(struct call *c);
int mysql_prepared_execute(struct call *c);
int mysql_prepared_send_long_data(struct call *c);
int mysql_prepared_close(struct call *c);
int mysql_prepared_reset(struct call *c);
void mysql_prepared_forget(struct mysql_session *s);

/* ---- mysql_run.c ---- */
enum mysql_outcome { MYSQL_DONE = 0, MYSQL_FAILED = -1, MYSQL_SLOW = 1, MYSQL_BUSY = 2 };
/* Runs m->sql; answers CALL_LATER when it goes on in the lane. */
int mysql_run_call(struct mysql_command *m);
/* Runs what is left of m->sql on this thread, writing the answer into m->reply. */
enum mysql_outcome mysql_run(struct mysql_command *m, struct err *e);
/* The statement that m->sql is, prepared, to be given back by mysql_engine_done; *ret NULL when it has neither columns nor
 * rows. *ret_params: how many it takes. */
enum mysql_outcome mysql_run_prepare(struct mysql_command *m, struct mysql_statement **ret, unsigned *ret_params, struct err *e);

/* ---- mysql_transaction.c ---- */
/* The engine of its own that a session that writes has; NULL and *e. */
struct mysql_engine *mysql_transaction_engine(struct mysql_session *s, struct err *e);
/* Each: MYSQL_DONE, MYSQL_BUSY (try again), MYSQL_FAILED. */
enum mysql_outcome mysql_transaction_begin(struct mysql_session *s, struct err *e); /* before a change; only when one is due */
enum mysql_outcome mysql_transaction_commit(struct mysql_session *s, struct err *e);
void mysql_transaction_rollback(struct mysql_session *s);
void mysql_transaction_forget(struct mysql_session *s); /* the engine, too */

/* ---- mysql_lane.c ---- */
struct mysql_lane *mysql_lane_open(struct mysql_state *state, struct err *e);
void mysql_lane_close(struct mysql_lane *l);
void mysql_lane_push(struct mysql_lane *l, struct mysql_command *m);

/* ---- mysql_set.c ---- */
int mysql_set_run(struct mysql_command *m, struct mysql_engine *engine, size_t from, size_t to, struct err *e);
/* The value of @@name ("session.x", "global.x" too); false when there is none. text lives until the next call. */
bool mysql_set_get(struct mysql_session *s, struct str name, char scratch[32], struct mysql_value *ret);
void mysql_set_list(struct mysql_session *s, void (*each)(void *ctx, const char *name, const struct mysql_value *v), void *ctx);
void mysql_set_forget(struct mysql_session *s);
const struct mysql_value *mysql_set_user_variable(struct mysql_session *s, struct str name);

/* ---- mysql_show.c ---- */
/* The SELECT that yields what SHOW or DESCRIBE asks for. */
int mysql_show_rewrite(struct mysql_command *m, size_t from, size_t to, struct buf *ret_sql, struct err *e);

/* ---- mysql_engine.c ---- */
struct mysql_column {
    struct mysql_type type;
    bool expression;  /* its type is told by its values */
    size_t tail;      /* where type and length stand in the statement's header */
};
struct mysql_statement {
    sqlite3_stmt *stmt, *page;
    unsigned n_params, n_limits;
    struct mysql_column *columns;
    size_t n_columns;
    bool all_typed;        /* no column is an expression */
    struct buf header;     /* packets: number of columns, the columns */
    char *page_table;
    unsigned page_offset, page_count;
    bool transient;        /* not in the cache: to be freed by whoever asked for it */
};
struct mysql_engine {
    struct mysql_state *state;
    sqlite3 *db;
    struct mysql_session *session; /* whose statement runs */
    uint64_t generation, schema_epoch;
    struct map statements; /* key -> struct mysql_statement * */
    struct map pages;      /* table -> struct mysql_page * */
    bool has_schema;       /* information_schema is attached */
    uint64_t filled_epoch;
    char *filled_for;      /* the database's name in it */
    int64_t deadline_us;   /* of the statement that runs */
};
struct mysql_engine *mysql_engine_open(struct mysql_state *state, struct err *e);
void mysql_engine_close(struct mysql_engine *en);
/* Forgets what was prepared when tables have changed since. */
void mysql_engine_refresh(struct mysql_engine *en);
struct mysql_statement *mysql_engine_find(struct mysql_engine *en, struct str key);
/* Prepares; keeps it under the key unless that is empty. NULL: sqlite3_errmsg(en->db) says why, *ret_at where. */
struct mysql_statement *mysql_engine_prepare(struct mysql_engine *en, const struct sqlfront_result *r, struct str key, size_t *ret_at);
void mysql_engine_done(struct mysql_statement *st); /* reset, or freed when transient */
int mysql_engine_exec(struct mysql_engine *en, const char *sql); /* SQLite's code */
/* The rowid of the row with that number in the table's order; false when there is none. Codes as *ret_code. */
bool mysql_engine_row(struct mysql_engine *en, const char *table, int64_t offset, int64_t *ret_rowid, int *ret_code);
struct str mysql_engine_database(const struct mysql_engine *en); /* how errors and columns name it */

/* ---- mysql_function.c, mysql_schema.c ---- */
int mysql_function_register(sqlite3 *db, struct mysql_engine *en);
int mysql_schema_fill(struct mysql_engine *en); /* SQLite's code */
int mysql_schema_register(sqlite3 *db, struct mysql_engine *en);

/* ---- mysql_rows.c ---- */
void mysql_rows_header(struct mysql_statement *st, const char *database);
/* Steps through the rows and writes the whole result set. SQLITE_DONE, SQLITE_NOMEM (too large), or SQLite's mistake. */
int mysql_rows_put(struct mysql_command *m, struct mysql_statement *st, sqlite3_stmt *rows, bool binary, bool more,
                   struct mysql_writer *w);
void mysql_rows_put_column(struct mysql_writer *w, const char *database, const char *table, const char *name,
                           const struct mysql_type *t, bool with_default);

#endif
