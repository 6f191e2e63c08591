/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_test.c - a session as handlers and as a body: the same tests for both, in the
 * simulator.
 */
#include "actors/actor_stage.h"
#include "session.h"

static cop_pid session;
static const cop_behaviour *kind;

/* The last that it did, which is told at once, while its answers are messages. */
static char last[2 * SESSION_LINE];

void
session_did(const char *name, const char *what)
{
    snprintf(last, sizeof last, "%s: %s", name, what);
}

/* Has a session, and says what that answers and how it ends. */
typedef struct client {
    int unused;
} client;

COP_HANDLER(client, said)
{
    stage_say("%.*s;", (int)msg->text.size, msg->text.data);
    return COP_OK;
}

COP_HANDLER(client, cop_child_down)
{
    char text[256];

    stage_say("%s", cop_exit_print(&msg->why, text, sizeof text));
    return COP_OK;
}

COP_HANDLER(client, cop_start)
{
    return cop_spawn(me, kind, &(cop_spawn_opts){.label = "session"}, &session);
}
static const cop_behaviour client_b = {
    .name = "client",
    .state_size = sizeof(client),
    .policy = COP_COLLECT,
    .handlers = COP_HANDLERS(COP_ON(client, cop_start), COP_ON(client, said),
                             COP_ON(client, cop_child_down)),
};

static cop_err
stop_session(cop_actor *me, void *state, void *arg)
{
    (void)state;
    (void)arg;
    return cop_stop_child(me, session);
}

/* ------------------------------------------------------------------------ the table */

/* What is done: a line is sent, or one of these. */
#define GONE  "(gone)"
#define STOP  "(stop)"
#define PASS  "(pass)" /* a second */
#define HOURS "(hours)"

enum {
    STEPS = 8,
};

typedef struct step {
    const char *act, *words; /* words: NULL: whatever comes, comes later */
} step;

static const struct script {
    const char *fact, *last;
    step steps[STEPS];
} scripts[] = {
    {"a line has an answer",
     "you: goodbye",     {{"hello you", "welcome you;"}, {"what", "what? what;"}, {"bye", "goodbye; normal"}}},
    {"a sum is computed by a job",
     ": sum 0",          {{"add 40 2", NULL}, {PASS, "sum 42;"}, {"add 1 -1", NULL}, {PASS, "sum 0;"}}       },
    {"waiting takes as long as it says",
     ": goodbye",        {{"wait 1500", ""}, {PASS, ""}, {PASS, "waited 1500;"}, {"bye", "goodbye; normal"}} },
    {"a process says a word",
     ": goodbye",        {{"run 1", "ran 1;"}, {"run 2", "ran 2;"}, {"bye", "goodbye; normal"}}              },
    {"what comes meanwhile waits for its turn",
     "you: goodbye",     {{"wait 500", NULL},
      {"hello you", NULL},
      {"add 1 2", ""},
      {"bye", ""},
      {PASS, "waited 500; welcome you; sum 3; goodbye; normal"}}                         },
    {"nothing is heard after goodbye",
     ": goodbye",        {{"bye", NULL}, {"hello you", "goodbye; normal"}, {PASS, ""}}                       },
    {"one that is left ends well",
     "you: is left",     {{"hello you", "welcome you;"}, {GONE, "normal"}}                                   },
    {"what was said before it was left has its answer",
     "you: is left",     {{"hello you", NULL},
      {"wait 500", NULL},
      {GONE, "welcome you;"},
      {PASS, "waited 500; normal"}}                                                      },
    {"one that fails says with what",
     "you: welcome you", {{"hello you", "welcome you;"}, {"fail it", "error 5: it (client/session)"}}        },
    {"one that is stopped says so",
     "you: is stopped",  {{"hello you", "welcome you;"}, {STOP, "shutdown"}}                                 },
    {"one that is stopped while it waits says so",
     "you: is stopped",  {{"hello you", "welcome you;"}, {"wait 5000", ""}, {STOP, "shutdown"}}              },
    {"one that is stopped does not begin with what waits",
     ": is stopped",     {{"wait 5000", NULL}, {"bye", ""}, {STOP, "shutdown"}, {HOURS, ""}}                 },
    {"one that hears nothing is not patient for ever",
     "you: too slow",    {{"hello you", "welcome you;"}, {HOURS, "too slow; normal"}}                        },
    {"waiting itself is not too slow",
     ": too slow",       {{"wait 70000", NULL}, {HOURS, "waited 70000; too slow; normal"}}                   },
};

static void
act(const char *what)
{
    cop_err err = COP_OK;

    if (strcmp(what, GONE) == 0)
        err = cop_post(stage.node, session, gone);
    else if (strcmp(what, STOP) == 0)
        err = cop_post_call(stage.node, stage.actor, stop_session, NULL, NULL);
    else if (strcmp(what, PASS) == 0)
        stage_pass(1000);
    else if (strcmp(what, HOURS) == 0)
        stage_pass(2 * 3600 * 1000);
    else
        err = cop_post(stage.node, session, said, .text = cop_str_from(what));
    assert_int_equal(err, COP_OK);
}

static void
play(const struct script *script, const cop_behaviour *behaviour, uint64_t seed)
{
    kind = behaviour;
    stage_open(&client_b, seed);
    for (int i = 0; i < STEPS && script->steps[i].act != NULL; i++) {
        act(script->steps[i].act);
        if (script->steps[i].words != NULL)
            stage_expect(script->steps[i].words);
    }
    assert_string_equal(last, script->last);
    stage_close();
}

static void
each_script_is_played_alike(void **state)
{
    static const cop_behaviour *const kinds[] = {&session_handlers_b, &session_body_b};

    (void)state;
    for (size_t i = 0; i < COP_COUNT(scripts); i++) {
        for (size_t k = 0; k < COP_COUNT(kinds); k++) {
            print_message("%s: %s\n", kinds[k]->name, scripts[i].fact);
            for (uint64_t seed = 1; seed <= 50; seed++)
                play(&scripts[i], kinds[k], seed);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_script_is_played_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
