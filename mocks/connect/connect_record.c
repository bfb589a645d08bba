/* connect_record.c - one record: what it looks like in a file, which time it has, where its file lies.
 *
 *   converter   bytes to data: JsonConverter (plain or with a schema), StringConverter, ByteArrayConverter
 *   format      data to a line: JsonFormat, ByteArrayFormat
 *   partitioner where: DefaultPartitioner, FieldPartitioner, TimeBasedPartitioner
 * Exceptions' words are those of Kafka Connect and the connector.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "mocks/connect/java_map.h"
#include "mocks/connect/worker.h"

#define NO_ENVELOPE                                                                                               \
    "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not contain "           \
    "additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false in your "      \
    "converter configuration."

/* ---- JSON without a schema ---- */

static int not_json(struct err *e)
{
    char why[600];
    snprintf(why, sizeof why, "%.500s", e->message);
    return err_set(e, 0, "DataException", "Converting byte[] to Kafka Connect data failed due to serialization error: %s",
                   why);
}

static int put_plain(const struct connect_config *c, struct str text, struct buf *out, struct err *e)
{
    if (c->java_order)
        return java_map_put(out, text, e) ? not_json(e) : 0;
    if (json_compact(out, text) == 0)
        return 0;
    struct buf ignored = BUF_INIT;
    int bad = java_map_put(&ignored, text, e); /* says where */
    buf_release(&ignored);
    return bad ? not_json(e) : 0;
}

/* ---- JSON with a schema ---- */

struct envelope {
    struct json schema, payload;
};

static int open_envelope(struct str text, struct envelope *ret, struct err *e)
{
    struct json_reader r;
    struct str key;
    struct json v;
    int n = 0;
    if (!json_valid(text)) {
        struct buf ignored = BUF_INIT;
        java_map_put(&ignored, text, e);
        buf_release(&ignored);
        return not_json(e);
    }
    json_open(&r, text);
    if (json_peek(&r) == JSON_OBJECT) {
        json_enter(&r, JSON_OBJECT);
        for (; json_member(&r, &key) == 1 && json_read(&r, &v) == 0; n++)
            if (json_key_is(key, "schema"))
                ret->schema = v;
            else if (json_key_is(key, "payload"))
                ret->payload = v;
            else
                n += 2;
    }
    if (n != 2 || !ret->schema.type || !ret->payload.type)
        return err_set(e, 0, "DataException", "%s", NO_ENVELOPE);
    return 0;
}

static int put_by_schema(const struct connect_config *c, struct str schema, struct json v, struct buf *out, int depth,
                         struct err *e);

static int put_struct(const struct connect_config *c, struct str schema, struct json v, struct buf *out, int depth,
                      struct err *e)
{
    struct json fields, name, member;
    struct json_reader r;
    if (v.type != JSON_OBJECT || !json_get(schema, "fields", &fields) || fields.type != JSON_ARRAY)
        return err_set(e, 0, "DataException", "Structs should be encoded as JSON objects, with a schema that lists "
                       "their fields");
    json_open(&r, fields.raw);
    json_enter(&r, JSON_ARRAY);
    buf_c(out, '{');
    struct arena a = ARENA_INIT;
    int bad = 0;
    for (bool first = true; !bad && json_element(&r) == 1 && json_read(&r, &member) == 0; first = false) {
        struct str field_schema = member.raw;
        if (!json_get(field_schema, "field", &name) || name.type != JSON_STRING) {
            bad = err_set(e, 0, "DataException", "Struct schema's field name not specified properly");
            break;
        }
        struct str text = json_text(name, &a);
        buf_z(out, first ? "" : ",");
        json_put_text(out, text);
        buf_c(out, ':');
        char *z = arena_z(&a, text);
        if (!json_get(v.raw, z, &member))
            member = (struct json){ JSON_NULL, false, S("null") };
        bad = put_by_schema(c, field_schema, member, out, depth + 1, e);
    }
    arena_release(&a);
    buf_c(out, '}');
    return bad;
}

static int put_array(const struct connect_config *c, struct str schema, struct json v, struct buf *out, int depth,
                     struct err *e)
{
    struct json items, member;
    struct json_reader r;
    if (v.type != JSON_ARRAY || !json_get(schema, "items", &items))
        return err_set(e, 0, "DataException", "Array schema did not specify the element type, or the value is no array");
    json_open(&r, v.raw);
    json_enter(&r, JSON_ARRAY);
    buf_c(out, '[');
    for (bool first = true; json_element(&r) == 1 && json_read(&r, &member) == 0; first = false) {
        buf_z(out, first ? "" : ",");
        if (put_by_schema(c, items.raw, member, out, depth + 1, e))
            return -1;
    }
    buf_c(out, ']');
    return 0;
}

static int put_fraction(struct json v, bool single, struct buf *out, struct err *e)
{
    double d;
    if (v.type != JSON_NUMBER || !str_to_double(v.raw, &d))
        return err_set(e, 0, "DataException", "Invalid value: " STR_F " for a schema of type FLOAT",
                       STR_A(str_head(v.raw, 100)));
    char digits[40];
    for (int n = 1; single && n <= 9; n++) { /* Float.toString: the fewest digits that read back as the same float */
        snprintf(digits, sizeof digits, "%.*g", n, (double)(float)d);
        if (strtof(digits, NULL) == (float)d) {
            d = strtod(digits, NULL);
            break;
        }
    }
    json_put_java_double(out, d);
    return 0;
}

static int put_by_schema(const struct connect_config *c, struct str schema, struct json v, struct buf *out, int depth,
                         struct err *e)
{
    struct json type, optional;
    if (depth > 100)
        return err_set(e, 0, "DataException", "a schema nested deeper than 100");
    if (!json_get(schema, "type", &type) || type.type != JSON_STRING)
        return err_set(e, 0, "DataException", "Schema must contain 'type' field");
    if (v.type == JSON_NULL) {
        if (!json_get(schema, "optional", &optional) || optional.type != JSON_TRUE)
            return err_set(e, 0, "DataException", "Invalid null value for required " STR_F " field", STR_A(type.raw));
        buf_z(out, "null");
        return 0;
    }
    if (str_is(type.raw, "struct"))
        return put_struct(c, schema, v, out, depth, e);
    if (str_is(type.raw, "array"))
        return put_array(c, schema, v, out, depth, e);
    if (str_is(type.raw, "double") || str_is(type.raw, "float"))
        return put_fraction(v, type.raw.p[0] == 'f', out, e);
    struct str text = v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw;
    return put_plain(c, text, out, e);
}

/* ---- lines ---- */

static int put_json(const struct connect_config *c, bool schemas, struct str text, struct buf *out, struct err *e)
{
    if (!schemas)
        return put_plain(c, text, out, e);
    struct envelope v = { 0 };
    if (open_envelope(text, &v, e))
        return -1;
    if (v.schema.type == JSON_NULL)
        return put_plain(c, v.payload.type == JSON_STRING ? (struct str){ v.payload.raw.p - 1, v.payload.raw.n + 2 }
                                                          : v.payload.raw, out, e);
    return put_by_schema(c, v.schema.raw, v.payload, out, 0, e);
}

static int put_line(const struct connect_config *c, enum sink_converter converter, bool schemas, struct str text,
                    struct buf *out, struct err *e)
{
    size_t before = out->n;
    if (converter == CONVERTER_STRING) {
        json_put_text(out, text);
        return 0;
    }
    if (converter == CONVERTER_BYTES) {
        buf_c(out, '"');
        codec_base64(out, text);
        buf_c(out, '"');
        return 0;
    }
    if (put_json(c, schemas, text, out, e) == 0)
        return 0;
    out->n = before;
    return -1;
}

static bool is_null(const struct connect_config *c, struct str value)
{
    return !value.p || (c->value_converter == CONVERTER_JSON && str_is(str_trim(value), "null"));
}

enum record_result connect_record_value(const struct connect_config *c, struct str value, struct buf *out, struct err *e)
{
    if (is_null(c, value)) {
        if (c->ignore_nulls)
            return RECORD_SKIP;
        err_set(e, 0, "ConnectException", "Null valued records are not writeable with current behavior.on.null.values "
                "'settings.'");
        return RECORD_FATAL;
    }
    if (c->format == FORMAT_BYTES) {
        buf_str_add(out, value);
        return RECORD_OK;
    }
    return put_line(c, c->value_converter, c->value_schemas, value, out, e) ? RECORD_BAD : RECORD_OK;
}

int connect_record_key(const struct connect_config *c, struct str key, struct buf *out, struct err *e)
{
    if (!key.p)
        return err_set(e, 0, "DataException", "Key cannot be null for SinkRecord: store.kafka.keys=true needs a key in "
                       "every record");
    return put_line(c, c->key_converter, c->key_schemas, key, out, e);
}

/* ---- time and place ---- */

/* The member a dotted name leads to, inside the payload when there is a schema. */
static bool find_field(const struct connect_config *c, struct str value, struct str name, struct json *ret)
{
    struct json v;
    if (c->value_schemas) {
        if (!json_get(value, "payload", &v))
            return false;
        value = v.raw;
    }
    for (struct str rest = name; rest.p;) {
        char *one = mem_dup(str_cut(&rest, '.'));
        bool found = json_get(value, one, &v);
        free(one);
        if (!found)
            return false;
        value = v.raw;
    }
    *ret = v;
    return true;
}

int connect_record_time(const struct connect_config *c, int64_t record_ms, int64_t now_ms, struct str value,
                        int64_t *ret_ms, struct err *e)
{
    struct json v;
    *ret_ms = c->extractor == EXTRACTOR_RECORD ? record_ms : now_ms;
    if (c->partitioner != PARTITIONER_TIME || c->extractor != EXTRACTOR_FIELD)
        return 0;
    if (!find_field(c, value, c->timestamp_field, &v))
        return err_set(e, 0, "PartitionException", "Error extracting timestamp from record field: " STR_F,
                       STR_A(c->timestamp_field));
    if (v.type == JSON_NUMBER && str_to_i64(v.raw, ret_ms))
        return 0;
    if (v.type == JSON_STRING && joda_instant(v.raw, ret_ms))
        return 0;
    return err_set(e, 0, "PartitionException", "Invalid format: \"" STR_F "\" of timestamp.field=" STR_F " is neither "
                   "milliseconds nor ISO 8601", STR_A(str_head(v.raw, 100)), STR_A(c->timestamp_field));
}

static int put_fields(const struct connect_config *c, struct str value, struct buf *out, struct err *e)
{
    for (size_t i = 0; i < c->n_fields; i++) {
        struct json v;
        if (!find_field(c, value, c->fields[i], &v) || v.type >= JSON_ARRAY || v.type == JSON_NULL)
            return err_set(e, 0, "PartitionException", "Error encoding partition. (field " STR_F ")", STR_A(c->fields[i]));
        if (i)
            buf_str_add(out, c->dir_delim);
        buf_str_add(out, c->fields[i]);
        buf_c(out, '=');
        if (v.type == JSON_STRING)
            json_unescape(out, v.raw);
        else
            buf_str_add(out, v.raw);
    }
    return 0;
}

int connect_record_place(const struct connect_config *c, unsigned partition, int64_t time_ms, struct str value,
                         struct buf *out, struct err *e)
{
    if (c->partitioner == PARTITIONER_FIELD)
        return put_fields(c, value, out, e);
    if (c->partitioner == PARTITIONER_DEFAULT) {
        buf_z(out, "partition=");
        buf_u64(out, partition);
        return 0;
    }
    int64_t local = time_ms + c->zone_ms, length = c->partition_ms;
    int64_t begin = (local / length - (local % length < 0)) * length;
    joda_print(out, c->path_format, begin - c->zone_ms, c->zone_ms);
    return 0;
}

void connect_record_object_key(const struct connect_config *c, const char *topic, struct str place, unsigned partition,
                               int64_t start_offset, const char *suffix, struct buf *out)
{
    if (c->topics_dir.n) {
        buf_str_add(out, c->topics_dir);
        buf_str_add(out, c->dir_delim);
    }
    buf_z(out, topic);
    buf_str_add(out, c->dir_delim);
    buf_str_add(out, place);
    buf_str_add(out, c->dir_delim);
    buf_z(out, topic);
    buf_str_add(out, c->file_delim);
    buf_u64(out, partition);
    buf_str_add(out, c->file_delim);
    buf_f(out, "%0*lld%s", c->pad_width, (long long)start_offset, suffix);
}
