/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_payloads.c - a producer that hands buffers over, and a consumer that reads them.
 */
#include "bench.h"

#include <string.h>

#define PAYLOADS(M, F) M(1, payload, F(buf, data))
COP_PROTOCOL(PAYLOADS)

enum {
    MOVES = 1000000,
    SLICE = 100,
    WAITING = 256, /* of 64 KiB each: what the default bound lets in is more than memory */
};

typedef struct mover {
    cop_pid to;
    size_t size;
    int64_t left;
} mover;

COP_HANDLER(mover, cop_start)
{
    *st = *(const mover *)msg->arg;
    return cop_send(me, cop_self(me), more);
}

/* A refused buffer is gone, and the next try makes another one. */
static cop_err
move_one(cop_actor *me, const mover *st)
{
    cop_buf *data = cop_buf_new(st->size);

    if (data == NULL)
        return COP_E_NOMEM;
    memcpy(cop_buf_bytes(data), &st->left, sizeof st->left);
    return cop_send(me, st->to, payload, .data = data);
}

COP_HANDLER(mover, more)
{
    for (int i = 0; i < SLICE && st->left > 0; i++) {
        cop_err err = move_one(me, st);
        if (err == COP_E_FULL)
            break; /* the consumer gets its turn before ours comes again */
        COP_TRY(err);
        st->left--;
    }
    return st->left > 0 ? cop_send(me, cop_self(me), more) : COP_OK;
}
COP_BEHAVIOUR(mover_b, mover, COP_ON(mover, cop_start), COP_ON(mover, more));

typedef struct taker {
    int64_t left; /* what the next payload must say */
} taker;

COP_HANDLER(taker, cop_start)
{
    mover source = {cop_self(me), is_case("move-64k") ? 65536 : 1024, MOVES};

    st->left = MOVES;
    started = now();
    return cop_spawn(me, &mover_b, &(cop_spawn_opts){.arg = &source}, NULL);
}

COP_HANDLER(taker, payload)
{
    int64_t number;

    memcpy(&number, cop_buf_view(msg->data).data, sizeof number);
    COP_REQUIRE(me, number == st->left);
    if (--st->left > 0)
        return COP_OK;
    report(MOVES / (now() - started) * 1e-6, "M/s");
    return cop_stop(me);
}

const cop_behaviour move_b = {
    .name = "move",
    .state_size = sizeof(taker),
    .handlers = COP_HANDLERS(COP_ON(taker, cop_start), COP_ON(taker, payload)),
    .mailbox = WAITING,
};
