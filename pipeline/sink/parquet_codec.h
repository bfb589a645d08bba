/* parquet_codec.h - compression of pages. The door to snappy, zstd and zlib. */
#ifndef PIPELINE_SINK_PARQUET_CODEC_H
#define PIPELINE_SINK_PARQUET_CODEC_H

#include "pipeline/sink/parquet.h"

/* The number a file says, and back to a name for messages ("LZ4"). */
int32_t parquet_codec_number(enum parquet_codec c);
const char *parquet_codec_name(int32_t number);
bool parquet_codec_is_known(int32_t number);
/* A compressor keeps what its library can reuse between pages. */
struct parquet_compressor;
struct parquet_compressor *parquet_codec_open(enum parquet_codec c, int level);
void parquet_codec_close(struct parquet_compressor *c);
/* Appends the compressed bytes; false when the library refuses. */
bool parquet_codec_put(struct parquet_compressor *c, struct str bytes, struct buf *out);
/* Exactly n bytes into `out`; false when the input does not yield that many. */
bool parquet_codec_get(int32_t number, struct str bytes, char *out, size_t n);

#endif
