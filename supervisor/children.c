/* SPDX-License-Identifier: Apache-2.0 */
#include "children.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "spec.h"

/* -------------------------------------------------------------------------- names */

/* FNV-1a. */
static uint32_t
hash(const char *text, size_t size)
{
    uint32_t sum = UINT32_C(2166136261);

    for (size_t i = 0; i < size; i++)
        sum = (sum ^ (uint8_t)text[i]) * UINT32_C(16777619);
    return sum;
}

static copi_child **
bucket_of(const copi_children *self, const char *name, size_t size)
{
    return &self->buckets[hash(name, size) & (self->bucket_count - 1)];
}

static void
put_in_bucket(copi_children *self, copi_child *child)
{
    copi_child **bucket = bucket_of(self, child->spec->name, strlen(child->spec->name));

    child->next_in_bucket = *bucket;
    *bucket = child;
}

static void
take_from_bucket(copi_children *self, copi_child *child)
{
    copi_child **at = bucket_of(self, child->spec->name, strlen(child->spec->name));

    while (*at != child)
        at = &(*at)->next_in_bucket;
    *at = child->next_in_bucket;
}

static void
free_buckets(copi_children *self)
{
    if (self->buckets != self->first_buckets)
        free(self->buckets);
}

/* Without memory for a bigger table lists get longer. */
static void
grow(copi_children *self)
{
    uint32_t count = 2 * self->bucket_count;

    if (self->bucket_count == 0) {
        self->buckets = self->first_buckets;
        self->bucket_count = COPI_FIRST_BUCKETS;
    }
    if (self->count < self->bucket_count)
        return;
    copi_child **buckets = copi_calloc(count, sizeof(copi_child *));
    if (buckets == NULL)
        return;
    free_buckets(self);
    self->buckets = buckets;
    self->bucket_count = count;
    for (copi_child *child = self->oldest; child != NULL; child = child->younger)
        put_in_bucket(self, child);
}

copi_child *
copi_children_find(const copi_children *self, cop_str name)
{
    if (self->buckets == NULL)
        return NULL;
    copi_child *child = *bucket_of(self, name.data, name.size);
    while (child != NULL && !cop_str_equal(name, child->spec->name))
        child = child->next_in_bucket;
    return child;
}

/* --------------------------------------------------------------------- seats, pids */

static void
free_seats(copi_children *self)
{
    if (self->seats != self->first_seats)
        free(self->seats);
}

static copi_seat *
room_for_seats(copi_children *self, uint32_t count)
{
    if (count == COPI_FIRST_SEATS)
        return self->first_seats;
    copi_seat *seats = copi_malloc(count * sizeof *seats);
    if (seats == NULL)
        return NULL;
    memcpy(seats, self->seats, self->seat_count * sizeof *seats);
    free_seats(self);
    return seats;
}

static bool
more_seats(copi_children *self)
{
    uint32_t count = self->seat_count == 0 ? COPI_FIRST_SEATS : 2 * self->seat_count;

    if (self->free_seat != 0)
        return true;
    copi_seat *seats = room_for_seats(self, count);
    if (seats == NULL)
        return false;
    for (uint32_t i = self->seat_count; i < count; i++)
        seats[i] = (copi_seat){NULL, i + 1 < count ? i + 2 : 0};
    self->free_seat = self->seat_count + 1;
    self->seats = seats;
    self->seat_count = count;
    return true;
}

static void
take_seat(copi_children *self, copi_child *child)
{
    uint32_t seat = self->free_seat - 1;

    if (++self->serial == 0)
        self->serial = 1;
    child->cookie = (uint64_t)self->serial << 32 | seat;
    self->free_seat = self->seats[seat].next_free;
    self->seats[seat] = (copi_seat){child, 0};
}

static void
leave_seat(copi_children *self, const copi_child *child)
{
    uint32_t seat = (uint32_t)child->cookie;

    self->seats[seat] = (copi_seat){NULL, self->free_seat};
    self->free_seat = seat + 1;
}

copi_child *
copi_children_of_cookie(const copi_children *self, uint64_t cookie, cop_pid pid)
{
    uint32_t seat = (uint32_t)cookie;
    copi_child *child = seat < self->seat_count ? self->seats[seat].child : NULL;

    return child != NULL && cop_pid_equal(child->pid, pid) ? child : NULL;
}

void
copi_child_set_pid(copi_children *self, copi_child *child, cop_pid pid)
{
    if (self->is_dynamic && !cop_pid_is_none(child->pid))
        copi_map_remove(&self->pids, &child->by_pid);
    child->pid = pid;
    if (self->is_dynamic && !cop_pid_is_none(pid)) {
        child->by_pid = (copi_map_node){.high = pid.node, .low = pid.id};
        copi_map_add(&self->pids, &child->by_pid);
    }
}

copi_child *
copi_children_of_pid(const copi_children *self, cop_pid pid)
{
    copi_map_node *node = copi_map_find(&self->pids, pid.node, pid.id);

    return node == NULL ? NULL : COPI_CONTAINER(node, copi_child, by_pid);
}

/* ------------------------------------------------------------------------ entries */

/* With the ring of its bursts behind it, in one block. */
static copi_budget *
new_budget(const cop_budget *spec)
{
    uint32_t restarts = copi_spec_restarts(spec), seconds = copi_spec_seconds(spec);
    copi_budget *made = copi_calloc(
        1, sizeof *made + (copi_budget_room(restarts, seconds) + 1u) * sizeof(copi_burst));

    if (made != NULL)
        copi_budget_init(made, restarts, seconds, (copi_burst *)(void *)(made + 1));
    return made;
}

static void
free_child(copi_child *child)
{
    free(child->why);
    free(child->own_budget);
    free(child->mail);
    free(child->owned);
    free(child);
}

static copi_child *
new_child(const cop_child *spec)
{
    bool has_budget = spec->own_budget.restarts != 0 || spec->own_budget.seconds != 0;
    copi_child *child = copi_calloc(1, sizeof *child);

    if (child == NULL)
        return NULL;
    child->spec = spec;
    if (has_budget)
        child->own_budget = new_budget(&spec->own_budget);
    if (spec->keep_mail)
        child->mail = copi_calloc(1, sizeof *child->mail);
    if ((has_budget && child->own_budget == NULL) || (spec->keep_mail && child->mail == NULL)) {
        free_child(child);
        return NULL;
    }
    return child;
}

copi_child *
copi_children_add(copi_children *self, const cop_child *spec)
{
    if (!more_seats(self))
        return NULL;
    if (!self->is_dynamic)
        grow(self);
    copi_child *child = new_child(spec);
    if (child == NULL)
        return NULL;
    take_seat(self, child);
    child->older = self->youngest;
    *(self->youngest == NULL ? &self->oldest : &self->youngest->younger) = child;
    self->youngest = child;
    self->count++;
    if (!self->is_dynamic)
        put_in_bucket(self, child);
    return child;
}

void
copi_children_drop(copi_children *self, copi_child *child)
{
    COPI_CHECK(child->mail == NULL || child->mail->count == 0);
    copi_child_set_phase(self, child, COPI_CHILD_STOPPED);
    copi_child_set_pid(self, child, COP_PID_NONE);
    leave_seat(self, child);
    if (!self->is_dynamic)
        take_from_bucket(self, child);
    *(child->older == NULL ? &self->oldest : &child->older->younger) = child->younger;
    *(child->younger == NULL ? &self->youngest : &child->younger->older) = child->older;
    self->count--;
    if (child->pins == 0) {
        free_child(child);
        return;
    }
    child->is_dropped = true;
    child->older = NULL;
    child->younger = self->dropped;
    if (self->dropped != NULL)
        self->dropped->older = child;
    self->dropped = child;
}

bool
copi_children_unpin(copi_children *self, copi_child *child)
{
    child->pins--;
    if (!child->is_dropped)
        return true;
    if (child->pins > 0)
        return false;
    *(child->older == NULL ? &self->dropped : &child->older->younger) = child->younger;
    if (child->younger != NULL)
        child->younger->older = child->older;
    free_child(child);
    return false;
}

static bool
counts_as_significant(const copi_child *child)
{
    return child->spec->significant && child->phase != COPI_CHILD_STOPPED;
}

void
copi_child_set_phase(copi_children *self, copi_child *child, copi_phase_of_child phase)
{
    self->significant -= counts_as_significant(child);
    child->phase = (uint8_t)phase;
    self->significant += counts_as_significant(child);
}

static void
free_list(copi_child *child)
{
    while (child != NULL) {
        copi_child *next = child->younger;
        free_child(child);
        child = next;
    }
}

void
copi_children_fini(copi_children *self)
{
    free_list(self->oldest);
    free_list(self->dropped);
    free_buckets(self);
    free_seats(self);
    copi_map_fini(&self->pids);
    *self = (copi_children){0};
}
