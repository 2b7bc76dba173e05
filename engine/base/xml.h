/* engine/base/xml.h - S3's and STS's XML as a small tree, or element by element; expat parses
 * (xml.c is the only file with it).
 *
 * DOCTYPE and entities beyond the five predefined ones are refused; depth at most 16, bytes and
 * nodes capped. Names lose their namespace prefix. Text is the concatenated character data of an
 * element.
 */
#ifndef ENGINE_BASE_XML_H
#define ENGINE_BASE_XML_H

#include "engine/base/buf.h"
#include "engine/base/err.h"

struct xml {
    struct str name, text;
    struct xml *first, *last, *next;
};

/* What xml_walk() calls for each element, in order; names without prefix. depth: the root's is 0.
 * Both texts live until the function returns. */
struct xml_handler {
    void (*start)(void *arg, size_t depth, struct str name);                /* may be NULL */
    void (*end)(void *arg, size_t depth, struct str name, struct str text); /* its own text */
    void *arg;
    size_t max_elements; /* 0: 100,000 */
};

/* For documents that are read once from front to end: nothing is kept. */
enum err_code
xml_walk(struct str text, size_t max_bytes, const struct xml_handler *handler, struct err *err)
    MUST_USE;
enum err_code
xml_parse(struct arena *arena, struct str text, size_t max_bytes, struct xml **out, struct err *err)
    MUST_USE;
const struct xml *xml_get(const struct xml *node, const char *name); /* first child of that name */
struct str xml_get_text(const struct xml *node, const char *name);   /* STR_NULL when absent */
#define XML_EACH(child, parent, child_name) \
    for (const struct xml *child = (parent) != NULL ? (parent)->first : NULL; child != NULL; \
         child = child->next) \
        if (str_eq_z(child->name, child_name))
void xml_escape(struct buf *buf, struct str text);
/* <name>escaped text</name> */
void xml_element(struct buf *buf, const char *name, struct str text);

#endif
