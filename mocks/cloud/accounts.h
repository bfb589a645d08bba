/* accounts.h - whose key signed a request, and whether the signature holds.
 *
 * Keys: test/test is account 000000000000; twelve digits as access key are that account (secret "test"); and one
 * pair per cloud, drawn from its seed, which `weirbox env` prints. STS hands out temporary ones, whose account is in their name.
 */
#ifndef MOCKS_CLOUD_ACCOUNTS_H
#define MOCKS_CLOUD_ACCOUNTS_H

#include "mocks/cloud/service.h"

#define ACCOUNTS_TEMPORARY "ASIA" /* then the twelve digits of the account, then letters */

/* Fills c->claim, account, region, secret. On refusal c->err is phrased by the service, c->reason says why. */
int accounts_authenticate(struct call *c);

/* The secret of an access key and the account it belongs to; false when the key is not known here. */
bool accounts_secret(const struct cloud *cloud, struct str access_key, struct str *ret_secret, struct str *ret_account);

#endif
