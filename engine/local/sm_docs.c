#include "engine/local/sm_docs.h"

#include "engine/local/sm.h"

enum { SLOTS = 64, KEPT_MAX_BYTES = 8 * 1024 };

struct slot {
    struct arena *arena; /* NULL: never used */
    struct str text;
    struct json *doc;
};

struct sm_docs {
    struct slot slots[SLOTS];
};

struct sm_docs *sm_docs_new(void)
{
    struct sm_docs *docs = xmalloc(sizeof(*docs));
    *docs = (struct sm_docs){0};
    return docs;
}

void sm_docs_free(void *state)
{
    struct sm_docs *docs = state;
    for (size_t i = 0; docs != NULL && i < SLOTS; i++)
        arena_free(docs->slots[i].arena);
    xfree(docs);
}

/* By its length and a few bytes from all over it: the whole text is compared anyway. */
static size_t place_of(struct str text)
{
    uint64_t sum = text.len;
    for (size_t i = 1; i <= 16; i++)
        sum = sum * 31 + (unsigned char) text.ptr[(text.len - 1) * i / 16];
    return sum * UINT64_C(0x9E3779B97F4A7C15) >> 58;
}
_Static_assert(SLOTS == 1 << (64 - 58), "place_of() gives as many bits");

static struct json *parse(struct arena *arena, struct str text)
{
    struct json *doc = NULL;
    UNFILLED struct err err;
    /* We wrote it: it can only be something else in a damaged file. */
    return json_parse(arena, text, MIB(4), &doc, &err) == ERR_NONE ? doc : json_object(arena);
}

struct json *sm_doc_read(struct local *local, struct arena *arena, struct str text)
{
    struct sm_docs *docs = local_state(local, &local_sm_room);
    if (docs == NULL || text.len == 0 || text.len > KEPT_MAX_BYTES)
        return parse(arena, text);
    struct slot *slot = &docs->slots[place_of(text)];
    if (!str_eq(slot->text, text)) {
        if (slot->arena == NULL)
            slot->arena = arena_new("a document", 0);
        arena_reset(slot->arena);
        slot->text = str_dup(slot->arena, text);
        slot->doc = parse(slot->arena, text);
    }
    return json_copy(arena, slot->doc);
}
