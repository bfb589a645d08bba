/* kafka_sasl.h - a SASL exchange of one connection, and what a mechanism is. */
#ifndef MOCKS_KAFKA_KAFKA_SASL_H
#define MOCKS_KAFKA_KAFKA_SASL_H

#include "mocks/kafka/kafka_broker.h"

struct kafka_sasl;
struct kafka_mechanism {
    const char *name;
    enum kafka_way way;
    /* Takes what the client sent: 0 with *ret_bytes to send back and whether that is the end; -1 with *ret_message for the
     * client, and the true reason for the journal (call_reason). Texts live in c->arena. */
    int (*step)(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message);
};

struct kafka_sasl {
    const struct kafka_mechanism *mechanism;
    int steps;
    struct arena memory; /* what has to last until the next step: */
    struct str user, password, first_bare, server_first, nonce;
};

int kafka_scram_sha256(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message);
int kafka_scram_sha512(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message);
int kafka_scram_plain(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message);
int kafka_iam_aws(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message);
int kafka_iam_bearer(struct call *c, struct kafka_sasl *s, struct str in, bool *ret_over, struct str *ret_bytes, struct str *ret_message);

#endif
