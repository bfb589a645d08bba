/* edge.c - one port for every HTTP service.
 *
 * The first row that holds decides. AWS SDKs name their service by X-Amz-Target or by the credential scope of the
 * signature; scripts by host or path.
 */
#include "mocks/cloud/edge.h"

#include "base/json.h"
#include "base/xml.h"
#include "mocks/cloud/fault.h"

enum evidence { BY_TARGET, BY_PATH, BY_HOST, BY_SCOPE, BY_TYPE, BY_ACCEPT, BY_FORM, BY_ANYTHING };
enum { FORM_BYTES = 4096 }; /* looked at of a form */

static const struct edge_row {
    enum evidence evidence;
    const char *pattern; /* '*' and '?' as in a shell */
    const char *service;
} rows[] = {
    { BY_TARGET, "Kinesis_20131202.*", "kinesis" },
    { BY_PATH, "/_aws/execute-api/*", "apigw" },
    { BY_PATH, "/restapis*", "apigw" },
    { BY_HOST, "*.execute-api.*", "apigw" },
    { BY_HOST, "kinesis.*", "kinesis" },
    { BY_HOST, "*.kinesis.*", "kinesis" },
    { BY_HOST, "s3.*", "s3" },
    { BY_HOST, "*.s3.*", "s3" },
    { BY_SCOPE, "kinesis", "kinesis" },
    { BY_SCOPE, "s3", "s3" },
    { BY_SCOPE, "execute-api", "apigw" },
    { BY_SCOPE, "apigateway", "apigw" },
    { BY_SCOPE, "sts", "sts" },
    { BY_HOST, "sts.*", "sts" },
    { BY_FORM, "*Version=2011-06-15*", "sts" },
    { BY_TARGET, "?*", NULL }, /* somebody else's: no service of this cloud */
    { BY_SCOPE, "?*", NULL },
    { BY_TYPE, "application/vnd.kafka.*", "kafka_rest" },
    { BY_ACCEPT, "application/vnd.kafka.*", "kafka_rest" },
    { BY_PATH, "/api/2.?/*", NULL }, /* Databricks */
    { BY_PATH, "/connectors*", "connect" },
    { BY_PATH, "/connector-plugins*", "connect" },
    { BY_ANYTHING, "*", "s3" },
};

static bool is_form(const struct http_request *r)
{
    return str_starts(http_request_header(r, "Content-Type"), S("application/x-www-form-urlencoded"));
}

/* The service in "…Credential=AKID/20260101/us-east-1/s3/aws4_request…", from header or presigned query. */
static struct str credential_scope(const struct http_request *r)
{
    struct str text = http_request_header(r, "Authorization");
    size_t at = str_find(text, S("Credential="));
    bool in_query = at == STR_NONE;
    if (in_query) {
        text = r->query;
        at = str_find(text, S("X-Amz-Credential="));
        if (at == STR_NONE)
            return S("");
        at += 6;
    }
    struct str rest = str_from(text, at + 11);
    struct str service = S("");
    for (int part = 0; part < 4 && rest.p; part++) {
        if (!in_query) {
            service = str_cut(&rest, '/');
            continue;
        }
        size_t slash = str_find(rest, S("%2F"));
        service = slash == STR_NONE ? rest : str_head(rest, slash);
        rest = slash == STR_NONE ? (struct str){ 0 } : str_from(rest, slash + 3);
    }
    return service;
}

static struct str evidence_of(const struct http_request *r, enum evidence evidence)
{
    switch (evidence) {
    case BY_TARGET: return http_request_header(r, "X-Amz-Target");
    case BY_PATH: return r->path;
    case BY_HOST: return http_request_header(r, "Host");
    case BY_SCOPE: return credential_scope(r);
    case BY_TYPE: return http_request_header(r, "Content-Type");
    case BY_ACCEPT: return http_request_header(r, "Accept");
    case BY_FORM: return is_form(r) ? str_head(r->body, FORM_BYTES) : S("");
    case BY_ANYTHING: break;
    }
    return S("");
}

const char *edge_service(const struct http_request *r)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (fault_glob(str_of(rows[i].pattern), evidence_of(r, rows[i].evidence)))
            return rows[i].service;
    return "s3";
}

void edge_refuse(const struct http_request *r, struct http_reply *reply, struct arena *a, struct str *ret_reason)
{
    struct str target = http_request_header(r, "X-Amz-Target"), service = credential_scope(r);
    if (!service.n)
        service = target.n ? str_cut(&target, '.') : S("databricks");
    bool form = is_form(r);
    *ret_reason = arena_f(a, "weirbox has no service '" STR_F "'; weirbox status lists those it has", STR_A(str_head(service, 64)));
    reply->status = 501;
    http_reply_header(reply, a, "Content-Type", form ? S("text/xml") : S("application/json"));
    http_reply_header(reply, a, "x-amzn-ErrorType", S("NotImplementedException"));
    if (form) {
        buf_z(&reply->body, "<ErrorResponse><Error><Type>Receiver</Type>");
        xml_put_z(&reply->body, "Code", "NotImplemented");
        xml_put(&reply->body, "Message", *ret_reason);
        buf_z(&reply->body, "</Error></ErrorResponse>\n");
    } else {
        buf_z(&reply->body, "{\"__type\":\"NotImplementedException\",\"error_code\":\"NOT_IMPLEMENTED\",\"message\":"); /* AWS's word, Databricks' */
        json_put_text(&reply->body, *ret_reason);
        buf_z(&reply->body, "}\n");
    }
}
