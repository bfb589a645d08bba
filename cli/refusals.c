/* refusals.c - the journal's refused calls, those of one service, action, status and reason together.
 *
 * A call that the gateway passed on stands twice in the journal: as the inner call and behind it as the gateway's own. The
 * inner one says why; of the gateway's is only told when its status hides the failure, as an integration response that
 * knows nothing but `default -> 200` does.
 */
#include "cli/refusals.h"

#include "base/arena.h"
#include "base/json.h"

enum { MAX_KINDS = 12 };

struct kind {
    struct str service, action, status, code, reason, resource;
    uint64_t calls, hidden;
};

struct refusals {
    struct arena arena;
    struct kind kinds[MAX_KINDS];
    size_t n;
    uint64_t others;
    struct kind *inner; /* the call before was this one, inside another */
};

static struct kind *kind_of(struct refusals *r, const struct kind *k)
{
    for (size_t i = 0; i < r->n; i++) {
        struct kind *old = &r->kinds[i];
        if (str_eq(old->service, k->service) && str_eq(old->action, k->action) && str_eq(old->status, k->status) &&
            str_eq(old->code, k->code) && (str_eq(old->reason, k->reason) || k->code.n))
            return old;
    }
    if (r->n == MAX_KINDS)
        return NULL;
    r->kinds[r->n] = *k;
    return &r->kinds[r->n++];
}

static void take(struct refusals *r, struct str line)
{
    struct json status, internal;
    int64_t number = 0;
    struct arena *a = &r->arena;
    struct kind *before = r->inner;
    r->inner = NULL;
    if (!json_get(line, "status", &status) || !str_to_i64(status.raw, &number))
        return;
    bool outer = before && str_is(json_get_text(line, "service", a), "apigw");
    if (outer) {
        before->hidden += number < 400;
        before->resource = before->resource.n ? before->resource : json_get_text(line, "resource", a);
        return;
    }
    if (number < 400)
        return;
    struct kind k = {
        .service = json_get_text(line, "service", a), .action = json_get_text(line, "action", a), .status = status.raw,
        .code = json_get_text(line, "code", a), .reason = json_get_text(line, "reason", a), .resource = json_get_text(line, "resource", a),
    };
    struct kind *kind = kind_of(r, &k);
    r->others += !kind;
    if (!kind)
        return;
    kind->calls++;
    if (json_get(line, "internal", &internal) && internal.type == JSON_TRUE)
        r->inner = kind;
}

static void print_kind(const struct kind *k, FILE *out)
{
    fprintf(out, "  %9llu  " STR_F " " STR_F "%s" STR_F " of " STR_F ", first: " STR_F "\n             " STR_F "\n", (unsigned long long)k->calls,
            STR_A(k->status), STR_A(k->code.n && !str_eq(k->code, k->status) ? k->code : S("")), k->code.n && !str_eq(k->code, k->status) ? " " : "",
            STR_A(k->action.n ? k->action : S("a call")), STR_A(k->service), STR_A(k->resource.n ? k->resource : S("-")),
            STR_A(k->reason.n ? k->reason : S("no reason given")));
    if (k->hidden)
        fprintf(out, "             the gateway answered %llu of them with status 200: its integration response has no other\n",
                (unsigned long long)k->hidden);
}

void refusals_print(struct journal *j, uint64_t last, FILE *out)
{
    struct refusals r = { .n = 0 };
    struct buf text = BUF_INIT;
    journal_list(j, 0, last, NULL, &text);
    uint64_t lines = 0;
    for (struct str rest = buf_str(&text); rest.n && lines < last; lines++)
        take(&r, str_cut(&rest, '\n'));
    if (r.n)
        fprintf(out, "\n  refused calls%s\n", lines < last ? " among the last that are remembered" : "");
    for (size_t i = 0; i < r.n; i++)
        print_kind(&r.kinds[i], out);
    if (r.others)
        fprintf(out, "  %9llu  of other kinds\n", (unsigned long long)r.others);
    buf_release(&text);
    arena_release(&r.arena);
}
