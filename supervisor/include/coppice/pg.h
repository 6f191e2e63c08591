/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg.h - process groups: who is in which group, and messages to all of a group.
 *
 * A scope is an actor that keeps groups.  Groups have names, which are any bytes, and
 * members, which are actors of this node.  A program puts its scopes into its tree, before
 * those who use them:
 *
 *      .sup = COP_CHILDREN({.name = COP_PG, .run = &cop_pg_scope},
 *                          {.name = "reader", .run = &reader_b}, ...)
 *
 *      cop_pg_join(me, NULL, COP_STR("news"), cop_self(me))        a reader, in its init
 *      cop_publish(me, NULL, COP_STR("news"), headline, .text = t) whoever has news
 *
 * A scope is known by the name that its actor is registered under; NULL is COP_PG.  Any
 * number of scopes may live beside each other, and know nothing of each other.
 *
 * Joining and leaving act at once: when the call returns, every reader sees it.  Reading
 * asks nobody: it takes the list of members as it stands, which never changes after that.
 * Who follows a group or a scope gets a message for each change, in the order in which the
 * changes were made; who handles such a message and reads sees that change and maybe later
 * ones.
 *
 * An actor may join a group several times, and is then several times a member.  When it
 * ends, the scope takes it out of all groups, soon after: until then readers may see an
 * actor that has ended.  A group without members does not exist.
 *
 * When a scope ends, its groups are gone, and members live on; when its supervisor has
 * started it again it is empty, and who was in it has to join again.  Followers get a
 * cop_down.  A scope that has no memory left for taking out who has ended ends.
 *
 * Words and rules are those of OTP's pg, for one node.  All functions here are for local
 * actors, and those that take `me` for its own handlers, as in actor.h.
 */
#ifndef COPPICE_PG_H
#define COPPICE_PG_H

#include <stdbool.h>
#include <stddef.h>

#include <coppice/actor.h>

/* The name of the default scope. */
#define COP_PG "pg"

/* The behaviour of every scope; it takes no argument.  To be spawned under a name. */
extern COP_API const cop_behaviour cop_pg_scope;

/* ------------------------------------------------------------------ joining, leaving */

/*
 * Makes `who`, who may be anybody of this node, a member once more.  COP_E_REFUSED for a
 * pid of another node or none: groups do not span nodes yet; COP_E_NO_NAME if there is no
 * such scope; COP_E_NOMEM.  One that has ended already is taken out again.
 */
COP_API COP_MUST_USE cop_err cop_pg_join(cop_actor *me, const char *scope, cop_str group,
                                         cop_pid who);

/* The same for `count` actors, in this order, as one change: all of them, or none. */
COP_API COP_MUST_USE cop_err cop_pg_join_all(cop_actor *me, const char *scope, cop_str group,
                                             const cop_pid *pids, size_t count);

/* Ends one membership, the youngest, of `who`.  COP_E_NOT_FOUND if it has none: OTP's
 * not_joined; COP_E_NO_NAME, COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_pg_leave(cop_actor *me, const char *scope, cop_str group,
                                          cop_pid who);

/* The same for each of `count` actors, as one change.  Those that are no members are passed
 * over; COP_E_NOT_FOUND if none of them is one. */
COP_API COP_MUST_USE cop_err cop_pg_leave_all(cop_actor *me, const char *scope, cop_str group,
                                              const cop_pid *pids, size_t count);

/* --------------------------------------------------------------------------- reading */

/* The members of a group at one moment, in the order in which they joined.  To be given
 * back by cop_pg_members_free; while it is held it costs the next change a copy. */
typedef struct cop_pg_members {
    const cop_pid *pids;
    size_t count;
    void *copi_held;
} cop_pg_members;

/* A group and its members at one moment. */
typedef struct cop_pg_group {
    cop_str name;
    cop_pg_members members;
} cop_pg_group;

/* The groups of a scope at one moment, in no particular order.  To be given back by
 * cop_pg_groups_free, with the names and members in it. */
typedef struct cop_pg_groups {
    const cop_pg_group *items;
    size_t count;
} cop_pg_groups;

/* Nobody if there is no such group or scope.  As OTP's pg:get_members. */
COP_API COP_MUST_USE cop_pg_members cop_pg_get_members(cop_actor *me, const char *scope,
                                                       cop_str group);

/* Gives it back and zeroes it; a zeroed one is given back already.  Any thread. */
COP_API void cop_pg_members_free(cop_pg_members *members);

/* All groups that have members, and who they are.  COP_E_NO_NAME, COP_E_NOMEM. */
COP_API COP_MUST_USE cop_err cop_pg_which_groups(cop_actor *me, const char *scope,
                                                 cop_pg_groups *out);

/* Gives it back and zeroes it; a zeroed one is given back already.  Any thread. */
COP_API void cop_pg_groups_free(cop_pg_groups *groups);

/* ------------------------------------------------------------------------- following */

/* These have become members of `group`, in this order. */
typedef struct cop_pg_joined {
    cop_ref ref; /* what cop_pg_monitor gave */
    cop_str group;
    struct {
        const cop_pid *items;
        size_t count;
    } pids;
} cop_pg_joined;

/* These memberships have ended; an actor that has ended stands here as often as it was a
 * member. */
typedef struct cop_pg_left {
    cop_ref ref;
    cop_str group;
    struct {
        const cop_pid *items;
        size_t count;
    } pids;
} cop_pg_left;

extern COP_API const cop_type cop_pg_joined_type, cop_pg_left_type;

/*
 * From now on this actor gets a cop_pg_joined or a cop_pg_left for each change of `group`,
 * which need not exist, until it ends or the scope does.  No mailbox refuses them; a change
 * of very many members comes as several.  `ref` is that of a monitor of the scope's actor,
 * so the scope's end comes as a cop_down of that ref.  `now`, if not NULL, is who the
 * members are before the first of these messages, as cop_pg_get_members returns it.
 * COP_E_NO_NAME, COP_E_NOMEM.
 */
COP_API COP_MUST_USE cop_err cop_pg_monitor(cop_actor *me, const char *scope, cop_str group,
                                            cop_ref *ref, cop_pg_members *now);

/* The same for all groups of a scope, those to come as well; `now` as cop_pg_which_groups
 * sets it. */
COP_API COP_MUST_USE cop_err cop_pg_monitor_scope(cop_actor *me, const char *scope,
                                                  cop_ref *ref, cop_pg_groups *now);

/* Ends that; changes that are on their way still come.  False if it had ended. */
COP_API bool cop_pg_demonitor(cop_actor *me, const char *scope, cop_ref ref);

/* ------------------------------------------------------------------------ publishing */

/* What has become of a message to a group. */
typedef struct cop_published {
    size_t sent;    /* it is in so many mailboxes */
    size_t refused; /* so many took it not: full, or ended */
    cop_err why;    /* of the first that refused; COP_E_NO_NAME if there is no such scope */
} cop_published;

/*
 * cop_publish(me, scope, topic, T, fields...): cop_send to each member of the group `topic`,
 * to one that is several times a member as often, to this actor as well if it is one.  The
 * message reaches who is a member now.  Nobody waits for a slow subscriber: the bound of his
 * own mailbox decides, and the publisher sees the count.  References to buffers are taken
 * over, as by cop_send; each receiver has references of its own.
 */
#define cop_publish(me, scope, topic, ...)                                                     \
    cop_publish_message(me, scope, topic, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

COP_API cop_published cop_publish_message(cop_actor *me, const char *scope, cop_str topic,
                                          const cop_type *type, const void *message);

#endif /* COPPICE_PG_H */
