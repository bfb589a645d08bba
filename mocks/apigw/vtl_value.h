/* vtl_value.h - the values a template works on: Java's, as far as templates can see them.
 *
 * Values are small and passed by value; what they point to lives in the arena of the request. Maps keep the order
 * of insertion (LinkedHashMap). A list knows how it prints: as Java's ArrayList or as json-smart's JSONArray.
 */
#ifndef MOCKS_APIGW_VTL_VALUE_H
#define MOCKS_APIGW_VTL_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum vtl_type {
    VTL_NULL = 0,
    VTL_BOOL,
    VTL_INT,     /* java.lang.Integer */
    VTL_LONG,
    VTL_BIGINT,  /* text of the digits */
    VTL_DOUBLE,
    VTL_DECIMAL, /* BigDecimal; its text */
    VTL_STRING,
    VTL_LIST,
    VTL_MAP,
    VTL_ENTRY,    /* one pair of a map */
    VTL_ITERATOR,
    VTL_LOOP,     /* $foreach */
    VTL_BLOCK,    /* what #define made */
    VTL_INPUT,    /* $input */
    VTL_UTIL,     /* $util */
    VTL_HOST,     /* a method of those without its call: prints {} */
    VTL_TYPES
};

struct vtl_list;
struct vtl_map;
struct vtl_iterator;
struct vtl_loop;
struct vtl_node;

struct vtl_value {
    enum vtl_type type;
    union {
        bool b;
        int64_t i;
        double d;
        struct str s;
        struct vtl_list *list;
        struct vtl_map *map;
        struct vtl_entry *entry;
        struct vtl_iterator *iterator;
        struct vtl_loop *loop;
        struct vtl_node *block;
    };
};

/* A set (keySet, values, entrySet) is walked but not indexed. */
enum vtl_style { VTL_STYLE_JAVA = 0, VTL_STYLE_JSON, VTL_STYLE_ARRAY, VTL_STYLE_SET };

struct vtl_list {
    struct vtl_value *v;
    uint32_t n, cap;
    enum vtl_style style;
};
struct vtl_entry {
    struct vtl_value key, value;
};
struct vtl_map {
    struct vtl_entry **e; /* in order of insertion */
    uint32_t n, cap;
    uint32_t *slots; /* index + 1, once there are many */
    uint32_t n_slots;
};
struct vtl_iterator {
    struct vtl_list *list;
    uint32_t at;
};
/* $foreach: a map of its own besides its properties. */
struct vtl_loop {
    int64_t index;
    bool has_next;
    struct vtl_loop *parent;
    struct vtl_value replaced; /* what $foreach was before */
    struct vtl_map *own;
    const void *owner; /* the #foreach it belongs to */
};

static inline struct vtl_value vtl_null(void) { return (struct vtl_value){ VTL_NULL, { 0 } }; }
static inline struct vtl_value vtl_bool(bool b) { return (struct vtl_value){ VTL_BOOL, { .b = b } }; }
static inline struct vtl_value vtl_int(int64_t i) { return (struct vtl_value){ VTL_INT, { .i = i } }; }
static inline struct vtl_value vtl_double(double d) { return (struct vtl_value){ VTL_DOUBLE, { .d = d } }; }
static inline struct vtl_value vtl_str(struct str s) { return (struct vtl_value){ VTL_STRING, { .s = s } }; }
static inline struct vtl_value vtl_map(struct vtl_map *m) { return (struct vtl_value){ VTL_MAP, { .map = m } }; }
static inline struct vtl_value vtl_list(struct vtl_list *l) { return (struct vtl_value){ VTL_LIST, { .list = l } }; }
static inline bool vtl_is_integer(struct vtl_value v) { return v.type >= VTL_INT && v.type <= VTL_BIGINT; }
static inline bool vtl_is_number(struct vtl_value v) { return v.type >= VTL_INT && v.type <= VTL_DECIMAL; }

/* Integer when it fits, else Long. */
struct vtl_value vtl_integer(int64_t i);

struct vtl_list *vtl_list_new(struct arena *a, uint32_t cap, enum vtl_style style);
void vtl_list_add(struct arena *a, struct vtl_list *l, struct vtl_value v);
struct vtl_list *vtl_list_copy(struct arena *a, const struct vtl_list *l);

struct vtl_map *vtl_map_new(struct arena *a);
struct vtl_value *vtl_map_at(const struct vtl_map *m, struct vtl_value key); /* NULL when absent */
struct vtl_value *vtl_map_get(const struct vtl_map *m, struct str key);
/* The value that was there before, or VTL_NULL. */
struct vtl_value vtl_map_set(struct arena *a, struct vtl_map *m, struct vtl_value key, struct vtl_value v);
void vtl_map_put(struct arena *a, struct vtl_map *m, const char *key, struct vtl_value v); /* key: static text */
struct vtl_value vtl_map_remove(struct vtl_map *m, struct vtl_value key);
void vtl_map_clear(struct vtl_map *m);

/* Object.equals */
bool vtl_equals(struct vtl_value a, struct vtl_value b);
/* Object.hashCode of texts, numbers, booleans, lists and maps. */
int32_t vtl_hash(struct vtl_value v);
/* String.valueOf. false when the value is nested too deep (or contains itself indirectly). */
bool vtl_print(struct buf *out, struct vtl_value v);
/* The printed text in the arena. */
struct str vtl_text(struct arena *a, struct vtl_value v);

/* vtl_json.c: documents. The parser is as permissive as json-smart's: single quotes, bare words, trailing commas. */
bool vtl_json_parse(struct arena *a, struct str text, struct vtl_value *ret_value);
enum vtl_json_style { VTL_JSON_ARRAY_TEXT /* JSONArray.toString: "/" escaped */, VTL_JSON_COMPACT };
bool vtl_json_print(struct buf *out, struct vtl_value v, enum vtl_json_style style);
/* A strict JSON text compactly again: escapes undone where none is needed, order and number text kept. */
void vtl_json_normal(struct buf *out, struct str valid_json);
/* The value of a strict JSON text. */
struct vtl_value vtl_json_value(struct arena *a, struct str valid_json);

#endif
