#include "engine/xgb/model_ubjson.h"

#include "engine/base/arena.h"
#include "engine/xgb/model_binary.h"
#include "engine/xgb/model_parts.h"
#include "engine/xgb/xgboost_api.h"

/* What is written is what this version would write. */
enum { VERSION_MAJOR = 1, VERSION_MINOR = 7 };

/* RegTree::Node: no child, the first one's parent, the feature of a node that was pruned away, and
 * the mark of a left child. */
#define NODE_NONE UINT32_MAX
#define PARENT_OF_ROOT UINT32_C(0x7fffffff)
#define NODE_DELETED UINT32_MAX
#define NODE_IS_LEFT UINT32_C(0x80000000)

static void put_u32(unsigned char *at, uint32_t value)
{
    at[0] = (unsigned char) value;
    at[1] = (unsigned char) (value >> 8);
    at[2] = (unsigned char) (value >> 16);
    at[3] = (unsigned char) (value >> 24);
}

static void add_u64(struct buf *out, uint64_t value)
{
    unsigned char bytes[8];
    put_u32(bytes, (uint32_t) value);
    put_u32(bytes + 4, (uint32_t) (value >> 32));
    buf_add_mem(out, bytes, sizeof(bytes));
}

static void add_u32(struct buf *out, uint32_t value)
{
    unsigned char bytes[4];
    put_u32(bytes, value);
    buf_add_mem(out, bytes, sizeof(bytes));
}

static void add_text(struct buf *out, struct str text)
{
    add_u64(out, text.len);
    buf_add(out, text);
}

static void add_head(struct buf *out, const struct part_learner *learner)
{
    const struct part_learner_param *param = &learner->learner_model_param;
    unsigned char bytes[LEARNER_PARAM_BYTES] = {0};
    uint32_t score = 0;
    memcpy(&score, &param->base_score, sizeof(score));
    put_u32(bytes + LEARNER_BASE_SCORE, score);
    put_u32(bytes + LEARNER_FEATURES, param->num_feature);
    put_u32(bytes + LEARNER_CLASSES, param->num_class);
    put_u32(bytes + LEARNER_HAS_ATTRIBUTES, 1);
    put_u32(bytes + LEARNER_MAJOR, VERSION_MAJOR);
    put_u32(bytes + LEARNER_MINOR, VERSION_MINOR);
    put_u32(bytes + LEARNER_TARGETS, param->num_target);
    put_u32(bytes + LEARNER_FROM_AVERAGE, param->boost_from_average);
    buf_add(out, STR("binf"));
    buf_add_mem(out, bytes, sizeof(bytes));
    add_text(out, learner->objective.name);
    add_text(out, learner->gradient_booster.name);
}

static void add_forest_param(struct buf *out, const struct part_forest_param *param)
{
    unsigned char bytes[GBTREE_PARAM_BYTES] = {0};
    put_u32(bytes + GBTREE_TREES, param->num_trees);
    put_u32(bytes + GBTREE_PARALLEL, param->num_parallel_tree);
    put_u32(bytes + GBTREE_LEAF_VECTOR, param->size_leaf_vector);
    buf_add_mem(out, bytes, sizeof(bytes));
}

static void add_tree_param(struct buf *out, const struct part_tree_param *param)
{
    unsigned char bytes[TREE_PARAM_BYTES] = {0};
    put_u32(bytes + TREE_ROOTS, 1);
    put_u32(bytes + TREE_NODES, param->num_nodes);
    put_u32(bytes + TREE_DELETED, param->num_deleted);
    put_u32(bytes + TREE_FEATURES, param->num_feature);
    put_u32(bytes + TREE_LEAF_VECTOR, param->size_leaf_vector);
    buf_add_mem(out, bytes, sizeof(bytes));
}

/* ---- trees ---- */

static bool is_numerical(const struct part_tree *tree)
{
    unsigned any = 0;
    for (uint64_t i = 0; i < tree->split_type.count; i++)
        any |= tree->split_type.at[i];
    return any == 0 && tree->categories.count == 0 && tree->categories_nodes.count == 0 &&
           tree->categories_segments.count == 0 && tree->categories_sizes.count == 0;
}

/* RegTree::LoadModel() looks up the parent of each node but the first. */
static bool has_links(const struct part_tree *tree)
{
    uint32_t count = tree->tree_param.num_nodes;
    for (size_t i = 0; i < count; i++) {
        uint32_t parent = ubjson_u32_at(tree->parents.at + 4 * i);
        uint32_t left = ubjson_u32_at(tree->left_children.at + 4 * i);
        uint32_t right = ubjson_u32_at(tree->right_children.at + 4 * i);
        if ((i == 0 ? parent != PARENT_OF_ROOT : parent >= count) ||
            (left != NODE_NONE && left >= count) || (right != NODE_NONE && right >= count))
            return false;
    }
    return true;
}

static bool tree_sound(const struct part_tree *tree)
{
    const struct ubjson_array *per_node[] = {
        &tree->base_weights,  &tree->loss_changes, &tree->split_conditions, &tree->sum_hessian,
        &tree->left_children, &tree->parents,      &tree->right_children,   &tree->split_indices,
        &tree->default_left,  &tree->split_type,
    };
    for (size_t i = 0; i < ARRAY_LEN(per_node); i++)
        if (per_node[i]->count != tree->tree_param.num_nodes)
            return false;
    return tree->tree_param.num_nodes > 0 && is_numerical(tree) && has_links(tree);
}

/* The first keeps what it was saved with, and every other one is marked when it is the left child
 * of its parent. */
static uint32_t parent_of(const struct part_tree *tree, size_t node)
{
    uint32_t parent = ubjson_u32_at(tree->parents.at + 4 * node);
    bool is_left = node == 0 || ubjson_u32_at(tree->left_children.at + 4 * (size_t) parent) == node;
    return parent | (is_left ? NODE_IS_LEFT : 0);
}

/* Gives how many are deleted. */
static uint32_t put_nodes(const struct part_tree *tree, unsigned char *out)
{
    uint32_t deleted = 0;
    for (size_t i = 0; i < tree->tree_param.num_nodes; i++, out += NODE_BYTES) {
        uint32_t feature = ubjson_u32_at(tree->split_indices.at + 4 * i) |
                           (tree->default_left.at[i] == 1 ? NODE_MISSING_LEFT : 0);
        deleted += i > 0 && feature == NODE_DELETED;
        put_u32(out, parent_of(tree, i));
        put_u32(out + NODE_LEFT, ubjson_u32_at(tree->left_children.at + 4 * i));
        put_u32(out + NODE_RIGHT, ubjson_u32_at(tree->right_children.at + 4 * i));
        put_u32(out + NODE_FEATURE, feature);
        put_u32(out + NODE_VALUE, ubjson_u32_at(tree->split_conditions.at + 4 * i));
    }
    return deleted;
}

static void put_stats(const struct part_tree *tree, unsigned char *out)
{
    for (size_t i = 0; i < tree->tree_param.num_nodes; i++, out += NODE_STAT_BYTES) {
        put_u32(out, ubjson_u32_at(tree->loss_changes.at + 4 * i));
        put_u32(out + 4, ubjson_u32_at(tree->sum_hessian.at + 4 * i));
        put_u32(out + 8, ubjson_u32_at(tree->base_weights.at + 4 * i));
        put_u32(out + 12, 0); /* leaf_child_cnt */
    }
}

static bool add_tree(struct buf *out, const struct part_tree *tree)
{
    size_t nodes = (size_t) tree->tree_param.num_nodes * NODE_BYTES;
    size_t stats = (size_t) tree->tree_param.num_nodes * NODE_STAT_BYTES;
    add_tree_param(out, &tree->tree_param);
    unsigned char *room = (unsigned char *) buf_reserve(out, nodes + stats);
    if (room == NULL || put_nodes(tree, room) != tree->tree_param.num_deleted)
        return false;
    put_stats(tree, room + nodes);
    out->len += nodes + stats;
    return true;
}

static bool add_trees(struct buf *out, const struct part_forest *forest, const unsigned char *end)
{
    struct reader reader = {.at = forest->trees.at, .end = end};
    for (uint64_t i = 0; i < forest->trees.count; i++) {
        struct part_tree tree = {.id = -1};
        if (!part_tree_take(&reader, &tree) || tree.id != (int64_t) i || !tree_sound(&tree) ||
            !add_tree(out, &tree))
            return false;
    }
    reader.at = forest->tree_info.at;
    for (uint64_t i = 0; i < forest->tree_info.count; i++) {
        int64_t class = 0;
        (void) ubjson_take_integer(&reader, take_char(&reader), &class);
        add_u32(out, (uint32_t) class);
    }
    return true;
}

/* dart's, "d" and four bytes each. */
static void add_weights(struct buf *out, const struct part_list *weights)
{
    if (weights->count > 0)
        add_u64(out, weights->count);
    for (uint64_t i = 0; i < weights->count; i++)
        add_u32(out, ubjson_u32_at(weights->at + 5 * i + 1));
}

/* ---- attributes ---- */

struct attribute {
    struct str name, value;
};

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct attribute *) a)->name, ((const struct attribute *) b)->name);
}

/* Sorted, with the objective among them. False when a name is there twice. */
static bool add_attributes(
    struct buf *out,
    const struct part_list *list,
    const unsigned char *end,
    struct str objective,
    struct arena *arena)
{
    struct reader reader = {.at = list->at, .end = end};
    struct attribute *all = ARENA_ARRAY(arena, list->count + 1, struct attribute);
    for (uint64_t i = 0; i < list->count; i++) {
        all[i].name = ubjson_text(&reader);
        (void) ubjson_take_text(&reader, take_char(&reader), &all[i].value);
    }
    all[list->count] = (struct attribute){STR("objective"), objective};
    qsort(all, list->count + 1, sizeof(*all), by_name);
    add_u64(out, list->count + 1);
    for (uint64_t i = 0; i <= list->count; i++) {
        if (i > 0 && str_eq(all[i].name, all[i - 1].name))
            return false;
        add_text(out, all[i].name);
        add_text(out, all[i].value);
    }
    return true;
}

/* ---- the whole ---- */

static bool is_version(void)
{
    int major = 0, minor = 0, patch = 0;
    xgb_version(&major, &minor, &patch);
    return major == VERSION_MAJOR && minor == VERSION_MINOR;
}

static bool model_sound(const struct part_learner *learner)
{
    const struct part_learner_param *param = &learner->learner_model_param;
    const struct part_booster *booster = &learner->gradient_booster;
    const struct part_forest *forest = &booster->gbtree.model;
    uint64_t trees = forest->gbtree_model_param.num_trees;
    bool is_dart = str_eq_z(booster->name, "dart");
    return param->num_feature > 0 && param->num_target == 1 && param->boost_from_average <= 1 &&
           forest->gbtree_model_param.num_parallel_tree > 0 && forest->trees.count == trees &&
           forest->tree_info.count == trees && (!is_dart || booster->weight_drop.count == trees);
}

bool model_ubjson_translate(struct str bytes, struct buf *out)
{
    struct part_model model = {.version = {.count = 0}};
    const struct part_learner *learner = &model.learner;
    const struct part_booster *booster = &learner->gradient_booster;
    const struct part_forest *forest = &booster->gbtree.model;
    struct reader reader = reader_of(bytes);
    struct str objective = STR_NULL;
    AUTO(arena_close) struct arena *arena = arena_new("translated model", MIB(8));
    if (!is_version() || !part_model_take(&reader, &model) || !model_sound(learner) ||
        !model_objective_json(
            &learner->objective, learner->learner_model_param.num_class, arena, &objective))
        return false;
    buf_clear(out);
    out->max = 2 * bytes.len + KIB(4);
    /* Statistics take a little more room than they had, names a lot less. */
    (void) buf_reserve(out, bytes.len + KIB(1));
    add_head(out, learner);
    add_forest_param(out, &forest->gbtree_model_param);
    if (!add_trees(out, forest, reader.end))
        return false;
    add_weights(out, &booster->weight_drop);
    return add_attributes(out, &learner->attributes, reader.end, objective, arena) && buf_ok(out);
}
