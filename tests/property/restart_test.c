/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart_test.c - a restart never meets its predecessor, in random trees.
 *
 * Workers hold listening sockets, names, timers, calls, tokens and helpers, who hold the same
 * and take their time to stop.  Random ones fail, leave or are killed, supervisors are killed;
 * starts fail in the middle.  Whenever an init runs, nothing may be left of who was in that
 * place before, and whenever an end is told, nothing of what was below it.
 *
 *      COPPICE_SEED=n    that run alone
 *      COPPICE_SEEDS=n   so many runs instead of 300
 *      COPPICE_FULL=1    20,000 runs
 *
 * That it sees what it is for is shown by the mutations that name it (tests/mutation): a plan
 * that does not wait for who was told to stop, a failed start whose rest is not awaited, an
 * actor that ends before its children, tokens answered after the end was told.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/node.h"
#include "property/restart.h"

uint32_t
wood_pick(wood *self, uint32_t bound)
{
    return copi_rng_below(&self->rng, bound);
}

void
wood_fail(wood *self, const char *format, ...)
{
    va_list args;

    if (self->failure[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(self->failure, sizeof self->failure, format, args);
    va_end(args);
}

/* ------------------------------------------------------------------------------ lives */

static int
life_of(const wood *self, cop_pid pid)
{
    int who = self->life_count - 1;

    while (who >= 0 && !cop_pid_equal(self->lives[who].pid, pid))
        who--;
    return who;
}

int
wood_begin(wood *self, cop_actor *me, bool is_supervisor)
{
    int who = self->life_count;

    if (who == LIVES)
        return NOBODY;
    self->lives[who] = (life){.pid = cop_self(me),
                              .parent = life_of(self, cop_owner(me)),
                              .is_supervisor = is_supervisor};
    self->life_count++;
    cop_cast(me, self->eye, look, .life = who);
    return who;
}

static bool
is_below(const wood *self, int who, int above)
{
    while (who != NOBODY && who != above)
        who = self->lives[who].parent;
    return who == above;
}

/* The slot of its record is not its own any more, so the record has given all back. */
static bool
has_record(const wood *self, cop_pid pid)
{
    cop_actor *record = copi_table_find(&self->node->table, copi_slot(pid.id));

    return record != NULL && atomic_load(&record->id) == pid.id;
}

static void
expect_gone(wood *self, int who, int whose, const char *when)
{
    const life *one = &self->lives[who];

    EXPECT(self, one->is_gone || one->is_supervisor, "life %d, below %d, is left %s", who,
           whose, when);
    EXPECT(self, !has_record(self, one->pid), "the record of life %d, below %d, is left %s",
           who, whose, when);
}

void
wood_expect_bereaved(wood *self, int who, const char *when)
{
    for (int i = who + 1; i < self->life_count; i++)
        if (is_below(self, i, who)) {
            expect_gone(self, i, who, when);
            self->bereaved++;
        }
}

void
wood_expect_gone(wood *self, int who, const char *when)
{
    expect_gone(self, who, who, when);
    wood_expect_bereaved(self, who, when);
}

/* -------------------------------------------------------------------------- the tree */

static cop_err
supervisor_begins(cop_actor *me, const cop_child *row)
{
    wood *self = *(wood *const *)row->reporter->ctx;

    return wood_begin(self, me, true) == NOBODY ? COP_E_FAILED : COP_OK;
}

static void
report(COP_UNUSED void *ctx, COP_UNUSED const cop_report *what)
{
}

static wood *current; /* one run at a time */
static const cop_reporter reporter = {report, &current};

static void
grow_worker(wood *self, cop_child *row)
{
    static const int32_t patience[] = {0,           5, 50, COP_STOP_BRUTAL, COP_STOP_NO_WAIT,
                                       COP_INFINITY};
    static slot *places[SLOTS]; /* what their args point at */
    slot *slot = &self->slots[self->slot_count];

    *slot = (struct slot){.wood = self, .number = self->slot_count, .last = NOBODY};
    snprintf(slot->name, sizeof slot->name, "w%d", slot->number);
    places[self->slot_count++] = slot;
    row->name = slot->name;
    row->run = &wood_worker;
    row->arg = &places[slot->number];
    row->stop_ms = patience[wood_pick(self, COP_COUNT(patience))];
}

static void grow(wood *self, cop_child *row, int depth);

/* Rows for up to four children and the end of the table. */
static const cop_child *
grow_below(wood *self, int depth)
{
    uint32_t count = 1 + wood_pick(self, 4);
    cop_child *rows = &self->rows[self->row_count];

    self->row_count += (int)count + 1;
    for (uint32_t i = 0; i < count; i++) {
        rows[i].restart = wood_pick(self, 5) < 4 ? COP_PERMANENT : COP_TRANSIENT;
        if (depth < 2 && wood_pick(self, 3) == 0 && self->row_count + 6 < ROWS)
            grow(self, &rows[i], depth + 1);
        else if (self->slot_count < SLOTS)
            grow_worker(self, &rows[i]);
        else
            memset(&rows[i], 0, sizeof rows[i]);
    }
    return rows;
}

static void
grow(wood *self, cop_child *row, int depth)
{
    int number = self->row_count;

    snprintf(self->names[number], sizeof self->names[number], "s%d", number);
    row->name = self->names[number];
    row->anonymous = true;
    row->strategy = (cop_strategy)wood_pick(self, COP_DYNAMIC);
    row->budget = (cop_budget){100000, 1};
    row->init = supervisor_begins;
    row->reporter = &reporter;
    row->sup = grow_below(self, depth);
}

/* ---------------------------------------------------------------------------- a run */

static void
no_log(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

static void
something_happens(wood *self)
{
    int who = (int)wood_pick(self, (uint32_t)self->life_count);
    const life *one = &self->lives[who];
    cop_err err = COP_OK;

    if (one->is_gone || !has_record(self, one->pid) ||
        (who == 0 && wood_pick(self, 20) != 0)) /* the top */
        return;
    if (one->is_supervisor || wood_pick(self, 3) == 0)
        err = cop_post(self->node, self->eye, strike, .life = who);
    else if (wood_pick(self, 3) == 0)
        err = cop_post(self->node, one->pid, leave);
    else
        err = cop_post(self->node, one->pid, fall);
    EXPECT(self, err == COP_OK || err == COP_E_NOPROC, "post: %s", cop_err_name(err));
}

static void
play(wood *self)
{
    cop_child *top = &self->rows[self->row_count++];
    cop_pid pid;
    cop_node_stats stats;

    self->row_count++; /* the end of its table */
    grow(self, top, 0);
    cop_err err = cop_sim_spawn(self->node, &cop_supervisor,
                                &(cop_spawn_opts){.arg = top, .stop_ms = COP_INFINITY}, &pid);
    EXPECT(self, err == COP_OK, "the tree does not start: %s", cop_err_name(err));
    for (int i = 0; i < 60 && self->failure[0] == '\0' && self->life_count < LIVES / 2; i++) {
        something_happens(self);
        for (uint32_t steps = wood_pick(self, 60); steps > 0; steps--)
            cop_sim_step(self->sim);
    }
    self->is_calm = true;
    cop_sim_run_for(self->sim, 1000);
    EXPECT(self, cop_sim_stop(self->sim, self->node, 100000), "the node does not stop");
    for (int i = 0; i < self->life_count; i++)
        EXPECT(self, self->lives[i].is_gone || self->lives[i].is_supervisor, "life %d is left",
               i);
    cop_node_stats_read(self->node, &stats);
    EXPECT(self, stats.timers == 0 && stats.live_messages == 0 && stats.actors == 0,
           "something is left");
}

/* False if something did not fit. */
static bool
run(uint64_t seed, wood *self)
{
    cop_node_opts opts = {.on_log = no_log};

    memset(self, 0, sizeof *self);
    current = self;
    self->rng = (copi_rng){seed};
    assert_int_equal(cop_sim_new(&self->sim, seed), COP_OK);
    assert_int_equal(cop_sim_node(self->sim, &opts, &self->node), COP_OK);
    assert_int_equal(
        cop_sim_spawn(self->node, &wood_eye, &(cop_spawn_opts){.arg = &current}, &self->eye),
        COP_OK);
    play(self);
    cop_sim_free(&self->sim);
    if (self->failure[0] != '\0')
        print_error("seed %" PRIu64 ": %s\nreplay with COPPICE_SEED=%" PRIu64 "\n", seed,
                    self->failure, seed);
    return self->failure[0] == '\0';
}

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void
nothing_is_left_when_the_next_begins_or_the_end_is_told(COP_UNUSED void **state)
{
    uint64_t usual = getenv("COPPICE_UNDER_VALGRIND") != NULL ? 10 : 300;
    uint64_t count = number("COPPICE_SEEDS", getenv("COPPICE_FULL") != NULL ? 20000 : usual);
    uint64_t only = number("COPPICE_SEED", 0), restarts = 0, downs = 0, bereaved = 0;
    wood *self = malloc(sizeof *self);

    assert_non_null(self);
    for (uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? count : only); seed++) {
        bool is_good = run(seed, self);
        restarts += self->restarts;
        downs += self->downs;
        bereaved += self->bereaved;
        if (!is_good) {
            free(self);
            fail();
        }
    }
    free(self);
    print_message("%" PRIu64 " restarts, %" PRIu64 " ends told, %" PRIu64 " below them\n",
                  restarts, downs, bereaved);
    assert_true(only != 0 || (restarts > 10 * count && downs > 20 * count));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_when_the_next_begins_or_the_end_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
