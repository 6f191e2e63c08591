/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 13_sim_test.c - a test of a supervised tree under a thousand seeds, which finds a bug.
 *
 * A till sells, and its book keeps what was sold.  When the till dies its supervisor starts
 * another, and what counts is what the book says: a receipt is a promise.  There are two
 * tills.  The hasty one writes its sales down three at a time, to save work, and gives out
 * receipts before it has; the careful one gives a receipt when the book has the sale.  The
 * hasty one loses a sale only if it dies between the two, so an ordinary test never sees it.
 *
 *      ./13_sim_test             the hasty till must be found out, the careful one must not
 *      ./13_sim_test hasty       one of them
 */
#include <stdio.h>
#include <string.h>

#include <coppice/coppice.h>

#define SHOP(M, F)                                                                             \
    M(1, sell, F(u32, cents))                                                                  \
    M(2, receipt, F(u32, cents))                                                               \
    M(3, write_down, F(u32, cents))                                                            \
    M(4, written)                                                                              \
    M(5, read_total)                                                                           \
    M(6, total, F(u32, cents))
COP_PROTOCOL(SHOP)

/* ---------------------------------------------------------------------------- the book */

typedef struct book {
    uint32_t cents;
} book;

COP_HANDLER(book, write_down)
{
    st->cents += msg->cents;
    return cop_sender(me).node == 0 ? COP_OK : cop_reply(me, written);
}

COP_HANDLER(book, read_total)
{
    return cop_reply(me, total, .cents = st->cents);
}
COP_BEHAVIOUR(book_b, book, COP_ON(book, write_down), COP_ON(book, read_total));

/* ----------------------------------------------------------------------- the two tills */

typedef struct hasty {
    uint32_t cents, sales; /* not yet in the book */
} hasty;

COP_REPLY(hasty, written)
{
    return err;
}

COP_HANDLER(hasty, sell)
{
    st->cents += msg->cents;
    if (++st->sales == 3) {
        COP_TRY(cop_ask(me, cop_whereis(me, "book"), 1000, COP_THEN(hasty, written), write_down,
                        .cents = st->cents));
        st->cents = st->sales = 0;
    }
    return cop_reply(me, receipt, .cents = msg->cents);
}
COP_BEHAVIOUR(hasty_b, hasty, COP_ON(hasty, sell));

typedef struct careful {
    cop_token customer;
    uint32_t cents;
} careful;

COP_REPLY(careful, written)
{
    if (err != COP_OK)
        return cop_answer_error(me, &st->customer, err);
    return cop_answer(me, &st->customer, receipt, .cents = st->cents);
}

COP_HANDLER(careful, sell)
{
    st->cents = msg->cents;
    COP_TRY(cop_defer(me, &st->customer));
    return cop_ask(me, cop_whereis(me, "book"), 1000, COP_THEN(careful, written), write_down,
                   .cents = msg->cents);
}
COP_BEHAVIOUR(careful_b, careful, COP_ON(careful, sell));

/* ------------------------------------------------------------------------------ a test */

enum {
    SALES = 9, /* three times three: without a fault even the hasty one is right */
};

/* Sells once; how many cents there is a receipt for. */
static uint32_t
sell_one(cop_sim *sim, cop_node *node, cop_probe *customer, uint32_t cents)
{
    const cop_type *type;

    cop_sim_expect_until(sim, 5000, !cop_pid_is_none(cop_node_whereis(node, "till")));
    if (cop_probe_ask(customer, cop_node_whereis(node, "till"), receipt, sell,
                      .cents = cents) != COP_OK)
        return 0;
    cop_sim_expect_until(sim, COP_PROBE_PATIENCE, cop_probe_count(customer) > 0);
    const receipt *got = cop_probe_next(customer, &type);
    return type == &receipt_type ? got->cents : 0; /* else the till died over it */
}

/* The tree is there as long as the node is, which ends after the test has returned. */
static cop_child departments[] = {
    {.name = "book", .run = &book_b},
    {.name = "till"             },
    {0}
};
static const cop_child shop = {
    .name = "shop", .budget = {10, 10},
         .sup = departments
};

static void
receipts_are_kept(cop_sim *sim, void *ctx)
{
    uint32_t promised = 0;
    cop_node *node;
    cop_probe *customer;

    departments[1].run = ctx;
    cop_sim_check(sim, cop_sim_node(sim, NULL, &node) == COP_OK);
    cop_sim_check(sim, cop_sim_spawn(node, &cop_supervisor, &(cop_spawn_opts){.arg = &shop},
                                     NULL) == COP_OK);
    cop_sim_check(sim, cop_probe_new(node, "customer", &customer) == COP_OK);
    for (int i = 0; i < SALES; i++)
        promised += sell_one(sim, node, customer, 100);

    cop_sim_calm(sim); /* no more faults: now it must be right */
    cop_sim_settle(sim);
    cop_sim_check(sim, cop_probe_ask(customer, cop_node_whereis(node, "book"), total,
                                     read_total) == COP_OK);
    uint32_t kept = cop_sim_expect_type(customer, total)->cents;
    if (kept < promised)
        cop_sim_fail(sim, "receipts for %u cents, and the book has %u", promised, kept);
}

static int
run(const char *name, const cop_behaviour *till, cop_sim_report *report)
{
    return cop_sim_run(
        receipts_are_kept, (void *)(uintptr_t)till,
        &(cop_sim_plan){.name = name,
                        .seeds = 1000,
                        .faults = COP_FAULTS({&cop_fault_kill, "till", .up_to = 3},
                                             {&cop_fault_starve, .up_to = 2}),
                        .report = report});
}

int
main(int argc, char **argv)
{
    cop_sim_report hasty_report = {0}, careful_report = {0};
    const char *only = argc > 1 ? argv[1] : "";
    int found = 0, failed = 0;

    if (strcmp(only, "careful") != 0)
        found = run("hasty", &hasty_b, &hasty_report);
    if (strcmp(only, "hasty") != 0)
        failed = run("careful", &careful_b, &careful_report);
    if (only[0] != '\0')
        return found || failed;
    printf("the hasty till: %s\n", found ? "found out" : "not found out");
    printf("the careful till: %s after %d runs\n", failed ? "wrong" : "right",
           (int)careful_report.runs);
    return !found || failed;
}
