/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.c - both ends of links, and the exit signals that come along them.
 *
 * Each end has an entry.  Taking a link away is a question with an answer: the entry
 * stays, marked with the number of the unlink, and drops whatever signal comes along the
 * link, until the other end has answered.  A link signal that meets such a mark is
 * dropped too: both ends then agree that there is none, however the signals crossed.  A
 * new link call clears the mark, and the answer to the old unlink no longer fits.
 */
#include "base/check.h"
#include "core/node.h"
#include "core/signals.h"
#include "core/ties.h"
#include "debug/debug.h"

static copi_link *
find(cop_actor *self, cop_pid with)
{
    if (self->ties == NULL)
        return NULL;
    copi_map_node *node = copi_map_find(&self->ties->links, with.node, with.id);
    return node == NULL ? NULL : COPI_CONTAINER(node, copi_link, node);
}

/* An active entry, made if need be; NULL if there is no memory. */
static copi_link *
add(cop_actor *self, cop_pid with)
{
    copi_link *link = find(self, with);

    if (link == NULL) {
        if (copi_ties_of(self) == NULL)
            return NULL;
        link = copi_pool_take(&self->worker->pool, sizeof *link);
        if (link == NULL)
            return NULL;
        link->node = (copi_map_node){.high = with.node, .low = with.id};
        copi_map_add(&self->ties->links, &link->node);
    }
    link->unlink = 0;
    return link;
}

static void
discard(cop_actor *self, copi_link *link)
{
    copi_map_remove(&self->ties->links, &link->node);
    copi_pool_give(&self->worker->pool, link, sizeof *link);
}

static bool
is_local_and_gone(const cop_actor *me, cop_pid who)
{
    return who.node == me->node->incarnation && !cop_is_alive(me, who);
}

cop_err
cop_link(cop_actor *me, cop_pid to)
{
    copi_link *link = find(me, to);

    if (cop_pid_equal(to, copi_pid_of(me)) || (link != NULL && link->unlink == 0))
        return COP_OK;
    if (!copi_is_open(me))
        return COP_E_GONE;
    if (cop_pid_is_none(to) || (!me->traps && is_local_and_gone(me, to)))
        return COP_E_NOPROC;
    copi_parcel parcel = copi_parcel_to(me, COPI_LINK, to, 0);
    uint64_t unlink = link == NULL ? 0 : link->unlink;
    if ((link = add(me, to)) == NULL)
        return COP_E_NOMEM;
    cop_err err = copi_try_signal(me->node, me->worker, &parcel);
    if (err == COP_OK)
        return COP_OK;
    link->unlink = unlink;
    if (unlink == 0)
        discard(me, link);
    return err;
}

void
cop_unlink(cop_actor *me, cop_pid to)
{
    copi_link *link = find(me, to);

    if (link == NULL || link->unlink != 0)
        return;
    link->unlink = copi_new_ref(me->worker);
    copi_parcel parcel = copi_parcel_to(me, COPI_UNLINK, to, link->unlink);
    copi_signal(me->node, me->worker, &parcel);
}

void
copi_on_link(cop_actor *self, copi_envelope *envelope)
{
    cop_pid from = envelope->from;
    copi_link *link = find(self, from);

    copi_envelope_free(self->worker, envelope);
    if (link != NULL && link->unlink != 0)
        return;
    /* An ending actor takes it as well: its links are told when the end is complete. */
    (void)add(self, from);
}

void
copi_on_unlink(cop_actor *self, copi_envelope *envelope)
{
    copi_link *link = find(self, envelope->from);

    if (link != NULL && link->unlink == 0)
        discard(self, link);
    copi_parcel answer = copi_parcel_to(self, COPI_UNLINK_ACK, envelope->from, envelope->ref);
    copi_signal_in(self->node, self->worker, envelope, &answer);
}

void
copi_on_unlink_ack(cop_actor *self, copi_envelope *envelope)
{
    copi_link *link = find(self, envelope->from);

    if (link != NULL && link->unlink == envelope->ref)
        discard(self, link);
    copi_envelope_free(self->worker, envelope);
}

static copi_verdict
judge(cop_actor *self, const cop_exited *exited)
{
    copi_link *link = exited->by_link ? find(self, exited->who) : NULL;
    copi_exit_signal signal = {
        .kind = exited->why.kind,
        .by_link = exited->by_link,
        .is_linked = link != NULL && link->unlink == 0,
        .is_own = cop_pid_equal(exited->who, copi_pid_of(self)),
    };

    if (link != NULL) /* the other end is gone, whatever it means to us */
        discard(self, link);
    return copi_judge_exit(signal, self->traps);
}

/* What the owner says holds even for one that is suspended, as what a parent says in OTP. */
static bool
is_from_owner(const cop_actor *self, const cop_exited *exited)
{
    const cop_actor *owner = copi_owner_of(self);

    return owner != NULL && cop_pid_equal(exited->who, copi_pid_of(owner));
}

void
copi_on_exit(cop_actor *self, copi_envelope *envelope)
{
    cop_exited *exited = copi_payload(envelope);

    switch (judge(self, exited)) {
    case COPI_DROP: break;
    case COPI_DELIVER:
        if (copi_is_suspended(self) && is_from_owner(self, exited)) {
            copi_end(self, &exited->why);
            break;
        }
        if (copi_has_turns(self)) {
            envelope->kind = COPI_USER_MESSAGE;
            copi_append(self, envelope);
            return;
        }
        break;
    case COPI_DIE: copi_end(self, &exited->why); break;
    case COPI_DIE_KILLED: copi_kill_self(self); break;
    }
    copi_envelope_free(self->worker, envelope);
}

cop_err
copi_link_child(cop_actor *self, cop_actor *child)
{
    return add(self, copi_pid_of(child)) != NULL && add(child, copi_pid_of(self)) != NULL
               ? COP_OK
               : COP_E_NOMEM;
}

void
copi_link_forget(cop_actor *self, cop_pid with)
{
    copi_link *link = find(self, with);

    if (link != NULL)
        discard(self, link);
}

void
copi_links_end(cop_actor *self, const cop_exit *why)
{
    copi_map *links = &self->ties->links;

    for (copi_map_node *node; (node = copi_map_pop(links)) != NULL;) {
        copi_link *link = COPI_CONTAINER(node, copi_link, node);
        cop_pid with = {node->high, node->low};
        if (link->unlink != 0) {
            copi_pool_give(&self->worker->pool, link, sizeof *link);
            continue;
        }
        copi_parcel parcel = copi_parcel_to(self, COPI_EXIT, with, 0);
        parcel.why = why;
        parcel.by_link = true;
        copi_signal_in(self->node, self->worker,
                       copi_envelope_in(self->worker, link, sizeof *link), &parcel);
    }
    copi_map_fini(links);
}

void
cop_signal(cop_actor *me, cop_pid to, const cop_exit *why)
{
    copi_signal(
        me->node, me->worker,
        &(copi_parcel){.kind = COPI_EXIT, .from = copi_pid_of(me), .to = to, .why = why});
}

void
cop_kill(cop_actor *me, cop_pid to)
{
    cop_signal(me, to, &(cop_exit){.kind = COP_EXIT_KILL});
}

bool
cop_trap_exit(cop_actor *me, bool trap)
{
    bool before = me->traps;

    me->traps = trap;
    return before;
}
