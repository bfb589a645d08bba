/* truststore.h - certificates as Java reads them: a JKS key store (javax.net.ssl.trustStore), written without keytool.
 *
 * The layout is that of sun.security.provider.JavaKeyStore in OpenJDK: big-endian, entries of trusted certificates, then
 * a SHA-1 over the password, the words "Mighty Aphrodite" and all of the above.
 */
#ifndef CLI_TRUSTSTORE_H
#define CLI_TRUSTSTORE_H

#include "base/buf.h"

#define TRUSTSTORE_PASSWORD "changeit"
/* Every certificate of the PEM text, in order; what is no certificate is passed over. Returns how many. */
size_t truststore_put(struct buf *out, struct str pem);

#endif
