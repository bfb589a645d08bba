/* SASL on Kafka's ports: nothing before it, PLAIN, AWS_MSK_IAM and OAUTHBEARER with signatures that hold and that do not. */
#include "tests/wire/kafka_client.h"

#include "mocks/cloud/accounts.h"

static const struct cloud_setting users[] = { { "kafka.sasl_users", "u:pw,v:other" }, { NULL, NULL } };

struct world {
    struct cloud *cloud;
    struct arena arena;
};

static int open_world(void **state)
{
    struct world *w = mem_zero(sizeof *w);
    w->cloud = kafka_client_cloud(users);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
    return 0;
}

static int enter(struct world *w, enum kafka_way way) { return kafka_connect(kafka_service_port(cloud_state(w->cloud, "kafka"), way)); }

static int handshake(struct world *w, int fd, int version, const char *mechanism)
{
    struct buf b = BUF_INIT;
    put_s(&b, mechanism);
    struct kafka_reader r = ask(fd, &w->arena, SASL_HANDSHAKE, version, &b);
    return (int)get_i(&r, 2);
}

static int authenticate(struct world *w, int fd, struct str bytes, struct str *ret_bytes)
{
    struct buf b = BUF_INIT;
    put_b(&b, bytes);
    struct kafka_reader r = ask(fd, &w->arena, SASL_AUTHENTICATE, 0, &b);
    int error = (int)get_i(&r, 2);
    get_s(&r);
    *ret_bytes = get_b(&r);
    return error;
}

static bool is_let_in(struct world *w, int fd)
{
    struct buf b = BUF_INIT;
    put_i(&b, 0, 4);
    struct kafka_reader r = ask(fd, &w->arena, METADATA, 1, &b);
    return get_i(&r, 4) == 1;
}

/* Handshake and one message; the error, or the handshake's. Let in and closed accordingly. */
static int log_in(struct world *w, enum kafka_way way, const char *mechanism, struct str bytes, struct str *ret_bytes)
{
    int fd = enter(w, way), error = handshake(w, fd, 1, mechanism);
    if (!error) {
        error = authenticate(w, fd, bytes, ret_bytes);
        assert_true(error ? is_closed(fd) : is_let_in(w, fd));
    }
    close(fd);
    return error;
}

static void nothing_passes_before_authentication(void **state)
{
    struct world *w = *state;
    for (enum kafka_way way = KAFKA_SASL_SCRAM; way <= KAFKA_SASL_IAM; way++) {
        struct buf empty = BUF_INIT;
        int fd = enter(w, way);
        struct kafka_reader r = ask(fd, &w->arena, API_VERSIONS, 0, &empty); /* may be asked by anybody */
        assert_int_equal(get_i(&r, 2), 0);
        send_request(fd, METADATA, 0, S("\0\0\0\0"));
        assert_true(is_closed(fd));
        close(fd);
    }
    struct str bytes;
    int fd = enter(w, KAFKA_SASL_SCRAM);
    assert_int_equal(authenticate(w, fd, S("\0u\0pw"), &bytes), KAFKA_ILLEGAL_SASL_STATE); /* no handshake */
    close(fd);
}

static void each_port_has_its_mechanisms(void **state)
{
    struct world *w = *state;
    struct str bytes;
    assert_int_equal(log_in(w, KAFKA_SASL_SCRAM, "AWS_MSK_IAM", S("{}"), &bytes), KAFKA_UNSUPPORTED_SASL_MECHANISM);
    assert_int_equal(log_in(w, KAFKA_SASL_IAM, "PLAIN", S("\0u\0pw"), &bytes), KAFKA_UNSUPPORTED_SASL_MECHANISM);
    assert_int_equal(log_in(w, KAFKA_PLAINTEXT, "PLAIN", S("\0u\0pw"), &bytes), KAFKA_ILLEGAL_SASL_STATE);
}

static void plain_passwords_are_checked(void **state)
{
    struct world *w = *state;
    static const struct { struct str bytes; int error; } rows[] = {
        { S_INIT("\0u\0pw"), 0 }, { S_INIT("z\0v\0other"), 0 }, { S_INIT("\0u\0other"), 58 }, { S_INIT("\0u\0"), 58 }, { S_INIT("\0nobody\0pw"), 58 },
        { S_INIT("\0\0"), 58 }, { S_INIT(""), 58 }, { S_INIT("u"), 58 },
    };
    struct str bytes;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(log_in(w, KAFKA_SASL_SCRAM, "PLAIN", rows[i].bytes, &bytes), rows[i].error);
}

/* Before KIP-152 the mechanism's bytes came in frames of their own. */
static void bytes_may_come_bare(void **state)
{
    struct world *w = *state;
    int fd = enter(w, KAFKA_SASL_SCRAM);
    char answer[4];
    assert_int_equal(handshake(w, fd, 0, "PLAIN"), 0);
    send_raw(fd, S("\0\0\0\5\0u\0pw"));
    assert_true(receive(fd, answer, 4));
    assert_memory_equal(answer, "\0\0\0\0", 4);
    assert_true(is_let_in(w, fd));
    close(fd);
    fd = enter(w, KAFKA_SASL_SCRAM);
    assert_int_equal(handshake(w, fd, 0, "PLAIN"), 0);
    send_raw(fd, S("\0\0\0\5\0u\0no"));
    assert_true(is_closed(fd));
    close(fd);
}

static void scram_refuses_what_proves_nothing(void **state)
{
    struct world *w = *state;
    static const char *const firsts[] = { "", "n", "n,,", "n,,n=u", "n,,r=x", "n,,n=nobody,r=x", "p=tls-unique,,n=u,r=x" };
    struct str bytes;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        assert_int_equal(log_in(w, KAFKA_SASL_SCRAM, "SCRAM-SHA-512", str_of(firsts[i]), &bytes), 58);
    static const char *const lasts[] = { "", "c=biws,r=x,p=AAAA", "c=biws,p=AAAA", "c=biws,r=,p=", "v=x" };
    for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++) {
        int fd = enter(w, KAFKA_SASL_SCRAM);
        assert_int_equal(handshake(w, fd, 1, "SCRAM-SHA-256"), 0);
        assert_int_equal(authenticate(w, fd, S("n,,n=u,r=abc"), &bytes), 0);
        assert_true(str_starts(bytes, S("r=abc")));
        assert_int_equal(authenticate(w, fd, str_of(lasts[i]), &bytes), 58);
        close(fd);
    }
}

/* ---- IAM ---- */

static struct str presigned(struct world *w, struct str secret, const char *host, const char *action, int64_t ago_ms, int64_t expires_s)
{
    struct http_header headers[] = { { S("host"), str_of(host) } };
    struct http_request r = { .method = S("GET"), .headers = headers, .n_headers = 1 };
    struct sigv4_key key = { S("test"), secret, S("") };
    http_request_target(&r, arena_f(&w->arena, "/?Action=kafka-cluster%%3A%s", action));
    return sigv4_presign(cloud_sigv4(w->cloud), &key, S("us-east-1"), S("kafka-cluster"), clock_now_ms(cloud_clock(w->cloud)) - ago_ms, expires_s, &r, &w->arena);
}

#define HOST "b-1.demo.abcdef.c2.kafka.us-east-1.amazonaws.com"

/* The JSON that aws-msk-iam-auth makes of a presigned query. */
static struct str iam_json(struct world *w, struct str target, const char *host, const char *version)
{
    struct buf b = BUF_INIT;
    struct http_request r = { 0 };
    static const char *const names[][2] = {
        { "action", "Action" }, { "x-amz-algorithm", "X-Amz-Algorithm" }, { "x-amz-credential", "X-Amz-Credential" }, { "x-amz-date", "X-Amz-Date" },
        { "x-amz-signedheaders", "X-Amz-SignedHeaders" }, { "x-amz-expires", "X-Amz-Expires" }, { "x-amz-signature", "X-Amz-Signature" },
    };
    http_request_target(&r, target);
    buf_f(&b, "{\"version\":\"%s\",\"host\":\"%s\",\"user-agent\":\"test\"", version, host);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        buf_f(&b, ",\"%s\":\"" STR_F "\"", names[i][0], STR_A(http_query(&r, names[i][1], &w->arena)));
    buf_c(&b, '}');
    return arena_keep(&w->arena, &b);
}

static void iam_signatures_are_verified(void **state)
{
    struct world *w = *state;
    struct str bytes, good = presigned(w, S("test"), HOST, "Connect", 0, 900);
    assert_int_equal(log_in(w, KAFKA_SASL_IAM, "AWS_MSK_IAM", iam_json(w, good, HOST, "2020_10_22"), &bytes), 0);
    assert_true(str_starts(bytes, S("{\"version\":\"2020_10_22\",\"request-id\":\"")));
    const struct str refused[] = {
        iam_json(w, good, "b-2.demo.abcdef.c2.kafka.us-east-1.amazonaws.com", "2020_10_22"), /* signed for another host */
        iam_json(w, good, HOST, "2099_01_01"),
        iam_json(w, presigned(w, S("wrong"), HOST, "Connect", 0, 900), HOST, "2020_10_22"),
        iam_json(w, presigned(w, S("test"), HOST, "DeleteTopic", 0, 900), HOST, "2020_10_22"),
        iam_json(w, presigned(w, S("test"), HOST, "Connect", 1000000, 900), HOST, "2020_10_22"), /* expired */
        iam_json(w, presigned(w, S("test"), HOST, "Connect", 0, 5000), HOST, "2020_10_22"),
        S("{}"), S("[1"), S(""), S("{\"version\":\"2020_10_22\"}"),
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(log_in(w, KAFKA_SASL_IAM, "AWS_MSK_IAM", refused[i], &bytes), 58);
}

/* Who came by an MSK name is told of brokers by that name, under MSK's port. */
static void an_msk_name_is_kept(void **state)
{
    struct world *w = *state;
    struct str bytes;
    struct buf b = BUF_INIT;
    int fd = enter(w, KAFKA_SASL_IAM);
    assert_int_equal(handshake(w, fd, 1, "AWS_MSK_IAM"), 0);
    assert_int_equal(authenticate(w, fd, iam_json(w, presigned(w, S("test"), HOST, "Connect", 0, 900), HOST, "2020_10_22"), &bytes), 0);
    put_i(&b, 0, 4);
    struct kafka_reader r = ask(fd, &w->arena, METADATA, 1, &b);
    assert_int_equal(get_i(&r, 4), 1);
    assert_int_equal(get_i(&r, 4), 1);
    assert_str(get_s(&r), HOST);
    assert_int_equal(get_i(&r, 4), 9098);
    close(fd);
}

static struct str bearer(struct world *w, struct str target, const char *tail)
{
    struct buf token = BUF_INIT;
    codec_base64(&token, arena_f(&w->arena, "https://kafka.us-east-1.amazonaws.com" STR_F "%s", STR_A(target), tail));
    while (token.n && token.p[token.n - 1] == '=')
        token.n--;
    for (size_t i = 0; i < token.n; i++)
        token.p[i] = token.p[i] == '+' ? '-' : token.p[i] == '/' ? '_' : token.p[i];
    struct str s = arena_f(&w->arena, "n,,\1auth=Bearer " STR_F "\1\1", STR_A(buf_str(&token)));
    buf_release(&token);
    return s;
}

static void bearer_tokens_are_presigned_urls(void **state)
{
    struct world *w = *state;
    struct str bytes, good = presigned(w, S("test"), "kafka.us-east-1.amazonaws.com", "Connect", 0, 900);
    assert_int_equal(log_in(w, KAFKA_SASL_IAM, "OAUTHBEARER", bearer(w, good, "&User-Agent=aws-msk-iam-sasl-signer-python/1.0.1"), &bytes), 0);
    assert_int_equal(bytes.n, 0);
    const struct str refused[] = {
        bearer(w, good, "&More=1"), /* not signed */
        bearer(w, presigned(w, S("wrong"), "kafka.us-east-1.amazonaws.com", "Connect", 0, 900), ""),
        bearer(w, presigned(w, S("test"), "elsewhere.amazonaws.com", "Connect", 0, 900), ""),
        S("n,,\1auth=Bearer not-base64!\1\1"), S("n,,\1auth=Bearer aHR0cHM\1\1"), S("n,,\1\1"), S(""),
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(log_in(w, KAFKA_SASL_IAM, "OAUTHBEARER", refused[i], &bytes), 58);
}

static void credentials_stay_out_of_the_journal(void **state)
{
    struct world *w = *state;
    struct str bytes;
    struct buf text = BUF_INIT;
    log_in(w, KAFKA_SASL_SCRAM, "PLAIN", S("\0u\0verysecret"), &bytes);
    journal_list(cloud_journal(w->cloud), 0, 10, "kafka", &text);
    assert_true(str_find(buf_str(&text), S("PLAIN: the password")) != STR_NONE);
    assert_true(str_find(buf_str(&text), S("verysecret")) == STR_NONE);
    buf_release(&text);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(nothing_passes_before_authentication), WORLD_TEST(each_port_has_its_mechanisms), WORLD_TEST(plain_passwords_are_checked),
        WORLD_TEST(bytes_may_come_bare), WORLD_TEST(scram_refuses_what_proves_nothing), WORLD_TEST(iam_signatures_are_verified),
        WORLD_TEST(an_msk_name_is_kept), WORLD_TEST(bearer_tokens_are_presigned_urls), WORLD_TEST(credentials_stay_out_of_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
