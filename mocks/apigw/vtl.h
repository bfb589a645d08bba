/* vtl.h - mapping templates, as API Gateway runs them: compiled once, rendered for every request.
 *
 * The language is Apache Velocity 1.7 (its grammar and its rendering, Parser.jjt of the tag 1.7), with one rule of
 * AWS's own: a reference that would be null is the empty string, and so is true in #if. JSON documents look as
 * JsonPath and json-smart make them: objects print {k=v}, arrays print as JSON.
 * Refused by name: #macro, #parse, #include, #evaluate. Limits: VTL_MAX_* below.
 * Documented at: API Gateway Developer Guide, "Mapping template and access logging variable reference".
 */
#ifndef MOCKS_APIGW_VTL_H
#define MOCKS_APIGW_VTL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "mocks/apigw/vtl_value.h"

enum {
    VTL_MAX_TEMPLATE_BYTES = 300 * 1024,
    VTL_MAX_LOOPS = 1000,      /* iterations of one #foreach; it ends there, as Velocity's maxloops */
    VTL_MAX_STEPS = 2000000,   /* statements rendered in all */
    VTL_MAX_DEPTH = 64,        /* nesting of blocks, brackets and quoted templates */
    VTL_MAX_OUTPUT_BYTES = 10 * 1024 * 1024,
    VTL_MAX_MEMORY_BYTES = 64 * 1024 * 1024, /* values made while rendering */
};

struct vtl; /* a compiled template; immutable, so many threads may render it at once */

/* NULL with *e filled: what is wrong at which line and column. Needs no lifetime of text. */
struct vtl *vtl_compile(struct str text, struct err *e);
void vtl_free(struct vtl *t);

struct vtl_binding {
    struct str name;
    struct vtl_value value;
};

enum vtl_body { VTL_BODY_UNKNOWN = 0, VTL_BODY_JSON, VTL_BODY_VALUE, VTL_BODY_BROKEN };

/* What $input, $context and $stageVariables read. Lives as long as the call: the overrides that a request template
 * sets are seen by the response template. */
struct vtl_request {
    struct str body;
    const struct vtl_param *params; /* of the request; path, then query, then header */
    size_t n_params;
    struct vtl_value (*make_context)(struct vtl_request *r, struct arena *a); /* the map behind $context */
    struct vtl_value (*make_stage)(struct vtl_request *r, struct arena *a);   /* behind $stageVariables */
    void *arg;
    struct vtl_value context, stage; /* made on first use; VTL_NULL before */
    enum vtl_body body_kind;         /* found out on first use */
    struct vtl_value body_value;
};
enum vtl_place { VTL_PATH, VTL_QUERY, VTL_HEADER, VTL_PLACES };
struct vtl_param {
    enum vtl_place place;
    struct str name, value;
};

struct vtl_env {
    struct arena *arena;                /* values live here */
    struct vtl_request *request;        /* NULL: no $input, $context, $stageVariables */
    const struct vtl_binding *bindings; /* further plain variables */
    size_t n_bindings;
    bool loop_cut;                      /* set when a #foreach was ended by VTL_MAX_LOOPS */
};

/* Appends to out. -1 when rendering fails: on AWS that is a 500 (e->status 500) or, for a body that is no JSON,
 * a 400 (e->status 400). */
int vtl_render(const struct vtl *t, struct vtl_env *env, struct buf *out, struct err *e);
/* The context made on first use, for reading overrides afterwards: VTL_NULL when no template touched it. */
struct vtl_value vtl_request_context(const struct vtl_request *r);

#endif
