/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coppice.h - all of it.
 */
#ifndef COPPICE_COPPICE_H
#define COPPICE_COPPICE_H

#include <coppice/actor.h>
#include <coppice/api.h>
#include <coppice/buf.h>
#include <coppice/cluster.h>
#include <coppice/co.h>
#include <coppice/debug.h>
#include <coppice/err.h>
#include <coppice/event.h>
#include <coppice/exit.h>
#include <coppice/fault.h>
#include <coppice/guest.h>
#include <coppice/hatch.h>
#include <coppice/job.h>
#include <coppice/limiter.h>
#include <coppice/main.h>
#include <coppice/message.h>
#include <coppice/node.h>
#include <coppice/pid.h>
#include <coppice/probe.h>
#include <coppice/process.h>
#include <coppice/scope.h>
#include <coppice/sim.h>
#include <coppice/sim_run.h>
#include <coppice/simnet.h>
#include <coppice/snapshot.h>
#include <coppice/supervisor.h>
#include <coppice/timer.h>
#include <coppice/type.h>
#include <coppice/unixsig.h>
#include <coppice/version.h>
#include <coppice/watch.h>

#endif /* COPPICE_COPPICE_H */
