/* up.c - weirbox up: the cloud alone, in the foreground, for scripts of your own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/embed.h"
#include "cli/commands.h"
#include "cli/options.h"

static int fill_cloud(struct args *a, struct cloud_options *o, struct cloud_setting *settings, struct cloud_port *ports, struct err *e)
{
    struct str text;
    int64_t seed = 100, port = -1;
    size_t n = 0;
    if (args_number(a, "seed", 0, INT64_MAX, &seed, e) || args_number(a, "port", 0, 65535, &port, e))
        return -1;
    struct str api = embed_find("fixtures/apigw/pinterest.json");
    const char *path = args_text(a, "api");
    if (path && options_file(a, path, "API document", &api, e))
        return -1;
    settings[n++] = (struct cloud_setting){ "apigw.openapi", arena_z(&a->arena, api) };
    settings[n++] = (struct cloud_setting){ "hosts", "kafka-rest:8082=kafka_rest" };
    text = embed_find("fixtures/connect/s3-sink.properties");
    path = args_text(a, "connector");
    if (path && options_file(a, path, "connector settings", &text, e))
        return -1;
    settings[n++] = (struct cloud_setting){ "connect.properties", arena_z(&a->arena, text) };
    settings[n++] = (struct cloud_setting){ "s3.buckets", args_text(a, "buckets") };
    settings[n++] = (struct cloud_setting){ "kinesis.streams", args_text(a, "streams") };
    settings[n++] = (struct cloud_setting){ "kinesis.auto_create", args_text(a, "auto-create") };
    settings[n++] = (struct cloud_setting){ "kafka.auto_create", args_text(a, "auto-create") };
    settings[n] = (struct cloud_setting){ NULL, NULL };
    const char *auth = args_text(a, "auth");
    ports[0] = (struct cloud_port){ "edge", (uint16_t)port };
    ports[1] = (struct cloud_port){ NULL, 0 };
    *o = (struct cloud_options){
        .services = flow_services, .seed = (uint64_t)seed, .host = args_text(a, "host"), .fixed_ports = port != 0,
        .auth = !strcmp(auth, "off") ? CLOUD_AUTH_OFF : !strcmp(auth, "structure") ? CLOUD_AUTH_STRUCTURE : CLOUD_AUTH_STRICT,
        .settings = settings, .ports = port > 0 ? ports : NULL, .data_dir = args_text(a, "data"), .verbose = args_on(a, "verbose"),
    };
    return 0;
}

static void print_addresses(const struct args *a, const struct cloud *c)
{
    if (args_on(a, "json")) {
        printf("{\"schema\":1,\"command\":\"up\",\"status\":\"ok\",\"data\":{\"edge\":\"%s\"", cloud_url(c, "edge"));
        for (size_t i = 0; i < cloud_services(c); i++)
            printf(",\"%s\":\"%s\"", cloud_service_at(c, i)->name, cloud_url(c, cloud_service_at(c, i)->name));
        printf("}}\n");
    } else {
        printf("weirbox is up; Ctrl-C ends it\n\n  %-24s %s\n", "every service (edge)", cloud_url(c, "edge"));
        for (size_t i = 0; i < cloud_services(c); i++)
            printf("  %-24s %s\n", cloud_service_at(c, i)->title, cloud_url(c, cloud_service_at(c, i)->name));
        printf("\nFor your script:\n  export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1\n"
               "  batch posts:  POST %s/" FLOW_STAGE "/topics/" FLOW_USER_ID ".pin\n"
               "  stream posts: PUT  %s/" FLOW_STAGE "/streams/streaming-" FLOW_USER_ID "-pin/record\n", cloud_url(c, "edge"),
               cloud_url(c, "apigw"), cloud_url(c, "apigw"));
    }
    fflush(stdout);
}

int up_command_run(struct args *a, struct err *e)
{
    struct cloud_options o;
    struct cloud_setting settings[16];
    struct cloud_port ports[2];
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before any thread is made, so that only sigwait below gets them */
    if (fill_cloud(a, &o, settings, ports, e))
        return -1;
    struct cloud *cloud = cloud_open(&o, e);
    if (!cloud)
        return -1;
    const char *faults = args_text(a, "faults");
    struct str rules;
    if (faults && (options_file(a, faults, "fault rules", &rules, e) || faults_load(cloud_faults(cloud), rules, e))) {
        cloud_close(cloud);
        return -1;
    }
    print_addresses(a, cloud);
    int signal_number;
    sigwait(&ends, &signal_number);
    cloud_close(cloud);
    return EXIT_OK;
}
