"""Posts random rows of the RDS to Kafka topics behind API Gateway, the way course projects do: a credentials file of its own,
an engine for every loop, dict(row._mapping), default=str dates, hard-coded host names. Nothing in it knows weirbox.

argv: number of posts."""
import json
import random
import sys

try:
    import requests
    import sqlalchemy
    import yaml
    import pymysql  # noqa: F401
    from sqlalchemy import text
except ImportError as missing:
    print(missing)
    sys.exit(77)

random.seed(100)
URL = "https://b1c2d3e4f5.execute-api.us-east-1.amazonaws.com/test/topics/12ab34cd56ef.{}"
HEADERS = {"Content-Type": "application/vnd.kafka.json.v2+json"}


class Connector:
    def __init__(self, path="db_creds.yaml"):
        with open(path) as f:
            self.creds = yaml.safe_load(f)

    def create_db_connector(self):
        c = self.creds
        return sqlalchemy.create_engine(
            f"mysql+pymysql://{c['USER']}:{c['PASSWORD']}@{c['HOST']}:{c['PORT']}/{c['DATABASE']}?charset=utf8mb4")


def row_of(connection, table, n):
    for row in connection.execute(text(f"SELECT * FROM {table} LIMIT {n}, 1")):
        return dict(row._mapping)


def post(table, value):
    answer = requests.request("POST", URL.format(table), headers=HEADERS,
                              data=json.dumps({"records": [{"value": value}]}, default=str))
    assert answer.status_code == 200, (answer.status_code, answer.text)
    assert answer.json()["offsets"][0]["error_code"] is None, answer.text


connector = Connector()
for _ in range(int(sys.argv[1])):
    n = random.randint(0, 11000)
    with connector.create_db_connector().connect() as connection:
        for table, name in (("pinterest_data", "pin"), ("geolocation_data", "geo"), ("user_data", "user")):
            row = row_of(connection, table, n)
            if row is not None:
                post(name, row)
print("posted", sqlalchemy.__version__, requests.__version__)
