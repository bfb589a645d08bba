/* ledger.h - what became of every post; the judge of every run.
 *
 * A post is one row of one table, sent once by intent; a retry is the same post. Its number in the table's order of
 * posting is its identity, and its post id ("pin-17") carries that number over the wire, as the Kafka record key
 * or the Kinesis partition key. The other identity is where it was acknowledged: topic-partition-offset, or
 * shard-sequence. A record found downstream is recognised by the second, or, when nobody was told of its place (the
 * acknowledgement was lost), by the first.
 *
 *     posted ─► acknowledged ─► stored ─► read ─► cleaned ─► written
 *                                            └──► quarantined (reason)
 *
 *   lost     acknowledged, but neither written nor quarantined
 *   doubled  written more than once
 *   repeats  further records of a post already read (stored again by a retry): recognised and not written
 *   unknown  records that no post claims and that carry no post id; they are written, as nothing tells them from
 *            posts of somebody else, and the balance says so
 *
 * One ledger is one path (batch, stream). O(1) and a few dozen bytes per post. One thread at a time.
 */
#ifndef PIPELINE_LEDGER_LEDGER_H
#define PIPELINE_LEDGER_LEDGER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { LEDGER_TABLES = 3 };
extern const char *const ledger_table_names[LEDGER_TABLES]; /* pin geo user */

struct ledger;
struct ledger *ledger_open(const char *path); /* "batch", "stream" */
void ledger_close(struct ledger *l);

/* A place in a log: partition (or shard number) and the position's text (offset or sequence number). */
struct ledger_place {
    uint32_t partition;
    struct str position;
};

/* ---- left of the wire ---- */
uint32_t ledger_post(struct ledger *l, unsigned table, int64_t row); /* the post's number: 0, 1, … per table */
void ledger_acknowledge(struct ledger *l, unsigned table, uint32_t post, struct ledger_place place, bool ambiguous);
/* It was never acknowledged: tried as often as allowed. */
void ledger_give_up(struct ledger *l, unsigned table, uint32_t post, const char *why);
/* The post id, and back; false when the text is none of this table's. */
void ledger_id(unsigned table, uint32_t post, struct buf *out);
bool ledger_id_parse(struct str id, unsigned table, uint32_t *ret_post);

/* ---- right of the wire ---- */
enum ledger_verdict {
    LEDGER_NEW,     /* a post's first record: clean and write it */
    LEDGER_REPEAT,  /* a post already read: leave it */
    LEDGER_UNKNOWN, /* claimed by no place, and no id was given: ask again with the record's id, or with
                     * last == true to have it counted and written */
};
/* An object (or shard) is known to hold a record at that place. */
void ledger_stored(struct ledger *l, unsigned table, struct ledger_place place);
/* A record was read. id.p == NULL when it is not known. ret_post is LEDGER_NO_POST for an unknown one. */
enum ledger_verdict ledger_read(struct ledger *l, unsigned table, struct ledger_place place, struct str id, bool last,
                                uint32_t *ret_post);
#define LEDGER_NO_POST UINT32_MAX
void ledger_clean(struct ledger *l, unsigned table, uint32_t post);
void ledger_quarantine(struct ledger *l, unsigned table, uint32_t post, const char *code);
void ledger_drop_duplicate(struct ledger *l, unsigned table, uint32_t post); /* removed by the rules' own dedupe */
void ledger_write(struct ledger *l, unsigned table, uint32_t post);

/* ---- the balance ---- */
struct ledger_sums {
    uint64_t posted, acknowledged, given_up, stored, read, repeats, unknown;
    uint64_t cleaned, quarantined, deduplicated, written;
    uint64_t lost, doubled, ambiguous;
};
struct ledger_sums ledger_sums(const struct ledger *l, unsigned table);
const char *ledger_path(const struct ledger *l);
/* 0 when every post was acknowledged or found, none is lost or doubled, and no unknown record was written beside
 * ambiguous acknowledgements. Else -1, and *e names table, first posts concerned, their places, and what to do. */
int ledger_balance(const struct ledger *l, struct err *e);
/* {"path":"batch","tables":{"pin":{…}},"balanced":true,"problems":[…at most 10 a table…]} and a newline. */
void ledger_put_json(const struct ledger *l, struct buf *out);

#endif
