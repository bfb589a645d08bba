/* connect_config.c - from given settings to a checked configuration.
 *
 *   1 names     every name is a row of the table, else "did you mean"
 *   2 values    type, least value, allowed values, by the row
 *   3 sense     what contradicts or needs another setting
 *   4 meaning   the struct the sink works by
 * Wording follows org.apache.kafka.common.config.ConfigDef and the connector where they have words for it.
 */
#include "mocks/connect/connect_config.h"

#include <stdio.h>
#include <stdlib.h>


enum { MIN_PART_BYTES = 5242880, MAX_TASKS = 1000, MAX_PAD = 64 };

void connect_config_mistake(struct config_mistakes *m, const char *setting, const char *fmt, ...)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 8;
        struct config_mistake *grown = ARENA_ARRAY(m->arena, struct config_mistake, cap);
        if (m->n)
            memcpy(grown, m->at, m->n * sizeof *grown);
        m->at = grown;
        m->cap = cap;
    }
    va_list ap;
    va_start(ap, fmt);
    m->at[m->n++] = (struct config_mistake){ arena_dup(m->arena, str_of(setting)), arena_vf(m->arena, fmt, ap) };
    va_end(ap);
}

/* ---- 1 names ---- */

static void check_names(const struct properties *given, struct config_mistakes *m)
{
    for (size_t i = 0; i < given->n; i++) {
        struct str name = given->at[i].key;
        if (connect_settings_find(name))
            continue;
        const char *nearest = connect_settings_nearest(name);
        struct str shown = arena_dup(m->arena, str_head(name, 200));
        if (nearest)
            connect_config_mistake(m, shown.p, "Unknown configuration \"%s\": did you mean \"%s\"?", shown.p, nearest);
        else
            connect_config_mistake(m, shown.p, "Unknown configuration \"%s\": the S3 sink has no such setting; "
                                   "PUT /connector-plugins/S3SinkConnector/config/validate lists them all", shown.p);
    }
}

/* ---- 2 values ---- */

/* One of "a|b|c"? For classes the last part of the name is enough. Yields the full spelling. */
static bool is_allowed(const struct setting *s, struct str value, struct str *ret_full)
{
    for (struct str rest = str_of(s->allowed); rest.p;) {
        struct str one = str_cut(&rest, '|');
        bool tail = s->type == SETTING_CLASS && value.n && one.n > value.n && str_ends(one, value) &&
                    one.p[one.n - value.n - 1] == '.';
        if (str_eq(one, value) || tail) {
            *ret_full = one;
            return true;
        }
    }
    return false;
}

static struct str listed(const char *allowed, struct arena *a)
{
    struct buf out = BUF_INIT;
    for (struct str rest = str_of(allowed); rest.p;) {
        struct str one = str_cut(&rest, '|');
        if (!one.n)
            continue;
        buf_z(&out, out.n ? ", " : "");
        buf_str_add(&out, one);
    }
    return arena_keep(a, &out);
}

static void check_number(const struct setting *s, struct str value, struct config_mistakes *m)
{
    int64_t v;
    bool is_int = s->type == SETTING_INT;
    if (!str_to_i64(value, &v) || (is_int && (v > INT32_MAX || v < INT32_MIN)))
        connect_config_mistake(m, s->name, "Invalid value " STR_F " for configuration %s: Not a number of type %s",
                               STR_A(value), s->name, connect_settings_type(s->type));
    else if (s->bounded && v < s->min)
        connect_config_mistake(m, s->name, "Invalid value " STR_F " for configuration %s: Value must be at least %lld",
                               STR_A(value), s->name, (long long)s->min);
}

static void refuse_value(const struct setting *s, struct str value, struct config_mistakes *m)
{
    struct str allowed = listed(s->allowed, m->arena);
    if (s->use == SETTING_ABSENT && allowed.n)
        connect_config_mistake(m, s->name, "Invalid value " STR_F " for configuration %s: this worker does not emulate "
                               "it; allowed: " STR_F, STR_A(value), s->name, STR_A(allowed));
    else if (s->use == SETTING_ABSENT)
        connect_config_mistake(m, s->name, "Invalid value " STR_F " for configuration %s: this worker does not emulate "
                               "it; leave it out", STR_A(value), s->name);
    else if (s->type == SETTING_CLASS)
        connect_config_mistake(m, s->name, "Invalid value " STR_F " for configuration %s: Class " STR_F " could not be "
                               "found. Allowed: " STR_F, STR_A(value), s->name, STR_A(value), STR_A(allowed));
    else
        connect_config_mistake(m, s->name, "Invalid value " STR_F " for configuration %s: Value must be one of: " STR_F,
                               STR_A(value), s->name, STR_A(allowed));
}

static void check_value(const struct setting *s, struct str value, struct config_mistakes *m)
{
    struct str full;
    if (s->type == SETTING_INT || s->type == SETTING_LONG)
        check_number(s, value, m);
    else if (s->type == SETTING_BOOLEAN && !str_eq_nocase(value, S("true")) && !str_eq_nocase(value, S("false")))
        connect_config_mistake(m, s->name, "Invalid value " STR_F " for configuration %s: Expected value to be either "
                               "true or false", STR_A(value), s->name);
    else if (s->allowed && !is_allowed(s, value, &full))
        refuse_value(s, value, m);
}

static void check_values(const struct properties *given, struct config_mistakes *m)
{
    for (size_t i = 0; i < given->n; i++) {
        const struct setting *s = connect_settings_find(given->at[i].key);
        if (s && !s->prefix)
            check_value(s, str_trim(given->at[i].value), m);
    }
    const struct setting *s;
    for (size_t i = 0; (s = connect_settings_at(i)); i++)
        if (s->required && !str_trim(properties_get(given, s->name)).n)
            connect_config_mistake(m, s->name, "Missing required configuration \"%s\" which has no default value.",
                                   s->name);
}

/* ---- reading checked values ---- */

static struct str text_of(const struct properties *given, const char *name)
{
    struct str v = properties_get(given, name);
    const struct setting *s = connect_settings_find(str_of(name));
    struct str full = str_trim(v.p ? v : str_of(s->otherwise ? s->otherwise : ""));
    if (s->allowed && s->type == SETTING_CLASS)
        is_allowed(s, full, &full);
    return full;
}

static int64_t number_of(const struct properties *given, const char *name)
{
    int64_t v = 0;
    str_to_i64(text_of(given, name), &v);
    return v;
}

static bool is_on(const struct properties *given, const char *name)
{
    return str_eq_nocase(text_of(given, name), S("true"));
}

/* A comma-separated list without its blanks and empty places. */
static struct str *list_of(struct arena *a, struct str text, size_t *ret_n)
{
    size_t most = 1, n = 0;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == ',';
    struct str *list = ARENA_ARRAY(a, struct str, most);
    for (struct str rest = text; rest.p;) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (one.n)
            list[n++] = arena_dup(a, one);
    }
    *ret_n = n;
    return list;
}

/* ---- 3 sense, 4 meaning ---- */

static void read_topics(struct connect_config *c, struct config_mistakes *m)
{
    struct str regex = text_of(&c->given, "topics.regex");
    c->topics = list_of(&c->arena, text_of(&c->given, "topics"), &c->n_topics);
    if (c->n_topics && regex.n)
        connect_config_mistake(m, "topics", "topics and topics.regex are mutually exclusive options, but both are set.");
    else if (!c->n_topics && !regex.n)
        connect_config_mistake(m, "topics", "Must configure one of topics or topics.regex");
    struct err e;
    if (regex.n && !(c->topics_regex = jregex_compile(&c->arena, regex, &e)))
        connect_config_mistake(m, "topics.regex", "Invalid value " STR_F " for configuration topics.regex: Invalid regex: %s",
                               STR_A(regex), e.message);
}

static bool bucket_name_valid(struct str b)
{
    if (b.n < 3 || b.n > 255)
        return false;
    for (size_t i = 0; i < b.n; i++) {
        char ch = b.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '.' ||
              ch == '-' || ch == '_'))
            return false;
    }
    return true;
}

static void read_s3(struct connect_config *c, struct config_mistakes *m)
{
    const struct properties *g = &c->given;
    c->bucket = text_of(g, "s3.bucket.name");
    c->region = text_of(g, "s3.region");
    c->acl = text_of(g, "s3.acl.canned");
    c->encryption = text_of(g, "s3.ssea.name");
    c->kms_key = text_of(g, "s3.sse.kms.key.id");
    c->store_url = text_of(g, "store.url");
    c->access_key = text_of(g, "aws.access.key.id");
    c->secret = text_of(g, "aws.secret.access.key");
    c->part_bytes = number_of(g, "s3.part.size");
    c->part_retries = number_of(g, "s3.part.retries");
    c->part_backoff_ms = number_of(g, "s3.retry.backoff.ms");
    if (c->bucket.n && !bucket_name_valid(c->bucket))
        connect_config_mistake(m, "s3.bucket.name", "Invalid value " STR_F " for configuration s3.bucket.name: a bucket's "
                               "name is 3 to 63 lower-case letters, digits, dots and hyphens", STR_A(c->bucket));
    if (c->part_bytes < MIN_PART_BYTES && properties_get(g, "s3.part.size").p)
        connect_config_mistake(m, "s3.part.size", "Invalid value %lld for configuration s3.part.size: Part size must be at "
                               "least: 5242880 bytes (5MB)", (long long)c->part_bytes);
    if (c->store_url.n && !str_starts(c->store_url, S("http://")) && !str_starts(c->store_url, S("https://")))
        connect_config_mistake(m, "store.url", "Invalid value " STR_F " for configuration store.url: expected "
                               "http://host:port", STR_A(c->store_url));
    while (c->store_url.n && c->store_url.p[c->store_url.n - 1] == '/')
        c->store_url.n--;
    if (!c->access_key.n != !c->secret.n)
        connect_config_mistake(m, c->secret.n ? "aws.access.key.id" : "aws.secret.access.key", "aws.access.key.id and "
                               "aws.secret.access.key are given together or not at all");
    if (!c->access_key.n)
        c->access_key = c->secret = S("test");
}

static enum sink_converter converter_of(struct str class)
{
    return str_ends(class, S("StringConverter")) ? CONVERTER_STRING
           : str_ends(class, S("ByteArrayConverter")) ? CONVERTER_BYTES : CONVERTER_JSON;
}

static void read_format(struct connect_config *c, struct config_mistakes *m)
{
    const struct properties *g = &c->given;
    c->value_converter = converter_of(text_of(g, "value.converter"));
    c->key_converter = converter_of(text_of(g, "key.converter"));
    c->value_schemas = c->value_converter == CONVERTER_JSON && is_on(g, "value.converter.schemas.enable");
    c->key_schemas = c->key_converter == CONVERTER_JSON && is_on(g, "key.converter.schemas.enable");
    c->store_keys = is_on(g, "store.kafka.keys");
    c->ignore_nulls = str_is(text_of(g, "behavior.on.null.values"), "ignore");
    c->tolerate = str_is(text_of(g, "errors.tolerance"), "all");
    c->dead_letters = text_of(g, "errors.deadletterqueue.topic.name");
    c->format = str_ends(text_of(g, "format.class"), S("ByteArrayFormat")) ? FORMAT_BYTES : FORMAT_JSON;
    c->extension = c->format == FORMAT_BYTES ? text_of(g, "format.bytearray.extension") : S(".json");
    struct str separator = properties_get(g, "format.bytearray.separator");
    c->separator = c->format == FORMAT_BYTES && separator.p ? separator : S("\n");
    if (c->format == FORMAT_BYTES && c->value_converter != CONVERTER_BYTES)
        connect_config_mistake(m, "format.class", "format.class=ByteArrayFormat needs "
                               "value.converter=org.apache.kafka.connect.converters.ByteArrayConverter: every other "
                               "converter yields no bytes");
    if (c->dead_letters.n && !c->tolerate)
        connect_config_mistake(m, "errors.deadletterqueue.topic.name", "errors.deadletterqueue.topic.name has no effect "
                               "without errors.tolerance=all");
    char *topic = mem_dup(c->dead_letters);
    if (c->dead_letters.n && connect_config_matches(c, topic))
        connect_config_mistake(m, "errors.deadletterqueue.topic.name", "Dead letter queue topic '%s' may not be consumed "
                               "by the connector itself: topics or topics.regex matches it", topic);
    free(topic);
}

static void read_time_partitioner(struct connect_config *c, struct str class, struct config_mistakes *m)
{
    const struct properties *g = &c->given;
    bool daily = str_ends(class, S("DailyPartitioner")), hourly = str_ends(class, S("HourlyPartitioner"));
    c->partitioner = PARTITIONER_TIME;
    c->path_format = daily ? S("'year'=YYYY/'month'=MM/'day'=dd")
                     : hourly ? S("'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH") : text_of(g, "path.format");
    c->partition_ms = daily ? 86400000 : hourly ? 3600000 : number_of(g, "partition.duration.ms");
    if (!daily && !hourly && c->partition_ms <= 0)
        connect_config_mistake(m, "partition.duration.ms", "Invalid value %lld for configuration partition.duration.ms: "
                               "Partition duration needs to be a positive.", (long long)c->partition_ms);
    if (!c->path_format.n)
        connect_config_mistake(m, "path.format", "Invalid value  for configuration path.format: Path format cannot be empty.");
    const char *fault = joda_pattern_fault(c->path_format);
    if (fault)
        connect_config_mistake(m, "path.format", "Invalid value " STR_F " for configuration path.format: %s",
                               STR_A(c->path_format), fault);
    if (!text_of(g, "locale").n)
        connect_config_mistake(m, "locale", "Invalid value  for configuration locale: Locale cannot be empty.");
    if (!text_of(g, "timezone").n)
        connect_config_mistake(m, "timezone", "Invalid value  for configuration timezone: Timezone cannot be empty.");
    struct str extractor = text_of(g, "timestamp.extractor");
    c->extractor = str_is(extractor, "Record") ? EXTRACTOR_RECORD
                   : str_is(extractor, "RecordField") ? EXTRACTOR_FIELD : EXTRACTOR_WALLCLOCK;
    c->timestamp_field = text_of(g, "timestamp.field");
}

static void read_partitioner(struct connect_config *c, struct config_mistakes *m)
{
    const struct properties *g = &c->given;
    struct str class = text_of(g, "partitioner.class"), zone = text_of(g, "timezone");
    c->partitioner = PARTITIONER_DEFAULT;
    c->has_zone = zone.n && joda_zone(zone, &c->zone_ms);
    if (zone.n && !c->has_zone)
        connect_config_mistake(m, "timezone", "Invalid value " STR_F " for configuration timezone: this worker knows UTC, "
                               "GMT and offsets such as +05:30", STR_A(zone));
    if (str_ends(class, S("FieldPartitioner"))) {
        c->partitioner = PARTITIONER_FIELD;
        c->fields = list_of(&c->arena, text_of(g, "partition.field.name"), &c->n_fields);
        if (!c->n_fields)
            connect_config_mistake(m, "partition.field.name", "partitioner.class=FieldPartitioner needs "
                                   "partition.field.name");
        if (!c->value_schemas)
            connect_config_mistake(m, "partitioner.class", "partitioner.class=FieldPartitioner needs records with a schema "
                                   "(value.converter=JsonConverter with value.converter.schemas.enable=true); without one "
                                   "every record fails with \"Error encoding partition.\"");
    } else if (!str_ends(class, S("DefaultPartitioner"))) {
        read_time_partitioner(c, class, m);
    }
    c->rotate_ms = number_of(g, "rotate.interval.ms");
    c->rotate_schedule_ms = number_of(g, "rotate.schedule.interval.ms");
    if (c->rotate_schedule_ms > 0 && !zone.n)
        connect_config_mistake(m, "timezone", "Timezone cannot be empty when rotate.schedule.interval.ms is set: it "
                               "counts from midnight there");
    if (c->rotate_ms > 0 && c->partitioner != PARTITIONER_TIME)
        connect_config_mistake(m, "rotate.interval.ms", "rotate.interval.ms has no effect with partitioner.class=" STR_F
                               "; use a time-based partitioner or rotate.schedule.interval.ms", STR_A(class));
}

static void read_rest(struct connect_config *c, struct config_mistakes *m)
{
    const struct properties *g = &c->given;
    int64_t tasks = number_of(g, "tasks.max"), pad = number_of(g, "filename.offset.zero.pad.width");
    c->tasks_max = (unsigned)(tasks < 1 ? 1 : tasks > MAX_TASKS ? MAX_TASKS : tasks);
    if (tasks > MAX_TASKS)
        connect_config_mistake(m, "tasks.max", "Invalid value %lld for configuration tasks.max: at most %d tasks here",
                               (long long)tasks, MAX_TASKS);
    c->pad_width = (int)(pad > MAX_PAD ? MAX_PAD : pad);
    if (pad > MAX_PAD)
        connect_config_mistake(m, "filename.offset.zero.pad.width", "Invalid value %lld for configuration "
                               "filename.offset.zero.pad.width: at most %d digits here", (long long)pad, MAX_PAD);
    c->flush_size = number_of(g, "flush.size");
    c->retry_backoff_ms = number_of(g, "retry.backoff.ms");
    c->topics_dir = text_of(g, "topics.dir");
    c->dir_delim = text_of(g, "directory.delim");
    c->file_delim = text_of(g, "file.delim");
}

static void copy_given(struct connect_config *c, const struct properties *given)
{
    c->given.at = ARENA_ARRAY(&c->arena, struct property, given->n + 1);
    for (size_t i = 0; i < given->n; i++)
        c->given.at[i] = (struct property){ arena_dup(&c->arena, given->at[i].key),
                                            arena_dup(&c->arena, given->at[i].value), given->at[i].line };
    c->given.n = given->n;
    c->name = properties_get(&c->given, "name");
}

struct connect_config *connect_config_open(const struct properties *given, bool java_order, struct config_mistakes *m)
{
    struct connect_config *c = mem_zero(sizeof *c);
    c->java_order = java_order;
    copy_given(c, given);
    check_names(given, m);
    check_values(given, m);
    read_topics(c, m);
    read_s3(c, m);
    read_format(c, m);
    read_partitioner(c, m);
    read_rest(c, m);
    if (!m->n)
        return c;
    connect_config_close(c);
    return NULL;
}

void connect_config_close(struct connect_config *c)
{
    if (!c)
        return;
    arena_release(&c->arena);
    free(c);
}

struct str connect_config_complaint(const struct config_mistakes *m, struct arena *a)
{
    struct buf out = BUF_INIT;
    buf_f(&out, "Connector configuration is invalid and contains the following %zu error(s):\n", m->n);
    for (size_t i = 0; i < m->n; i++) {
        buf_str_add(&out, m->at[i].text);
        buf_c(&out, '\n');
    }
    buf_z(&out, "You can also find the above list of errors at the endpoint "
                "`/connector-plugins/{connectorType}/config/validate`");
    return arena_keep(a, &out);
}

struct str connect_config_summary(const struct config_mistakes *m, struct arena *a)
{
    struct buf out = BUF_INIT;
    buf_f(&out, "%zu mistake(s): ", m->n);
    for (size_t i = 0; i < m->n; i++) {
        buf_z(&out, i ? "; " : "");
        buf_str_add(&out, m->at[i].text);
    }
    return arena_keep(a, &out);
}

bool connect_config_matches(const struct connect_config *c, const char *topic)
{
    struct jregex_match m;
    if (c->topics_regex)
        return jregex_matches(c->topics_regex, str_of(topic), &m);
    for (size_t i = 0; i < c->n_topics; i++)
        if (str_is(c->topics[i], topic))
            return true;
    return false;
}
