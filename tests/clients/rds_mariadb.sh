#!/bin/bash
# The mariadb command line client and mariadb-dump against MYSQL_HOST:MYSQL_TCP_PORT.
set -u
command -v mariadb >/dev/null && command -v mariadb-dump >/dev/null || exit 77
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
access=(--no-defaults --host="$MYSQL_HOST" --port="$MYSQL_TCP_PORT" --protocol=tcp --user=project_user --password=any)
client() { mariadb "${access[@]}" pinterest_data "$@"; }
expect() { [ "$1" = "$2" ] || { echo "got: $1"; echo "want: $2"; exit 1; }; }

expect "$(client -N -e 'SELECT ind FROM user_data LIMIT 3, 2')" $'3\n4'
expect "$(client -N -e 'SHOW TABLES')" $'geolocation_data\npinterest_data\nuser_data'
expect "$(client -N -e 'SHOW DATABASES')" $'information_schema\npinterest_data'
expect "$(client -N -e 'DESCRIBE user_data' | cut -f1,2)" $'ind\tbigint\nfirst_name\ttext\nlast_name\ttext\nage\tint\ndate_joined\tdatetime'
expect "$(client -N -e 'SHOW VARIABLES LIKE "version"')" $'version\t8.0.36'
client -e '\s' | grep -q 'Server version:.*8.0.36' || exit 1
expect "$(printf 'USE pinterest_data\nSELECT 1;\nSELECT 2;' | client -N --auto-rehash)" $'1\n2'
client -e 'SELECT * FROM nosuch' 2>"$scratch/error" && exit 1
grep -q "ERROR 1146 (42S02) at line 1: Table 'pinterest_data.nosuch' doesn't exist" "$scratch/error" || exit 1
expect "$(client -N -e 'SELECT SLEEP(0.01); SELECT COUNT(*) FROM information_schema.columns WHERE table_name = "user_data"')" $'0\n5'

# TLS: without being asked, verified, and refused where another authority is trusted
cipher() { client -N -e "SHOW STATUS LIKE 'Ssl_cipher'" "$@"; }
expect "$(cipher --skip-ssl)" $'Ssl_cipher\t'
[[ $(cipher --ssl) == Ssl_cipher$'\t'TLS_* ]] || exit 1
[[ $(cipher --ssl --ssl-ca="$MYSQL_CA" --ssl-verify-server-cert) == *TLS_* ]] || exit 1
[[ $(cipher --ssl --tls-version=TLSv1.2) == *ECDHE-* ]] || exit 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$scratch/key" -out "$scratch/other.pem" -subj /CN=other 2>/dev/null &&
    if cipher --ssl --ssl-ca="$scratch/other.pem" --ssl-verify-server-cert 2>"$scratch/error"; then exit 1; fi

# what is dumped is read back the same
for table in pinterest_data geolocation_data user_data; do
    mariadb-dump "${access[@]}" pinterest_data $table >"$scratch/dump.sql" || exit 1
    client -N -e "SELECT * FROM $table" >"$scratch/before"
    sed "s/\`$table\`/\`copy_of_it\`/g" "$scratch/dump.sql" | client || exit 1
    client -N -e "SELECT * FROM copy_of_it" >"$scratch/after"
    cmp "$scratch/before" "$scratch/after" || exit 1
    expect "$(wc -l <"$scratch/after")" 11154
    client -e 'DROP TABLE copy_of_it'
done
mariadb --version
