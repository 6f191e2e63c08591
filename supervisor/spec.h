/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec.h - rows of the tree: what is wrong with one, what its zeros mean, copies of it.
 */
#ifndef COPPICE_SUPERVISOR_SPEC_H
#define COPPICE_SUPERVISOR_SPEC_H

#include <coppice/supervisor.h>

static inline bool
copi_spec_is_supervisor(const cop_child *spec)
{
    return spec->sup != NULL || spec->run == &cop_supervisor;
}

/* The row behind the last one. */
static inline bool
copi_spec_is_end(const cop_child *spec)
{
    return spec->name == NULL && spec->run == NULL && spec->sup == NULL;
}

/* What the zeros of a row mean. */
int32_t copi_spec_stop_ms(const cop_child *spec);
uint32_t copi_spec_restarts(const cop_budget *budget);
uint32_t copi_spec_seconds(const cop_budget *budget);
/* How long after init it may say that it is ready; 0: it need not.  `arg`: what its init
 * gets, which for a supervisor is its row. */
int32_t copi_spec_ready_ms(const cop_child *spec, const void *arg);

/* A sentence about the first mistake in one row, in `text`; false if there is none.  The
 * second looks at a child in its supervisor, the third at the supervisor with its rows
 * (but not at what its children own: that is for them). */
bool copi_spec_is_wrong(const cop_child *spec, char *text, size_t size);
bool copi_spec_is_wrong_below(const cop_child *spec, const cop_child *supervisor, char *text,
                              size_t size);
bool copi_spec_is_wrong_table(const cop_child *supervisor, char *text, size_t size);

/*
 * A row and all below it in one block that can be copied and moved as bytes: what points
 * inside it is an offset.  Pack writes copi_spec_size bytes, aligned as malloc does.
 */
size_t copi_spec_size(const cop_child *spec);
void copi_spec_pack(const cop_child *spec, void *block);
/* A row of its own from such bytes, for the caller to free; NULL without memory. */
cop_child *copi_spec_unpack(cop_bytes packed);

#endif /* COPPICE_SUPERVISOR_SPEC_H */
