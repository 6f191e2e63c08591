/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub.h - the actor that holds a node's sessions, and what it shares with other threads.
 *
 *      local actors -- route.c --> hub: peers.c, sending.c --> carrier
 *      local actors <------------- receiving.c <-------------- carrier
 *
 * One actor owns the carrier, the dials and the peers: all their fields are its runner's.
 * What other threads may read stands first, and says so.  The whole lives as long as the
 * node, longer than the actor.
 */
#ifndef COPPICE_NODE_HUB_H
#define COPPICE_NODE_HUB_H

#include <coppice/cluster.h>
#include <coppice/timer.h>

#include "carrier/carrier.h"
#include "core/node.h"
#include "link/credit.h"
#include "link/pulse.h"
#include "node/crossing.h"
#include "node/names.h"
#include "node/outbox.h"
#include "wire/frame.h"

enum {
    COPI_PEERS_MAX = 256,         /* nanomsg has 512 sockets */
    COPI_SEND_HIGH = 1024 * 1024, /* bytes that wait for one node before COP_E_BUSY */
    COPI_ENDED_RUNS = 64,         /* remembered, so that their pids are known to be stale */
};

/* A time that does not come. */
#define COPI_NEVER INT64_MAX

typedef struct copi_peer copi_peer;

/* The entrance to one session. */
typedef struct copi_gate {
    /* Written by the hub, which sets epoch and limit first and incarnation with release;
     * 0: closed.  Senders acquire. */
    _Atomic uint64_t incarnation;
    _Atomic uint64_t epoch;   /* of the session; a sender's record is refused in another */
    _Atomic uint32_t limit;   /* bytes of one packed message */
    _Atomic uint32_t backlog; /* bytes in the outbox; a hint, relaxed */
    /* Bytes on the way to the hub.  Relaxed: a bound on memory, not an order. */
    _Atomic int64_t queued;
} copi_gate;

typedef enum copi_dial_state {
    COPI_DIAL_WAITS, /* until `at` */
    COPI_DIAL_CALLS, /* a line is open, our hello has not been answered */
    COPI_DIAL_OPEN,  /* it has */
    COPI_DIAL_RESTS, /* it leads to a node that another dial leads to, or to this one */
} copi_dial_state;

/* One address that we keep trying to have a line to. */
typedef struct copi_dial {
    struct copi_dial *next;
    char address[COPI_ADDRESS_MAX];
    bool is_seed; /* never given up */
    copi_dial_state state;
    copi_line *line;  /* of CALLS and OPEN */
    uint64_t link;    /* number of this attempt */
    uint64_t counter; /* of the next frame */
    int64_t at;       /* WAITS: when to try again; CALLS: when to say hello again */
    int64_t until;    /* CALLS: when to give this attempt up */
    int64_t seen;     /* when it was last open or asked for */
    unsigned failures;
    cop_err complaint; /* logged last */
    copi_peer *peer;   /* of OPEN */
    uint64_t leads_to; /* of RESTS: the incarnation */
} copi_dial;

/* One run of another node. */
struct copi_peer {
    copi_peer *next;
    uint64_t incarnation;
    char name[COPI_NODE_NAME_MAX];
    char address[COPI_ADDRESS_MAX];
    uint32_t message_max;

    copi_dial *out; /* open, or NULL */
    copi_pulse out_pulse;
    copi_credit credit;
    copi_outbox outbox;
    bool is_stuck; /* the carrier was busy: wait until it says writable */

    bool has_in;
    bool is_ready; /* its names have come */
    uint64_t pipe;
    uint64_t in_link;
    uint64_t in_counter; /* expected next */
    copi_pulse in_pulse;
    copi_intake intake;
    bool owes_ack;  /* for a beat; to be sent with ours */
    uint8_t *whole; /* of fragments */
    size_t whole_size, whole_done;
    uint64_t spawner; /* id of who starts actors there */

    bool is_up;
    bool is_gone; /* ended, and freed at the next sweep */
    bool said_bye;
    copi_gate *gate; /* while up */
    uint64_t epoch;
    cop_pid scope; /* what it starts here hangs under this */
    copi_crossing crossing;
};

/* A run that has ended, or an actor that wants to know. */
typedef struct copi_ended_run {
    char name[COPI_NODE_NAME_MAX];
    uint64_t incarnation;
} copi_ended_run;

typedef struct copi_node_watcher {
    struct copi_node_watcher *next;
    cop_pid who;
    cop_ref monitor;
} copi_node_watcher;

typedef struct copi_cluster {
    /* Written before the route is published. */
    cop_node *node;
    copi_route route;
    cop_pid hub;
    char address[COPI_ADDRESS_MAX];
    int32_t heartbeat_ms, dead_ms;
    uint32_t message_max;
    const cop_behaviour **behaviours; /* ends with NULL */
    const char *join;                 /* while the hub starts */

    /* Any thread. */
    copi_names names;
    copi_gate gates[COPI_PEERS_MAX];
    _Atomic uint32_t gate_count; /* so many have ever been used; release, acquire */
    /* Runs that are known to have been followed by another.  Relaxed: each says all. */
    _Atomic uint64_t past[COPI_ENDED_RUNS];

    /* The hub's. */
    cop_actor *me;
    copi_carrier *carrier;
    cop_net *net;
    copi_dial *dials;
    copi_peer *peers;
    copi_node_watcher *watchers;
    copi_ended_run ended[COPI_ENDED_RUNS];
    uint32_t ended_count, past_count;
    uint64_t links; /* the number of the last attempt */
    uint64_t epochs;
    int64_t patience_at; /* when strangers may next be answered */
    int32_t patience;
    int64_t gossip_at;
    uint64_t complained_of; /* the last stranger, so that each is logged once */
    cop_err complaint;
    cop_timer tick;
    int64_t tick_at;   /* when it comes */
    int64_t ticked_at; /* when one came last */
    bool is_flush_due;
    bool is_leaving;
} copi_cluster;

/* hub.c */
extern const cop_behaviour copi_hub_behaviour;
/* Has the outboxes emptied once the mail at hand is handled. */
void copi_hub_flush_later(copi_cluster *self);
void copi_hub_log(copi_cluster *self, const char *format, ...) COP_PRINTF(2, 3);
/* Says once for each stranger why he is refused. */
void copi_hub_complain(copi_cluster *self, const copi_hello *hello, cop_err why);

/* ticking.c */
void copi_hub_tick(copi_cluster *self);
/* Arms the timer for what is next to do, if anything. */
void copi_hub_rearm(copi_cluster *self);
/* May a stranger be answered now? */
bool copi_hub_is_patient(copi_cluster *self);

/* route.c */
/* The cluster of a node; NULL if there is none.  Any thread. */
copi_cluster *copi_cluster_of(cop_node *node);
void copi_route_init(copi_cluster *self);
copi_gate *copi_gate_open(copi_cluster *self, const copi_peer *peer);
void copi_gate_close(copi_gate *gate);

/* dials.c */
/* An address to be tried; now, if it waits.  NULL: not a good one, or too many. */
copi_dial *copi_dial_want(copi_cluster *self, const char *address, bool is_seed);
void copi_dial_start(copi_cluster *self, copi_dial *dial);
void copi_dial_greet(copi_cluster *self, copi_dial *dial);
/* Closes its line and waits a while. */
void copi_dial_fail(copi_cluster *self, copi_dial *dial);
void copi_dial_rest(copi_cluster *self, copi_dial *dial, uint64_t leads_to);
void copi_dials_look(copi_cluster *self, int64_t now);
/* A frame of an open dial; false if the line is busy. */
bool copi_dial_send(copi_cluster *self, copi_dial *dial, copi_frame_type type,
                    const uint8_t *payload, size_t size);
/* What the carrier tells of lines. */
void copi_dial_answer(void *cluster, void *dial, const uint8_t *bytes, size_t size);
void copi_dial_writable(void *cluster, void *dial);
void copi_dial_broken(void *cluster, void *dial);

/* peers.c */
copi_peer *copi_peer_of(const copi_cluster *self, uint64_t incarnation);
/* The peer of a hello, made if need be.  NULL: no memory, or too many. */
copi_peer *copi_peer_meet(copi_cluster *self, const copi_hello *hello);
bool copi_peer_is_name_held(copi_cluster *self, const copi_hello *hello);
void copi_peer_out_opened(copi_cluster *self, copi_peer *peer, copi_dial *dial);
/* If all is there, the session begins. */
void copi_peer_consider(copi_cluster *self, copi_peer *peer);
/* Ends the session or what there is of one, for a reason that people can read. */
void copi_peer_end(copi_cluster *self, copi_peer *peer, const char *why);
/* Forgets one half of what is not a session yet. */
void copi_peer_drop_in(copi_cluster *self, copi_peer *peer);
void copi_peer_drop_out(copi_cluster *self, copi_peer *peer);
void copi_peers_sweep(copi_cluster *self);
void copi_peers_free(copi_cluster *self);

/* sending.c */
void copi_peer_flush(copi_cluster *self, copi_peer *peer);
void copi_peers_flush(copi_cluster *self);
void copi_peer_put(copi_cluster *self, copi_peer *peer, const copi_record *record);
void copi_peer_tell_all(copi_cluster *self, copi_peer *peer);
void copi_peer_tell_name(copi_cluster *self, copi_peer *peer, const char *name, cop_pid pid);
void copi_peer_tell_nodes(copi_cluster *self, copi_peer *peer);
/* Tells all others where a node that has come can be found. */
void copi_peer_announce(copi_cluster *self, const copi_peer *newcomer);

/* receiving.c */
void copi_hub_frame(void *cluster, uint64_t pipe, const uint8_t *bytes, size_t size);
/* The acknowledgement that it waits for, if any. */
void copi_peer_pay_ack(copi_cluster *self, copi_peer *peer);
/* A frame back along somebody's line, which may get lost. */
void copi_hub_answer(copi_cluster *self, uint64_t pipe, copi_frame_type type, uint64_t link,
                     const uint8_t *payload, size_t size);

/* records.c */
/* Records from a peer; false if they are broken, and the session with them. */
bool copi_peer_records(copi_cluster *self, copi_peer *peer, const uint8_t *bytes, size_t size);

/* incoming.c: one record to one actor here */
bool copi_peer_deliver(copi_cluster *self, copi_peer *peer, const copi_record *record);

/* watchers.c */
typedef struct copi_watch_nodes {
    cop_pid who;
} copi_watch_nodes;
extern const cop_type copi_watch_nodes_type;
void copi_watchers_add(copi_cluster *self, cop_pid who);
void copi_watchers_remove(copi_cluster *self, cop_ref monitor);
void copi_watchers_tell(copi_cluster *self, const copi_peer *peer, const cop_exit *why);
void copi_watchers_free(copi_cluster *self);

/* start.c */
void copi_hub_want_seeds(copi_cluster *self);

/* scope.c */
extern const cop_behaviour copi_scope_behaviour;

#endif /* COPPICE_NODE_HUB_H */
