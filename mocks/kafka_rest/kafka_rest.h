/* kafka_rest.h - the Confluent REST Proxy (API v2, as of 7.2) in front of the cloud's topics.
 *
 *     POST /topics/ID.pin {"records":[{"value":{…}}]} ──► json re-serialised ──► plog "ID.pin", partition 0
 *                                                   ◄── {"offsets":[{"partition":0,"offset":0,…}],…}
 *
 * What it stands for: the proxy that API Gateway forwards to and that speaks for the Kafka cluster. Topics are
 * cloud_topics(), so what is posted here is what the Connect worker reads.
 *
 * Promises. A record acknowledged with a partition and an offset is in the log under that partition and offset.
 * A value comes back as Jackson prints it: no blanks between tokens, key order kept, text as raw UTF-8, integers
 * kept, fractions through a double (1.0E10). Record by record failures answer 200 with error_code inside
 * `offsets`, as the proxy does; a request that is refused as a whole stores nothing. Keyless records of one request
 * go to one partition, the next request to the next (the sticky partitioner without its chance).
 *
 * Behaviour follows Confluent's API reference "REST Proxy API v2" and the proxy's source (kafka-rest 7.2).
 *
 * Settings of the cloud:
 *   kafka.auto_create         "on" (default): an unknown topic is created by the first record sent to it.
 *                             "off" (as Amazon MSK): 200 with error_code 50003 after the time a producer waits
 *                             for metadata.
 *   kafka.default_partitions  partitions of a topic created that way; default 1
 *   kafka.metadata_wait_ms    how long that wait is; default 1000, where the proxy's producer waits 60,000 and API
 *                             Gateway gives up after 29,000. The message names 60000 ms all the same.
 */
#ifndef MOCKS_KAFKA_REST_KAFKA_REST_H
#define MOCKS_KAFKA_REST_KAFKA_REST_H

#include "mocks/cloud/service.h"

/* Port 8082. Actions are named after what they do: "Produce", "ListTopics", "CreateConsumer", …; resource is the
 * topic, or group/instance for consumers. FAULT_PARTIAL refuses single records of a Produce with 50003. */
extern const struct service kafka_rest_service;

#endif
