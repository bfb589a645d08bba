# PyMySQL over TLS: the certificate is verified, and refused by who trusts other authorities.
import os, ssl, tempfile, pymysql

where = dict(host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]), user="project_user", password="any", database="pinterest_data")
ca = os.environ["MYSQL_CA"]


def cipher(**more):
    c = pymysql.connect(**where, **more)
    with c.cursor() as cur:
        cur.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        found = cur.fetchone()[1]
        for table in ("pinterest_data", "geolocation_data", "user_data"):
            cur.execute("SELECT * FROM " + table + " LIMIT 7528, 1")
            assert len(cur.fetchall()) == 1
    c.close()
    return found


assert cipher(ssl={"ca": ca})
assert cipher(ssl={"ca": ca, "check_hostname": True})
assert cipher(ssl=ssl.create_default_context(cafile=ca))
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = context.maximum_version = version
    assert cipher(ssl=context)
try:
    cipher(ssl=ssl.create_default_context())
    raise SystemExit("a certificate of a CA that nobody knows was believed")
except (pymysql.OperationalError, ssl.SSLError) as e:
    assert "CERTIFICATE_VERIFY_FAILED" in str(e), e
kept = [pymysql.connect(**where, ssl={"ca": ca}) for _ in range(50)]  # as scripts leave them
assert cipher(ssl={"ca": ca})
print("PyMySQL", pymysql.__version__, "over TLS ok")
