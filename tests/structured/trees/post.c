/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.c - a letter is read once or is a dead letter once, in the order in which they were
 * written; a monitor tells once of an end, and not before it.
 */
#include "structured/trees/check.h"

/* Those of the library take no letters: each is a dead one. */
static bool
is_reader(const seen *actor)
{
    return actor->node->kind == ACTOR || actor->node->kind == BODY;
}

static bool
reads_no_more(const check *self, const seen *actor)
{
    return has_been(self, &actor->ended) || has_been(self, &actor->refused) ||
           is_seen_ending(self, actor) || has_been(self, &actor->returns);
}

/* ------------------------------------------------------------------------- letters */

static void
check_written(check *self, const entry *one)
{
    post *letter = &self->letters[one->a];

    *letter = (post){.from = one->who, .to = (int)one->b, .is_sent = one->c == COP_OK};
    const seen *to = letter->to == NOBODY ? NULL : &self->lives[letter->to];
    if (one->c == COP_E_NOPROC) {
        if (to != NULL && !is_seen_ending(self, to) && !has_been(self, &to->refused))
            fault(self, "life %d is there, but gets no letter", to->self);
    } else if (one->c != COP_OK) {
        fault(self, "life %d cannot write: %s", one->who, cop_err_name((cop_err)one->c));
    }
}

static void
check_read(check *self, const entry *one)
{
    post *letter = &self->letters[one->a];

    if (!letter->is_sent || letter->to != one->who)
        fault(self, "life %d reads a letter that it was not sent", one->who);
    if (letter->count++ > 0)
        fault(self, "letter %d comes twice", (int)one->a);
    for (int i = (int)one->a + 1; i <= ACTS; i++)
        if (self->letters[i].count > 0 && self->letters[i].from == letter->from &&
            self->letters[i].to == letter->to)
            fault(self, "letter %d comes after letter %d", (int)one->a, i);
}

static void
check_dead(check *self, const entry *one)
{
    post *letter = &self->letters[one->a];

    if (letter->count++ > 0)
        fault(self, "letter %d is lost, but had come", (int)one->a);
    if (one->who != NOBODY && is_reader(&self->lives[one->who]) &&
        !reads_no_more(self, &self->lives[one->who]))
        fault(self, "letter %d is lost, but life %d is there", (int)one->a, one->who);
}

/* ------------------------------------------------------------------------- monitors */

static void
check_down(check *self, const entry *one)
{
    post *monitor = &self->monitors[one->a];
    const seen *whom = monitor->to == NOBODY ? NULL : &self->lives[monitor->to];

    if (one->a == 0 || monitor->from != one->who || monitor->is_off)
        fault(self, "life %d is told of an end that it does not watch", one->who);
    if (monitor->count++ > 0)
        fault(self, "life %d is told twice of one end", one->who);
    if (whom != NULL && !has_been(self, &whom->ended) && !has_been(self, &whom->refused))
        fault(self, "life %d is told that life %d has ended, which is there", one->who,
              whom->self);
    if (whom != NULL && one->b != COP_EXIT_NOPROC &&
        (one->b != (int)whom->kind || one->c != whom->code))
        fault(self, "life %d is told that life %d has ended otherwise than it did", one->who,
              whom->self);
}

/* Nobody can run. */
static void
check_waiting(check *self)
{
    for (int i = 1; i <= ACTS; i++) {
        const post *letter = &self->letters[i], *monitor = &self->monitors[i];
        if (letter->is_sent && letter->count == 0 &&
            self->lives[letter->to].node->kind != BODY &&
            !reads_no_more(self, &self->lives[letter->to]))
            fault(self, "letter %d is not read", i);
        if (monitor->is_sent && monitor->count == 0 && !monitor->is_off &&
            (monitor->to == NOBODY || has_been(self, &self->lives[monitor->to].ended)) &&
            self->lives[monitor->from].node->kind != BODY &&
            !reads_no_more(self, &self->lives[monitor->from]))
            fault(self, "life %d was not told of an end that it watches", monitor->from);
    }
}

void
check_post_entry(check *self, const entry *one)
{
    switch (one->what) {
    case WRITES: check_written(self, one); break;
    case READS: check_read(self, one); break;
    case DEAD: check_dead(self, one); break;
    case WATCHES:
        self->monitors[one->a] = (post){.from = one->who, .to = (int)one->b, .is_sent = true};
        break;
    case UNWATCHES:
        if (one->b != 0 && self->monitors[one->a].count > 0)
            fault(self, "life %d was told, and watches", one->who);
        self->monitors[one->a].is_off = true;
        break;
    case SEES_DOWN: check_down(self, one); break;
    case QUIET: check_waiting(self); break;
    default: break;
    }
}

void
check_post_end(check *self)
{
    for (int i = 1; i <= ACTS; i++) {
        const post *letter = &self->letters[i];
        if (letter->is_sent && letter->count != 1)
            fault(self, "letter %d was handled or thrown away %d times", i, letter->count);
    }
}
