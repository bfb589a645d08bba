/* Ten thousand connections that nobody closes, as the original scripts leave them: they cost next to nothing, and whoever
 * asks is answered as before. The clients are another process, so that memory measured here is the server's. */
#include "tests/wire/rds_world.h"

#include <sys/resource.h>
#include <sys/wait.h>

enum { WANTED = 10000, SPARE = 300, MOST_BYTES_EACH = 4096, MOST_US = 200000 };

static void raise_limit(void)
{
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

static size_t connections(void)
{
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    return r.rlim_cur > WANTED + SPARE ? WANTED : (size_t)r.rlim_cur - SPARE;
}

static size_t resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* In the child: log in n times and do nothing; every third stops in the middle of a command. */
static void hold(uint16_t port, size_t n, struct str login, int ready, int end)
{
    char bytes[512];
    for (size_t i = 0; i < n; i++) {
        int fd = rds_dial(port);
        if (fd < 0 || recv(fd, bytes, sizeof bytes, 0) <= 0 || send(fd, login.p, login.n, 0) < 0 || recv(fd, bytes, sizeof bytes, 0) <= 0)
            _exit(1);
        if (i % 3 == 0 && send(fd, "\x20\0\0\0\x03SELECT", 11, 0) < 0)
            _exit(1);
    }
    ssize_t told = write(ready, "x", 1), waited = read(end, bytes, 1);
    _exit(told == 1 && waited >= 0 ? 0 : 1);
}

static int64_t ask_us(struct rds_client *c)
{
    struct arena a = ARENA_INIT;
    int64_t from = clock_stopwatch_us();
    assert_str(rds_ask(c, &a, "SELECT ind FROM geolocation_data LIMIT 7528, 1"), "7528");
    arena_release(&a);
    return clock_stopwatch_us() - from;
}

static int64_t best_of(struct rds_client *c, int n)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < n; i++) {
        int64_t us = ask_us(c);
        best = us < best ? us : best;
    }
    return best;
}

static void idle_connections_cost_next_to_nothing(void **state)
{
    struct rds_world w;
    struct rds_client c, late;
    struct buf payload = BUF_INIT, login = BUF_INIT;
    int ready[2], end[2];
    char byte;
    size_t n = connections();
    (void)state;
    rds_world_open(&w, NULL, true);
    rds_connect(&c, w.port, "pinterest_data");
    int64_t before_us = best_of(&c, 200);
    rds_login_packet(&payload, "project_user", S("12345678901234567890123456789012"), "pinterest_data", "caching_sha2_password");
    mysqld_put_int(&login, payload.n, 3);
    buf_c(&login, 1);
    buf_str_add(&login, buf_str(&payload));
    assert_int_equal(pipe(ready) | pipe(end), 0);
    size_t before = resident_bytes();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ready[0]), close(end[1]);
        hold(w.port, n, buf_str(&login), ready[1], end[0]);
    }
    close(ready[1]), close(end[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    size_t each = (resident_bytes() - before) / n;
    int64_t after_us = best_of(&c, 200);
    rds_connect(&late, w.port, "pinterest_data");
    ask_us(&late);
    print_message("%zu connections, %zu bytes each; a row in %lld us before, %lld us among them\n", n, each, (long long)before_us, (long long)after_us);
    assert_true(after_us < MOST_US);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(each <= MOST_BYTES_EACH);
#endif
    close(end[1]);
    int status = 1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_true(ask_us(&c) < 20 * MOST_US);
    rds_hang_up(&c), rds_hang_up(&late);
    buf_release(&payload), buf_release(&login);
    close(ready[0]);
    rds_world_close(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(idle_connections_cost_next_to_nothing) };
    raise_limit();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
