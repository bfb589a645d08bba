# SQLAlchemy 1.4 and 2.x over PyMySQL, used as the public scripts do, and the rest that people reach for; pandas when it is there.
import datetime, os, random
import sqlalchemy
from sqlalchemy import Column, DateTime, Float, Integer, MetaData, String, Table, create_engine, func, inspect, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session, declarative_base

url = "mysql+pymysql://project_user:any@%s:%s/pinterest_data?charset=utf8mb4" % (os.environ["MYSQL_HOST"], os.environ["MYSQL_TCP_PORT"])


def expect(got, want):
    assert got == want, "got %r, want %r" % (got, want)


# an engine in each turn of the loop, never disposed of
random.seed(100)
kept = []
for _ in range(50):
    n = random.randint(0, 11000)
    engine = create_engine(url)
    kept.append(engine)
    with engine.connect() as connection:
        for table, key in (("pinterest_data", "index"), ("geolocation_data", "ind"), ("user_data", "ind")):
            for row in connection.execute(text(f"SELECT * FROM {table} LIMIT {n}, 1")):
                expect(dict(row._mapping)[key], n)

engine = create_engine(url)
seen = inspect(engine)
expect(seen.get_table_names(), ["geolocation_data", "pinterest_data", "user_data"])
expect("pinterest_data" in seen.get_schema_names(), True)
expect([(c["name"], str(c["type"])) for c in seen.get_columns("geolocation_data")],
       [("ind", "BIGINT"), ("timestamp", "DATETIME"), ("latitude", "FLOAT"), ("longitude", "FLOAT"), ("country", "TEXT")])
expect((seen.has_table("user_data"), seen.has_table("nosuch")), (True, False))
expect([i["column_names"] for i in seen.get_indexes("user_data")], [["ind"]])
users = Table("user_data", MetaData(), autoload_with=engine)
expect(users.c.keys(), ["ind", "first_name", "last_name", "age", "date_joined"])
with engine.connect() as connection:
    expect(connection.execute(select(users.c.ind).where(users.c.ind == 17).limit(1)).fetchall(), [(17,)])
    expect(connection.execute(select(func.count()).select_from(users)).scalar(), 11154)
    expect(connection.execute(text("SELECT * FROM user_data LIMIT :n, 1"), {"n": 5}).first()[0], 5)
    try:
        connection.execute(text("SELECT * FROM nosuch"))
        raise AssertionError("no error")
    except ProgrammingError as e:
        expect(e.orig.args[0], 1146)
    try:
        connection.execute(text("SELECT nosuch FROM user_data"))
        raise AssertionError("no error")
    except OperationalError as e:
        expect(e.orig.args[0], 1054)

Base = declarative_base()


class Thing(Base):
    __tablename__ = "orm_thing"
    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    at = Column(DateTime)
    v = Column(Float)


Base.metadata.create_all(engine)
at = datetime.datetime(2020, 1, 2, 3, 4, 5)
with Session(engine) as s:
    s.add_all([Thing(name="ä\U0001F600'\\x", at=at, v=1.5), Thing(name="b")])
    s.commit()
    expect([(t.id, t.name, t.at, t.v) for t in s.query(Thing).order_by(Thing.id)], [(1, "ä\U0001F600'\\x", at, 1.5), (2, "b", None, None)])
    s.query(Thing).filter(Thing.name == "B").one().v = 2
    s.rollback()
    expect([t.v for t in s.query(Thing).order_by(Thing.id)], [1.5, None])
reflected = MetaData()
reflected.reflect(engine)
expect("orm_thing" in reflected.tables, True)
Base.metadata.drop_all(engine)

try:
    import pandas
except ImportError:
    pandas = None
if pandas and sqlalchemy.__version__ >= "2":
    frame = pandas.read_sql("SELECT * FROM geolocation_data LIMIT 3", engine)
    expect((list(frame["ind"]), str(frame.dtypes["timestamp"])[:10]), ([0, 1, 2], "datetime64"))
    expect(len(pandas.read_sql_table("user_data", engine)), 11154)
    data = pandas.DataFrame({"a": [1, 2], "b": ["x", "ü"], "c": [1.5, None], "d": pandas.to_datetime(["2020-01-01", "2021-01-01"])})
    for _ in range(2):
        data.to_sql("tmp_to_sql", engine, if_exists="replace", index=False)
    back = pandas.read_sql("tmp_to_sql", engine)
    expect((list(back["a"]), list(back["b"]), list(back["d"])), (list(data["a"]), list(data["b"]), list(data["d"])))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE tmp_to_sql"))
print("SQLAlchemy", sqlalchemy.__version__, "ok", "with pandas " + pandas.__version__ if pandas else "")
