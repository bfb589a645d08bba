/* Whose key an access key is. */
#include "mocks/cloud/accounts.h"
#include "mocks/cloud/cloud.h"
#include "tests/support/t.h"

static void a_key_has_its_secret_and_its_account(void **state)
{
    (void)state;
    const struct service *const none[] = { NULL };
    struct err e = { 0 };
    struct cloud *cloud = cloud_open(&(struct cloud_options){ .services = none, .seed = 3, .no_listen = true }, &e);
    assert_non_null(cloud);
    struct sigv4_key own = cloud_own_key(cloud);
    const struct {
        struct str key, secret, account; /* secret.n == 0: unknown */
    } rows[] = {
        { S("test"), S("test"), S(CLOUD_ACCOUNT) },
        { S("123456789012"), S("test"), S("123456789012") },
        { own.access_key, own.secret, S(CLOUD_ACCOUNT) },
        { S("12345678901"), S(""), S("") },
        { S("1234567890123"), S(""), S("") },
        { S("+12345678901"), S(""), S("") },
        { S("AKIAIOSFODNN7EXAMPLE"), S(""), S("") },
        { S("TEST"), S(""), S("") },
        { S(""), S(""), S("") },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str secret = S("as before"), account = S("as before");
        bool known = accounts_secret(cloud, rows[i].key, &secret, &account);
        assert_int_equal(known, rows[i].secret.n > 0);
        assert_true(str_eq(secret, known ? rows[i].secret : S("as before")));
        assert_true(str_eq(account, known ? rows[i].account : S("as before")));
    }
    cloud_close(cloud);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_key_has_its_secret_and_its_account) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
