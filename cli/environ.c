/* environ.c - the table of variables. */
#include "cli/environ.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/flow.h"
#include "cli/options.h"
#include "cli/truststore.h"
#include "pipeline/sink/sink.h"

extern char **environ;

enum { MAX_BUNDLE = 16 << 20 };

/* Where systems keep the CAs they trust. */
static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
};

/* Whatever of these a user has set would lead elsewhere, or turn our own off. */
static const char *const unset[] = {
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
};
static const char *const unset_proxies[] = { "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy" };

static const struct {
    const char *name, *service;
} endpoints[] = {
    { "AWS_ENDPOINT_URL", "edge" },          { "AWS_ENDPOINT_URL_S3", "s3" },
    { "AWS_ENDPOINT_URL_KINESIS", "kinesis" }, { "AWS_ENDPOINT_URL_API_GATEWAY", "apigw" },
    { "AWS_ENDPOINT_URL_STS", "edge" },      { "AWS_ENDPOINT_URL_KAFKA", "edge" },
    { "AWS_ENDPOINT_URL_RDS", "edge" },      { "WEIRBOX_URL", "edge" },
    { "WEIRBOX_GATEWAY_URL", "apigw" },      { "KAFKA_REST_URL", "kafka_rest" },
    { "KAFKA_CONNECT_URL", "connect" },
};

static void add_row(struct environ_list *l, const char *name, const char *value, bool redirects)
{
    if (l->n < ENVIRON_MAX)
        l->rows[l->n++] = (struct environ_row){ name, value, redirects };
}
static void add(struct environ_list *l, const char *name, const char *value) { add_row(l, name, value, false); }

/* The value with ours before or behind what the user has. */
static const char *joined(struct environ_list *l, const char *name, const char *ours, const char *separator)
{
    const char *theirs = getenv(name);
    return theirs && theirs[0] && !strstr(theirs, ours) ? arena_f(&l->arena, "%s%s%s", theirs, separator, ours).p : ours;
}

/* ---- files ---- */

static void read_bundle(struct buf *out)
{
    const char *own = getenv("SSL_CERT_FILE");
    char block[8192];
    FILE *f = own && own[0] ? fopen(own, "re") : NULL;
    for (size_t i = 0; !f && i < sizeof system_bundles / sizeof *system_bundles; i++)
        f = fopen(system_bundles[i], "re");
    for (size_t n; f && (n = fread(block, 1, sizeof block, f)) > 0 && out->n < MAX_BUNDLE;)
        buf_add(out, block, n);
    if (f)
        fclose(f);
}

static int write_bundles(const struct host *h, struct err *e)
{
    struct buf bundle = BUF_INIT, store = BUF_INIT;
    buf_str_add(&bundle, tls_ca_pem(h->tls)); /* ours first: found at once */
    read_bundle(&bundle);
    truststore_put(&store, buf_str(&bundle));
    int result = sink_put(h->folder, "ca-bundle.pem", buf_str(&bundle), e) || sink_put(h->folder, "truststore.jks", buf_str(&store), e) ? -1 : 0;
    buf_release(&bundle);
    buf_release(&store);
    return result;
}

static int write_profile(const struct host *h, struct err *e)
{
    struct sigv4_key key = cloud_own_key(h->cloud);
    struct buf text = BUF_INIT;
    buf_f(&text, "[default]\nregion = " CLOUD_REGION "\nendpoint_url = %s\nca_bundle = %s/ca-bundle.pem\n", cloud_url(h->cloud, "edge"), h->folder);
    int result = sink_put(h->folder, "aws-config", buf_str(&text), e);
    buf_reset(&text);
    buf_f(&text, "[default]\naws_access_key_id = " STR_F "\naws_secret_access_key = " STR_F "\n", STR_A(key.access_key), STR_A(key.secret));
    if (result == 0)
        result = sink_put(h->folder, "aws-credentials", buf_str(&text), e);
    buf_release(&text);
    return result;
}

/* ---- variables ---- */

static void add_aws(const struct host *h, struct environ_list *l)
{
    struct sigv4_key key = cloud_own_key(h->cloud);
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
        add(l, endpoints[i].name, arena_z(&l->arena, str_of(cloud_url(h->cloud, endpoints[i].service))));
    add(l, "AWS_ACCESS_KEY_ID", arena_z(&l->arena, key.access_key));
    add(l, "AWS_SECRET_ACCESS_KEY", arena_z(&l->arena, key.secret));
    add(l, "AWS_REGION", CLOUD_REGION);
    add(l, "AWS_DEFAULT_REGION", CLOUD_REGION);
    add(l, "AWS_CONFIG_FILE", arena_f(&l->arena, "%s/aws-config", h->folder).p);
    add(l, "AWS_SHARED_CREDENTIALS_FILE", arena_f(&l->arena, "%s/aws-credentials", h->folder).p);
    add(l, "AWS_EC2_METADATA_DISABLED", "true");
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        add(l, unset[i], NULL);
}

static void add_tls(const struct host *h, struct environ_list *l)
{
    static const char *const names[] = { "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE" };
    const char *bundle = arena_f(&l->arena, "%s/ca-bundle.pem", h->folder).p;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        add(l, names[i], bundle);
    add(l, "NODE_EXTRA_CA_CERTS", arena_z(&l->arena, str_of(tls_ca_path(h->tls))));
    const char *java = arena_f(&l->arena, "-Djavax.net.ssl.trustStore=%s/truststore.jks -Djavax.net.ssl.trustStorePassword=" TRUSTSTORE_PASSWORD,
                               h->folder).p;
    add(l, "JAVA_TOOL_OPTIONS", joined(l, "JAVA_TOOL_OPTIONS", java, " "));
}

/* Scripts take RDS_HOST or MYSQL_HOST from here before their own .env file, and the port from elsewhere or as 3306. */
static void add_rds(uint16_t port, bool by_name, struct environ_list *l)
{
    const char *host = by_name ? "weirbox.c1d2e3f4g5h6.us-east-1.rds.amazonaws.com" : "127.0.0.1";
    const char *text = arena_f(&l->arena, "%u", by_name ? 3306 : port).p;
    add(l, "MYSQL_HOST", host);
    add(l, "MYSQL_TCP_PORT", text);
    add(l, "RDS_HOST", host);
    add(l, "RDS_PORT", text);
    add(l, "RDS_USER", "project_user");
    add(l, "RDS_PASSWORD", "weirbox");
    add(l, "RDS_DATABASE", "pinterest_data");
    add(l, "WEIRBOX_RDS", arena_f(&l->arena, "127.0.0.1:%u", port).p);
}

static void add_services(const struct host *h, bool by_name, struct environ_list *l)
{
    uint16_t rds = cloud_port(h->cloud, "rds"), kafka = cloud_port(h->cloud, "kafka");
    if (kafka)
        add(l, "KAFKA_BOOTSTRAP_SERVERS", arena_f(&l->arena, "127.0.0.1:%u", kafka).p);
    add(l, "DATABRICKS_HOST", arena_z(&l->arena, str_of(cloud_url(h->cloud, "edge")))); /* which has none: 501, and a real workspace is not reached */
    add(l, "DATABRICKS_TOKEN", arena_z(&l->arena, cloud_own_key(h->cloud).secret));
    if (rds)
        add_rds(rds, by_name, l);
    add(l, "WEIRBOX_SEED", arena_f(&l->arena, "%llu", (unsigned long long)h->options.seed).p);
}

static void add_redirection(const struct host *h, const struct environ_options *o, struct environ_list *l)
{
    const char *proxy = arena_f(&l->arena, "http://127.0.0.1:%u", h->proxy_port).p;
    add(l, "WEIRBOX_PROXY", proxy);
    add(l, "NO_PROXY", "127.0.0.1,localhost,::1");
    add(l, "no_proxy", "127.0.0.1,localhost,::1");
    add_row(l, "WEIRBOX_NAMES", arena_z(&l->arena, buf_str(&h->names)), true);
    if (o->library)
        add_row(l, "LD_PRELOAD", joined(l, "LD_PRELOAD", o->library, ":"), true);
    add_row(l, "WEIRBOX_CA", arena_f(&l->arena, "%s/ca-bundle.pem", h->folder).p, true);
    if (o->refused)
        add_row(l, "WEIRBOX_REFUSED", o->refused, true);
    if (!o->offline)
        return; /* the proxy leads nowhere but here */
    add_row(l, "WEIRBOX_OFFLINE", "1", true);
    add_row(l, "HTTPS_PROXY", proxy, true);
    add_row(l, "https_proxy", proxy, true);
    for (size_t i = 0; i < sizeof unset_proxies / sizeof *unset_proxies; i++)
        add_row(l, unset_proxies[i], NULL, true);
}

int environ_fill(const struct host *h, const struct environ_options *o, struct environ_list *ret, struct err *e)
{
    if (write_bundles(h, e) || write_profile(h, e))
        return -1;
    add_aws(h, ret);
    add_tls(h, ret);
    add_services(h, o->by_name, ret);
    add_redirection(h, o, ret);
    return 0;
}

void environ_release(struct environ_list *l)
{
    arena_release(&l->arena);
    *l = (struct environ_list){ 0 };
}

static bool is_listed(const struct environ_list *l, const char *entry)
{
    struct str value = str_of(entry), name = str_cut(&value, '=');
    for (size_t i = 0; i < l->n; i++)
        if (str_is(name, l->rows[i].name))
            return true;
    return false;
}

char **environ_apply(struct environ_list *l)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **all = ARENA_ARRAY(&l->arena, char *, n + l->n + 1);
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_listed(l, environ[i]))
            all[at++] = environ[i];
    for (size_t i = 0; i < l->n; i++)
        if (l->rows[i].value)
            all[at++] = arena_z(&l->arena, arena_f(&l->arena, "%s=%s", l->rows[i].name, l->rows[i].value));
    return all;
}
