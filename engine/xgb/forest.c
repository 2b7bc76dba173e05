#include "engine/xgb/forest.h"

#include "engine/base/arena.h"
#include "engine/xgb/model_binary.h"

#include <math.h>

/* A leaf has no left child: nobody's child is node 0. The right child comes after the left. */
struct node {
    float value; /* what splits, or the leaf's weight */
    uint32_t left;
    uint32_t feature; /* with NODE_MISSING_LEFT */
};

enum link { LINK_IDENTITY, LINK_SIGMOID, LINK_EXP };

struct forest {
    struct node *nodes;
    uint32_t *roots;
    size_t n_nodes, n_trees, trees, features;
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
    case LINK_IDENTITY:
    default:
        return margin;
    }
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

static void add_tree(struct forest *forest, const unsigned char *tree)
{
    uint32_t count = u32_at(tree + TREE_NODES), first = (uint32_t) forest->n_nodes;
    const unsigned char *in = tree + TREE_PARAM_BYTES;
    forest->roots[forest->n_trees++] = first;
    for (uint32_t i = 0; i < count; i++, in += NODE_BYTES) {
        uint32_t left = u32_at(in + NODE_LEFT);
        forest->nodes[forest->n_nodes++] = (struct node){
            .value = float_at(in + NODE_VALUE),
            .left = left == UINT32_MAX ? 0 : first + left,
            .feature = u32_at(in + NODE_FEATURE)};
    }
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

struct forest *forest_build(struct str bytes)
{
    const unsigned char *param = (const unsigned char *) bytes.ptr + MODEL_MAGIC_BYTES;
    const unsigned char *at = param + LEARNER_PARAM_BYTES;
    struct forest forest = {.features = u32_at(param + LEARNER_FEATURES)};
    bool known = find_objective(take_name(&at), float_at(param + LEARNER_BASE_SCORE), &forest);
    if (!known || !str_eq_z(take_name(&at), "gbtree") || u32_at(param + LEARNER_CLASSES) > 1)
        return NULL;
    size_t n_trees = u32_at(at + GBTREE_TREES), n_nodes = 0;
    const unsigned char *trees = at + GBTREE_PARAM_BYTES;
    at = trees;
    for (size_t i = 0; i < n_trees; i++, at += tree_bytes(at))
        n_nodes += u32_at(at + TREE_NODES);
    if (n_trees == 0 || n_nodes > UINT32_MAX)
        return NULL;
    forest.roots = xmalloc(n_trees * sizeof(*forest.roots));
    forest.nodes = xmalloc(n_nodes * sizeof(*forest.nodes));
    at = trees;
    for (size_t i = 0; i < n_trees; i++, at += tree_bytes(at))
        add_tree(&forest, at);
    forest.trees = n_trees;
    struct forest *out = xmalloc(sizeof(*out));
    *out = forest;
    return out;
}

void forest_free(struct forest *forest)
{
    if (forest == NULL)
        return;
    xfree(forest->nodes);
    xfree(forest->roots);
    xfree(forest);
}

void forest_limit(struct forest *forest, size_t trees)
{
    forest->trees = trees == 0 || trees > forest->n_trees ? forest->n_trees : trees;
}

size_t forest_memory(const struct forest *forest)
{
    return sizeof(*forest) + forest->n_nodes * sizeof(*forest->nodes) +
           forest->n_trees * sizeof(*forest->roots);
}

/* ---- predicting ---- */

static float weight_of(const struct node *nodes, uint32_t root, const float *row)
{
    const struct node *node = &nodes[root];
    while (node->left != 0) {
        float value = row[node->feature & ~NODE_MISSING_LEFT];
        bool left = isnan(value) ? (node->feature & NODE_MISSING_LEFT) != 0 : value < node->value;
        node = &nodes[node->left + !left];
    }
    return node->value;
}

void forest_predict(
    const struct forest *forest, const float *values, size_t rows, float *predictions)
{
    for (size_t row = 0; row < rows; row++, values += forest->features) {
        float margin = forest->base;
        for (size_t i = 0; i < forest->trees; i++)
            margin += weight_of(forest->nodes, forest->roots[i], values);
        predictions[row] = prediction_of(forest->link, margin);
    }
}

/* ---- rows to compare with ---- */

static float near(struct rng *rng, float split)
{
    switch (rng_below(rng, 4)) {
    case 0:
        return nextafterf(split, -INFINITY);
    case 1:
        return nextafterf(split, INFINITY);
    default:
        return split;
    }
}

/* Twice as many splits as there are features, as they come: most features get a value. Leaves are
 * passed over, and pruned nodes, which are still in the array with no sense in them. */
static void draw_row(const struct forest *forest, struct rng *rng, float *row)
{
    for (size_t i = 0; i < forest->features; i++)
        row[i] = NAN;
    size_t splits = 2 * forest->features;
    for (size_t tries = 16 * splits; splits > 0 && tries > 0; tries--) {
        const struct node *node = &forest->nodes[rng_below(rng, forest->n_nodes)];
        uint32_t feature = node->feature & ~NODE_MISSING_LEFT;
        if (node->left == 0 || feature >= forest->features || !isfinite(node->value))
            continue;
        row[feature] = rng_below(rng, 8) == 0 ? NAN : near(rng, node->value);
        splits--;
    }
}

void forest_draw(const struct forest *forest, struct rng *rng, size_t rows, float *ret_values)
{
    for (size_t i = 0; i < rows; i++)
        draw_row(forest, rng, ret_values + i * forest->features);
}
