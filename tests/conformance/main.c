/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario [--real] [--raw] [--slow] [--seed N] FILE.scn
 *
 * Plays a scenario and prints its trace, normalised unless --raw.  --slow: every worker has
 * started only some time after its init, which must make no difference.  Exit code 77: it
 * needs what coppice has not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario.h"

enum {
    SKIPPED = 77
};

/* ----------------------------------------------------------------------------- steps */

static const name *
target_of(world *self, const words *line)
{
    const char *verb = line->at[0];

    if (strcmp(verb, "kill") == 0 || strcmp(verb, "exit") == 0 || strcmp(verb, "sendexit") == 0)
        return name_find(self, line->at[1]);
    return strcmp(verb, "signal") == 0 ? name_find(self, line->at[2]) : NULL;
}

static void
print_and_clear(text *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        puts(lines->lines[i]);
    text_clear(lines);
}

static void
print_events(world *self, const words *line, bool is_raw)
{
    pthread_mutex_lock(&self->lock);
    text events = self->events;
    self->events = (text){0};
    pthread_mutex_unlock(&self->lock);
    if (!is_raw)
        normalise(self, &events, target_of(self, line));
    print_and_clear(&events);
}

static void
print_step(size_t number, const words *line)
{
    printf("step %zu", number);
    for (size_t i = 0; i < line->count; i++)
        printf(" %s", line->at[i]);
    printf("\n");
}

/* `async` and `within` are about how, the rest is what. */
static deed *
new_deed(world *self, const words *line)
{
    deed *made = calloc(1, sizeof *made);
    size_t skip = 0;

    made->world = self;
    if (strcmp(line->at[0], "async") == 0) {
        made->is_async = true;
        skip = 1;
    } else if (strcmp(line->at[0], "within") == 0) {
        made->within = strtol(line->at[1], NULL, 10);
        skip = 2;
    }
    made->words.count = line->count - skip;
    memcpy(made->words.at, line->at + skip, (made->words.count + 1) * sizeof *line->at);
    return made;
}

/* Who is suspended answers nobody. */
static void
note_suspension(world *self, const words *line)
{
    bool is_over = strcmp(line->at[0], "resume") == 0;
    name *who = line->count > 1 ? name_find(self, line->at[1]) : NULL;

    if (who != NULL && (is_over || strcmp(line->at[0], "suspend") == 0))
        who->suspended = is_over ? COP_PID_NONE : who->pid;
}

/* Calls that wait for an `await`, oldest first. */
typedef struct waiting {
    deed *deeds[WORDS_MAX];
    size_t first, count;
} waiting;

static deed *
await(world *self, waiting *calls)
{
    if (calls->first == calls->count)
        return NULL;
    deed *oldest = calls->deeds[calls->first++];
    run_until_done(self, oldest);
    return oldest;
}

static void
do_deed(world *self, deed *what)
{
    if (cop_post(self->node, self->stage, act, .deed = (uintptr_t)what) != COP_OK)
        abort();
    if (!what->is_async)
        run_until_done(self, what);
}

static void
play_step(world *self, size_t number, const words *line, waiting *calls, bool is_raw)
{
    deed *what = new_deed(self, line), *over = what;
    int64_t begin = now_ms(self);

    print_step(number, line);
    if (strcmp(line->at[0], "sleep") == 0)
        run_for(self, strtol(line->at[1], NULL, 10));
    else if (strcmp(line->at[0], "await") == 0)
        over = await(self, calls);
    else
        do_deed(self, what);
    int64_t took = now_ms(self) - begin;
    note_suspension(self, &what->words);
    if (what->is_async)
        run_for(self, 2 * QUIET_MS);
    else
        settle(self);
    trace_missed(self);
    print_events(self, &what->words, is_raw);
    if (over != NULL && !what->is_async)
        print_and_clear(&over->results);
    if (what->within > 0)
        printf("within %s\n", took <= what->within ? "yes" : "no");
    if (what->is_async && calls->count < WORDS_MAX)
        calls->deeds[calls->count++] = what;
    else if (over != NULL && what->is_done)
        free_deed(over);
    if (over != what && !what->is_async)
        free_deed(what);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
print_end(world *self)
{
    const char **alive = calloc(self->life_count + 1, sizeof *alive);
    size_t count = 0;

    for (size_t i = 0; i < self->life_count; i++)
        if (!self->lives[i].is_down)
            alive[count++] = self->lives[i].who->text;
    qsort(alive, count, sizeof *alive, compare);
    printf("end %zu", count);
    for (size_t i = 0; i < count; i++)
        printf(" %s", alive[i]);
    printf("\n");
    free(alive);
}

/* ----------------------------------------------------------------------------- begin */

static bool
needs(const world *self, const char *what)
{
    for (size_t i = 1; i < self->needs.count; i++)
        if (strcmp(self->needs.at[i], what) == 0)
            return true;
    return false;
}

static const char *
missing(const world *self)
{
    if (self->has_gated_sups)
        return "gate";
    return needs(self, "quirk") ? "quirk" : NULL;
}

static cop_err
open_world(world *self, bool is_real, uint64_t seed)
{
    cop_node_opts opts = {.name = "scenario",
                          .on_log = trace_log,
                          .on_event = trace_crash,
                          .events_per_second = UINT32_MAX,
                          .ctx = self};
    cop_spawn_opts stage = {.arg = self};

    pthread_mutex_init(&self->lock, NULL);
    self->reporter = (cop_reporter){trace_report, self};
    if (is_real) {
        COP_TRY(cop_node_new(&self->node, &opts));
        return cop_node_start(self->node, &stage_b, &stage, &self->stage);
    }
    COP_TRY(cop_sim_new(&self->sim, seed));
    COP_TRY(cop_sim_node(self->sim, &opts, &self->node));
    return cop_sim_spawn(self->node, &stage_b, &stage, &self->stage);
}

static void
play(world *self, bool is_raw)
{
    waiting calls = {0};

    for (size_t i = 0; i < self->script_count; i++) {
        play_step(self, i + 1, &self->script[i], &calls, is_raw);
        fflush(stdout);
    }
    print_end(self);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    static world self = {.report_level = 1};
    bool is_real = false, is_raw = false;
    uint64_t seed = 1;
    const char *path = NULL;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--real") == 0)
            is_real = true;
        else if (strcmp(argv[i], "--slow") == 0)
            self.is_slow = self.has_gates = true;
        else if (strcmp(argv[i], "--raw") == 0)
            is_raw = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else
            path = argv[i];
    }
    if (path == NULL) {
        fprintf(stderr, "usage: scenario [--real] [--raw] [--slow] [--seed N] FILE.scn\n");
        return 2;
    }
    scenario_read(&self, path);
    if (missing(&self) != NULL) {
        printf("skipped: needs %s\n", missing(&self));
        fflush(stdout);
        _exit(SKIPPED); /* as play: the scenario is kept until the process ends */
    }
    cop_err err = open_world(&self, is_real, seed);
    if (err != COP_OK) {
        fprintf(stderr, "scenario: %s\n", cop_err_text(err));
        return 2;
    }
    play(&self, is_raw);
    _exit(0); /* whoever hangs is left behind */
}
