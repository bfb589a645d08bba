"""What weirbox export writes runs on Spark, and its answers are the native ones, cell by cell.

The job reads the sample under every profile; what the S3 sink stored and what the streams hold, of a cloud that weirbox exec starts; files as a
stream. The notebook runs with stand-ins for what Databricks gives it. HADOOP_AWS names a folder with hadoop-aws and its jars: then s3a:// is
read too. AIRFLOW_PYTHON names a Python with Airflow: then both DAGs are loaded there.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import types

import engines

try:
    from pyspark.sql import SparkSession
except ImportError:
    engines.skip("pyspark is not installed (pip install pyspark)")

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
jars = ",".join(glob.glob(os.path.join(os.environ.get("HADOOP_AWS", "/nonexistent"), "*.jar")))
ROWS = "400"


def start():
    builder = (SparkSession.builder.master("local[2]").appName("weirbox-export").config("spark.ui.enabled", "false")
               .config("spark.ui.showConsoleProgress", "false").config("spark.sql.shuffle.partitions", "2").config("spark.driver.host", "127.0.0.1")
               .config("spark.driver.memory", "1g").config("spark.sql.session.timeZone", "Asia/Tokyo"))
    if jars:
        builder = builder.config("spark.jars", jars).config("spark.hadoop.fs.s3a.path.style.access", "true").config(
            "spark.hadoop.fs.s3a.endpoint", os.environ.get("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"))
    try:
        spark = builder.getOrCreate()
    except Exception as why:  # no Java
        engines.skip(f"Spark does not start: {why}")
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def module(path):
    """The bundle's file as a module, as Python would import it."""
    m = types.ModuleType(os.path.basename(path)[:-3])
    m.__file__ = path
    with open(path, encoding="utf-8") as f:
        exec(compile(f.read(), path, "exec"), m.__dict__)
    return m


def check(bundle, answers):
    return subprocess.run([sys.executable, os.path.join(bundle, "check.py"), answers], capture_output=True, text=True)


def run_job(spark, bundle, out, *argv):
    job = module(os.path.join(bundle, "job.py"))
    with open(os.path.join(bundle, "rules.json"), encoding="utf-8") as f:
        rules = json.load(f)
    given = job.arguments([*argv, "--output", out])
    (job.stream if given.stream else job.run)(spark, rules, given)
    spark.catalog.clearCache()


def equal(what, bundle, out):
    done = check(bundle, os.path.join(out, "answers"))
    if done.returncode:
        raise SystemExit(f"{what}: {done.stdout}{done.stderr}")
    print(f"{what}: {done.stdout.strip()}", flush=True)


def same_rows(spark, what, path, jsonl):
    """A table that the job wrote against the native cleaned rows."""
    with open(jsonl, encoding="utf-8") as f:
        native = [json.loads(line) for line in f]
    columns = list(native[0])
    cells = [f"unix_micros(`{c}`)" if c in engines.INSTANTS else f"`{c}`" for c in columns]
    rows = [list(row) for row in spark.read.parquet(path).selectExpr(*cells).collect()]
    for row in rows:
        for i, c in enumerate(columns):
            row[i] = engines.instant(row[i]) if c in engines.INSTANTS else row[i]
    ours = [list(r.values()) for r in native]
    if not engines.same(ours, rows):
        raise SystemExit(f"{what}: {engines.difference(engines.plain(ours), engines.plain(rows))}")


def profiles(spark, folder):
    """The sample, rows made of traps among it, under every profile; cleaned tables cell by cell."""
    raw = os.path.join(folder, "raw")
    os.makedirs(raw)
    lines = engines.lines_adversarial(300)
    sample = engines.weirbox("emulate", "basic", "--posts", "1")  # the program runs
    assert sample
    engines.weirbox("export", "spark", os.path.join(folder, "clean-sample"), "--posts", ROWS)
    for table in engines.TABLES:
        with open(os.path.join(folder, "clean-sample", "sample", f"{table}.jsonl"), encoding="utf-8") as f:
            whole = f.read()
        with open(os.path.join(raw, f"{table}.jsonl"), "w", encoding="utf-8") as f:
            f.write(whole + "".join(line + "\n" for line in lines[table]))
            f.write("not JSON\n[1]\n{}\n\n" + json.dumps(whole.split("\n")[0]) + "\n[" + ",".join(whole.split("\n")[1:3]) + "]\n")
    for profile in engines.PROFILES:
        bundle, out = os.path.join(folder, profile), os.path.join(folder, "out-" + profile)
        engines.weirbox("export", "spark", bundle, "--from", raw, "--profile", profile)
        engines.weirbox("clean", raw, "--profile", profile, "--out", out)
        run_job(spark, bundle, out, "--input", os.path.join(bundle, "sample"), "--user-id", "u")
        for table in engines.TABLES:
            same_rows(spark, f"{profile}, cleaned {table}", f"{out}/parquet/u_{table}_table", os.path.join(out, "clean", f"{table}.jsonl"))
        equal(f"sample and traps under {profile}", bundle, out)


def wrong_answers_are_found(folder):
    bundle, answers = os.path.join(folder, "clean-sample"), os.path.join(folder, "tampered")
    shutil.copytree(os.path.join(bundle, "expected"), answers)
    path = os.path.join(answers, "users_joined_by_year.json")
    told = json.load(open(path, encoding="utf-8"))
    told["rows"][0][1] += 1
    json.dump(told, open(path, "w", encoding="utf-8"))
    os.remove(os.path.join(answers, "top_user_by_country.json"))
    done = check(bundle, answers)
    assert done.returncode == 1, done
    assert "users_joined_by_year: row 1" in done.stdout and "top_user_by_country: no answer" in done.stdout, done.stdout


def notebook(spark, folder):
    """Run as Databricks runs it: cells in order, with widgets."""
    bundle, out = os.path.join(folder, "notebook"), os.path.join(folder, "out-notebook")
    engines.weirbox("export", "databricks", bundle, "--posts", ROWS)
    values = {"input": os.path.join(bundle, "sample"), "user_id": "u", "output": out, "format": "parquet", "check": "yes"}
    widgets = types.SimpleNamespace(text=lambda *a: None, get=lambda name: values.get(name, ""))
    with open(os.path.join(bundle, "notebook.py"), encoding="utf-8") as f:
        source = f.read()
    assert source.startswith("# Databricks notebook source\n") and source.count("\n# COMMAND ----------\n") == 6, source[:200]
    scope = {"spark": spark, "dbutils": types.SimpleNamespace(widgets=widgets), "__name__": "__main__"}
    for n, cell in enumerate(source.split("# COMMAND ----------")):
        exec(compile(cell, f"cell {n}", "exec"), scope)
    spark.catalog.clearCache()
    print("the notebook ran and found no difference", flush=True)


def streams(spark, folder):
    """Files as a stream: two runs append what is new, once."""
    bundle, out, land = os.path.join(folder, "clean-sample"), os.path.join(folder, "out-stream"), os.path.join(folder, "landing")
    argv = ["--stream", "text", "--input", land + "/{table}", "--user-id", "u", "--format", "parquet"]
    for step in range(2):
        for table in engines.TABLES:
            with open(os.path.join(bundle, "sample", f"{table}.jsonl"), encoding="utf-8") as f:
                lines = f.read().splitlines(True)
            os.makedirs(os.path.join(land, table), exist_ok=True)
            with open(os.path.join(land, table, f"{step}.jsonl"), "w", encoding="utf-8") as f:
                f.writelines(lines[step::2])
        run_job(spark, bundle, out, *argv)
    run_job(spark, bundle, out, *argv)  # nothing is new
    engines.weirbox("clean", os.path.join(bundle, "sample"), "--out", out)
    for table in engines.TABLES:
        same_rows(spark, f"streamed {table}", f"{out}/parquet/u_{table}_table", os.path.join(out, "clean", f"{table}.jsonl"))
    print("files as a stream: same rows, once", flush=True)


def cloud(folder):
    """Below weirbox exec: post the sample over both paths, then the job reads bucket and streams."""
    import requests
    bundle = os.path.join(folder, "clean-sample")
    user, gateway = "0a1b2c3d4e5f", "https://abcde12345.execute-api.us-east-1.amazonaws.com/test"
    web = requests.Session()
    for table in engines.TABLES:
        with open(os.path.join(bundle, "sample", f"{table}.jsonl"), encoding="utf-8") as f:
            rows = [json.loads(line) for line in f]
        for row in rows:
            answer = web.post(f"{gateway}/topics/{user}.{table}", headers={"Content-Type": "application/vnd.kafka.json.v2+json"}, data=json.dumps({"records": [{"value": row}]}))
            assert answer.status_code == 200, answer.text
            name = f"streaming-{user}-{table}"
            answer = web.put(f"{gateway}/streams/{name}/record", headers={"Content-Type": "application/json"}, data=json.dumps({"StreamName": name, "Data": row, "PartitionKey": str(len(row))}))
            assert answer.status_code == 200, answer.text
    wait_for_objects(user, len(rows) * 3)
    spark = start()
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ["AWS_ENDPOINT_URL"]
    ways = {"bucket by boto3": ["--objects", f"s3://user-{user}-bucket", "--boto3"], "streams by boto3": ["--kinesis"]}
    if jars:
        ways["bucket by s3a"] = ["--objects", f"s3a://user-{user}-bucket", "--endpoint", endpoint]
    else:
        print("HADOOP_AWS is not set: s3a:// is not read")
    for what, argv in ways.items():
        out = os.path.join(folder, "out-" + what.replace(" ", "-"))
        run_job(spark, bundle, out, *argv, "--region", "us-east-1", "--user-id", user)
        equal(what, bundle, out)


def wait_for_objects(user, wanted):
    import time

    import boto3
    s3, have = boto3.client("s3"), 0
    for _ in range(600):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=f"user-{user}-bucket", Prefix="topics/")
        try:
            have = sum(c["Key"].endswith(".json") and not c["Key"].endswith(".keys.json") for page in pages for c in page.get("Contents", []))
        except s3.exceptions.NoSuchBucket:
            have = 0
        if have >= wanted:
            return
        time.sleep(0.1)
    raise SystemExit(f"{have} of {wanted} objects in the bucket")


def dags(folder):
    python = os.environ.get("AIRFLOW_PYTHON")
    if not python:
        print("AIRFLOW_PYTHON is not set: the DAGs are not loaded")
        return
    for name, tasks in (("clean-sample", "check job"), ("notebook", "submit_run")):
        code = ("import sys; sys.path.insert(0, sys.argv[1]); import dag; print(dag.dag.dag_id, *sorted(dag.dag.task_ids)); "
                "[t.resolve_template_files() for t in dag.dag.tasks]")
        env = {**os.environ, "AIRFLOW_HOME": os.path.join(folder, "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        done = subprocess.run([python, "-c", code, os.path.join(folder, name)], capture_output=True, text=True, env=env)
        assert done.returncode == 0 and done.stdout.strip().endswith("weirbox_dag " + tasks), done.stdout + done.stderr[-2000:]
    print("both DAGs load in Airflow", flush=True)


if len(sys.argv) > 1:
    cloud(sys.argv[1])
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="weirbox-export-") as work:
    session = start()
    profiles(session, work)
    wrong_answers_are_found(work)
    notebook(session, work)
    streams(session, work)
    dags(work)
    session.stop()
    try:
        import boto3  # noqa: F401
        import requests  # noqa: F401
    except ImportError as missing:
        print(f"{missing.name} is not installed: bucket and streams are not read")
        sys.exit(0)
    told = subprocess.run([engines.WEIRBOX, "exec", "--no-offline", "--", sys.executable, "-B", __file__, work], capture_output=True, text=True)
    print(told.stdout.strip())
    if told.returncode:
        raise SystemExit(f"the job over the cloud ended with {told.returncode}: {told.stderr[-3000:]}")
