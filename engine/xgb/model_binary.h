/* engine/xgb/model_binary.h - where things are in a model of the binary format.
 *
 * All numbers are little-endian. "binf", learner parameters, the objective's and the booster's name
 * (each a length of eight bytes and its text), and for boosters of trees: their parameters, the
 * trees (parameters, nodes, statistics of nodes), the class of each tree, and dart's weights of
 * them; for gblinear its parameters and weights. A list of weights is its length in eight bytes and
 * floats. Then, when the learner's parameters say so, attributes (a count, and two texts each) and
 * metrics (a count, and a text each). Private to engine/xgb.
 * Layouts: src/learner.cc (LearnerModelParamLegacy), src/gbm/gbtree_model.h (GBTreeModelParam),
 * include/xgboost/tree_model.h (TreeParam, Node) of xgboost 1.7.
 */
#ifndef ENGINE_XGB_MODEL_BINARY_H
#define ENGINE_XGB_MODEL_BINARY_H

#include "engine/base/base.h"

#define MODEL_MAGIC_BYTES 4U

#define LEARNER_PARAM_BYTES 136U
#define LEARNER_BASE_SCORE 0U /* float */
#define LEARNER_FEATURES 4U   /* uint32, and so the others */
#define LEARNER_CLASSES 8U
#define LEARNER_HAS_ATTRIBUTES 12U
#define LEARNER_HAS_METRICS 16U
#define LEARNER_MAJOR 20U /* version of the writer */
#define LEARNER_MINOR 24U
#define LEARNER_TARGETS 28U
#define LEARNER_FROM_AVERAGE 32U /* whether base_score was to be estimated */

#define GBTREE_PARAM_BYTES 160U
#define GBTREE_TREES 0U
#define GBTREE_PARALLEL 4U /* trees of one class in a round */
#define GBTREE_LEAF_VECTOR 28U

#define GBLINEAR_PARAM_BYTES 136U

#define TREE_PARAM_BYTES 148U
#define TREE_ROOTS 0U
#define TREE_NODES 4U
#define TREE_DELETED 8U
#define TREE_FEATURES 16U
#define TREE_LEAF_VECTOR 20U

#define NODE_BYTES 20U
#define NODE_LEFT 4U /* UINT32_MAX: a leaf; the right child comes next */
#define NODE_RIGHT 8U
#define NODE_FEATURE 12U /* the highest bit: missing values go left */
#define NODE_VALUE 16U   /* float: what splits, or the leaf's weight */
#define NODE_MISSING_LEFT UINT32_C(0x80000000)
#define NODE_STAT_BYTES 16U

static inline uint32_t u32_at(const unsigned char *bytes)
{
    return (uint32_t) bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16 |
           (uint32_t) bytes[3] << 24;
}

static inline uint64_t u64_at(const unsigned char *bytes)
{
    return (uint64_t) u32_at(bytes) | (uint64_t) u32_at(bytes + 4) << 32;
}

#endif
