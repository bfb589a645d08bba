# mysql-connector-python (pure Python): text and prepared cursors, change of user, reset.
import datetime, os, mysql.connector

where = dict(host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]), user="u", password="x", database="pinterest_data",
             use_pure=True)


def expect(got, want):
    assert got == want, "got %r, want %r" % (got, want)


def cipher(**more):
    c = mysql.connector.connect(**where, **more)
    cur = c.cursor()
    cur.execute("SHOW STATUS LIKE 'Ssl_cipher'")
    return cur.fetchall()[0][1]


assert cipher()  # TLS is what it prefers
assert cipher(ssl_ca=os.environ["MYSQL_CA"], ssl_verify_cert=True, ssl_verify_identity=True)
expect(cipher(ssl_disabled=True), "")
c = mysql.connector.connect(**where)
cur = c.cursor()
cur.execute("SELECT * FROM geolocation_data LIMIT 17, 1")
row = cur.fetchall()[0]
expect([type(v) for v in row], [int, datetime.datetime, float, float, str])
prepared = c.cursor(prepared=True)
for i in (17, 18, 11153):
    prepared.execute("SELECT ind, timestamp, country FROM geolocation_data WHERE ind = ? AND country <> ?", (i, "nowhere"))
    expect([r[0] for r in prepared.fetchall()], [i])
prepared.execute("SELECT * FROM user_data LIMIT ?, ?", (5, 2))
expect([r[0] for r in prepared.fetchall()], [5, 6])
prepared.execute("SELECT * FROM user_data LIMIT ?, 2", (5,))
expect([r[0] for r in prepared.fetchall()], [5, 6])
prepared.execute("SELECT ind, age AS a FROM user_data HAVING a > ? ORDER BY ind LIMIT 3", (58,))
expect([r[1] > 58 for r in prepared.fetchall()], [True] * 3)
prepared.execute("SELECT ? + 1, ?, ?, ?, ?", (1, "ü\U0001F600", None, datetime.datetime(2020, 1, 2, 3, 4, 5, 6), 1.25))
expect(prepared.fetchall()[0], (2, "ü\U0001F600", None, "2020-01-02 03:04:05.000006", 1.25))
cur.execute("CREATE TABLE pc (a INT, b VARCHAR(20), c DATETIME, d DOUBLE)")
prepared.executemany("INSERT INTO pc VALUES (?, ?, ?, ?)", [(i, "x%d" % i, datetime.datetime(2020, 1, 1, 0, 0, i), i / 3) for i in range(20)])
c.commit()
prepared.execute("SELECT * FROM pc WHERE a >= ? ORDER BY a", (18,))
expect(prepared.fetchall(), [(i, "x%d" % i, datetime.datetime(2020, 1, 1, 0, 0, i), i / 3) for i in (18, 19)])
cur.execute("DROP TABLE pc")
c.ping()
c.cmd_change_user("v", "y", "pinterest_data")
cur = c.cursor()
cur.execute("SELECT user()")
expect(cur.fetchall()[0][0].split("@")[0], "v")
c.cmd_reset_connection()
try:
    c.cursor().execute("SELECT * FROM nosuch")
    raise AssertionError("no error")
except mysql.connector.Error as e:
    expect((e.errno, e.sqlstate), (1146, "42S02"))
print("mysql-connector-python", mysql.connector.__version__, "ok")
