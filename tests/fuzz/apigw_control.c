/* Lines "METHOD PATH BODY" as calls of API Gateway's control and data plane: each gets an answer, and none is a 500 of the
 * control plane. In a path, ~R is the id of the root resource of the API "fz". */
#include <stdlib.h>

#include "base/json.h"
#include "mocks/apigw/apigw.h"
#include "mocks/cloud/cloud.h"

enum { MAX_CALLS = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str call(struct cloud *cloud, struct arena *a, struct str method, struct str path, struct str body, int *ret_status)
{
    struct http_header h[] = { { S("Authorization"), S("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request") },
                               { S("Content-Type"), S("application/json") } };
    bool live = str_starts(path, S("/_aws"));
    struct http_request q = { .method = method, .headers = live ? h + 1 : h, .n_headers = live ? 1 : 2, .body = body };
    struct http_reply reply = { 0 };
    struct err e = { 0 };
    http_request_target(&q, path);
    if (cloud_invoke_wait(cloud, "apigw", &q, &reply, a, &e) || !reply.status)
        abort();
    struct str answer = arena_dup(a, http_reply_body(&reply));
    *ret_status = reply.status;
    http_reply_release(&reply);
    return answer;
}

static struct str with_root(struct arena *a, struct str path, struct str root)
{
    size_t at = str_find(path, S("~R"));
    return at == STR_NONE ? path : arena_f(a, STR_F STR_F STR_F, STR_A(str_head(path, at)), STR_A(root), STR_A(str_from(path, at + 2)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct service *const services[] = { &apigw_service, NULL };
    struct clock clock;
    struct err e = { 0 };
    struct arena a = ARENA_INIT;
    int status, n = 0;
    clock_init_virtual(&clock, 1598586767000);
    struct cloud *cloud = cloud_open(&(struct cloud_options){ .services = services, .clock = &clock, .seed = 1, .no_listen = true,
                                                              .auth = CLOUD_AUTH_OFF }, &e);
    if (!cloud)
        abort();
    struct str made = call(cloud, &a, S("POST"), S("/restapis"), S("{\"name\":\"f\",\"tags\":{\"_custom_id_\":\"fz\"}}"), &status);
    struct str root = json_get_text(made, "rootResourceId", &a);
    for (struct str rest = { (const char *)data, size }; rest.p && n < MAX_CALLS; n++) {
        struct str body = str_cut(&rest, '\n'), method = str_cut(&body, ' '), path = body.p ? str_cut(&body, ' ') : S("");
        if (!path.n || path.p[0] != '/' || str_find(path, S("http")) != STR_NONE || str_find(body, S("http:")) != STR_NONE)
            continue; /* no other host is called */
        call(cloud, &a, method, with_root(&a, path, root), body, &status);
        if (status == 500 && !str_starts(path, S("/_aws")) && str_find(path, S("_user_request_")) == STR_NONE)
            abort();
    }
    cloud_close(cloud);
    arena_release(&a);
    return 0;
}
