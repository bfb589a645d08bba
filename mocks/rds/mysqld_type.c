/* mysqld_type.c - the table of types, and values in both protocols. */
#include "mocks/rds/mysqld_type.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "mocks/rds/mysqld_packet.h"

#define NUM MYSQL_CHARSET_BINARY
#define TXT MYSQL_CHARSET_UTF8MB4

/* declared as … -> number, length, charset, flags, decimals, name, whether (n) is part of the type */
static const struct declared {
    const char *word;
    uint8_t number;
    uint32_t length;
    uint16_t charset, flags;
    uint8_t decimals;
    const char *name;
    bool sized;
} table[] = {
    { "BIGINT", MYSQL_LONGLONG, 20, NUM, 0, 0, "bigint", false },
    { "INT", MYSQL_LONG, 11, NUM, 0, 0, "int", false },
    { "INTEGER", MYSQL_LONG, 11, NUM, 0, 0, "int", false },
    { "MEDIUMINT", MYSQL_INT24, 9, NUM, 0, 0, "mediumint", false },
    { "SMALLINT", MYSQL_SHORT, 6, NUM, 0, 0, "smallint", false },
    { "TINYINT", MYSQL_TINY, 4, NUM, 0, 0, "tinyint", true },
    { "BOOL", MYSQL_TINY, 1, NUM, 0, 0, "tinyint(1)", false },
    { "BOOLEAN", MYSQL_TINY, 1, NUM, 0, 0, "tinyint(1)", false },
    { "FLOAT", MYSQL_FLOAT, 12, NUM, 0, 31, "float", false },
    { "DOUBLE", MYSQL_DOUBLE, 22, NUM, 0, 31, "double", false },
    { "REAL", MYSQL_DOUBLE, 22, NUM, 0, 31, "double", false },
    { "DECIMAL", MYSQL_NEWDECIMAL, 12, NUM, 0, 0, "decimal", true },
    { "NUMERIC", MYSQL_NEWDECIMAL, 12, NUM, 0, 0, "decimal", true },
    { "DATETIME", MYSQL_DATETIME, 19, NUM, MYSQL_BINARY_FLAG, 0, "datetime", true },
    { "TIMESTAMP", MYSQL_TIMESTAMP, 19, NUM, MYSQL_BINARY_FLAG, 0, "timestamp", true },
    { "DATE", MYSQL_DATE, 10, NUM, MYSQL_BINARY_FLAG, 0, "date", false },
    { "TIME", MYSQL_TIME, 10, NUM, MYSQL_BINARY_FLAG, 0, "time", true },
    { "YEAR", MYSQL_YEAR, 4, NUM, MYSQL_UNSIGNED_FLAG, 0, "year", false },
    { "CHAR", MYSQL_STRING, 4, TXT, 0, 0, "char", true },
    { "NCHAR", MYSQL_STRING, 4, TXT, 0, 0, "char", true },
    { "VARCHAR", MYSQL_VAR_STRING, 4, TXT, 0, 0, "varchar", true },
    { "NVARCHAR", MYSQL_VAR_STRING, 4, TXT, 0, 0, "varchar", true },
    { "TINYTEXT", MYSQL_BLOB, 1020, TXT, MYSQL_BLOB_FLAG, 0, "tinytext", false },
    { "TEXT", MYSQL_BLOB, 262140, TXT, MYSQL_BLOB_FLAG, 0, "text", false },
    { "MEDIUMTEXT", MYSQL_BLOB, 67108860, TXT, MYSQL_BLOB_FLAG, 0, "mediumtext", false },
    { "LONGTEXT", MYSQL_BLOB, 4294967295u, TXT, MYSQL_BLOB_FLAG, 0, "longtext", false },
    { "JSON", MYSQL_JSON, 4294967295u, NUM, MYSQL_BLOB_FLAG | MYSQL_BINARY_FLAG, 0, "json", false },
    { "BINARY", MYSQL_STRING, 1, NUM, MYSQL_BINARY_FLAG, 0, "binary", true },
    { "VARBINARY", MYSQL_VAR_STRING, 1, NUM, MYSQL_BINARY_FLAG, 0, "varbinary", true },
    { "TINYBLOB", MYSQL_BLOB, 255, NUM, MYSQL_BLOB_FLAG | MYSQL_BINARY_FLAG, 0, "tinyblob", false },
    { "BLOB", MYSQL_BLOB, 65535, NUM, MYSQL_BLOB_FLAG | MYSQL_BINARY_FLAG, 0, "blob", false },
    { "MEDIUMBLOB", MYSQL_BLOB, 16777215, NUM, MYSQL_BLOB_FLAG | MYSQL_BINARY_FLAG, 0, "mediumblob", false },
    { "LONGBLOB", MYSQL_BLOB, 4294967295u, NUM, MYSQL_BLOB_FLAG | MYSQL_BINARY_FLAG, 0, "longblob", false },
};
enum { N_TABLE = sizeof table / sizeof *table, DEFAULT_TYPE = 23 };

static struct str first_word(const char *declared)
{
    size_t n = strcspn(declared, " (");
    return (struct str){ declared, n };
}

static const struct declared *find(struct str word)
{
    for (size_t i = 0; i < N_TABLE; i++)
        if (str_eq_nocase(word, str_of(table[i].word)))
            return &table[i];
    return &table[DEFAULT_TYPE];
}

static void read_sizes(const char *declared, struct mysqld_type *t)
{
    const char *open = strchr(declared, '(');
    unsigned size = 0, scale = 0;
    if (open && sscanf(open, "(%u , %u", &size, &scale) >= 1)
        t->size = size, t->scale = scale;
}

struct mysqld_type mysqld_type_of(const char *declared)
{
    const struct declared *d = find(first_word(declared ? declared : ""));
    struct mysqld_type t = { .number = d->number, .decimals = d->decimals, .flags = d->flags, .charset = d->charset,
                            .length = d->length, .name = d->name, .sized = d->sized };
    if (!declared)
        return t;
    read_sizes(declared, &t);
    if (strstr(declared, "UNSIGNED") || strstr(declared, "unsigned"))
        t.flags |= MYSQL_UNSIGNED_FLAG;
    if (t.number == MYSQL_FLOAT && t.size > 24) {
        struct mysqld_type twice = mysqld_type_of("DOUBLE"); /* FLOAT(53) */
        return twice;
    }
    if (t.number == MYSQL_NEWDECIMAL) {
        t.size = t.size ? t.size : 10;
        t.decimals = t.scale > 30 ? 30 : (uint8_t)t.scale;
        t.length = t.size + 2;
    } else if (t.number == MYSQL_DATETIME || t.number == MYSQL_TIMESTAMP) {
        t.decimals = t.size > 6 ? 6 : (uint8_t)t.size;
        t.length = t.decimals ? 20u + t.decimals : 19;
    } else if (t.number == MYSQL_STRING || t.number == MYSQL_VAR_STRING) {
        t.size = t.size ? t.size : 1;
        t.length = d->length * t.size;
    }
    return t;
}

void mysqld_type_put_name(struct buf *out, const char *declared)
{
    struct mysqld_type t = mysqld_type_of(declared);
    buf_z(out, t.name);
    if (t.sized && t.number == MYSQL_NEWDECIMAL)
        buf_f(out, "(%u,%u)", t.size, t.scale);
    else if (t.sized && t.size)
        buf_f(out, "(%u)", t.size);
    if ((t.flags & MYSQL_UNSIGNED_FLAG) && t.number != MYSQL_YEAR)
        buf_z(out, " unsigned");
}

/* ---- text ---- */

void mysqld_type_put_double(struct buf *out, double v)
{
    size_t from = out->n;
    json_put_double(out, v);
    char *plus = out->n > from ? memchr(out->p + from, '+', out->n - from) : NULL;
    if (plus) {
        memmove(plus, plus + 1, (size_t)(out->p + out->n - plus - 1));
        out->n--;
    }
}

/* The length byte is filled in behind the digits. */
static void put_number(struct buf *out, const struct mysqld_type *t, const struct mysqld_value *v)
{
    size_t at = out->n;
    buf_c(out, 0);
    if (t->number == MYSQL_NEWDECIMAL)
        buf_f(out, "%.*f", t->decimals, v->kind == MYSQL_V_REAL ? v->real : (double)v->integer);
    else if (v->kind == MYSQL_V_INTEGER)
        buf_i64(out, v->integer);
    else
        mysqld_type_put_double(out, v->real);
    size_t n = out->n - at - 1;
    if (!out->full && n < 251)
        out->p[at] = (char)n;
    else if (!out->full)
        out->n = at, mysqld_put_lenenc(out, S("0")); /* 1e300 as a decimal has no place in a row */
}

void mysqld_type_put_text(struct buf *out, const struct mysqld_type *t, const struct mysqld_value *v)
{
    if (v->kind == MYSQL_V_TEXT)
        mysqld_put_lenenc(out, v->text);
    else
        put_number(out, t, v);
}

/* ---- binary ---- */

struct moment {
    unsigned year, month, day, hour, minute, second, us;
};

static bool digits(struct str *s, size_t n, unsigned *ret)
{
    *ret = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        *ret = *ret * 10 + (unsigned)(s->p[i] - '0');
    }
    *s = str_from(*s, n);
    return true;
}

static bool one(struct str *s, const char *any)
{
    if (!s->n || !strchr(any, s->p[0]))
        return false;
    *s = str_from(*s, 1);
    return true;
}

static void read_fraction(struct str s, unsigned *ret_us)
{
    unsigned scale = 100000;
    for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, scale /= 10)
        *ret_us += (unsigned)(s.p[i] - '0') * scale;
}

static struct moment read_moment(struct str s, bool date)
{
    struct moment m = { 0 };
    if (date && !(digits(&s, 4, &m.year) && one(&s, "-") && digits(&s, 2, &m.month) && one(&s, "-") && digits(&s, 2, &m.day)))
        return (struct moment){ 0 };
    if (date && !one(&s, " T"))
        return m;
    if (digits(&s, 2, &m.hour) && one(&s, ":") && digits(&s, 2, &m.minute) && one(&s, ":") && digits(&s, 2, &m.second) && one(&s, "."))
        read_fraction(s, &m.us);
    return m;
}

static void put_moment(struct buf *out, struct str text, bool date_only)
{
    struct moment m = read_moment(text, true);
    bool time = !date_only && (m.hour || m.minute || m.second || m.us);
    bool any = m.year || m.month || m.day || time;
    buf_c(out, (char)(!any ? 0 : m.us && time ? 11 : time ? 7 : 4));
    if (!any)
        return;
    mysqld_put_int(out, m.year, 2);
    buf_c(out, (char)m.month), buf_c(out, (char)m.day);
    if (time)
        buf_c(out, (char)m.hour), buf_c(out, (char)m.minute), buf_c(out, (char)m.second);
    if (time && m.us)
        mysqld_put_int(out, m.us, 4);
}

static void put_time(struct buf *out, struct str text)
{
    bool negative = text.n && text.p[0] == '-';
    struct moment m = read_moment(str_from(text, negative), false);
    buf_c(out, m.us ? 12 : 8);
    buf_c(out, negative);
    mysqld_put_int(out, m.hour / 24, 4);
    buf_c(out, (char)(m.hour % 24)), buf_c(out, (char)m.minute), buf_c(out, (char)m.second);
    if (m.us)
        mysqld_put_int(out, m.us, 4);
}

static double real_of(const struct mysqld_value *v)
{
    double d = 0;
    if (v->kind == MYSQL_V_TEXT)
        return str_to_double(v->text, &d) ? d : 0;
    return v->kind == MYSQL_V_REAL ? v->real : (double)v->integer;
}

static int64_t integer_of(const struct mysqld_value *v)
{
    int64_t i;
    if (v->kind == MYSQL_V_INTEGER)
        return v->integer;
    if (v->kind == MYSQL_V_TEXT && str_to_i64(v->text, &i))
        return i;
    double d = real_of(v);
    return d > -9.2e18 && d < 9.2e18 ? (int64_t)llround(d) : 0;
}

void mysqld_type_put_binary(struct buf *out, const struct mysqld_type *t, const struct mysqld_value *v)
{
    switch (t->number) {
    case MYSQL_TINY: mysqld_put_int(out, (uint64_t)integer_of(v), 1); break;
    case MYSQL_SHORT:
    case MYSQL_YEAR: mysqld_put_int(out, (uint64_t)integer_of(v), 2); break;
    case MYSQL_LONG:
    case MYSQL_INT24: mysqld_put_int(out, (uint64_t)integer_of(v), 4); break;
    case MYSQL_LONGLONG: mysqld_put_int(out, (uint64_t)integer_of(v), 8); break;
    case MYSQL_FLOAT: {
        float f = (float)real_of(v);
        buf_add(out, &f, sizeof f);
        break;
    }
    case MYSQL_DOUBLE: {
        double d = real_of(v);
        buf_add(out, &d, sizeof d);
        break;
    }
    case MYSQL_DATE:
    case MYSQL_DATETIME:
    case MYSQL_TIMESTAMP: put_moment(out, v->kind == MYSQL_V_TEXT ? v->text : S(""), t->number == MYSQL_DATE); break;
    case MYSQL_TIME: put_time(out, v->kind == MYSQL_V_TEXT ? v->text : S("")); break;
    default: mysqld_type_put_text(out, t, v); break;
    }
}

/* ---- expressions ---- */

static const struct mysqld_type integers = { .number = MYSQL_LONGLONG, .length = 21, .charset = NUM, .flags = MYSQL_BINARY_FLAG, .name = "bigint" };
static const struct mysqld_type reals = { .number = MYSQL_DOUBLE, .length = 23, .charset = NUM, .flags = MYSQL_BINARY_FLAG, .decimals = 31, .name = "double" };
static const struct mysqld_type texts = { .number = MYSQL_VAR_STRING, .charset = TXT, .decimals = 31, .name = "varchar" };

void mysqld_type_see(struct mysqld_type *t, const struct mysqld_value *v)
{
    uint32_t length = t->number == MYSQL_VAR_STRING ? t->length : 0;
    if (v->kind == MYSQL_V_INTEGER && t->number == MYSQL_NULL)
        *t = integers;
    else if (v->kind == MYSQL_V_REAL && (t->number == MYSQL_NULL || t->number == MYSQL_LONGLONG))
        *t = reals;
    else if (v->kind == MYSQL_V_TEXT) {
        *t = texts;
        uint64_t n = (uint64_t)v->text.n * 4;
        t->length = n > length ? n > UINT32_MAX ? UINT32_MAX : (uint32_t)n : length;
    }
}

/* ---- parameters ---- */

static bool get_moment(struct mysqld_reader *r, char *scratch, struct mysqld_value *ret)
{
    unsigned n = (unsigned)mysqld_get_int(r, 1);
    struct str s = mysqld_get_bytes(r, n);
    struct mysqld_reader in = mysqld_reader_of(s);
    if (r->bad || (n != 0 && n != 4 && n != 7 && n != 11))
        return false;
    unsigned year = n ? (unsigned)mysqld_get_int(&in, 2) : 0, month = n ? (unsigned)mysqld_get_int(&in, 1) : 0, day = n ? (unsigned)mysqld_get_int(&in, 1) : 0;
    unsigned hour = 0, minute = 0, second = 0, us = 0;
    if (n >= 7)
        hour = (unsigned)mysqld_get_int(&in, 1), minute = (unsigned)mysqld_get_int(&in, 1), second = (unsigned)mysqld_get_int(&in, 1);
    if (n == 11)
        us = (unsigned)mysqld_get_int(&in, 4) % 1000000;
    int length = snprintf(scratch, 40, us ? "%04u-%02u-%02u %02u:%02u:%02u.%06u" : "%04u-%02u-%02u %02u:%02u:%02u", year, month, day, hour, minute, second, us);
    *ret = (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = { scratch, (size_t)length } };
    return true;
}

static bool get_time(struct mysqld_reader *r, char *scratch, struct mysqld_value *ret)
{
    unsigned n = (unsigned)mysqld_get_int(r, 1);
    struct mysqld_reader in = mysqld_reader_of(mysqld_get_bytes(r, n));
    if (r->bad || (n != 0 && n != 8 && n != 12))
        return false;
    bool negative = n && mysqld_get_int(&in, 1);
    unsigned days = n ? (unsigned)mysqld_get_int(&in, 4) % 100 : 0, hour = n ? (unsigned)mysqld_get_int(&in, 1) : 0;
    unsigned minute = n ? (unsigned)mysqld_get_int(&in, 1) : 0, second = n ? (unsigned)mysqld_get_int(&in, 1) : 0;
    int length = snprintf(scratch, 40, "%s%02u:%02u:%02u", negative ? "-" : "", days * 24 + hour, minute, second);
    *ret = (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = { scratch, (size_t)length } };
    return true;
}

static bool get_integer(struct mysqld_reader *r, unsigned bytes, bool is_unsigned, struct mysqld_value *ret)
{
    uint64_t v = mysqld_get_int(r, bytes);
    unsigned shift = 64 - 8 * bytes;
    *ret = (struct mysqld_value){ .kind = MYSQL_V_INTEGER, .integer = (int64_t)v };
    if (!is_unsigned)
        ret->integer = (int64_t)(v << shift) >> shift;
    return !r->bad;
}

static bool get_real(struct mysqld_reader *r, unsigned bytes, struct mysqld_value *ret)
{
    struct str s = mysqld_get_bytes(r, bytes);
    float f = 0;
    double d = 0;
    if (r->bad)
        return false;
    if (bytes == sizeof f)
        memcpy(&f, s.p, sizeof f), d = f;
    else
        memcpy(&d, s.p, sizeof d);
    *ret = (struct mysqld_value){ .kind = isnan(d) ? MYSQL_V_NULL : MYSQL_V_REAL, .real = d };
    return true;
}

bool mysqld_type_get_binary(struct mysqld_reader *r, uint16_t type, char *scratch, struct mysqld_value *ret)
{
    bool is_unsigned = type & 0x8000;
    switch (type & 0xff) {
    case MYSQL_NULL: *ret = (struct mysqld_value){ .kind = MYSQL_V_NULL }; return true;
    case MYSQL_TINY: return get_integer(r, 1, is_unsigned, ret);
    case MYSQL_SHORT:
    case MYSQL_YEAR: return get_integer(r, 2, is_unsigned, ret);
    case MYSQL_LONG:
    case MYSQL_INT24: return get_integer(r, 4, is_unsigned, ret);
    case MYSQL_LONGLONG: return get_integer(r, 8, is_unsigned, ret);
    case MYSQL_FLOAT: return get_real(r, 4, ret);
    case MYSQL_DOUBLE: return get_real(r, 8, ret);
    case MYSQL_DATE:
    case MYSQL_DATETIME:
    case MYSQL_TIMESTAMP: return get_moment(r, scratch, ret);
    case MYSQL_TIME: return get_time(r, scratch, ret);
    case MYSQL_DECIMAL:
    case MYSQL_VARCHAR:
    case MYSQL_BIT:
    case MYSQL_JSON: case MYSQL_NEWDECIMAL: case 247: case 248: case 249: case 250: case 251:
    case MYSQL_BLOB: case MYSQL_VAR_STRING: case MYSQL_STRING: case 255:
        *ret = (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = mysqld_get_lenenc(r) };
        return !r->bad;
    default: return false;
    }
}
