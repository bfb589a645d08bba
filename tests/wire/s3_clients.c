/* Real clients against the mock, each a script of tests/clients/ that gets AWS_ENDPOINT_URL and exits 77 when its
 * client is not installed. With S3_COMMAND set, that command is run instead, for other checks by hand. */
#include <sys/wait.h>

#include "tests/wire/s3_world.h"

static int run(const char *command)
{
    static const struct cloud_setting settings[] = { { "s3.buckets", "given" }, { 0 } };
    struct world *w = s3_world_open(settings, getenv("S3_DATA"), true);
    setenv("AWS_ENDPOINT_URL", cloud_url(w->cloud, "s3"), 1);
    setenv("AWS_ACCESS_KEY_ID", "test", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "test", 1);
    setenv("AWS_DEFAULT_REGION", "us-east-1", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    int status = system(command);
    s3_world_close(w);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void run_script(const char *name)
{
    struct arena a = ARENA_INIT;
    const char *path = t_source(&a, arena_f(&a, "tests/clients/%s", name).p);
    int status = run(arena_f(&a, "bash '%s'", path).p);
    arena_release(&a);
    if (status == 77)
        skip();
    assert_int_equal(status, 0);
}

static void boto3_is_served(void **state) { (void)state, run_script("s3_boto3.sh"); }
static void aws_cli_is_served(void **state) { (void)state, run_script("s3_awscli.sh"); }
static void rclone_is_served(void **state) { (void)state, run_script("s3_rclone.sh"); }
static void s3cmd_is_served(void **state) { (void)state, run_script("s3_s3cmd.sh"); }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(boto3_is_served), cmocka_unit_test(aws_cli_is_served),
        cmocka_unit_test(rclone_is_served), cmocka_unit_test(s3cmd_is_served),
    };
    if (getenv("S3_COMMAND"))
        return run(getenv("S3_COMMAND"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
