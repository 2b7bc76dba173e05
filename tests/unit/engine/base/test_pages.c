#include "tests/harness/test.h"

#include "engine/base/arena.h"
#include "engine/base/pages.h"
#include "engine/base/rng.h"

#include <pthread.h>

enum { BLOCKS = 200, TURNS = 4000 };

struct block {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

static void take(struct block *block, size_t size, unsigned char mark)
{
    *block = (struct block){.bytes = pages_take(size), .size = size, .mark = mark};
    memset(block->bytes, mark, size);
}

static bool is_whole(const struct block *block)
{
    for (size_t i = 0; i < block->size; i++)
        if (block->bytes[i] != block->mark)
            return false;
    return true;
}

static bool give(struct block *block)
{
    bool whole = is_whole(block);
    pages_give(block->bytes, block->size);
    block->bytes = NULL;
    return whole;
}

/* Blocks of all sizes come and go at random; none ever lies in another. */
static bool churn(uint64_t seed)
{
    struct block *blocks = xmalloc(BLOCKS * sizeof(*blocks));
    struct rng rng;
    bool good = true;
    memset(blocks, 0, BLOCKS * sizeof(*blocks));
    rng_seed(&rng, seed);
    for (int turn = 0; turn < TURNS; turn++) {
        struct block *block = &blocks[rng_below(&rng, BLOCKS)];
        if (block->bytes != NULL) {
            good = give(block) && good;
            continue;
        }
        size_t most = turn % 1000 == 0 ? MIB(6) : turn % 10 == 0 ? MIB(1) : KIB(8);
        take(block, 1 + (size_t) rng_below(&rng, most), (unsigned char) turn);
        good = good && (uintptr_t) block->bytes % PAGES_ALIGNMENT == 0;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        good = (blocks[i].bytes == NULL || give(&blocks[i])) && good;
    xfree(blocks);
    return good;
}

static void blocks_are_apart(void **state)
{
    (void) state;
    assert_true(churn(test_seed()));
    assert_int_equal(pages_mapped_bytes(), 0);
}

static void *churn_thread(void *arg)
{
    *(bool *) arg = churn(test_seed() + (uintptr_t) arg % 1000);
    return NULL;
}

static void threads_share_it(void **state)
{
    (void) state;
    pthread_t threads[3];
    bool good[3] = {false};
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn_thread, &good[i]), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_true(good[i]);
    }
    assert_int_equal(pages_mapped_bytes(), 0);
}

/* Sizes that come again find the room of those that went, wherever they were. */
static void room_is_used_again(void **state)
{
    (void) state;
    static struct block blocks[300];
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        take(&blocks[i], KIB(200), (unsigned char) i);
    size_t mapped = pages_mapped_bytes();
    assert_in_range(mapped, ARRAY_LEN(blocks) * KIB(200), ARRAY_LEN(blocks) * KIB(200) + MIB(33));
    for (size_t i = 0; i < ARRAY_LEN(blocks); i += 2)
        assert_true(give(&blocks[i]));
    for (size_t i = 0; i < ARRAY_LEN(blocks); i += 2)
        take(&blocks[i], KIB(199), (unsigned char) i);
    assert_int_equal(pages_mapped_bytes(), mapped);
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        assert_true(give(&blocks[i]));
    assert_int_equal(pages_mapped_bytes(), 0);
}

/* What is unused on both sides of a block becomes one with it. */
static void neighbours_join(void **state)
{
    (void) state;
    static const size_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {2, 1, 0}, {2, 0, 1}};
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct block first, blocks[3], last, again;
        take(&first, 64, 1);
        for (size_t k = 0; k < 3; k++)
            take(&blocks[k], MIB(3), 2);
        take(&last, 64, 3);
        const unsigned char *where = blocks[0].bytes;
        for (size_t k = 0; k < 3; k++)
            assert_true(give(&blocks[orders[i][k]]));
        take(&again, MIB(3) + KIB(900), 4); /* larger than one of them */
        assert_ptr_equal(again.bytes, where);
        assert_true(give(&again) && give(&first) && give(&last));
    }
    assert_int_equal(pages_mapped_bytes(), 0);
}

static void large_ones_go_back(void **state)
{
    (void) state;
    struct block block;
    take(&block, MIB(5) + 1, 7);
    assert_int_equal(pages_mapped_bytes(), MIB(5) + KIB(4));
    assert_int_equal((uintptr_t) block.bytes % MIB(2), 0);
    assert_true(give(&block));
    assert_int_equal(pages_mapped_bytes(), 0);
    pages_give(NULL, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_apart),   cmocka_unit_test(threads_share_it),
        cmocka_unit_test(room_is_used_again), cmocka_unit_test(neighbours_join),
        cmocka_unit_test(large_ones_go_back),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
