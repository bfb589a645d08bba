"""The rules as Spark SQL give the rows and answers of the native engine, with ANSI mode off and on."""
import os

import engines

try:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StringType, StructField, StructType
except ImportError:
    engines.skip("pyspark is not installed (pip install pyspark)")

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
try:
    spark = (SparkSession.builder.master("local[2]").appName("weirbox").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.shuffle.partitions", "2").config("spark.driver.host", "127.0.0.1")
             .config("spark.sql.session.timeZone", "America/New_York")
             .config("spark.driver.memory", "1g").getOrCreate())
except Exception as why:  # no Java
    engines.skip(f"Spark does not start: {why}")
spark.sparkContext.setLogLevel("ERROR")


class Engine:
    dialect = "spark"

    def reset(self):
        spark.catalog.clearCache()

    def load(self, table, members, rows, sql):
        schema = StructType([StructField(m, StringType()) for m in members])
        spark.createDataFrame(rows, schema).createOrReplaceTempView(f"raw_{table}")

    def statement(self, sql):
        spark.sql(sql)
        if sql.startswith("CREATE"):
            spark.sql("CACHE TABLE `" + sql.split("`")[1] + "`")

    def rows(self, table, columns):
        cells = [f"unix_micros(`{c}`)" if c in engines.INSTANTS else f"`{c}`" for c in columns]
        rows = [list(row) for row in spark.sql(f"SELECT {', '.join(cells)} FROM `{table}`").collect()]
        instants = [i for i, c in enumerate(columns) if c in engines.INSTANTS]
        for row in rows:
            for i in instants:
                row[i] = engines.instant(row[i])
        return rows

    def answer(self, sql):
        return [list(row) for row in spark.sql(sql).collect()]


engines.compare(Engine())
spark.conf.set("spark.sql.ansi.enabled", "true")
engines.compare(Engine(), ["WilsonRedman"])
