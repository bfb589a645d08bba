/* A real client against the mock: the script of tests/clients/ gets AWS_ENDPOINT_URL and exits 77 when its client is
 * not installed. */
#include <sys/wait.h>

#include "tests/wire/kinesis.h"

static void boto3_is_served(void **state)
{
    (void)state;
    const struct service *services[] = { &kinesis_service, NULL };
    struct cloud_options o = { .services = services };
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct cloud *cloud = cloud_open(&o, &e);
    if (!cloud)
        fail_msg("%s", e.message);
    setenv("AWS_ENDPOINT_URL", cloud_url(cloud, "kinesis"), 1);
    setenv("AWS_ACCESS_KEY_ID", "test", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "test", 1);
    setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    int status = system(arena_f(&a, "bash '%s'", t_source(&a, "tests/clients/kinesis_boto3.sh")).p);
    cloud_close(cloud);
    arena_release(&a);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(boto3_is_served) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
