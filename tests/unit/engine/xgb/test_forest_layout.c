#include "engine/xgb/forest_layout.h"

#include "engine/base/arena.h"
#include "engine/base/pages.h"
#include "engine/base/rng.h"
#include "engine/xgb/model_binary.h"
#include "tests/harness/test.h"

enum { LINE = 8, TREES = 3, MAX_NODES = 4095 };

static void put(unsigned char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char) (value >> (8 * i));
}

/* Nodes in the binary format: `depth` levels of splits where `full` says all, else some; a node's
 * value is its number. */
static uint32_t tree_make(unsigned char *nodes, unsigned depth, bool full, struct rng *rng)
{
    uint32_t count = 1, level_end = 1, node = 0;
    for (unsigned level = 0; level <= depth; level++, level_end = count)
        for (; node < level_end; node++) {
            unsigned char *at = nodes + (size_t) node * NODE_BYTES;
            float value = (float) node;
            bool split = level < depth && (full || level == 0 || rng_below(rng, 3) > 0);
            memset(at, 0, NODE_BYTES);
            memcpy(at + NODE_VALUE, &value, sizeof(value));
            put(at + NODE_LEFT, split ? count : UINT32_MAX);
            put(at + NODE_FEATURE,
                (node * 37 % FOREST_FEATURES_MAX) | (node % 3 == 0 ? NODE_MISSING_LEFT : 0));
            count += split ? 2 : 0;
        }
    return count;
}

/* Both are the same tree; gives how many nodes it has. */
static uint32_t compare(
    const struct forest_node *got,
    size_t at,
    const unsigned char *want,
    uint32_t node,

    unsigned lines,
    unsigned *most_lines,
    size_t line)
{
    const unsigned char *in = want + (size_t) node * NODE_BYTES;
    uint32_t left = u32_at(in + NODE_LEFT), feature = u32_at(in + NODE_FEATURE);
    if (at / LINE != line)
        lines++;
    if (lines > *most_lines)
        *most_lines = lines;
    assert_true(got[at].value <= (float) node && got[at].value >= (float) node);
    assert_int_equal(forest_is_leaf(got[at]), left == UINT32_MAX);
    if (left == UINT32_MAX)
        return 1;
    assert_int_equal(forest_feature(got[at]), feature & ~NODE_MISSING_LEFT);
    assert_int_equal((got[at].link & FOREST_MISSING_LEFT) != 0, (feature & NODE_MISSING_LEFT) != 0);
    size_t next = at + (got[at].link >> FOREST_AHEAD_SHIFT);
    return 1 + compare(got, next, want, left, lines, most_lines, at / LINE) +
           compare(got, next + 1, want, left + 1, lines, most_lines, at / LINE);
}

static void keeps_trees_and_saves_lines(void **state)
{
    (void) state;
    static const struct {
        unsigned depth, lines; /* on the longest way down */
        bool full;
    } cases[] = {{0, 1, true}, {1, 1, true},  {2, 1, true},  {4, 2, true}, {6, 3, true},
                 {8, 4, true}, {10, 5, true}, {9, 9, false}, {3, 3, false}};
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(arena_close) struct arena *arena = arena_new("test", 0);
        unsigned char *trees[TREES];
        uint32_t counts[TREES];
        size_t roots[TREES], sum = 0, largest = 0;
        for (size_t k = 0; k < TREES; k++) {
            trees[k] = ARENA_ARRAY(arena, (size_t) MAX_NODES * NODE_BYTES, unsigned char);
            counts[k] = tree_make(trees[k], cases[i].depth, cases[i].full, &rng);
            sum += counts[k];
            largest = counts[k] > largest ? counts[k] : largest;
        }
        struct forest_layout layout;
        forest_layout_begin(&layout, sum, largest);
        for (size_t k = 0; k < TREES; k++)
            roots[k] = forest_layout_add(&layout, trees[k]);
        assert_true(layout.len <= 2 * sum + LINE);
        assert_false(layout.too_far);
        size_t bytes = forest_layout_bytes(layout.len);
        struct forest_node *nodes = forest_layout_end(&layout);
        assert_int_equal((uintptr_t) nodes % 64, 0);
        for (size_t k = 0; k < TREES; k++) {
            unsigned lines = 0;
            uint32_t n = compare(nodes, roots[k], trees[k], 0, 0, &lines, SIZE_MAX);
            assert_int_equal(n, counts[k]);
            assert_true(lines <= cases[i].lines);
        }
        pages_give(nodes, bytes);
    }
}

/* A level of 2^18 nodes lies too far from the one above it for a link. */
static void says_when_a_child_is_too_far(void **state)
{
    (void) state;
    enum { DEPTH = 20 };
    AUTO(arena_close) struct arena *arena = arena_new("test", 0);
    struct rng rng;
    rng_seed(&rng, 1);
    unsigned char *tree = ARENA_ARRAY(arena, ((size_t) 2 << DEPTH) * NODE_BYTES, unsigned char);
    uint32_t count = tree_make(tree, DEPTH, true, &rng);
    struct forest_layout layout;
    forest_layout_begin(&layout, count, count);
    (void) forest_layout_add(&layout, tree);
    assert_true(layout.too_far);
    size_t bytes = forest_layout_bytes(layout.len);
    pages_give(forest_layout_end(&layout), bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_trees_and_saves_lines),
        cmocka_unit_test(says_when_a_child_is_too_far),
    };
    return cmocka_run_group_tests_name("forest_layout", tests, NULL, NULL);
}
