#include "engine/xgb/forest.h"

#include "engine/base/arena.h"
#include "engine/base/pages.h"
#include "engine/xgb/forest_layout.h"
#include "engine/xgb/model_binary.h"

#include <math.h>

enum link {
    LINK_IDENTITY,
    LINK_SIGMOID,
    LINK_EXP,
    LINK_DOUBLE_EXP,
    LINK_STEP,
    LINK_SOFTMAX,
    LINK_LARGEST
};

/* Sums of a row's classes are kept on the stack. */
enum { CLASSES_MAX = 256 };

/* Trees whose walks take turns: while one waits for memory the others go on. And from how many
 * levels on a walk is worth looking at whether it has ended. */
enum { FOREST_ABREAST = 32, LEVELS_MANY = 16 };

struct forest {
    struct forest_node *nodes;
    uint32_t *roots;
    uint16_t *levels;  /* of each FOREST_ABREAST trees, the longest way down; saturated */
    uint32_t *classes; /* of each tree; NULL when there is one */
    float *weights;    /* of each tree; NULL when all count the same */
    size_t n_nodes, n_trees, trees, features, groups;
    float base; /* the margin before the first tree */
    enum link link;
};

/* How base_score becomes a margin (ProbToMargin) and a margin the prediction (PredTransform), in
 * src/objective/. To add an objective: a line here, and one in test_forest.c. */
static const struct {
    struct str objective;
    enum link base, link;
} s_objectives[] = {
    {STR_INIT("binary:logistic"), LINK_SIGMOID, LINK_SIGMOID},
    {STR_INIT("binary:logitraw"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("reg:logistic"), LINK_SIGMOID, LINK_SIGMOID},
    {STR_INIT("reg:squarederror"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("reg:linear"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("reg:squaredlogerror"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("reg:pseudohubererror"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("reg:absoluteerror"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("rank:pairwise"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("rank:ndcg"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("rank:map"), LINK_IDENTITY, LINK_IDENTITY},
    {STR_INIT("count:poisson"), LINK_EXP, LINK_EXP},
    {STR_INIT("reg:gamma"), LINK_EXP, LINK_EXP},
    {STR_INIT("reg:tweedie"), LINK_EXP, LINK_EXP},
    {STR_INIT("survival:cox"), LINK_EXP, LINK_EXP},
    {STR_INIT("survival:aft"), LINK_EXP, LINK_DOUBLE_EXP},
    {STR_INIT("binary:hinge"), LINK_IDENTITY, LINK_STEP},
    {STR_INIT("multi:softprob"), LINK_IDENTITY, LINK_SOFTMAX},
    {STR_INIT("multi:softmax"), LINK_IDENTITY, LINK_LARGEST},
};

static float float_at(const unsigned char *bytes)
{
    uint32_t bits = u32_at(bytes);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static float margin_of(enum link link, float score)
{
    switch (link) {
    case LINK_SIGMOID:
        return -logf(1.0f / score - 1.0f);
    case LINK_EXP:
        return logf(score);
    case LINK_IDENTITY:
    case LINK_DOUBLE_EXP:
    case LINK_STEP:
    case LINK_SOFTMAX:
    case LINK_LARGEST:
    default:
        return score;
    }
}

/* common::Sigmoid, with its guard against overflow. */
static float prediction_of(enum link link, float margin)
{
    switch (link) {
    case LINK_SIGMOID:
        return 1.0f / (expf(-margin < 88.7f ? -margin : 88.7f) + 1.0f);
    case LINK_EXP:
        return expf(margin);
    case LINK_DOUBLE_EXP: /* aft_obj.cu calls exp() without its namespace: C's */
        return (float) exp((double) margin);
    case LINK_STEP:
        return margin > 0.0f ? 1.0f : 0.0f;
    case LINK_IDENTITY:
    case LINK_SOFTMAX:
    case LINK_LARGEST:
    default:
        return margin;
    }
}

/* common::Softmax: a double sums, a float divides. */
static void softmax(const float *margins, size_t count, float *out)
{
    float largest = margins[0];
    double sum = 0;
    for (size_t i = 1; i < count; i++)
        largest = fmaxf(margins[i], largest);
    for (size_t i = 0; i < count; i++) {
        out[i] = expf(margins[i] - largest);
        sum += (double) out[i];
    }
    for (size_t i = 0; i < count; i++)
        out[i] /= (float) sum;
}

static float largest_of(const float *margins, size_t count)
{
    size_t largest = 0;
    for (size_t i = 1; i < count; i++)
        if (margins[i] > margins[largest])
            largest = i;
    return (float) largest;
}

/* ---- building ---- */

static struct str take_name(const unsigned char **at)
{
    struct str name = str_of(*at + 8, (size_t) u64_at(*at));
    *at += 8 + name.len;
    return name;
}

static size_t tree_bytes(const unsigned char *tree)
{
    return TREE_PARAM_BYTES + (size_t) u32_at(tree + TREE_NODES) * (NODE_BYTES + NODE_STAT_BYTES);
}

static bool find_objective(struct str name, float score, struct forest *out)
{
    for (size_t i = 0; i < ARRAY_LEN(s_objectives); i++)
        if (str_eq(s_objectives[i].objective, name)) {
            out->link = s_objectives[i].link;
            out->base = margin_of(s_objectives[i].base, score);
            return true;
        }
    return false;
}

/* at: behind the trees. False when the classes, or the weights of dart, are not what they should
 * be. */
static bool add_tree_facts(
    struct forest *forest, bool is_dart, const unsigned char *at, const unsigned char *end)
{
    size_t n = forest->n_trees, left = (size_t) (end - at);
    if (left / 4 < n)
        return false;
    for (size_t i = 0; i < n && forest->groups > 1; i++) {
        forest->classes[i] = u32_at(at + 4 * i);
        if (forest->classes[i] >= forest->groups)
            return false;
    }
    at += 4 * n;
    left -= 4 * n;
    if (!is_dart)
        return true;
    if (left < 8 || u64_at(at) != n || (left - 8) / 4 < n)
        return false;
    for (size_t i = 0; i < n; i++)
        forest->weights[i] = float_at(at + 8 + 4 * i);
    return true;
}

static size_t groups_of(size_t n_trees)
{
    return (n_trees + FOREST_ABREAST - 1) / FOREST_ABREAST;
}

/* Children are placed behind their parents, so that one pass sees how far down each node is. */
static void count_levels(struct forest *forest)
{
    size_t groups = groups_of(forest->n_trees);
    uint16_t *down = xmalloc(forest->n_nodes * sizeof(*down));
    memset(down, 0, forest->n_nodes * sizeof(*down));
    forest->levels = xmalloc(groups * sizeof(*forest->levels));
    memset(forest->levels, 0, groups * sizeof(*forest->levels));
    for (size_t i = 0, tree = 0; i < forest->n_nodes; i++) {
        while (tree + 1 < forest->n_trees && i >= forest->roots[tree + 1])
            tree++;
        uint16_t *longest = &forest->levels[tree / FOREST_ABREAST];
        *longest = down[i] > *longest ? down[i] : *longest;
        size_t left = forest->nodes[i].link >> FOREST_AHEAD_SHIFT;
        if (left > 0)
            down[i + left] = down[i + left + 1] =
                down[i] < UINT16_MAX ? (uint16_t) (down[i] + 1) : UINT16_MAX;
    }
    xfree(down);
}

/* NULL when a tree is larger than a node can tell. */
static struct forest *build_trees(
    struct forest *forest,
    bool is_dart,
    const unsigned char *trees,
    size_t n_trees,
    struct forest_layout *layout)
{
    const unsigned char *at = trees;
    forest->roots = xmalloc(n_trees * sizeof(*forest->roots));
    if (forest->groups > 1)
        forest->classes = xmalloc(n_trees * sizeof(*forest->classes));
    if (is_dart)
        forest->weights = xmalloc(n_trees * sizeof(*forest->weights));
    for (size_t i = 0; i < n_trees; i++, at += tree_bytes(at))
        forest->roots[i] = (uint32_t) forest_layout_add(layout, at + TREE_PARAM_BYTES);
    forest->trees = forest->n_trees = n_trees;
    forest->n_nodes = layout->len;
    forest->nodes = forest_layout_end(layout);
    count_levels(forest);
    struct forest *out = xmalloc(sizeof(*out));
    *out = *forest;
    if (!layout->too_far)
        return out;
    forest_free(out);
    return NULL;
}

struct forest *forest_build(struct str bytes)
{
    const unsigned char *param = (const unsigned char *) bytes.ptr + MODEL_MAGIC_BYTES;
    const unsigned char *at = param + LEARNER_PARAM_BYTES;
    uint32_t classes = u32_at(param + LEARNER_CLASSES);
    struct forest forest = {
        .features = u32_at(param + LEARNER_FEATURES), .groups = classes > 1 ? classes : 1};
    bool known = find_objective(take_name(&at), float_at(param + LEARNER_BASE_SCORE), &forest);
    struct str booster = take_name(&at);
    bool is_dart = str_eq_z(booster, "dart");
    bool multi = forest.link == LINK_SOFTMAX || forest.link == LINK_LARGEST;
    if (!known || (!is_dart && !str_eq_z(booster, "gbtree")) || multi != (forest.groups > 1) ||
        forest.groups > CLASSES_MAX || forest.features > FOREST_FEATURES_MAX)
        return NULL;
    size_t n_trees = u32_at(at + GBTREE_TREES), n_nodes = 0, largest = 0;
    const unsigned char *trees = at + GBTREE_PARAM_BYTES;
    at = trees;
    for (size_t i = 0; i < n_trees; i++, at += tree_bytes(at)) {
        size_t n = u32_at(at + TREE_NODES);
        n_nodes += n;
        largest = n > largest ? n : largest;
    }
    if (n_trees == 0 || n_nodes > UINT32_MAX / 2)
        return NULL;
    struct forest_layout layout;
    forest_layout_begin(&layout, n_nodes, largest);
    struct forest *out = build_trees(&forest, is_dart, trees, n_trees, &layout);
    if (out != NULL &&
        !add_tree_facts(out, is_dart, at, (const unsigned char *) bytes.ptr + bytes.len)) {
        forest_free(out);
        return NULL;
    }
    return out;
}

void forest_free(struct forest *forest)
{
    if (forest == NULL)
        return;
    pages_give(forest->nodes, forest_layout_bytes(forest->n_nodes));
    xfree(forest->roots);
    xfree(forest->levels);
    xfree(forest->classes);
    xfree(forest->weights);
    xfree(forest);
}

void forest_limit(struct forest *forest, size_t trees)
{
    forest->trees = trees == 0 || trees > forest->n_trees / forest->groups ? forest->n_trees
                                                                           : trees * forest->groups;
}

size_t forest_memory(const struct forest *forest)
{
    size_t tree_bytes = sizeof(*forest->roots) +
                        (forest->classes != NULL ? sizeof(*forest->classes) : 0) +
                        (forest->weights != NULL ? sizeof(*forest->weights) : 0);
    return sizeof(*forest) + forest->n_nodes * sizeof(*forest->nodes) +
           forest->n_trees * tree_bytes + groups_of(forest->n_trees) * sizeof(*forest->levels);
}

size_t forest_outputs(const struct forest *forest)
{
    return forest->link == LINK_SOFTMAX ? forest->groups : 1;
}

/* ---- predicting ---- */

/* Without a jump, which would be guessed wrong and hold up the loads behind it: no value is less
 * than a missing one, and a leaf leads to itself. */
static inline uint32_t ahead(struct forest_node node, const float *row, bool may_miss)
{
    float value = row[forest_feature(node)];
    uint32_t left_is = node.link >> FOREST_AHEAD_SHIFT;
    unsigned left = (unsigned) (value < node.value);
    if (may_miss)
        left |= (unsigned) (isnan(value) != 0) & (node.link >> FOREST_FEATURE_BITS);
    return left_is + ((unsigned) (left_is != 0) & ~left);
}

/* Inlined, so that there is one for each case that matters. Returns whether a walk still moves. */
static inline __attribute__((always_inline)) uint32_t walk_levels(
    const struct forest_node *nodes,
    uint32_t *at,
    size_t trees,
    const float *row,
    size_t levels,
    bool may_miss)
{
    uint32_t moved = 0;
    for (size_t level = 0; level < levels; level++) {
        moved = 0;
        for (size_t i = 0; i < trees; i++) {
            uint32_t step = ahead(nodes[at[i]], row, may_miss);
            at[i] += step;
            moved |= step;
        }
        /* A line holds the first three levels, then two each (forest_layout.h): the next lines of
         * all trees are asked for before the first is waited for. */
        if (level >= 2 && level % 2 == 0)
            for (size_t i = 0; i < trees; i++)
                __builtin_prefetch(nodes + at[i]);
    }
    return moved;
}

static void walk(
    const struct forest_node *nodes,
    uint32_t *at,
    size_t trees,
    const float *row,
    size_t levels,
    bool may_miss)
{
    if (levels > LEVELS_MANY) { /* lopsided trees: most walks end long before the longest */
        while (walk_levels(nodes, at, trees, row, 1, true) != 0) {
        }
    } else if (trees < FOREST_ABREAST) {
        (void) walk_levels(nodes, at, trees, row, levels, true);
    } else if (may_miss) {
        (void) walk_levels(nodes, at, FOREST_ABREAST, row, levels, true);
    } else {
        (void) walk_levels(nodes, at, FOREST_ABREAST, row, levels, false);
    }
}

static bool has_missing(const float *row, size_t features)
{
    unsigned missing = 0;
    for (size_t i = 0; i < features; i++)
        missing |= (unsigned) (isnan(row[i]) != 0);
    return missing != 0;
}

static void fetch_roots(const struct forest *forest, size_t first)
{
    for (size_t i = first; i < first + FOREST_ABREAST && i < forest->trees; i++)
        __builtin_prefetch(forest->nodes + forest->roots[i]);
}

/* Adds tree after tree, as libxgboost does: floats are not to be added in another order. */
static void add_trees(const struct forest *forest, const float *row, float *margins)
{
    bool may_miss = has_missing(row, forest->features);
    fetch_roots(forest, 0);
    for (size_t first = 0; first < forest->trees; first += FOREST_ABREAST) {
        uint32_t at[FOREST_ABREAST];
        size_t left = forest->trees - first, n = left < FOREST_ABREAST ? left : FOREST_ABREAST;
        memcpy(at, forest->roots + first, n * sizeof(*at));
        fetch_roots(forest, first + FOREST_ABREAST);
        walk(forest->nodes, at, n, row, forest->levels[first / FOREST_ABREAST], may_miss);
        for (size_t i = 0; i < n; i++) {
            float weight = forest->nodes[at[i]].value;
            if (forest->weights != NULL)
                weight *= forest->weights[first + i];
            margins[forest->classes != NULL ? forest->classes[first + i] : 0] += weight;
        }
    }
}

static void predict_classes(const struct forest *forest, const float *row, float *predictions)
{
    float margins[CLASSES_MAX];
    for (size_t i = 0; i < forest->groups; i++)
        margins[i] = forest->base;
    add_trees(forest, row, margins);
    if (forest->link == LINK_SOFTMAX)
        softmax(margins, forest->groups, predictions);
    else
        *predictions = largest_of(margins, forest->groups);
}

void forest_predict(
    const struct forest *forest, const float *values, size_t rows, float *predictions)
{
    size_t outputs = forest_outputs(forest);
    for (size_t row = 0; row < rows; row++, values += forest->features) {
        float margin = forest->base;
        if (forest->groups > 1) {
            predict_classes(forest, values, predictions + row * outputs);
            continue;
        }
        add_trees(forest, values, &margin);
        predictions[row] = prediction_of(forest->link, margin);
    }
}

/* ---- rows to compare with ---- */

static float near(unsigned which, float split)
{
    return which == 0   ? nextafterf(split, -INFINITY)
           : which == 1 ? nextafterf(split, INFINITY)
                        : split;
}

/* Twice as many splits as there are features, as they come: most features get a value. One random
 * number chooses a node and what is made of it, since this is a good part of what a load takes. */
static void draw_row(const struct forest *forest, struct rng *rng, float *row)
{
    for (size_t i = 0; i < forest->features; i++)
        row[i] = NAN;
    size_t splits = 2 * forest->features;
    for (size_t tries = 16 * splits; splits > 0 && tries > 0; tries--) {
        uint64_t random = rng_u64(rng);
        struct forest_node node = forest->nodes[(random >> 32) * forest->n_nodes >> 32];
        uint32_t feature = forest_feature(node);
        if (forest_is_leaf(node) || feature >= forest->features || !isfinite(node.value))
            continue;
        row[feature] = (random & 7) == 0 ? NAN : near(random >> 3 & 3, node.value);
        splits--;
    }
}

void forest_draw(const struct forest *forest, struct rng *rng, size_t rows, float *ret_values)
{
    for (size_t i = 0; i < rows; i++)
        draw_row(forest, rng, ret_values + i * forest->features);
}
