/* admin.h - /_weirbox/…: looking at a cloud and steering it, on every port. */
#ifndef MOCKS_CLOUD_ADMIN_H
#define MOCKS_CLOUD_ADMIN_H

#include "mocks/cloud/cloud.h"
#include "net/http.h"

/* Answers the request and true, when its path is one of the table in admin.c or lies below /_weirbox/. */
bool admin_answer(struct cloud *c, struct http_exchange *x);

#endif
