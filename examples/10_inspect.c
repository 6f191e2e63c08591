/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 10_inspect.c - looking inside a running actor that knows nothing of it.
 *
 * The till is traced and suspended, and looked at while sales pile up.  It goes on, and
 * crashes; its last words tell what it got.
 */
#include <stdio.h>

#include <coppice/coppice.h>

#define SHOP(M, F)                                                                             \
    M(1, sale, F(i64, cents))                                                                  \
    M(2, next)
COP_PROTOCOL(SHOP)

typedef struct till {
    int64_t cents;
} till;

COP_HANDLER(till, sale)
{
    st->cents += msg->cents;
    return msg->cents > 0 ? COP_OK : cop_fail(me, 1, "a sale for nothing");
}

static int
print_till(const void *state, char *text, size_t size)
{
    return snprintf(text, size, "%d cents", (int)((const till *)state)->cents);
}

static const cop_behaviour till_b = {.name = "till",
                                     .state_size = sizeof(till),
                                     .print_state = print_till,
                                     .handlers = COP_HANDLERS(COP_ON(till, sale))};

typedef struct shop {
    cop_pid till;
    int step;
} shop;

/* Each answer leads to the next step. */
COP_REPLY(shop, cop_debug_done)
{
    return err != COP_OK ? err : cop_send(me, cop_self(me), next);
}

COP_REPLY(shop, cop_actor_status)
{
    COP_TRY(err);
    printf("%.*s has %.*s, %u sales wait\n", (int)msg->path.size, msg->path.data,
           (int)msg->state.size, msg->state.data, (unsigned)msg->waiting);
    return cop_send(me, cop_self(me), next);
}

COP_HANDLER(shop, next)
{
    const cop_then *done = COP_THEN(shop, cop_debug_done);

    switch (st->step++) {
    case 0: return cop_debug_trace_on(me, st->till, 10, 1000, done);
    case 1: return cop_debug_suspend(me, st->till, 1000, done);
    case 2:
        COP_TRY(cop_send(me, st->till, sale, .cents = 100));
        COP_TRY(cop_send(me, st->till, sale, .cents = 200));
        return cop_debug_status(me, st->till, 1000, COP_THEN(shop, cop_actor_status));
    case 3: return cop_debug_resume(me, st->till, 1000, done);
    default: return cop_send(me, st->till, sale, .cents = 0);
    }
}

COP_HANDLER(shop, cop_start)
{
    COP_TRY(cop_spawn(me, &till_b, NULL, &st->till));
    return cop_send(me, cop_self(me), next);
}
COP_BEHAVIOUR(shop_b, shop, COP_ON(shop, cop_start), COP_ON(shop, next));

static void
on_event(void *ctx, const cop_event *event)
{
    char line[512];

    (void)ctx;
    puts(cop_event_print(event, line, sizeof line));
    for (size_t i = 0; i < event->last_count; i++)
        printf("    it got %.*s\n", (int)event->last[i].text.size, event->last[i].text.data);
}

int
main(void)
{
    /* The shop fails with its till, and the program with the shop: that is no accident here. */
    return cop_run(&shop_b, &(cop_node_opts){.on_event = on_event}) == 1 ? 0 : 1;
}
