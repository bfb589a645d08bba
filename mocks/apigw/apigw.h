/* apigw.h - the mock of Amazon API Gateway (REST APIs).
 *
 *     PUT /{stage}/streams/NAME/record ──► resource /streams/{stream-name}/record, method PUT
 *                                          request template (VTL) ──► kinesis PutRecord, in process
 *     POST /{stage}/topics/ID.pin      ──► resource /{proxy+}, method ANY ──► http://kafka-rest:8082/topics/ID.pin
 *
 * An API is given as an OpenAPI 3 or Swagger 2 document with x-amazon-apigateway-integration. Any first segment of a
 * path is a stage. A call arrives by plain /{stage}/…, by host {api}.execute-api.…, by
 * /_aws/execute-api/{api}/{stage}/… or by /restapis/{api}/{stage}/_user_request_/…; an API id that is not known means
 * the API of the document, so that URLs of scripts whose API is gone still lead somewhere.
 *
 * What it promises
 *   - Routing, template choice, parameter mapping, integration responses, refusals and headers as AWS has them.
 *   - Mapping templates are the whole language (vtl.h). A backend of this cloud is called in process through its own
 *     dispatch; any other host over HTTP.
 *   - Every refused call says in the journal which resource and method it met and why it was refused, in plain words.
 * Documented at: API Gateway Developer Guide ("Working with REST APIs", "OpenAPI extensions"); error bodies in
 * "Gateway response types".
 *
 *   apigw.c      the service: actions, routes, how errors look      model.c     APIs, resources, methods
 *   openapi.c    from a document into the model                     match.c     from a path to a resource
 *   invoke.c     one call from request to answer                    integrate.c where a call goes: AWS, HTTP, MOCK
 *   mapping.c    parameter mappings                                 context.c   $context
 *   foreign.c    hosts outside of this cloud                        control.c   the control plane's list of actions
 *   vtl_*.c      mapping templates     jsonpath*.c                   what templates need
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

/* Port 8080. The data plane is the action "Invoke", its resource the path below the stage. */
extern const struct service apigw_service;

#endif
