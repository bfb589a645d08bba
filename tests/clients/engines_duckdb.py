"""The rules as DuckDB SQL give the rows and answers of the native engine."""
import engines

try:
    import duckdb
except ImportError:
    engines.skip("duckdb is not installed (pip install duckdb)")


class Engine:
    dialect = "duckdb"

    def reset(self):
        self.db = duckdb.connect()

    def load(self, table, members, rows, sql):
        self.db.execute(sql)
        step = 200
        one = "(" + ",".join("?" * len(members)) + ")"
        for i in range(0, len(rows), step):
            some = rows[i:i + step]
            self.db.execute(f"INSERT INTO raw_{table} VALUES " + ",".join([one] * len(some)), [v for row in some for v in row])

    def statement(self, sql):
        self.db.execute(sql)

    def rows(self, table, columns):
        cells = [f'epoch_us("{c}")' if c in engines.INSTANTS else f'"{c}"' for c in columns]
        rows = self.db.execute(f'SELECT {", ".join(cells)} FROM "{table}"').fetchall()
        instants = [i for i, c in enumerate(columns) if c in engines.INSTANTS]
        rows = [list(row) for row in rows]
        for row in rows:
            for i in instants:
                row[i] = engines.instant(row[i])
        return rows

    def answer(self, sql):
        return [list(row) for row in self.db.execute(sql).fetchall()]


engines.compare(Engine())
