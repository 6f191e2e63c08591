/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool_test.c - pools and their depot: nothing is handed out twice, nothing is lost.
 *
 * The pools are built into this program, with pooling, in every build: where the library
 * takes all from malloc, the sanitizers can still look at the pools themselves.
 */
#undef COPI_NO_POOL
#include "base/pool.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

enum {
    LARGEST = COPI_POOL_CLASSES * COPI_POOL_STEP,
    POOLS = 2,
};

typedef struct stock {
    copi_depot depot;
    copi_pool pools[POOLS];
} stock;

/* How many slabs may still be made; negative: as many as there is memory for. */
static int slabs_left;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
    if (slabs_left == 0)
        return NULL;
    if (slabs_left > 0)
        slabs_left--;
    return __real_aligned_alloc(alignment, size);
}

static int
set_up(void **state)
{
    static stock all;

    slabs_left = -1;
    copi_depot_init(&all.depot);
    for (int i = 0; i < POOLS; i++)
        copi_pool_init(&all.pools[i], &all.depot);
    *state = &all;
    return 0;
}

static int
tear_down(void **state)
{
    copi_depot_fini(&((stock *)*state)->depot);
    return 0;
}

/* ------------------------------------------------------------------------ counting */

static size_t
slab_count(const stock *self)
{
    size_t count = 0;

    for (const copi_pool_slab *slab = self->depot.slabs; slab != NULL; slab = slab->older)
        count++;
    return count;
}

static size_t
length(const copi_pool_block *block)
{
    size_t count = 0;

    for (; block != NULL; block = block->next)
        count++;
    return count;
}

/* Blocks of a class that nobody has.  A batch in the wrong shape fails the test. */
static size_t
free_count(const stock *self, size_t class)
{
    size_t count = 0;

    for (int i = 0; i < POOLS; i++) {
        size_t listed = length(self->pools[i].lists[class].first);
        size_t spare = length(self->pools[i].lists[class].spare);
        assert_int_equal(listed + self->pools[i].lists[class].room, batch_of(class));
        assert_true(spare == 0 || spare == batch_of(class));
        count += listed + spare;
    }
    for (const copi_pool_block *batch = self->depot.classes[class].batches; batch != NULL;
         batch = batch->next_batch) {
        assert_int_equal(length(batch), batch_of(class));
        count += batch_of(class);
    }
    return count;
}

/* All blocks there are, if all slabs are this class's. */
static size_t
cut_count(const stock *self, size_t class)
{
    size_t size = (class + 1) * COPI_POOL_STEP;

    return slab_count(self) * (SLAB_SIZE / size) - self->depot.classes[class].uncut_size / size;
}

static void
take_all(copi_pool *pool, size_t size, size_t count, void *out[])
{
    for (size_t i = 0; i < count; i++) {
        out[i] = copi_pool_take(pool, size);
        assert_non_null(out[i]);
    }
}

static void
give_all(copi_pool *pool, size_t size, size_t count, void *blocks[])
{
    for (size_t i = 0; i < count; i++)
        copi_pool_give(pool, blocks[i], size);
}

static bool
has(void *const blocks[], size_t count, const void *block)
{
    for (size_t i = 0; i < count; i++)
        if (blocks[i] == block)
            return true;
    return false;
}

/* ------------------------------------------------------------------- one after another */

static void
every_size_has_room_for_itself(void **state)
{
    copi_pool *pool = &((stock *)*state)->pools[0];
    static unsigned char *blocks[LARGEST + 2];

    for (size_t size = 0; size < LARGEST + 2; size++) {
        blocks[size] = copi_pool_take(pool, size);
        assert_non_null(blocks[size]);
        assert_int_equal((uintptr_t)blocks[size] % 16, 0);
        memset(blocks[size], (int)(size % 251), size);
    }
    for (size_t size = 0; size < LARGEST + 2; size++) {
        for (size_t i = 0; i < size; i++)
            assert_int_equal(blocks[size][i], size % 251);
        copi_pool_give(pool, blocks[size], size);
    }
}

static void
a_block_is_used_again_for_its_class_only(void **state)
{
    copi_pool *pool = &((stock *)*state)->pools[0];

    for (size_t class = 0; class < COPI_POOL_CLASSES; class ++) {
        size_t least = class * COPI_POOL_STEP + 1, most = least + COPI_POOL_STEP - 1;
        void *block = copi_pool_take(pool, least);
        copi_pool_give(pool, block, most);
        void *other = copi_pool_take(pool, most + 1);
        assert_ptr_not_equal(other, block);
        assert_ptr_equal(copi_pool_take(pool, most), block);
        copi_pool_give(pool, other, most + 1);
    }
}

/* A leak or a free of something else is for the sanitizers and valgrind to see. */
static void
what_is_larger_than_all_classes_is_not_pooled(void **state)
{
    stock *self = *state;
    void *block = copi_pool_take(&self->pools[0], LARGEST + 1);

    assert_non_null(block);
    copi_pool_give(&self->pools[0], block, LARGEST + 1);
    copi_pool_give(&self->pools[0], NULL, LARGEST + 1);
    copi_pool_give(&self->pools[0], NULL, 1);
    assert_int_equal(slab_count(self), 0);
    assert_int_equal(free_count(self, 0), 0);
}

/* Two batches stay with who gave them, the third goes to who needs it. */
static void
a_batch_moves_from_one_pool_to_another(void **state)
{
    stock *self = *state;
    enum {
        CLASS = 3,
        SIZE = (CLASS + 1) * COPI_POOL_STEP
    };
    size_t batch = batch_of(CLASS);
    void *had[3 * 128], *got[3 * 128];

    take_all(&self->pools[0], SIZE, 3 * batch, had);
    size_t cut = cut_count(self, CLASS);
    give_all(&self->pools[0], SIZE, 3 * batch, had);
    take_all(&self->pools[1], SIZE, batch, got);
    take_all(&self->pools[0], SIZE, 2 * batch, got + batch);
    assert_int_equal(cut_count(self, CLASS), cut);
    for (size_t i = 0; i < 3 * batch; i++) {
        assert_true(has(had, 3 * batch, got[i]));
        assert_false(has(got, i, got[i]));
    }
    assert_int_equal(free_count(self, CLASS), 0);
}

/* As between a sender and a receiver on two workers. */
static void
memory_that_goes_one_way_comes_back(void **state)
{
    stock *self = *state;
    enum {
        MANY = 5000,
        SIZE = 100
    };
    size_t class = copi_pool_class(SIZE);
    void *blocks[MANY];

    for (int round = 0; round < 20; round++) {
        take_all(&self->pools[0], SIZE, MANY, blocks);
        give_all(&self->pools[1], SIZE, MANY, blocks);
        assert_int_equal(free_count(self, class), cut_count(self, class));
        /* More than what is in use: two batches that the one keeps, one that the other has
         * begun. */
        assert_true(cut_count(self, class) <= MANY + 3 * batch_of(class));
    }
}

/* A slab of this class ends in the middle of a batch. */
static void
without_memory_all_that_was_cut_is_still_of_use(void **state)
{
    stock *self = *state;
    enum {
        CLASS = 2,
        SIZE = (CLASS + 1) * COPI_POOL_STEP,
        ROOM = SLAB_SIZE / SIZE
    };
    void *blocks[ROOM];

    assert_int_not_equal(ROOM % batch_of(CLASS), 0);
    slabs_left = 0;
    assert_null(copi_pool_take(&self->pools[0], SIZE));
    slabs_left = 1;
    for (int round = 0; round < 2; round++) {
        take_all(&self->pools[0], SIZE, ROOM, blocks);
        for (size_t i = 0; i < ROOM; i++)
            assert_false(has(blocks, i, blocks[i]));
        assert_null(copi_pool_take(&self->pools[0], SIZE));
        assert_null(copi_pool_take(&self->pools[0], SIZE));
        assert_int_equal(free_count(self, CLASS), 0);
        give_all(&self->pools[0], SIZE, ROOM, blocks);
        assert_int_equal(free_count(self, CLASS), ROOM);
    }
    slabs_left = -1;
    assert_non_null(copi_pool_take(&self->pools[1], SIZE));
}

/* ------------------------------------------------------------------ by chance */

/* What is written into a block at both ends; nobody else may write there. */
typedef struct holding {
    unsigned char *block;
    size_t size;
    uint32_t stamp;
} holding;

static void
acquire(copi_pool *pool, holding *out, size_t size, uint32_t stamp)
{
    *out = (holding){copi_pool_take(pool, size), size, stamp};
    assert_non_null(out->block);
    memcpy(out->block, &stamp, sizeof stamp);
    memcpy(out->block + size - sizeof stamp, &stamp, sizeof stamp);
}

static void
release(copi_pool *pool, holding *held)
{
    assert_memory_equal(held->block, &held->stamp, sizeof held->stamp);
    assert_memory_equal(held->block + held->size - sizeof held->stamp, &held->stamp,
                        sizeof held->stamp);
    copi_pool_give(pool, held->block, held->size);
    held->block = NULL;
}

static void
nothing_is_handed_out_twice(void **state)
{
    stock *self = *state;
    enum {
        STEPS = 100000,
        HELD = 2000
    };
    static holding held[HELD];
    uint64_t seed = copi_rng_entropy();
    copi_rng rng = {seed};

    print_message("seed %llu\n", (unsigned long long)seed);
    for (uint32_t i = 0; i < STEPS; i++) {
        holding *one = &held[copi_rng_below(&rng, HELD)];
        copi_pool *pool = &self->pools[copi_rng_below(&rng, POOLS)];
        if (one->block != NULL)
            release(pool, one);
        else
            acquire(pool, one, 8 + copi_rng_below(&rng, LARGEST), i);
    }
    for (int i = 0; i < HELD; i++)
        if (held[i].block != NULL)
            release(&self->pools[0], &held[i]);
}

/* ------------------------------------------------------------------- two threads */

enum {
    EACH = 100000,
    PLACES = 512, /* more than the pools keep, so that batches have to move */
    PARCEL = 1024,
};

typedef struct parcel {
    _Atomic uint32_t owners;
    uint32_t stamp;
} parcel;

typedef struct trader {
    copi_pool *pool;
    _Atomic(parcel *) *places;
    uint32_t number;
    uint32_t spoiled;
    pthread_t thread;
} trader;

/* How often a parcel was not as it was left. */
static uint32_t
hand_in(copi_pool *pool, parcel *found, uint32_t place)
{
    if (found == NULL)
        return 0;
    uint32_t spoiled = found->stamp % PLACES != place;
    spoiled += atomic_fetch_sub_explicit(&found->owners, 1, memory_order_relaxed) != 1;
    copi_pool_give(pool, found, PARCEL);
    return spoiled;
}

/* Leaves parcels in places, and takes what was there, mostly the other's. */
static void *
trade(void *ctx)
{
    trader *self = ctx;

    for (uint32_t i = 0; i < EACH; i++) {
        uint32_t place = (self->number * PLACES / 2 + i) % PLACES;
        parcel *mine = copi_pool_take(self->pool, PARCEL);
        if (mine == NULL)
            abort();
        atomic_init(&mine->owners, 1);
        mine->stamp = i / PLACES * PLACES + place;
        self->spoiled +=
            hand_in(self->pool, atomic_exchange(&self->places[place], mine), place);
    }
    return NULL;
}

static void
threads_share_a_depot(void **state)
{
    stock *self = *state;
    static _Atomic(parcel *) places[PLACES];
    trader traders[POOLS];
    uint32_t spoiled = 0;

    for (uint32_t i = 0; i < POOLS; i++) {
        traders[i] = (trader){.pool = &self->pools[i], .places = places, .number = i};
        assert_int_equal(pthread_create(&traders[i].thread, NULL, trade, &traders[i]), 0);
    }
    for (int i = 0; i < POOLS; i++) {
        assert_int_equal(pthread_join(traders[i].thread, NULL), 0);
        spoiled += traders[i].spoiled;
    }
    for (uint32_t i = 0; i < PLACES; i++)
        spoiled += hand_in(&self->pools[0], atomic_exchange(&places[i], NULL), i);
    assert_int_equal(spoiled, 0);
    assert_int_equal(free_count(self, copi_pool_class(PARCEL)),
                     cut_count(self, copi_pool_class(PARCEL)));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_size_has_room_for_itself),
        TEST(a_block_is_used_again_for_its_class_only),
        TEST(what_is_larger_than_all_classes_is_not_pooled),
        TEST(a_batch_moves_from_one_pool_to_another),
        TEST(memory_that_goes_one_way_comes_back),
        TEST(without_memory_all_that_was_cut_is_still_of_use),
        TEST(nothing_is_handed_out_twice),
        TEST(threads_share_a_depot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
