#include "engine/xgb/forest_layout.h"

#include "engine/base/arena.h"
#include "engine/base/pages.h"
#include "engine/xgb/model_binary.h"

enum { LINE_NODES = 64 / sizeof(struct forest_node) };

struct forest_pair {
    uint32_t left; /* its number in the binary tree */
    size_t parent; /* where that was placed */
};

void forest_layout_begin(struct forest_layout *layout, size_t nodes, size_t largest)
{
    /* A group never leaves more of a line empty than it is long. */
    *layout = (struct forest_layout){
        .nodes = xmalloc((2 * nodes + LINE_NODES) * sizeof(*layout->nodes)),
        .waiting = xmalloc((largest / 2 + 1) * sizeof(*layout->waiting))};
}

static uint32_t left_of(const unsigned char *in, uint32_t node)
{
    return u32_at(in + (size_t) node * NODE_BYTES + NODE_LEFT);
}

static struct forest_node node_of(const unsigned char *in, uint32_t node)
{
    const unsigned char *at = in + (size_t) node * NODE_BYTES;
    uint32_t bits = u32_at(at + NODE_VALUE), feature = u32_at(at + NODE_FEATURE);
    struct forest_node out = {.link = 0};
    memcpy(&out.value, &bits, sizeof(bits));
    if (left_of(in, node) != UINT32_MAX)
        out.link = (feature & (FOREST_FEATURES_MAX - 1)) |
                   ((feature & NODE_MISSING_LEFT) != 0 ? FOREST_MISSING_LEFT : 0);
    return out;
}

static void link_to(struct forest_layout *layout, size_t parent, size_t left)
{
    size_t ahead = left - parent;
    if (ahead > FOREST_AHEAD_MAX)
        layout->too_far = true;
    else
        layout->nodes[parent].link |= (uint32_t) ahead << FOREST_AHEAD_SHIFT;
}

/* Places `first` nodes from `node` on, and of their descendants as many pairs as a line has room
 * for; the pairs below those wait. Gives where the first one is. */
static size_t place(
    struct forest_layout *layout,
    const unsigned char *in,
    uint32_t node,
    size_t first,
    size_t *n_waiting)
{
    uint32_t nodes[LINE_NODES];
    size_t inside[LINE_NODES] = {0}, n = first; /* inside: where its left child is, in the group */
    for (size_t i = 0; i < first; i++)
        nodes[i] = node + (uint32_t) i;
    for (size_t i = 0; i < n; i++) {
        uint32_t left = left_of(in, nodes[i]);
        if (left == UINT32_MAX || n + 2 > LINE_NODES)
            continue;
        inside[i] = n;
        nodes[n++] = left;
        nodes[n++] = left + 1;
    }
    while (layout->len % LINE_NODES + n > LINE_NODES)
        layout->nodes[layout->len++] = (struct forest_node){.link = 0};
    size_t start = layout->len;
    for (size_t i = 0; i < n; i++) {
        uint32_t left = left_of(in, nodes[i]);
        layout->nodes[layout->len++] = node_of(in, nodes[i]);
        if (inside[i] > 0)
            link_to(layout, start + i, start + inside[i]);
        else if (left != UINT32_MAX)
            layout->waiting[(*n_waiting)++] = (struct forest_pair){left, start + i};
    }
    return start;
}

size_t forest_layout_add(struct forest_layout *layout, const unsigned char *in)
{
    size_t n_waiting = 0, root = place(layout, in, 0, 1, &n_waiting);
    for (size_t i = 0; i < n_waiting; i++) {
        struct forest_pair pair = layout->waiting[i];
        link_to(layout, pair.parent, place(layout, in, pair.left, 2, &n_waiting));
    }
    return root;
}

size_t forest_layout_bytes(size_t nodes)
{
    return nodes * sizeof(struct forest_node);
}

struct forest_node *forest_layout_end(struct forest_layout *layout)
{
    size_t bytes = forest_layout_bytes(layout->len);
    _Static_assert(PAGES_ALIGNMENT % (LINE_NODES * sizeof(struct forest_node)) == 0, "a line");
    struct forest_node *nodes = pages_take(bytes);
    memcpy(nodes, layout->nodes, bytes);
    xfree(layout->nodes);
    xfree(layout->waiting);
    layout->nodes = NULL;
    layout->waiting = NULL;
    return nodes;
}
