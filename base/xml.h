/* xml.h - the XML of AWS: a pull reader for request documents and a few writers.
 *
 * The reader knows elements, attributes (skipped), text, entities, comments, CDATA and the declaration. It refuses
 * DOCTYPE (no entity is ever expanded but the five and character references), depth beyond XML_DEPTH and anything
 * not well-formed. Prefixes of names are dropped: S3 clients send at most the default namespace.
 *
 *     xml_open(&x, body, "Delete");
 *     while (xml_child(&x, &name))
 *         if (str_is(name, "Quiet")) text = xml_text(&x, arena);  // or xml_child again for its children
 *         else xml_skip(&x);
 *     if (!xml_close(&x)) … malformed
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { XML_DEPTH = 16 };

struct xml {
    const char *p, *end;
    bool bad;
    bool empty; /* the element just begun was <name/> */
    unsigned depth;
    struct str open[XML_DEPTH]; /* full names of the elements entered */
};

/* Enters the root element; a document with another root is malformed. */
void xml_open(struct xml *x, struct str document, const char *root);
/* The next child of the element entered last: begins it and yields its name. false: that element has ended (and is
 * left), or the document is malformed. Each child begun must be ended by xml_text, xml_skip, or by reading its own
 * children with xml_child until that answers false. */
bool xml_child(struct xml *x, struct str *ret_name);
/* The decoded text of the child just begun, and ends it; child elements inside are malformed. */
struct str xml_text(struct xml *x, struct arena *a);
void xml_skip(struct xml *x);
/* Was the document well-formed and read to its end? */
bool xml_close(struct xml *x);

/* The text of the first child of that name; p == NULL when there is none, or the document is malformed. */
struct str xml_find(struct str document, const char *root, const char *name, struct arena *a);

#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
/* Text with &, <, >, " and control characters escaped. */
void xml_escape(struct buf *out, struct str text);
/* <name>text</name> */
void xml_put(struct buf *out, const char *name, struct str text);
void xml_put_u64(struct buf *out, const char *name, uint64_t v);
static inline void xml_put_z(struct buf *out, const char *name, const char *text) { xml_put(out, name, str_of(text)); }
static inline void xml_put_bool(struct buf *out, const char *name, bool v) { xml_put_z(out, name, v ? "true" : "false"); }

#endif
