/* SPDX-License-Identifier: Apache-2.0 */
#include "core/node.h"
#include "debug/event.h"

void
copi_event_child(cop_actor *supervisor, cop_event_kind kind, const char *child,
                 const char *news, cop_pid pid, const cop_exit *why)
{
    char path[256];

    if (!copi_event_may(supervisor->node, kind))
        return;
    copi_event_tell(supervisor->node,
                    &(cop_event){
                        .kind = kind,
                        .who = copi_pid_of(supervisor),
                        .path = copi_path_write(supervisor, path, sizeof path),
                        .behaviour = supervisor->behaviour->name,
                        .why = why,
                        .child = child,
                        .news = news,
                        .child_pid = pid,
                    });
}
