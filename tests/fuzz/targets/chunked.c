/* Bodies in the content encoding aws-chunked: what comes out does not depend on how the bytes were
 * cut on their way. */
#include "tests/fuzz/fuzz.h"

#include "engine/local/s3_chunked.h"

struct outcome {
    enum err_code code;
    struct buf bytes;
    struct chunked chunked;
};

static enum err_code sink(void *arg, struct str bytes, struct err *err)
{
    (void) err;
    FUZZ_HOLDS(bytes.len > 0);
    buf_add(arg, bytes);
    return ERR_NONE;
}

/* rng NULL: byte by byte, or whole in one piece. */
static void
decode(struct arena *arena, struct str input, bool whole, struct rng *rng, struct outcome *out)
{
    struct err err = {0};
    buf_init(&out->bytes, MIB(1));
    out->chunked = (struct chunked){.arena = arena, .sink = sink, .arg = &out->bytes};
    out->code = ERR_NONE;
    while (input.len > 0 && out->code == ERR_NONE) {
        size_t n = whole ? input.len : rng == NULL ? 1 : 1 + (size_t) rng_below(rng, 40);
        struct str piece = str_slice(input, 0, n);
        out->code = chunked_feed(&out->chunked, piece, &err);
        input = str_from_index(input, piece.len);
    }
    fuzz_check_err(out->code, &err);
}

static void same(const struct outcome *a, const struct outcome *b)
{
    FUZZ_HOLDS(a->code == b->code);
    FUZZ_HOLDS(str_eq(buf_str(&a->bytes), buf_str(&b->bytes)));
    FUZZ_HOLDS(a->chunked.state == b->chunked.state);
    FUZZ_HOLDS(a->chunked.trailers.len == b->chunked.trailers.len);
    for (size_t i = 0; i < a->chunked.trailers.len; i++) {
        const struct chunked_trailer *x = &a->chunked.trailers.items[i];
        const struct chunked_trailer *y = &b->chunked.trailers.items[i];
        FUZZ_HOLDS(str_eq(x->name, y->name) && str_eq(x->value, y->value));
    }
}

void fuzz_chunked(struct str input)
{
    AUTO(arena_close) struct arena *arena = arena_new("fuzz", 0);
    struct rng rng = fuzz_rng(input);
    struct outcome whole, bytes, cut;
    decode(arena, input, true, NULL, &whole);
    decode(arena, input, false, NULL, &bytes);
    decode(arena, input, false, &rng, &cut);
    same(&whole, &bytes);
    same(&whole, &cut);
    FUZZ_HOLDS(whole.bytes.len <= input.len);
    buf_done(&whole.bytes);
    buf_done(&bytes.bytes);
    buf_done(&cut.bytes);
}
