/* XML of answers and of request bodies: the tree and the walk see the same document, and what is
 * written of it reads the same. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/xml.h"

#define MAX_DEPTH 16

struct walk {
    size_t depth, elements;
    struct buf seen;
};

static void on_start(void *arg, size_t depth, struct str name)
{
    struct walk *walk = arg;
    FUZZ_HOLDS(depth == walk->depth && depth < MAX_DEPTH);
    (void) name;
    walk->depth++;
    walk->elements++;
}

static void on_end(void *arg, size_t depth, struct str name, struct str text)
{
    struct walk *walk = arg;
    FUZZ_HOLDS(walk->depth > 0 && depth == walk->depth - 1);
    walk->depth--;
    buf_fmt(&walk->seen, "%zu ", depth);
    buf_add(&walk->seen, name);
    buf_add_char(&walk->seen, '=');
    buf_add(&walk->seen, text);
    buf_add_char(&walk->seen, '\n');
}

/* In the order in which elements end. */
static void tell(struct buf *out, const struct xml *node, size_t depth)
{
    for (const struct xml *child = node->first; child != NULL; child = child->next)
        tell(out, child, depth + 1);
    buf_fmt(out, "%zu ", depth);
    buf_add(out, node->name);
    buf_add_char(out, '=');
    buf_add(out, node->text);
    buf_add_char(out, '\n');
}

/* What is behind a prefix may be nothing that could stand alone. */
static void write_again(struct buf *out, const struct xml *node)
{
    buf_add_z(out, "<n:");
    buf_add(out, node->name);
    buf_add_char(out, '>');
    xml_escape(out, node->text);
    for (const struct xml *child = node->first; child != NULL; child = child->next)
        write_again(out, child);
    buf_add_z(out, "</n:");
    buf_add(out, node->name);
    buf_add_char(out, '>');
}

void fuzz_xml(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct err err = {0}, walk_err = {0};
    struct xml *root = NULL, *again = NULL;
    enum err_code code = xml_parse(arena, input, KIB(64), &root, &err);
    fuzz_check_err(code, &err);
    struct walk walk = {.seen = BUF_INIT(MIB(4))};
    struct xml_handler handler = {.start = on_start, .end = on_end, .arg = &walk};
    enum err_code walked = xml_walk(input, KIB(64), &handler, &walk_err);
    fuzz_check_err(walked, &walk_err);
    FUZZ_HOLDS(code == walked);
    if (code == ERR_NONE) {
        AUTO(buf_done) struct buf told = BUF_INIT(MIB(4));
        AUTO(buf_done) struct buf text = BUF_INIT(MIB(4));
        AUTO(buf_done) struct buf retold = BUF_INIT(MIB(4));
        tell(&told, root, 0);
        FUZZ_HOLDS(walk.depth == 0);
        FUZZ_HOLDS(str_eq(buf_str(&told), buf_str(&walk.seen)));
        write_again(&text, root);
        code = xml_parse(arena, buf_str(&text), MIB(4), &again, &err);
        if (code != ERR_NONE)
            fprintf(stderr, "%s: " STR_FMT "\n", err.message, STR_ARG(buf_str(&text)));
        FUZZ_HOLDS(code == ERR_NONE);
        tell(&retold, again, 0);
        FUZZ_HOLDS(str_eq(buf_str(&told), buf_str(&retold)));
    }
    buf_done(&walk.seen);
}
