#include "engine/xgb/model_parts.h"

#include <math.h>
#include <stdlib.h>

enum { ATTRIBUTES_MAX = 10000 };

#define MEMBER(type, field, take_fn) \
    { \
        STR_INIT(#field), (take_fn), offsetof(struct part_##type, field) \
    }

static bool take_floats(struct reader *reader, int type, void *out)
{
    return ubjson_take_array(reader, type, 'd', out);
}

static bool take_nodes(struct reader *reader, int type, void *out)
{
    return ubjson_take_array(reader, type, 'l', out);
}

static bool take_longs(struct reader *reader, int type, void *out)
{
    return ubjson_take_array(reader, type, 'L', out);
}

static bool take_bytes(struct reader *reader, int type, void *out)
{
    return ubjson_take_array(reader, type, 'U', out);
}

static bool take_integer(struct reader *reader, int type, void *out)
{
    return ubjson_take_integer(reader, type, out);
}

static bool take_tree_param(struct reader *reader, int type, void *out)
{
    static const struct ubjson_member members[] = {
        MEMBER(tree_param, num_deleted, ubjson_take_number),
        MEMBER(tree_param, num_feature, ubjson_take_number),
        MEMBER(tree_param, num_nodes, ubjson_take_number),
        MEMBER(tree_param, size_leaf_vector, ubjson_take_number),
    };
    return ubjson_take_object(reader, type, members, ARRAY_LEN(members), false, out);
}

bool part_tree_take(struct reader *reader, struct part_tree *ret_tree)
{
    static const struct ubjson_member members[] = {
        MEMBER(tree, base_weights, take_floats),
        MEMBER(tree, categories, take_nodes),
        MEMBER(tree, categories_nodes, take_nodes),
        MEMBER(tree, categories_segments, take_longs),
        MEMBER(tree, categories_sizes, take_longs),
        MEMBER(tree, default_left, take_bytes),
        MEMBER(tree, id, take_integer),
        MEMBER(tree, left_children, take_nodes),
        MEMBER(tree, loss_changes, take_floats),
        MEMBER(tree, parents, take_nodes),
        MEMBER(tree, right_children, take_nodes),
        MEMBER(tree, split_conditions, take_floats),
        MEMBER(tree, split_indices, take_nodes),
        MEMBER(tree, split_type, take_bytes),
        MEMBER(tree, sum_hessian, take_floats),
        MEMBER(tree, tree_param, take_tree_param),
    };
    return ubjson_take_object(
        reader, take_char(reader), members, ARRAY_LEN(members), true, ret_tree);
}

static bool take_forest_param(struct reader *reader, int type, void *out)
{
    static const struct ubjson_member members[] = {
        MEMBER(forest_param, num_parallel_tree, ubjson_take_number),
        MEMBER(forest_param, num_trees, ubjson_take_number),
        MEMBER(forest_param, size_leaf_vector, ubjson_take_number),
    };
    return ubjson_take_object(reader, type, members, ARRAY_LEN(members), false, out);
}

/* Of trees, which part_tree_take() reads one after the other. */
static bool take_values(struct reader *reader, int type, void *out)
{
    struct part_list *list = out;
    if (!ubjson_take_list(reader, type, &list->count))
        return false;
    list->at = reader->at;
    for (uint64_t i = 0; i < list->count; i++)
        if (!ubjson_skip(reader, take_char(reader)))
            return false;
    return true;
}

static bool take_integers(struct reader *reader, int type, void *out)
{
    struct part_list *list = out;
    int64_t number = 0;
    if (!ubjson_take_list(reader, type, &list->count))
        return false;
    list->at = reader->at;
    for (uint64_t i = 0; i < list->count; i++)
        if (!ubjson_take_integer(reader, take_char(reader), &number) || number < 0 ||
            number > INT32_MAX)
            return false;
    return true;
}

static bool take_texts(struct reader *reader, int type, void *out)
{
    struct part_list *list = out;
    struct str text = STR_NULL;
    if (!ubjson_take_list(reader, type, &list->count))
        return false;
    list->at = reader->at;
    for (uint64_t i = 0; i < list->count; i++)
        if (!ubjson_take_text(reader, take_char(reader), &text))
            return false;
    return true;
}

static bool take_weights(struct reader *reader, int type, void *out)
{
    struct part_list *list = out;
    if (!ubjson_take_list(reader, type, &list->count))
        return false;
    list->at = reader->at;
    for (uint64_t i = 0; i < list->count; i++)
        if (take_char(reader) != 'd' || take(reader, 4) == NULL)
            return false;
    return true;
}

static bool take_forest(struct reader *reader, int type, void *out)
{
    static const struct ubjson_member members[] = {
        MEMBER(forest, gbtree_model_param, take_forest_param),
        MEMBER(forest, tree_info, take_integers),
        MEMBER(forest, trees, take_values),
    };
    return ubjson_take_object(reader, type, members, ARRAY_LEN(members), true, out);
}

static bool take_gbtree(struct reader *reader, int type, void *out)
{
    static const struct ubjson_member members[] = {
        MEMBER(gbtree, model, take_forest),
        MEMBER(gbtree, name, ubjson_take_text),
    };
    const struct part_gbtree *gbtree = out;
    return ubjson_take_object(reader, type, members, ARRAY_LEN(members), true, out) &&
           str_eq_z(gbtree->name, "gbtree");
}

static bool take_dart(struct reader *reader, int type, void *out)
{
    static const struct ubjson_member members[] = {
        MEMBER(booster, gbtree, take_gbtree),
        MEMBER(booster, name, ubjson_take_text),
        MEMBER(booster, weight_drop, take_weights),
    };
    const struct part_booster *parts = out;
    return ubjson_take_object(reader, type, members, ARRAY_LEN(members), true, out) &&
           str_eq_z(parts->name, "dart");
}

/* Which of the two it is, the first member tells: they come by name. */
static bool take_booster(struct reader *reader, int type, void *out)
{
    struct part_booster *booster = out;
    struct reader ahead = *reader;
    if (str_eq_z(ubjson_text(&ahead), "gbtree"))
        return take_dart(reader, type, out);
    booster->name = STR("gbtree");
    return take_gbtree(reader, type, &booster->gbtree);
}

/* "5E-1", "1.2345679E5": the digits and the power of ten that ryu gives (src/common/charconv.cc)
 * and reads again to the nearest float, as strtof() does. */
static bool take_score(struct reader *reader, int type, void *out)
{
    struct str text = STR_NULL;
    char copy[24];
    if (!ubjson_take_text(reader, type, &text) || text.len >= sizeof(copy))
        return false;
    size_t first = text.len > 0 && text.ptr[0] == '-' ? 1 : 0, at = first, digits = 0;
    for (; at < text.len && text.ptr[at] != 'E'; at++) {
        if (text.ptr[at] == '.' && at == first + 1)
            continue;
        if (text.ptr[at] < '0' || text.ptr[at] > '9')
            return false;
        digits++;
    }
    size_t power = at + (at + 1 < text.len && text.ptr[at + 1] == '-' ? 2 : 1);
    if (digits == 0 || digits > 9 || power >= text.len || text.len - power > 2)
        return false;
    for (size_t i = power; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    float score = strtof(copy, NULL);
    *(float *) out = score;
    return isnormal(score) || (fpclassify(score) == FP_ZERO && text.ptr[0] == '0');
}

static bool take_learner_param(struct reader *reader, int type, void *out)
{
    static const struct ubjson_member members[] = {
        MEMBER(learner_param, base_score, take_score),
        MEMBER(learner_param, boost_from_average, ubjson_take_number),
        MEMBER(learner_param, num_class, ubjson_take_number),
        MEMBER(learner_param, num_feature, ubjson_take_number),
        MEMBER(learner_param, num_target, ubjson_take_number),
    };
    return ubjson_take_object(reader, type, members, ARRAY_LEN(members), false, out);
}

/* Loading a binary model takes these for its own. */
static bool is_taken(struct str name)
{
    return str_eq_z(name, "objective") || str_eq_z(name, "metrics") ||
           str_eq_z(name, "count_poisson_max_delta_step") || str_starts(name, STR("SAVED_PARAM_"));
}

/* Their number is kept small since they are sorted. */
static bool take_attributes(struct reader *reader, int type, void *out)
{
    struct part_list list = {.at = reader->at};
    struct str value = STR_NULL;
    if (type != '{')
        return false;
    for (; peek(reader) != '}'; list.count++)
        if (is_taken(ubjson_text(reader)) || !ubjson_take_text(reader, take_char(reader), &value))
            return false;
    *(struct part_list *) out = list;
    return list.count <= ATTRIBUTES_MAX && take(reader, 1) != NULL;
}

static bool take_learner(struct reader *reader, int type, void *out)
{
    static const struct ubjson_member members[] = {
        MEMBER(learner, attributes, take_attributes),
        MEMBER(learner, feature_names, take_texts),
        MEMBER(learner, feature_types, take_texts),
        MEMBER(learner, gradient_booster, take_booster),
        MEMBER(learner, learner_model_param, take_learner_param),
        MEMBER(learner, objective, model_objective_take),
    };
    return ubjson_take_object(reader, type, members, ARRAY_LEN(members), true, out);
}

bool part_model_take(struct reader *reader, struct part_model *ret_model)
{
    static const struct ubjson_member members[] = {
        MEMBER(model, learner, take_learner),
        MEMBER(model, version, take_integers),
    };
    return ubjson_take_object(
               reader, take_char(reader), members, ARRAY_LEN(members), true, ret_model) &&
           ret_model->version.count >= 3;
}
