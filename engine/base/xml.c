#include "engine/base/xml.h"

#include "engine/base/arena.h"
#include "engine/base/utf8.h"

#include <expat.h>
#include <limits.h>

#define MAX_DEPTH 16
#define MAX_NODES 100000U /* a page of 1,000 objects has about 8,000 */

struct parse {
    struct arena *arena;
    XML_Parser parser;
    struct xml *root;
    struct xml *open[MAX_DEPTH];
    struct buf texts[MAX_DEPTH]; /* of the open elements, until they end */
    size_t depth, nodes;
    const char *refused; /* why we stopped the parser ourselves */
};

static void refuse(struct parse *parse, const char *why)
{
    parse->refused = why;
    XML_StopParser(parse->parser, XML_FALSE);
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
    if (++parse->nodes > MAX_NODES) {
        refuse(parse, "more than 100000 elements");
        return;
    }
    struct xml *node = ARENA_NEW(parse->arena, struct xml);
    struct str full = str_from(name);
    size_t colon = str_index(full, ':');
    node->name = str_dup(parse->arena, colon == SIZE_MAX ? full : str_from_index(full, colon + 1));
    if (parse->depth == 0) {
        parse->root = node;
    } else {
        struct xml *parent = parse->open[parse->depth - 1];
        if (parent->last != NULL)
            parent->last->next = node;
        else
            parent->first = node;
        parent->last = node;
    }
    buf_clear(&parse->texts[parse->depth]);
    parse->open[parse->depth++] = node;
}

static void on_end(void *user, const XML_Char *name)
{
    struct parse *parse = user;
    (void) name;
    if (parse->refused != NULL)
        return;
    parse->depth--;
    struct xml *node = parse->open[parse->depth];
    /* Never null: an empty element is there, an absent one is not. */
    struct str text = buf_str(&parse->texts[parse->depth]);
    node->text = text.len > 0 ? str_dup(parse->arena, text) : STR("");
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

enum err_code
xml_parse(struct arena *arena, struct str text, size_t max_bytes, struct xml **out, struct err *err)
{
    static const XML_Memory_Handling_Suite s_memory = {xmalloc, xrealloc, xfree};
    if (text.len > max_bytes || text.len > INT_MAX)
        return err_set(err, ERR_PROTOCOL, "XML of %zu bytes, at most %zu", text.len, max_bytes);
    struct parse parse = {.arena = arena};
    for (size_t i = 0; i < MAX_DEPTH; i++)
        buf_init(&parse.texts[i], max_bytes);
    parse.parser = XML_ParserCreate_MM(NULL, &s_memory, NULL);
    enum err_code code = run(&parse, text, err);
    XML_ParserFree(parse.parser);
    for (size_t i = 0; i < MAX_DEPTH; i++)
        buf_done(&parse.texts[i]);
    if (code == ERR_NONE)
        *out = parse.root;
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
    buf_fmt(buf, "<%s>", name);
    xml_escape(buf, text);
    buf_fmt(buf, "</%s>", name);
}
