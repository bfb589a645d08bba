/* mysqld_auth.c - users and their scrambled passwords.
 *
 *   mysql_native_password   SHA1(pw) XOR SHA1(nonce + SHA1(SHA1(pw)))
 *   caching_sha2_password   SHA256(pw) XOR SHA256(SHA256(SHA256(pw)) + nonce): the fast path, which a server that knows
 *                           the password can always take
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
 */
#include <stdlib.h>

#include "base/codec.h"
#include "mocks/rds/mysqld.h"

struct mysqld_users {
    struct map passwords; /* name -> char * */
};

struct mysqld_users *mysqld_users_open(const char *list, struct err *e)
{
    if (!list || !list[0])
        return NULL;
    struct mysqld_users *u = mem_zero(sizeof *u);
    for (struct str rest = str_of(list); rest.p;) {
        struct str password = str_cut(&rest, ',');
        struct str name = str_cut(&password, ':');
        if (!name.n || !password.p) {
            err_set(e, 0, "SETTING_MALFORMED", "rds.users: '" STR_F "' is not NAME:PASSWORD", STR_A(name));
            mysqld_users_close(u);
            return NULL;
        }
        free(map_put(&u->passwords, name, mem_dup(password)));
    }
    return u;
}

void mysqld_users_close(struct mysqld_users *u)
{
    if (!u)
        return;
    size_t at = 0;
    for (struct map_entry *m; (m = map_next(&u->passwords, &at));)
        free(m->value);
    map_release(&u->passwords);
    free(u);
}

static void mix(uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        a[i] ^= b[i];
}

static struct str bytes(const uint8_t *p, size_t n) { return (struct str){ (const char *)p, n }; }

static bool native_matches(struct str password, struct str response, const char *nonce)
{
    uint8_t once[SHA1_BYTES], salted[MYSQL_NONCE + SHA1_BYTES], want[SHA1_BYTES];
    codec_sha1(password, once);
    memcpy(salted, nonce, MYSQL_NONCE);
    codec_sha1(bytes(once, sizeof once), salted + MYSQL_NONCE);
    codec_sha1(bytes(salted, sizeof salted), want);
    mix(want, once, sizeof want);
    return codec_same(response, bytes(want, sizeof want));
}

static bool sha2_matches(struct str password, struct str response, const char *nonce)
{
    uint8_t once[SHA256_BYTES], twice[SHA256_BYTES], salted[SHA256_BYTES + MYSQL_NONCE], want[SHA256_BYTES];
    codec_sha256(password, once);
    codec_sha256(bytes(once, sizeof once), twice);
    memcpy(salted, twice, sizeof twice);
    memcpy(salted + SHA256_BYTES, nonce, MYSQL_NONCE);
    codec_sha256(bytes(salted, sizeof salted), want);
    mix(want, once, sizeof want);
    return codec_same(response, bytes(want, sizeof want));
}

bool mysqld_users_check(const struct mysqld_users *u, struct str user, struct str plugin, struct str response, const char *nonce)
{
    if (!u)
        return true;
    const char *password = map_get(&u->passwords, user);
    if (!password)
        return false;
    if (!password[0] || !response.n)
        return !password[0] && !response.n;
    if (str_eq(plugin, S("caching_sha2_password")))
        return sha2_matches(str_of(password), response, nonce);
    return native_matches(str_of(password), response, nonce);
}
