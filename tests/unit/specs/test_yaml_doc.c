#include "tests/harness/test.h"

#include "specs/yaml_doc.h"
#include "tests/unit/specs/spec_test.h"

#include <time.h>

struct read {
    bool good;
    struct ydoc_list docs;
    struct str faults;
};

static struct read read_yaml(struct arena *arena, struct str text)
{
    struct read read;
    struct diags diags;
    diags_init(&diags, arena);
    read.good = ydoc_read(arena, arena, text, "f.yaml", &diags, &read.docs);
    diags_sort(&diags);
    read.faults = faults_of(arena, &diags, STR(""));
    return read;
}

static void nodes_know_where_they_stand(void **state)
{
    struct read read = read_yaml(
        *state, STR("# comment\n"
                    "a: 1\n"
                    "\xC3\xA9t\xC3\xA9: {b: [x, 'y z'], c: \"q\"}\n"
                    "d:\n"
                    "  - e\n"
                    "  - |\n"
                    "    block\n"));
    assert_true(read.good);
    assert_str(read.faults, "");
    assert_int_equal(read.docs.len, 1);
    const struct ynode *root = read.docs.items[0];
    assert_int_equal(root->kind, YNODE_MAP);
    assert_int_equal(root->at.line, 2);
    assert_int_equal(root->at.column, 1);
    const struct ynode *a = ynode_get(root, "a");
    assert_str(a->text, "1");
    assert_int_equal(a->at.line, 2);
    assert_int_equal(a->at.column, 4);
    /* Columns count characters, not bytes. */
    const struct ynode *b = ynode_get(ynode_get(root, "\xC3\xA9t\xC3\xA9"), "b");
    assert_int_equal(b->kind, YNODE_LIST);
    assert_int_equal(b->items[1]->at.line, 3);
    assert_int_equal(b->items[1]->at.column, 14);
    assert_int_equal(b->items[0]->style, YNODE_PLAIN);
    assert_int_equal(b->items[1]->style, YNODE_QUOTED);
    const struct ynode *d = ynode_get(root, "d");
    assert_str(d->items[1]->text, "block\n");
    assert_int_equal(d->items[1]->style, YNODE_QUOTED);
    assert_int_equal(d->items[1]->at.line, 6);
    assert_null(ynode_get(root, "absent"));
    assert_null(ynode_get(a, "absent"));
    assert_int_equal(ynode_entry(root, "d")->key->at.line, 4);
}

static void several_documents(void **state)
{
    struct read read = read_yaml(*state, STR("--- \na: 1\n---\n---\n# nothing\n---\n[x]\n...\n"));
    assert_true(read.good);
    assert_int_equal(read.docs.len, 2);
    assert_int_equal(read.docs.items[1]->kind, YNODE_LIST);
    read = read_yaml(*state, STR(""));
    assert_true(read.good);
    assert_int_equal(read.docs.len, 0);
    /* Anchors end with their document. */
    read = read_yaml(*state, STR("a: &x 1\n---\nb: *x\n"));
    assert_false(read.good);
    assert_int_equal(read.docs.len, 1);
    assert_str(
        read.faults, "E f.yaml:3:4 alias '*x' has no anchor before it | put '&x' before what it "
                     "stands for, above this line\n");
}

static void aliases_share_what_they_stand_for(void **state)
{
    struct read read = read_yaml(
        *state, STR("a: &x {k: v}\nb: *x\nc: &x [1]\nd: *x\ne: &x {f: &x 2, g: *x}\nh: *x\n"));
    assert_str(read.faults, "");
    const struct ynode *root = read.docs.items[0];
    assert_ptr_equal(ynode_get(root, "a"), ynode_get(root, "b"));
    assert_ptr_equal(ynode_get(root, "c"), ynode_get(root, "d"));
    /* The latest anchor of a name is the one that stands last before the alias. */
    assert_str(ynode_get(ynode_get(root, "e"), "g")->text, "2");
    assert_str(ynode_get(root, "h")->text, "2");
}

static void tags(void **state)
{
    struct read read = read_yaml(
        *state, STR("- !!str 1\n- !!int 1\n- !!float 1\n- !!bool true\n- !!null ''\n- !!map {}\n"
                    "- !!seq []\n- ! 1\n- !<tag:yaml.org,2002:str> x\n"));
    assert_str(read.faults, "");
    const struct ynode *list = read.docs.items[0];
    static const enum ynode_style s_styles[] = {
        YNODE_QUOTED, YNODE_TAG_INT, YNODE_TAG_FLOAT, YNODE_TAG_BOOL, YNODE_TAG_NULL};
    for (size_t i = 0; i < ARRAY_LEN(s_styles); i++)
        assert_int_equal(list->items[i]->style, s_styles[i]);
    assert_int_equal(list->items[7]->style, YNODE_QUOTED);
    assert_int_equal(list->items[8]->style, YNODE_QUOTED);
}

#define TAG_HINT " | known tags are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq\n"

static void faults(void **state)
{
    static const struct {
        const char *text, *faults;
    } s_cases[] = {
        {"a: 1\nb: 2\na: 3\n", "E f.yaml:3:1 duplicate key 'a', first at f.yaml:1:1 | keep one of "
                               "the two\n"},
        {"{a: {b: 1, \"b\": 2}, a: 1}\n",
         "E f.yaml:1:12 duplicate key 'b', first at f.yaml:1:6 | keep one of the two\n"
         "E f.yaml:1:21 duplicate key 'a', first at f.yaml:1:2 | keep one of the two\n"},
        {"? [a]\n: 1\n", "E f.yaml:1:3 a key must be a plain or quoted scalar | '[' and '{' begin "
                         "a list and a mapping: quote the key\n"},
        {"a: !!python/object:os.system x\n",
         "E f.yaml:1:4 unknown tag '!!python/object:os.system'" TAG_HINT},
        {"a: !!binary aGk=\n", "E f.yaml:1:4 unknown tag '!!binary'" TAG_HINT},
        {"a: !mine {}\n", "E f.yaml:1:4 unknown tag '!mine'" TAG_HINT},
        {"a: !!map x\n", "E f.yaml:1:4 a scalar cannot have the tag '!!map'" TAG_HINT},
        {"a: !!str []\n", "E f.yaml:1:4 the wrong tag for what follows: '!!str'" TAG_HINT},
        {"a: !!map []\n", "E f.yaml:1:4 the wrong tag for what follows: '!!map'" TAG_HINT},
        {"a: *b\n", "E f.yaml:1:4 alias '*b' has no anchor before it | put '&b' before what it "
                    "stands for, above this line\n"},
        {"a: &b [1, *b]\n", "E f.yaml:1:11 alias '*b' stands inside its own anchor | put '&b' "
                            "before what it stands for, above this line\n"},
        {"a: &b {c: {d: *b}}\n", "E f.yaml:1:15 alias '*b' stands inside its own anchor | put '&b' "
                                 "before what it stands for, above this line\n"},
        {"a: [1, 2\nb: 3\n", "E f.yaml:2:2 not YAML: did not find expected ',' or ']' (while "
                             "parsing a flow sequence at line 1, column 4) | often the fault is on "
                             "the line above: indentation, or a missing quote, bracket or colon\n"},
        {"a: 'x\n", "E f.yaml:2:1 not YAML: found unexpected end of stream (while scanning a "
                    "quoted scalar at line 1, column 4) | often the fault is on the line above: "
                    "indentation, or a missing quote, bracket or colon\n"},
        {"a: b: c\n",
         "E f.yaml:1:5 not YAML: mapping values are not allowed in this context | often the fault "
         "is on the line above: indentation, or a missing quote, bracket or colon\n"},
        {"a:\n\t- b\n", "E f.yaml:2:1 not YAML: found character that cannot start any token (while "
                        "scanning for the next token at line 2, column 1) | often the fault is on "
                        "the line above: indentation, or a missing quote, bracket or colon\n"},
        {"a: x\nb: \xff\n", "E f.yaml:2:4 not UTF-8 text: invalid leading UTF-8 octet | save the "
                            "file as UTF-8, without control characters\n"},
        {"a: \x01\n", "E f.yaml:1:4 not UTF-8 text: control characters are not allowed | save the "
                      "file as UTF-8, without control characters\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct read read = read_yaml(*state, str_from(s_cases[i].text));
        assert_str(read.faults, s_cases[i].faults);
        assert_false(read.good);
    }
}

static void many_keys(void **state)
{
    struct arena *arena = *state;
    struct buf text;
    buf_init(&text, MIB(4));
    for (int i = 0; i < 100000; i++)
        buf_fmt(&text, "key%d: %d\n", i, i);
    buf_add_z(&text, "key99: again\n");
    struct read read = read_yaml(arena, buf_str(&text));
    assert_str(
        read.faults,
        "E f.yaml:100001:1 duplicate key 'key99', first at f.yaml:100:1 | keep one of the two\n");
    assert_int_equal(read.docs.items[0]->len, 100000);
    buf_done(&text);
}

/* Ten levels of nine aliases each stand for more than three thousand million nodes. */
static void an_alias_bomb_is_refused_at_once(void **state)
{
    struct arena *arena = *state;
    struct buf text;
    buf_init(&text, MIB(1));
    buf_add_z(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i <= 10; i++)
        buf_fmt(
            &text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
            i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    size_t before = arena_used(arena);
    clock_t start = clock();
    struct read read = read_yaml(arena, buf_str(&text));
    double seconds = (double) (clock() - start) / CLOCKS_PER_SEC;
    assert_false(read.good);
    assert_str(
        read.faults, "E f.yaml:7:20 the file stands for more than 2000000 nodes | aliases count as "
                     "what they stand for\n");
    assert_true(seconds < 0.05);
    assert_true(arena_used(arena) - before < MIB(1));
    buf_done(&text);
}

static void the_depth_counts_aliases(void **state)
{
    struct arena *arena = *state;
    struct buf text;
    buf_init(&text, MIB(1));
    for (unsigned i = 0; i < YDOC_MAX_DEPTH - 1; i++)
        buf_add_char(&text, '[');
    buf_add_z(&text, "x");
    for (unsigned i = 0; i < YDOC_MAX_DEPTH - 1; i++)
        buf_add_char(&text, ']');
    assert_str(read_yaml(arena, buf_str(&text)).faults, "");
    struct str deeper = str_fmt(arena, "[" STR_FMT "]", STR_ARG(buf_str(&text)));
    assert_str(
        read_yaml(arena, deeper).faults, "E f.yaml:1:65 nested deeper than 64 levels | nothing in "
                                         "this language is; aliases count as well\n");
    struct str behind = str_fmt(
        arena, "- &a " STR_FMT "\n- [*a]\n", STR_ARG(str_slice(buf_str(&text), 1, text.len - 1)));
    assert_str(
        read_yaml(arena, behind).faults, "E f.yaml:2:4 nested deeper than 64 levels | nothing in "
                                         "this language is; aliases count as well\n");
    buf_done(&text);
}

static void limits_of_size(void **state)
{
    struct arena *arena = *state;
    char *text = arena_alloc(arena, YDOC_MAX_BYTES + 1);
    memset(text, 'x', YDOC_MAX_BYTES + 1);
    memcpy(text, "- x\n- ", 6);
    assert_str(
        read_yaml(arena, str_of(text, YDOC_MAX_SCALAR_BYTES + 7)).faults,
        "E f.yaml:2:3 a scalar is larger than 1 MiB | a quote that is never closed makes one of "
        "the whole file\n");
    assert_str(read_yaml(arena, str_of(text, YDOC_MAX_SCALAR_BYTES + 6)).faults, "");
    memset(text, ' ', YDOC_MAX_BYTES + 1);
    assert_str(read_yaml(arena, str_of(text, YDOC_MAX_BYTES)).faults, "");
    assert_str(
        read_yaml(arena, str_of(text, YDOC_MAX_BYTES + 1)).faults,
        "E f.yaml the file is larger than 16 MiB | a folder of smaller specs is read as one\n");
    for (size_t i = 0; i + 1 < YDOC_MAX_BYTES; i += 2)
        memcpy(text + i, i == 0 ? "[ " : "a,", 2);
    assert_str(
        read_yaml(arena, str_of(text, YDOC_MAX_BYTES)).faults,
        "E f.yaml:1:4000001 the file stands for more than 2000000 nodes | aliases count as what "
        "they stand for\n");
}

/* Whatever is cut off or overwritten in a good file: an answer, never a crash. */
static void damaged_text(void **state)
{
    struct arena *arena = *state;
    struct str base = STR(SPEC_TEST_BASE);
    uint64_t random = test_seed();
    for (size_t len = 0; len < base.len; len += 7)
        (void) read_yaml(arena, str_slice(base, 0, len));
    for (int i = 0; i < 2000; i++) {
        char *text = str_z(arena, base);
        for (int j = 0; j < 4; j++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            text[(random >> 33) % base.len] = "{}[]&*!|>'\"%:-,#\n\t \xc3\x80"[(random >> 20) % 21];
        }
        struct read read = read_yaml(arena, str_of(text, base.len));
        assert_int_equal(read.good, str_is_empty(read.faults));
        if (i % 100 == 99)
            arena_reset(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(nodes_know_where_they_stand),
        WITH_ARENA(several_documents),
        WITH_ARENA(aliases_share_what_they_stand_for),
        WITH_ARENA(tags),
        WITH_ARENA(faults),
        WITH_ARENA(many_keys),
        WITH_ARENA(an_alias_bomb_is_refused_at_once),
        WITH_ARENA(the_depth_counts_aliases),
        WITH_ARENA(limits_of_size),
        WITH_ARENA(damaged_text),
    };
    return cmocka_run_group_tests_name("specs/yaml_doc", tests, NULL, NULL);
}
