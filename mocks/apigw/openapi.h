/* openapi.h - inside apigw: what the readers of OpenAPI documents share. */
#ifndef MOCKS_APIGW_OPENAPI_H
#define MOCKS_APIGW_OPENAPI_H

#include "mocks/apigw/define.h"

/* ---- openapi_authorizer.c ---- */
void openapi_authorizers(cJSON *definition, struct define_ids *ids, const cJSON *document);
/* What the operation's security, or else the document's, asks of a method. */
void openapi_security(cJSON *definition, const cJSON *document, const cJSON *operation, cJSON *method);
/* Takes the authorizers off all methods. */
void openapi_open(cJSON *definition);

#endif
