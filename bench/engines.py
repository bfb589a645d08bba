"""engines.py ENGINE DIR ANSWERS - pin.jsonl, geo.jsonl and user.jsonl of DIR loaded, cleaned and asked by one engine.

Prints "measure<TAB>milliseconds" lines (wall, then CPU) and "rss<TAB>KiB"; writes the answers to the file ANSWERS, one JSON line a row, for
bench/engines.sh to compare. The rules are those of pipeline/rules, in the words in which each engine is fastest: columns typed
by the reader where it can, windows for top ones. Two threads, or as many as THREADS says; SQLite has one.
"""
import json
import os
import resource
import sys
import time

THREADS = int(os.environ.get("THREADS", "2"))
MARKERS = {
    "unique_id": [""],
    "title": ["No Title Data Available", ""],
    "description": ["No description available Story format", ""],
    "poster_name": ["User Info Error", ""],
    "tag_list": ["N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e", ""],
    "is_image_or_video": [""],
    "image_src": ["Image src error.", ""],
    "category": [""],
}
PIN = ["index", "unique_id", "title", "description", "poster_name", "follower_count", "tag_list", "is_image_or_video",
       "image_src", "downloaded", "save_location", "category"]
AGES = [("18-24", 18, 24), ("25-35", 25, 35), ("36-50", 36, 50), ("+50", 51, 1000)]
AGE_GROUP = "CASE " + " ".join(f"WHEN age BETWEEN {a} AND {b} THEN '{name}'" for name, a, b in AGES) + " END"
PIN_GEO, PIN_USER = "pin JOIN geo ON pin.ind = geo.ind", 'pin JOIN "user" ON pin.ind = "user".ind'
PIN_GEO_USER = "pin JOIN geo ON pin.ind = geo.ind JOIN \"user\" ON pin.ind = \"user\".ind"


def top(keys, per, by, source):
    """The rows of source whose `by` is greatest for each `per`; among equals the one with the smallest keys."""
    return (f"SELECT {keys}, {by} FROM (SELECT *, row_number() OVER ({'PARTITION BY ' + per if per else ''} "
            f"ORDER BY {by} DESC, {keys}) AS place FROM ({source}) AS g) AS r WHERE place = 1 ORDER BY {keys}")


def questions(median, year):
    """name -> SQL; median(keys, rows) and year(column) are the dialect's."""
    joined = f"{year('date_joined')} BETWEEN 2015 AND 2020"
    return {
        "popular_category_by_country": top("country, category", "country", "category_count",
            f"SELECT country, category, count(category) AS category_count FROM {PIN_GEO} GROUP BY country, category"),
        "posts_by_category_and_year": f"SELECT {year('timestamp')} AS post_year, category, count(category) FROM {PIN_GEO} "
            f"WHERE {year('timestamp')} BETWEEN 2018 AND 2022 GROUP BY 1, 2 ORDER BY 1, 2",
        "top_user_by_country": top("country, poster_name", "country", "follower_count",
            f"SELECT country, poster_name, max(follower_count) AS follower_count FROM {PIN_GEO} "
            "WHERE poster_name IS NOT NULL AND follower_count IS NOT NULL GROUP BY country, poster_name"),
        "country_with_top_user": top("country", "", "follower_count",
            f"SELECT country, max(follower_count) AS follower_count FROM {PIN_GEO} GROUP BY country"),
        "popular_category_by_age_group": top("age_group, category", "age_group", "category_count",
            f"SELECT {AGE_GROUP} AS age_group, category, count(category) AS category_count FROM {PIN_USER} "
            f"WHERE {AGE_GROUP} IS NOT NULL GROUP BY 1, 2"),
        "median_followers_by_age_group": median("age_group",
            f"SELECT {AGE_GROUP} AS age_group, follower_count AS v FROM {PIN_USER} WHERE {AGE_GROUP} IS NOT NULL"),
        "users_joined_by_year": f"SELECT {year('date_joined')} AS post_year, count(*) FROM \"user\" WHERE {joined} GROUP BY 1 ORDER BY 1",
        "median_followers_by_join_year": median("post_year",
            f"SELECT {year('date_joined')} AS post_year, follower_count AS v FROM {PIN_USER} WHERE {joined}"),
        "median_followers_by_join_year_and_age_group": median("age_group, post_year",
            f"SELECT {AGE_GROUP} AS age_group, {year('date_joined')} AS post_year, follower_count AS v FROM {PIN_USER} "
            f"WHERE {joined} AND {AGE_GROUP} IS NOT NULL"),
    }


def marked(column, source=None):
    texts = ", ".join(f"'{m}'" for m in MARKERS[column])
    return f"CASE WHEN {source or column} NOT IN ({texts}) THEN {source or column} END AS {column}"


class Duckdb:
    def __init__(self, folder):
        import duckdb
        self.db, self.folder = duckdb.connect(config={"threads": THREADS}), folder
        self.db.execute("SET preserve_insertion_order = false")

    def read(self, table, columns):
        columns = ", ".join(f"'{c}': '{t}'" for c, t in columns.items())
        return f"read_json('{self.folder}/{table}.jsonl', format = 'newline_delimited', columns = {{{columns}}})"

    def load(self):
        pin = {c: "BIGINT" if c == "index" else "VARCHAR" for c in PIN if c != "downloaded"}
        self.db.execute(f"""CREATE TABLE pin AS SELECT "index" AS ind, {', '.join(marked(c) for c in MARKERS)},
            CASE WHEN suffix(follower_count, 'k') THEN TRY_CAST(TRY_CAST(follower_count[:-2] AS BIGINT) * 1000 AS INTEGER)
                 WHEN suffix(follower_count, 'M') THEN TRY_CAST(TRY_CAST(follower_count[:-2] AS BIGINT) * 1000000 AS INTEGER)
                 ELSE TRY_CAST(follower_count AS INTEGER) END AS follower_count,
            CASE WHEN prefix(save_location, 'Local save in ') THEN save_location[15:] ELSE save_location END AS save_location
            FROM {self.read('pin', pin)}""")
        geo = {"ind": "BIGINT", "timestamp": "TIMESTAMP", "latitude": "DOUBLE", "longitude": "DOUBLE", "country": "VARCHAR"}
        self.db.execute(f"CREATE TABLE geo AS SELECT ind, country, [latitude, longitude] AS coordinates, timestamp FROM {self.read('geo', geo)}")
        user = {"ind": "BIGINT", "first_name": "VARCHAR", "last_name": "VARCHAR", "age": "INTEGER", "date_joined": "TIMESTAMP"}
        self.db.execute(f"""CREATE TABLE "user" AS SELECT ind, first_name || ' ' || last_name AS user_name, age, date_joined
            FROM {self.read('user', user)}""")

    def questions(self):
        def median(keys, rows):
            return f"SELECT {keys}, quantile_disc(v, 0.5) FROM ({rows}) GROUP BY {keys}"
        return {name: lambda sql=sql: self.db.execute(sql).fetchall()
                for name, sql in questions(median, lambda c: f"year({c})").items()}


class Sqlite:
    """In memory; the lines are put in as they are and taken apart by json_extract, SQLite's own reader."""
    def __init__(self, folder):
        import sqlite3
        self.db, self.folder = sqlite3.connect(":memory:"), folder
        self.db.execute("PRAGMA temp_store = MEMORY")

    def raw(self, table):
        self.db.execute(f"CREATE TABLE raw_{table} (line TEXT)")
        with open(f"{self.folder}/{table}.jsonl", encoding="utf-8", newline="\n") as f:
            self.db.executemany(f"INSERT INTO raw_{table} VALUES (?)", ((line,) for line in f))

    def load(self):
        def get(c):
            return f"(line ->> '$.{c}')"
        for table in ("pin", "geo", "user"):
            self.raw(table)
        plain = "follower_count <> '' AND follower_count NOT GLOB '*[^0-9]*'"
        many = "CASE WHEN substr(follower_count, 1, length(follower_count) - 1) NOT GLOB '*[^0-9]*' THEN CAST(follower_count AS INTEGER) * %d END"
        self.db.execute(f"""CREATE TABLE pin AS SELECT CAST(ind AS INTEGER) AS ind, {', '.join(marked(c) for c in MARKERS)},
            CASE WHEN {plain} THEN CAST(follower_count AS INTEGER) WHEN follower_count GLOB '*k' THEN {many % 1000}
                 WHEN follower_count GLOB '*M' THEN {many % 1000000} END AS follower_count,
            CASE WHEN substr(save_location, 1, 14) = 'Local save in ' THEN substr(save_location, 15) ELSE save_location END AS save_location
            FROM (SELECT {get('index')} AS ind, {', '.join(get(c) + ' AS ' + c for c in PIN if c not in ('index', 'downloaded'))} FROM raw_pin)""")
        self.db.execute(f"""CREATE TABLE geo AS SELECT {get('ind')} AS ind, {get('country')} AS country, {get('latitude')} AS latitude,
            {get('longitude')} AS longitude, unixepoch({get('timestamp')}) AS timestamp FROM raw_geo""")
        self.db.execute(f"""CREATE TABLE "user" AS SELECT {get('ind')} AS ind, {get('first_name')} || ' ' || {get('last_name')} AS user_name,
            {get('age')} AS age, unixepoch({get('date_joined')}) AS date_joined FROM raw_user""")
        for table in ("pin", "geo", "user"):
            self.db.execute(f"DROP TABLE raw_{table}")
            self.db.execute(f'CREATE INDEX {table}_ind ON "{table}" (ind)')

    def questions(self):
        def median(keys, rows):
            return (f"SELECT {keys}, v FROM (SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY v) AS place, "
                    f"count(*) OVER (PARTITION BY {keys}) AS n FROM ({rows}) WHERE v IS NOT NULL) WHERE place = (n + 1) / 2")
        return {name: lambda sql=sql: self.db.execute(sql).fetchall()
                for name, sql in questions(median, lambda c: f"CAST(strftime('%Y', {c}, 'unixepoch') AS INTEGER)").items()}


class Polars:
    def __init__(self, folder):
        os.environ["POLARS_MAX_THREADS"] = str(THREADS)
        import polars
        self.pl, self.folder = polars, folder

    def scan(self, table, schema):
        return self.pl.scan_ndjson(f"{self.folder}/{table}.jsonl", schema=schema)

    def load(self):
        pl, col = self.pl, self.pl.col
        followers, digits = col("follower_count"), r"^[0-9]+$"

        def number(suffix, factor):
            cut = followers.str.strip_suffix(suffix) if suffix else followers
            return (cut.str.to_integer(strict=False, dtype=pl.Int64) * factor).cast(pl.Int32, strict=False)
        pin = self.scan("pin", {c: pl.Int64 if c in ("index", "downloaded") else pl.String for c in PIN}).select(
            col("index").alias("ind"),
            *[pl.when(~col(c).is_in(texts)).then(col(c)).alias(c) for c, texts in MARKERS.items()],
            pl.when(followers.str.ends_with("k")).then(number("k", 1000)).when(followers.str.ends_with("M"))
            .then(number("M", 1000000)).otherwise(number("", 1)).alias("follower_count"),
            col("save_location").str.strip_prefix("Local save in "))
        geo = self.scan("geo", {"ind": pl.Int64, "timestamp": pl.String, "latitude": pl.Float64, "longitude": pl.Float64,
                                "country": pl.String}).select(
            "ind", "country", pl.concat_list("latitude", "longitude").alias("coordinates"),
            col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False))
        user = self.scan("user", {"ind": pl.Int64, "first_name": pl.String, "last_name": pl.String, "age": pl.Int32,
                                  "date_joined": pl.String}).select(
            "ind", pl.concat_str("first_name", "last_name", separator=" ").alias("user_name"), "age",
            col("date_joined").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False))
        self.pin, self.geo, self.user = pin.collect(), geo.collect(), user.collect()

    def questions(self):
        pl, col = self.pl, self.pl.col
        ages = pl.when(False).then(pl.lit(None, dtype=pl.String))
        for name, low, high in AGES:
            ages = ages.when(col("age").is_between(low, high)).then(pl.lit(name))
        ages = ages.otherwise(None).alias("age_group")
        pin, geo, user = self.pin.lazy(), self.geo.lazy(), self.user.lazy()
        pin_geo = pin.join(geo, on="ind")
        pin_user = pin.join(user, on="ind").with_columns(ages, col("date_joined").dt.year().alias("post_year"))
        aged = pin_user.filter(col("age_group").is_not_null())
        joined = col("post_year").is_between(2015, 2020)

        def top_of(rows, keys, per, by):
            ordered = rows.sort([by, *keys], descending=[True] + [False] * len(keys), nulls_last=True)
            return ordered.group_by(per, maintain_order=True).first().select(*keys, by) if per else ordered.head(1).select(*keys, by)

        def median(rows, keys):
            return rows.group_by(keys).agg(col("follower_count").drop_nulls().sort().get((col("follower_count").count() + 1) // 2 - 1, null_on_oob=True))
        count = col("category").count().alias("category_count")
        plans = {
            "popular_category_by_country": top_of(pin_geo.group_by("country", "category").agg(count), ["country", "category"], ["country"], "category_count"),
            "posts_by_category_and_year": pin_geo.with_columns(col("timestamp").dt.year().alias("post_year"))
                .filter(col("post_year").is_between(2018, 2022)).group_by("post_year", "category").agg(count),
            "top_user_by_country": top_of(pin_geo.filter(col("poster_name").is_not_null() & col("follower_count").is_not_null())
                .group_by("country", "poster_name").agg(col("follower_count").max()), ["country", "poster_name"], ["country"], "follower_count"),
            "country_with_top_user": top_of(pin_geo.group_by("country").agg(col("follower_count").max()), ["country"], [], "follower_count"),
            "popular_category_by_age_group": top_of(aged.group_by("age_group", "category").agg(count), ["age_group", "category"], ["age_group"], "category_count"),
            "median_followers_by_age_group": median(aged, ["age_group"]),
            "users_joined_by_year": user.with_columns(col("date_joined").dt.year().alias("post_year")).filter(joined).group_by("post_year").agg(pl.len()),
            "median_followers_by_join_year": median(pin_user.filter(joined), ["post_year"]),
            "median_followers_by_join_year_and_age_group": median(aged.filter(joined), ["age_group", "post_year"]),
        }
        return {name: lambda plan=plan: plan.collect().rows() for name, plan in plans.items()}


def watch(measure, do):
    wall, cpu = time.perf_counter(), time.process_time()
    result = do()
    print(f"{measure}\t{(time.perf_counter() - wall) * 1e3:.1f}\t{(time.process_time() - cpu) * 1e3:.1f}")
    return result


def main(engine, folder, answers):
    try:
        e = {"duckdb": Duckdb, "polars": Polars, "sqlite": Sqlite}[engine](folder)
    except ImportError:
        sys.exit(77)
    watch("load and clean", e.load)
    with open(answers, "w", encoding="utf-8") as out:
        for name, ask in e.questions().items():
            rows = watch(name, ask)
            for row in rows:
                out.write(json.dumps([name, *row], ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"rss\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")


main(*sys.argv[1:])
