/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 08_pubsub.c - a paper, and who reads it.
 *
 * A topic is a group; what is published goes to all members.  Nobody waits for a slow reader:
 * his mailbox refuses, and the paper sees it.  Who ends leaves, and followers are told.
 */
#include <stdio.h>

#include <coppice/coppice.h>
#include <coppice/pg.h>

#define PAPER(M, F)                                                                            \
    M(1, headline, F(str, text))                                                               \
    M(2, print)
COP_PROTOCOL(PAPER)

#define SPORT COP_STR("sport")

typedef struct reader {
    int left; /* headlines */
} reader;

/* Joining is done when the call returns, so a paper that is started later finds us. */
COP_HANDLER(reader, cop_start)
{
    st->left = 3;
    return cop_pg_join(me, NULL, SPORT, cop_self(me));
}

COP_HANDLER(reader, headline)
{
    printf("%s reads: %.*s\n", cop_path(me), (int)msg->text.size, msg->text.data);
    return --st->left > 0 ? COP_OK : cop_stop(me);
}
COP_BEHAVIOUR(reader_b, reader, COP_ON(reader, cop_start), COP_ON(reader, headline));

static const cop_behaviour slow_reader_b = {
    .name = "slow_reader",
    .state_size = sizeof(reader),
    .mailbox = 2,
    .handlers = COP_HANDLERS(COP_ON(reader, cop_start), COP_ON(reader, headline)),
};

typedef struct paper {
    cop_ref sport;
} paper;

static void
publish(cop_actor *me, cop_str topic, cop_str text)
{
    cop_published done = cop_publish(me, NULL, topic, headline, .text = text);

    printf("%s: %zu got it, %zu did not (%s)\n", text.data, done.sent, done.refused,
           cop_err_text(done.why));
}

COP_HANDLER(paper, cop_start)
{
    cop_pg_members readers;

    COP_TRY(cop_pg_monitor(me, NULL, SPORT, &st->sport, &readers));
    printf("%zu have sport\n", readers.count);
    cop_pg_members_free(&readers);
    return cop_send(me, cop_self(me), print);
}

COP_HANDLER(paper, print)
{
    publish(me, SPORT, COP_STR("a goal"));
    publish(me, COP_STR("weather"), COP_STR("rain"));
    publish(me, SPORT, COP_STR("a draw"));
    publish(me, SPORT, COP_STR("a walk-over"));
    return COP_OK;
}

COP_HANDLER(paper, cop_pg_left)
{
    printf("%zu has left %.*s\n", msg->pids.count, (int)msg->group.size, msg->group.data);
    cop_node_stop(cop_node_of(me), NULL);
    return COP_OK;
}
COP_BEHAVIOUR(paper_b, paper, COP_ON(paper, cop_start), COP_ON(paper, print),
              COP_ON(paper, cop_pg_left));

static const cop_child tree = {
    .name = "app",
    .sup = COP_CHILDREN({.name = COP_PG, .run = &cop_pg_scope},
                        {.name = "anna", .run = &reader_b, .restart = COP_TRANSIENT},
                        {.name = "ben", .run = &slow_reader_b},
                        {.name = "paper", .run = &paper_b}),
};

int
main(void)
{
    /* One worker: while the paper prints, nobody reads. */
    return cop_supervisor_run(&tree, &(cop_node_opts){.workers = 1});
}
