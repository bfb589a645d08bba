/* awschunk.c - see awschunk.h. HEAD -> DATA -> DATA_END -> HEAD … -> TRAILER* -> DONE. */
#include "mocks/s3/awschunk.h"

static int bad(struct awschunk *d, const char *why)
{
    d->state = AWSCHUNK_BAD;
    d->error = why;
    return -1;
}

/* Collects a line; 1 when d->line holds one without its CR LF. The signed trailer of AWS's documentation ends in
 * "\n\r\n", so a lone LF is part of a trailer's line, where it counts as a blank. */
static int take_line(struct awschunk *d, struct str *bytes)
{
    while (bytes->n) {
        size_t end = str_chr(*bytes, '\n');
        size_t n = end == STR_NONE ? bytes->n : end + 1;
        if (d->n_line + n > AWSCHUNK_LINE)
            return bad(d, "a chunk header or trailer is too long");
        memcpy(d->line + d->n_line, bytes->p, n);
        d->n_line += n;
        *bytes = str_from(*bytes, n);
        if (end == STR_NONE)
            return 0;
        if (d->n_line >= 2 && d->line[d->n_line - 2] == '\r') {
            d->n_line -= 2;
            return 1;
        }
        if (d->state != AWSCHUNK_TRAILER)
            return bad(d, "a line does not end in CR LF");
    }
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_size(struct str hex, uint64_t *ret)
{
    uint64_t v = 0;
    if (hex.n == 0 || hex.n > 12)
        return false;
    for (size_t i = 0; i < hex.n; i++) {
        int digit = hex_digit(hex.p[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (uint64_t)digit;
    }
    *ret = v;
    return true;
}

static int end_chunk(struct awschunk *d)
{
    struct str data = str_from(buf_str(d->out), d->chunk_at);
    if (d->chunk && !d->chunk(d->arg, data, (struct str){ d->signature, d->n_signature }))
        return bad(d, "a chunk signature does not match");
    return 0;
}

static int begin_chunk(struct awschunk *d)
{
    struct str line = { d->line, d->n_line };
    d->n_line = 0;
    struct str size = str_cut(&line, ';');
    if (!read_size(size, &d->left))
        return bad(d, "a chunk size is not a hexadecimal number");
    d->n_signature = 0;
    if (line.p && str_starts(line, S("chunk-signature="))) {
        line = str_from(line, 16);
        if (line.n != AWSCHUNK_SIGNATURE)
            return bad(d, "a chunk signature does not have 64 digits");
        memcpy(d->signature, line.p, line.n);
        d->n_signature = line.n;
    } else if (d->is_signed) {
        return bad(d, "a chunk carries no signature");
    }
    d->chunk_at = d->out->n;
    d->last = d->left == 0;
    d->state = d->last ? AWSCHUNK_TRAILER : AWSCHUNK_DATA;
    return d->last ? end_chunk(d) : 0;
}

static int take_data(struct awschunk *d, struct str *bytes)
{
    size_t n = bytes->n < d->left ? bytes->n : (size_t)d->left;
    buf_add(d->out, bytes->p, n);
    if (d->out->full)
        return bad(d, "the decoded body is longer than announced");
    *bytes = str_from(*bytes, n);
    d->left -= n;
    if (d->left)
        return 0;
    d->state = AWSCHUNK_DATA_END;
    return end_chunk(d);
}

static int take_trailer(struct awschunk *d)
{
    struct str line = { d->line, d->n_line };
    d->n_line = 0;
    line = str_trim(line);
    if (line.n == 0) {
        d->state = AWSCHUNK_DONE;
        return 0;
    }
    if (++d->n_trailers > AWSCHUNK_TRAILERS)
        return bad(d, "too many trailers");
    size_t colon = str_chr(line, ':');
    if (colon == STR_NONE || colon == 0)
        return bad(d, "a trailer has no name");
    for (size_t i = 0; i < colon + (size_t)(line.p - d->line); i++)
        if (d->line[i] >= 'A' && d->line[i] <= 'Z')
            d->line[i] = (char)(d->line[i] + 32);
    struct str name = str_trim(str_head(line, colon));
    if (d->trailer && !d->trailer(d->arg, name, str_trim(str_from(line, colon + 1))))
        return bad(d, "a trailer does not match");
    return 0;
}

int awschunk_push(struct awschunk *d, struct str bytes)
{
    while (bytes.n && d->state != AWSCHUNK_BAD) {
        int got = 1;
        switch (d->state) {
        case AWSCHUNK_DATA:
            take_data(d, &bytes);
            break;
        case AWSCHUNK_DATA_END:
            got = take_line(d, &bytes);
            if (got == 1 && d->n_line)
                bad(d, "a chunk is longer than its header says");
            else if (got == 1)
                d->state = AWSCHUNK_HEAD;
            break;
        case AWSCHUNK_HEAD:
            if ((got = take_line(d, &bytes)) == 1)
                begin_chunk(d);
            break;
        case AWSCHUNK_TRAILER:
            if ((got = take_line(d, &bytes)) == 1)
                take_trailer(d);
            break;
        case AWSCHUNK_DONE:
            bad(d, "bytes follow the last chunk");
            break;
        case AWSCHUNK_BAD:
            break;
        }
    }
    return d->state == AWSCHUNK_BAD ? -1 : 0;
}

bool awschunk_complete(const struct awschunk *d)
{
    return d->state == AWSCHUNK_DONE || (d->state == AWSCHUNK_TRAILER && d->n_line == 0);
}
