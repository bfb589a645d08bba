#!/bin/bash
# MariaDB Connector/J against MYSQL_HOST:MYSQL_TCP_PORT: rows, metadata, prepared statements on both sides.
set -u
jar=/usr/share/java/mariadb-java-client.jar
[ -f "$jar" ] && command -v java >/dev/null && command -v javac >/dev/null || exit 77
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/Rds.java" <<'JAVA'
import java.sql.*;
import java.util.*;

public class Rds {
    static void expect(Object got, Object want) {
        if (!Objects.equals(got, want)) {
            System.err.println("got " + got + ", want " + want);
            System.exit(1);
        }
    }

    static List<String> strings(ResultSet r, String column) throws SQLException {
        List<String> all = new ArrayList<>();
        while (r.next()) all.add(r.getString(column));
        return all;
    }

    public static void main(String[] args) throws Exception {
        String url = "jdbc:mariadb://" + System.getenv("MYSQL_HOST") + ":" + System.getenv("MYSQL_TCP_PORT") + "/pinterest_data?user=project_user&password=any";
        try (Connection c = DriverManager.getConnection(url)) {
            ResultSet r = c.createStatement().executeQuery("SELECT * FROM geolocation_data LIMIT 17, 1");
            r.next();
            expect(r.getLong(1), 17L);
            expect(r.getObject("timestamp").getClass(), Timestamp.class);
            expect(r.getMetaData().getColumnTypeName(1), "BIGINT");
            DatabaseMetaData m = c.getMetaData();
            expect(strings(m.getTables(null, null, "%", new String[] { "TABLE" }), "TABLE_NAME"), Arrays.asList("geolocation_data", "pinterest_data", "user_data"));
            expect(strings(m.getColumns(null, null, "user_data", "%"), "COLUMN_NAME"), Arrays.asList("ind", "first_name", "last_name", "age", "date_joined"));
            expect(strings(m.getIndexInfo(null, null, "user_data", false, false), "INDEX_NAME"), Arrays.asList("user_data_key"));
            try {
                c.createStatement().executeQuery("SELECT * FROM nosuch");
                expect("no error", "an error");
            } catch (SQLException e) {
                expect(e.getErrorCode() + " " + e.getSQLState(), "1146 42S02");
            }
            /* as Spark's JDBC source asks */
            r = c.createStatement().executeQuery("SELECT * FROM user_data WHERE 1=0");
            expect(r.getMetaData().getColumnCount(), 5);
            r = c.createStatement().executeQuery("SELECT `ind`,`age` FROM user_data WHERE (`ind` < 5)");
            int n = 0;
            while (r.next()) n++;
            expect(n, 5);
        }
        try (Connection c = DriverManager.getConnection(url + "&useServerPrepStmts=true")) {
            PreparedStatement p = c.prepareStatement("SELECT ind, date_joined, first_name FROM user_data WHERE ind = ?");
            for (long i = 3; i < 6; i++) {
                p.setLong(1, i);
                ResultSet r = p.executeQuery();
                r.next();
                expect(r.getLong(1), i);
                expect(r.getTimestamp(2) != null && r.getString(3) != null, true);
            }
        }
        try (Connection c = DriverManager.getConnection(url + "&useSsl=true&serverSslCert=" + System.getenv("MYSQL_CA"))) {
            ResultSet r = c.createStatement().executeQuery("SHOW STATUS LIKE 'Ssl_version'");
            r.next();
            expect(r.getString(2).startsWith("TLSv1."), true);
        }
        System.out.println("MariaDB Connector/J ok");
    }
}
JAVA
javac -d "$scratch" "$scratch/Rds.java" && java -cp "$scratch:$jar" Rds
