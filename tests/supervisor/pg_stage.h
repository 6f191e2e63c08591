/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_stage.h - a scope under a supervisor, and actors that do what the test says, in the
 * simulator.
 *
 * Actors are called 'a', 'b', ... in what is said of them: "sport+ab" are a and b joining
 * sport, "sport-a" is a leaving it, "=killed" is the end of a scope.
 */
#ifndef TESTS_SUPERVISOR_PG_STAGE_H
#define TESTS_SUPERVISOR_PG_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <coppice/pg.h>
#include <coppice/sim.h>
#include <coppice/supervisor.h>

enum {
    ACTORS = 6
};

static struct {
    cop_sim *sim;
    cop_node *node;
    cop_pid actors[ACTORS];
    char journal[4096]; /* what followers were told */
    unsigned heard;     /* messages that were published */
    unsigned dead_letters;
} stage;

/* To an actor: do this. */
typedef struct task {
    void (*run)(cop_actor *me);
} task;

static const cop_type task_type = {
    .protocol = "pg_stage", .name = "task", .size = sizeof(task), .flat = true};

#define PG_STAGE(M, F)                                                                         \
    M(1, news, F(i64, n))                                                                      \
    M(2, page, F(buf, data))
COP_PROTOCOL(PG_STAGE)

typedef struct puppet {
    int unused;
} puppet;

static inline void COP_PRINTF(1, 2) note(const char *format, ...)
{
    size_t used = strlen(stage.journal);
    va_list args;

    if (used > 0 && used + 1 < sizeof stage.journal)
        stage.journal[used++] = ' ';
    va_start(args, format);
    vsnprintf(stage.journal + used, sizeof stage.journal - used, format, args);
    va_end(args);
}

/* "ab" in `text`; '?' for somebody whom nobody knows, "..." for many. */
static inline const char *
letters(const cop_pid *pids, size_t count, char text[32])
{
    size_t used = 0;

    for (size_t i = 0; i < count && used < 20; i++) {
        int at = 0;
        while (at < ACTORS && !cop_pid_equal(stage.actors[at], pids[i]))
            at++;
        text[used++] = at < ACTORS ? (char)('a' + at) : '?';
    }
    snprintf(text + used, 32 - used, "%s", used < count ? "..." : "");
    return text;
}

static inline void
note_change(cop_str group, char sign, const cop_pid *pids, size_t count)
{
    char text[32];

    note("%.*s%c%s", (int)group.size, group.data, sign, letters(pids, count, text));
}

COP_HANDLER(puppet, task)
{
    msg->run(me);
    return COP_OK;
}

COP_HANDLER(puppet, cop_pg_joined)
{
    note_change(msg->group, '+', msg->pids.items, msg->pids.count);
    return COP_OK;
}

COP_HANDLER(puppet, cop_pg_left)
{
    note_change(msg->group, '-', msg->pids.items, msg->pids.count);
    return COP_OK;
}

COP_HANDLER(puppet, cop_down)
{
    note("=%s", cop_exit_kind_name(msg->why.kind));
    return COP_OK;
}

COP_HANDLER(puppet, news)
{
    stage.heard++;
    return COP_OK;
}

COP_HANDLER(puppet, page)
{
    stage.heard += cop_buf_size(msg->data) > 0;
    return COP_OK;
}

/* clang-format off */
#define PUPPET_HANDLERS                                                                        \
    COP_HANDLERS(COP_ON(puppet, task), COP_ON(puppet, cop_pg_joined),                          \
                 COP_ON(puppet, cop_pg_left), COP_ON(puppet, cop_down), COP_ON(puppet, news),  \
                 COP_ON(puppet, page))
/* clang-format on */

static const cop_behaviour puppet_b = {
    .name = "puppet", .state_size = sizeof(puppet), .handlers = PUPPET_HANDLERS};

static const cop_child scopes = {
    .name = "scopes",
    .budget = {100,             1                   },
    .sup = COP_CHILDREN({.name = COP_PG,  .run = &cop_pg_scope},
                        {.name = "other", .run = &cop_pg_scope}
      ),
};

static inline void
count_letter(COP_UNUSED void *ctx, COP_UNUSED const cop_dead_letter *letter)
{
    stage.dead_letters++;
}

static inline void
drop_line(COP_UNUSED void *ctx, COP_UNUSED const char *line)
{
}

static inline void
open_stage(uint64_t seed)
{
    const cop_node_opts opts = {
        .name = "n", .on_dead_letter = count_letter, .on_log = drop_line};

    memset(&stage, 0, sizeof stage);
    assert_int_equal(cop_sim_new(&stage.sim, seed), COP_OK);
    assert_int_equal(cop_sim_node(stage.sim, &opts, &stage.node), COP_OK);
    assert_int_equal(cop_sim_spawn(stage.node, &cop_supervisor,
                                   &(cop_spawn_opts){.arg = &scopes, .stop_ms = COP_INFINITY},
                                   NULL),
                     COP_OK);
    for (int i = 0; i < ACTORS; i++)
        assert_int_equal(cop_sim_spawn(stage.node, &puppet_b, NULL, &stage.actors[i]), COP_OK);
}

/* All ends in order, and leaves nothing. */
static inline void
close_stage(void)
{
    cop_node_stats left;

    assert_true(cop_sim_stop(stage.sim, stage.node, 100000));
    cop_node_stats_read(stage.node, &left);
    assert_int_equal(left.actors, 0);
    assert_int_equal(left.live_messages, 0);
    cop_sim_free(&stage.sim);
}

/* The actor of that letter does something, in its turn. */
static inline void
tell(char who, void (*run)(cop_actor *me))
{
    assert_int_equal(cop_post(stage.node, stage.actors[who - 'a'], task, .run = run), COP_OK);
}

/* ... and everything that follows from it. */
static inline void
act(char who, void (*run)(cop_actor *me))
{
    tell(who, run);
    cop_sim_settle(stage.sim);
}

/* The journal since the last look, when nothing more happens now. */
static inline const char *
journal(void)
{
    static char last[sizeof stage.journal];

    cop_sim_settle(stage.sim);
    strcpy(last, stage.journal);
    stage.journal[0] = '\0';
    return last;
}

#define EXPECT(text) assert_string_equal(journal(), text)

#endif /* TESTS_SUPERVISOR_PG_STAGE_H */
