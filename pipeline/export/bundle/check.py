"""A cluster's answers against the expected ones, cell by cell.

    python check.py out/answers [--expected expected] [--tolerance 1e-9]

ANSWERS holds <question>.json and tables.json as job.py writes them (a folder of part-* files of that name counts as the file). Exit status 0:
all equal. 1: what differs was named. 2: usage.
"""
import argparse
import glob
import json
import os


def load(path):
    if os.path.isdir(path):
        path = sorted(glob.glob(os.path.join(path, "part-*")))[0]
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def same(want, got, tolerance):
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (want, got))
    if numbers and (isinstance(want, float) or isinstance(got, float)):
        return abs(want - got) <= tolerance * max(1.0, abs(want))
    return want == got and type(want) is type(got)


def compare_answer(want, got, tolerance):
    """What differs, in words."""
    if want["columns"] != got["columns"]:
        yield f"columns: expected {want['columns']}, got {got['columns']}"
        return
    if len(want["rows"]) != len(got["rows"]):
        yield f"expected {len(want['rows'])} rows, got {len(got['rows'])}"
    for n, (a, b) in enumerate(zip(want["rows"], got["rows"]), 1):
        for column, x, y in zip(want["columns"], a, b):
            if not same(x, y, tolerance):
                yield f"row {n} ({', '.join(map(str, a))}), column {column}: expected {x!r}, got {y!r}"


def compare_tables(want, got):
    for table, expected in want.items():
        found = got.get(table, {})
        for what in ("rows", "refused"):
            if found.get(what) != expected[what]:
                yield f"table {table}: expected {expected[what]} {what}, got {found.get(what)}"
        for column, nulls in expected["nulls"].items():
            if found.get("nulls", {}).get(column) != nulls:
                yield f"table {table}, column {column}: expected {nulls} nulls, got {found.get('nulls', {}).get(column)}"


def compare(expected, answers, tolerance=1e-9):
    """Both: {"tables": …, question: answer}; a list of texts, empty when all is equal."""
    differences = []
    for name, want in expected.items():
        got = answers.get(name)
        if got is None:
            differences.append(f"{name}: no answer")
        elif name == "tables":
            differences += compare_tables(want, got)
        else:
            differences += [f"{name}: {text}" for text in compare_answer(want, got, tolerance)]
    return differences


# ---- command line ----

def load_all(folder):
    names = [os.path.splitext(n)[0] for n in sorted(os.listdir(folder)) if n.endswith(".json")]
    return {n: load(os.path.join(folder, n + ".json")) for n in names}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("answers")
    parser.add_argument("--expected", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected"))
    parser.add_argument("--tolerance", type=float, default=1e-9, help="of numbers with a fraction, relative")
    given = parser.parse_args()
    expected_all = load_all(given.expected)
    found = compare(expected_all, load_all(given.answers), given.tolerance)
    for line in found[:50]:
        print(line)
    print(f"{len(expected_all)} files compared, {len(found)} differences")
    raise SystemExit(1 if found else 0)
