/* MySQL packets of any bytes: what a log-in and an execution read, value after value; then values written and read back. */
#include <stdlib.h>

#include "mocks/rds/mysqld_packet.h"
#include "mocks/rds/mysqld_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void read_login(struct mysqld_reader r)
{
    mysqld_get_int(&r, 4);
    mysqld_get_int(&r, 4);
    mysqld_get_bytes(&r, 24);
    mysqld_get_z(&r);
    mysqld_get_lenenc(&r);
    mysqld_get_z(&r);
    struct str rest = mysqld_get_rest(&r);
    if (rest.n && r.bad)
        abort();
}

/* Pairs of a type's byte and a value, as far as they go. */
static void read_values(struct mysqld_reader r, const struct mysqld_type *t)
{
    char scratch[40];
    struct mysqld_value v;
    struct buf out = BUF_INIT;
    for (int i = 0; i < 1000 && mysqld_left(&r); i++) {
        uint16_t type = (uint16_t)(mysqld_get_int(&r, 1) | (i % 2 ? 0x8000 : 0));
        if (!mysqld_type_get_binary(&r, type, scratch, &v))
            break;
        if (v.kind == MYSQL_V_NULL)
            continue;
        mysqld_type_put_text(&out, t, &v);
        mysqld_type_put_binary(&out, t, &v);
    }
    buf_release(&out);
}

/* Whatever is put into a packet comes out of it. */
static void write_packet(struct str s)
{
    struct buf b = BUF_INIT;
    struct mysqld_writer w = { .b = &b };
    mysqld_begin(&w);
    mysqld_put_lenenc(&b, s);
    mysqld_end(&w);
    struct mysqld_reader r = mysqld_reader_of(buf_str(&b));
    size_t length = mysqld_get_int(&r, 3);
    mysqld_get_int(&r, 1);
    if (length != mysqld_left(&r) || !str_eq(mysqld_get_lenenc(&r), s) || r.bad || mysqld_left(&r))
        abort();
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const declared[] = { "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(30,10)", "DATETIME", "DATE", "TIME", "TEXT", "TINYINT(1)" };
    if (n < 2 || n > 1 << 16)
        return 0;
    struct str s = { (const char *)data + 1, n - 1 };
    struct mysqld_type t = mysqld_type_of(declared[data[0] % (sizeof declared / sizeof *declared)]);
    read_login(mysqld_reader_of(s));
    read_values(mysqld_reader_of(s), &t);
    write_packet(s);
    return 0;
}
