/* commands.h - what each command's file exports. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

int run_command_run(struct args *a, struct err *e);
int check_command_run(struct args *a, struct err *e);
int emulate_command_basic(struct args *a, struct err *e);
int emulate_command_batch(struct args *a, struct err *e);
int emulate_command_stream(struct args *a, struct err *e);
int ingest_command_s3(struct args *a, struct err *e);
int ingest_command_kinesis(struct args *a, struct err *e);
int clean_command_run(struct args *a, struct err *e);
int query_command_run(struct args *a, struct err *e);
int stream_command_run(struct args *a, struct err *e);
int up_command_run(struct args *a, struct err *e);
int down_command_run(struct args *a, struct err *e);
int wait_command_run(struct args *a, struct err *e);
int env_command_run(struct args *a, struct err *e);
int logs_command_run(struct args *a, struct err *e);
int journal_command_run(struct args *a, struct err *e);
int peek_command_run(struct args *a, struct err *e);
int verify_command_run(struct args *a, struct err *e);
int reset_command_run(struct args *a, struct err *e);
int ca_command_path(struct args *a, struct err *e);
int ca_command_trust(struct args *a, struct err *e);
int doctor_command_run(struct args *a, struct err *e);
int exec_command_run(struct args *a, struct err *e);
int completion_command_run(struct args *a, struct err *e);
int status_command_run(struct args *a, struct err *e);
int apigw_command_explain(struct args *a, struct err *e);
int apigw_command_render(struct args *a, struct err *e);
int apigw_command_lint(struct args *a, struct err *e);
int faults_command_lint(struct args *a, struct err *e);
int rules_command_check(struct args *a, struct err *e);
int rules_command_explain(struct args *a, struct err *e);
int rules_command_sql(struct args *a, struct err *e);
int sql_command_run(struct args *a, struct err *e);
int export_command_spark(struct args *a, struct err *e);
int export_command_databricks(struct args *a, struct err *e);

#endif
