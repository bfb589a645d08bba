/* kafka_scram.c - SCRAM-SHA-256 and -512 (RFC 5802, RFC 7677) and PLAIN (RFC 4616) against the setting kafka.sasl_users. */
#include "base/codec.h"
#include "mocks/kafka/kafka_sasl.h"

enum { ITERATIONS = 4096, NONCE_LEAST = 1, NONCE_MOST = 200 };

/* The password of a user; without any configured everybody is known, by a password that is the name. */
static bool password_of(const struct kafka_state *s, struct str user, struct str *ret)
{
    *ret = user;
    if (!s->sasl_users)
        return user.n != 0;
    for (struct str rest = str_of(s->sasl_users); rest.p;) {
        struct str password = str_cut(&rest, ','), name = str_cut(&password, ':');
        if (password.p && str_eq(name, user)) {
            *ret = password;
            return true;
        }
    }
    return false;
}

static int refuse(struct call *c, struct str *ret_message, const char *why)
{
    *ret_message = arena_f(c->arena, "Authentication failed during authentication due to invalid credentials with SASL mechanism %s",
                           kafka_request_of(c)->session->sasl->mechanism->name);
    call_reason(c, "%s", why);
    return -1;
}

/* ---- PLAIN: [authzid] NUL user NUL password ---- */

int kafka_scram_plain(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message)
{
    struct str rest = in, password;
    (void)s, (void)ret_bytes;
    str_cut(&rest, 0);
    struct str user = rest.p ? str_cut(&rest, 0) : S("");
    if (!rest.p || !user.n || !password_of(c->state, user, &password))
        return refuse(c, ret_message, "PLAIN: the user is not known, or the message is malformed");
    if (kafka_state_of(c)->sasl_users && !codec_same(rest, password))
        return refuse(c, ret_message, "PLAIN: the password is not that of kafka.sasl_users");
    *ret_over = true;
    return 0;
}

/* ---- SCRAM ---- */

/* The value of "x=…" among attributes separated by commas; p == NULL when there is none. */
static struct str attribute(struct str message, char name)
{
    for (struct str rest = message; rest.p;) {
        struct str piece = str_cut(&rest, ',');
        if (piece.n >= 2 && piece.p[0] == name && piece.p[1] == '=')
            return str_from(piece, 2);
    }
    return (struct str){ 0 };
}

/* "=2C" is a comma, "=3D" an equals sign. */
static struct str plain_name(struct arena *a, struct str name)
{
    char *out = arena_alloc(a, name.n + 1), *to = out;
    for (size_t i = 0; i < name.n; i++) {
        struct str escape = str_head(str_from(name, i), 3);
        bool comma = str_eq(escape, S("=2C")), equals = str_eq(escape, S("=3D"));
        *to++ = comma ? ',' : equals ? '=' : name.p[i];
        i += comma || equals ? 2 : 0;
    }
    return (struct str){ out, (size_t)(to - out) };
}

static struct str base64(struct arena *a, struct str bytes)
{
    struct buf text = BUF_INIT;
    codec_base64(&text, bytes);
    return arena_keep(a, &text);
}

static int first(struct call *c, struct kafka_sasl *s, struct str in, struct str *ret_bytes, struct str *ret_message)
{
    struct str rest = in, binding = str_cut(&rest, ','); /* gs2 header: binding flag, authorization id */
    if (rest.p)
        str_cut(&rest, ',');
    struct str name = attribute(rest, 'n'), nonce = attribute(rest, 'r');
    if ((!str_is(binding, "n") && !str_is(binding, "y")) || !name.n || nonce.n < NONCE_LEAST || nonce.n > NONCE_MOST)
        return refuse(c, ret_message, "SCRAM: the client's first message is malformed, or asks for channel binding");
    s->user = plain_name(&s->memory, name);
    if (!password_of(c->state, s->user, &s->password))
        return refuse(c, ret_message, "SCRAM: the user is none of kafka.sasl_users");
    s->first_bare = arena_dup(&s->memory, rest);
    s->nonce = cloud_uuid(c->cloud, &s->memory);
    uint64_t salt[2] = { cloud_random(c->cloud), cloud_random(c->cloud) };
    s->server_first = arena_f(&s->memory, "r=" STR_F STR_F ",s=" STR_F ",i=%d", STR_A(nonce), STR_A(s->nonce),
                              STR_A(base64(c->arena, (struct str){ (const char *)salt, sizeof salt })), ITERATIONS);
    *ret_bytes = s->server_first;
    return 0;
}

/* Is H(proof XOR HMAC(stored key, auth message)) the stored key? */
static bool proves(size_t bytes, const uint8_t *salted, struct str auth, struct str proof)
{
    uint8_t client_key[SHA512_BYTES], stored_key[SHA512_BYTES], signature[SHA512_BYTES], claimed[SHA512_BYTES];
    if (proof.n != bytes)
        return false;
    codec_hmac_sha2(bytes, (struct str){ (const char *)salted, bytes }, S("Client Key"), client_key);
    codec_sha2(bytes, (struct str){ (const char *)client_key, bytes }, stored_key);
    codec_hmac_sha2(bytes, (struct str){ (const char *)stored_key, bytes }, auth, signature);
    for (size_t i = 0; i < bytes; i++)
        signature[i] ^= (uint8_t)proof.p[i];
    codec_sha2(bytes, (struct str){ (const char *)signature, bytes }, claimed);
    return codec_same((struct str){ (const char *)claimed, bytes }, (struct str){ (const char *)stored_key, bytes });
}

/* Of the nonce only the server's own part is looked at, as Kafka does: librdkafka before 2.1 sends the client's part twice. */
static int last(struct call *c, size_t bytes, struct kafka_sasl *s, struct str in, struct str *ret_bytes, struct str *ret_message)
{
    size_t at = str_find(in, S(",p="));
    struct str without_proof = str_head(in, at == STR_NONE ? 0 : at), proof_text = attribute(in, 'p');
    struct buf proof = BUF_INIT, salt = BUF_INIT;
    uint8_t salted[SHA512_BYTES], key[SHA512_BYTES], signature[SHA512_BYTES];
    bool well_formed = codec_unbase64(&proof, proof_text) && str_ends(attribute(in, 'r'), s->nonce) &&
                       codec_unbase64(&salt, attribute(s->server_first, 's'));
    struct str auth = arena_f(c->arena, STR_F "," STR_F "," STR_F, STR_A(s->first_bare), STR_A(s->server_first), STR_A(without_proof));
    codec_pbkdf2_sha2(bytes, s->password, buf_str(&salt), ITERATIONS, salted);
    bool good = well_formed && proves(bytes, salted, auth, buf_str(&proof));
    buf_release(&proof);
    buf_release(&salt);
    if (!good)
        return refuse(c, ret_message, well_formed ? "SCRAM: the proof does not fit the password; see kafka.sasl_users" : "SCRAM: the client's last message is malformed");
    codec_hmac_sha2(bytes, (struct str){ (const char *)salted, bytes }, S("Server Key"), key);
    codec_hmac_sha2(bytes, (struct str){ (const char *)key, bytes }, auth, signature);
    *ret_bytes = arena_f(c->arena, "v=" STR_F, STR_A(base64(c->arena, (struct str){ (const char *)signature, bytes })));
    return 0;
}

static int step(struct call *c, size_t bytes, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message)
{
    if (s->steps++ == 0)
        return first(c, s, in, ret_bytes, ret_message);
    *ret_over = true;
    return last(c, bytes, s, in, ret_bytes, ret_message);
}

int kafka_scram_sha256(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message)
{
    return step(c, SHA256_BYTES, s, in, ret_over, ret_bytes, ret_message);
}

int kafka_scram_sha512(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message)
{
    return step(c, SHA512_BYTES, s, in, ret_over, ret_bytes, ret_message);
}
