"""What the engine tests share: raw rows, the reader that stands before the SQL, and what the native engine says.

An engine is an object with load(table, members, rows), statement(sql), rows(table) and answer(sql); compare() runs
the generated SQL in it under every profile and compares cleaned rows and answers with weirbox clean and query.
"""
import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile

WEIRBOX = os.environ.get("WEIRBOX_BIN", "weirbox")
SHARED = os.environ.get("WEIRBOX_SHARED_DATA", "")
PROFILES = ["1lekshmi", "WilsonRedman", "aicore-majority", "elishagretton", "javeer89"]
OWN = {  # profiles that are not built in: the other joins, the other year
    "left": {"join": "left", "null_as_string": "None", "top_user_name": "user_name", "top_user_joins": [{"table": "user", "on": "ind", "kind": "left"}]},
    "outer": {"join": "outer", "join_year": "timestamp", "join_year_joins": [{"table": "geo", "on": "ind", "kind": "outer"}]},
}
TABLES = ["pin", "geo", "user"]
EITHER = {"pin": ["index", "ind"], "geo": ["ind", "index"], "user": ["ind", "index"]}
PARTS = {"geo": ("coordinates", ["latitude", "longitude"]), "user": ("user_name", ["first_name", "last_name"])}
INSTANTS = {"timestamp", "date_joined"}


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def weirbox(*arguments):
    done = subprocess.run([WEIRBOX, *arguments], capture_output=True, text=True, errors="surrogateescape")
    if done.returncode:
        raise SystemExit(f"weirbox {' '.join(arguments)}: {done.stderr}{done.stdout}")
    return done.stdout


# ---- raw rows ----

class Nested(str):
    """JSON text of an array or object."""


class Number(str):
    pass


def constant(word):
    raise ValueError(word)


def text_of(value, instant=False):
    """A member as the raw table has it: text, or None."""
    if instant and isinstance(value, dict) and isinstance(value.get("$date"), str) and not isinstance(value["$date"], Number):
        value = value["$date"]
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (list, dict)):
        return None
    if isinstance(value, Number):
        return str(value)
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def json_of(value):
    """An array's JSON text, numbers as written."""
    if isinstance(value, list):
        return "[" + ",".join(json_of(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{}"
    return str(value) if isinstance(value, Number) else json.dumps(value)


def raw_row(table, members, line):
    """The texts of one record, or None when it is refused."""
    try:
        record = json.loads(line, parse_int=Number, parse_float=Number, parse_constant=constant)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    row = {m: text_of(record.get(m), m in INSTANTS) for m in members}
    present = [m for m in EITHER[table] if m in record]
    for m in present[1:]:
        row[m] = None
    needed = [m for m in members if m not in EITHER[table]]
    if table in PARTS:
        whole, parts = PARTS[table]
        if all(p in record for p in parts):
            row[whole] = None
            needed.remove(whole)
        else:
            for p in parts:
                row[p] = None
                needed.remove(p)
            if whole == "coordinates":
                row[whole] = json_of(record.get(whole)) if isinstance(record.get(whole), list) else "null"
    if not present or any(m not in record for m in needed):
        return None
    return tuple(row[m] for m in members)


# ---- data ----

def lines_of_tables():
    """The public tables, as records."""
    folder = os.path.join(SHARED, "tables")
    if not os.path.isdir(folder):
        return None
    out = {}
    with open(os.path.join(folder, "pinterest_data.jsonl"), encoding="utf-8") as f:
        out["pin"] = [line.rstrip("\n") for line in f]
    for table, name in (("geo", "geolocation_data.csv"), ("user", "user_data.csv")):
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as f:
            out[table] = [json.dumps(row) for row in csv.DictReader(f)]
    return out


def lines_of_author():
    folder = os.path.join(SHARED, "published", "elishagretton")
    if not os.path.isdir(folder):
        return None
    return {t: open(os.path.join(folder, f"raw_{t}.jsonl"), encoding="utf-8").read().splitlines() for t in TABLES}


TEXTS = ['""', "null", '"No Title Data Available"', '"No description available Story format"', '"User Info Error"', '"Untitled"',
         '"No description available"', '"N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"', '"Image src error."', '"image src error."', '" "',
         '"Image src error. "', r'"a\"b\\c"', r'"caf\u00e9"', '"café"', r'"\ud83d\ude00"', r'"\ud83d"', '"it\'s"', '"${x}"', "12",
         "1e3", "true", '["a"]', "{}", '"Local save in Local save in /data/x"', '"Local save in "', '"Local save in /data/art"',
         r'"\t"', '"NULL"', r'"a\nb"', '"100%"', '"a_b"', '"ａ"', '"x"', '"y"', '"z"']
COUNTS = ['"User Info Error"', '""', '"1.2k"', '"2147483k"', '"2147484k"', '"2147483648"', '"2147483647"', '"9999999999"',
          '"99999999999"', '"9999999999M"', r'"\uff11\uff12"', '" 7"', '"7 "', '"00012"', '"0000000012"', '"00000000012"', "null",
          '"k"', '"12K"', '"12kk"', r'"12\n"', r'"12k\n"', '"+5"', '"-5"', '"5e3"', "12", "12.0", "-0", "true", "[1]", '"3M"',
          '"999k"', '"1_0"', '"0x10"', '"12abc"', r'"\u0661"'] + [f'"{n}"' for n in range(30)] + [f'"{n}k"' for n in range(1, 30)]
AGES = ["17", "18", "24", "25", "35", "36", "50", "51", '"30"', "30.0", "30.5", "3e1", '"3e1"', '" 30"', '"30 "', '"+30"', '"abc"',
        "null", '"12abc"', "2147483647", "2147483648", "-2147483648", "-2147483649", "1e400", "-1", '""', "true", "[]", '"30."',
        '".5"', '"5e-1"', '"1e0"', '"nan"', '"inf"', '"Infinity"', '"0x1e"', '"-"', '"--1"', '"1e"', '"0030"', r'"30\n"',
        '"30d"', '"30L"', '"1_0"', '"３０"', '"9007199254740993.0"', '"1e-400"'] + [str(n) for n in range(18, 60)]
INSTANT_TEXTS = ["2020-02-30 00:00:00", "2020-02-29 00:00:00", "2019-02-29 00:00:00", "1900-02-29T00:00:00", "2000-02-29T23:59:59",
                 "2018-01-01 00:00:00", "2017-12-31T23:59:59", "2022-12-31T23:59:59.999999", "2023-01-01T00:00:00+00:01",
                 "2018-01-01T00:30:00+01", "2015-01-01T00:00:00Z", "2014-12-31T23:00:00-0130", "2020-13-01 00:00:00",
                 "2020-04-31 00:00:00", "2020-00-10 00:00:00", "2020-01-00 00:00:00", "2020-01-01 24:00:00", "2020-01-01 23:60:00",
                 "2020-01-01 23:59:60", "2020-1-1 00:00:00", "2020-01-01", " 2020-01-01 00:00:00", "2020-01-01 00:00:00 ",
                 "2020-01-01 00:00:00\\n", "2020-01-01 00:00:00.", "2020-01-01 00:00:00.1", "2020-01-01 00:00:00.123456789",
                 "2020-01-01 00:00:00.1234567890", "2020-01-01 00:00:00+18:59", "2020-01-01 00:00:00+19:00",
                 "2020-01-01 00:00:00-18:00", "2020-01-01 00:00:00+1", "2020-01-01 00:00:00+01:", "2020-01-01 00:00:00z", "",
                 "0001-01-01 00:00:00", "0000-01-01 00:00:00", "9999-12-31 23:59:59", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-18:00", "1969-12-31T23:59:59.5", "1582-10-10 00:00:00",
                 "２020-01-01 00:00:00", "2020-01-01t00:00:00", "now", "epoch", "2020-03-29T02:30:00", "infinity"]
INSTANTS_JSON = [f'"{t}"' for t in INSTANT_TEXTS] + ["null", "0", "1598586767", '{"$date":"2016-05-05T05:05:05Z"}', '{"$date":5}'] + \
    [f'"{y}-07-01 12:00:00"' for y in range(2013, 2024) for _ in range(3)]
NUMBERS = ["-89.9787", '"-173.293"', "0", "-0.0", "1e308", "1e309", '"abc"', "null", '""', '" 1"', "5", '"1."', "[1]", "true", "0.1",
           "1e-320", "123456789012345678", '"nan"', '"1d"', '"1f"', '"0x1p3"', r'"1\n"', '".5"', '"-.5e1"']
CATEGORIES = ['"art"', '"beauty"', '"Art"', '""', "null", '"café"', '"zz"']
KEYS = ['"7"', "7.0", '"7 "', "null", '""', "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e3", "true"] + \
    [str(n) for n in range(60)]
MEMBERS = {"pin": {"index": KEYS, "unique_id": TEXTS, "title": TEXTS, "description": TEXTS, "poster_name": TEXTS,
                   "follower_count": COUNTS, "tag_list": TEXTS, "is_image_or_video": CATEGORIES, "image_src": TEXTS,
                   "downloaded": NUMBERS, "save_location": TEXTS, "category": CATEGORIES},
           "geo": {"ind": KEYS, "timestamp": INSTANTS_JSON, "latitude": NUMBERS, "longitude": NUMBERS, "country": CATEGORIES},
           "user": {"ind": KEYS, "first_name": TEXTS, "last_name": TEXTS, "age": AGES, "date_joined": INSTANTS_JSON}}
WHOLE = ['"coordinates":[1,"2.5"]', '"coordinates":[1,2,3]', '"coordinates":[null,"x"]', '"coordinates":[]', '"coordinates":null',
         '"coordinates":7']


def lines_adversarial(rows=900, seed=100):
    chance = random.Random(seed)
    out = {}
    for table in TABLES:
        lines = out[table] = []
        for _ in range(rows):
            if lines and chance.random() < 0.1:
                lines.append(chance.choice(lines))
                continue
            members = [f'"{m}":{chance.choice(values)}' for m, values in MEMBERS[table].items() if chance.random() > 0.01]
            if chance.random() < 0.05:
                members += ['"ind":4', '"user_name":"whole"', chance.choice(WHOLE)]
            lines.append("{" + ",".join(members) + "}")
    return out


# ---- both sides ----

def instant(us):
    """As the native writer prints microseconds since 1970."""
    if us is None:
        return None
    days, rest = divmod(us, 86400 * 10**6)
    era, doe = divmod(days + 719468, 146097)
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    month = mp + 3 if mp < 10 else mp - 9
    seconds, us = divmod(rest, 10**6)
    fraction = f".{us:06d}".rstrip("0") if us else ""
    return (f"{yoe + era * 400 + (month <= 2):04d}-{month:02d}-{doy - (153 * mp + 2) // 5 + 1:02d}T"
            f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}Z")


def key(row):
    return json.dumps(row, sort_keys=True)


def difference(ours, theirs):
    missing, extra = sorted(map(key, ours)), sorted(map(key, theirs))
    for a, b in zip(missing, extra):
        if a != b:
            return f"native {a}\nengine {b}"
    return f"native {len(ours)} rows, engine {len(theirs)}"


def statements(script):
    """(name of the query or None, statement)"""
    for block in script.split(";\n\n"):
        name = re.search(r"^-- (\w+):", block, re.M)
        body = "\n".join(line for line in block.split("\n") if not line.startswith("-- ")).strip()
        if body:
            yield (name.group(1) if body.startswith("WITH") else None), body


def native_rows(folder, profile, table):
    rows = []
    with open(os.path.join(folder, "clean", f"{table}.jsonl"), encoding="utf-8") as f:
        for line in f:
            rows.append(list(json.loads(line).values()))
    return rows


def columns_of(folder, table):
    with open(os.path.join(folder, "clean", f"{table}.jsonl"), encoding="utf-8") as f:
        return list(json.loads(f.readline()).keys())


def same(ours, theirs):
    """Same rows in any order; 1 and 1.0 are one number, and so are 0 and -0."""
    return sorted(map(key, plain(ours))) == sorted(map(key, plain(theirs)))


def plain(rows):
    def cell(v):
        if isinstance(v, bool):
            return v
        if isinstance(v, (list, tuple)):
            return [x if x is None else x + 0.0 for x in v]
        return v + 0.0 if isinstance(v, (int, float)) and abs(v) < 2**53 else v
    return [[cell(v) for v in row] for row in rows]


def compare_profile(engine, name, lines, folder, profile):
    out = os.path.join(folder, "out-" + profile)
    rules = ["--rules", os.path.join(folder, "rules"), "--profile", profile]
    weirbox("clean", folder, *rules, "--out", out)
    engine.reset()
    for query, sql in statements(weirbox("rules", "sql", "--dialect", engine.dialect, *rules)):
        raw = re.match(r"CREATE .*?raw_(\w+) \(", sql)
        if raw:
            table = raw.group(1)
            members = re.findall(r'["`](\w+)["`] (?:VARCHAR|STRING|TEXT)', sql)
            rows = [r for r in (raw_row(table, members, line) for line in lines[table]) if r]
            engine.load(table, members, rows, sql)
        elif query is None:
            engine.statement(sql)
            made = re.match(r'CREATE .*?["`](\w+)["`] AS', sql)
            if made:
                table = made.group(1)
                ours, theirs = native_rows(out, profile, table), engine.rows(table, columns_of(out, table))
                if not same(ours, theirs):
                    raise SystemExit(f"{name}, {profile}, cleaned {table}: {difference(plain(ours), plain(theirs))}")
        else:
            told = json.loads(weirbox("query", query, "--from", folder, *rules, "--format", "json"))
            theirs = engine.answer(sql)
            if plain(told["rows"]) != plain(theirs):
                raise SystemExit(f"{name}, {profile}, {query}: {difference(plain(told['rows']), plain(theirs))}")


def compare(engine, profiles=PROFILES, rows=900):
    data = {"public tables": lines_of_tables(), "published rows": lines_of_author(), "adversarial rows": lines_adversarial(rows)}
    for name, lines in data.items():
        if not lines:
            print(name, "are not present")
            continue
        with tempfile.TemporaryDirectory(prefix="weirbox-engines-") as folder:
            for table in TABLES:
                with open(os.path.join(folder, f"{table}.jsonl"), "w", encoding="utf-8") as f:
                    f.write("".join(line + "\n" for line in lines[table]))
            os.makedirs(os.path.join(folder, "rules", "profiles"))
            for profile, switches in OWN.items():
                with open(os.path.join(folder, "rules", "profiles", profile + ".json"), "w", encoding="utf-8") as f:
                    json.dump({"profile": profile, "switches": switches}, f)
            for profile in [*profiles, *OWN]:
                compare_profile(engine, name, lines, folder, profile)
                print(f"{engine.dialect}: {name} under {profile}: same rows, same answers", flush=True)
