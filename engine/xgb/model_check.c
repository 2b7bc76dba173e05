#include "engine/xgb/model_check.h"

#include "engine/xgb/model_reader.h"
#include "engine/xgb/ubjson.h"

/* Before a member's value, which sets what it is. */
static void forget_value(struct reader *reader)
{
    reader->number = UINT64_MAX;
    reader->linear = reader->weights = false;
}

#define MAX_DEPTH 64

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

static const struct str s_tree_arrays[TREE_ARRAY_COUNT] = {
#define TREE_ARRAY_NAME(name) STR_INIT(#name),
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
    bool weights;       /* a member of that name */
    bool linear;        /* the name is "gblinear" ... */
    bool model_weights; /* ... and the model has weights */
    unsigned n_models;
    bool repeated; /* one came twice: which of them counts is anybody's guess */
};

static uint64_t number_of(struct str digits)
{
    uint64_t number = 0;
    return str_to_u64(digits, &number) ? number : 0;
}

/* A member, when its value has been read. */
static void
shape_note(struct tree_shape *shape, const struct reader *reader, struct str name, uint64_t size)
{
    shape->weights = shape->weights || str_eq(name, STR("weights"));
    if (str_eq(name, STR("id")))
        shape->id = reader->number;
    if (str_eq(name, STR("name")))
        shape->linear = shape->linear || reader->linear;
    if (str_eq(name, STR("model"))) {
        shape->model_weights = reader->weights;
        shape->n_models++;
    }
    if (str_eq(name, STR("num_nodes")) || str_eq(name, STR("num_trees")))
        shape->counted = size;
    for (size_t i = 0; i < FOREST_PARTS; i++)
        if (str_eq_z(name, s_forest_parts[i])) {
            shape->forest[i] = size;
            shape->n_forest++;
        }
    for (size_t i = 0; i < TREE_ARRAY_COUNT; i++) {
        if (!str_eq(name, s_tree_arrays[i]))
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
    /* GBLinearModel::LoadModel() takes what it looks for as found. */
    if (shape->linear && (shape->n_models != 1 || !shape->model_weights))
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
    return str_eq(name, STR("left_children")) || str_eq(name, STR("right_children")) ||
           str_eq(name, STR("parents"));
}

/* The number of a node, -1 for none, or the root's mark for no parent. The parent of any other node
 * is looked up without a question. */
static bool is_node(struct str name, uint64_t at, int64_t node, uint64_t count)
{
    if (node >= 0 && (uint64_t) node < count)
        return true;
    return (node == -1 || node == INT32_MAX) && (at == 0 || !str_eq(name, STR("parents")));
}

/* ---- UBJSON ---- */

/* Big-endian; what is negative, or no whole number, is no number of anything. */
static void take_number(struct reader *reader, int type)
{
    unsigned size = ubjson_number_size(type);
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
        unsigned size = ubjson_number_size(take_char(reader));
        if (size == 0 || take_char(reader) != '#')
            reader->failed = true;
        uint64_t count = ubjson_length(reader);
        if (size != 0 && count > (uint64_t) (reader->end - reader->at) / size)
            reader->failed = true;
        (void) take(reader, reader->failed ? 0 : count * size);
        return count;
    }
    if (peek(reader) == '#') {
        (void) take(reader, 1);
        uint64_t count = ubjson_length(reader);
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
static bool ubjson_nodes_sound(
    const struct reader *reader, struct str name, const unsigned char *start, uint64_t count)
{
    if (reader->failed || start[0] != '[' || start[1] != '$' || start[2] != 'l')
        return false;
    const unsigned char *nodes = reader->at - count * 4;
    for (uint64_t i = 0; i < count; i++)
        if (!is_node(name, i, (int32_t) ubjson_u32_at(nodes + 4 * i), count))
            return false;
    return true;
}

static uint64_t skip_object(struct reader *reader, int depth)
{
    struct tree_shape shape = {.id = UINT64_MAX};
    while (!reader->failed && peek(reader) != '}') {
        struct str name = ubjson_text(reader);
        const unsigned char *start = reader->at;
        forget_value(reader);
        uint64_t size = skip_value(reader, take_char(reader), depth);
        shape_note(&shape, reader, name, size);
        if (holds_nodes(name) && !ubjson_nodes_sound(reader, name, start, size))
            reader->failed = true;
    }
    (void) take(reader, 1);
    reader->failed = reader->failed || !shape_sound(reader, &shape);
    reader->weights = shape.weights;
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
    if (type == 'S') {
        struct str text = ubjson_text(reader);
        reader->linear = str_eq_z(text, "gblinear");
        return number_of(text);
    }
    if (ubjson_number_size(type) > 0)
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
static bool json_nodes_sound(struct str name, struct str text, uint64_t count)
{
    struct str rest = str_trim(text), part;
    if (rest.len < 2 || rest.ptr[0] != '[')
        return false;
    rest = str_slice(rest, 1, rest.len - 1);
    for (uint64_t i = 0; count > 0 && str_split(&rest, ',', &part); i++) {
        int64_t node = 0;
        if (!str_to_i64(str_trim(part), &node) || !is_node(name, i, node, count))
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
            /* Escaped, a name could be one of those that are looked for. */
            reader->failed = reader->failed || str_index(name, '\\') != SIZE_MAX;
            reader->failed = reader->failed || next_json(reader) != ':';
            (void) take(reader, 1);
        }
        const unsigned char *start = reader->at;
        forget_value(reader);
        uint64_t size = skip_json(reader, depth);
        struct str value = str_of(start, (size_t) (reader->at - start));
        if (str_eq_z(name, "name") && str_index(value, '\\') != SIZE_MAX)
            reader->failed = true;
        shape_note(&shape, reader, name, size);
        if (holds_nodes(name) && !json_nodes_sound(name, value, size))
            reader->failed = true;
        c = next_json(reader);
        (void) take(reader, 1);
        reader->failed = reader->failed || (c != ',' && c != closer);
    }
    reader->failed = reader->failed || !shape_sound(reader, &shape);
    reader->weights = shape.weights;
    return closer == '}' ? shape.counted : count;
}

static uint64_t skip_json(struct reader *reader, int depth)
{
    int c = next_json(reader);
    reader->failed = reader->failed || depth == MAX_DEPTH || c < 0;
    if (reader->failed)
        return 0;
    if (c == '"') {
        struct str text = take_json_string(reader);
        reader->linear = str_eq_z(text, "gblinear");
        return number_of(text);
    }
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
