/* engine/xgb/model_parts.h - what there is in a model of UBJSON, as views of its bytes.
 *
 * A struct for each object, whose fields are named as its members are. Private to
 * model_ubjson.c, which writes them as a binary model, and model_parts.c, which reads them; both
 * follow the documents that model_ubjson.h names. Threads: pure functions. Errors: false when a
 * member is missing, there twice, or not of the type and form that xgboost 1.7 writes; members that
 * it does not know are skipped where it skips them.
 */
#ifndef ENGINE_XGB_MODEL_PARTS_H
#define ENGINE_XGB_MODEL_PARTS_H

#include "engine/xgb/model_objective.h"

/* Where its values begin, which are read again when they are written. */
struct part_list {
    const unsigned char *at;
    uint64_t count;
};

struct part_tree_param {
    uint32_t num_deleted, num_feature, num_nodes, size_leaf_vector;
};

struct part_tree {
    struct part_tree_param tree_param;
    struct ubjson_array base_weights, loss_changes, split_conditions, sum_hessian;
    struct ubjson_array left_children, parents, right_children, split_indices;
    struct ubjson_array default_left, split_type;
    struct ubjson_array categories, categories_nodes, categories_segments, categories_sizes;
    int64_t id;
};

struct part_forest_param {
    uint32_t num_parallel_tree, num_trees, size_leaf_vector;
};

struct part_forest {
    struct part_forest_param gbtree_model_param;
    struct part_list tree_info, trees;
};

/* Of dart, the one that its "gbtree" is. */
struct part_gbtree {
    struct str name;
    struct part_forest model;
};

struct part_booster {
    struct part_gbtree gbtree;
    struct str name;
    struct part_list weight_drop; /* of dart alone */
};

struct part_learner_param {
    float base_score;
    uint32_t boost_from_average, num_class, num_feature, num_target;
};

struct part_learner {
    struct part_list attributes;
    struct part_list feature_names, feature_types;
    struct part_booster gradient_booster;
    struct part_learner_param learner_model_param;
    struct model_objective objective;
};

struct part_model {
    struct part_learner learner;
    struct part_list version;
};

/* The trees are only skipped over; part_tree_take() reads one where the reader stands. */
bool part_model_take(struct reader *reader, struct part_model *ret_model);
bool part_tree_take(struct reader *reader, struct part_tree *ret_tree);

#endif
