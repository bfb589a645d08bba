/* sts.c - the table of actions; the query protocol; identities.
 *
 *   GetCallerIdentity    account, user id and ARN of the key that signed
 *   AssumeRole           temporary keys, known by the role and session they stand for
 *   GetSessionToken      temporary keys of the account itself
 *   GetAccessKeyInfo     the account an access key belongs to
 */
#include "mocks/sts/sts.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/map.h"
#include "base/buf.h"
#include "base/xml.h"
#include "mocks/cloud/accounts.h"
#include "mocks/cloud/cloud.h"
#include "mocks/cloud/param.h"

enum { MAX_ROLES = 4096, DEFAULT_SECONDS = 3600, SESSION_SECONDS = 43200 };
#define ROLE_PATTERN "arn:aws[a-zA-Z-]*:iam::\\d{12}:role/[\\w+=,.@/-]+"

struct sts {
    struct cloud *cloud;
    pthread_mutex_t lock; /* guards roles */
    struct map roles;     /* temporary access key -> "ROLEID:session ARN", both owned */
};

/* ---- the table ---- */

static int get_caller_identity(struct call *c);
static int assume_role(struct call *c);
static int get_session_token(struct call *c);
static int get_access_key_info(struct call *c);

static const struct param role_params[] = {
    { .name = "RoleArn", .type = PARAM_STRING, .required = true, .min = 20, .max = 2048, .pattern = ROLE_PATTERN },
    { .name = "RoleSessionName", .type = PARAM_STRING, .required = true, .min = 2, .max = 64, .pattern = "[\\w+=,.@-]*" },
    { .name = "DurationSeconds", .type = PARAM_INTEGER, .min = 900, .max = 43200 },
};
static const struct param session_params[] = {
    { .name = "DurationSeconds", .type = PARAM_INTEGER, .min = 900, .max = 129600 },
};
static const struct param key_params[] = {
    { .name = "AccessKeyId", .type = PARAM_STRING, .required = true, .min = 16, .max = 128, .pattern = "[\\w]*" },
};
#define PARAMS(table) .params = table, .n_params = sizeof(table) / sizeof *(table)

static const struct action actions[] = {
    { .name = "GetCallerIdentity", .run = get_caller_identity },
    { .name = "AssumeRole", .run = assume_role, PARAMS(role_params) },
    { .name = "GetSessionToken", .run = get_session_token, PARAMS(session_params) },
    { .name = "GetAccessKeyInfo", .run = get_access_key_info, PARAMS(key_params) },
    { .name = "AssumeRoleWithSAML" },
    { .name = "AssumeRoleWithWebIdentity" },
    { .name = "AssumeRoot" },
    { .name = "DecodeAuthorizationMessage" },
    { .name = "GetDelegatedAccessToken" },
    { .name = "GetFederationToken" },
    { .name = "GetWebIdentityToken" },
};
enum { N_ACTIONS = sizeof actions / sizeof *actions };

/* ---- the query protocol ---- */

/* A parameter of the form (POST) or of the query (GET). */
static struct str parameter(const struct call *c, const char *name)
{
    struct http_request form = { .query = c->request->body };
    struct str v = http_query(&form, name, c->arena);
    return v.p ? v : http_query(c->request, name, c->arena);
}

static const struct action *route(struct call *c)
{
    struct str name = parameter(c, "Action");
    for (size_t i = 0; i < N_ACTIONS; i++)
        if (str_is(name, actions[i].name))
            return &actions[i];
    if (!name.n)
        call_fail(c, 400, "MissingAction", "Missing Action");
    else
        call_fail(c, 400, "InvalidAction", "Could not find operation " STR_F " for version 2011-06-15", STR_A(str_head(name, 80)));
    return NULL;
}

static int bind(struct call *c)
{
    const struct action *a = c->action;
    struct arg *args = ARENA_ARRAY(c->arena, struct arg, a->n_params + 1);
    for (size_t i = 0; i < a->n_params; i++) {
        struct str text = parameter(c, a->params[i].name);
        args[i] = (struct arg){ 0 };
        if (!text.p)
            continue;
        args[i].type = a->params[i].type;
        if (a->params[i].type == PARAM_STRING)
            args[i].text = text;
        else if (!str_to_i64(text, &args[i].number))
            return call_fail(c, 400, "MalformedInput", "The value of %s is not a number", a->params[i].name);
    }
    struct param_refusal why;
    if (param_check(a->params, a->n_params, args, c->arena, &why))
        return call_fail(c, 400, "ValidationError", STR_F, STR_A(why.message));
    c->args = args;
    return 0;
}

static const struct arg *argument(const struct call *c, const char *name)
{
    return param_find(c->action->params, c->action->n_params, c->args, name);
}

static int refuse(struct call *c, enum sigv4_verdict verdict, const struct err *why)
{
    switch (verdict) {
    case SIGV4_ABSENT: return call_fail(c, 403, "MissingAuthenticationToken", "Request is missing Authentication Token");
    case SIGV4_UNKNOWN_KEY: return call_fail(c, 403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    case SIGV4_MISMATCH: return call_fail(c, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature "
                                          "you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
    case SIGV4_SKEWED:
    case SIGV4_EXPIRED: return call_fail(c, 403, "SignatureDoesNotMatch", "Signature expired: %s", why->message);
    default: return call_fail(c, 400, "IncompleteSignature", "%s", why->message);
    }
}

#define NAMESPACE " xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"

static void phrase(struct call *c)
{
    struct buf *out = call_body(c);
    buf_z(out, "<ErrorResponse" NAMESPACE "<Error>");
    xml_put_z(out, "Type", c->err.status < 500 ? "Sender" : "Receiver");
    xml_put_z(out, "Code", c->err.code);
    xml_put_z(out, "Message", c->err.message);
    buf_z(out, "</Error>");
    xml_put(out, "RequestId", c->request_id);
    buf_z(out, "</ErrorResponse>\n");
}

static void finish(struct call *c)
{
    call_header(c, "x-amzn-RequestId", c->request_id);
    call_header(c, "Content-Type", S("text/xml"));
}

static struct buf *begin(struct call *c)
{
    struct buf *out = call_body(c);
    buf_f(out, "<%sResponse" NAMESPACE "<%sResult>", c->action->name, c->action->name);
    return out;
}

static int end(struct call *c)
{
    struct buf *out = call_body(c);
    buf_f(out, "</%sResult><ResponseMetadata>", c->action->name);
    xml_put(out, "RequestId", c->request_id);
    buf_f(out, "</ResponseMetadata></%sResponse>\n", c->action->name);
    return 0;
}

/* ---- identities ---- */

/* "AROA…:session arn:aws:sts::…:assumed-role/…" of a temporary key; n == 0 for others. */
static struct str role_of(struct call *c, struct str access_key)
{
    struct sts *s = c->state;
    pthread_mutex_lock(&s->lock);
    const char *found = map_get(&s->roles, access_key);
    struct str role = found ? arena_dup(c->arena, str_of(found)) : S("");
    pthread_mutex_unlock(&s->lock);
    return role;
}

static int get_caller_identity(struct call *c)
{
    struct str arn = role_of(c, c->claim.access_key), id = str_cut(&arn, ' ');
    struct buf *out = begin(c);
    xml_put(out, "Arn", id.n ? arn : arena_f(c->arena, "arn:aws:iam::" STR_F ":root", STR_A(c->account)));
    xml_put(out, "UserId", id.n ? id : c->account);
    xml_put(out, "Account", c->account);
    return end(c);
}

static void random_letters(struct call *c, char *to, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (size_t i = 0; i < n; i++)
        to[i] = letters[cloud_random(c->cloud) % (sizeof letters - 1)];
}

static void put_credentials(struct call *c, struct str key, int64_t seconds)
{
    struct buf *out = call_body(c), bytes = BUF_INIT, token = BUF_INIT;
    char expires[CLOCK_TEXT];
    struct str secret, account;
    accounts_secret(c->cloud, key, &secret, &account);
    for (int i = 0; i < 20; i++) {
        uint64_t word = cloud_random(c->cloud);
        buf_add(&bytes, &word, sizeof word);
    }
    codec_base64(&token, buf_str(&bytes));
    buf_z(out, "<Credentials>");
    xml_put(out, "AccessKeyId", key);
    xml_put(out, "SecretAccessKey", secret);
    xml_put(out, "SessionToken", buf_str(&token));
    xml_put_z(out, "Expiration", clock_iso(clock_now_ms(cloud_clock(c->cloud)) / 1000 * 1000 + seconds * 1000, expires));
    buf_z(out, "</Credentials>");
    buf_release(&bytes);
    buf_release(&token);
}

static struct str temporary_key(struct call *c, struct str account)
{
    char tail[8];
    random_letters(c, tail, sizeof tail);
    return arena_f(c->arena, ACCOUNTS_TEMPORARY STR_F "%.8s", STR_A(account), tail);
}

static int64_t seconds_of(const struct call *c, int64_t otherwise)
{
    const struct arg *a = argument(c, "DurationSeconds");
    return a ? a->number : otherwise;
}

static int assume_role(struct call *c)
{
    struct sts *s = c->state;
    struct str role = argument(c, "RoleArn")->text, session = argument(c, "RoleSessionName")->text, rest = role, account = S("");
    for (int part = 0; part < 5; part++) /* arn:aws:iam::ACCOUNT:role/PATH/NAME */
        account = str_cut(&rest, ':');
    size_t slash;
    while ((slash = str_chr(rest, '/')) != STR_NONE)
        rest = str_from(rest, slash + 1);
    c->resource = role;
    char id[17];
    random_letters(c, id, sizeof id);
    struct str key = temporary_key(c, account), user = arena_f(c->arena, "AROA%.17s:" STR_F, id, STR_A(session));
    struct str arn = arena_f(c->arena, "arn:aws:sts::" STR_F ":assumed-role/" STR_F "/" STR_F, STR_A(account), STR_A(rest), STR_A(session));
    pthread_mutex_lock(&s->lock);
    bool full = s->roles.n_live >= MAX_ROLES;
    if (!full)
        free(map_put(&s->roles, key, mem_dup(arena_f(c->arena, STR_F " " STR_F, STR_A(user), STR_A(arn)))));
    pthread_mutex_unlock(&s->lock);
    if (full)
        return call_fail(c, 400, "LimitExceeded", "This cloud remembers at most %d assumed roles; POST /_weirbox/reset forgets them", MAX_ROLES);
    struct buf *out = begin(c);
    put_credentials(c, key, seconds_of(c, DEFAULT_SECONDS));
    buf_z(out, "<AssumedRoleUser>");
    xml_put(out, "AssumedRoleId", user);
    xml_put(out, "Arn", arn);
    buf_z(out, "</AssumedRoleUser>");
    return end(c);
}

static int get_session_token(struct call *c)
{
    begin(c);
    put_credentials(c, temporary_key(c, c->account), seconds_of(c, SESSION_SECONDS));
    return end(c);
}

static int get_access_key_info(struct call *c)
{
    struct str secret, account;
    if (!accounts_secret(c->cloud, argument(c, "AccessKeyId")->text, &secret, &account))
        return call_fail(c, 400, "ValidationError", "Invalid Access Key ID");
    xml_put(begin(c), "Account", account);
    return end(c);
}

/* ---- life ---- */

static void *open_state(struct cloud *cloud, struct err *e)
{
    (void)e;
    struct sts *s = mem_zero(sizeof *s);
    s->cloud = cloud;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void reset(void *state)
{
    struct sts *s = state;
    size_t at = 0;
    pthread_mutex_lock(&s->lock);
    for (struct map_entry *m; (m = map_next(&s->roles, &at));)
        free(m->value);
    map_release(&s->roles);
    s->roles = MAP_INIT;
    pthread_mutex_unlock(&s->lock);
}

static void close_state(void *state)
{
    struct sts *s = state;
    reset(s);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const struct service sts_service = {
    .name = "sts",
    .title = "AWS STS",
    .actions = actions,
    .n_actions = N_ACTIONS,
    .max_body_bytes = 256 * 1024,
    .signed_requests = true,
    .throttle = { 400, "Throttling", "Rate exceeded" },
    .route = route,
    .refuse = refuse,
    .bind = bind,
    .phrase = phrase,
    .finish = finish,
    .open = open_state,
    .close = close_state,
    .reset = reset,
};
