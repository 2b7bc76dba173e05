/* engine/xgb/forest_layout.h - the nodes of trees, eight bytes each, put where a walk finds them.
 *
 * What a walk costs in a model that was not called lately is the cache lines that it touches. A
 * line of 64 bytes holds the top of a tree, and each further one a pair of siblings with their
 * children: a tree of depth 6 is three lines on any way down. Private to engine/xgb. Threads: one
 * builds; the nodes are then read-only.
 */
#ifndef ENGINE_XGB_FOREST_LAYOUT_H
#define ENGINE_XGB_FOREST_LAYOUT_H

#include "engine/base/base.h"

/* The highest bits of link are how far on the left child is, 0 for a leaf; then whether missing
 * values go left, and the feature. The right child comes after the left. */
struct forest_node {
    float value; /* what splits, or the leaf's weight */
    uint32_t link;
};

#define FOREST_FEATURE_BITS 13U
#define FOREST_MISSING_LEFT (UINT32_C(1) << FOREST_FEATURE_BITS)
#define FOREST_AHEAD_SHIFT (FOREST_FEATURE_BITS + 1U)
#define FOREST_FEATURES_MAX (UINT32_C(1) << FOREST_FEATURE_BITS)
#define FOREST_AHEAD_MAX (UINT32_MAX >> FOREST_AHEAD_SHIFT)

struct forest_layout {
    struct forest_node *nodes;
    size_t len;
    struct forest_pair *waiting; /* pairs that have no place yet; room for all of a tree's */
    bool too_far;                /* a child is further on than a link can say */
};

static inline bool forest_is_leaf(struct forest_node node)
{
    return node.link >> FOREST_AHEAD_SHIFT == 0;
}

static inline uint32_t forest_feature(struct forest_node node)
{
    return node.link & (FOREST_FEATURES_MAX - 1);
}

/* For trees of `nodes` nodes together, the largest of `largest`. */
void forest_layout_begin(struct forest_layout *layout, size_t nodes, size_t largest);
/* in: the nodes of one tree in the binary format, as model_check_binary() passes them; gives where
 * the root is. */
size_t forest_layout_add(struct forest_layout *layout, const unsigned char *in);
/* The nodes, forest_layout_bytes() of them, which the caller gives back (engine/base/pages.h); the
 * layout is then empty. */
struct forest_node *forest_layout_end(struct forest_layout *layout);
size_t forest_layout_bytes(size_t nodes);

#endif
