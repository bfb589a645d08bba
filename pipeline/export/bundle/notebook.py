# Databricks notebook source
# MAGIC %md
# MAGIC # Cleaning rules and questions, profile @PROFILE@
# MAGIC Written by `weirbox export databricks`. Set the widgets and run all: cleaned tables and answers come out, and the last cell compares them with the
# MAGIC expected ones (of the rows in `sample/`: upload that folder and give its place as `input`).

# COMMAND ----------

WIDGETS = {
    "input": "folder with pin.jsonl, geo.jsonl, user.jsonl", "objects": "where the S3 sink's topics/ are: s3://BUCKET or /mnt/NAME",
    "stream": "kinesis: append what is new in the streams", "stream_option": "NAME=VALUE of that source, separated by blanks", "user_id": "in the names of topics, streams and tables",
    "output": "folder of answers and tables", "schema": "write the tables there by saveAsTable", "format": "delta, parquet or none", "check": "yes: compare with the expected answers",
}
for name, label in WIDGETS.items():
    dbutils.widgets.text(name, {"format": "delta", "check": "yes"}.get(name, ""), f"{name}: {label}")

# COMMAND ----------

@JOB@
# COMMAND ----------

@CHECK@
# COMMAND ----------

RULES = json.loads(r"""@RULES@""")
EXPECTED = json.loads(r"""@EXPECTED@""")

# COMMAND ----------

argv = []
for name in WIDGETS:
    value = dbutils.widgets.get(name)
    for one in value.split() if name == "stream_option" else [value]:
        argv += ["--" + name.replace("_", "-"), one] if one and name != "check" else []
given = arguments(argv)
answers, profiles = (stream(spark, RULES, given), None) if given.stream else run(spark, RULES, given)

# COMMAND ----------

if answers and dbutils.widgets.get("check") == "yes":
    differences = compare(EXPECTED, {**answers, "tables": profiles})
    if differences:
        raise AssertionError("\n".join(differences[:50]))
    print(f"{len(EXPECTED)} answers and profiles, no difference")
