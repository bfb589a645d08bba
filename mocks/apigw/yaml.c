/* yaml.c - libyaml's events into a tree, a tree into libyaml's events. */
#include "mocks/apigw/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/map.h"

enum { MAX_DEPTH = 100, MAX_NODES = 200000 };

/* ---- reading ---- */

struct reader {
    yaml_parser_t parser;
    struct map anchors; /* name -> the node, which lives in the tree or in kept */
    cJSON *kept;        /* merged mappings: they may hold anchors */
    size_t nodes;       /* made so far, copies of anchors too */
    struct err *e;
};

static cJSON *refuse(struct reader *r, yaml_mark_t at, const char *why)
{
    err_set(r->e, 400, "BadRequestException", "YAML document, line %zu, column %zu: %s", at.line + 1, at.column + 1, why);
    return NULL;
}

static bool next(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return true;
    refuse(r, r->parser.problem_mark, r->parser.problem ? r->parser.problem : "cannot be read");
    return false;
}

static bool is_one_of(struct str v, const char *const *words)
{
    for (; *words; words++)
        if (str_is(v, *words))
            return true;
    return false;
}

/* [-+]? ( digits [. digits] | . digits ) ( e [-+]? digits )? */
static bool is_number(struct str v)
{
    size_t i = v.n && (v.p[0] == '-' || v.p[0] == '+'), digits = 0, exponent = 1;
    for (; i < v.n && v.p[i] >= '0' && v.p[i] <= '9'; i++)
        digits++;
    for (i += i < v.n && v.p[i] == '.'; i < v.n && v.p[i] >= '0' && v.p[i] <= '9'; i++)
        digits++;
    if (digits && i < v.n && (v.p[i] == 'e' || v.p[i] == 'E')) {
        i++;
        i += i < v.n && (v.p[i] == '-' || v.p[i] == '+');
        for (exponent = 0; i < v.n && v.p[i] >= '0' && v.p[i] <= '9'; i++)
            exponent++;
    }
    return digits && exponent && i == v.n;
}

static cJSON *scalar(const yaml_event_t *event)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    static const char *const truths[] = { "true", "True", "TRUE", NULL }, *const lies[] = { "false", "False", "FALSE", NULL };
    struct str v = { (const char *)event->data.scalar.value, event->data.scalar.length };
    if (event->data.scalar.plain_implicit && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        if (is_one_of(v, nulls))
            return cJSON_CreateNull();
        if (is_one_of(v, truths) || is_one_of(v, lies))
            return cJSON_CreateBool(is_one_of(v, truths));
        if (is_number(v))
            return cJSON_CreateNumber(strtod(v.p, NULL)); /* libyaml ends values with a zero byte */
    }
    return cJSON_CreateString(v.p);
}

static size_t count(const cJSON *node)
{
    size_t n = 1;
    const cJSON *child;
    cJSON_ArrayForEach(child, node) n += count(child);
    return n;
}

static cJSON *copy_of_anchor(struct reader *r, const yaml_event_t *event)
{
    const cJSON *there = map_get(&r->anchors, str_of((const char *)event->data.alias.anchor));
    if (!there)
        return refuse(r, event->start_mark, "an alias of an anchor that is not there, or that holds it");
    r->nodes += count(there);
    return r->nodes > MAX_NODES ? refuse(r, event->start_mark, "aliases make the document too large") : cJSON_Duplicate(there, true);
}

static void remember(struct reader *r, const yaml_char_t *anchor, cJSON *node)
{
    if (anchor && node)
        map_put(&r->anchors, str_of((const char *)anchor), node);
}

static cJSON *node_of(struct reader *r, const yaml_event_t *event, int depth);

static cJSON *sequence(struct reader *r, int depth)
{
    cJSON *array = cJSON_CreateArray();
    yaml_event_t event;
    while (next(r, &event)) {
        bool over = event.type == YAML_SEQUENCE_END_EVENT;
        cJSON *item = over ? NULL : node_of(r, &event, depth);
        yaml_event_delete(&event);
        if (over)
            return array;
        if (!item)
            break;
        cJSON_AddItemToArray(array, item);
    }
    cJSON_Delete(array);
    return NULL;
}

/* `<<` takes what is not there yet from one mapping or several. */
static void merge(cJSON *object, const cJSON *from)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, from)
    {
        if (cJSON_IsArray(from))
            merge(object, member);
        else if (member->string && !cJSON_GetObjectItemCaseSensitive(object, member->string))
            cJSON_AddItemToObject(object, member->string, cJSON_Duplicate(member, true));
    }
}

static bool add_member(struct reader *r, cJSON *object, const yaml_event_t *name, int depth)
{
    if (name->type != YAML_SCALAR_EVENT)
        return refuse(r, name->start_mark, "a name has to be a text");
    yaml_event_t event;
    if (!next(r, &event))
        return false;
    cJSON *value = node_of(r, &event, depth);
    yaml_event_delete(&event);
    if (!value)
        return false;
    const char *key = (const char *)name->data.scalar.value;
    if (strcmp(key, "<<") == 0 && (cJSON_IsObject(value) || cJSON_IsArray(value))) {
        merge(object, value);
        cJSON_AddItemToArray(r->kept, value);
    } else if (cJSON_GetObjectItemCaseSensitive(object, key)) {
        cJSON_Delete(value);
        return refuse(r, name->start_mark, "a name that is there already");
    } else {
        cJSON_AddItemToObject(object, key, value);
    }
    return true;
}

static cJSON *mapping(struct reader *r, int depth)
{
    cJSON *object = cJSON_CreateObject();
    yaml_event_t event;
    while (next(r, &event)) {
        bool over = event.type == YAML_MAPPING_END_EVENT, added = !over && add_member(r, object, &event, depth);
        yaml_event_delete(&event);
        if (over)
            return object;
        if (!added)
            break;
    }
    cJSON_Delete(object);
    return NULL;
}

static cJSON *node_of(struct reader *r, const yaml_event_t *event, int depth)
{
    if (depth == MAX_DEPTH || ++r->nodes > MAX_NODES)
        return refuse(r, event->start_mark, depth == MAX_DEPTH ? "nested too deeply" : "too large");
    cJSON *node = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT: return copy_of_anchor(r, event);
    case YAML_SCALAR_EVENT:
        node = scalar(event);
        remember(r, event->data.scalar.anchor, node);
        return node;
    case YAML_SEQUENCE_START_EVENT:
        node = sequence(r, depth + 1);
        remember(r, event->data.sequence_start.anchor, node);
        return node;
    case YAML_MAPPING_START_EVENT:
        node = mapping(r, depth + 1);
        remember(r, event->data.mapping_start.anchor, node);
        return node;
    default: return refuse(r, event->start_mark, "the document ends too early");
    }
}

/* The node behind the starts of stream and document. */
static cJSON *first_document(struct reader *r)
{
    for (yaml_event_t event; next(r, &event);) {
        bool start = event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT;
        cJSON *tree = start ? NULL : node_of(r, &event, 0);
        yaml_event_delete(&event);
        if (!start)
            return tree;
    }
    return NULL;
}

cJSON *yaml_read(struct str text, struct err *e)
{
    struct reader r = { .e = e, .kept = cJSON_CreateArray() };
    if (!yaml_parser_initialize(&r.parser))
        abort(); /* out of memory, as everywhere */
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    cJSON *tree = first_document(&r);
    cJSON_Delete(r.kept);
    map_release(&r.anchors);
    yaml_parser_delete(&r.parser);
    return tree;
}

/* ---- writing ---- */

static int append(void *arg, unsigned char *bytes, size_t n)
{
    buf_add(arg, bytes, n);
    return 1;
}

static bool emit(yaml_emitter_t *to, yaml_event_t *event) { return yaml_emitter_emit(to, event); }

/* Quoted where its plain form would be read as something else. */
static bool emit_text(yaml_emitter_t *to, const char *text)
{
    yaml_event_t event, probe = { 0 };
    probe.data.scalar.value = (yaml_char_t *)text;
    probe.data.scalar.length = strlen(text);
    probe.data.scalar.plain_implicit = 1;
    probe.data.scalar.style = YAML_PLAIN_SCALAR_STYLE;
    cJSON *plain = scalar(&probe);
    yaml_scalar_style_t style = cJSON_IsString(plain) ? YAML_ANY_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    cJSON_Delete(plain);
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style) && emit(to, &event);
}

static bool emit_literal(yaml_emitter_t *to, const cJSON *v)
{
    char *text = cJSON_PrintUnformatted(v);
    yaml_event_t event;
    bool ok = text && yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)text, (int)strlen(text), 1, 1, YAML_PLAIN_SCALAR_STYLE) &&
              emit(to, &event);
    cJSON_free(text);
    return ok;
}

static bool emit_node(yaml_emitter_t *to, const cJSON *v)
{
    if (cJSON_IsString(v))
        return emit_text(to, v->valuestring);
    if (!cJSON_IsArray(v) && !cJSON_IsObject(v))
        return emit_literal(to, v);
    bool list = cJSON_IsArray(v), ok;
    yaml_event_t event;
    ok = (list ? yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, v->child ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE)
               : yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, v->child ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE)) &&
         emit(to, &event);
    for (const cJSON *child = v->child; ok && child; child = child->next)
        ok = (list || emit_text(to, child->string)) && emit_node(to, child);
    return ok && (list ? yaml_sequence_end_event_initialize(&event) : yaml_mapping_end_event_initialize(&event)) && emit(to, &event);
}

void yaml_write(struct buf *out, const cJSON *tree)
{
    yaml_emitter_t emitter;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&emitter))
        abort();
    yaml_emitter_set_output(&emitter, append, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    if (yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) && emit(&emitter, &event) &&
        yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0) && emit(&emitter, &event) && emit_node(&emitter, tree) &&
        yaml_document_end_event_initialize(&event, 1) && emit(&emitter, &event) && yaml_stream_end_event_initialize(&event))
        emit(&emitter, &event);
    yaml_emitter_delete(&emitter);
}
