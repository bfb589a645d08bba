/* apigw.h - the mock of Amazon API Gateway (REST APIs).
 *
 *     PUT /{stage}/streams/NAME/record ──► resource /streams/{stream-name}/record, method PUT
 *                                          request template (VTL) ──► kinesis PutRecord, in process
 *     POST /{stage}/topics/ID.pin      ──► resource /{proxy+}, method ANY ──► http://kafka-rest:8082/topics/ID.pin
 *
 * An API is given as an OpenAPI 3 or Swagger 2 document with x-amazon-apigateway-integration, whose every first segment
 * of a path is a stage, or made by the control plane (aws apigateway …) and deployed to its stages. A call arrives by plain /{stage}/…, by host {api}.execute-api.…, by
 * /_aws/execute-api/{api}/{stage}/… or by /restapis/{api}/{stage}/_user_request_/…; an API id that is not known, or
 * none, means the API of the document, so that URLs of scripts whose API is gone still lead somewhere; without a
 * document, none means the newest deployment that has the stage. The control plane's calls are signed, the others not.
 *
 * What it promises
 *   - Routing, template choice, parameter mapping, integration responses, refusals and headers as AWS has them.
 *   - Mapping templates are the whole language (vtl.h). A backend of this cloud is called in process through its own
 *     dispatch; any other host over HTTP.
 *   - Every refused call says in the journal which resource and method it met and why it was refused, in plain words.
 * Documented at: API Gateway Developer Guide ("Working with REST APIs", "OpenAPI extensions"); error bodies in
 * "Gateway response types".
 *
 *   apigw.c       the service: routes, state                model.c     what the data plane runs: resources, methods
 *   define.c      definitions: APIs as JSON, made into models  match.c    from a path to a resource
 *   openapi.c     documents into definitions                openapi_export.c  and back; yaml.c when they are YAML
 *   rest.c        the APIs there are, deployments, stages   admit.c     API keys, usage plans, throttles, validation
 *   invoke.c      one call from request to answer           integrate.c where a call goes: AWS, HTTP, MOCK
 *   mapping.c     parameter mappings                        context.c   $context
 *   binary.c      bodies between text and bytes             schema.c    JSON Schema
 *   refuse.c      refusals and gateway responses            foreign.c   hosts outside of this cloud
 *   control.c     the control plane: actions by path        control_*.c a noun each; patch.c patchOperations
 *   testinvoke.c  TestInvokeMethod, explain                 render.c    templates on trial
 *   vtl_*.c       mapping templates                         jsonpath.c  what templates need
 *
 * Settings of the cloud (struct cloud_setting)
 *   apigw.openapi   the text of the document; none = an API without resources
 *   apigw.id        its API id; default "weirbox000"
 *   apigw.timeout_ms  the longest an integration may take; default 29000
 * Faults: throttle answers 429 {"message":"Too Many Requests"}.
 */
#ifndef MOCKS_APIGW_APIGW_H
#define MOCKS_APIGW_APIGW_H

#include "mocks/cloud/service.h"

struct cloud;

struct http_request;
/* Runs the request (path /{stage}/…) as a trial and writes what it met, what its template rendered and what came back:
 * 0 answered, 1 refused, -1 with *e filled. Backends of the cloud are really called. */
int apigw_explain(struct cloud *cloud, const struct http_request *request, struct buf *out, struct err *e);
/* A mapping template rendered for a body and parameters; context: $context and $stageVariables are made up.
 * -1 with *e filled: what is wrong and where. */
int apigw_render(struct str template, const struct http_request *request, struct buf *out, struct err *e);
/* Compiles the template only; then says what is suspicious, a line each. -1 with *e filled when it does not compile. */
int apigw_lint(struct str template, struct buf *out, struct err *e);

/* Port 8080. The data plane is the action "Invoke", its resource the path below the stage. */
extern const struct service apigw_service;

#endif
