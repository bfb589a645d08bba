# Users configured (project_user: "se'cret pass", empty: no password): the right password by either plugin, 1045 for all others.
import os, pymysql


def login(user, password, **more):
    try:
        c = pymysql.connect(host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]), user=user, password=password,
                            **{"database": "pinterest_data", **more})
        with c.cursor() as cur:
            cur.execute("SELECT CURRENT_USER()")
            return cur.fetchone()[0]
    except pymysql.Error as e:
        return e.args[0]


def expect(got, want):
    assert got == want, "got %r, want %r" % (got, want)


expect(login("project_user", "se'cret pass"), "project_user@%")
expect(login("empty", ""), "empty@%")
for user, password in (("project_user", "wrong"), ("project_user", ""), ("empty", "x"), ("nobody", "x"), ("", ""), ("nobody", "")):
    expect(login(user, password), 1045)
expect(login("project_user", "se'cret pass", database="other"), 1049)
print("users ok")
