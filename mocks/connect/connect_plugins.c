/* connect_plugins.c - what is installed, and what a configuration lacks: printed from the table of settings. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/json.h"
#include "mocks/connect/worker.h"

#define SINK_CLASS "io.confluent.connect.s3.S3SinkConnector"

int connect_plugins_list(struct call *c)
{
    buf_z(call_body(c), "[{\"class\":\"" SINK_CLASS "\",\"type\":\"sink\",\"version\":\"10.0.3\"}]");
    return 0;
}

static void put_text_or_null(struct buf *out, struct str text)
{
    if (text.p)
        json_put_text(out, text);
    else
        buf_z(out, "null");
}

static void put_definition(struct buf *out, const struct setting *s, size_t order)
{
    buf_z(out, "{\"definition\":{\"name\":");
    json_put_text(out, str_of(s->name));
    buf_f(out, ",\"type\":\"%s\",\"required\":%s,\"default_value\":", connect_settings_type(s->type),
          s->required ? "true" : "false");
    put_text_or_null(out, str_of(s->otherwise));
    buf_f(out, ",\"importance\":\"%s\",\"documentation\":", s->importance);
    const char *use = s->use == SETTING_INERT ? "Accepted; changes nothing in this worker."
                      : s->use == SETTING_ABSENT ? "Not emulated by this worker." : "";
    json_put_text(out, str_of(s->about ? s->about : use));
    buf_z(out, ",\"group\":");
    json_put_text(out, str_of(s->group));
    buf_z(out, ",\"width\":\"MEDIUM\",\"display_name\":");
    json_put_text(out, str_of(s->name));
    buf_f(out, ",\"dependents\":[],\"order\":%zu,\"order_in_group\":%zu}", order, order);
}

static void put_setting(struct buf *out, struct str name, const struct setting *s, size_t order,
                        const struct properties *given, const struct config_mistakes *m)
{
    char *z = mem_dup(name);
    struct str value = properties_get(given, z);
    free(z);
    put_definition(out, s, order);
    buf_z(out, ",\"value\":{\"name\":");
    json_put_text(out, name);
    buf_z(out, ",\"value\":");
    put_text_or_null(out, value.p ? value : str_of(s->otherwise));
    buf_z(out, ",\"recommended_values\":[],\"errors\":[");
    bool first = true;
    for (size_t i = 0; i < m->n; i++) {
        if (!str_eq(m->at[i].setting, name))
            continue;
        buf_z(out, first ? "" : ",");
        json_put_text(out, m->at[i].text);
        first = false;
    }
    buf_z(out, "],\"visible\":true}}");
}

/* Settings nobody knows get a row of their own, so that their errors are seen. */
static void put_unknown(struct buf *out, const struct properties *given, const struct config_mistakes *m, size_t order)
{
    for (size_t i = 0; i < given->n; i++) {
        if (connect_settings_find(given->at[i].key))
            continue;
        char *z = mem_dup(given->at[i].key);
        struct setting unknown = { .name = z, .type = SETTING_STRING, .use = SETTING_USED, .group = "Unknown",
                                   .importance = "LOW", .about = "Not a setting of this connector." };
        buf_c(out, ',');
        put_setting(out, given->at[i].key, &unknown, order++, given, m);
        free(z);
    }
}

static void put_report(struct buf *out, struct str class, const struct properties *given, const struct config_mistakes *m)
{
    const struct setting *s;
    size_t order = 0;
    buf_z(out, "{\"name\":");
    json_put_text(out, class);
    buf_f(out, ",\"error_count\":%zu,\"groups\":[\"Common\",\"Transforms\",\"Predicates\",\"Error Handling\",\"Connector\","
               "\"S3\",\"Storage\",\"Partitioner\"],\"configs\":[", m->n);
    for (size_t i = 0; (s = connect_settings_at(i)); i++) {
        if (s->prefix)
            continue;
        buf_z(out, order ? "," : "");
        put_setting(out, str_of(s->name), s, ++order, given, m);
    }
    put_unknown(out, given, m, order + 1);
    buf_z(out, "]}");
}

static bool is_sink(struct str class)
{
    return str_is(class, SINK_CLASS) || str_is(class, "S3SinkConnector") || str_is(class, "S3Sink");
}

int connect_plugins_validate(struct call *c)
{
    struct str class = ((struct connect_args *)c->args)->name, body = c->request->body;
    struct properties given = { 0 };
    struct config_mistakes m = { .arena = c->arena };
    cJSON *doc = json_valid(body) ? cJSON_ParseWithLength(body.p, body.n) : NULL;
    const cJSON *v;
    int result = -1;
    if (!is_sink(class)) {
        call_fail(c, 404, "404", "Failed to find any class that implements Connector and which name matches " STR_F
                  ", available connectors are: " SINK_CLASS, STR_A(str_head(class, 200)));
        goto out;
    }
    if (!cJSON_IsObject(doc)) {
        call_fail(c, 400, "400", "Malformed JSON: expected an object of settings");
        goto out;
    }
    given.at = ARENA_ARRAY(c->arena, struct property, (size_t)cJSON_GetArraySize(doc) + 1);
    cJSON_ArrayForEach(v, doc)
    {
        struct str text = cJSON_IsString(v) ? arena_dup(c->arena, str_of(v->valuestring))
                          : cJSON_IsNumber(v) ? arena_f(c->arena, "%.15g", v->valuedouble)
                          : cJSON_IsTrue(v) ? S("true") : S("false");
        if (!cJSON_IsNull(v))
            given.at[given.n++] = (struct property){ arena_dup(c->arena, str_of(v->string)), text, 0 };
    }
    struct str named = properties_get(&given, "connector.class");
    if (!is_sink(named)) {
        call_fail(c, 400, "400", "Included connector type " STR_F " does not match request type " STR_F,
                  STR_A(named.p ? str_head(named, 200) : S("null")), STR_A(class));
        goto out;
    }
    connect_config_close(worker_read_config(&given, S("validated"), true, &m));
    put_report(call_body(c), class, &given, &m);
    result = 0;
out:
    cJSON_Delete(doc);
    return result;
}
