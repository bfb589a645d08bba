/* define.h - definitions: an API as the JSON that the control plane shows of it.
 *
 *   info              id, name, binaryMediaTypes, apiKeySource, …
 *   resources         by id: id, parentId, pathPart, path, resourceMethods by verb, each with methodResponses and
 *                     methodIntegration with integrationResponses, all with the names the control plane gives them
 *   models, requestvalidators, gatewayresponses, deployments, stages, authorizers, documentationparts,
 *   documentationversions      by name, id or type
 *
 * The control plane edits a definition, OpenAPI documents are read into one and written from one, and a deployment is
 * a model made from a copy of one: there is no second form of an API.
 */
#ifndef MOCKS_APIGW_DEFINE_H
#define MOCKS_APIGW_DEFINE_H

#include "mocks/apigw/model.h"

/* Where in a document we are; a chain on the stack. NULL: not in a document. */
struct place {
    const struct place *up;
    const char *name;
};
/* Fills *e with why, before it the JSON pointer of the place; returns -1. */
int define_wrong(const struct place *p, const char *why, struct err *e);
/* Puts the pointer before what is in *e already. */
int define_at(const struct place *p, struct err *e);

/* Where ids come from: the cloud's chance, or counted when there is none. */
struct cloud;
struct define_ids {
    struct cloud *cloud;
    unsigned counter;
};
enum { DEFINE_ID = 48 };
/* "a1b2c3d4e5": n letters and digits, or "r7". */
const char *define_id(struct define_ids *ids, int n, char out[DEFINE_ID]);

#define MODEL_URL "https://apigateway.amazonaws.com/restapis/"

/* An empty definition: the root resource, and the models Empty and Error that every API starts with. */
cJSON *define_new(struct define_ids *ids, const char *id, const char *name);
/* Shorthands; all case-sensitive, NULL and "" when absent. */
cJSON *define_get(const cJSON *object, const char *name);
struct str define_text(const cJSON *object, const char *name);
bool define_on(const cJSON *object, const char *name);
/* Puts the item in place of a member of that name. */
void define_set(cJSON *object, const char *name, cJSON *item);
void define_set_text(cJSON *object, const char *name, struct str text);
/* The member, made as an empty object when absent. */
cJSON *define_object(cJSON *object, const char *name);
/* The resource of that path, and all above it, made when they are not there. */
cJSON *define_resource(cJSON *definition, struct define_ids *ids, struct str path);
/* x-amazon-apigateway-documentation of a document; the ids of the parts into ret_ids, which may be NULL. */
void define_documentation(cJSON *definition, struct define_ids *ids, const cJSON *documentation, cJSON *ret_ids);
cJSON *define_root(const cJSON *definition);

/* Makes what the data plane runs. Takes the definition over, also when it fails (NULL, *e filled). */
struct model_api *define_model(cJSON *definition, bool lenient, struct err *e);
/* One integration of a method, read into the model's form, as the check of what is put. */
int define_integration(struct model_api *api, const cJSON *v, const struct place *p, struct model_integration **ret,
                       struct err *e);
int define_response(struct model_api *api, const cJSON *v, const struct place *p, struct model_response **ret, struct err *e);

/* openapi.c: the document as a tree, JSON or YAML; NULL with *e filled. */
cJSON *openapi_parse(struct str document, struct err *e);
/* openapi.c: reads a document into a definition. merge: what is there already stays, unless the document has it too.
 * base_path: "ignore" (also NULL), "prepend", "split". */
int openapi_read(struct str document, cJSON *definition, struct define_ids *ids, const char *base_path, struct err *e);
/* openapi_export.c: the version a document of it names: its own, or else when it was made. */
struct str openapi_version(const cJSON *definition, char out[32]);
/* openapi_export.c: type "oas30" or "swagger"; integrations: with x-amazon-apigateway-*. Free it with cJSON_Delete. */
cJSON *openapi_export(const cJSON *definition, const char *stage, const char *type, bool integrations, const char *host);

#endif
