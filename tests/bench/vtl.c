/* vtl.c - how long the templates of the tutorial's API take to render: microseconds of processor time a request, from a body
 * as it came to the text for Kinesis, with all that belongs to one request (arena, parameters, first look at the body).
 * usage: bench_vtl [TEMPLATE BODY]        files; without them the templates below, over a row of pinterest_data */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mocks/apigw/vtl.h"

enum { WARM = 20000, TURNS = 200000, ROUNDS = 5 };

#define ROW                                                                                                                      \
    "{\"index\":7528,\"unique_id\":\"fbe53c66-3442-4773-b19e-d3ec6f54dddf\",\"title\":\"No Title Data Available\","                  \
    "\"description\":\"No description available Story format\",\"poster_name\":\"User Info Error\","                                 \
    "\"follower_count\":\"User Info Error\",\"tag_list\":\"N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e\","                                      \
    "\"is_image_or_video\":\"multi-video(story page format)\",\"image_src\":\"Image src error.\",\"downloaded\":0,"                   \
    "\"save_location\":\"Local save in /data/mens-fashion\",\"category\":\"mens-fashion\"}"

static const struct { const char *name, *template, *body; } cases[] = {
    { "PutRecord",
      "{\n    \"StreamName\": \"$input.params('stream-name')\",\n    \"Data\": \"$util.base64Encode($input.json('$.Data'))\",\n"
      "    \"PartitionKey\": \"$input.path('$.PartitionKey')\"\n}",
      "{\"StreamName\":\"streaming-0a1b2c3d4e5f-pin\",\"Data\":" ROW ",\"PartitionKey\":\"partition-1\"}" },
    { "PutRecords of 3",
      "{\n    \"StreamName\": \"$input.params('stream-name')\",\n    \"Records\": [\n       #foreach($elem in $input.path('$.records'))\n"
      "          {\n            \"Data\": \"$util.base64Encode($elem.data)\",\n"
      "            \"PartitionKey\": \"$elem.partition-key\"\n          }#if($foreach.hasNext),#end\n        #end\n    ]\n}",
      "{\"records\":[{\"data\":" ROW ",\"partition-key\":\"a\"},{\"data\":" ROW ",\"partition-key\":\"b\"},{\"data\":" ROW
      ",\"partition-key\":\"c\"}]}" },
    { "DescribeStream", "{\n    \"StreamName\": \"$input.params('stream-name')\"\n}", "" },
};

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int render(const struct vtl *t, struct str body, struct arena *a, struct buf *out, struct err *e)
{
    static const struct vtl_param params[] = { { VTL_PATH, S_INIT("stream-name"), S_INIT("streaming-0a1b2c3d4e5f-pin") },
                                               { VTL_HEADER, S_INIT("Content-Type"), S_INIT("application/json") } };
    struct vtl_request q = { .body = body, .params = params, .n_params = 2 };
    struct vtl_env env = { .arena = a, .request = &q };
    arena_reset(a);
    buf_reset(out);
    return vtl_render(t, &env, out, e);
}

static int measure(const char *name, struct str template, struct str body)
{
    struct err e = { 0 };
    struct arena a = ARENA_INIT;
    struct buf out = BUF_INIT;
    double best = 1e300;
    struct vtl *t = vtl_compile(template, &e);
    int failed = !t;
    for (int i = 0; i < WARM && !failed; i++)
        failed = render(t, body, &a, &out, &e);
    for (int round = 0; round < ROUNDS && !failed; round++) {
        double from = cpu_us();
        for (int i = 0; i < TURNS && !failed; i++)
            failed = render(t, body, &a, &out, &e);
        double took = (cpu_us() - from) / TURNS;
        best = took < best ? took : best;
    }
    if (failed)
        fprintf(stderr, "%s: %s\n", name, e.message);
    else
        printf("%-16s %6.2f us a request (%zu bytes in, %zu out)\n", name, best, body.n, out.n);
    vtl_free(t);
    buf_release(&out);
    arena_release(&a);
    return failed ? 1 : 0;
}

static struct str whole_file(const char *path, struct buf *b)
{
    char piece[4096];
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(3);
    }
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(b, piece, n);
    fclose(f);
    return buf_str(b);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        struct buf template = BUF_INIT, body = BUF_INIT;
        int result = measure(argv[1], whole_file(argv[1], &template), whole_file(argv[2], &body));
        buf_release(&template);
        buf_release(&body);
        return result;
    }
    int result = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        result |= measure(cases[i].name, str_of(cases[i].template), str_of(cases[i].body));
    return result;
}
