/* control_documentation.c - documentation parts and versions: state of the control plane, that documents bring along. */
#include <stdlib.h>

#include "mocks/apigw/control.h"
#include "mocks/apigw/yaml.h"

int control_part_create(struct control *k)
{
    static const struct field fields[] = { { "location", 'm', true }, { "properties", 's', true } };
    char id[DEFINE_ID];
    cJSON *v = cJSON_CreateObject();
    cJSON_AddStringToObject(v, "id", define_id(&k->rest->ids, 6, id));
    if (control_fields(k, v, fields, 2)) {
        cJSON_Delete(v);
        return -1;
    }
    cJSON_AddItemToObject(control_collection(k, k->noun), id, v);
    return control_reply(k, v);
}

/* ?type=, ?name=, ?path= */
static bool is_wanted(struct control *k, const cJSON *part)
{
    static const char *const names[] = { "type", "name", "path" };
    for (size_t i = 0; i < 3; i++) {
        struct str wanted = http_query(k->call->request, names[i], k->call->arena);
        if (wanted.n && !str_eq(wanted, define_text(define_get(part, "location"), names[i])))
            return false;
    }
    return true;
}

int control_part_list(struct control *k)
{
    cJSON *all = cJSON_CreateArray(), *v;
    cJSON_ArrayForEach(v, control_collection(k, k->noun)) if (is_wanted(k, v)) cJSON_AddItemReferenceToArray(all, v);
    int result = control_page(k, all, NULL);
    cJSON_Delete(all);
    return result;
}

/* A document's parts; with mode=overwrite in place of those there are, else in place of those of the same location. */
int control_part_import(struct control *k)
{
    struct err why = { 0 };
    bool overwrite = str_is(http_query(k->call->request, "mode", k->call->arena), "overwrite");
    cJSON *document = yaml_read(k->call->request->body, &why), *found = define_get(document, "x-amazon-apigateway-documentation");
    if (!cJSON_IsObject(found)) {
        cJSON_Delete(document);
        return control_fail(k, 400, "BadRequestException", "Unable to build importer with provided input.");
    }
    cJSON *out = cJSON_CreateObject();
    cJSON *ids = cJSON_AddArrayToObject(out, "ids");
    if (overwrite)
        define_set(k->api->definition, k->noun->collection, cJSON_CreateObject());
    define_documentation(k->api->definition, &k->rest->ids, found, ids);
    int result = control_reply(k, out);
    cJSON_Delete(out);
    cJSON_Delete(document);
    return result;
}

int control_version_create(struct control *k)
{
    static const struct field fields[] = { { "description", 's', false } };
    struct str name = define_text(k->body, "documentationVersion"), stage = define_text(k->body, "stageName");
    cJSON *all = control_collection(k, k->noun);
    if (!name.n)
        return control_fail(k, 400, "BadRequestException", "Documentation version is required");
    if (define_get(all, name.p))
        return control_fail(k, 409, "ConflictException", "Documentation version already exists for this REST API");
    cJSON *at = stage.n ? define_get(define_get(k->api->definition, "stages"), stage.p) : NULL;
    if (stage.n && !at)
        return control_missing(k, "Invalid stage identifier specified");
    cJSON *v = cJSON_CreateObject();
    define_set_text(v, "version", name);
    cJSON_AddNumberToObject(v, "createdDate", control_now(k));
    if (control_fields(k, v, fields, 1)) {
        cJSON_Delete(v);
        return -1;
    }
    cJSON_AddItemToObject(all, name.p, v);
    if (at)
        define_set_text(at, "documentationVersion", name);
    return control_reply(k, v);
}
