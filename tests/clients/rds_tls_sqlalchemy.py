# SQLAlchemy over TLS: ?ssl_ca= in the URL, and connect_args.
import os, sqlalchemy
from sqlalchemy import create_engine, text

where = "mysql+pymysql://project_user:any@%s:%s/pinterest_data" % (os.environ["MYSQL_HOST"], os.environ["MYSQL_TCP_PORT"])
ca = os.environ["MYSQL_CA"]
for url, args in ((where + "?charset=utf8mb4&ssl_ca=" + ca, {}), (where + "?ssl_ca=" + ca + "&ssl_check_hostname=false", {}),
                  (where, {"ssl": {"ca": ca}})):
    engine = create_engine(url, connect_args=args)
    with engine.connect() as c:
        assert c.execute(text("SHOW STATUS LIKE 'Ssl_cipher'")).fetchone()[1]
        row = c.execute(text("SELECT * FROM user_data LIMIT 17, 1")).fetchone()
        assert dict(row._mapping)["ind"] == 17 if hasattr(row, "_mapping") else row[0] == 17
print("SQLAlchemy", sqlalchemy.__version__, "over TLS ok")
