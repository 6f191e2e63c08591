/* SPDX-License-Identifier: Apache-2.0 */
/*
 * structured_asyncio [--seed N] CASE
 *
 * Plays one case and prints its lines.  Without a seed whoever has waited longest runs next,
 * as in asyncio's loop; with one the schedule is random, and a case whose outcome depends on
 * it is skipped: exit code 77.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

enum {
    SKIPPED = 77
};

typedef struct case_ {
    const char *name;
    act *does;
} case_;

#define CASE_IS_LISTED(name) {#name, case_##name},
static const case_ cases[] = {CASES(CASE_IS_LISTED)};

/* What coppice leaves open and asyncio does not: which of what happens in one instant is
 * first. */
static const case_ open_cases[] = {
    {"020_fails_at_once",           NULL}, /* that x fails, or that y begins */
    {"030_nested_both_fail",        NULL}, /* that x fails, or that group b has ended */
    {"031_nested_both_fail_caught", NULL}, /* the same */
    {"040_spawn_during_abort",      NULL}, /* that `late` begins, or that it is told to stop */
    {"071_many_errors",             NULL}, /* of a thousand failures */
};

static const case_ *
look_up(const char *name, const case_ *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(from[i].name, name) == 0)
            return &from[i];
    return NULL;
}

static void
ignore(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void
say_left(void)
{
    char *left = who_is_left();

    say("left: %s", left);
    free(left);
}

/* Whatever else of it there is: there should be nothing. */
static void
say_rest(void)
{
    char text[2048];

    if (cop_sim_left(on_stage.sim, 60 * 1000, text, sizeof text) > 0)
        say("left behind: %s", text);
}

static void
run(const case_ *chosen, uint64_t seed)
{
    cop_node *node;

    if (cop_sim_new(&on_stage.sim, seed) != COP_OK ||
        cop_sim_node(on_stage.sim, &(cop_node_opts){.on_log = ignore}, &node) != COP_OK)
        abort();
    if (!on_stage.has_seed)
        cop_sim_in_order(on_stage.sim);
    const role *program = start_main(node, chosen->does);
    while (!program->is_over && cop_sim_step(on_stage.sim))
        continue;
    if (!program->is_over)
        say("main: waits for ever");
    say_left();
    on_stage.is_done = true;
    if (program->is_over)
        say_rest();
    cop_sim_free(&on_stage.sim);
    clear_stage();
}

int
main(int argc, char **argv)
{
    uint64_t seed = 1;

    if (argc == 4 && strcmp(argv[1], "--seed") == 0) {
        on_stage.has_seed = true;
        seed = strtoull(argv[2], NULL, 0);
    } else if (argc != 2) {
        fprintf(stderr, "usage: %s [--seed N] CASE\n", argv[0]);
        return 2;
    }
    const char *name = argv[argc - 1];
    const case_ *chosen = look_up(name, cases, COP_COUNT(cases));
    if (chosen == NULL) {
        fprintf(stderr, "%s: no such case\n", name);
        return 2;
    }
    if (on_stage.has_seed && look_up(name, open_cases, COP_COUNT(open_cases)) != NULL) {
        printf("the schedule decides\n");
        return SKIPPED;
    }
    run(chosen, seed);
    return 0;
}
