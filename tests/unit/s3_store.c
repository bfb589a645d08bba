/* What is kept: versions, and the log on disk that gives the same back, whole or cut off anywhere. */
#include "tests/unit/s3_local.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cloud_setting settings[] = { { "s3.buckets", "bkt" }, { "s3.min_part_bytes", "1" }, { 0 } };

static struct str header_of(struct local *l, const char *line, struct str body, const char *name, int *ret_status)
{
    struct http_reply reply;
    int status = local_do(l, line, body, NULL, 0, NULL, &reply);
    if (ret_status)
        *ret_status = status;
    return http_header_get(reply.headers, reply.n_headers, name);
}

/* ---- versions ---- */

#define VERSIONING(status) S("<VersioningConfiguration><Status>" status "</Status></VersioningConfiguration>")

static void versions_pile_up_once_enabled(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    int status;
    local_put(l, "PUT /bkt/k", S("null version"));
    assert_int_equal(local_put(l, "PUT /bkt?versioning", VERSIONING("Enabled")), 200);
    assert_true(str_find(local_get(l, "GET /bkt?versioning"), S("<Status>Enabled</Status>")) != STR_NONE);
    struct str one = header_of(l, "PUT /bkt/k", S("one"), "x-amz-version-id", NULL);
    struct str two = header_of(l, "PUT /bkt/k", S("two"), "x-amz-version-id", NULL);
    assert_true(one.n == 32 && two.n == 32 && !str_eq(one, two));
    assert_str(local_get(l, "GET /bkt/k"), "two");
    assert_str(local_get(l, arena_f(&l->arena, "GET /bkt/k?versionId=" STR_F, STR_A(one)).p), "one");
    assert_str(local_get(l, "GET /bkt/k?versionId=null"), "null version");
    struct str marker = header_of(l, "DELETE /bkt/k", S(""), "x-amz-version-id", &status);
    assert_int_equal(status, 204);
    assert_str(header_of(l, "GET /bkt/k", S(""), "x-amz-delete-marker", &status), "true");
    assert_int_equal(status, 404);
    header_of(l, arena_f(&l->arena, "GET /bkt/k?versionId=" STR_F, STR_A(marker)).p, S(""), "x", &status);
    assert_int_equal(status, 405);
    struct str page = local_get(l, "GET /bkt?versions"), at = page;
    assert_str(local_element(&at, "DeleteMarker").p ? S("marker") : S("none"), "marker");
    size_t n = 0;
    for (at = page; local_element(&at, "Version").p;)
        n++;
    assert_int_equal(n, 3);
    assert_true(str_find(local_get(l, "GET /bkt?list-type=2"), S("<KeyCount>0<")) != STR_NONE);
    assert_int_equal(local_put(l, "DELETE /bkt", S("")), 409);
    /* Deleting the marker brings the object back. */
    assert_int_equal(local_put(l, arena_f(&l->arena, "DELETE /bkt/k?versionId=" STR_F, STR_A(marker)).p, S("")), 204);
    assert_str(local_get(l, "GET /bkt/k"), "two");
    local_put(l, arena_f(&l->arena, "DELETE /bkt/k?versionId=" STR_F, STR_A(two)).p, S(""));
    assert_str(local_get(l, "GET /bkt/k"), "one");
    local_close(l);
}

static void suspended_versioning_replaces_the_null_version_only(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    local_put(l, "PUT /bkt?versioning", VERSIONING("Enabled"));
    struct str one = header_of(l, "PUT /bkt/k", S("one"), "x-amz-version-id", NULL);
    local_put(l, "PUT /bkt?versioning", VERSIONING("Suspended"));
    assert_str(header_of(l, "PUT /bkt/k", S("a"), "x-amz-version-id", NULL), "null");
    local_put(l, "PUT /bkt/k", S("b"));
    assert_str(local_get(l, "GET /bkt/k"), "b");
    assert_str(header_of(l, "DELETE /bkt/k", S(""), "x-amz-version-id", NULL), "null");
    struct str at = local_get(l, "GET /bkt?versions");
    size_t n = 0;
    for (struct str rest = at; local_element(&rest, "VersionId").p;)
        n++;
    assert_int_equal(n, 2); /* the null marker and version one */
    assert_str(local_get(l, arena_f(&l->arena, "GET /bkt/k?versionId=" STR_F, STR_A(one)).p), "one");
    local_close(l);
}

static void versions_are_listed_in_pages_of_any_size(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    local_put(l, "PUT /bkt?versioning", VERSIONING("Enabled"));
    for (int i = 0; i < 9; i++)
        local_put(l, arena_f(&l->arena, "PUT /bkt/%s", (const char *[]){ "a", "b/1", "b/2" }[i % 3]).p, arena_f(&l->arena, "%d", i));
    struct str whole = local_get(l, "GET /bkt?versions");
    for (int max = 1; max < 11; max++) {
        struct buf all = BUF_INIT, want = BUF_INIT;
        for (struct str at = whole, id; (id = local_element(&at, "VersionId")).p;)
            buf_str_add(&want, id);
        struct str key = S(""), id = S("");
        bool more = true;
        for (int pages = 0; more && pages < 20; pages++) {
            struct str page = local_get(l, arena_f(&l->arena, "GET /bkt?versions&max-keys=%d&key-marker=" STR_F "&version-id-marker=" STR_F,
                                                   max, STR_A(key), STR_A(id)).p), at = page;
            for (struct str v; (v = local_element(&at, "VersionId")).p;)
                buf_str_add(&all, v);
            at = page, more = str_is(local_element(&at, "IsTruncated"), "true");
            at = page, key = local_element(&at, "NextKeyMarker");
            at = page, id = local_element(&at, "NextVersionIdMarker");
        }
        assert_str(buf_str(&all), buf_cstr(&want));
        buf_release(&all);
        buf_release(&want);
    }
    local_close(l);
}

/* ---- on disk ---- */

static char *make_dir(char path[64])
{
    const char *root = getenv("TMPDIR");
    snprintf(path, 64, "%s/s3-store-XXXXXX", root && strlen(root) < 40 ? root : P_tmpdir);
    assert_non_null(mkdtemp(path));
    return path;
}

static void remove_dir(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

/* Everything a client can see of a bucket. */
static struct str portrait(struct local *l)
{
    struct buf out = BUF_INIT;
    buf_str_add(&out, local_get(l, "GET /bkt?versions"));
    buf_str_add(&out, local_get(l, "GET /bkt?versioning"));
    buf_str_add(&out, local_get(l, "GET /bkt?uploads"));
    for (struct str at = local_get(l, "GET /bkt?versions&encoding-type=url"), version; (version = local_element(&at, "Version")).p;) {
        struct str inner = version, key = local_element(&inner, "Key"), id = local_element(&inner, "VersionId");
        const char *query = arena_f(&l->arena, STR_F "?versionId=" STR_F, STR_A(key), STR_A(id)).p;
        struct http_reply reply;
        struct str body;
        local_do(l, arena_f(&l->arena, "GET /bkt/%s", query).p, S(""), NULL, 0, &body, &reply);
        buf_str_add(&out, body);
        for (size_t i = 0; i < reply.n_headers; i++)
            if (!str_starts(reply.headers[i].name, S("x-amz-request-id")) && !str_starts(reply.headers[i].name, S("x-amz-id-2")))
                buf_f(&out, "\n" STR_F ": " STR_F, STR_A(reply.headers[i].name), STR_A(reply.headers[i].value));
        int status = local_do(l, arena_f(&l->arena, "GET /bkt/" STR_F "?tagging&versionId=" STR_F, STR_A(key), STR_A(id)).p, S(""),
                              NULL, 0, &body, NULL);
        buf_f(&out, "\n%d " STR_F, status, STR_A(body));
    }
    struct str text = arena_dup(&l->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static void assert_same(struct str got, struct str want)
{
    size_t n = 0;
    while (n < got.n && n < want.n && got.p[n] == want.p[n])
        n++;
    if (!str_eq(got, want))
        fail_msg("differs from byte %zu: got ..." STR_F "... want ..." STR_F "...", n, STR_A(str_head(str_from(got, n), 200)),
                 STR_A(str_head(str_from(want, n), 200)));
}

static void fill(struct local *l)
{
    struct http_header headers[] = { { S("Content-Type"), S("text/plain; x=\"%\"") }, { S("x-amz-meta-Colour"), S("bl\xc3\xbc") },
                                     { S("x-amz-tagging"), S("a=b&c%20d=%26") } };
    local_do(l, "PUT /bkt/meta", S("with headers"), headers, 3, NULL, NULL);
    local_put(l, "PUT /bkt/k", S("null version"));
    local_put(l, "PUT /bkt/gone", S("x"));
    local_put(l, "DELETE /bkt/gone", S(""));
    local_put(l, "PUT /bkt/meta?tagging", S("<Tagging><TagSet><Tag><Key>n</Key><Value>1</Value></Tag></TagSet></Tagging>"));
    local_put(l, "PUT /bkt?versioning", VERSIONING("Enabled"));
    local_put(l, "PUT /bkt/k", S("one"));
    local_put(l, "PUT /bkt/%C3%BC+%25%0A", S("\x00\x01\xff"));
    local_put(l, "DELETE /bkt/k", S(""));
    struct str body;
    local_do(l, "POST /bkt/m?uploads", S(""), headers, 3, &body, NULL);
    struct str id = local_element(&body, "UploadId");
    local_put(l, arena_f(&l->arena, "PUT /bkt/m?partNumber=1&uploadId=" STR_F, STR_A(id)).p, S("part one"));
    local_put(l, arena_f(&l->arena, "PUT /bkt/m?partNumber=2&uploadId=" STR_F, STR_A(id)).p, S("part two"));
    local_put(l, arena_f(&l->arena, "POST /bkt/m?uploadId=" STR_F, STR_A(id)).p,
              S("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>3303e12af474ca11d85ed2966a932992</ETag></Part></CompleteMultipartUpload>"));
    local_do(l, "POST /bkt/open?uploads", S(""), NULL, 0, &body, NULL);
    id = local_element(&body, "UploadId");
    local_put(l, arena_f(&l->arena, "PUT /bkt/open?partNumber=3&uploadId=" STR_F, STR_A(id)).p, S("unfinished"));
}

static void what_was_stored_is_there_after_opening_again(void **state)
{
    (void)state;
    char dir[64];
    struct local *l = local_open(settings, make_dir(dir));
    fill(l);
    struct str before = portrait(l);
    struct local *again;
    struct arena keep = ARENA_INIT;
    before = arena_dup(&keep, before);
    assert_true(str_find(before, S("part one")) != STR_NONE && str_find(before, S("bl\xc3\xbc")) != STR_NONE);
    local_close(l);
    again = local_open(settings, dir);
    assert_same(portrait(again), before);
    cloud_reset(again->cloud);
    assert_true(str_find(portrait(again), S("<Version>")) == STR_NONE);
    local_close(again);
    again = local_open(NULL, dir); /* what was reset stays so; the bucket of the settings was made anew */
    assert_true(str_find(local_get(again, "GET /"), S("<Name>bkt</Name>")) != STR_NONE);
    assert_true(str_find(portrait(again), S("<Version>")) == STR_NONE);
    local_put(again, "DELETE /bkt", S(""));
    local_close(again);
    again = local_open(NULL, dir);
    assert_true(str_find(local_get(again, "GET /"), S("<Name>")) == STR_NONE);
    local_close(again);
    arena_release(&keep);
    remove_dir(dir);
}

static uint64_t torn_bytes(struct local *l)
{
    struct buf out = BUF_INIT;
    s3_service.describe(cloud_state(l->cloud, "s3"), &out);
    struct str text = buf_str(&out);
    size_t at = str_find(text, S("\"torn_log_bytes\":"));
    int64_t n = -1;
    assert_true(str_to_i64(str_from(text, at + 17), &n));
    buf_release(&out);
    return (uint64_t)n;
}

static void ids_drawn_again_after_a_restart_replace_nothing(void **state)
{
    (void)state;
    char dir[64];
    make_dir(dir);
    for (int run = 0; run < 3; run++) { /* the same seed, the same draws */
        struct local *l = local_open(settings, dir);
        local_put(l, "PUT /bkt?versioning", VERSIONING("Enabled"));
        local_put(l, "PUT /bkt/k", arena_f(&l->arena, "run %d", run));
        local_do(l, "POST /bkt/m?uploads", S(""), NULL, 0, NULL, NULL);
        size_t versions = 0, uploads = 0;
        for (struct str at = local_get(l, "GET /bkt?versions"); local_element(&at, "Version").p;)
            versions++;
        for (struct str at = local_get(l, "GET /bkt?uploads"); local_element(&at, "Upload").p;)
            uploads++;
        assert_int_equal(versions, run + 1);
        assert_int_equal(uploads, run + 1);
        local_close(l);
    }
    remove_dir(dir);
}

/* The log cut at every byte, then with a bit flipped at every byte: it opens, has a prefix of what was stored, says how
 * much was torn, and takes new objects. */
static void a_torn_log_gives_back_what_was_whole(void **state)
{
    (void)state;
    char dir[64], path[128];
    struct local *l = local_open(settings, make_dir(dir));
    static const char *const stored[] = { "one", "two", "three" };
    off_t ends[4];
    snprintf(path, sizeof path, "%s/s3/bkt.log", dir);
    struct stat st;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stat(path, &st), 0);
        ends[i] = st.st_size;
        local_put(l, arena_f(&l->arena, "PUT /bkt/k%d", i).p, str_of(stored[i]));
    }
    assert_int_equal(stat(path, &st), 0);
    ends[3] = st.st_size;
    struct str whole = t_file(&l->arena, path);
    struct arena keep = ARENA_INIT;
    whole = arena_dup(&keep, whole);
    local_close(l);
    for (int flip = 0; flip < 2; flip++)
        for (size_t n = 0; n < whole.n; n++) {
            char *copy = arena_z(&keep, whole);
            if (flip)
                copy[n] ^= 0x10;
            int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
            assert_true(fd >= 0 && write(fd, copy, flip ? whole.n : n) == (ssize_t)(flip ? whole.n : n));
            close(fd);
            l = local_open(settings, dir);
            int want = 0;
            while (want < 3 && (size_t)ends[want + 1] <= n)
                want++;
            for (int i = 0; i < 3; i++)
                assert_int_equal(local_put(l, arena_f(&l->arena, "GET /bkt/k%d", i).p, S("")), i < want ? 200 : 404);
            size_t good_end = n < (size_t)ends[0] ? 0 : (size_t)ends[want];
            assert_int_equal(torn_bytes(l), (flip ? whole.n : n) - good_end);
            assert_int_equal(local_put(l, "PUT /bkt/new", S("new")), 200);
            local_close(l);
            l = local_open(settings, dir);
            assert_str(local_get(l, "GET /bkt/new"), "new");
            assert_int_equal(torn_bytes(l), 0);
            local_close(l);
        }
    arena_release(&keep);
    remove_dir(dir);
}

static void a_log_of_dead_bytes_is_written_anew(void **state)
{
    (void)state;
    char dir[64], path[128];
    struct local *l = local_open(settings, make_dir(dir));
    struct arena keep = ARENA_INIT;
    snprintf(path, sizeof path, "%s/s3/bkt.log", dir);
    char *big = arena_zero(&keep, 400000);
    fill(l);
    for (int i = 0; i < 9; i++) {
        local_put(l, "PUT /bkt?versioning", VERSIONING("Suspended"));
        local_put(l, "PUT /bkt/big", (struct str){ big, 400000 });
    }
    struct str before = arena_dup(&keep, portrait(l));
    struct stat st;
    local_close(l);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 3600000);
    for (int i = 0; i < 2; i++) {
        l = local_open(settings, dir);
        assert_same(portrait(l), before);
        local_close(l);
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size < 420000);
    }
    arena_release(&keep);
    remove_dir(dir);
}

static void a_data_directory_belongs_to_one_cloud(void **state)
{
    (void)state;
    char dir[64];
    struct local *l = local_open(settings, make_dir(dir));
    struct err e = { 0 };
    struct cloud_options o = { .services = local_services, .clock = &l->clock, .no_listen = true, .data_dir = dir };
    assert_null(cloud_open(&o, &e));
    assert_non_null(strstr(e.message, "in use"));
    local_close(l);
    remove_dir(dir);
}

static void wrong_settings_are_refused_by_name(void **state)
{
    (void)state;
    static const struct cloud_setting wrong[][2] = { { { "s3.buckets", "ok-bucket,Bad" }, { 0 } },
                                                     { { "s3.min_part_bytes", "five" }, { 0 } } };
    for (size_t i = 0; i < 2; i++) {
        struct err e = { 0 };
        struct cloud_options o = { .services = local_services, .no_listen = true, .settings = wrong[i] };
        assert_null(cloud_open(&o, &e));
        assert_non_null(strstr(e.message, wrong[i][0].name));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_pile_up_once_enabled), cmocka_unit_test(suspended_versioning_replaces_the_null_version_only),
        cmocka_unit_test(versions_are_listed_in_pages_of_any_size),
        cmocka_unit_test(what_was_stored_is_there_after_opening_again), cmocka_unit_test(ids_drawn_again_after_a_restart_replace_nothing),
        cmocka_unit_test(a_torn_log_gives_back_what_was_whole),
        cmocka_unit_test(a_log_of_dead_bytes_is_written_anew), cmocka_unit_test(a_data_directory_belongs_to_one_cloud),
        cmocka_unit_test(wrong_settings_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
