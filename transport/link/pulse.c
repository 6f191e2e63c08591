/* SPDX-License-Identifier: Apache-2.0 */
#include "link/pulse.h"

enum {
    REDIAL_MIN = 100,
    REDIAL_MAX = 2000,
};

void
copi_pulse_start(copi_pulse *self, int64_t now)
{
    *self = (copi_pulse){now, now, now};
}

copi_pulse_verdict
copi_pulse_look(copi_pulse *self, int64_t now, int32_t beat, int32_t dead)
{
    bool overslept = now - self->looked > beat;

    self->looked = now;
    if (overslept && self->heard < now - dead + beat)
        self->heard = now - dead + beat;
    if (now - self->heard >= dead)
        return COPI_PULSE_DEAD;
    if (now - self->beaten < beat)
        return COPI_PULSE_QUIET;
    self->beaten = now;
    return COPI_PULSE_BEAT;
}

int64_t
copi_redial_after(unsigned failures, uint64_t random)
{
    int64_t most = failures > 4 ? REDIAL_MAX : (int64_t)(2 * REDIAL_MIN) << failures;

    if (most > REDIAL_MAX)
        most = REDIAL_MAX;
    return most / 2 + (int64_t)(random % (uint64_t)(most / 2 + 1));
}
