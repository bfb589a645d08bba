/* accounts.c - finding the secret of an access key; asking net/sigv4 for the verdict. */
#include "mocks/cloud/accounts.h"

#include "base/clock.h"
#include "mocks/cloud/cloud.h"

static bool twelve_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 12;
}

bool accounts_secret(const struct cloud *cloud, struct str access_key, struct str *ret_secret, struct str *ret_account)
{
    struct sigv4_key own = cloud_own_key(cloud);
    struct str digits = str_starts(access_key, S(ACCOUNTS_TEMPORARY)) ? str_head(str_from(access_key, sizeof ACCOUNTS_TEMPORARY - 1), 12) : access_key;
    bool is_own = str_eq(access_key, own.access_key), is_account = twelve_digits(digits);
    if (!is_own && !is_account && !str_eq(access_key, S("test")))
        return false;
    *ret_secret = is_own || digits.n < access_key.n ? own.secret : S("test");
    *ret_account = is_account ? digits : S(CLOUD_ACCOUNT);
    return true;
}

static int refuse(struct call *c, enum sigv4_verdict verdict, const struct err *why)
{
    c->reason = arena_dup(c->arena, str_of(why->message));
    return c->service->refuse(c, verdict, why);
}

int accounts_authenticate(struct call *c)
{
    enum cloud_auth mode = cloud_auth_mode(c->cloud);
    struct err why = { 0 };
    enum sigv4_verdict verdict = sigv4_parse(c->request, c->arena, &c->claim, &why);
    if (verdict != SIGV4_OK)
        return mode == CLOUD_AUTH_OFF ? 0 : refuse(c, verdict, &why);
    if (c->claim.region.n)
        c->region = c->claim.region;
    bool known = accounts_secret(c->cloud, c->claim.access_key, &c->secret, &c->account);
    if (mode != CLOUD_AUTH_STRICT)
        return 0;
    if (!known) {
        err_set(&why, 403, "UNKNOWN_KEY",
                "the access key '" STR_F "' is not known here; use test/test, twelve digits with secret test, or the pair `weirbox env` prints",
                STR_A(c->claim.access_key));
        return refuse(c, SIGV4_UNKNOWN_KEY, &why);
    }
    verdict = sigv4_verify(cloud_sigv4(c->cloud), c->request, &c->claim, c->secret, S(""),
                           clock_now_ms(cloud_clock(c->cloud)), c->arena, &why);
    return verdict == SIGV4_OK ? 0 : refuse(c, verdict, &why);
}
