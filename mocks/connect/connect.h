/* connect.h - a Kafka Connect worker (2.8.1) with the S3 sink connector (10.0.3) installed.
 *
 *     plog "ID.pin" 0: [0][1][2]… ──► task ──► initiate, part, complete ──► s3://bucket/topics/ID.pin/partition=0/…
 *                                      └────► committed offset, once the object is stored
 *
 * What it stands for: the connector of an MSK Connect set-up. It is configured by the connector.properties text
 * its user has, or over the worker's REST interface on port 8083, and stores through S3's own actions: in process
 * when its S3 is this cloud's (same checks, faults, journal as any client meets), else over signed HTTP.
 *
 * Promises.
 *  - A record of a matching topic is stored in exactly one object, whose key names topic, partition and first
 *    offset. The offset is committed after the upload was completed, never before; after a failure the task goes
 *    back to the last commit and writes the same keys again.
 *  - Passing failures (5xx, 429, SlowDown, resets, lost answers) are tried again: each S3 call 1 + s3.part.retries
 *    times with full jitter over s3.retry.backoff.ms, then from the last commit after retry.backoff.ms, at most
 *    CONNECT_ROUNDS times in a row. Whatever else S3 answers makes the task FAILED, with a trace that names the
 *    bucket; its offsets stay where they are, and a restart goes on from there.
 *  - A configuration is refused as a whole, with every mistake in it named. Settings this worker does not know, which
 *    a real one would ignore, are mistakes too: they are misspelt more often than meant.
 *  - By default a value is printed as the real sink prints it with schemas.enable=false: members in the order of
 *    java.util.HashMap, nested objects too, integers as long, fractions as Double.toString.
 *
 * Where it differs, knowingly. One thread does the work of all tasks; they are accounted for one by one, partitions
 * being assigned to them by the range assignor. The connector starts, and looks for its bucket, when the first record
 * of a matching topic is there, so that the bucket can be created after the worker. A file that flush.size and
 * rotate.* leave open would never be stored by the real sink; settle closes and commits open files, so that
 * nothing acknowledged stays invisible. New topics are found at once, not after metadata.max.age.ms.
 *
 * Behaviour follows Confluent's pages "Amazon S3 Sink Connector Configuration Properties" and "Kafka Connect REST
 * Interface", and the sources of kafka-connect-storage-cloud 10.0.3 and Kafka 2.8.1.
 *
 * Settings of the cloud:
 *   connect.properties      text of a connector configuration in java.util.Properties form; starts with the cloud
 *   connect.name            its name where the text has no `name`; default "s3-sink"
 *   connect.each_user       "on": topics ID.pin, ID.geo and ID.user go to the bucket user-ID-bucket, which is made for them,
 *                           by a connector of their own; connect.properties takes the other topics
 *   connect.java_map_order  "off": values are stored as they were posted, not as Java would print them
 */
#ifndef MOCKS_CONNECT_CONNECT_H
#define MOCKS_CONNECT_CONNECT_H

#include "mocks/cloud/service.h"

enum {
    CONNECT_ROUNDS = 60, /* tries from the last commit before a task with a passing failure is FAILED */
    CONNECT_MAX_CONNECTORS = 256,
};

/* Port 8083. Resource of an action is the connector's name. settle waits until all records of matching topics
 * are stored and committed; its error names connector, topic, partition, offset, cause and next step. */
extern const struct service connect_service;

/* The offset up to which a connector has stored a topic's partition (its consumer group's committed offset), or -1
 * when it has none. For tests and the command line. */
int64_t connect_committed(void *state, const char *connector, const char *topic, unsigned partition);
/* Where a topic's records are stored, in the arena; false when no connector takes the topic. */
bool connect_where(void *state, const char *topic, struct arena *a, const char **ret_bucket, const char **ret_topics_dir);
/* Checks a properties text without a cloud, as `connect.properties` would be: -1 with *e naming every mistake. */
int connect_check(struct str properties, struct err *e);

#endif
