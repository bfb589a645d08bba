/* tls.h - TLS for the cloud's ports: a local CA, certificates made on demand. The door to OpenSSL's libssl.
 *
 *   ca.pem, ca.key in a folder of the user's  ─►  one leaf key per process  ─►  one certificate per name asked for (SNI)
 *
 * The CA is made when it is first needed (ECDSA P-256, ten years, its key readable by its owner alone) and kept, so that
 * a browser or a key store needs to be told of it once. It can sign for any name: its key never leaves the folder.
 * Who connects without a name, by address, is shown a certificate for localhost and the loopback addresses.
 *
 * Codes of struct err: CA_STORAGE the folder or a file cannot be written or read; CA_MALFORMED the files are no such pair,
 * or the certificate is out of date; TLS_BROKEN the TLS library refused.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <sys/types.h>

#include "base/err.h"

struct tls;
/* Opens the CA of that folder; makes both when they are not there. Safe for many processes at once. */
struct tls *tls_open(const char *ca_dir, struct err *e);
void tls_close(struct tls *t); /* after all sessions; NULL is allowed */
const char *tls_ca_path(const struct tls *t); /* ".../ca.pem" */
struct str tls_ca_pem(const struct tls *t);

/* The server's side of one connection on a non-blocking socket, which stays the caller's. The handshake is part of the
 * first reads. One thread at a time; sessions of one struct tls may belong to several. */
struct tls_session;
struct tls_session *tls_session_open(struct tls *t, int fd); /* NULL when the library refuses */
void tls_session_offer_http2(struct tls_session *s); /* before the first read: agrees on it by ALPN with who asks for it */
/* The same in the middle of a stream: `early` is what was read from the socket already, the beginning of the handshake. */
struct tls_session *tls_session_upgrade(struct tls *t, int fd, struct str early);
void tls_session_close(struct tls_session *s);
enum { TLS_END = 0, TLS_AGAIN = -1, TLS_FAILED = -2 };
/* Bytes read or written, or one of the above. After TLS_AGAIN: once the socket is readable or writable again. */
ssize_t tls_session_read(struct tls_session *s, void *out, size_t n);
ssize_t tls_session_write(struct tls_session *s, const void *p, size_t n);
void tls_session_end(struct tls_session *s); /* tells the peer that nothing follows */
/* After TLS_FAILED: why, as "tlsv1 alert unknown ca"; "" when the peer just went away. */
const char *tls_session_why(const struct tls_session *s);
bool tls_session_distrusted(const struct tls_session *s); /* … the peer does not trust our CA, or not for that name */
const char *tls_session_version(const struct tls_session *s); /* "TLSv1.3" */
const char *tls_session_cipher(const struct tls_session *s);  /* "TLS_AES_256_GCM_SHA384"; "" before one is agreed on */

#endif
