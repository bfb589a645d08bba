/* rest_media.c - the media types of the v2 API, as Content-Type and Accept name them. */
#include "mocks/kafka_rest/rest.h"

static const struct {
    const char *type;
    enum rest_media media;
} types[] = {
    { "application/vnd.kafka.json.v2+json", REST_MEDIA_JSON },
    { "application/vnd.kafka.v2+json", REST_MEDIA_V2 },
    { "application/vnd.kafka.binary.v2+json", REST_MEDIA_BINARY },
    { "application/vnd.kafka.avro.v2+json", REST_MEDIA_AVRO },
    { "application/vnd.kafka.jsonschema.v2+json", REST_MEDIA_JSONSCHEMA },
    { "application/vnd.kafka.protobuf.v2+json", REST_MEDIA_PROTOBUF },
    { "*/*", REST_MEDIA_ANY },
    { "application/*", REST_MEDIA_ANY },
};

enum rest_media rest_media_of(struct str one_type)
{
    struct str rest = one_type, type = str_trim(str_cut(&rest, ';'));
    if (!type.n)
        return REST_MEDIA_NONE;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_eq_nocase(type, str_of(types[i].type)))
            return types[i].media;
    return REST_MEDIA_OTHER;
}

enum rest_media rest_media_accept(struct str header, unsigned offered)
{
    if (!str_trim(header).n)
        return REST_MEDIA_ANY;
    for (struct str rest = header; rest.p;) {
        enum rest_media m = rest_media_of(str_cut(&rest, ','));
        if (m == REST_MEDIA_ANY || (offered & REST_BIT(m)))
            return m;
    }
    return REST_MEDIA_OTHER;
}

const char *rest_media_name(enum rest_media m)
{
    static const char *const names[] = {
        [REST_MEDIA_BINARY] = "binary", [REST_MEDIA_JSON] = "json", [REST_MEDIA_AVRO] = "avro",
        [REST_MEDIA_JSONSCHEMA] = "jsonschema", [REST_MEDIA_PROTOBUF] = "protobuf", [REST_MEDIA_OTHER] = NULL,
    };
    return names[m] ? names[m] : "v2";
}
