/* commands.c - every command: name, summary, examples, options, function. */
#include "cli/commands.h"

#include "cli/host.h"
#include "cli/delta.h"
#include "cli/options.h"
#include "cli/reach.h"

static const struct option run_own[] = {
    { "whole", NULL, "print every row of the answers, not the first ones", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option check_own[] = {
    { "against", "DIR", "the baseline", "fixtures/golden of this folder or one above", NULL },
    { "golden", "DIR", "the same", NULL, NULL },
    { "from", "DIR", "check pin.jsonl, geo.jsonl, user.jsonl of this folder, raw or cleaned, instead of a run", NULL, NULL },
    { "select", "PATTERN", "only these cases, as in column/pin.*, query/*, pin; as often as wanted", NULL, NULL },
    { "update", NULL, "take what differs (or only the cases named) into the baseline, after showing it", NULL, NULL },
    { "review", NULL, "ask about each case that differs or warns: accept, skip, quit", NULL, NULL },
    { "keep", "WHAT", "with --update: what the baseline keeps of the rows; auto: as it has it, a new one rows up to 50,000, hashes up to 300,000", "auto", "auto|rows|hashes|none" },
    { "out", "DIR", "where rows that fail checks are written: DIR/checks/<table>.<check>.jsonl", NULL, NULL },
    { "strict", NULL, "warnings fail, too", NULL, NULL },
    { "diff", "FILE", "where all differences are written, as JSON lines", "weirbox-diff.jsonl", NULL },
    { "junit", "FILE", "a JUnit report: one testcase a case", NULL, NULL },
    { "html", "FILE", "the report as one page with plots, to be sent to somebody", NULL, NULL },
    { "github", NULL, "annotations for GitHub Actions; on by itself where GITHUB_ACTIONS is set", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option ingest_own[] = {
    { "out", "DIR", "folder for pin.jsonl, geo.jsonl, user.jsonl", "weirbox-out/raw", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option clean_own[] = {
    { "out", "DIR", "folder for clean/*.jsonl, checks/*.jsonl and quarantine.jsonl", "weirbox-out", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option query_own[] = {
    { "list", NULL, "name the queries", NULL, NULL },
    { "from", "DIR", "answer from pin.jsonl, geo.jsonl, user.jsonl of this folder, raw or cleaned, instead of a run", NULL, NULL },
    { "format", "FORMAT", "how to print", "table", "table|csv|json" },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option stream_own[] = {
    { "once", NULL, "end when all that is there has been read", NULL, NULL },
    { "until-idle", NULL, "end when nothing new has come for --idle seconds", NULL, NULL },
    { "idle", "SECONDS", "see --until-idle", "2", NULL },
    { "interval", "SECONDS", "between two looks, and so batches, once all has been read", "1", NULL },
    { "batch", "N", "records after which a batch is cut", "20000", NULL },
    { "out", "DIR", "folder of delta/, checkpoint/, windows/, queries/, late.jsonl, quarantine.jsonl", "weirbox-out/stream", NULL },
    { "delta", "PLACE", "where the tables ID_pin_table, ID_geo_table and ID_user_table are: a folder, or s3://bucket/prefix", "delta/ of --out", NULL },
    { "s3-endpoint", "URL", "the S3 service of tables below s3://; also AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000", NULL },
    { "checkpoint", "DIR", "the checkpoint folder, one for all three streams", "checkpoint/ of --out", NULL },
    { "answers", NULL, "keep the answers to the questions; --no-answers for windows and tables alone", "on", NULL },
    { "alert-attempts", "N", "tries of one alert before it is dead", "6", NULL },
    { "endpoint", "URL", "Kinesis; also AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL", "http://127.0.0.1:4567", NULL },
    { "user-id", "ID", "in the names of streams and tables", FLOW_USER_ID, NULL },
    { "region", "NAME", "of the signature; also AWS_REGION", "us-east-1", NULL },
    { "in-flight", "N", "calls under way at once", "48", NULL },
    { "attempts", "N", "tries of one call before it is given up", "8", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option up_own[] = {
    { "detach", NULL, "leave it running and return once it is ready (also -d); weirbox down ends it", NULL, NULL },
    { "host", "ADDRESS", "where to listen", "127.0.0.1", NULL },
    { "port", "N", "the edge's port; 0 = every port a free one", "4566", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option down_own[] = {
    { "timeout", "SECONDS", "then it is killed", "10", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option wait_own[] = {
    { "timeout", "SECONDS", "how long at most; exit status 4 when it is over", "30", NULL },
    { "url", "URL", "the edge of a cloud that was not started by this user", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option env_own[] = {
    { "shell", "NAME", "in whose words", "sh", "sh|fish|json|dotenv|github" },
    { "redirected", NULL, "also LD_PRELOAD, which leads hard-coded host names here", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option logs_own[] = {
    { "follow", NULL, "go on as it is written (also -f)", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option journal_own[] = {
    { "follow", NULL, "go on as calls come (also -f)", NULL, NULL },
    { "service", "S", "only calls of this service", NULL, NULL },
    { "action", "A", "… of this action ('*' and '?' as in a shell)", NULL, NULL },
    { "resource", "R", "… about this topic, stream, bucket/key, path, statement (the same)", NULL, NULL },
    { "status", "N", "… that ended so: 200, 4xx, '>=400'", NULL, NULL },
    { "limit", "N", "at most so many, the last ones", "50", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option peek_own[] = {
    { "follow", NULL, "go on as records come (also -f)", NULL, NULL },
    { "from", "WHERE", "end: the last ones, start: the first ones, N: from offset N of each partition or shard, from the N-th object", "end", NULL },
    { "limit", "N", "at most so many", "10", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option verify_own[] = {
    { "settle", NULL, "first wait until what was posted has reached the bucket; --no-settle does not", "on", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option ca_own[] = {
    { "ca-dir", "DIR", "where the local CA is kept", "$XDG_DATA_HOME/weirbox or ~/.local/share/weirbox", NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option exec_own[] = {
    { "offline", NULL, "refuse and report connections to any other host; --no-offline lets them pass", "on", NULL },
    { "check", NULL, "afterwards read back, clean and count what was posted; exit 1 when records are missing", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option status_own[] = {
    { "unimplemented", NULL, "only the actions that answer 501", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct option sql_own[] = {
    { "dialect", "DIALECT", "whose SQL", "sqlite", "sqlite|duckdb|spark" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct option free_sql_own[] = {
    { "from", "DIR", "rows of this folder, raw or cleaned, or its Delta tables (also s3://bucket/table), instead of a run", NULL, NULL },
    { "format", "FORMAT", "how to print", "table", "table|csv|json" },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct option export_own[] = {
    { "from", "DIR", "sample rows: pin.jsonl, geo.jsonl, user.jsonl of this folder, instead of the tables' rows", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct option apigw_call[] = {
    { "api", "FILE", "the gateway's OpenAPI document", NULL, NULL },
    { "body", "TEXT|@FILE", "the request's body", NULL, NULL },
    { "header", "NAME: VALUE", "a header of the request; as often as wanted", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};
static const struct option apigw_text[] = {
    { "body", "TEXT|@FILE", "what $input reads", NULL, NULL },
    { "query", "NAME=VALUE&…", "parameters of the query", NULL, NULL },
    { "header", "NAME: VALUE", "a header of the request; as often as wanted", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static const struct option *const apigw_call_options[] = { apigw_call, NULL };
static const struct option *const apigw_text_options[] = { apigw_text, NULL };
static const struct option *const run_options[] = { options_rows, options_flow, options_rules, run_own, NULL };
static const struct option *const check_options[] = { check_own, options_rows, options_flow, options_rules, NULL };
static const struct option *const basic_options[] = { options_rows, options_post, NULL };
static const struct option *const ingest_options[] = { options_read, ingest_own, NULL };
static const struct option *const clean_options[] = { options_rules, clean_own, NULL };
static const struct option *const query_options[] = { query_own, options_rules, options_rows, NULL };
static const struct option *const stream_options[] = { stream_own, options_rules, NULL };
static const struct option *const up_options[] = { up_own, host_options, NULL };
static const struct option *const down_options[] = { down_own, NULL };
static const struct option *const wait_options[] = { wait_own, NULL };
static const struct option *const env_options[] = { env_own, NULL };
static const struct option *const logs_options[] = { logs_own, NULL };
static const struct option *const journal_options[] = { journal_own, reach_options, NULL };
static const struct option *const peek_options[] = { peek_own, reach_options, NULL };
static const struct option *const verify_options[] = { verify_own, reach_options, NULL };
static const struct option *const reset_options[] = { reach_options, NULL };
static const struct option *const ca_options[] = { ca_own, NULL };
static const struct option *const exec_options[] = { exec_own, host_options, NULL };
static const struct option *const status_options[] = { status_own, NULL };
static const struct option *const rules_options[] = { options_rules, NULL };
static const struct option *const sql_options[] = { sql_own, options_rules, NULL };
static const struct option *const free_sql_options[] = { free_sql_own, options_rules, options_rows, delta_command_store, NULL };
static const struct option *const export_options[] = { export_own, options_rules, options_rows, NULL };
static const struct option *const delta_log_options[] = { delta_command_store, delta_command_version, NULL };
static const struct option *const delta_cat_options[] = { delta_command_store, delta_command_version, delta_command_limit, NULL };
static const struct option *const delta_history_options[] = { delta_command_store, delta_command_limit, NULL };
static const struct option *const delta_vacuum_options[] = { delta_command_store, delta_command_retain, NULL };

const struct command commands[] = {
    { "run", "the whole pipeline once: rows, cloud, posts, cleaning, ledger, answers", "",
      { "weirbox run", "every row over both paths; exit 0 only when nothing is lost or doubled",
        "weirbox run --tables mydata --posts 1500 --out out", "your own tables, 1,500 posts as seed 100 chooses them, results as files" },
      run_options, 0, 0, run_command_run },
    { "check", "compare cleaned rows and answers with a baseline, and run the rules' own checks and tests", "[CASE…]",
      { "weirbox check --html report.html", "the default run against fixtures/golden, with a page to look at",
        "weirbox check --from raw --rules myrules --against baseline --review", "your own rows and rules; accept what is meant, case by case" },
      check_options, 0, MAX_OPERANDS, check_command_run },
    { "emulate basic", "print the rows the original script would print", "",
      { "weirbox emulate basic --posts 3", "the first three posts of seed 100", "weirbox emulate basic --indices rows.txt", "the rows named in a file" },
      basic_options, 0, 0, emulate_command_basic },
    { "emulate batch", "post rows to the gateway's Kafka topics", "",
      { "weirbox emulate batch --posts 500", "to the gateway of weirbox up", "weirbox emulate batch --rate 2 --gateway http://host:8080", "two posts a second, to another" },
      basic_options, 0, 0, emulate_command_batch },
    { "emulate stream", "put rows into the gateway's Kinesis streams", "",
      { "weirbox emulate stream --posts 500", "to the gateway of weirbox up", "weirbox emulate stream --all --no-post-ids", "every row, partition keys as in the original script" },
      basic_options, 0, 0, emulate_command_stream },
    { "ingest s3", "read back the objects the sink stored", "",
      { "weirbox ingest s3", "from the bucket of weirbox up", "weirbox ingest s3 --bucket user-1a2b-bucket --user-id 1a2b --out raw", "another user's" },
      ingest_options, 0, 0, ingest_command_s3 },
    { "ingest kinesis", "read all shards of the three streams", "",
      { "weirbox ingest kinesis", "from the oldest record to the tip", "weirbox ingest kinesis --checkpoint at.json", "only what is new since the last time" },
      ingest_options, 0, 0, ingest_command_kinesis },
    { "clean", "clean raw rows by the rule files", "DIR",
      { "weirbox clean weirbox-out/raw", "pin.jsonl, geo.jsonl, user.jsonl of that folder", "weirbox clean raw --profile elishagretton --out out", "with another set of switches" },
      clean_options, 1, 1, clean_command_run },
    { "query", "answer one of the questions", "[NAME]",
      { "weirbox query --list", "which there are", "weirbox query users_joined_by_year --from weirbox-out --format csv", "from files" },
      query_options, 0, 1, query_command_run },
    { "stream", "the stream path run on: three streams into three Delta tables, windows, answers, alerts", "",
      { "weirbox stream", "from the streams of weirbox up, until Ctrl-C", "weirbox stream --until-idle --json", "what is there, told as JSON lines" },
      stream_options, 0, 0, stream_command_run },
    { "up", "run the cloud alone, for scripts of your own", "",
      { "weirbox up -d && eval \"$(weirbox env)\"", "on the usual ports of this machine, left running", "weirbox up --port 0 --json", "on free ports, told as JSON" },
      up_options, 0, 0, up_command_run },
    { "down", "end the cloud that was left running", "",
      { "weirbox down", "cleanly", "weirbox down --timeout 0", "at once" },
      down_options, 0, 0, down_command_run },
    { "wait", "until the cloud is ready", "",
      { "weirbox wait", "at most 30 seconds", "weirbox wait --timeout 5 --url http://127.0.0.1:4566", "somebody else's" },
      wait_options, 0, 0, wait_command_run },
    { "env", "the variables that lead programs to the cloud that is up", "",
      { "eval \"$(weirbox env)\"", "for this shell", "weirbox env --shell github >>\"$GITHUB_ENV\"", "for the next steps of a job" },
      env_options, 0, 0, env_command_run },
    { "logs", "what the cloud that was left running wrote", "",
      { "weirbox logs", "until now", "weirbox logs -f", "and on; weirbox up -d --verbose writes a line for every call" },
      logs_options, 0, 0, logs_command_run },
    { "journal", "what every call met: service, action, resource, status, time, fault, reason", "",
      { "weirbox journal -f", "as they come", "weirbox journal --service apigw --status '>=400' --json", "the gateway's refusals, as lines of JSON" },
      journal_options, 0, 0, journal_command_run },
    { "peek", "what has arrived, decoded, and what is odd about it", "topic|stream|bucket NAME",
      { "weirbox peek topic 0a1b2c3d4e5f.pin", "the last ten records", "weirbox peek stream streaming-0a1b2c3d4e5f-pin --from start -f", "from the first on, and as they come" },
      peek_options, 2, 2, peek_command_run },
    { "verify", "check what was called and what arrived (docs/journal.md)", "FILE",
      { "weirbox verify checks.json", "exit 1 when one misses, with the nearest calls or records",
        "echo '{\"status\":\">=400\",\"count\":0}' | weirbox verify -", "no call was refused" },
      verify_options, 1, 1, verify_command_run },
    { "reset", "empty the cloud that is up, or one topic, stream or bucket of it", "[topic|stream|bucket NAME]",
      { "weirbox reset topic 0a1b2c3d4e5f.pin", "offsets go on, as after DeleteRecords", "weirbox reset", "everything: topics, streams, objects, rows, journal" },
      reset_options, 0, 2, reset_command_run },
    { "ca path", "where the local CA's certificate is", "",
      { "weirbox ca path", "made when it is not there", "curl --cacert \"$(weirbox ca path)\" https://127.0.0.1:4566/_weirbox/health", "TLS on the edge's port" },
      ca_options, 0, 0, ca_command_path },
    { "ca trust", "how to make browsers, Java and this machine trust it; changes nothing", "",
      { "weirbox ca trust", "the commands", "weirbox ca trust --ca-dir DIR", "for another CA" },
      ca_options, 0, 0, ca_command_trust },
    { "doctor", "what of this machine would get in the way", "",
      { "weirbox doctor", "ports, CA, open files, disk, variables that lead to the real AWS", "weirbox doctor --json", "for machines" },
      NULL, 0, 0, doctor_command_run },
    { "exec", "run a command against a fresh cloud: every AWS address it knows leads there", "-- CMD [ARG…]",
      { "weirbox exec -- python user_posting_emulation.py", "a script with hard-coded amazonaws.com addresses, unchanged",
        "weirbox exec --check --redirect db.internal:3306=rds -- ./post.sh", "another host name led here, and what arrived counted" },
      exec_options, 1, TAKES_COMMAND, exec_command_run },
    { "completion", "what your shell has to know to complete these commands", "bash|zsh|fish",
      { "source <(weirbox completion bash)", "in ~/.bashrc; zsh the same in ~/.zshrc", "weirbox completion fish >~/.config/fish/completions/weirbox.fish", "once" },
      NULL, 1, 1, completion_command_run },
    { "status", "what the mocks implement", "",
      { "weirbox status", "every service and its actions", "weirbox status --unimplemented", "what answers 501" },
      status_options, 0, 0, status_command_run },
    { "apigw explain", "which resource, integration and template a call meets, and why it is refused", "METHOD PATH",
      { "weirbox apigw explain PUT /test/streams/s/record --body '{\"Data\":{\"a\":1},\"PartitionKey\":\"p\"}'", "what becomes of a stream post",
        "weirbox apigw explain POST /test/record --api api.json", "with an API of your own" },
      apigw_call_options, 2, 2, apigw_command_explain },
    { "apigw render", "render a mapping template as API Gateway would", "TEMPLATE",
      { "weirbox apigw render record.vtl --body @row.json", "for a body", "weirbox apigw render record.vtl --query 'stream-name=s'", "for parameters" },
      apigw_text_options, 1, 1, apigw_command_render },
    { "apigw lint", "check a mapping template", "TEMPLATE",
      { "weirbox apigw lint record.vtl", "says line and column of the first mistake, and what is suspicious", "weirbox apigw render record.vtl", "then see what it prints" },
      NULL, 1, 1, apigw_command_lint },
    { "rules check", "read the rule files, say the first mistake, run their tests", "",
      { "weirbox rules check --rules myrules", "says file, line and field of a mistake", "weirbox rules check --profile javeer89", "with another set of switches" },
      rules_options, 0, 0, rules_command_check },
    { "rules explain", "the rules in words", "[NAME]",
      { "weirbox rules explain pin", "one table or question", "weirbox rules explain --rules myrules", "all of your own" },
      rules_options, 0, 1, rules_command_explain },
    { "rules sql", "the rules as SQL", "[NAME]",
      { "weirbox rules sql --dialect spark", "a script for Spark", "weirbox rules sql pin --dialect duckdb", "one table or question" },
      sql_options, 0, 1, rules_command_sql },
    { "sql", "any SELECT over the cleaned tables, in Spark's words", "STATEMENT|@FILE",
      { "weirbox sql 'SELECT category, count(*) AS n FROM pin GROUP BY category ORDER BY n DESC LIMIT 3'", "of a run",
        "weirbox sql 'SELECT year(date_joined), median(age) FROM df_user GROUP BY 1' --from out/delta --format csv", "of Delta tables" },
      free_sql_options, 1, 1, sql_command_run },
    { "export spark", "the rules as a job for any Spark, with a sample and the answers expected of it", "DIR",
      { "weirbox export spark bundle", "job, DAG, sample, expected answers, check.py", "weirbox export spark bundle --profile javeer89 --from weirbox-out/raw", "other rules and rows" },
      export_options, 1, 1, export_command_spark },
    { "export databricks", "the same as a notebook, and an Airflow DAG that submits it", "DIR",
      { "weirbox export databricks bundle", "import bundle/notebook.py", "weirbox export databricks bundle --rules myrules --posts 500", "your own rules, fewer rows" },
      export_options, 1, 1, export_command_databricks },
    { "delta log", "the actions of a Delta table's log", "TABLE",
      { "weirbox delta log out/mytable", "of a folder", "weirbox delta log s3://bucket/mytable --version 3", "of an S3 prefix, one version" },
      delta_log_options, 1, 1, delta_command_log },
    { "delta cat", "the rows of a Delta table", "TABLE",
      { "weirbox delta cat out/mytable --limit 10", "ten rows as JSON lines", "weirbox delta cat out/mytable --version 0", "as the table was" },
      delta_cat_options, 1, 1, delta_command_cat },
    { "delta history", "the commits of a Delta table", "TABLE",
      { "weirbox delta history out/mytable", "newest first", "weirbox delta history out/mytable --limit 3", "the last three" },
      delta_history_options, 1, 1, delta_command_history },
    { "delta vacuum", "delete files no version needs any more", "TABLE",
      { "weirbox delta vacuum out/mytable --dry-run", "only name them", "weirbox delta vacuum out/mytable --retain 200", "keep 200 hours" },
      delta_vacuum_options, 1, 1, delta_command_vacuum },
    { "faults lint", "check a file of fault rules", "FILE",
      { "weirbox faults lint faults.json", "says the first mistake and where", "weirbox run --faults faults.json", "run with them" },
      NULL, 1, 1, faults_command_lint },
    { 0 },
};
