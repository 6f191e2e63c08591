/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/draw.h"

static const uint64_t never = UINT64_MAX;

void
copi_chances_arm(cop_sim *sim, const cop_fault *plan)
{
    for (unsigned i = 0; i < COPI_ENTRIES_MAX && plan[i].kind != NULL; i++) {
        cop_fault counted = plan[i];
        counted.at = never;
        COPI_CHECK(cop_sim_fault(sim, &counted) == COP_OK);
    }
}

void
copi_chances_read(const cop_sim *sim, const cop_fault *plan, copi_chances *out)
{
    for (unsigned i = 0; i < COPI_ENTRIES_MAX && plan[i].kind != NULL; i++)
        out->of[i] =
            plan[i].kind->strike != NULL ? (uint64_t)cop_sim_now_ms(sim) : sim->armed[i].seen;
}

static uint32_t
capped(uint64_t count)
{
    return count > UINT32_MAX - 1 ? UINT32_MAX - 1 : (uint32_t)count;
}

/* One of an entry.  All numbers are drawn, needed or not: entries do not disturb each other. */
static cop_fault
draw_one(copi_rng *rng, const cop_fault *entry, uint64_t chances)
{
    cop_fault drawn = *entry;
    uint64_t at = 1 + copi_rng_below(rng, capped(chances));
    uint32_t most = capped((uint64_t)(entry->ms > 0 ? entry->ms : entry->kind->ms));
    int32_t ms = most == 0 ? 0 : (int32_t)(1 + copi_rng_below(rng, most));
    uint32_t pick = copi_rng_below(rng, 1000);

    drawn.up_to = 0;
    drawn.at = entry->at != 0 ? entry->at : at;
    drawn.ms = ms;
    drawn.pick = entry->kind->strike != NULL && entry->who[0] == '\0' ? pick : 0;
    return drawn;
}

uint32_t
copi_draw(uint64_t seed, const cop_fault *plan, const copi_chances *chances, cop_fault *out)
{
    copi_rng rng = {seed ^ UINT64_C(0x6661756c74)};
    uint32_t count = 0;

    for (unsigned i = 0; i < COPI_ENTRIES_MAX && plan[i].kind != NULL; i++) {
        uint32_t wanted = plan[i].up_to == 0 ? 1 : copi_rng_below(&rng, plan[i].up_to + 1);
        if (chances->of[i] == 0 && plan[i].at == 0)
            continue;
        while (wanted-- > 0 && count < COPI_FAULTS_MAX)
            out[count++] = draw_one(&rng, &plan[i], chances->of[i]);
    }
    return count;
}
