/* options.h - option tables that several commands share, and reading them. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/command.h"
#include "cli/flow.h"
#include "pipeline/ingest/ingest.h"

extern const struct option options_rows[];  /* which rows: --tables --posts --all --indices --seed */
extern const struct option options_rules[]; /* --rules --profile */
extern const struct option options_flow[];  /* --path --faults --connector --api --post-ids --rate … */
extern const struct option options_post[];  /* --gateway --stage --user-id --rate --in-flight --post-ids */
extern const struct option options_read[];  /* --endpoint --bucket --user-id --access-key … */

/* Fills the rows part of the options from --tables, --posts, --indices, --seed. */
int options_choose(const struct args *a, struct choose_options *ret, struct err *e);
/* Everything `run`, `check` and `query` say of a flow. Texts live in the args' arena. */
int options_fill(struct args *a, struct flow_options *ret, struct err *e);
/* --endpoint --user-id --bucket --region --in-flight --attempts of options_read. The endpoint is else
 * AWS_ENDPOINT_URL_{service}, AWS_ENDPOINT_URL, `endpoint`; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else test/test. */
int options_ingest(const struct args *a, const char *service, const char *endpoint, struct ingest_options *ret, struct err *e);
/* The variable's value; `otherwise` when it is not set or empty. */
struct str options_env(const char *name, const char *otherwise);
struct sigv4_key options_key(void); /* of the environment */
/* A whole file in the args' arena; what: "fault rules". */
int options_file(struct args *a, const char *path, const char *what, struct str *ret, struct err *e);
/* The expectations of the rule files on the tables of a path: those that fail are told, failing rows go to dir/checks/.
 * Either may be NULL. */
int options_check(const struct flow_path *p, const char *dir, struct buf *told, struct err *e);
/* Writes clean/, queries/, checks/, quarantine.jsonl and ledger.json of every path below dir. */
int options_write(const struct flow *f, const char *dir, struct err *e);

#endif
