/* control_api.c - REST APIs: create, import, update, export, delete; tags; the account. */
#include <stdlib.h>

#include "mocks/apigw/control.h"
#include "mocks/apigw/yaml.h"

static int reply_imported(struct control *k);
static int endpoint_step(struct control *k, cJSON *info, const struct patch_step *s);
static int check_api(struct control *k, cJSON *info);
static const struct patch_path api_paths[] = { { "/name", "=", 's', NULL }, { "/description", "+=-", 's', NULL }, { "/policy", "=-", 'e', NULL },
    { "/binaryMediaTypes/*", "+=-", 'l', NULL }, { "/minimumCompressionSize", "=", 'n', NULL }, { "/apiKeySource", "=", 's', NULL },
    { "/endpointConfiguration/ipAddressType", "=", 's', NULL }, { "/endpointConfiguration/vpcEndpointIds", "+-", 'v', NULL },
    { "/disableExecuteApiEndpoint", "=", 'b', NULL }, { "/version", "=-", 's', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_api = { .collection = "info", .missing = "Invalid API identifier specified", .paths = api_paths, .step = endpoint_step };

static cJSON *info_of(const struct rest_api *api) { return define_get(api->definition, "info"); }

static bool is_private(const cJSON *types)
{
    const cJSON *t = cJSON_GetArrayItem(types, 0);
    return cJSON_IsString(t) && strcmp(t->valuestring, "PRIVATE") == 0;
}

/* /endpointConfiguration/types/0: an API has one type. */
static int endpoint_step(struct control *k, cJSON *info, const struct patch_step *s)
{
    if (s->n != 3 || !str_is(s->segments[0], "endpointConfiguration") || !str_is(s->segments[1], "types"))
        return PATCH_NOT_MINE;
    if (!patch_is(s, "add") && !patch_is(s, "replace")) /* as AWS says also of remove */
        return control_fail(k, 400, "BadRequestException", "Invalid patch operation specified. Must be 'add'|'remove'|'replace'");
    if (!str_is(s->value, "REGIONAL") && !str_is(s->value, "EDGE") && !str_is(s->value, "PRIVATE"))
        return control_fail(k, 400, "BadRequestException", "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE");
    cJSON *endpoint = define_object(info, "endpointConfiguration"), *types = cJSON_CreateArray();
    define_set(endpoint, "types", types);
    cJSON_AddItemToArray(types, cJSON_CreateString(s->value.p));
    if (is_private(types))
        define_set_text(endpoint, "ipAddressType", S("dualstack"));
    return 0;
}

static int check_endpoint(struct control *k, const cJSON *endpoint)
{
    const cJSON *types = define_get(endpoint, "types");
    struct str address = define_text(endpoint, "ipAddressType");
    if (types && cJSON_GetArraySize(types) == 0)
        return control_fail(k, 400, "BadRequestException", "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.");
    if (cJSON_GetArraySize(types) > 1)
        return control_fail(k, 400, "BadRequestException", "Cannot create an api with multiple Endpoint Types.");
    if (address.n && !str_is(address, "ipv4") && !str_is(address, "dualstack"))
        return control_fail(k, 400, "BadRequestException", "ipAddressType must be either ipv4 or dualstack.");
    if (is_private(types) && str_is(address, "ipv4"))
        return control_fail(k, 400, "BadRequestException", "Only dualstack ipAddressType is supported for Private APIs.");
    return 0;
}

static int check_api(struct control *k, cJSON *info)
{
    const cJSON *size = define_get(info, "minimumCompressionSize"), *about = define_get(info, "description");
    if (cJSON_IsString(about) && !*about->valuestring)
        return control_fail(k, 400, "BadRequestException", "Description cannot be an empty string");
    if (size && (!cJSON_IsNumber(size) || size->valuedouble < 0 || size->valuedouble > 10485760))
        return control_fail(k, 400, "BadRequestException", "Invalid minimum compression size, must be between 0 and 10485760");
    if (!define_text(info, "name").n)
        return control_fail(k, 400, "BadRequestException", "API Name cannot be blank.");
    return check_endpoint(k, define_get(info, "endpointConfiguration"));
}

/* What every API has that says nothing else. */
static void put_defaults(struct control *k, cJSON *info)
{
    if (!define_get(info, "createdDate"))
        cJSON_AddNumberToObject(info, "createdDate", control_now(k));
    if (!define_get(info, "apiKeySource"))
        cJSON_AddStringToObject(info, "apiKeySource", "HEADER");
    cJSON *endpoint = define_object(info, "endpointConfiguration"), *types = define_get(endpoint, "types");
    if (!types)
        cJSON_AddItemToArray(types = cJSON_AddArrayToObject(endpoint, "types"), cJSON_CreateString("EDGE"));
    if (!define_get(endpoint, "ipAddressType"))
        cJSON_AddStringToObject(endpoint, "ipAddressType", is_private(types) ? "dualstack" : "ipv4");
    if (!cJSON_GetArraySize(define_get(info, "binaryMediaTypes")))
        cJSON_DeleteItemFromObjectCaseSensitive(info, "binaryMediaTypes");
    if (!define_get(info, "disableExecuteApiEndpoint"))
        cJSON_AddBoolToObject(info, "disableExecuteApiEndpoint", false);
}

/* The id that the tag _custom_id_ asks for, else one by chance. */
static const char *new_id(struct control *k, const cJSON *body, char out[DEFINE_ID])
{
    struct str wanted = define_text(define_get(body, "tags"), "_custom_id_");
    if (!wanted.n || wanted.n >= DEFINE_ID)
        return define_id(&k->rest->ids, 10, out);
    for (size_t i = 0; i < wanted.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", wanted.p[i]))
            return define_id(&k->rest->ids, 10, out);
    memcpy(out, wanted.p, wanted.n + 1);
    return out;
}

static int clone_api(struct control *k, cJSON *definition)
{
    struct str from = define_text(k->body, "cloneFrom");
    static const char *const parts[] = { "resources", "models", "requestvalidators", "gatewayresponses", "authorizers", "documentationparts" };
    struct rest_api *source = from.n ? map_get(&k->rest->apis, from) : NULL;
    if (!from.n)
        return 0;
    if (!source || !str_eq(source->account, k->call->account))
        return control_missing(k, "Invalid API identifier specified");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        define_set(definition, parts[i], cJSON_Duplicate(define_get(source->definition, parts[i]), true));
    define_set_text(define_get(definition, "info"), "rootResourceId", define_text(define_root(definition), "id"));
    return 0;
}

/* AWS says no more of a text that is no document; the journal does. */
static int bad_document(struct control *k)
{
    const char *why = k->call->err.message;
    if (strncmp(why, "OpenAPI document: not JSON", 26) != 0 && strncmp(why, "YAML document", 13) != 0)
        return -1;
    call_reason(k->call, "%s", why);
    return control_fail(k, 400, "BadRequestException", "Invalid OpenAPI input.");
}

bool control_api_misread(struct control *k)
{
    cJSON *document = openapi_parse(k->call->request->body, &k->call->err);
    cJSON_Delete(document);
    return !document && bad_document(k);
}

/* What AWS begins an API made of a document with: no models but its own. */
static void drop_usual_models(cJSON *definition)
{
    cJSON_DeleteItemFromObjectCaseSensitive(define_get(definition, "models"), "Empty");
    cJSON_DeleteItemFromObjectCaseSensitive(define_get(definition, "models"), "Error");
}

/* mode=import: the body is a document. */
static int import(struct control *k, cJSON *definition)
{
    struct call *c = k->call;
    struct str base = http_query(c->request, "basepath", c->arena);
    if (openapi_read(c->request->body, definition, &k->rest->ids, base.n ? base.p : NULL, &c->err))
        return bad_document(k);
    cJSON *copy = cJSON_Duplicate(definition, true);
    struct model_api *checked = define_model(copy, false, &c->err); /* frees the copy, and names what is wrong */
    model_close(checked);
    return checked ? 0 : -1;
}

int control_api_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', true }, { "description", 's', false }, { "version", 's', false },
        { "binaryMediaTypes", 'l', false }, { "minimumCompressionSize", '*', false }, { "apiKeySource", 's', false },
        { "endpointConfiguration", 'm', false }, { "policy", 's', false }, { "tags", 'm', false }, { "disableExecuteApiEndpoint", 'b', false } };
    bool document = strcmp(k->call->action->name, "ImportRestApi") == 0;
    char id[DEFINE_ID];
    new_id(k, k->body, id);
    if (map_get(&k->rest->apis, str_of(id)))
        return control_fail(k, 409, "ConflictException", "The API id %s is taken", id);
    cJSON *definition = define_new(&k->rest->ids, id, "API");
    cJSON *info = define_get(definition, "info");
    if (document)
        drop_usual_models(definition);
    int failed = document ? import(k, definition) : control_fields(k, info, fields, sizeof fields / sizeof *fields) || clone_api(k, definition);
    failed = failed || check_api(k, info);
    if (failed) {
        cJSON_Delete(definition);
        return -1;
    }
    put_defaults(k, info);
    k->api = rest_add(k->rest, str_of(id), k->call->account, definition);
    return reply_imported(k);
}

static cJSON *show_api(struct control *k, const cJSON *v)
{
    (void)k;
    return cJSON_Duplicate(v, true);
}

int control_api_list(struct control *k)
{
    struct map_entry *m;
    cJSON *all = cJSON_CreateArray();
    for (size_t i = 0; (m = map_next(&k->rest->apis, &i));) {
        struct rest_api *api = m->value;
        if (str_eq(api->account, k->call->account)) {
            put_defaults(k, info_of(api));
            cJSON_AddItemReferenceToArray(all, info_of(api));
        }
    }
    int result = control_page(k, all, show_api);
    cJSON_Delete(all);
    return result;
}

int control_api_get(struct control *k)
{
    put_defaults(k, info_of(k->api));
    return control_reply(k, info_of(k->api));
}

int control_api_update(struct control *k)
{
    put_defaults(k, info_of(k->api));
    return patch_checked(k, info_of(k->api), &noun_api, check_api) ? -1 : control_reply_tagged(k, info_of(k->api));
}

int control_api_delete(struct control *k)
{
    rest_remove(k->rest, k->api);
    k->api = NULL;
    return 0;
}

/* Binary media types of a document come behind those there are. */
static void merge_types(cJSON *info, const cJSON *old)
{
    cJSON *types = cJSON_CreateArray(), *has;
    const cJSON *of[] = { define_get(old, "binaryMediaTypes"), define_get(info, "binaryMediaTypes") }, *t;
    for (size_t i = 0; i < 2; i++)
        cJSON_ArrayForEach(t, of[i])
        {
            bool there = false;
            cJSON_ArrayForEach(has, types) there = there || cJSON_Compare(has, t, true);
            if (!there)
                cJSON_AddItemToArray(types, cJSON_Duplicate(t, true));
        }
    define_set(info, "binaryMediaTypes", types);
}

/* With what the reader warned of. */
static int reply_imported(struct control *k)
{
    cJSON *shown = cJSON_Duplicate(info_of(k->api), true), *warnings = cJSON_DetachItemFromObjectCaseSensitive(k->api->definition, "warnings");
    if (warnings)
        cJSON_AddItemToObject(shown, "warnings", warnings);
    int result = strcmp(k->call->action->name, "PutRestApi") == 0 ? control_reply_tagged(k, shown) : control_reply(k, shown);
    cJSON_Delete(shown);
    return result;
}

/* mode=overwrite starts from nothing (stages and deployments stay), mode=merge from what is there. */
int control_api_put(struct control *k)
{
    static const char *const kept[] = { "deployments", "stages" };
    bool overwrite = str_is(http_query(k->call->request, "mode", k->call->arena), "overwrite");
    cJSON *old = k->api->definition, *old_info = info_of(k->api);
    cJSON *d = overwrite ? define_new(&k->rest->ids, define_text(old_info, "id").p, define_text(old_info, "name").p) : cJSON_Duplicate(old, true);
    if (overwrite)
        drop_usual_models(d);
    if (import(k, d)) {
        cJSON_Delete(d);
        return -1;
    }
    for (size_t i = 0; overwrite && i < 2; i++)
        define_set(d, kept[i], cJSON_Duplicate(define_get(old, kept[i]), true));
    if (overwrite && define_get(old_info, "tags"))
        define_set(define_get(d, "info"), "tags", cJSON_Duplicate(define_get(old_info, "tags"), true));
    if (!overwrite)
        merge_types(define_get(d, "info"), old_info);
    k->api->definition = d;
    cJSON_Delete(old);
    put_defaults(k, info_of(k->api));
    return reply_imported(k);
}

/* ---- export ---- */
int control_api_export(struct control *k)
{
    struct call *c = k->call;
    struct str type = k->labels[2], extensions = http_query(c->request, "extensions", c->arena), parameters = http_query(c->request, "parameters", c->arena);
    const cJSON *stage = define_get(define_get(k->api->definition, "stages"), k->labels[1].p);
    struct model_api *frozen = map_get(&k->api->deployed, define_text(stage, "deploymentId"));
    if (!stage)
        return control_missing(k, "Invalid stage identifier specified");
    if (!str_is(type, "oas30") && !str_is(type, "swagger"))
        return control_fail(k, 400, "BadRequestException", "No API exporter for type '" STR_F "'", STR_A(type));
    struct str accept = http_request_header(c->request, "Accept");
    bool yaml = str_find(accept, S("yaml")) != STR_NONE;
    if (!extensions.n)
        extensions = parameters;
    bool integrations = str_find(extensions, S("integrations")) != STR_NONE || str_find(extensions, S("apigateway")) != STR_NONE;
    struct str host = arena_f(c->arena, STR_F ".execute-api." STR_F ".amazonaws.com", STR_A(k->api->id), STR_A(c->region));
    cJSON *document = openapi_export(frozen ? frozen->definition : k->api->definition, k->labels[1].p, type.p, integrations, host.p);
    char *text = yaml ? NULL : cJSON_Print(document);
    char made[32];
    call_header(c, "Content-Type", S("application/octet-stream"));
    call_header(c, "Content-Disposition", arena_f(c->arena, "attachment; filename=\"%s_" STR_F ".%s\"", type.p,
                STR_A(openapi_version(frozen ? frozen->definition : k->api->definition, made)), yaml ? "yaml" : "json"));
    if (yaml)
        yaml_write(call_body(c), document);
    else
        buf_z(call_body(c), text);
    free(text);
    cJSON_Delete(document);
    return 0;
}
