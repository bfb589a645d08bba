/* connect_config.h - a connector's configuration: the table of settings, and what a checked set of them means. */
#ifndef MOCKS_CONNECT_CONNECT_CONFIG_H
#define MOCKS_CONNECT_CONNECT_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/jregex.h"
#include "mocks/connect/joda.h"
#include "mocks/connect/properties.h"

/* ---- the table (connect_settings.c) ---- */

enum setting_type {
    SETTING_STRING = 1, SETTING_INT, SETTING_LONG, SETTING_BOOLEAN, SETTING_LIST, SETTING_CLASS, SETTING_PASSWORD,
};
enum setting_use {
    SETTING_USED = 1,
    SETTING_INERT,  /* a real setting that changes nothing here; accepted */
    SETTING_ABSENT, /* a real setting that is not emulated; only the values listed are accepted */
};

struct setting {
    const char *name;   /* "consumer.override." with prefix = true */
    bool prefix, required;
    enum setting_type type;
    enum setting_use use;
    const char *group, *importance;
    const char *otherwise; /* default; NULL = none */
    int64_t min;           /* numbers; with bounded */
    bool bounded;
    const char *allowed;   /* "NONE|BACKWARD|…"; classes by full name, their last part is enough; NULL = any */
    const char *about;
};

const struct setting *connect_settings_at(size_t i); /* NULL behind the last */
/* The row of a name, prefixes included; NULL when there is none. */
const struct setting *connect_settings_find(struct str name);
/* The name most like it, or NULL. */
const char *connect_settings_nearest(struct str name);
const char *connect_settings_type(enum setting_type type); /* "INT" */

/* ---- mistakes ---- */

struct config_mistake {
    struct str setting, text;
};
struct config_mistakes {
    struct config_mistake *at;
    size_t n, cap;
    struct arena *arena;
};
void connect_config_mistake(struct config_mistakes *m, const char *setting, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- a checked configuration ---- */

enum sink_format { FORMAT_JSON = 1, FORMAT_BYTES };
enum sink_converter { CONVERTER_JSON = 1, CONVERTER_STRING, CONVERTER_BYTES };
enum sink_partitioner { PARTITIONER_DEFAULT = 1, PARTITIONER_FIELD, PARTITIONER_TIME };
enum sink_extractor { EXTRACTOR_WALLCLOCK = 1, EXTRACTOR_RECORD, EXTRACTOR_FIELD };

struct connect_config {
    struct arena arena; /* everything below */
    struct properties given; /* as given, `name` added, in order */
    struct str name;
    unsigned tasks_max;
    struct str *topics; /* one of the two is given */
    size_t n_topics;
    struct jregex *topics_regex;
    struct str bucket, region, topics_dir, dir_delim, file_delim, acl, encryption, kms_key;
    struct str store_url, access_key, secret; /* store_url.n == 0: this cloud's S3 */
    int64_t flush_size, rotate_ms, rotate_schedule_ms, retry_backoff_ms, part_bytes, part_retries, part_backoff_ms;
    int pad_width;
    enum sink_format format;
    struct str extension, separator; /* of ByteArrayFormat */
    enum sink_converter value_converter, key_converter;
    bool value_schemas, key_schemas;
    bool java_order; /* members in HashMap order; else as posted */
    bool store_keys, ignore_nulls, tolerate, has_zone;
    struct str dead_letters; /* topic for records that cannot be converted; n == 0 = none */
    enum sink_partitioner partitioner;
    struct str *fields; /* of PARTITIONER_FIELD */
    size_t n_fields;
    struct str path_format, timestamp_field;
    int64_t partition_ms, zone_ms;
    enum sink_extractor extractor;
};

/* Checks all settings; NULL with every mistake listed when there is one. */
struct connect_config *connect_config_open(const struct properties *given, bool java_order, struct config_mistakes *m);
void connect_config_close(struct connect_config *c);
/* Connect's one text for all mistakes: "Connector configuration is invalid and contains the following 2 error(s):…" */
struct str connect_config_complaint(const struct config_mistakes *m, struct arena *a);
/* The same in one line, for messages that are not HTTP's. */
struct str connect_config_summary(const struct config_mistakes *m, struct arena *a);
bool connect_config_matches(const struct connect_config *c, const char *topic);

#endif
