/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 02_ping_pong.c - two actors that hit a ball to each other.
 *
 * `player` starts `wall` as its child.  When player has had enough it stops, and with it
 * the wall, because nothing outlives its owner.
 */
#include <stdio.h>

#include <coppice/coppice.h>

#define TENNIS(M, F)                                                                           \
    M(1, ping, F(i64, n))                                                                      \
    M(2, pong, F(i64, n))
COP_PROTOCOL(TENNIS)

typedef struct wall {
    int64_t hits;
} wall;

COP_HANDLER(wall, ping)
{
    st->hits++;
    return cop_send(me, cop_sender(me), pong, .n = msg->n);
}

COP_HANDLER(wall, cop_end)
{
    printf("wall: hit %d times\n", (int)st->hits);
    return COP_OK;
}
COP_BEHAVIOUR(wall_b, wall, COP_ON(wall, ping), COP_ON(wall, cop_end));

typedef struct player {
    cop_pid wall;
} player;

COP_HANDLER(player, cop_start)
{
    COP_TRY(cop_spawn(me, &wall_b, NULL, &st->wall));
    return cop_send(me, st->wall, ping, .n = 1);
}

COP_HANDLER(player, pong)
{
    printf("player: pong %d\n", (int)msg->n);
    if (msg->n == 5)
        return cop_stop(me);
    return cop_send(me, st->wall, ping, .n = msg->n + 1);
}
COP_BEHAVIOUR(player_b, player, COP_ON(player, cop_start), COP_ON(player, pong));

int
main(void)
{
    return cop_run(&player_b, NULL);
}
