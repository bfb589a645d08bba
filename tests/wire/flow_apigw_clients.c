/* AWS's own clients build an API against a whole cloud: scripts of tests/clients/ that get AWS_ENDPOINT_URL and exit 77
 * when their client is not installed. */
#include <sys/wait.h>
#include <unistd.h>

#include "cli/flow.h"
#include "tests/support/t.h"

static void run_script(const char *interpreter, const char *name)
{
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    static const struct cloud_setting settings[] = { { "kinesis.auto_create", "off" }, { NULL, NULL } };
    struct cloud *cloud = cloud_open(&(struct cloud_options){ .services = flow_services, .seed = 5, .settings = settings }, &e);
    if (!cloud)
        print_error("%s\n", e.message);
    assert_non_null(cloud);
    static const struct { const char *name, *value; } environment[] = {
        { "AWS_ACCESS_KEY_ID", "test" }, { "AWS_SECRET_ACCESS_KEY", "test" }, { "AWS_DEFAULT_REGION", "us-east-1" },
        { "AWS_EC2_METADATA_DISABLED", "true" }, { "AWS_CONFIG_FILE", "/dev/null" }, { "AWS_SHARED_CREDENTIALS_FILE", "/dev/null" },
        { "AWS_PAGER", "" },
    };
    for (size_t i = 0; i < sizeof environment / sizeof *environment; i++)
        setenv(environment[i].name, environment[i].value, 1);
    setenv("AWS_ENDPOINT_URL", cloud_url(cloud, "edge"), 1);
    const char *path = t_source(&a, arena_f(&a, "tests/clients/%s", name).p);
    int status = system(arena_f(&a, "%s '%s'", interpreter, path).p);
    cloud_close(cloud);
    arena_release(&a);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    if (status == 77 || status == 127)
        skip();
    assert_int_equal(status, 0);
}

static void boto3_builds_the_tutorial(void **state) { (void)state, run_script("python3", "apigw_tutorial.py"); }
static void debians_boto3_builds_the_tutorial(void **state) { (void)state, run_script("/usr/bin/python3", "apigw_tutorial.py"); }
/* Each call of the command line takes a second to start, so one of them has to do: Debian's where it is installed. */
static void aws_cli_builds_the_tutorial(void **state)
{
    (void)state;
    run_script(access("/usr/bin/aws", X_OK) == 0 ? "AWS=/usr/bin/aws bash" : "bash", "apigw_tutorial.sh");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(boto3_builds_the_tutorial),
        cmocka_unit_test(debians_boto3_builds_the_tutorial),
        cmocka_unit_test(aws_cli_builds_the_tutorial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
