#include "engine/base/xml.h"

#include "engine/base/arena.h"
#include "engine/base/rng.h"
#include "engine/base/utf8.h"

#include <expat.h>
#include <limits.h>
#include <pthread.h>

#define MAX_DEPTH 16
#define MAX_ELEMENTS 100000U /* a page of 1,000 objects has about 8,000 */

struct parse {
    XML_Parser parser;
    const struct xml_handler *handler;
    struct buf texts[MAX_DEPTH]; /* of the open elements, until they end */
    size_t depth, elements, max_elements;
    const char *refused; /* why we stopped the parser ourselves */
};

static void refuse(struct parse *parse, const char *why)
{
    parse->refused = why;
    XML_StopParser(parse->parser, XML_FALSE);
}

static struct str without_prefix(const XML_Char *name)
{
    struct str full = str_from(name);
    size_t colon = str_index(full, ':');
    return colon == SIZE_MAX ? full : str_from_index(full, colon + 1);
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct parse *parse = user;
    (void) attributes;
    if (parse->refused != NULL)
        return;
    if (parse->depth == MAX_DEPTH) {
        refuse(parse, "more than 16 levels");
        return;
    }
    if (++parse->elements > parse->max_elements) {
        refuse(parse, "too many elements");
        return;
    }
    buf_clear(&parse->texts[parse->depth]);
    if (parse->handler->start != NULL)
        parse->handler->start(parse->handler->arg, parse->depth, without_prefix(name));
    parse->depth++;
}

static void on_end(void *user, const XML_Char *name)
{
    struct parse *parse = user;
    if (parse->refused != NULL)
        return;
    parse->depth--;
    struct str text = buf_str(&parse->texts[parse->depth]);
    /* Never null: an empty element is there, an absent one is not. */
    parse->handler->end(
        parse->handler->arg, parse->depth, without_prefix(name), text.len > 0 ? text : STR(""));
}

static void on_text(void *user, const XML_Char *text, int len)
{
    struct parse *parse = user;
    if (parse->refused == NULL && parse->depth > 0)
        buf_add_mem(&parse->texts[parse->depth - 1], text, (size_t) len);
}

/* Entities can only be declared in a DOCTYPE; without it there is nothing to expand. */
static void on_doctype(
    void *user, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id, int own)
{
    (void) name;
    (void) system_id;
    (void) public_id;
    (void) own;
    refuse(user, "a DOCTYPE");
}

static enum err_code run(struct parse *parse, struct str text, struct err *err)
{
    XML_SetUserData(parse->parser, parse);
    XML_SetElementHandler(parse->parser, on_start, on_end);
    XML_SetCharacterDataHandler(parse->parser, on_text);
    XML_SetStartDoctypeDeclHandler(parse->parser, on_doctype);
    if (XML_Parse(parse->parser, text.ptr, (int) text.len, 1) == XML_STATUS_OK)
        return ERR_NONE;
    const char *why = parse->refused;
    if (why == NULL)
        why = XML_ErrorString(XML_GetErrorCode(parse->parser));
    return err_set(
        err, ERR_PROTOCOL, "XML line %lu, column %lu: found %s",
        (unsigned long) XML_GetCurrentLineNumber(parse->parser),
        (unsigned long) XML_GetCurrentColumnNumber(parse->parser) + 1, why);
}

static pthread_once_t s_once = PTHREAD_ONCE_INIT;
static unsigned long s_hash_salt;

static void draw_hash_salt(void)
{
    s_hash_salt = (unsigned long) rng_entropy() | 1; /* 0 would have expat draw its own */
}

/* Against documents whose names are made to collide; drawn once, since a system call per document
 * costs as much as reading a short one. */
static unsigned long hash_salt(void)
{
    (void) pthread_once(&s_once, draw_hash_salt);
    return s_hash_salt;
}

enum err_code
xml_walk(struct str text, size_t max_bytes, const struct xml_handler *handler, struct err *err)
{
    static const XML_Memory_Handling_Suite s_memory = {xmalloc, xrealloc, xfree};
    if (text.len > max_bytes || text.len > INT_MAX)
        return err_set(err, ERR_PROTOCOL, "XML of %zu bytes, at most %zu", text.len, max_bytes);
    struct parse parse = {
        .handler = handler,
        .max_elements = handler->max_elements > 0 ? handler->max_elements : MAX_ELEMENTS};
    for (size_t i = 0; i < MAX_DEPTH; i++)
        buf_init(&parse.texts[i], max_bytes);
    parse.parser = XML_ParserCreate_MM(NULL, &s_memory, NULL);
    XML_SetHashSalt(parse.parser, hash_salt());
    enum err_code code = run(&parse, text, err);
    XML_ParserFree(parse.parser);
    for (size_t i = 0; i < MAX_DEPTH; i++)
        buf_done(&parse.texts[i]);
    return code;
}

/* ---- the tree ---- */

struct tree {
    struct arena *arena;
    struct xml *root;
    struct xml *open[MAX_DEPTH];
};

static void grow_tree(void *arg, size_t depth, struct str name)
{
    struct tree *tree = arg;
    struct xml *node = ARENA_NEW(tree->arena, struct xml);
    node->name = str_dup(tree->arena, name);
    tree->open[depth] = node;
    if (depth == 0) {
        tree->root = node;
        return;
    }
    struct xml *parent = tree->open[depth - 1];
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
}

static void fill_in_text(void *arg, size_t depth, struct str name, struct str text)
{
    struct tree *tree = arg;
    (void) name;
    tree->open[depth]->text = str_dup(tree->arena, text);
}

enum err_code
xml_parse(struct arena *arena, struct str text, size_t max_bytes, struct xml **out, struct err *err)
{
    struct tree tree = {.arena = arena};
    struct xml_handler handler = {.start = grow_tree, .end = fill_in_text, .arg = &tree};
    enum err_code code = xml_walk(text, max_bytes, &handler, err);
    if (code == ERR_NONE)
        *out = tree.root;
    return code;
}

const struct xml *xml_get(const struct xml *node, const char *name)
{
    XML_EACH (child, node, name) {
        return child;
    }
    return NULL;
}

struct str xml_get_text(const struct xml *node, const char *name)
{
    const struct xml *child = xml_get(node, name);
    return child != NULL ? child->text : STR_NULL;
}

static struct str escape_of(unsigned char c, size_t utf8_len)
{
    switch (c) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&apos;");
    case '\r':
        return STR("&#13;"); /* a bare one would be read as a line feed */
    case '\t':
    case '\n':
        return STR_NULL;
    default:
        /* XML 1.0 has no way to write a control character, not even as a reference. */
        return utf8_len == 0 || c < 0x20 ? UTF8_REPLACEMENT : STR_NULL;
    }
}

void xml_escape(struct buf *buf, struct str text)
{
    size_t plain = 0;
    for (size_t at = 0; at < text.len;) {
        unsigned char c = (unsigned char) text.ptr[at];
        if (c >= ' ' && c < 0x7f && c != '<' && c != '>' && c != '&' && c != '"' && c != '\'') {
            at++;
            continue;
        }
        size_t len = utf8_char_len(text, at);
        struct str escape = escape_of((unsigned char) text.ptr[at], len);
        if (str_is_null(escape)) {
            at += len;
            continue;
        }
        buf_add(buf, str_slice(text, plain, at));
        buf_add(buf, escape);
        plain = ++at;
    }
    buf_add(buf, str_slice(text, plain, text.len));
}

void xml_element(struct buf *buf, const char *name, struct str text)
{
    buf_add_char(buf, '<');
    buf_add_z(buf, name);
    buf_add_char(buf, '>');
    xml_escape(buf, text);
    buf_add_mem(buf, "</", 2);
    buf_add_z(buf, name);
    buf_add_char(buf, '>');
}
