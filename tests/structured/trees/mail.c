/* SPDX-License-Identifier: Apache-2.0 */
#include "structured/trees/play.h"

void
write_letter(life *who, cop_actor *me, int node)
{
    play *self = who->play;
    cop_pid to = pid_of_node(self, node);
    int number = ++self->letter_count;

    cop_err err = cop_send(me, to, letter, number);
    note_more(self, &(entry){.what = WRITES,
                             .who = who->self,
                             .a = number,
                             .b = life_of_pid(self, to),
                             .c = (int64_t)err});
}

void
read_letter(life *who, const letter *msg)
{
    note(who->play, READS, who->self, msg->number, 0);
}

void
watch_node(life *who, cop_actor *me, int node)
{
    play *self = who->play;
    cop_pid whom = pid_of_node(self, node);
    int number = self->monitor_count + 1;
    watching *made = &self->monitors[number];

    if (number > ACTS || cop_monitor(me, whom, &made->ref) != COP_OK)
        return;
    self->monitor_count++;
    made->who = who->self;
    who->last_monitor = number;
    note(self, WATCHES, who->self, number, life_of_pid(self, whom));
}

void
unwatch(life *who, cop_actor *me)
{
    int number = who->last_monitor;

    if (number == 0)
        return;
    bool was_active = cop_demonitor_flush(me, who->play->monitors[number].ref);
    note(who->play, UNWATCHES, who->self, number, was_active);
}

void
see_down(life *who, const cop_down *down)
{
    play *self = who->play;
    int number = self->monitor_count;

    while (number > 0 && self->monitors[number].ref.bits != down->ref.bits)
        number--;
    note_more(self, &(entry){.what = SEES_DOWN,
                             .who = who->self,
                             .a = number,
                             .b = down->why.kind,
                             .c = down->why.code});
}
