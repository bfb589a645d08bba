/* murmur2.c - the hash by which Kafka's default partitioner places keys (Austin Appleby's MurmurHash2, 32 bits, with
 * the seed of org.apache.kafka.common.utils.Utils). */
#include "mocks/kafka_rest/rest.h"

int32_t murmur2(struct str bytes)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t n = (uint32_t)bytes.n, h = 0x9747b28c ^ n;
    const unsigned char *p = (const unsigned char *)bytes.p;
    for (; n >= 4; n -= 4, p += 4) {
        uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        k *= m;
        k ^= k >> 24;
        h = h * m ^ k * m;
    }
    if (n == 3)
        h ^= (uint32_t)p[2] << 16;
    if (n >= 2)
        h ^= (uint32_t)p[1] << 8;
    if (n >= 1)
        h = (h ^ p[0]) * m;
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return (int32_t)h;
}
