/* host.c - options into a cloud; the table of host names. */
#include "cli/host.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embed.h"
#include "cli/options.h"
#include "mocks/kafka/kafka.h"
#include "mocks/rds/rds.h"

const struct option host_options[] = {
    { "auth", "MODE", "signatures: strict verifies, structure only reads, off ignores", "strict", "strict|structure|off" },
    { "auto-create", "on|off", "topics and streams come into being on first use", "on", "on|off" },
    { "streams", "LIST", "streams that exist from the start, name:shards", "streaming-" FLOW_USER_ID "-pin:4,streaming-" FLOW_USER_ID "-geo:4,streaming-" FLOW_USER_ID "-user:4", NULL },
    { "buckets", "LIST", "buckets that exist from the start", "user-" FLOW_USER_ID "-bucket", NULL },
    { "tables", "DIR", "your own pinterest_data, geolocation_data and user_data (.csv or .jsonl) in the RDS", NULL, NULL },
    { "rds-user", "NAME:PASSWORD", "who may log in to the RDS; may be given more than once; anybody when not given", NULL, NULL },
    { "kafka-user", "NAME:PASSWORD", "who may log in to Kafka by SCRAM or PLAIN; may be given more than once; when not given anybody, by SCRAM with the name as password", NULL, NULL },
    { "connector", "FILE", "the S3 sink's connector.properties", NULL, NULL },
    { "api", "FILE", "the gateway's OpenAPI document", NULL, NULL },
    { "faults", "FILE", "fault rules as JSON", NULL, NULL },
    { "data", "DIR", "keep S3 objects in this folder instead of memory", NULL, NULL },
    { "journal", "N", "calls the journal keeps; each takes half a KiB", "65536", NULL },
    { "seed", "N", "of ids and synthetic rows", "100", NULL },
    { "redirect", "HOST[:PORT]=SERVICE", "a host name that leads to a service of the cloud too; may be given more than once", NULL, NULL },
    { "ca-dir", "DIR", "where the local CA is kept", "$XDG_DATA_HOME/weirbox or ~/.local/share/weirbox", NULL },
    { "verbose", NULL, "one line on stderr for every call", NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

/* Host names of AWS and the service each means, the more special first. A row whose service the cloud has not is left out. */
static const struct {
    const char *pattern, *service;
} amazon[] = {
    { "*.rds.amazonaws.com", "rds" },
    { "*.execute-api.*.amazonaws.com", "apigw" },
    { "apigateway.*.amazonaws.com", "apigw" },
    { "*.compute.amazonaws.com:8082", "kafka_rest" },
    { "*.compute-1.amazonaws.com:8082", "kafka_rest" },
    { "*.compute.amazonaws.com:8083", "connect" },
    { "*.compute-1.amazonaws.com:8083", "connect" },
    { "kinesis.*.amazonaws.com", "kinesis" },
    { "*.kinesis.*.amazonaws.com", "kinesis" },
    { "s3.amazonaws.com", "s3" },
    { "s3.*.amazonaws.com", "s3" },
    { "s3-*.amazonaws.com", "s3" },
    { "*.s3.amazonaws.com", "s3" },
    { "*.s3.*.amazonaws.com", "s3" },
    { "*.s3-*.amazonaws.com", "s3" },
    { "*.cloud.databricks.com", "edge" },
    { "*.azuredatabricks.net", "edge" },
    { "*.amazonaws.com", "edge" },
    { "kafka-rest:8082", "kafka_rest" },
};

/* MSK's bootstrap names, by the ports of each way in; before the others. */
static const struct {
    const char *pattern;
    enum kafka_way way;
} msk[] = {
    { "*.kafka.*.amazonaws.com:9094", KAFKA_TLS },
    { "*.kafka.*.amazonaws.com:9194", KAFKA_TLS },
    { "*.kafka.*.amazonaws.com:9096", KAFKA_SASL_SCRAM },
    { "*.kafka.*.amazonaws.com:9196", KAFKA_SASL_SCRAM },
    { "*.kafka.*.amazonaws.com:9098", KAFKA_SASL_IAM },
    { "*.kafka.*.amazonaws.com:9198", KAFKA_SASL_IAM },
    { "*.kafka.*.amazonaws.com", KAFKA_PLAINTEXT },
    { "*.kafka-serverless.*.amazonaws.com", KAFKA_SASL_IAM },
};

/* ---- folders ---- */

const char *host_runtime_dir(struct arena *a, struct err *e)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    const char *dir = base && base[0] == '/' ? arena_f(a, "%s/weirbox", base).p : arena_f(a, "%s/weirbox-%u", P_tmpdir, (unsigned)getuid()).p;
    struct stat st;
    if (mkdir(dir, 0700) && errno != EEXIST) {
        err_set(e, 0, "RUNTIME_FOLDER", "cannot make the folder %s: %s; set XDG_RUNTIME_DIR to a folder of your own", dir, strerror(errno));
        return NULL;
    }
    if (lstat(dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != getuid() || st.st_mode & 022) {
        err_set(e, 0, "RUNTIME_FOLDER", "%s is not a folder that only you can write to; set XDG_RUNTIME_DIR to one of your own", dir);
        return NULL;
    }
    return dir;
}

const char *host_ca_dir(struct args *a)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (args_given(a, "ca-dir"))
        return args_text(a, "ca-dir");
    if (data && data[0] == '/')
        return arena_f(&a->arena, "%s/weirbox", data).p;
    const struct passwd *me = home && home[0] == '/' ? NULL : getpwuid(getuid());
    return arena_f(&a->arena, "%s/.local/share/weirbox", me ? me->pw_dir : home ? home : ".").p;
}

const char *host_library(struct arena *a)
{
    static const char *const places[] = { "", "/../lib/weirbox" };
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    while (n > 0 && self[n - 1] != '/')
        n--;
    for (size_t i = 0; n > 0 && i < sizeof places / sizeof *places; i++) {
        const char *path = arena_f(a, "%.*s%s/libweirbox-redirect.so", (int)n - 1, self, places[i]).p;
        if (access(path, R_OK) == 0)
            return path;
    }
    return NULL;
}

/* ---- options ---- */

/* The built-in sink takes every topic, by a connector for each user: whose they are is only known once a script has posted. */
static int fill_connector(struct args *a, struct str *ret, struct err *e)
{
    const char *path = args_text(a, "connector");
    if (path)
        return options_file(a, path, "connector settings", ret, e);
    struct buf text = BUF_INIT;
    for (struct str rest = embed_find("fixtures/connect/s3-sink.properties"); rest.p;) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts(line, S("topics.regex=")))
            line = S("topics.regex=.*");
        buf_str_add(&text, line);
        buf_c(&text, '\n');
    }
    *ret = arena_dup(&a->arena, buf_str(&text));
    buf_release(&text);
    return 0;
}

static void set(struct host *h, const char *name, const char *value)
{
    size_t n = 0;
    while (h->settings[n].name)
        n++;
    if (n + 1 < HOST_SETTINGS)
        h->settings[n] = (struct cloud_setting){ name, value };
}

static void fill_services(struct host *h)
{
    size_t n = 0;
    bool has_rds = false;
    for (; flow_services[n] && n + 2 < HOST_SERVICES; n++) {
        h->services[n] = flow_services[n];
        has_rds = has_rds || flow_services[n] == &rds_service;
    }
    if (!has_rds)
        h->services[n] = &rds_service;
}

/* What an option was given, one behind the other: "a:b,c:d"; NULL when it was not. */
static const char *all_given(struct args *a, const char *name)
{
    const char *all = NULL;
    for (size_t i = 0; i < a->n_values; i++)
        if (strcmp(a->values[i].option->name, name) == 0)
            all = all ? arena_f(&a->arena, "%s,%s", all, a->values[i].value).p : a->values[i].value;
    return all;
}

int host_fill(struct args *a, struct host *h, struct err *e)
{
    int64_t seed = 100, calls = 0;
    struct str api = embed_find("fixtures/apigw/pinterest.json"), connector;
    const char *path = args_text(a, "api"), *auth = args_text(a, "auth"), *faults = args_text(a, "faults");
    if (args_number(a, "seed", 0, INT64_MAX, &seed, e) || args_number(a, "journal", 1, 100000000, &calls, e) ||
        (path && options_file(a, path, "API document", &api, e)) ||
        fill_connector(a, &connector, e) || (faults && options_file(a, faults, "fault rules", &h->faults, e)))
        return -1;
    set(h, "apigw.openapi", arena_z(&a->arena, api));
    set(h, "hosts", "kafka-rest:8082=kafka_rest");
    set(h, "connect.properties", arena_z(&a->arena, connector));
    set(h, "connect.each_user", args_given(a, "connector") ? "off" : "on");
    set(h, "s3.buckets", args_text(a, "buckets"));
    set(h, "kinesis.streams", args_text(a, "streams"));
    set(h, "kinesis.auto_create", args_text(a, "auto-create"));
    set(h, "kafka.auto_create", args_text(a, "auto-create"));
    set(h, "kafka.sasl_users", all_given(a, "kafka-user"));
    set(h, "rds.seed", arena_f(&a->arena, "%lld", (long long)seed).p);
    set(h, "rds.tables_dir", args_text(a, "tables"));
    set(h, "rds.users", all_given(a, "rds-user"));
    fill_services(h);
    h->options = (struct cloud_options){
        .services = h->services, .seed = (uint64_t)seed, .settings = h->settings, .data_dir = args_text(a, "data"),
        .auth = !strcmp(auth, "off") ? CLOUD_AUTH_OFF : !strcmp(auth, "structure") ? CLOUD_AUTH_STRUCTURE : CLOUD_AUTH_STRICT,
        .verbose = args_on(a, "verbose"), .journal_entries = (size_t)calls,
    };
    h->ca_dir = host_ca_dir(a);
    return 0;
}

/* ---- names ---- */

static void add_name(struct host *h, struct str pattern, uint16_t port)
{
    buf_f(&h->names, "%s" STR_F "=%u", h->names.n ? "," : "", STR_A(pattern), port);
}

static int add_redirect(struct host *h, struct str given, struct err *e)
{
    struct str service = given, pattern = str_cut(&service, '=');
    char name[32];
    snprintf(name, sizeof name, STR_F, STR_A(service));
    uint16_t port = service.p && pattern.n && str_chr(service, '=') == STR_NONE ? cloud_port(h->cloud, name) : 0;
    if (port == 0 || str_chr(given, ',') != STR_NONE) {
        struct buf known = BUF_INIT;
        buf_z(&known, "edge");
        for (size_t i = 0; i < cloud_services(h->cloud); i++)
            buf_f(&known, ", %s", cloud_service_at(h->cloud, i)->name);
        err_set(e, 0, "USAGE", "--redirect '" STR_F "': say HOST=SERVICE or HOST:PORT=SERVICE; services are %s", STR_A(given), buf_cstr(&known));
        buf_release(&known);
        return -1;
    }
    add_name(h, pattern, port);
    return 0;
}

static int fill_names(const struct args *a, struct host *h, struct err *e)
{
    for (size_t i = 0; i < a->n_values; i++)
        if (strcmp(a->values[i].option->name, "redirect") == 0 && add_redirect(h, str_of(a->values[i].value), e))
            return -1;
    void *kafka = cloud_state(h->cloud, "kafka");
    for (size_t i = 0; kafka && i < sizeof msk / sizeof *msk; i++)
        add_name(h, str_of(msk[i].pattern), kafka_service_port(kafka, msk[i].way));
    for (size_t i = 0; i < sizeof amazon / sizeof *amazon; i++) {
        uint16_t port = cloud_port(h->cloud, amazon[i].service);
        if (port)
            add_name(h, str_of(amazon[i].pattern), port);
    }
    buf_cstr(&h->names);
    return 0;
}

/* ---- life cycle ---- */

int host_open(struct args *a, struct host *h, struct err *e)
{
    if (!(h->tls = tls_open(h->ca_dir, e)))
        return -1;
    h->options.tls = h->tls;
    if (!(h->cloud = cloud_open(&h->options, e)))
        return -1;
    /* Tables of the user's own are read before anybody is told that the cloud is ready. */
    if (cloud_setting(h->cloud, "rds.tables_dir") && !rds_service_uri(cloud_state(h->cloud, "rds"), e))
        return -1;
    if ((h->faults.n && faults_load(cloud_faults(h->cloud), h->faults, e)) || fill_names(a, h, e))
        return -1;
    const struct proxy_options proxy = { .names = buf_cstr(&h->names), .refused = h->refused, .arg = h->refused_arg };
    const char *host = h->options.host ? h->options.host : "127.0.0.1";
    h->proxy = proxy_open(&proxy, cloud_relay(h->cloud), host, 0, &h->proxy_port, e);
    return h->proxy ? 0 : -1;
}

void host_close(struct host *h)
{
    if (h->cloud)
        cloud_close(h->cloud);
    proxy_close(h->proxy);
    tls_close(h->tls);
    buf_release(&h->names);
    free(h->folder);
    *h = (struct host){ 0 };
}
