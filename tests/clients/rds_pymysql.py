# PyMySQL against MYSQL_HOST:MYSQL_TCP_PORT: types and values of rows, errors, transactions, text of every kind.
import datetime, os, pymysql, pymysql.cursors

where = dict(host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]), user="project_user", password="any", charset="utf8mb4")


def connect(**more):
    return pymysql.connect(**{**where, "database": "pinterest_data", **more})


def expect(got, want):
    assert got == want, "got %r, want %r" % (got, want)


def ask(c, sql, *args):
    with c.cursor() as cur:
        cur.execute(sql, *args)
        return cur.fetchall()


def error(c, sql):
    try:
        ask(c, sql)
    except pymysql.Error as e:
        return e.args
    return "no error"


c = connect()
with c.cursor(pymysql.cursors.DictCursor) as cur:
    cur.execute("SELECT * FROM geolocation_data LIMIT 7528, 1")
    geo = cur.fetchone()
    cur.execute("SELECT * FROM user_data LIMIT 7528, 1")
    user = cur.fetchone()
    cur.execute("SELECT * FROM pinterest_data LIMIT 7528, 1")
    pin = cur.fetchone()
expect(list(geo), ["ind", "timestamp", "latitude", "longitude", "country"])
expect(list(user), ["ind", "first_name", "last_name", "age", "date_joined"])
expect([type(v) for v in geo.values()], [int, datetime.datetime, float, float, str])
expect([type(v) for v in user.values()], [int, str, str, int, datetime.datetime])
expect((geo["ind"], user["ind"], pin["index"], type(pin["downloaded"])), (7528, 7528, 7528, int))
for v in (geo["latitude"], geo["longitude"]):
    expect(v, float("%.6g" % v))

# every way to write the page, the last row, and none behind it
for sql in ("LIMIT 11153, 1", "LIMIT 1 OFFSET 11153", "limit 11153,1;"):
    expect(ask(c, "SELECT ind FROM user_data " + sql), ((11153,),))
    expect(ask(c, "select * FROM user_data " + sql)[0][0], 11153)
expect(ask(c, "SELECT * FROM user_data LIMIT 11154, 1"), ())
expect([r[0] for r in ask(c, "SELECT * FROM user_data LIMIT 100, 3")], [100, 101, 102])

# types of expressions
row = ask(c, "SELECT MAX(timestamp), COUNT(*), AVG(latitude), MIN(country), NULL, 1 + 1, 5 / 2, 7 DIV 2, 'a' 'b', \"x\\'y\" FROM geolocation_data")[0]
expect([type(v) for v in row], [datetime.datetime, int, float, str, type(None), int, float, int, str, str])
expect(row[5:], (2, 2.5, 3, "ab", "x'y"))
expect(ask(c, "SELECT CAST('12' AS SIGNED), CONVERT(3, CHAR), CONCAT('a', 1, 'b'), LEFT('häßlich', 3), IF(1 < 2, 'yes', 'no'), 1 && 0, 1 || 0"),
       ((12, "3", "a1b", "häß", "yes", 0, 1),))
expect(ask(c, "SELECT COUNT(*) FROM pinterest_data WHERE category = 'ART'"), ask(c, "SELECT COUNT(*) FROM pinterest_data WHERE category = 'art'"))
expect(ask(c, "SELECT COUNT(*) FROM pinterest_data WHERE BINARY category = 'ART'"), ((0,),))
expect(ask(c, "SELECT DATE_FORMAT('2020-08-28 03:52:47', '%Y/%m/%d %H'), DATE_ADD('2020-01-31', INTERVAL 1 MONTH), YEAR('2020-08-28')"),
       (("2020/08/28 03", "2020-02-29", 2020),))

# errors
expect(error(c, "SELECT * FROM nosuch"), (1146, "Table 'pinterest_data.nosuch' doesn't exist"))
expect(error(c, "SELECT nosuch FROM user_data"), (1054, "Unknown column 'nosuch' in 'field list'"))
expect(error(c, "SELECT 1 FROM user_data WHERE nosuch = 1"), (1054, "Unknown column 'nosuch' in 'where clause'"))
expect(error(c, "SELEKT 1")[0], 1064)
expect("near 'FORM user_data' at line 2" in error(c, "SELECT *\nFORM user_data")[1], True)
expect(error(c, "SELECT @@nosuch"), (1193, "Unknown system variable 'nosuch'"))
expect(error(c, "SET nosuch = 1"), (1193, "Unknown system variable 'nosuch'"))
expect(error(c, "SELECT * FROM nodatabase.t"), (1049, "Unknown database 'nodatabase'"))
expect(error(c, "")[0], 1065)
expect(error(c, "PRAGMA user_version")[0], 1064)
expect(error(c, "ATTACH 'x' AS y")[0], 1064)
expect(error(connect(database=None), "SELECT * FROM user_data"), (1046, "No database selected"))
expect(ask(connect(database=None), "SELECT COUNT(*) FROM pinterest_data.user_data"), ((11154,),))
expect(ask(connect(database="my_own_name"), "SELECT COUNT(*), DATABASE() FROM my_own_name.user_data"), ((11154, "my_own_name"),))

# text of every kind goes in and comes back; bytes too
ask(c, "CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT, v VARCHAR(200), d DOUBLE, at DATETIME, n DECIMAL(10,2), b BLOB)")
texts = ["plain", "quote ' and \" and \\ and `", "ünïcödé", "\U0001F600 astral \U0010FFFD", "line\nbreak\ttab\r", "percent % under _", "", "\x1a"]
with c.cursor() as cur:
    cur.executemany("INSERT INTO kinds (t, v, d, at, n) VALUES (%s, %s, %s, %s, %s)",
                    [(t, t, 0.1 + i, datetime.datetime(2020, 2, 29, 1, 2, i), i) for i, t in enumerate(texts)])
    expect(cur.rowcount, len(texts))
    cur.execute("INSERT INTO kinds (b) VALUES (%s)", (bytes(range(256)),))
    expect(cur.lastrowid, len(texts) + 1)
rows = ask(c, "SELECT t, v, d, at, n FROM kinds WHERE t IS NOT NULL ORDER BY id")
expect([r[0] for r in rows], texts)
expect([r[1] for r in rows], texts)
expect([r[2] for r in rows], [0.1 + i for i in range(len(texts))])
expect(rows[3][3], datetime.datetime(2020, 2, 29, 1, 2, 3))
expect(str(rows[3][4]), "3.00")
expect(ask(c, "SELECT b FROM kinds WHERE b IS NOT NULL"), ((bytes(range(256)),),))

# a transaction is seen by nobody else before its end
other = connect(autocommit=True)
expect(ask(other, "SELECT COUNT(*) FROM kinds"), ((0,),))
c.commit()
expect(ask(other, "SELECT COUNT(*) FROM kinds"), ((len(texts) + 1,),))
ask(c, "DELETE FROM kinds")
expect(ask(c, "SELECT COUNT(*) FROM kinds"), ((0,),))
expect(ask(other, "SELECT COUNT(*) FROM kinds"), ((len(texts) + 1,),))
c.rollback()
expect(ask(c, "SELECT COUNT(*) FROM kinds"), ((len(texts) + 1,),))

# pages follow changes
ask(other, "CREATE TABLE pages AS SELECT ind FROM user_data")
expect(ask(connect(), "SELECT * FROM pages LIMIT 100, 1"), ((100,),))
ask(other, "DELETE FROM pages WHERE ind = 100")
expect(ask(other, "SELECT * FROM pages LIMIT 100, 1"), ((101,),))
expect(ask(connect(), "SELECT * FROM pages LIMIT 100, 1"), ((101,),))
expect(ask(connect(), "SELECT * FROM pages LIMIT 11153, 1"), ())
ask(other, "DROP TABLE pages")

# an upsert, and what stays
ask(other, "CREATE TABLE up (k VARCHAR(10) PRIMARY KEY, n INT NOT NULL)")
ask(other, "INSERT INTO up VALUES ('a', 1), ('b', 2)")
ask(other, "INSERT INTO up (k, n) VALUES ('A', 5) ON DUPLICATE KEY UPDATE n = VALUES(n)")
ask(other, "INSERT IGNORE INTO up VALUES ('b', 9)")
ask(other, "REPLACE INTO up VALUES ('c', 3)")
expect(ask(other, "SELECT * FROM up ORDER BY k"), (("a", 5), ("b", 2), ("c", 3)))
expect(error(other, "INSERT INTO up VALUES ('a', 1)")[0], 1062)
expect(error(other, "INSERT INTO up VALUES ('z', NULL)"), (1048, "Column 'n' cannot be null"))
expect(error(other, "CREATE TABLE up (a INT)"), (1050, "Table 'up' already exists"))
expect(error(other, "DROP TABLE nosuch"), (1051, "Unknown table 'pinterest_data.nosuch'"))
ask(other, "TRUNCATE TABLE up")
expect(ask(other, "SELECT COUNT(*) FROM up"), ((0,),))
ask(other, "DROP TABLE up, kinds")
expect([r[0] for r in ask(other, "SHOW TABLES")], ["geolocation_data", "pinterest_data", "user_data"])

# a row larger than one packet
big = "x" * (17 << 20)
ask(other, "CREATE TABLE large (t LONGTEXT)")
with connect(autocommit=True, max_allowed_packet=64 << 20) as wide:
    ask(wide, "INSERT INTO large VALUES (%s)", (big,))
    expect(ask(wide, "SELECT t FROM large")[0][0] == big, True)
    ask(wide, "DROP TABLE large")
other.ping()
other.select_db("pinterest_data")
print("PyMySQL", pymysql.__version__, "ok")
