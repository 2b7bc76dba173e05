#include "engine/base/arena.h"
#include "engine/xgb/model_binary.h"
#include "engine/xgb/model_check.h"
#include "engine/xgb/model_reader.h"

#define MAX_CLASSES 1000000U

static struct str take_name(struct reader *reader)
{
    const unsigned char *len = take(reader, 8);
    uint64_t count = len != NULL ? u64_at(len) : 0;
    const unsigned char *text = take(reader, count);
    return reader->failed ? STR_NULL : str_of(text, count);
}

/* libxgboost finds the right child as the one after the left (predict_fn.h, GetNextNode), so a pair
 * has to be one. Walks from the root; `todo` has room for one entry per node. Every node has at
 * most one way to it when no more nodes are met than there are. */
static bool
tree_sound(const unsigned char *nodes, uint32_t count, uint32_t features, uint32_t *todo)
{
    uint32_t n_todo = 1, met = 0;
    todo[0] = 0;
    while (n_todo > 0) {
        const unsigned char *node = nodes + (size_t) todo[--n_todo] * NODE_BYTES;
        uint32_t left = u32_at(node + NODE_LEFT), right = u32_at(node + NODE_RIGHT);
        uint32_t feature = u32_at(node + NODE_FEATURE) & ~NODE_MISSING_LEFT;
        if (++met > count)
            return false;
        if (left == UINT32_MAX)
            continue;
        if (left >= count || right >= count || right != left + 1 || feature >= features ||
            n_todo + 2 > count)
            return false;
        todo[n_todo++] = left;
        todo[n_todo++] = right;
    }
    return true;
}

static bool take_tree(struct reader *reader, uint32_t features)
{
    const unsigned char *param = take(reader, TREE_PARAM_BYTES);
    if (param == NULL)
        return false;
    uint32_t count = u32_at(param + TREE_NODES);
    const unsigned char *nodes = take(reader, (uint64_t) count * NODE_BYTES);
    if (count == 0 || nodes == NULL || take(reader, (uint64_t) count * NODE_STAT_BYTES) == NULL)
        return false;
    uint32_t *todo = xmalloc((size_t) count * sizeof(*todo));
    bool sound = tree_sound(nodes, count, features, todo);
    xfree(todo);
    return sound;
}

static enum err_code check_trees(
    struct reader *reader, uint32_t trees, uint32_t features, uint32_t classes, struct err *err)
{
    for (uint32_t i = 0; i < trees; i++)
        if (!take_tree(reader, features))
            return err_set(
                err, ERR_PROTOCOL, "the model is cut off or damaged: tree %u is not a tree", i);
    const unsigned char *groups = take(reader, (uint64_t) trees * 4);
    for (uint32_t i = 0; groups != NULL && i < trees; i++)
        if (u32_at(groups + (size_t) i * 4) >= classes)
            return err_set(
                err, ERR_PROTOCOL, "the model is damaged: tree %u belongs to class %u of %u", i,
                u32_at(groups + (size_t) i * 4), classes);
    if (groups == NULL)
        return err_set(
            err, ERR_PROTOCOL, "the model is cut off: the classes of its trees are missing");
    return ERR_NONE;
}

/* A length and so many floats; UINT64_MAX when they are not there. */
static uint64_t take_weights(struct reader *reader)
{
    const unsigned char *len = take(reader, 8);
    uint64_t count = len != NULL ? u64_at(len) : UINT64_MAX;
    if (count > (uint64_t) (reader->end - reader->at) / 4)
        reader->failed = true;
    (void) take(reader, reader->failed ? 0 : count * 4);
    return reader->failed ? UINT64_MAX : count;
}

/* libxgboost makes room for as many texts, and as long ones, as it is told of. */
static void take_texts(struct reader *reader, unsigned per_item)
{
    const unsigned char *len = take(reader, 8);
    uint64_t count = len != NULL ? u64_at(len) : 0;
    if (count > (uint64_t) (reader->end - reader->at) / 8 / per_item)
        reader->failed = true;
    for (uint64_t i = 0; i < count * per_item && !reader->failed; i++)
        (void) take_name(reader);
}

/* A prediction reads a weight for each feature, and the bias, of each class or target. */
static enum err_code
check_linear(struct reader *reader, const unsigned char *param, struct err *err)
{
    uint64_t features = u32_at(param + LEARNER_FEATURES), classes = u32_at(param + LEARNER_CLASSES);
    uint64_t targets = u32_at(param + LEARNER_TARGETS);
    uint64_t outputs = classes > targets ? classes : targets;
    (void) take(reader, GBLINEAR_PARAM_BYTES);
    uint64_t weights = take_weights(reader);
    if (reader->failed || weights / (features + 1) < (outputs > 0 ? outputs : 1))
        return err_set(
            err, ERR_PROTOCOL,
            "the model is cut off or damaged: weights of its features are "
            "missing");
    return ERR_NONE;
}

/* Rounds are counted by dividing by the trees of one, which libxgboost multiplies as int. */
static enum err_code check_round(const unsigned char *param, uint32_t parallel, struct err *err)
{
    uint64_t classes = u32_at(param + LEARNER_CLASSES), targets = u32_at(param + LEARNER_TARGETS);
    uint64_t outputs = classes > targets ? classes : targets;
    uint64_t trees = (outputs > 0 ? outputs : 1) * parallel;
    if (trees == 0 || trees > INT32_MAX)
        return err_set(
            err, ERR_PROTOCOL, "the model is damaged: %u trees of each class in a round", parallel);
    return ERR_NONE;
}

static enum err_code check_booster(
    struct reader *reader, const unsigned char *param, struct str booster, struct err *err)
{
    if (str_eq_z(booster, "gblinear"))
        return check_linear(reader, param, err);
    const unsigned char *gbtree = take(reader, GBTREE_PARAM_BYTES);
    if (gbtree == NULL)
        return err_set(err, ERR_PROTOCOL, "the model is cut off in its header");
    uint32_t trees = u32_at(gbtree + GBTREE_TREES), classes = u32_at(param + LEARNER_CLASSES);
    enum err_code code = check_round(param, u32_at(gbtree + GBTREE_PARALLEL), err);
    if (code == ERR_NONE)
        code = check_trees(
            reader, trees, u32_at(param + LEARNER_FEATURES), classes > 0 ? classes : 1, err);
    if (code == ERR_NONE && trees > 0 && str_eq_z(booster, "dart") && take_weights(reader) != trees)
        return err_set(err, ERR_PROTOCOL, "the model is damaged: its trees have other weights");
    return code;
}

enum err_code model_check_binary(struct str bytes, struct err *err)
{
    struct reader reader = reader_of(bytes);
    (void) take(&reader, MODEL_MAGIC_BYTES);
    const unsigned char *param = take(&reader, LEARNER_PARAM_BYTES);
    (void) take_name(&reader); /* the objective */
    struct str booster = take_name(&reader);
    if (reader.failed || param == NULL)
        return err_set(err, ERR_PROTOCOL, "the model is cut off in its header");
    if (!str_eq_z(booster, "gbtree") && !str_eq_z(booster, "dart") &&
        !str_eq_z(booster, "gblinear"))
        return err_set(err, ERR_PROTOCOL, "the model is of no booster that is known");
    /* Each row's answer has as many values. */
    if (u32_at(param + LEARNER_CLASSES) > MAX_CLASSES ||
        u32_at(param + LEARNER_TARGETS) > MAX_CLASSES)
        return err_set(
            err, ERR_PROTOCOL, "the model has more than %u classes or targets", MAX_CLASSES);
    enum err_code code = check_booster(&reader, param, booster, err);
    if (code != ERR_NONE)
        return code;
    if (u32_at(param + LEARNER_HAS_ATTRIBUTES) != 0)
        take_texts(&reader, 2);
    /* libxgboost 1.x keeps them among the attributes, and reads a list of older ones when it finds
     * one. */
    if (u32_at(param + LEARNER_HAS_METRICS) != 0 && reader.at != reader.end)
        take_texts(&reader, 1);
    return damage(&reader, bytes, err);
}

struct str model_booster_name(struct str bytes)
{
    struct reader reader = reader_of(bytes);
    (void) take(&reader, MODEL_MAGIC_BYTES + LEARNER_PARAM_BYTES);
    (void) take_name(&reader); /* the objective */
    return take_name(&reader);
}
