/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 11_poison.c - a message that kills whoever handles it, and a handler that does not return.
 *
 * The till's mail outlives its crashes.  A sale for nothing ends the till, and ends its next
 * life as well; then it is dropped, and what waited behind it, a call too, is served by the
 * third.  Counting the coins takes too long; the watchdog says where the till is.
 */
#include <stdatomic.h>
#include <stdio.h>

#include <coppice/coppice.h>

#define KIOSK(M, F)                                                                            \
    M(1, sale, F(i64, cents))                                                                  \
    M(2, how_much)                                                                             \
    M(3, takings, F(i64, cents))                                                               \
    M(4, count_coins)                                                                          \
    M(5, counted)
COP_PROTOCOL(KIOSK)

static atomic_bool is_reported;

typedef struct till {
    int64_t cents;
} till;

COP_HANDLER(till, sale)
{
    printf("till: a sale for %d\n", (int)msg->cents);
    COP_REQUIRE(me, msg->cents > 0);
    st->cents += msg->cents;
    return COP_OK;
}

COP_HANDLER(till, how_much)
{
    return cop_reply(me, takings, .cents = st->cents);
}

/* A handler should not wait for anything; this one waits until somebody has noticed. */
COP_HANDLER(till, count_coins)
{
    while (!atomic_load(&is_reported))
        continue;
    return cop_reply(me, counted);
}

static const cop_behaviour till_b = {
    .name = "till",
    .state_size = sizeof(till),
    .handlers =
        COP_HANDLERS(COP_ON(till, sale), COP_ON(till, how_much), COP_ON(till, count_coins)),
};

typedef struct customer {
    int unused;
} customer;

/* By its name, since each life has another pid. */
static cop_pid
the_till(cop_actor *me)
{
    return cop_whereis(me, "till");
}

COP_REPLY(customer, counted)
{
    COP_TRY(err);
    printf("customer: goes home\n");
    return cop_stop(me);
}

COP_REPLY(customer, takings)
{
    COP_TRY(err);
    printf("customer: the till has %d cents\n", (int)msg->cents);
    return cop_ask(me, the_till(me), 60000, COP_THEN(customer, counted), count_coins);
}

COP_HANDLER(customer, cop_start)
{
    COP_TRY(cop_send(me, the_till(me), sale, .cents = 100));
    COP_TRY(cop_send(me, the_till(me), sale, .cents = 0));
    COP_TRY(cop_send(me, the_till(me), sale, .cents = 200));
    return cop_ask(me, the_till(me), 60000, COP_THEN(customer, takings), how_much);
}
COP_BEHAVIOUR(customer_b, customer, COP_ON(customer, cop_start));

/* clang-format off */
static const cop_child tree = {
    .name = "kiosk",
    .budget = {5, 10},
    .auto_shutdown = COP_ANY_SIGNIFICANT,
    .sup = COP_CHILDREN(
        {.name = "till",
         .run = &till_b,
         .keep_mail = true,
         .poison_after = 2,
         .stuck_ms = 30},
        {.name = "customer",
         .run = &customer_b,
         .restart = COP_TEMPORARY,
         .significant = true}),
};
/* clang-format on */

/* From the worker's thread, or the watchdog's. */
static void
on_event(void *ctx, const cop_event *event)
{
    (void)ctx;
    if (event->kind != COP_EVENT_STUCK || atomic_exchange(&is_reported, true))
        return;
    printf("watchdog: %s is in %s, and does not return\n", event->path, event->message);
}

static void
on_dead_letter(void *ctx, const cop_dead_letter *letter)
{
    (void)ctx;
    printf("dropped: a %s, since %s\n", letter->type->name, cop_err_text(letter->why));
}

int
main(void)
{
    /* One worker, so that the till has its turn only when the customer has said all: between
     * two lives there is nobody of that name. */
    return cop_supervisor_run(
        &tree,
        &(cop_node_opts){.workers = 1, .on_event = on_event, .on_dead_letter = on_dead_letter});
}
