/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - an actor whose mailbox a test reads from outside of a simulation.
 *
 * What comes to a probe waits there until the test expects it.  To expect steps the
 * simulation until something has come, for COP_PROBE_PATIENCE ms of virtual time at most.
 * What does not fit fails the test with file, line, seed, and what else has come: see
 * cop_sim_on_fail.
 *
 *      cop_probe_ask(probe, counter, counter_get);
 *      cop_sim_expect(probe, "counter_value{n: 42}");
 *
 * Probes belong to their simulation and are called between its steps, by its thread.  None
 * of the messages' buffers survive the next call on the same probe.  Messages of other nodes
 * do not reach a probe, which has no handlers that know their types; answers do.
 */
#ifndef COPPICE_PROBE_H
#define COPPICE_PROBE_H

#include <coppice/sim.h>

typedef struct cop_probe cop_probe;

enum {
    COP_PROBE_PATIENCE = 10000 /* milliseconds */
};

/* Starts one under the root of a node; `name` is registered, if not NULL.  As cop_spawn. */
COP_API COP_MUST_USE cop_err cop_probe_new(cop_node *node, const char *name, cop_probe **out);
COP_API cop_pid cop_probe_pid(const cop_probe *probe);

/* The probe sends, as cop_send. */
#define cop_probe_send(probe, to, ...)                                                         \
    cop_probe_send_message(probe, to, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))
/* The probe asks, for up to COP_PROBE_PATIENCE; the answer comes as a message, and what
 * comes in its place is for cop_sim_expect_error.  As cop_ask; 16 calls at a time,
 * COP_E_FULL. */
#define cop_probe_ask(probe, to, Answer, ...)                                                  \
    cop_probe_ask_message(probe, to, &Answer##_type, COPI_TYPE_OF(__VA_ARGS__),                \
                          &COP_MSG(__VA_ARGS__))
/* The probe answers the call that was expected last; as cop_answer. */
#define cop_probe_answer(probe, ...)                                                           \
    cop_probe_answer_message(probe, COPI_TYPE_OF(__VA_ARGS__), &COP_MSG(__VA_ARGS__))

COP_API COP_MUST_USE cop_err cop_probe_send_message(cop_probe *probe, cop_pid to,
                                                    const cop_type *type, const void *message);
COP_API COP_MUST_USE cop_err cop_probe_ask_message(cop_probe *probe, cop_pid to,
                                                   const cop_type *answer, const cop_type *type,
                                                   const void *message);
COP_API COP_MUST_USE cop_err cop_probe_answer_message(cop_probe *probe, const cop_type *type,
                                                      const void *message);
COP_API COP_MUST_USE cop_err cop_probe_answer_error(cop_probe *probe, cop_err err);

/* Watches `who`, for cop_sim_expect_down.  As cop_monitor. */
COP_API COP_MUST_USE cop_err cop_probe_watch(cop_probe *probe, cop_pid who);

/* Who sent what was expected last. */
COP_API cop_pid cop_probe_sender(const cop_probe *probe);
/* How many messages, and ends of calls, wait. */
COP_API size_t cop_probe_count(const cop_probe *probe);
/* The first that waits, whatever it is; NULL if nothing does.  `type` says what: NULL is the
 * end of a call without an answer, and the result is a const cop_err *.  As an expectation. */
COP_API const void *cop_probe_next(cop_probe *probe, const cop_type **type);

/* --------------------------------------------------------------------- expectations
 *
 * What they return is the message, which lives until the next call on the same probe.
 */

/* The next message looks like this: a pattern as cop_message_match has it. */
#define cop_sim_expect(probe, pattern)                                                         \
    cop_sim_expect_at(probe, NULL, pattern, false, __FILE__, __LINE__)

/* The next message is a T; of the runtime's, too.  A const T *. */
#define cop_sim_expect_type(probe, T)                                                          \
    ((const T *)cop_sim_expect_at(probe, &T##_type, NULL, false, __FILE__, __LINE__))

/* A message that looks like this comes; others that came before it are left where they are. */
#define cop_sim_await(probe, pattern)                                                          \
    cop_sim_expect_at(probe, NULL, pattern, true, __FILE__, __LINE__)

/* The next is the end of a watched actor, and of that kind. */
#define cop_sim_expect_down(probe, who, kind)                                                  \
    cop_sim_expect_down_at(probe, who, kind, __FILE__, __LINE__)

/* The next is the end of a call that has no answer, but this error. */
#define cop_sim_expect_error(probe, err) cop_sim_expect_error_at(probe, err, __FILE__, __LINE__)

/* Nothing waits, and nothing comes within `ms`; 0: until no actor can run. */
#define cop_sim_expect_nothing(probe, ms)                                                      \
    cop_sim_expect_nothing_at(probe, ms, __FILE__, __LINE__)

COP_API const void *cop_sim_expect_at(cop_probe *probe, const cop_type *type,
                                      const char *pattern, bool skips, const char *file,
                                      int line);
COP_API const cop_down *cop_sim_expect_down_at(cop_probe *probe, cop_pid who,
                                               cop_exit_kind kind, const char *file, int line);
COP_API void cop_sim_expect_error_at(cop_probe *probe, cop_err err, const char *file, int line);
COP_API void cop_sim_expect_nothing_at(cop_probe *probe, int64_t ms, const char *file,
                                       int line);

#endif /* COPPICE_PROBE_H */
