/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - what a scope knows, shared between its actor and everybody who calls.
 *
 * Callers change and read it themselves, under one lock, so that joining is done when the
 * call returns, in an init as well, where no answer could be waited for.  What a caller
 * cannot do he leaves to the scope's actor, and pokes it:
 *
 *      caller    lock, change it, put down parties and changes, unlock, poke
 *      actor     take a party: monitor it, or no more; take a change: tell the followers
 *
 * So followers learn of changes in the order in which these were made, and nothing is sent
 * under the lock.  A poke is on its way or being handled as long as `is_poked`.
 *
 * A scope lives as long as its actor, and as a caller is in it.
 */
#ifndef COPPICE_SUPERVISOR_PG_SCOPE_H
#define COPPICE_SUPERVISOR_PG_SCOPE_H

#include <pthread.h>
#include <stdatomic.h>

#include <coppice/pg.h>

#include "base/map.h"
#include "pg/members.h"

typedef struct copi_follower copi_follower;
typedef struct copi_party copi_party;
typedef struct copi_change copi_change;

/* Exists while it has members or followers. */
typedef struct copi_group {
    copi_map_node node;      /* key: hash and length of the name */
    struct copi_group *twin; /* another name with the same key; only the first is in the map */
    copi_members *members;   /* NULL: none */
    copi_follower *followers;
    size_t follower_count;
    cop_str name; /* the text stands behind */
} copi_group;

/* Somebody who has joined or follows, or did so and is still monitored. */
struct copi_party {
    copi_map_node node;  /* key: the pid */
    copi_group **groups; /* where it is a member, as often as it is one */
    size_t group_count, group_room;
    copi_follower *followers; /* what it follows */
    copi_party *next_stale;
    bool is_stale;   /* the actor has to look whether to monitor it */
    bool is_watched; /* the actor monitors it, or is about to */
    cop_ref watch;   /* the actor's alone */
};

/* Somebody follows a group, or all. */
struct copi_follower {
    copi_map_node node; /* key: 0, ref */
    copi_party *party;
    copi_group *group;   /* NULL: all */
    copi_follower *next; /* of the same group, or of all */
    copi_follower *next_of_party;
};

/* One who is to be told of a change. */
typedef struct copi_target {
    cop_pid who;
    cop_ref ref;
} copi_target;

/* A change that is not told yet; targets, pids and the name stand behind it. */
struct copi_change {
    copi_change *next;
    const cop_type *type; /* cop_pg_joined or cop_pg_left */
    copi_target *targets;
    size_t target_count;
    cop_pid *pids;
    size_t pid_count;
    cop_str group;
};

typedef struct copi_pg {
    /* Written before anybody can find it. */
    cop_node *node;
    cop_pid self; /* its actor */

    copi_map_node in_directory;
    _Atomic uint32_t refs;

    pthread_mutex_t lock; /* all that follows */
    bool is_closed;       /* the actor is gone */
    bool is_poked;
    copi_map groups, parties, followers;
    copi_follower *of_all;
    size_t of_all_count;
    copi_party *stale;
    copi_change *changes, *last_change; /* oldest first */
} copi_pg;

/* scope.c */

/* A scope for this actor; NULL without memory. */
copi_pg *copi_pg_new(cop_actor *me);
void copi_pg_ref(copi_pg *self);
void copi_pg_unref(copi_pg *self);

/* Ends the lock, and sees to it that the actor does what is left to it. */
void copi_pg_unlock(copi_pg *self, cop_actor *me);

/* The rest is called under the lock. */

copi_group *copi_group_find(copi_pg *self, cop_str name);
/* Found or made; NULL without memory. */
copi_group *copi_group_have(copi_pg *self, cop_str name);
/* Frees it if it has neither members nor followers. */
void copi_group_tidy(copi_pg *self, copi_group *group);
/* Calls `visit` for each group; it must not change the scope. */
void copi_group_each(copi_pg *self, void (*visit)(void *ctx, copi_group *group), void *ctx);

/* party.c */

copi_party *copi_party_find(copi_pg *self, cop_pid who);
copi_party *copi_party_have(copi_pg *self, cop_pid who);
/* To be called when it may have become useful or useless: has the actor look, or frees it. */
void copi_party_tidy(copi_pg *self, copi_party *party);
/* The next that the actor has to look at, NULL if there is none; still in the scope. */
copi_party *copi_party_next(copi_pg *self);
bool copi_party_is_wanted(const copi_party *self);
/* Notes one membership, or strikes the youngest of that group out. */
cop_err copi_party_enter(copi_party *self, copi_group *group);
void copi_party_leave(copi_party *self, copi_group *group);
void copi_party_free(copi_pg *self, copi_party *party);

/* join.c */

cop_err copi_pg_join(copi_pg *self, cop_str name, const cop_pid *pids, size_t count);
cop_err copi_pg_leave(copi_pg *self, cop_str name, const cop_pid *pids, size_t count);
/* Takes an actor that has ended, and is monitored no more, out of everything. */
cop_err copi_pg_forget(copi_pg *self, cop_pid who);

/* follow.c */

/* `group` NULL: all. */
cop_err copi_follow(copi_pg *self, cop_pid who, const cop_str *group, cop_ref ref);
/* False if `who` does not follow under that ref. */
bool copi_unfollow(copi_pg *self, cop_pid who, cop_ref ref);
/* The same, of a follower that is known. */
void copi_follower_drop(copi_pg *self, copi_follower *follower);

/* A change of `group` for all who follow it now, with room for so many pids, and none in
 * it; `*out` is NULL if nobody follows.  COP_E_NOMEM. */
cop_err copi_change_new(copi_pg *self, const copi_group *group, const cop_type *type,
                        size_t count, copi_change **out);
/* Takes the change, which may be NULL, and puts it behind the others. */
void copi_change_push(copi_pg *self, copi_change *change);
/* The oldest, now the caller's, to be freed; NULL if there is none. */
copi_change *copi_change_pop(copi_pg *self);

#endif /* COPPICE_SUPERVISOR_PG_SCOPE_H */
