/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers.c - one session from its two halves: when it begins, and how it ends.
 *
 * Each side dials the other, so there are two lines and nothing to arbitrate.  The session
 * is up when our line is open, theirs is, both lead to the same run, and they have told
 * their names.  It ends when either line does, and takes the other along; only before it
 * is up may one half be lost and come again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "node/hub.h"
#include "node/spawning.h"

copi_peer *
copi_peer_of(const copi_cluster *self, uint64_t incarnation)
{
    copi_peer *peer = self->peers;

    while (peer != NULL && (peer->is_gone || peer->incarnation != incarnation))
        peer = peer->next;
    return peer;
}

bool
copi_peer_is_name_held(copi_cluster *self, const copi_hello *hello)
{
    for (const copi_peer *peer = self->peers; peer != NULL; peer = peer->next)
        if (peer->is_up && peer->incarnation != hello->incarnation &&
            strcmp(peer->name, hello->name) == 0)
            return true;
    return false;
}

static size_t
count(const copi_cluster *self)
{
    size_t peers = 0;

    for (const copi_peer *peer = self->peers; peer != NULL; peer = peer->next)
        peers++;
    return peers;
}

copi_peer *
copi_peer_meet(copi_cluster *self, const copi_hello *hello)
{
    copi_peer *peer = copi_peer_of(self, hello->incarnation);

    if (peer != NULL)
        return peer;
    peer = count(self) < COPI_PEERS_MAX ? copi_calloc(1, sizeof *peer) : NULL;
    if (peer == NULL)
        return NULL;
    peer->incarnation = hello->incarnation;
    peer->message_max = hello->message_max;
    strcpy(peer->name, hello->name);
    strcpy(peer->address, hello->address);
    peer->next = self->peers;
    self->peers = peer;
    return peer;
}

/* -------------------------------------------------------------------------- begin */

/* What the other node starts here hangs under an actor that ends with the session. */
static void
open_scope(copi_cluster *self, copi_peer *peer)
{
    cop_spawn_opts opts = {.label = peer->name, .arg = self};

    if (!cop_pid_is_none(peer->scope) ||
        cop_spawn(self->me, &copi_scope_behaviour, &opts, &peer->scope) == COP_OK)
        return;
    peer->scope = COP_PID_NONE;
}

void
copi_peer_out_opened(copi_cluster *self, copi_peer *peer, copi_dial *dial)
{
    dial->state = COPI_DIAL_OPEN;
    dial->failures = 0;
    dial->counter = 1;
    dial->peer = peer;
    peer->out = dial;
    peer->credit = (copi_credit){0};
    peer->is_stuck = false;
    copi_pulse_start(&peer->out_pulse, cop_now_ms(self->me));
    copi_outbox_fini(&peer->outbox);
    open_scope(self, peer);
    copi_peer_tell_all(self, peer);
    copi_peer_consider(self, peer);
    if (!peer->is_gone)
        copi_peer_flush(self, peer);
}

/* Earlier runs of the same name are over for good: their pids are known to be stale. */
static void
outdate(copi_cluster *self, const copi_peer *peer)
{
    for (uint32_t i = 0; i < COPI_ENDED_RUNS; i++) {
        copi_ended_run *run = &self->ended[i];
        if (run->incarnation == 0 || run->incarnation == peer->incarnation ||
            strcmp(run->name, peer->name) != 0)
            continue;
        atomic_store_explicit(&self->past[self->past_count++ % COPI_ENDED_RUNS],
                              run->incarnation, memory_order_relaxed);
        run->incarnation = 0;
    }
}

static void
remember(copi_cluster *self, const copi_peer *peer)
{
    copi_ended_run *run = &self->ended[self->ended_count++ % COPI_ENDED_RUNS];

    run->incarnation = peer->incarnation;
    strcpy(run->name, peer->name);
}

void
copi_peer_consider(copi_cluster *self, copi_peer *peer)
{
    copi_hello hello = {.incarnation = peer->incarnation};

    if (peer->is_gone || peer->is_up || peer->out == NULL || !peer->has_in || !peer->is_ready)
        return;
    strcpy(hello.name, peer->name);
    peer->epoch = ++self->epochs;
    if (copi_peer_is_name_held(self, &hello) ||
        (peer->gate = copi_gate_open(self, peer)) == NULL) {
        copi_peer_end(self, peer, "its name is taken");
        return;
    }
    peer->is_up = true;
    outdate(self, peer);
    (void)copi_names_set(&self->names, COPI_SPAWNER, peer->name,
                         (cop_pid){peer->incarnation, peer->spawner}, true);
    copi_names_show(&self->names, peer->incarnation);
    copi_peer_announce(self, peer);
    copi_watchers_tell(self, peer, NULL);
}

/* ---------------------------------------------------------------------------- end */

/* They are told that nobody reads their line any more: a half that believes in a session
 * which the other has given up would end the next one too. */
static void
forget_in(copi_cluster *self, copi_peer *peer)
{
    if (peer->has_in)
        copi_hub_answer(self, peer->pipe, COPI_FRAME_RESET, peer->in_link, NULL, 0);
    peer->has_in = peer->is_ready = false;
    copi_names_drop(&self->names, peer->incarnation);
    free(peer->whole);
    peer->whole = NULL;
    peer->whole_size = peer->whole_done = 0;
}

static void
forget_out(copi_cluster *self, copi_peer *peer)
{
    if (peer->out != NULL) {
        peer->out->failures = 0;
        copi_dial_fail(self, peer->out);
    }
    peer->out = NULL;
    copi_outbox_fini(&peer->outbox);
}

/* Every actor here that has to do with that node is told, the watchers last. */
static void
tell_end(copi_cluster *self, copi_peer *peer, const char *why)
{
    cop_exit text = {.kind = COP_EXIT_NOCONNECTION};

    snprintf(text.text, sizeof text.text, "%s", why);
    copi_gate_close(peer->gate);
    copi_crossing_end(&peer->crossing, self->node, self->me->worker, peer->incarnation);
    remember(self, peer);
    copi_watchers_tell(self, peer, &text);
}

void
copi_peer_end(copi_cluster *self, copi_peer *peer, const char *why)
{
    bool was_up = peer->is_up;

    if (peer->is_gone)
        return;
    peer->is_gone = true;
    peer->is_up = false;
    forget_in(self, peer);
    forget_out(self, peer);
    if (!cop_pid_is_none(peer->scope))
        cop_signal(self->me, peer->scope,
                   &(cop_exit){.kind = COP_EXIT_NOCONNECTION,
                               .text = "the session of its owner has ended"});
    if (was_up)
        tell_end(self, peer, why);
}

void
copi_peer_drop_in(copi_cluster *self, copi_peer *peer)
{
    forget_in(self, peer);
    if (peer->out == NULL)
        copi_peer_end(self, peer, "");
}

void
copi_peer_drop_out(copi_cluster *self, copi_peer *peer)
{
    forget_out(self, peer);
    if (!peer->has_in)
        copi_peer_end(self, peer, "");
}

static void
free_peer(copi_peer *peer)
{
    copi_crossing_fini(&peer->crossing);
    copi_outbox_fini(&peer->outbox);
    free(peer->whole);
    free(peer);
}

/* Who has ended a peer may still be using it, so it goes before the next message. */
void
copi_peers_sweep(copi_cluster *self)
{
    for (copi_peer **at = &self->peers; *at != NULL;) {
        copi_peer *peer = *at;
        if (!peer->is_gone) {
            at = &peer->next;
            continue;
        }
        *at = peer->next;
        free_peer(peer);
    }
}

void
copi_peers_free(copi_cluster *self)
{
    for (copi_peer *peer = self->peers, *next; peer != NULL; peer = next) {
        next = peer->next;
        free_peer(peer);
    }
    self->peers = NULL;
}
