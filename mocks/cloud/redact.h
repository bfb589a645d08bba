/* redact.h - secrets taken out of texts that people and logs will see: signatures and keys of requests, presigned
 * addresses, passwords of statements. */
#ifndef MOCKS_CLOUD_REDACT_H
#define MOCKS_CLOUD_REDACT_H

#include "base/str.h"

/* Overwrites what follows a word that announces a secret, in place. The length stays. */
void redact_text(char *text);

#endif
