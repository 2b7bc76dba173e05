#include "engine/xgb/model_check.h"

#include "engine/base/arena.h"
#include "engine/xgb/model_binary.h"

/* A reader that cannot run past the end: what is not there makes it fail for good. */
struct reader {
    const unsigned char *at, *end;
    bool failed;
    uint64_t number; /* the last whole number; UINT64_MAX: it was none */
    uint64_t trees;  /* that have been met */
};

static struct reader reader_of(struct str bytes)
{
    const unsigned char *start = (const unsigned char *) bytes.ptr;
    return (struct reader){.at = start, .end = start + bytes.len};
}

static const unsigned char *take(struct reader *reader, uint64_t len)
{
    if (reader->failed || len > (uint64_t) (reader->end - reader->at)) {
        reader->failed = true;
        return NULL;
    }
    const unsigned char *bytes = reader->at;
    reader->at += len;
    return bytes;
}

static int take_char(struct reader *reader)
{
    const unsigned char *byte = take(reader, 1);
    return byte != NULL ? *byte : -1;
}

#define MAX_DEPTH 64
#define MAX_CLASSES 1000000U

static int peek(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : -1;
}

static enum err_code damage(const struct reader *reader, struct str bytes, struct err *err)
{
    if (!reader->failed)
        return ERR_NONE;
    return err_set(
        err, ERR_PROTOCOL, "the model is cut off or damaged at byte %zu",
        (size_t) (reader->at - (const unsigned char *) bytes.ptr));
}

/* ---- what libxgboost takes for granted of a tree's arrays (RegTree::LoadModel) ---- */

/* To add one: a line here; all but the categories have one element per node, and tree_param says
 * how many. */
#define TREE_ARRAYS(X) \
    X(base_weights) \
    X(default_left) \
    X(left_children) \
    X(loss_changes) \
    X(parents) \
    X(right_children) \
    X(split_conditions) \
    X(split_indices) \
    X(split_type) \
    X(sum_hessian) \
    X(tree_param) \
    X(categories_nodes) \
    X(categories_segments) \
    X(categories_sizes) \
    X(categories)

enum tree_array {
#define TREE_ARRAY_ENUM(name) TREE_##name,
    TREE_ARRAYS(TREE_ARRAY_ENUM)
#undef TREE_ARRAY_ENUM
        TREE_ARRAY_COUNT
};

static const char *const s_tree_arrays[TREE_ARRAY_COUNT] = {
#define TREE_ARRAY_NAME(name) #name,
    TREE_ARRAYS(TREE_ARRAY_NAME)
#undef TREE_ARRAY_NAME
};

/* And of a forest (GBTreeModel::LoadModel): as many of each. */
static const char *const s_forest_parts[] = {"gbtree_model_param", "tree_info", "trees"};

#define FOREST_PARTS ARRAY_LEN(s_forest_parts)

/* Sizes by name, absent ones 0: of an array its length, of a string the number in it, of an object
 * that of its member num_nodes or num_trees, by which tree_param and gbtree_model_param say how
 * many there are. */
struct tree_shape {
    uint64_t sizes[TREE_ARRAY_COUNT];
    bool seen[TREE_ARRAY_COUNT];
    uint64_t counted; /* num_nodes, num_trees */
    uint64_t id;
    uint64_t forest[FOREST_PARTS];
    unsigned n_forest;
    bool repeated; /* one came twice: which of them counts is anybody's guess */
};

static uint64_t number_of(struct str digits)
{
    uint64_t number = 0;
    return str_to_u64(digits, &number) ? number : 0;
}

static void shape_note(struct tree_shape *shape, struct str name, uint64_t size)
{
    if (str_eq_z(name, "num_nodes") || str_eq_z(name, "num_trees"))
        shape->counted = size;
    for (size_t i = 0; i < FOREST_PARTS; i++)
        if (str_eq_z(name, s_forest_parts[i])) {
            shape->forest[i] = size;
            shape->n_forest++;
        }
    for (size_t i = 0; i < TREE_ARRAY_COUNT; i++) {
        if (!str_eq_z(name, s_tree_arrays[i]))
            continue;
        shape->repeated = shape->repeated || shape->seen[i];
        shape->seen[i] = true;
        shape->sizes[i] = size;
    }
}

/* Models with categorical splits are refused as a whole: the ranges in categories_* are followed
 * unchecked, and the container of 1.7 cannot train such models. */
static bool shape_sound(struct reader *reader, const struct tree_shape *shape)
{
    /* A tree goes where its id says, and where none went there is none. */
    if (shape->seen[TREE_left_children] && shape->id != reader->trees++)
        return false;
    if (shape->n_forest > 0 &&
        (shape->n_forest != FOREST_PARTS || shape->forest[0] != shape->forest[1] ||
         shape->forest[1] != shape->forest[2]))
        return false;
    if (!shape->seen[TREE_left_children])
        return true;
    for (size_t i = 0; i < TREE_ARRAY_COUNT; i++) {
        uint64_t want = i >= TREE_categories_nodes ? 0 : shape->sizes[TREE_left_children];
        /* split_type came with categories; older models do without. */
        if (shape->sizes[i] != want && !(i == TREE_split_type && shape->sizes[i] == 0))
            return false;
    }
    return shape->sizes[TREE_left_children] > 0 && !shape->repeated;
}

/* Loading already follows these. */
static bool holds_nodes(struct str name)
{
    return str_eq_z(name, "left_children") || str_eq_z(name, "right_children") ||
           str_eq_z(name, "parents");
}

/* A node's number, -1 for none, or the root's mark for no parent. */
static bool is_node(int64_t node, uint64_t count)
{
    return node == -1 || node == INT32_MAX || (node >= 0 && (uint64_t) node < count);
}

/* ---- UBJSON ---- */

/* The writer of every XGBoost uses 'L', eight bytes and big-endian, for lengths; its reader accepts
 * nothing else. */
static uint64_t take_length(struct reader *reader)
{
    if (take_char(reader) != 'L')
        reader->failed = true;
    const unsigned char *bytes = take(reader, 8);
    uint64_t value = 0;
    for (int i = 0; bytes != NULL && i < 8; i++)
        value = value << 8 | bytes[i];
    if (value > INT64_MAX)
        reader->failed = true;
    return value;
}

static struct str take_string(struct reader *reader)
{
    uint64_t len = take_length(reader);
    const unsigned char *text = take(reader, len);
    return reader->failed ? STR_NULL : str_of(text, len);
}

/* The size of a number of this type; 0 for anything else. */
static unsigned number_size(int type)
{
    switch (type) {
    case 'i':
    case 'U':
    case 'C':
        return 1;
    case 'I':
        return 2;
    case 'l':
    case 'd':
        return 4;
    case 'L':
    case 'D':
        return 8;
    default:
        return 0;
    }
}

/* Big-endian; what is negative, or no whole number, is no number of anything. */
static void take_number(struct reader *reader, int type)
{
    unsigned size = number_size(type);
    const unsigned char *bytes = take(reader, size);
    uint64_t value = 0;
    for (unsigned i = 0; bytes != NULL && i < size; i++)
        value = value << 8 | bytes[i];
    bool whole = type != 'C' && type != 'd' && type != 'D' && bytes != NULL;
    reader->number = whole && (type == 'U' || bytes[0] < 0x80) ? value : UINT64_MAX;
}

/* Returns the size that shape_note() takes. */
static uint64_t skip_value(struct reader *reader, int type, int depth);

/* After '[': "$" type "#" count numbers, or "#" count values, or values up to "]". */
static uint64_t skip_array(struct reader *reader, int depth)
{
    if (peek(reader) == '$') {
        (void) take(reader, 1);
        unsigned size = number_size(take_char(reader));
        if (size == 0 || take_char(reader) != '#')
            reader->failed = true;
        uint64_t count = take_length(reader);
        if (size != 0 && count > (uint64_t) (reader->end - reader->at) / size)
            reader->failed = true;
        (void) take(reader, reader->failed ? 0 : count * size);
        return count;
    }
    if (peek(reader) == '#') {
        (void) take(reader, 1);
        uint64_t count = take_length(reader);
        /* A value takes a byte at least, so the count cannot be larger than what is left. */
        if (count > (uint64_t) (reader->end - reader->at))
            reader->failed = true;
        for (uint64_t i = 0; i < count && !reader->failed; i++)
            (void) skip_value(reader, take_char(reader), depth);
        return count;
    }
    uint64_t count = 0;
    for (int type = take_char(reader); type != ']' && !reader->failed; type = take_char(reader)) {
        (void) skip_value(reader, type, depth);
        count++;
    }
    return count;
}

/* The array that ends here is "$l#" with count numbers. */
static bool
ubjson_nodes_sound(const struct reader *reader, const unsigned char *start, uint64_t count)
{
    if (reader->failed || start[0] != '[' || start[1] != '$' || start[2] != 'l')
        return false;
    for (const unsigned char *at = reader->at - count * 4; at < reader->at; at += 4) {
        uint32_t node = (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 |
                        (uint32_t) at[3];
        if (!is_node((int32_t) node, count))
            return false;
    }
    return true;
}

static uint64_t skip_object(struct reader *reader, int depth)
{
    struct tree_shape shape = {.id = UINT64_MAX};
    while (!reader->failed && peek(reader) != '}') {
        struct str name = take_string(reader);
        const unsigned char *start = reader->at;
        reader->number = UINT64_MAX;
        uint64_t size = skip_value(reader, take_char(reader), depth);
        shape_note(&shape, name, size);
        if (str_eq_z(name, "id"))
            shape.id = reader->number;
        if (holds_nodes(name) && !ubjson_nodes_sound(reader, start, size))
            reader->failed = true;
    }
    (void) take(reader, 1);
    reader->failed = reader->failed || !shape_sound(reader, &shape);
    return shape.counted;
}

static uint64_t skip_value(struct reader *reader, int type, int depth)
{
    if (depth == MAX_DEPTH)
        reader->failed = true;
    if (reader->failed)
        return 0;
    if (type == '[')
        return skip_array(reader, depth + 1);
    if (type == '{')
        return skip_object(reader, depth + 1);
    if (type == 'S')
        return number_of(take_string(reader));
    if (number_size(type) > 0)
        take_number(reader, type);
    else if (type != 'T' && type != 'F' && type != 'Z')
        reader->failed = true;
    return 0;
}

enum err_code model_check_ubjson(struct str bytes, struct err *err)
{
    struct reader reader = reader_of(bytes);
    (void) skip_value(&reader, take_char(&reader), 0);
    return damage(&reader, bytes, err);
}

/* ---- JSON ---- */

/* Only lengths are looked at: libxgboost's JSON reader does keep to the bytes it was given. */
static uint64_t skip_json(struct reader *reader, int depth);

static bool is_json_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int next_json(struct reader *reader)
{
    while (is_json_blank(peek(reader)))
        reader->at++;
    return peek(reader);
}

static struct str take_json_string(struct reader *reader)
{
    if (take_char(reader) != '"')
        reader->failed = true;
    const unsigned char *start = reader->at;
    for (int c = take_char(reader); c != '"' && !reader->failed; c = take_char(reader))
        if (c == '\\')
            (void) take(reader, 1);
    return reader->failed ? STR_NULL : str_of(start, (size_t) (reader->at - start) - 1);
}

static void skip_json_word(struct reader *reader)
{
    const unsigned char *start = reader->at;
    for (int c = peek(reader); c >= 0 && c != ',' && c != ']' && c != '}' && !is_json_blank(c);
         c = peek(reader))
        reader->at++;
    reader->failed = reader->failed || reader->at == start;
    if (!str_to_u64(str_of(start, (size_t) (reader->at - start)), &reader->number))
        reader->number = UINT64_MAX;
}

/* "[1,-1,3]" */
static bool json_nodes_sound(struct str text, uint64_t count)
{
    struct str rest = str_trim(text), part;
    if (rest.len < 2 || rest.ptr[0] != '[')
        return false;
    rest = str_slice(rest, 1, rest.len - 1);
    while (count > 0 && str_split(&rest, ',', &part)) {
        int64_t node = 0;
        if (!str_to_i64(str_trim(part), &node) || !is_node(node, count))
            return false;
    }
    return true;
}

/* After the opening bracket: names and values, or values alone. */
static uint64_t skip_json_members(struct reader *reader, int closer, int depth)
{
    struct tree_shape shape = {.id = UINT64_MAX};
    uint64_t count = 0;
    if (next_json(reader) == closer) {
        (void) take(reader, 1);
        return 0;
    }
    for (int c = ','; c == ',' && !reader->failed; count++) {
        struct str name = STR_NULL;
        (void) next_json(reader);
        if (closer == '}') {
            name = take_json_string(reader);
            reader->failed = reader->failed || next_json(reader) != ':';
            (void) take(reader, 1);
        }
        const unsigned char *start = reader->at;
        reader->number = UINT64_MAX;
        uint64_t size = skip_json(reader, depth);
        if (str_eq_z(name, "id"))
            shape.id = reader->number;
        struct str value = str_of(start, (size_t) (reader->at - start));
        shape_note(&shape, name, size);
        if (holds_nodes(name) && !json_nodes_sound(value, size))
            reader->failed = true;
        c = next_json(reader);
        (void) take(reader, 1);
        reader->failed = reader->failed || (c != ',' && c != closer);
    }
    reader->failed = reader->failed || !shape_sound(reader, &shape);
    return closer == '}' ? shape.counted : count;
}

static uint64_t skip_json(struct reader *reader, int depth)
{
    int c = next_json(reader);
    reader->failed = reader->failed || depth == MAX_DEPTH || c < 0;
    if (reader->failed)
        return 0;
    if (c == '"')
        return number_of(take_json_string(reader));
    if (c != '{' && c != '[') {
        skip_json_word(reader);
        return 0;
    }
    (void) take(reader, 1);
    return skip_json_members(reader, c == '{' ? '}' : ']', depth + 1);
}

enum err_code model_check_json(struct str bytes, struct err *err)
{
    struct reader reader = reader_of(bytes);
    (void) skip_json(&reader, 0);
    return damage(&reader, bytes, err);
}

/* ---- binary ---- */

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

static enum err_code check_booster(
    struct reader *reader, const unsigned char *param, struct str booster, struct err *err)
{
    if (str_eq_z(booster, "gblinear"))
        return check_linear(reader, param, err);
    const unsigned char *gbtree = take(reader, GBTREE_PARAM_BYTES);
    if (gbtree == NULL)
        return err_set(err, ERR_PROTOCOL, "the model is cut off in its header");
    uint32_t trees = u32_at(gbtree + GBTREE_TREES), classes = u32_at(param + LEARNER_CLASSES);
    enum err_code code = check_trees(
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
