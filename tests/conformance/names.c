/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

enum {
    NO_SUCH = 99 /* an enumerator that there is not, for words that there are not */
};

name *
name_find(world *self, const char *text)
{
    name *at = self->names;

    while (at != NULL && strcmp(at->text, text) != 0)
        at = at->next;
    return at;
}

name *
name_get(world *self, const char *text)
{
    name *known = name_find(self, text);

    if (known != NULL)
        return known;
    name *made = calloc(1, sizeof *made);
    made->world = self;
    made->text = text;
    made->next = self->names;
    self->names = made;
    return made;
}

const char *
name_key(const name *self, const char *key, const char *otherwise)
{
    for (const pair *at = self->keys; at != NULL; at = at->next)
        if (strcmp(at->key, key) == 0)
            return at->value;
    return otherwise;
}

void
name_set(name *self, const char *key, const char *value)
{
    pair *made = calloc(1, sizeof *made);

    *made = (pair){self->keys, key, value};
    self->keys = made;
}

void
name_set_all(name *self, char *const *pairs)
{
    for (; *pairs != NULL; pairs++) {
        char *copy = strdup(*pairs), *equals = strchr(copy, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        name_set(self, copy, equals + 1);
    }
}

bool
name_is_under(const name *self, const name *supervisor)
{
    for (const name *at = self->parent; at != NULL; at = at->parent)
        if (at == supervisor)
            return true;
    return false;
}

bool
name_is_dynamic(const name *self)
{
    return strcmp(name_key(self, "strategy", ""), "simple_one_for_one") == 0;
}

/* ---------------------------------------------------------------------------- rows */

/* Which of the words it is, in the order of coppice's enumerators. */
static int
which_of(const char *word, const char *const *choices)
{
    for (int i = 0; choices[i] != NULL; i++)
        if (strcmp(word, choices[i]) == 0)
            return i;
    return NO_SUCH;
}

#define WHICH_OF(self, key, first, ...)                                                        \
    which_of(name_key(self, key, first), (const char *const[]){first, __VA_ARGS__, NULL})

static int32_t
stop_ms_of(const name *self)
{
    const char *word = name_key(self, "shutdown", NULL);

    if (word == NULL)
        return 0;
    if (strcmp(word, "brutal_kill") == 0)
        return COP_STOP_BRUTAL;
    if (strcmp(word, "infinity") == 0)
        return COP_INFINITY;
    if (strcmp(word, "0") == 0)
        return COP_STOP_NO_WAIT;
    long ms = strtol(word, NULL, 10);
    return ms > 0 ? (int32_t)ms : -NO_SUCH;
}

/* In a row a zero is the default, so zero itself and what is less are something else. */
static cop_budget
budget_of(const name *self)
{
    const char *intensity = name_key(self, "intensity", NULL);
    const char *period = name_key(self, "period", NULL);
    cop_budget budget = {0, 0};

    if (intensity != NULL) {
        long n = strtol(intensity, NULL, 10);
        budget.restarts = n == 0 ? COP_NO_RESTARTS : n < 0 ? (int32_t)n - 1 : (int32_t)n;
    }
    if (period != NULL) {
        long n = strtol(period, NULL, 10);
        budget.seconds = n == 0 ? -1 : (int32_t)n;
    }
    return budget;
}

static cop_err
start_plan(cop_actor *me, const cop_child *row)
{
    (void)me;
    return plan_outcome(name_find(row->reporter->ctx, row->name));
}

static void
make_supervisor(name *self)
{
    cop_child *rows = calloc(self->kid_count + 1, sizeof *rows);

    for (size_t i = 0; i < self->kid_count; i++) {
        name_make_row(self->kids[i]);
        rows[i] = self->kids[i]->row;
    }
    self->row.sup = rows;
    self->row.strategy = (cop_strategy)WHICH_OF(self, "strategy", "one_for_one", "one_for_all",
                                                "rest_for_one", "simple_one_for_one");
    self->row.auto_shutdown = (cop_auto_shutdown)WHICH_OF(self, "auto", "never",
                                                          "any_significant", "all_significant");
    self->row.budget = budget_of(self);
    self->row.reporter = &self->world->reporter;
    self->row.init = start_plan;
}

void
name_make_row(name *self)
{
    self->row = (cop_child){
        .name = self->text,
        .anonymous = true, /* as in OTP, where a name is no registration */
        .restart =
            (cop_restart)WHICH_OF(self, "restart", "permanent", "transient", "temporary"),
        .stop_ms = stop_ms_of(self),
        .significant = strcmp(name_key(self, "significant", "false"), "true") == 0,
    };
    if (self->is_sup) {
        make_supervisor(self);
    } else if (strcmp(name_key(self, "type", "worker"), "supervisor") == 0) {
        self->row.run = &cop_supervisor; /* a template; an instance brings its own row */
    } else {
        self->row.run = &worker_b;
        self->row.arg = self;
        self->row.ready_ms = self->world->has_gates ? COP_INFINITY : 0;
    }
}
