/* kafka_api.c - the table of API keys with the versions Apache Kafka 2.8.1 speaks; what ApiVersions answers is printed from it.
 *
 * Keys that brokers use among themselves are left out. A row without a function is known but not built: it is not
 * advertised, and a client that asks all the same loses its connection, as with a broker too old for it.
 */
#include "mocks/kafka/kafka_broker.h"

enum { NEVER = 99 };

/* key, name, versions, first flexible version, function, schemas */
#define KAFKA_TABLE(BUILT, KNOWN)                                                                       \
    BUILT(0, "Produce", 0, 9, 9, kafka_produce, produce)                                                \
    BUILT(1, "Fetch", 0, 12, 12, kafka_fetch, fetch)                                                    \
    BUILT(2, "ListOffsets", 0, 6, 6, kafka_offsets_list, list_offsets)                                  \
    BUILT(3, "Metadata", 0, 11, 9, kafka_topics_metadata, metadata)                                     \
    BUILT(8, "OffsetCommit", 0, 8, 8, kafka_commits_commit, offset_commit)                              \
    BUILT(9, "OffsetFetch", 0, 7, 6, kafka_commits_fetch, offset_fetch)                                 \
    BUILT(10, "FindCoordinator", 0, 3, 3, kafka_coordinator_find, find_coordinator)             \
    BUILT(11, "JoinGroup", 0, 7, 6, kafka_members_join, join_group)                                     \
    BUILT(12, "Heartbeat", 0, 4, 4, kafka_coordinator_heartbeat, heartbeat)                                 \
    BUILT(13, "LeaveGroup", 0, 4, 4, kafka_coordinator_leave, leave_group)                                  \
    BUILT(14, "SyncGroup", 0, 5, 4, kafka_members_sync, sync_group)                                     \
    BUILT(15, "DescribeGroups", 0, 5, 5, kafka_grouplist_describe, describe_groups)                     \
    BUILT(16, "ListGroups", 0, 4, 3, kafka_grouplist_list, list_groups)                                 \
    BUILT(17, "SaslHandshake", 0, 1, NEVER, kafka_sasl_handshake, sasl_handshake)                       \
    BUILT(18, "ApiVersions", 0, 3, 3, kafka_api_versions, api_versions)                                 \
    BUILT(19, "CreateTopics", 0, 7, 5, kafka_admin_create_topics, create_topics)                        \
    BUILT(20, "DeleteTopics", 0, 6, 4, kafka_admin_delete_topics, delete_topics)                        \
    BUILT(21, "DeleteRecords", 0, 2, 2, kafka_offsets_delete_records, delete_records)                   \
    BUILT(22, "InitProducerId", 0, 4, 2, kafka_producers_init, init_producer_id)                        \
    BUILT(23, "OffsetForLeaderEpoch", 0, 4, 4, kafka_offsets_for_leader_epoch, offset_for_leader_epoch) \
    KNOWN(24, "AddPartitionsToTxn", 0, 3, 3)                                                            \
    KNOWN(25, "AddOffsetsToTxn", 0, 3, 3)                                                               \
    KNOWN(26, "EndTxn", 0, 3, 3)                                                                        \
    KNOWN(28, "TxnOffsetCommit", 0, 3, 3)                                                               \
    KNOWN(29, "DescribeAcls", 0, 2, 2)                                                                  \
    KNOWN(30, "CreateAcls", 0, 2, 2)                                                                    \
    KNOWN(31, "DeleteAcls", 0, 2, 2)                                                                    \
    BUILT(32, "DescribeConfigs", 0, 4, 4, kafka_configs_describe, describe_configs)                     \
    BUILT(33, "AlterConfigs", 0, 2, 2, kafka_configs_alter, alter_configs)                              \
    KNOWN(34, "AlterReplicaLogDirs", 0, 2, 2)                                                           \
    KNOWN(35, "DescribeLogDirs", 0, 2, 2)                                                               \
    BUILT(36, "SaslAuthenticate", 0, 2, 2, kafka_sasl_authenticate, sasl_authenticate)                  \
    BUILT(37, "CreatePartitions", 0, 3, 2, kafka_admin_create_partitions, create_partitions)            \
    KNOWN(38, "CreateDelegationToken", 0, 2, 2)                                                         \
    BUILT(42, "DeleteGroups", 0, 2, 2, kafka_grouplist_delete, delete_groups)                           \
    KNOWN(43, "ElectLeaders", 0, 2, 2)                                                                  \
    BUILT(44, "IncrementalAlterConfigs", 0, 1, 1, kafka_configs_alter_incremental, incremental_alter_configs) \
    KNOWN(45, "AlterPartitionReassignments", 0, 0, 0)                                                   \
    KNOWN(46, "ListPartitionReassignments", 0, 0, 0)                                                    \
    BUILT(47, "OffsetDelete", 0, 0, NEVER, kafka_commits_delete, offset_delete)                         \
    KNOWN(48, "DescribeClientQuotas", 0, 1, 1)                                                          \
    KNOWN(49, "AlterClientQuotas", 0, 1, 1)                                                             \
    KNOWN(50, "DescribeUserScramCredentials", 0, 0, 0)                                                  \
    KNOWN(51, "AlterUserScramCredentials", 0, 0, 0)                                                     \
    BUILT(60, "DescribeCluster", 0, 0, 0, kafka_topics_describe_cluster, describe_cluster)

#define BUILT_ACTION(key_, name_, min_, max_, flexible_, run_, schema) { .name = name_, .run = run_, .match = "key " #key_ },
#define KNOWN_ACTION(key_, name_, min_, max_, flexible_) { .name = name_, .match = "key " #key_ },
#define BUILT_ROW(key_, name_, min_, max_, flexible_, run_, schema) \
    { key_, min_, max_, flexible_, &kafka_##schema##_request, &kafka_##schema##_response },
#define KNOWN_ROW(key_, name_, min_, max_, flexible_) { key_, min_, max_, flexible_, NULL, NULL },

const struct action kafka_api_actions[KAFKA_APIS] = { KAFKA_TABLE(BUILT_ACTION, KNOWN_ACTION) };
const struct kafka_api kafka_api_table[KAFKA_APIS] = { KAFKA_TABLE(BUILT_ROW, KNOWN_ROW) };

int kafka_api_find(int key)
{
    for (int i = 0; i < KAFKA_APIS; i++)
        if (kafka_api_table[i].key == key && kafka_api_table[i].max >= kafka_api_table[i].min)
            return i;
    return -1;
}

/* ---- ApiVersions ---- */

struct request {
    struct str software, software_version;
};
struct version {
    int16_t key, min, max;
};
struct response {
    int16_t error;
    struct kafka_array keys;
    int32_t throttle_ms;
};

static const struct kafka_field request_fields[] = {
    KAFKA(struct request, STRING, software, .since = 3),
    KAFKA(struct request, STRING, software_version, .since = 3),
};
static const struct kafka_field version_fields[] = {
    KAFKA(struct version, INT16, key),
    KAFKA(struct version, INT16, min),
    KAFKA(struct version, INT16, max),
};
static const struct kafka_schema version_schema = KAFKA_SCHEMA(struct version, version_fields);
static const struct kafka_field response_fields[] = {
    KAFKA(struct response, INT16, error),
    KAFKA(struct response, ARRAY, keys, .of = &version_schema),
    KAFKA(struct response, INT32, throttle_ms, .since = 1),
};
const struct kafka_schema kafka_api_versions_request = KAFKA_SCHEMA(struct request, request_fields);
const struct kafka_schema kafka_api_versions_response = KAFKA_SCHEMA(struct response, response_fields);

/* The answer's header never has tags, and a version that is not known here is answered in that of version 0 (KIP-511). */
int kafka_api_versions(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    struct version *keys = ARENA_ARRAY(c->arena, struct version, KAFKA_APIS);
    int32_t n = 0;
    q->header_v0 = true;
    for (int i = 0; i < KAFKA_APIS; i++)
        if (kafka_api_actions[i].run)
            keys[n++] = (struct version){ kafka_api_table[i].key, kafka_api_table[i].min, kafka_api_table[i].max };
    if (!q->refused && q->version > q->api->max) {
        q->refused = KAFKA_UNSUPPORTED_VERSION;
        q->version = 0;
        call_reason(c, "the client asked in a version later than %d; it is told which there are", q->api->max);
    }
    return kafka_answer(c, &(struct response){ .error = (int16_t)q->refused, .keys = { keys, n } });
}
