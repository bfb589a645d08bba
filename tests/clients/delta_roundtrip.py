"""DIR READER: engines written by others read DIR cell for cell, and READER reads what they write.

Whatever is not installed is passed over; with none of them the exit status is 77.
"""
import datetime
import decimal
import json
import math
import os
import subprocess
import sys

folder, reader = sys.argv[1:3]


def absent(name):
    try:
        return __import__(name, fromlist=["x"])
    except ImportError:
        return None


pyarrow, duckdb, deltalake, polars = absent("pyarrow"), absent("duckdb"), absent("deltalake"), absent("polars")
if not pyarrow:
    sys.exit(77)
parquet = __import__("pyarrow.parquet", fromlist=["x"])
failures = 0


def cell(v):
    """A value as READER prints it, in a form that compares."""
    if isinstance(v, float):
        return None if math.isnan(v) or math.isinf(v) else v + 0.0
    if isinstance(v, datetime.datetime):
        if v.tzinfo is not None:
            v = v.astimezone(datetime.timezone.utc)
        text = v.strftime("%Y-%m-%dT%H:%M:%S")
        if v.year < 1000:
            text = "%04d%s" % (v.year, text[text.index("-"):])
        if v.microsecond:
            text += (".%06d" % v.microsecond).rstrip("0")
        return text + ("Z" if v.tzinfo is not None else "")
    if isinstance(v, datetime.date):
        return v.isoformat()
    if isinstance(v, bytes):
        return __import__("base64").b64encode(v).decode()
    if isinstance(v, decimal.Decimal):
        return float(v)
    if v == {} or v == []:  # an empty map has no other form in Python
        return []
    if isinstance(v, dict):
        return {k: cell(x) for k, x in v.items()}
    if isinstance(v, list) and v and isinstance(v[0], tuple):
        return {str(k): cell(x) for k, x in v}
    if isinstance(v, list):
        return [cell(x) for x in v]
    if isinstance(v, int) and not isinstance(v, bool):
        return v
    return v


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [{k: cell(v) for k, v in json.loads(line).items()} for line in f.read().split("\n") if line]


def key(row):
    return json.dumps(row, sort_keys=True)


def same(what, got, want, ordered=True):
    global failures
    if not ordered:
        got, want = sorted(got, key=key), sorted(want, key=key)
    bad = [(g, w) for g, w in zip(got, want) if g != w]
    if len(got) != len(want) or bad:
        failures += 1
        print("DIFFERS", what, len(got), "rows of", len(want), bad[:1])
    else:
        print("ok", what, len(got), "rows")


def read(*args):
    p = subprocess.run([reader, *args], capture_output=True)
    if p.returncode:
        raise RuntimeError("%s: %s" % (args, p.stderr.decode()))
    return [{k: cell(v) for k, v in json.loads(line).items()} for line in p.stdout.decode().split("\n") if line]


def rows(table):
    return [{k: cell(v) for k, v in row.items()} for row in table.to_pylist()]


# ---- what was written here ----
for codec in ("snappy", "zstd", "gzip", "none"):
    path = "%s/%s.parquet" % (folder, codec)
    want = lines(path + ".jsonl")
    file = parquet.ParquetFile(path, page_checksum_verification=True)
    same("pyarrow reads " + codec, rows(file.read()), want)
    if duckdb:
        con = duckdb.connect()
        con.execute("set timezone='UTC'")
        same("duckdb reads " + codec, rows(con.sql("select * from read_parquet('%s')" % path).to_arrow_table()), want)
        # A filter makes it use the statistics.
        low = sorted(r["ind"] for r in want)[10]
        n = con.sql("select count(*) from read_parquet('%s') where ind <= %d" % (path, low)).fetchall()[0][0]
        same("duckdb filters " + codec, [n], [sum(r["ind"] <= low for r in want)])

if deltalake:
    table = deltalake.DeltaTable(folder + "/table")
    same("delta-rs reads the table", rows(pyarrow.table(table.to_pyarrow_table())), lines(folder + "/table.jsonl"), False)
    same("delta-rs reads version 11", rows(pyarrow.table(deltalake.DeltaTable(folder + "/table", version=11).to_pyarrow_table())), lines(folder + "/table@11.jsonl"), False)
    same("delta-rs finds the stream", [table.transaction_version("a-query")], [22])
    part = table.to_pyarrow_dataset().to_table(filter=pyarrow.dataset.field("id") >= 20000000) if absent("pyarrow.dataset") else None
    if part is not None:
        same("delta-rs filters by statistics", rows(part), [r for r in lines(folder + "/table.jsonl") if r["id"] >= 20000000], False)

# ---- what they write ----
utc = datetime.timezone.utc
n = 5000
columns = {
    "i": pyarrow.array([None if i % 7 == 0 else i - 50 for i in range(n)], pyarrow.int32()),
    "l": pyarrow.array([i * 10**14 for i in range(n)], pyarrow.int64()),
    "d": pyarrow.array([i / 7 if i % 5 else None for i in range(n)], pyarrow.float64()),
    "f": pyarrow.array([i / 8 for i in range(n)], pyarrow.float32()),
    "s": pyarrow.array(["text %d é" % (i % 90) if i % 11 else None for i in range(n)]),
    "u": pyarrow.array(["prefix shared by all %d" % i for i in range(n)]),
    "b": pyarrow.array([i % 3 == 0 for i in range(n)]),
    "t": pyarrow.array([datetime.datetime(2020, 1, 1, tzinfo=utc) + datetime.timedelta(seconds=i, microseconds=i) for i in range(n)], pyarrow.timestamp("us", "UTC")),
    "day": pyarrow.array([datetime.date(1999, 12, 1) + datetime.timedelta(days=i) for i in range(n)]),
    "bin": pyarrow.array([bytes([i % 256, 255]) for i in range(n)]),
    "dec": pyarrow.array([decimal.Decimal(i * 37 - 999) / 100 for i in range(n)], pyarrow.decimal128(12, 2)),
    "list": pyarrow.array([None if i % 9 == 0 else [None if j == 2 else j / 2 for j in range(i % 5)] for i in range(n)], pyarrow.list_(pyarrow.float64())),
    "map": pyarrow.array([None if i % 8 == 0 else [("k%d" % j, None if j else "v%d" % i) for j in range(i % 4)] for i in range(n)], pyarrow.map_(pyarrow.string(), pyarrow.string())),
    "struct": pyarrow.array([None if i % 6 == 0 else {"x": i, "y": [str(i)] * (i % 3)} for i in range(n)], pyarrow.struct([("x", pyarrow.int64()), ("y", pyarrow.list_(pyarrow.string()))])),
}
theirs = pyarrow.table(columns)
want = rows(theirs)
forms = [{"compression": c} for c in ("snappy", "zstd", "gzip", "none")]
forms += [{"data_page_version": "2.0"}, {"data_page_version": "2.0", "compression": "zstd", "data_page_size": 500}, {"use_dictionary": False}, {"data_page_size": 200}]
forms += [{"use_deprecated_int96_timestamps": True}, {"store_decimal_as_integer": True}, {"row_group_size": 100}, {"write_page_checksum": True, "write_page_index": True}]
forms += [{"use_dictionary": False, "column_encoding": {"i": "DELTA_BINARY_PACKED", "l": "DELTA_BINARY_PACKED", "s": "DELTA_LENGTH_BYTE_ARRAY", "u": "DELTA_BYTE_ARRAY", "b": "RLE", "bin": "DELTA_BYTE_ARRAY", "d": "BYTE_STREAM_SPLIT", "f": "BYTE_STREAM_SPLIT"}}]
for form in forms:
    parquet.write_table(theirs, folder + "/theirs.parquet", **form)
    same("pyarrow wrote %s" % form, read("parquet", folder + "/theirs.parquet"), want)
for form in ({"compression": "lz4"}, {"compression": "brotli"}):
    parquet.write_table(theirs, folder + "/theirs.parquet", **form)
    p = subprocess.run([reader, "parquet", folder + "/theirs.parquet"], capture_output=True)
    same("refused by name: %s" % form, [p.returncode, any(w in p.stderr.decode() for w in ("LZ4", "BROTLI"))], [6, True])
if duckdb:
    con = duckdb.connect()
    con.execute("set timezone='UTC'")
    con.register("theirs", theirs)
    for form in ("", ", compression zstd", ", parquet_version v2", ", row_group_size 2048, compression gzip"):
        con.execute("copy theirs to '%s/theirs.parquet' (format parquet%s)" % (folder, form))
        same("duckdb wrote" + form, read("parquet", folder + "/theirs.parquet"), want)

if polars:
    frame = polars.from_arrow(theirs.drop_columns(["map"]))
    for form in ({}, {"compression": "snappy"}, {"compression": "uncompressed", "row_group_size": 700}, {"use_pyarrow": False, "statistics": "full"}):
        frame.write_parquet(folder + "/theirs.parquet", **form)
        same("polars wrote %s" % form, read("parquet", folder + "/theirs.parquet"), [{k: v for k, v in r.items() if k != "map"} for r in want])
    for codec in ("snappy", "zstd", "gzip", "none"):
        same("polars reads " + codec, rows(polars.read_parquet("%s/%s.parquet" % (folder, codec)).to_arrow()), lines("%s/%s.parquet.jsonl" % (folder, codec)))

# A table whose columns are known by their number, as column mapping of mode id has it; the files' own names say nothing.
os.makedirs(folder + "/ids/_delta_log")
numbered = pyarrow.schema([pyarrow.field("x", pyarrow.int64(), metadata={"PARQUET:field_id": "2"}), pyarrow.field("y", pyarrow.string(), metadata={"PARQUET:field_id": "1"})])
parquet.write_table(pyarrow.table([pyarrow.array([7, None]), pyarrow.array(["a", "b"])], schema=numbered), folder + "/ids/a.parquet")
column = lambda name, kind, n: {"name": name, "type": kind, "nullable": True, "metadata": {"delta.columnMapping.id": n, "delta.columnMapping.physicalName": "p%d" % n}}
schema = {"type": "struct", "fields": [column("first", "string", 1), column("second", "long", 2), column("later", "long", 3)]}
with open(folder + "/ids/_delta_log/00000000000000000000.json", "w") as f:
    for action in ({"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}},
                   {"metaData": {"id": "i", "format": {"provider": "parquet", "options": {}}, "schemaString": json.dumps(schema), "partitionColumns": [], "configuration": {"delta.columnMapping.mode": "id"}}},
                   {"add": {"path": "a.parquet", "partitionValues": {}, "size": 1, "modificationTime": 1, "dataChange": True}}):
        f.write(json.dumps(action) + "\n")
same("columns known by their number", read("cat", folder + "/ids"), [{"first": "a", "second": 7, "later": None}, {"first": "b", "second": None, "later": None}])

if deltalake:
    path = folder + "/theirs"
    whole = []
    for i in range(13):
        part = theirs.slice(i * 100, 100)
        deltalake.write_deltalake(path, part, mode="append")
        whole += rows(part)
    same("delta-rs wrote", read("cat", path), whole, False)
    same("delta-rs wrote, version 4", read("cat", path, "4"), whole[:500], False)
    deltalake.DeltaTable(path).create_checkpoint()
    same("delta-rs wrote a checkpoint", read("cat", path), whole, False)
    deltalake.write_deltalake(path, theirs.slice(0, 10), mode="overwrite")
    same("delta-rs overwrote", read("cat", path), rows(theirs.slice(0, 10)), False)
    deltalake.DeltaTable(path).delete("i > -45")
    same("delta-rs deleted", read("cat", path), [r for r in rows(theirs.slice(0, 10)) if not (r["i"] is not None and r["i"] > -45)], False)
    parts = theirs.select(["i", "s", "b", "day", "l", "t"]).slice(0, 60)
    deltalake.write_deltalake(folder + "/parts", parts, partition_by=["s", "b", "day", "t"])
    same("delta-rs wrote partitions", read("cat", folder + "/parts"), rows(parts), False)
    # Both write to one table, in turns.
    mine = deltalake.DeltaTable(folder + "/table")
    before = rows(pyarrow.table(mine.to_pyarrow_table()))
    deltalake.write_deltalake(mine, pyarrow.table(mine.to_pyarrow_table()).slice(0, 5), mode="append")
    same("delta-rs appended to the table made here", read("cat", folder + "/table"), rows(pyarrow.table(deltalake.DeltaTable(folder + "/table").to_pyarrow_table())), False)
    same("  five rows more", [len(read("cat", folder + "/table"))], [len(before) + 5])

print("failures:", failures)
sys.exit(1 if failures else 0)
