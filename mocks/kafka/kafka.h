/* kafka.h - a Kafka broker on the wire, in front of the same topics as the REST proxy and the Connect worker.
 *
 *   kcat, librdkafka, kafka-python, kafkajs, Java ──► 9092 / 9094 / 9096 / 9098 ──► partition logs ◄── kafka_rest
 *                                                                                        └──► connect ──► s3
 *
 * What it stands for: the MSK cluster behind bootstrap names such as b-1.….kafka.us-east-1.amazonaws.com:9098. One listener
 * for each way MSK is reached:
 *   plaintext 9092     TLS 9094     SASL_SSL 9096 (SCRAM-SHA-256 and -512, PLAIN)     SASL_SSL 9098 (AWS_MSK_IAM, OAUTHBEARER)
 * It is one broker, number 1; its answers name the address under which a client came in. Topics may ask for up to three
 * replicas, as MSK's do, and are told they have them.
 *
 * Promises. A record acknowledged with a partition and an offset is in the log under that partition and offset, with its key,
 * headers and time; batches enter whole or not at all; the numbered batches of an idempotent producer enter once. Versions,
 * error codes and layouts are those of Apache Kafka 2.8.1; what is not built is not advertised, transactions above all.
 *
 * Groups and committed offsets are the broker's own: consumers of the REST proxy form groups of theirs.
 *
 * Settings of the cloud:
 *   kafka.auto_create         "on" (default): a topic comes into being when its metadata is asked for, or when it is produced to
 *   kafka.default_partitions  of such a topic; default 1
 *   kafka.advertised_host     what clients are told to connect to; default the address they came in by
 *   kafka.sasl_users          NAME:PASSWORD,… for SCRAM and PLAIN; not given: any name, whose password is not looked at with
 *                             PLAIN and must be the name with SCRAM, where the server has to know it
 */
#ifndef MOCKS_KAFKA_KAFKA_H
#define MOCKS_KAFKA_KAFKA_H

#include "mocks/cloud/service.h"

enum kafka_way { KAFKA_PLAINTEXT, KAFKA_TLS, KAFKA_SASL_SCRAM, KAFKA_SASL_IAM, KAFKA_WAYS };

/* Port 9092. Actions are Kafka's API keys ("Produce", "JoinGroup"); resource is the first topic, or the group. FAULT_PARTIAL
 * refuses single partitions of a Produce. An error's code is a name of kafka_error.h. */
extern const struct service kafka_service;

/* The port of one way in, for MSK's bootstrap names; 0 = not listened on. state: cloud_state(cloud, "kafka"). */
uint16_t kafka_service_port(void *state, enum kafka_way way);

#endif
