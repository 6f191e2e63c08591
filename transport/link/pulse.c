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

static int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Who hears is awake, as who looks. */
static int64_t
awake_at(const copi_pulse *self)
{
    return self->heard > self->looked ? self->heard : self->looked;
}

copi_pulse_verdict
copi_pulse_look(copi_pulse *self, int64_t now, int32_t beat, int32_t dead)
{
    bool overslept = now - awake_at(self) > 2 * (int64_t)beat;

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

bool
copi_pulse_join(copi_pulse *self, int64_t now, int32_t beat)
{
    if (now - self->beaten < beat / 2)
        return false;
    self->beaten = now;
    return true;
}

int64_t
copi_pulse_look_due(const copi_pulse *self, int32_t beat, int32_t dead)
{
    return earlier(awake_at(self) + beat, self->heard + dead);
}

int64_t
copi_pulse_beat_due(const copi_pulse *self, int32_t beat, int32_t dead)
{
    return earlier(self->beaten + beat, self->heard + dead);
}

int64_t
copi_redial_after(unsigned failures, uint64_t random)
{
    int64_t most = failures > 4 ? REDIAL_MAX : (int64_t)(2 * REDIAL_MIN) << failures;

    if (most > REDIAL_MAX)
        most = REDIAL_MAX;
    return most / 2 + (int64_t)(random % (uint64_t)(most / 2 + 1));
}
