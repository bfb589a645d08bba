/* mysqld_plan.h - a statement on its way: whose it is, which engine it takes, how it is prepared, how its rows get out. */
#ifndef MOCKS_RDS_MYSQLD_PLAN_H
#define MOCKS_RDS_MYSQLD_PLAN_H

#include "mocks/rds/mysqld.h"

/* The statement at hand. */
struct mysqld_plan {
    struct mysqld_command *m;
    struct mysqld_session *s;
    struct mysqld_engine *en;
    struct mysqld_writer w;
    struct err *e;
    size_t from, to; /* tokens */
    bool more;       /* statements follow */
    int64_t limits[2];
};

/* Whether the statement has to go to the lane: changes, everything of a session that has made some, and long texts. */
bool mysqld_plan_wants_lane(const struct mysqld_command *m, bool changes);
/* r->en: the session's own engine when it has or (own) needs one, else the thread's. */
int mysqld_plan_take_engine(struct mysqld_plan *r, bool own);
/* SQLite said no while the statement ran: go on in the lane, try again, or *e. */
enum mysqld_outcome mysqld_plan_failed(struct mysqld_plan *r, int code);
int mysqld_plan_cannot(struct mysqld_plan *r, const char *what); /* error 1235 */
/* The key a text is known by, S("") when it is too long; of one that ends in numbers, which are taken into r->limits. */
struct str mysqld_plan_key_of(struct mysqld_plan *r, struct str head, char form);
struct str mysqld_plan_key_of_tail(struct mysqld_plan *r, const struct sqlfront_tail *tail);
int mysqld_plan_check_names(struct mysqld_plan *r, const struct sqlfront_result *q); /* errors 1046, 1049 */
/* The statement at hand, rewritten and prepared; kept for the next time when it may be. */
enum mysqld_outcome mysqld_plan_prepare(struct mysqld_plan *r, bool keep, struct mysqld_statement **ret);
int mysqld_plan_check_params(struct mysqld_plan *r, const struct mysqld_statement *st);
/* SQLite refused to prepare it: the error, with the place in the client's own text. */
void mysqld_plan_refused(struct mysqld_plan *r, size_t at, bool limits);
void mysqld_plan_bind(struct mysqld_plan *r, struct mysqld_statement *st);
/* Binds, runs and writes the result set. */
enum mysqld_outcome mysqld_plan_put_rows(struct mysqld_plan *r, struct mysqld_statement *st);
void mysqld_plan_put_ok(struct mysqld_plan *r, uint64_t affected, uint64_t insert_id);

#endif
