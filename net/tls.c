/* tls.c - the CA's files, certificates by name, sessions. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"

enum { MAX_NAMES = 1024, MAX_NAME = 253, CA_DAYS = 3650, LEAF_DAYS = 397, DAY_S = 86400, MAX_PEM = 64 << 10 };

struct tls {
    char *ca_path;
    struct buf ca_pem;
    X509 *ca;
    EVP_PKEY *ca_key, *leaf_key;
    SSL_CTX *ctx;
    BIO_METHOD *wire;
    pthread_mutex_t lock; /* names */
    struct map names;     /* host name -> X509 * */
};

struct tls_session {
    SSL *ssl;
    int fd;
    bool over;         /* the peer has closed */
    bool http2;        /* spoken here, if the peer asks for it */
    char *early;       /* read before the library is asked to: consumed before the socket is */
    size_t early_at, early_n;
    unsigned long why; /* of the failure */
};

static int library_error(struct err *e, const char *what)
{
    char why[160] = "no reason given";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, why, sizeof why);
    ERR_clear_error();
    return err_set(e, 0, "TLS_BROKEN", "%s: %s", what, why);
}

/* ---- certificates ---- */

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = extension && X509_add_ext(x, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

/* An unsigned certificate with a random serial number, valid from yesterday: clocks of containers may lag. */
static X509 *blank(EVP_PKEY *key, const char *common_name, int days)
{
    unsigned char serial[16];
    X509 *x = X509_new();
    BIGNUM *number = RAND_bytes(serial, sizeof serial) == 1 ? (serial[0] &= 0x7f, BN_bin2bn(serial, sizeof serial, NULL)) : NULL;
    bool ok = x && number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) && X509_set_version(x, X509_VERSION_3) &&
              X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) && X509_gmtime_adj(X509_getm_notAfter(x), (long)days * DAY_S) &&
              X509_set_pubkey(x, key) &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "O", MBSTRING_UTF8, (const unsigned char *)"weirbox", -1, -1, 0) &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
    BN_free(number);
    if (ok)
        return x;
    X509_free(x);
    return NULL;
}

static X509 *make_ca(EVP_PKEY *key)
{
    unsigned char id[4];
    char name[48];
    if (RAND_bytes(id, sizeof id) != 1)
        return NULL;
    snprintf(name, sizeof name, "weirbox local CA %02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
    X509 *x = blank(key, name, CA_DAYS);
    if (x && X509_set_issuer_name(x, X509_get_subject_name(x)) && add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") && add_extension(x, x, NID_subject_key_identifier, "hash") &&
        add_extension(x, x, NID_authority_key_identifier, "keyid:always") && X509_sign(x, key, EVP_sha256()))
        return x;
    X509_free(x);
    return NULL;
}

/* host "" = this machine by any of its loopback addresses. A common name has at most 64 bytes; the SAN is what counts. */
static X509 *make_leaf(const struct tls *t, const char *host)
{
    char san[MAX_NAME + 64];
    struct in_addr v4;
    if (!host[0])
        snprintf(san, sizeof san, "DNS:localhost,IP:127.0.0.1,IP:::1");
    else
        snprintf(san, sizeof san, "%s:%s", inet_pton(AF_INET, host, &v4) == 1 ? "IP" : "DNS", host);
    X509 *x = blank(t->leaf_key, !host[0] ? "localhost" : strlen(host) <= 64 ? host : "weirbox", LEAF_DAYS);
    if (x && X509_set_issuer_name(x, X509_get_subject_name(t->ca)) && add_extension(x, t->ca, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(x, t->ca, NID_key_usage, "critical,digitalSignature") && add_extension(x, t->ca, NID_ext_key_usage, "serverAuth") &&
        add_extension(x, t->ca, NID_subject_key_identifier, "hash") && add_extension(x, t->ca, NID_authority_key_identifier, "keyid:always") &&
        add_extension(x, t->ca, NID_subject_alt_name, san) && X509_sign(x, t->ca_key, EVP_sha256()))
        return x;
    X509_free(x);
    return NULL;
}

/* Letters, digits, '-', '_', '.': nothing that means something in the language of extensions. */
static bool is_host_name(struct str s)
{
    bool ok = s.n > 0 && s.n <= MAX_NAME && s.p[0] != '.' && s.p[0] != '-';
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    }
    return ok;
}

static X509 *certificate_for(struct tls *t, const char *asked)
{
    char host[MAX_NAME + 1] = "";
    for (size_t i = 0; asked && asked[i] && i < MAX_NAME; i++)
        host[i] = (char)(asked[i] >= 'A' && asked[i] <= 'Z' ? asked[i] + 32 : asked[i]);
    if (!is_host_name(str_of(host)) || strcmp(host, "localhost") == 0)
        memset(host, 0, sizeof host);
    struct str key = host[0] ? str_of(host) : S("localhost");
    pthread_mutex_lock(&t->lock);
    X509 *x = map_get(&t->names, key);
    if (!x && (x = make_leaf(t, host))) {
        if (t->names.n_live < MAX_NAMES)
            map_put(&t->names, key, x);
        else
            x = NULL; /* who asks for more names than anybody needs is shown the door */
    }
    if (x)
        X509_up_ref(x);
    pthread_mutex_unlock(&t->lock);
    return x;
}

static int choose_certificate(SSL *ssl, int *alert, void *arg)
{
    X509 *x = certificate_for(arg, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    bool ok = x && SSL_use_certificate(ssl, x) == 1 && SSL_use_PrivateKey(ssl, ((struct tls *)arg)->leaf_key) == 1;
    X509_free(x);
    *alert = SSL_AD_INTERNAL_ERROR;
    return ok ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_n, const unsigned char *in, unsigned n, void *arg)
{
    static const unsigned char known[] = "\x02h2\x08http/1.1";
    const struct tls_session *s = BIO_get_data(SSL_get_rbio(ssl));
    size_t from = s->http2 ? 0 : 3;
    (void)arg;
    return SSL_select_next_proto((unsigned char **)(uintptr_t)ret, ret_n, known + from, (unsigned)(sizeof known - 1 - from), in, n) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* ---- the CA's files ---- */

static int read_small(const char *path, struct buf *out)
{
    char block[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n;
    out->max = MAX_PEM;
    while ((n = read(fd, block, sizeof block)) > 0 && !out->full)
        buf_add(out, block, (size_t)n);
    close(fd);
    return n < 0 || out->full ? -1 : 0;
}

/* Whole or not at all: written beside it, then moved there. */
static int write_small(const char *path, struct str text, mode_t mode, struct err *e)
{
    struct buf temporary = BUF_INIT;
    buf_f(&temporary, "%s.new", path);
    const char *name = buf_cstr(&temporary);
    unlink(name);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    if (fd >= 0 && close(fd))
        ok = false;
    ok = ok && rename(name, path) == 0;
    int result = ok ? 0 : err_set(e, 0, "CA_STORAGE", "cannot write %s: %s; name a folder of your own with --ca-dir", path, strerror(errno));
    buf_release(&temporary);
    return result;
}

static struct str pem_of(BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    return (struct str){ p, n > 0 ? (size_t)n : 0 };
}

/* The key first: a certificate without its key would be found later and refused. */
static int create_ca(const char *pem_path, const char *key_path, struct err *e)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *ca = key ? make_ca(key) : NULL;
    BIO *key_text = BIO_new(BIO_s_mem()), *ca_text = BIO_new(BIO_s_mem());
    int result = -1;
    if (!ca || !PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) || !PEM_write_bio_X509(ca_text, ca))
        library_error(e, "cannot make a local CA");
    else if (write_small(key_path, pem_of(key_text), 0600, e) == 0)
        result = write_small(pem_path, pem_of(ca_text), 0644, e);
    BIO_free(key_text);
    BIO_free(ca_text);
    X509_free(ca);
    EVP_PKEY_free(key);
    return result;
}

static int load_ca(struct tls *t, const char *pem_path, const char *key_path, struct err *e)
{
    struct buf key = BUF_INIT;
    if (read_small(pem_path, &t->ca_pem) || read_small(key_path, &key)) {
        buf_release(&key);
        return err_set(e, 0, "CA_STORAGE", "cannot read %s or %s: %s", pem_path, key_path, strerror(errno));
    }
    BIO *in = BIO_new_mem_buf(t->ca_pem.p, (int)t->ca_pem.n);
    t->ca = PEM_read_bio_X509(in, NULL, NULL, NULL);
    BIO_free(in);
    in = BIO_new_mem_buf(key.p, (int)key.n);
    t->ca_key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    BIO_free(in);
    if (key.p)
        OPENSSL_cleanse(key.p, key.n);
    buf_release(&key);
    if (t->ca && t->ca_key && X509_check_private_key(t->ca, t->ca_key) == 1 && X509_cmp_current_time(X509_get0_notAfter(t->ca)) > 0)
        return 0;
    ERR_clear_error();
    return err_set(e, 0, "CA_MALFORMED", "%s and %s are no CA with its key, or it is out of date; remove both and it is made anew", pem_path, key_path);
}

static int make_folders(const char *dir, struct err *e)
{
    struct buf path = BUF_INIT;
    buf_z(&path, dir);
    buf_cstr(&path);
    for (size_t i = 1; i <= path.n; i++)
        if (i == path.n || path.p[i] == '/') {
            char kept = path.p[i];
            path.p[i] = 0;
            if (mkdir(path.p, 0700) && errno != EEXIST) {
                err_set(e, 0, "CA_STORAGE", "cannot make the folder %s: %s; name another with --ca-dir", path.p, strerror(errno));
                buf_release(&path);
                return -1;
            }
            path.p[i] = kept;
        }
    buf_release(&path);
    return 0;
}

static int open_ca(struct tls *t, const char *dir, struct err *e)
{
    struct buf key = BUF_INIT, lock = BUF_INIT, pem = BUF_INIT;
    int result = -1, fd = -1;
    buf_f(&pem, "%s/ca.pem", dir);
    buf_f(&key, "%s/ca.key", dir);
    buf_f(&lock, "%s/lock", dir);
    t->ca_path = mem_dup(buf_str(&pem));
    if (make_folders(dir, e))
        goto out;
    fd = open(buf_cstr(&lock), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX)) {
        err_set(e, 0, "CA_STORAGE", "cannot lock %s: %s; name a folder of your own with --ca-dir", buf_cstr(&lock), strerror(errno));
        goto out;
    }
    if (access(t->ca_path, F_OK) && create_ca(t->ca_path, buf_cstr(&key), e))
        goto out;
    result = load_ca(t, t->ca_path, buf_cstr(&key), e);
out:
    if (fd >= 0)
        close(fd);
    buf_release(&key), buf_release(&lock), buf_release(&pem);
    return result;
}

/* ---- the wire under a session: bytes that came early, then the socket; never a SIGPIPE ---- */

static int wire_outcome(BIO *b, ssize_t n)
{
    BIO_clear_retry_flags(b);
    return n < 0 ? -1 : (int)n;
}

static int wire_read(BIO *b, char *out, int n)
{
    struct tls_session *s = BIO_get_data(b);
    if (s->early) {
        size_t take = s->early_n - s->early_at < (size_t)n ? s->early_n - s->early_at : (size_t)n;
        memcpy(out, s->early + s->early_at, take);
        s->early_at += take;
        if (s->early_at == s->early_n) {
            free(s->early);
            s->early = NULL;
        }
        return wire_outcome(b, (ssize_t)take);
    }
    ssize_t got;
    do
        got = recv(s->fd, out, (size_t)n, 0);
    while (got < 0 && errno == EINTR);
    s->over |= got == 0;
    int result = wire_outcome(b, got);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        BIO_set_retry_read(b);
    return result;
}

static int wire_write(BIO *b, const char *p, int n)
{
    const struct tls_session *s = BIO_get_data(b);
    ssize_t put;
    do
        put = send(s->fd, p, (size_t)n, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    int result = wire_outcome(b, put);
    if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        BIO_set_retry_write(b);
    return result;
}

static long wire_control(BIO *b, int what, long number, void *p)
{
    (void)number, (void)p;
    if (what == BIO_CTRL_EOF)
        return ((struct tls_session *)BIO_get_data(b))->over;
    return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_wire(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weirbox");
    if (m && BIO_meth_set_read(m, wire_read) && BIO_meth_set_write(m, wire_write) && BIO_meth_set_ctrl(m, wire_control))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* ---- life cycle ---- */

struct tls *tls_open(const char *ca_dir, struct err *e)
{
    struct tls *t = mem_zero(sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    if (open_ca(t, ca_dir, e)) {
        tls_close(t);
        return NULL;
    }
    t->leaf_key = EVP_EC_gen("P-256");
    t->ctx = SSL_CTX_new(TLS_server_method());
    t->wire = make_wire();
    if (!t->leaf_key || !t->ctx || !t->wire || !SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION)) {
        library_error(e, "cannot start TLS");
        tls_close(t);
        return NULL;
    }
    SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_num_tickets(t->ctx, 1);
    SSL_CTX_set_tlsext_servername_callback(t->ctx, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(t->ctx, t);
    SSL_CTX_set_alpn_select_cb(t->ctx, choose_protocol, NULL);
    return t;
}

void tls_close(struct tls *t)
{
    if (!t)
        return;
    size_t at = 0;
    for (struct map_entry *m; (m = map_next(&t->names, &at));)
        X509_free(m->value);
    map_release(&t->names);
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->wire);
    X509_free(t->ca);
    EVP_PKEY_free(t->ca_key);
    EVP_PKEY_free(t->leaf_key);
    buf_release(&t->ca_pem);
    free(t->ca_path);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

const char *tls_ca_path(const struct tls *t) { return t->ca_path; }
struct str tls_ca_pem(const struct tls *t) { return buf_str(&t->ca_pem); }

/* ---- sessions ---- */

struct tls_session *tls_session_open(struct tls *t, int fd) { return tls_session_upgrade(t, fd, (struct str){ 0 }); }

struct tls_session *tls_session_upgrade(struct tls *t, int fd, struct str early)
{
    SSL *ssl = SSL_new(t->ctx);
    BIO *wire = ssl ? BIO_new(t->wire) : NULL;
    if (!wire) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    struct tls_session *s = mem_zero(sizeof *s);
    s->ssl = ssl;
    s->fd = fd;
    s->early = early.n ? mem_dup(early) : NULL;
    s->early_n = early.n;
    BIO_set_data(wire, s);
    BIO_set_init(wire, 1);
    SSL_set_bio(ssl, wire, wire);
    SSL_set_read_ahead(ssl, 1);
    SSL_set_accept_state(ssl);
    return s;
}

void tls_session_close(struct tls_session *s)
{
    SSL_free(s->ssl);
    free(s->early);
    free(s);
}

void tls_session_offer_http2(struct tls_session *s) { s->http2 = true; }

static ssize_t outcome(struct tls_session *s, int got)
{
    if (got > 0)
        return got;
    int code = SSL_get_error(s->ssl, got);
    bool failed = code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE && code != SSL_ERROR_ZERO_RETURN;
    if (failed && !s->why)
        s->why = ERR_peek_error();
    ERR_clear_error();
    return failed ? TLS_FAILED : code == SSL_ERROR_ZERO_RETURN ? TLS_END : TLS_AGAIN;
}

ssize_t tls_session_read(struct tls_session *s, void *out, size_t n)
{
    return outcome(s, SSL_read(s->ssl, out, n < INT32_MAX ? (int)n : INT32_MAX));
}

ssize_t tls_session_write(struct tls_session *s, const void *p, size_t n)
{
    return outcome(s, SSL_write(s->ssl, p, n < INT32_MAX ? (int)n : INT32_MAX));
}

void tls_session_end(struct tls_session *s)
{
    if (SSL_is_init_finished(s->ssl) && !s->why)
        SSL_shutdown(s->ssl);
    ERR_clear_error();
}

const char *tls_session_why(const struct tls_session *s)
{
    const char *why = s->why ? ERR_reason_error_string(s->why) : NULL;
    return why ? why : "";
}

bool tls_session_distrusted(const struct tls_session *s)
{
    static const int alerts[] = { SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN };
    bool is = false;
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        is |= ERR_GET_LIB(s->why) == ERR_LIB_SSL && ERR_GET_REASON(s->why) == alerts[i];
    return is;
}

const char *tls_session_version(const struct tls_session *s) { return SSL_get_version(s->ssl); }
const char *tls_session_cipher(const struct tls_session *s) { return SSL_get_current_cipher(s->ssl) ? SSL_get_cipher_name(s->ssl) : ""; }
