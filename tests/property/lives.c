/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/node.h"
#include "property/world.h"

bool
life_is_alive(const world *self, int who)
{
    return cop_is_alive(self->node->root, self->trees[who].pid);
}

int
life_find(const world *self, cop_pid pid)
{
    for (int i = 0; i < self->tree_count; i++)
        if (self->trees[i].has_begun && cop_pid_equal(self->trees[i].pid, pid))
            return i;
    return NOBODY;
}

/* ------------------------------------------------------------------- begin and end */

void
life_enter(world *self, int who, const char *what, int64_t a)
{
    tree *one = &self->trees[who];

    world_note(self, what, who, a, one->is_finishing);
    EXPECT(self, !one->is_running, "#%d runs two handlers at once", who);
    EXPECT(self, !one->is_disposed, "#%d runs code after dispose", who);
    EXPECT(self, !one->has_ended, "#%d runs code after its end", who);
    EXPECT(self, !one->is_doomed || one->is_finishing, "#%d runs code after a kill", who);
    EXPECT(self, !one->is_shot || one->is_finishing, "#%d goes on after an exit signal", who);
    one->is_running = true;
    one->entered_at = self->event_count;
}

void
life_leave(world *self, int who)
{
    self->trees[who].is_running = false;
}

static bool
is_same(const cop_exit *a, const cop_exit *b)
{
    return a->kind == b->kind && a->code == b->code && strcmp(a->text, b->text) == 0;
}

static pair *
pair_of(world *self, int a, int b)
{
    return a < b ? &self->pairs[a][b] : &self->pairs[b][a];
}

static bool
is_by_signal(const world *self, int who, const cop_exit *why)
{
    const note *one = &self->notes[why->code];

    if (why->code <= 0 || (uint32_t)why->code > self->note_count)
        return false;
    return one->kind == NOTE_SIGNAL && one->to == who && one->exit == why->kind &&
           (one->exit != COP_EXIT_NORMAL || one->from == who);
}

static bool
is_by_link(world *self, int who, const cop_exit *why)
{
    if (why->kind == COP_EXIT_NORMAL)
        return false;
    for (int i = 0; i < self->tree_count; i++) {
        const tree *other = &self->trees[i];
        if (i == who || !other->is_disposed || !pair_of(self, i, who)->was_linked ||
            self->unlinked[who][i])
            continue;
        if (why->kind == COP_EXIT_NOPROC || is_same(why, &other->why) ||
            (!other->has_ended && why->kind == COP_EXIT_KILLED))
            return true;
    }
    return false;
}

/* Even of one who meant to end otherwise. */
static bool
is_by_child(const tree *one, const cop_exit *why)
{
    return why->kind == COP_EXIT_ERROR && why->code == COP_E_FAILED &&
           one->policy == COP_FAIL_FAST && why->cause_count > 0;
}

/* By what went wrong when it ended in order. */
static bool
is_by_slip(const tree *one, const cop_exit *why)
{
    return one->has_slipped && is_same(&one->slip, why);
}

/* Does anything that was done to it account for its end? */
static bool
is_explained(world *self, int who, const cop_exit *why)
{
    const tree *one = &self->trees[who];
    bool is_owners = one->is_told || one->owner == NOBODY || !life_is_alive(self, one->owner);
    bool is_told = why->kind == COP_EXIT_SHUTDOWN || why->kind == COP_EXIT_KILLED;

    return one->has_wish || is_by_slip(one, why) || (is_owners && is_told) ||
           is_by_child(one, why) || is_by_signal(self, who, why) || is_by_link(self, who, why);
}

void
life_ended(world *self, int who, const cop_exit *why)
{
    tree *one = &self->trees[who];

    EXPECT(self, is_explained(self, who, why), "#%d ends with %s %d for no reason", who,
           cop_exit_kind_name(why->kind), why->code);
    EXPECT(self, one->is_started, "#%d ends but has not begun", who);
    bool is_overruled =
        (is_by_child(one, why) || is_by_slip(one, why)) && !cop_exit_is_abnormal(&one->wish);
    EXPECT(self, !one->has_wish || is_same(&one->wish, why) || is_overruled,
           "#%d ends with %s, not %s", who, cop_exit_kind_name(why->kind),
           cop_exit_kind_name(one->wish.kind));
    one->why = *why;
}

/* Is `who` below `above`? */
static bool
is_below(const world *self, int who, int above)
{
    for (who = self->trees[who].owner; who != NOBODY; who = self->trees[who].owner)
        if (who == above)
            return true;
    return false;
}

static void
expect_nothing_below(world *self, int who, const char *where)
{
    for (int i = 0; i < self->tree_count; i++)
        EXPECT(self,
               !self->trees[i].has_begun || self->trees[i].is_disposed ||
                   !is_below(self, i, who),
               "%s of #%d, but #%d below it is there", where, who, i);
}

void
life_disposed(world *self, int who)
{
    tree *one = &self->trees[who];
    int open = 0;

    world_note(self, "dispose", who, 0, 0);
    EXPECT(self, !one->is_disposed, "#%d is disposed of twice", who);
    EXPECT(self, !one->is_running, "#%d is disposed of while it runs", who);
    one->is_disposed = true;
    one->disposed_at = self->event_count;
    expect_nothing_below(self, who, "dispose");
    for (uint32_t i = 0; i < self->call_count; i++)
        open += self->calls[i].caller == who && !self->calls[i].is_over;
    EXPECT(self, !one->has_ended || one->cancelled == open,
           "#%d had %d open calls, %d were cancelled", who, open, one->cancelled);
    /* Who is killed while he ends was told of those whose time was over before. */
    EXPECT(self, one->cancelled <= open, "#%d had %d open calls, %d were cancelled", who, open,
           one->cancelled);
}

void
life_reason(world *self, int who, const cop_exit *why, const char *where)
{
    const tree *one = &self->trees[who];

    EXPECT(self, one->is_disposed, "%s of #%d, which has not ended", where, who);
    expect_nothing_below(self, who, where);
    if (one->has_ended || (one->has_failed && why->kind != COP_EXIT_KILLED))
        EXPECT(self, is_same(why, &one->why), "%s of #%d says %s, not %s", where, who,
               cop_exit_kind_name(why->kind), cop_exit_kind_name(one->why.kind));
    else
        EXPECT(self, why->kind == COP_EXIT_KILLED, "%s of #%d says %s, not killed", where, who,
               cop_exit_kind_name(why->kind));
}

void
life_child(world *self, int owner, cop_pid pid, const cop_exit *why, const cop_child_end *end)
{
    int who = life_find(self, pid);

    world_note(self, "child's end", owner, who, why->kind);
    if (who == NOBODY) {
        world_fail(self, "#%d was told of a child that never was", owner);
        return;
    }
    tree *one = &self->trees[who];
    EXPECT(self, one->owner == owner, "#%d was told of the child of another", owner);
    EXPECT(self, ++one->reports == 1, "#%d was told of #%d twice", owner, who);
    life_reason(self, who, why, "child's end");
    if (end != NULL) {
        /* Told it may have been, and yet have ended before it heard. */
        EXPECT(self, !end->told || one->is_told, "#%d was not told", who);
        EXPECT(self, end->start_failed == one->has_failed, "start_failed is wrong for #%d",
               who);
    }
}

/* --------------------------------------------------------------------------------- links */

void
link_made(world *self, int by, int with)
{
    pair *one = pair_of(self, by, with);
    int side = by < with ? 0 : 1;

    world_note(self, "link", by, with, one->state);
    if (by == with)
        return;
    one->was_linked = true;
    one->acted[side] |= 1;
    one->state = (one->acted[1 - side] & 2) != 0 ? PAIR_UNSURE : PAIR_LINKED;
    one->has_exited[side] = false;
    one->late[side] += self->trees[with].is_disposed;
    self->unlinked[by][with] = self->unlinked[with][by] = false;
}

void
link_cut(world *self, int by, int with)
{
    pair *one = pair_of(self, by, with);
    int side = by < with ? 0 : 1;

    world_note(self, "unlink", by, with, one->state);
    if (by == with)
        return;
    one->acted[side] |= 2;
    /* Its exit may be among the messages already, and stays, unless it has ended in this
     * very handler; or its own link signal is on the way, and is then a new link. */
    const tree *other = &self->trees[with];
    bool may_come = (other->is_disposed && other->disposed_at < self->trees[by].entered_at) ||
                    (one->acted[1 - side] & 1) != 0;
    one->state = may_come ? PAIR_UNSURE : PAIR_APART;
    self->unlinked[by][with] = !may_come;
}

void
link_unsure(world *self, int a, int b)
{
    pair *one = pair_of(self, a, b);

    one->state = PAIR_UNSURE;
    one->acted[0] = one->acted[1] = 3;
}

void
link_exited(world *self, int who, int from, const cop_exit *why)
{
    pair *one = pair_of(self, who, from);
    int side = who < from ? 0 : 1;

    EXPECT(self, !self->unlinked[who][from], "#%d got an exit of #%d after unlink", who, from);
    note_all_seen(self, from, who);
    bool is_open = one->state != PAIR_APART && !one->has_exited[side];
    bool is_real =
        is_open && (why->kind != COP_EXIT_NOPROC || is_same(why, &self->trees[from].why));
    if (!is_real && one->late[side] > 0 && why->kind == COP_EXIT_NOPROC) {
        one->late[side]--;
    } else {
        EXPECT(self, one->state != PAIR_APART, "#%d got an exit of #%d without a link", who,
               from);
        EXPECT(self, !one->has_exited[side], "#%d got an exit of #%d twice", who, from);
        life_reason(self, from, why, "exit");
    }
    one->has_exited[side] = true;
    one->state = PAIR_APART;
}

/* --------------------------------------------------------------------------------- names */

bool
name_is_held(const world *self, int name)
{
    return self->names[name] != NOBODY && !self->trees[self->names[name]].is_disposed;
}

static bool
has_name(const world *self, int who)
{
    for (int i = 0; i < NAMES; i++)
        if (self->names[i] == who)
            return true;
    return false;
}

void
name_taken(world *self, int name, int who, cop_err err)
{
    bool is_taken = name_is_held(self, name) || has_name(self, who);

    world_note(self, "register", who, name, err);
    if (err == COP_E_NOPROC) {
        EXPECT(self, !life_is_alive(self, who), "cannot register #%d, which is alive", who);
        return;
    }
    EXPECT(self, (err == COP_E_NAME_TAKEN) == is_taken, "register #%d: %s", who,
           cop_err_name(err));
    EXPECT(self, err != COP_OK || !self->trees[who].is_disposed, "a dead one has a name");
    if (err == COP_OK)
        self->names[name] = who;
}

void
name_freed(world *self, int name, cop_err err)
{
    world_note(self, "unregister", self->names[name], name, err);
    EXPECT(self, (err == COP_OK) == name_is_held(self, name), "unregister: %s",
           cop_err_name(err));
    self->names[name] = NOBODY;
}

void
name_found(world *self, int name, cop_pid pid)
{
    bool is_held = name_is_held(self, name);

    EXPECT(self, is_held || cop_pid_is_none(pid), "a name of nobody was found");
    EXPECT(self, !is_held || cop_pid_equal(pid, self->trees[self->names[name]].pid),
           "a name was not found, or is another's");
}
