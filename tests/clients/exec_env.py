"""Credentials the way python-dotenv gives them: what the environment has wins over the .env file, so that host and port may
come from different places. The only user is named by --rds-user: another server on this machine would not know it."""
import os
import sys

try:
    import pymysql
except ImportError as missing:
    print(missing)
    sys.exit(77)

DOTENV = {"RDS_HOST": "pinterestdbreadonly.cq2e8zno855e.eu-west-1.rds.amazonaws.com", "MYSQL_HOST": "localhost", "MYSQL_PORT": "3306",
          "RDS_PORT": "3306"}
for name, value in DOTENV.items():
    os.environ.setdefault(name, value)
for host, port in (("RDS_HOST", "RDS_PORT"), ("RDS_HOST", "MYSQL_PORT"), ("MYSQL_HOST", "MYSQL_PORT"), ("MYSQL_HOST", "MYSQL_TCP_PORT")):
    where = dict(host=os.environ[host], port=int(os.environ[port]), user="only", database="pinterest_data")
    with pymysql.connect(password="one", **where) as db, db.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM user_data")
        assert cursor.fetchone() == (11154,)
    try:
        pymysql.connect(password="two", **where)
        raise AssertionError("any password will do")
    except pymysql.err.OperationalError as e:
        assert e.args[0] == 1045, e
print("env ok")
