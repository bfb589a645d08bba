/* apigw.c - weirbox apigw: what a call of the gateway meets, and mapping templates on trial. */
#include <stdio.h>

#include "base/embed.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "mocks/apigw/apigw.h"
#include "mocks/cloud/cloud.h"

enum { MAX_HEADERS = 32 };

/* --body TEXT or --body @FILE, --header "Name: value" as often as wanted. */
static int fill_request(struct args *a, struct http_request *r, struct http_header headers[MAX_HEADERS + 1], struct err *e)
{
    const char *body = args_text(a, "body");
    bool typed = false;
    if (body && body[0] == '@' && options_file(a, body + 1, "body", &r->body, e))
        return -1;
    if (body && body[0] != '@')
        r->body = str_of(body);
    r->headers = headers;
    for (size_t i = 0; i < a->n_values; i++) {
        if (strcmp(a->values[i].option->name, "header") != 0)
            continue;
        struct str value = str_of(a->values[i].value), name = str_cut(&value, ':');
        if (!name.n || !value.p)
            return err_set(e, 0, "USAGE", "--header is written \"Name: value\", not \"%s\"", a->values[i].value);
        if (r->n_headers == MAX_HEADERS)
            return err_set(e, 0, "USAGE", "more than %d headers", MAX_HEADERS);
        headers[r->n_headers++] = (struct http_header){ str_trim(name), str_trim(value) };
        typed |= str_eq_nocase(str_trim(name), S("Content-Type"));
    }
    if (!typed)
        headers[r->n_headers++] = (struct http_header){ S("Content-Type"), S("application/json") };
    r->peer = S("127.0.0.1");
    return 0;
}

static struct cloud *open_cloud(struct args *a, struct err *e)
{
    struct str api = embed_find("fixtures/apigw/pinterest.json");
    const char *path = args_text(a, "api");
    if (path && options_file(a, path, "API document", &api, e))
        return NULL;
    const struct cloud_setting settings[] = {
        { "apigw.openapi", arena_z(&a->arena, api) }, { "hosts", "kafka-rest:8082=kafka_rest" }, { "kinesis.auto_create", "on" },
        { "kafka.auto_create", "on" }, { NULL, NULL },
    };
    return cloud_open(&(struct cloud_options){ .services = flow_services, .seed = 100, .no_listen = true, .auth = CLOUD_AUTH_OFF,
                                               .settings = settings }, e);
}

int apigw_command_explain(struct args *a, struct err *e)
{
    struct http_header headers[MAX_HEADERS + 1];
    struct http_request r = { .method = str_of(a->operands[0]) };
    struct str target = str_of(a->operands[1]);
    size_t scheme = str_find(target, S("://")), slash = scheme == STR_NONE ? 0 : str_chr(str_from(target, scheme + 3), '/');
    if (scheme != STR_NONE) /* of a whole URL the path */
        target = slash == STR_NONE ? S("/") : str_from(target, scheme + 3 + slash);
    if (!target.n || target.p[0] != '/')
        return err_set(e, 0, "USAGE", "PATH is /{stage}/… or a whole URL, not \"%s\"", a->operands[1]);
    http_request_target(&r, target);
    if (fill_request(a, &r, headers, e))
        return -1;
    struct cloud *cloud = open_cloud(a, e);
    if (!cloud)
        return -1;
    struct buf out = BUF_INIT;
    int refused = apigw_explain(cloud, &r, &out, e);
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_release(&out);
    cloud_close(cloud);
    return refused < 0 ? -1 : refused ? EXIT_CHECK_FAILED : EXIT_OK;
}

int apigw_command_render(struct args *a, struct err *e)
{
    struct http_header headers[MAX_HEADERS + 1];
    struct http_request r = { .method = S("POST") };
    struct str template;
    struct buf out = BUF_INIT;
    const char *query = args_text(a, "query");
    http_request_target(&r, S("/"));
    r.query = str_of(query ? query : "");
    if (options_file(a, a->operands[0], "mapping template", &template, e) || fill_request(a, &r, headers, e))
        return -1;
    int result = apigw_render(template, &r, &out, e);
    if (result == 0) {
        fwrite(out.p ? out.p : "", 1, out.n, stdout);
        if (out.n && out.p[out.n - 1] != '\n')
            putchar('\n');
    } else {
        err_wrap(e, "%s", a->operands[0]);
        snprintf(e->code, sizeof e->code, "TEMPLATE_FAILED");
    }
    buf_release(&out);
    return result;
}

int apigw_command_lint(struct args *a, struct err *e)
{
    struct str template;
    struct buf out = BUF_INIT;
    if (options_file(a, a->operands[0], "mapping template", &template, e))
        return -1;
    int result = apigw_lint(template, &out, e);
    if (result) {
        err_wrap(e, "%s", a->operands[0]);
        snprintf(e->code, sizeof e->code, "TEMPLATE_FAILED");
    } else if (out.n) {
        printf("%s:\n" STR_F, a->operands[0], STR_A(buf_str(&out)));
        result = EXIT_CHECK_FAILED;
    } else {
        printf("%s: the template compiles, and nothing in it is suspicious\n", a->operands[0]);
    }
    buf_release(&out);
    return result;
}
