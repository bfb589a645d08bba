"""Cleaning rules and questions on Spark: raw records in, cleaned tables and answers out.

The rules are rules.json beside this file: for each table the members of a record, the column of each, and the SQL that cleans; for each
question its SQL. Records are read by read_record, which stands before the SQL, so that the rows are the same on every engine.

    spark-submit job.py --input sample --output out                       files: pin.jsonl, geo.jsonl, user.jsonl
    spark-submit job.py --objects s3a://BUCKET --user-id ID --output out  what the S3 sink stored, with hadoop-aws on the class path
    spark-submit job.py --objects s3://BUCKET --boto3 …                   the same, fetched by boto3
    spark-submit job.py --kinesis --user-id ID …                          the three streams, read to their tips by boto3
    spark-submit job.py --stream kinesis --stream-option region=us-east-1 …   Structured Streaming: appends to the tables, once

Keys come from where boto3 and hadoop-aws look for them; nothing of an account is written here.
"""
import argparse
import json
import os
import re
import sys
import tempfile


# ---- one record ----

class Number(str):
    """A number as it was written."""


def refuse_constant(word):
    raise ValueError(word)


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=refuse_constant)


def text_of(value, kind):
    """A member as its raw column has it: text, or None."""
    if kind == "instant" and isinstance(value, dict) and isinstance(value.get("$date"), str) and not isinstance(value["$date"], Number):
        value = value["$date"]
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (list, dict)):
        return None
    if isinstance(value, Number):
        return str(value)
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half a pair is U+FFFD


def json_of(value):
    """JSON text with numbers as they were written."""
    if isinstance(value, list):
        return "[" + ",".join(json_of(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{}"
    return str(value) if isinstance(value, Number) else json.dumps(value)


def read_row(table, record):
    """The raw columns of one object. Of members that stand for one another the first present counts; the member that stands for a whole
    concat or array only when a part is absent."""
    if not isinstance(record, dict):
        raise ValueError("NOT_AN_OBJECT")
    row = dict.fromkeys(table["members"])
    for column in table["columns"]:
        if column["parts"] and all(p in record for p in column["parts"]):
            for p in column["parts"]:
                row[p] = text_of(record[p], "text")
            continue
        member = next((m for m in column["from"] if m in record), None)
        if member is None:
            raise ValueError("MISSING_COLUMN")
        value = record[member]
        if column["kind"] == "doubles":
            row[member] = "null" if isinstance(value, str) and not isinstance(value, Number) else json_of(value)
        else:
            row[member] = text_of(value, column["kind"])
    return tuple(row[m] for m in table["members"])


def read_record(table, line):
    """(rows, None), or ([], why the record is refused). A blank line is nothing."""
    if line is None or not line.strip():
        return [], None
    try:
        value = parse(line)
        if isinstance(value, str) and not isinstance(value, Number) and value.lstrip()[:1] in ("{", "["):
            value = parse(value)
    except (ValueError, RecursionError):
        return [], "NOT_JSON"
    try:
        return [read_row(table, v) for v in (value if isinstance(value, list) else [value])], None
    except ValueError as why:
        return [], str(why)


# ---- where the records are ----

def copied(objects, folder):
    """Bytes into files that Spark can read; how many."""
    n = 0
    for n, data in enumerate(objects, 1):
        with open(os.path.join(folder, f"{n:09d}.json"), "wb") as f:
            f.write(data.rstrip(b"\n") + b"\n")
    return n


def client(service, a):
    import boto3
    return boto3.client(service, endpoint_url=a.endpoint or None, region_name=a.region or None)


def objects_by_boto3(a, table):
    s3 = client("s3", a)
    bucket, _, prefix = re.sub(r"^s3[an]?://", "", a.objects).partition("/")
    prefix = (prefix.rstrip("/") + "/" if prefix else "") + f"topics/{a.user_id}.{table}/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if re.search(r"[0-9]\.json$", found["Key"]):  # not the .keys.json beside it
                yield s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()


def records_of_stream(a, table):
    kinesis = client("kinesis", a)
    name = a.stream_names.format(user_id=a.user_id, table=table)
    shards, more = [], {"StreamName": name}
    while more:
        answer = kinesis.list_shards(**more)
        shards += answer["Shards"]
        more = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else None
    for shard in shards:
        at = kinesis.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while at:
            answer = kinesis.get_records(ShardIterator=at)
            for record in answer["Records"]:
                yield record["Data"].replace(b"\n", b" ")
            at = None if not answer["Records"] and answer["MillisBehindLatest"] == 0 else answer.get("NextShardIterator")


def lines(spark, a, table):
    """A DataFrame of one column, value: a record a line."""
    reader = spark.read.option("lineSep", "\n")
    if a.kinesis or a.boto3:
        folder = os.path.join(a.staging or tempfile.mkdtemp(prefix="records-"), table)
        os.makedirs(folder, exist_ok=True)
        found = copied(records_of_stream(a, table) if a.kinesis else objects_by_boto3(a, table), folder)
        if not found:
            raise SystemExit(f"no records of {table}: look at --user-id {a.user_id}, --objects and --endpoint")
        return reader.text("file:" + os.path.abspath(folder) if a.staging is None else folder)
    if a.objects:
        return reader.option("pathGlobFilter", "*[0-9].json").text(f"{a.objects.rstrip('/')}/topics/{a.user_id}.{table}/partition=*")
    return reader.text(f"{a.input.rstrip('/')}/{table}.jsonl")


# ---- cleaning ----

def parsed(rules, table, frame):
    """r.rows and r.refused of every line."""
    from pyspark.sql import functions as F
    from pyspark.sql import types as T
    entry = rules["tables"][table]
    row = T.StructType([T.StructField(m, T.StringType()) for m in entry["members"]])
    result = T.StructType([T.StructField("rows", T.ArrayType(row)), T.StructField("refused", T.StringType())])
    return frame.select("value", F.udf(lambda line: read_record(entry, line), result)("value").alias("r"))


def raw_rows(frame):
    from pyspark.sql import functions as F
    return frame.select(F.explode("r.rows").alias("x")).select("x.*")


def kept(frame):
    """In memory where the cluster allows it."""
    try:
        return frame.persist()
    except Exception:
        return frame


def clean(spark, rules, table, frame):
    """The cleaned table of these lines, as a view of its name."""
    raw_rows(frame).createOrReplaceTempView(f"raw_{table}")
    spark.sql(rules["tables"][table]["sql"])
    cleaned = kept(spark.table(table))
    cleaned.createOrReplaceTempView(table)
    return cleaned


# ---- results ----

def is_remote(path):
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path) and not path.startswith("file:")


def put_text(spark, path, text):
    if is_remote(path):
        spark.createDataFrame([(text,)], "value string").coalesce(1).write.mode("overwrite").text(path)
        return
    path = re.sub(r"^file:(//)?", "", path)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text + "\n")


def put_table(a, table, cleaned, mode="overwrite", options=None):
    writer = cleaned.write.format(a.format).mode(mode).options(**(options or {}))
    if a.schema:
        writer.saveAsTable(f"{a.schema}.`{a.user_id}_{table}_table`")
    else:
        writer.save(f"{a.output.rstrip('/')}/{a.format}/{a.user_id}_{table}_table")


def profile(cleaned, refused):
    from pyspark.sql import functions as F
    counts = cleaned.select(F.count(F.lit(1)), *[F.count(F.when(F.col(f"`{c}`").isNull(), 1)) for c in cleaned.columns]).collect()[0]
    return {"rows": counts[0], "refused": refused, "nulls": dict(zip(cleaned.columns, counts[1:]))}


def answer(spark, rules, name):
    frame = spark.sql(rules["queries"][name]["sql"])
    return {"query": name, "columns": frame.columns, "rows": [list(row) for row in frame.collect()]}


def run(spark, rules, a):
    """Tables, answers and a profile of the tables under a.output; what was answered."""
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    profiles, answers = {}, {}
    for table in rules["tables"]:
        frame = kept(parsed(rules, table, lines(spark, a, table)))
        cleaned = clean(spark, rules, table, frame)
        profiles[table] = profile(cleaned, frame.where("r.refused IS NOT NULL").count())
        print(f"{table}: {profiles[table]['rows']} rows cleaned, {profiles[table]['refused']} records refused")
        if a.format != "none":
            put_table(a, table, cleaned)
    for name in rules["queries"]:
        answers[name] = answer(spark, rules, name)
        put_text(spark, f"{a.output.rstrip('/')}/answers/{name}.json", json.dumps(answers[name], ensure_ascii=False))
        print(f"{name}: {len(answers[name]['rows'])} rows")
    put_text(spark, f"{a.output.rstrip('/')}/answers/tables.json", json.dumps(profiles))
    return answers, profiles


def stream(spark, rules, a):
    """Appends what is new to the tables. Each table has a checkpoint folder of its own; a batch that is tried again is written to a
    Delta table once. Duplicates are dropped within a batch only."""
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    for table in rules["tables"]:
        names = {"user_id": a.user_id, "table": table}
        source = spark.readStream.format(a.stream)
        for option in a.stream_option:
            name, _, value = option.partition("=")
            source = source.option(name, value.format(**names))
        if a.stream == "kinesis":
            source = source.option("streamName", a.stream_names.format(**names)).option("initialPosition", a.initial_position)
        frame = source.load(a.input.format(**names)) if a.input else source.load()
        column = "data" if "data" in frame.columns else "value"

        def append(batch, number, table=table):
            session = batch.sparkSession
            raw_rows(parsed(rules, table, batch)).createOrReplaceTempView(f"raw_{table}")
            session.sql(rules["tables"][table]["sql"])
            once = {"txnAppId": f"{a.user_id}_{table}", "txnVersion": number} if a.format == "delta" else {}
            put_table(a, table, session.table(table), "append", once)

        query = (frame.selectExpr(f"CAST({column} AS STRING) AS value").writeStream.foreachBatch(append)
                 .option("checkpointLocation", f"{a.checkpoint.rstrip('/')}/{table}").trigger(availableNow=True).start())
        query.awaitTermination()
        print(f"{table}: up to date")


# ---- settings ----

def arguments(argv):
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    p.add_argument("--input", help="folder with pin.jsonl, geo.jsonl, user.jsonl; with --stream of files: the folder of {table}")
    p.add_argument("--objects", help="where the S3 sink's topics/ are: s3a://BUCKET, /mnt/NAME, …")
    p.add_argument("--boto3", action="store_true", help="fetch the objects by boto3, for a Spark without hadoop-aws")
    p.add_argument("--kinesis", action="store_true", help="read the streams by boto3, to their tips")
    p.add_argument("--stream", metavar="FORMAT", help="Structured Streaming from kinesis, kafka, text, …; then ends")
    p.add_argument("--stream-option", action="append", default=[], metavar="NAME=VALUE", help="of that source; {table} and {user_id} are filled in")
    p.add_argument("--stream-names", default="streaming-{user_id}-{table}", help="names of the Kinesis streams (%(default)s)")
    p.add_argument("--initial-position", default="earliest")
    p.add_argument("--checkpoint", help="folder of --stream's checkpoints (OUTPUT/checkpoints)")
    p.add_argument("--user-id", default="", help="in the names of topics, streams and tables")
    p.add_argument("--endpoint", default="", help="of S3 and Kinesis; AWS's own when left out")
    p.add_argument("--region", default="")
    p.add_argument("--staging", help="folder that boto3's records are put in, readable by every worker")
    p.add_argument("--output", required=True)
    p.add_argument("--format", default="parquet", choices=["delta", "parquet", "none"], help="of the cleaned tables (%(default)s)")
    p.add_argument("--schema", help="write the tables there by saveAsTable, instead of below --output")
    a = p.parse_args(argv)
    if bool(a.input and not a.stream) + bool(a.objects) + a.kinesis + bool(a.stream) != 1:
        p.error("give one of --input, --objects, --kinesis, --stream")
    if not a.user_id and (not a.input or a.stream or a.format != "none"):
        p.error("--user-id is missing")
    a.checkpoint = a.checkpoint or f"{a.output.rstrip('/')}/checkpoints"
    return a


# ---- command line ----

def session(a):
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.appName("weirbox")
    if a.endpoint and a.objects and not a.boto3:
        builder = (builder.config("spark.hadoop.fs.s3a.endpoint", a.endpoint).config("spark.hadoop.fs.s3a.path.style.access", "true")
                   .config("spark.hadoop.fs.s3a.connection.ssl.enabled", str(a.endpoint.startswith("https")).lower()))
    if a.region:
        builder = builder.config("spark.hadoop.fs.s3a.endpoint.region", a.region)
    if a.format == "delta":
        builder = (builder.config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
                   .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"))
    return builder.getOrCreate()


if __name__ == "__main__":
    given = arguments(sys.argv[1:])
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules.json"), encoding="utf-8") as rules_file:
        rules_read = json.load(rules_file)
    (stream if given.stream else run)(session(given), rules_read, given)
