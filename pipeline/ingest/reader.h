/* reader.h - inside ingest: shared by s3.c and kinesis.c. */
#ifndef PIPELINE_INGEST_READER_H
#define PIPELINE_INGEST_READER_H

#include "net/client.h"
#include "pipeline/ingest/ingest.h"

struct client *ingest_client(const struct ingest_options *o, struct err *e);
/* Asks the ledger about the record and hands it on. false: nobody was told of its place, and no id is known yet; ask
 * again with the id, or with last == true. */
bool ingest_record(const struct ingest_options *o, struct ingest *in, struct ingest_record *r, struct str id, bool last);

#endif
