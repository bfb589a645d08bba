"""weirbox sql answers as Spark does: the same statements, word for word, over the same cleaned tables."""
import datetime
import decimal
import json
import os
import tempfile

import engines

try:
    from pyspark.sql import SparkSession
except ImportError:
    engines.skip("pyspark is not installed (pip install pyspark)")

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
try:
    spark = (SparkSession.builder.master("local[2]").appName("weirbox-sql").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.shuffle.partitions", "2").config("spark.driver.host", "127.0.0.1").config("spark.sql.ansi.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC").config("spark.driver.memory", "1g").getOrCreate())
except Exception as why:  # no Java
    engines.skip(f"Spark does not start: {why}")
spark.sparkContext.setLogLevel("ERROR")

STATEMENTS = r"""
SELECT category, count(*) AS n, count(follower_count), max(follower_count) FROM pin GROUP BY category ORDER BY category
SELECT year(date_joined) AS y, percentile_approx(follower_count, 0.5), median(follower_count), percentile(follower_count, 0.25) FROM pin JOIN user ON pin.ind = user.ind WHERE year(date_joined) BETWEEN 2015 AND 2020 GROUP BY year(date_joined) ORDER BY y
SELECT CASE WHEN age BETWEEN 18 AND 24 THEN '18-24' WHEN age BETWEEN 25 AND 35 THEN "25-35" WHEN age <= 50 THEN '36-50' ELSE '+50' END AS g, count(*) FROM user GROUP BY 1 ORDER BY g
SELECT country, poster_name, follower_count FROM (SELECT country, poster_name, follower_count, row_number() OVER (PARTITION BY country ORDER BY follower_count DESC, poster_name) AS place FROM pin JOIN geo USING (ind)) t WHERE place = 1 ORDER BY country
SELECT ind, coordinates[0], coordinates[1], element_at(coordinates, 1), element_at(coordinates, -1), size(coordinates), coordinates[0] / 2 FROM geo ORDER BY ind LIMIT 20
SELECT ind, timestamp, month(timestamp), day(timestamp), hour(timestamp), minute(timestamp), second(timestamp), quarter(timestamp), dayofweek(timestamp), dayofyear(timestamp), weekofyear(timestamp), weekday(timestamp) FROM geo ORDER BY ind LIMIT 500
SELECT ind, date_format(timestamp, 'yyyy-MM-dd'), date_format(timestamp, 'EEE d MMM yy HH:mm'), date_format(timestamp, 'EEEE MMMM h a'), to_date(timestamp), unix_timestamp(timestamp), date_trunc('month', timestamp), date_trunc('week', timestamp), trunc(timestamp, 'year') FROM geo ORDER BY ind LIMIT 200
SELECT ind, date_add(timestamp, 30), date_sub(timestamp, 1), add_months(timestamp, 13), last_day(timestamp), datediff(timestamp, '2018-01-01') FROM geo ORDER BY ind LIMIT 200
SELECT to_timestamp('2020-08-28 03:52:47'), to_timestamp('28/08/2020 03:52', 'dd/MM/yyyy HH:mm'), to_date('2020-08-28'), from_unixtime(1598586767), from_unixtime(0, 'yyyy'), make_date(2020, 2, 29)
SELECT EXTRACT(YEAR FROM timestamp) AS y, count(*) FROM geo WHERE timestamp > '2019-06-01 00:00:00' GROUP BY 1 ORDER BY 1
SELECT ind, tag_list, split(tag_list, ',')[0], size(split(tag_list, ',')), split(tag_list, ',') FROM pin WHERE tag_list IS NOT NULL ORDER BY ind LIMIT 50
SELECT regexp_replace('1.2k', 'k', '000'), regexp_replace('a1b22', '[0-9]+', '<$0>'), regexp_extract('abc123', '([a-z]+)(\\d+)', 2), regexp_extract('none', '(x)', 1), 'a.b' RLIKE 'a\\.b', 'axb' RLIKE 'a\\.b'
SELECT title FROM pin WHERE title RLIKE '^[A-M].*s$' AND title NOT LIKE '%a_e%' ORDER BY title, ind LIMIT 40
SELECT concat('a', 'b', 1), concat('a', NULL), concat_ws('-', 'a', NULL, 'b'), concat_ws('/', 2020, 8), lpad('7', 3, '0'), rpad('abc', 5, 'xy'), lpad('abc', 2, 'x')
SELECT upper('abc'), lower('ABC'), initcap('hello wORLD again'), reverse('abc'), repeat('ab', 3), length('café'), char_length('日本'), trim('  a '), ltrim('  a'), rtrim('a  ')
SELECT substring('hello', 2, 3), substr('hello', 3), left('hello', 2), right('hello', 2), instr('hello', 'l'), locate('l', 'hello', 4), substring_index('a.b.c', '.', 2), substring_index('a.b.c', '.', -1), translate('abcba', 'ab', 'x'), replace('aXbX', 'X', '-')
SELECT 'Abc' LIKE 'a%', 'abc' LIKE 'a%', 'abc' LIKE 'a_c', 'a%c' LIKE 'a\\%c', 'Abc' ILIKE 'a%', startswith('abc', 'ab'), endswith('abc', 'bc'), contains('abc', 'x')
SELECT nvl(NULL, 1), nvl2(NULL, 1, 2), coalesce(NULL, NULL, 3), ifnull(NULL, 4), nullif(1, 1), if(1 > 2, 'a', 'b'), isnull(NULL), isnotnull(NULL), greatest(1, NULL, 3), least(3, 2), NULL <=> NULL
SELECT 7 / 2, 8 / 2 / 2, 7 DIV 2, 7 % 3, -7 % 3, pmod(-7, 3), 1 / 0, round(2.345, 2), floor(-1.5), ceil(1.2), abs(-3), sqrt(16), power(2, 10)
SELECT CAST('12' AS INT), CAST(' 12 ' AS INT), CAST('12.9' AS INT), CAST('12abc' AS INT), CAST('2147483648' AS INT), CAST(12.9 AS BIGINT), CAST('1e2' AS DOUBLE), CAST(3 AS STRING), CAST(3.0D AS STRING), CAST('true' AS BOOLEAN), CAST('2020-01-02 03:04:05' AS DATE), CAST('2020-01-02' AS TIMESTAMP), '5'::int + 1
SELECT category, collect_set(is_image_or_video), count(DISTINCT poster_name), count_if(follower_count > 10000), avg(follower_count), mean(follower_count), stddev(follower_count), var_pop(follower_count), min_by(ind, ind), max_by(ind, ind), bool_or(follower_count > 1000000) FROM pin GROUP BY category ORDER BY category
SELECT ind, stddev_pop(age) OVER (ORDER BY ind ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), median(age) OVER (PARTITION BY age), collect_list(age) OVER (ORDER BY ind ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING), first(age) OVER (ORDER BY ind ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), last(age) OVER (ORDER BY ind) FROM user ORDER BY ind LIMIT 100
WITH t AS (SELECT category, year(timestamp) AS post_year, count(*) AS n FROM pin JOIN geo USING (ind) GROUP BY category, year(timestamp)), r AS (SELECT *, rank() OVER (PARTITION BY post_year ORDER BY n DESC) AS place FROM t) SELECT post_year, category, n FROM r WHERE place <= 2 ORDER BY post_year, n DESC, category
SELECT array(1, 2, NULL), array_contains(array('a', 'b'), 'b'), array_join(array('a', NULL, 'b'), '+'), size(array()), split('a1b22c', '[0-9]+'), split('a,b,c', ',', 2), split('abc', '')
SELECT ind FROM pin MINUS SELECT ind FROM geo WHERE ind > 10 ORDER BY ind
""".strip().split("\n")


def cell(v):
    """One form for both sides."""
    if isinstance(v, bool):
        return float(v)
    if isinstance(v, (int, float, decimal.Decimal)):
        return float(f"{float(v):.9g}")
    if isinstance(v, datetime.datetime):
        text = v.strftime("%Y-%m-%d %H:%M:%S")
        return text + (f".{v.microsecond:06d}".rstrip("0") if v.microsecond else "")
    if isinstance(v, datetime.date):
        return v.isoformat()
    if isinstance(v, (list, tuple)):
        return [cell(x) for x in v]
    if isinstance(v, str) and v[:1] == "[":
        return cell(json.loads(v))
    return v


def sets_sorted(sql, rows):
    return [[sorted(c, key=json.dumps) if "collect_set" in sql and isinstance(c, list) else c for c in row] for row in rows]


with tempfile.TemporaryDirectory(prefix="weirbox-sql-") as folder:
    engines.weirbox("run", "--out", folder, "--path", "stream")
    clean = os.path.join(folder, "stream", "clean")
    types = {"pin": "ind LONG, unique_id STRING, title STRING, description STRING, follower_count INT, poster_name STRING, tag_list STRING, is_image_or_video STRING, image_src STRING, save_location STRING, category STRING",
             "geo": "ind LONG, country STRING, coordinates ARRAY<DOUBLE>, timestamp TIMESTAMP", "user": "ind LONG, user_name STRING, age INT, date_joined TIMESTAMP"}
    for table, schema in types.items():
        spark.read.schema(schema).json(os.path.join(clean, f"{table}.jsonl")).createOrReplaceTempView(table)
        spark.sql(f"CACHE TABLE {table}")
    failures = 0
    for sql in STATEMENTS:
        told = json.loads(engines.weirbox("sql", sql, "--from", os.path.join(folder, "stream"), "--format", "json"))
        ours = sets_sorted(sql, [[cell(v) for v in row] for row in told["rows"]])
        theirs = sets_sorted(sql, [[cell(v) for v in row] for row in spark.sql(sql).collect()])
        if ours != theirs:
            failures += 1
            at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
            print(f"DIFFERS {sql}\n  weirbox {len(ours)} rows: {ours[at:at + 1]}\n  spark   {len(theirs)} rows: {theirs[at:at + 1]}")
print(f"{len(STATEMENTS) - failures} of {len(STATEMENTS)} statements: same answers as Spark {spark.version}")
raise SystemExit(1 if failures else 0)
