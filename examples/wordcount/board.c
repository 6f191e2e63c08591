/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "protocol.h"
#include "screen.h"

enum {
    NO_FILE = -1,
    CALL_MS = 2000,
};

/* One worker process as the board knows it; its successor takes its place. */
typedef struct seat {
    char name[32];
    cop_pid worker; /* none: lost, or not there yet */
    cop_ref monitor;
    int32_t os_pid;
    int64_t file;
    word_table words; /* of the file it has */
    bool is_complete; /* all of them; being added up */
} seat;

/* The two mishaps of the demo, in this order. */
typedef enum fault {
    FAULT_KILL,
    FAULT_FREEZE,
    FAULTS_DONE,
} fault;

typedef struct board {
    job *job;
    screen screen;
    seat seats[WORKERS_MAX];
    size_t next; /* files before it have been given at least once */
    size_t done;
    fault fault;              /* the next one */
    int32_t hit[FAULTS_DONE]; /* the processes that were */
    unsigned recovered;
    bool is_watching;
} board;

static seat *
seat_of(board *st, cop_pid worker)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        if (!cop_pid_is_none(worker) && cop_pid_equal(st->seats[i].worker, worker))
            return &st->seats[i];
    return NULL;
}

static seat *
seat_named(board *st, cop_str name)
{
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        seat *at = &st->seats[i];
        if (at->name[0] == '\0')
            snprintf(at->name, sizeof at->name, "%.*s", (int)name.size, name.data);
        if (cop_str_equal(name, at->name))
            return at;
    }
    return NULL;
}

/* --------------------------------------------------------------------------- faults */

/* The process of a seat is an actor here, under the seat's name. */
/* A process that was there a moment ago may have ended since: it is being started again. */
static cop_err
unless_gone(cop_err err)
{
    return err == COP_E_NOPROC ? COP_OK : err;
}

static cop_err
hit(cop_actor *me, const seat *at, int signo)
{
    cop_pid process = cop_whereis(me, at->name);

    return unless_gone(cop_send(me, process, cop_process_signal, .signo = signo));
}

static bool
was_hit(const board *st, int32_t os_pid)
{
    for (unsigned i = 0; i < (unsigned)st->fault; i++)
        if (os_pid != 0 && st->hit[i] == os_pid)
            return true;
    return false;
}

static bool
is_time_for(const board *st, fault which, size_t done)
{
    return st->job->has_faults && st->fault == which && st->recovered == (unsigned)which &&
           st->done >= done;
}

/* In the middle of the work, a worker that has something to do is frozen ... */
static cop_err
maybe_freeze(cop_actor *me, board *st, const seat *at)
{
    if (!is_time_for(st, FAULT_FREEZE, st->job->count / 2))
        return COP_OK;
    st->hit[st->fault++] = at->os_pid;
    screen_line(&st->screen, "fault: SIGSTOP to %s (process %d)", at->name, at->os_pid);
    return hit(me, at, SIGSTOP);
}

/* ... and before that, another one killed. */
static cop_err
maybe_kill(cop_actor *me, board *st, const seat *at)
{
    if (!is_time_for(st, FAULT_KILL, st->job->count / 4))
        return COP_OK;
    st->hit[st->fault++] = at->os_pid;
    screen_line(&st->screen, "fault: SIGKILL to %s (process %d)", at->name, at->os_pid);
    return hit(me, at, SIGKILL);
}

/* ---------------------------------------------------------------------------- giving */

static int64_t
next_file(board *st)
{
    const job *job = st->job;

    while (st->next < job->count && job->files[st->next].state != FILE_WAITING)
        st->next++;
    return st->next < job->count ? (int64_t)st->next : NO_FILE;
}

static size_t
waiting(const board *st)
{
    size_t given = 0;

    for (size_t i = 0; i < WORKERS_MAX; i++)
        given += st->seats[i].file != NO_FILE;
    return st->job->count - st->done - given;
}

/* The last file is kept back until the second mishap has its turn: there must be something
 * left for it to disturb. */
static bool
is_kept_back(const board *st)
{
    return st->job->has_faults && waiting(st) == 1 && st->recovered < (unsigned)st->fault &&
           st->fault != FAULTS_DONE;
}

static bool
is_over(const board *st)
{
    return st->done == st->job->count && st->recovered == (unsigned)st->fault;
}

static cop_err
end_if_over(cop_actor *me, board *st)
{
    if (!is_over(st) || st->job->is_complete)
        return COP_OK;
    st->job->is_complete = true;
    screen_fini(&st->screen);
    cop_node_stop(cop_node_of(me), NULL);
    return COP_OK;
}

static cop_err
give_work(cop_actor *me, board *st, seat *at)
{
    int64_t file = next_file(st);

    if (cop_pid_is_none(at->worker) || at->file != NO_FILE || file == NO_FILE ||
        is_kept_back(st))
        return end_if_over(me, st);
    COP_TRY(maybe_freeze(me, st, at));
    st->job->files[file].state = FILE_GIVEN;
    at->file = file;
    cop_err err = cop_send(me, at->worker, count_file, .file = (uint64_t)file,
                           .path = cop_str_from(st->job->files[file].path));
    /* If it cannot be reached it is lost, and that is on its way to us. */
    if (err != COP_OK && err != COP_E_NOCONNECTION)
        return err;
    return maybe_kill(me, st, at);
}

static cop_err
give_all(cop_actor *me, board *st)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        COP_TRY(give_work(me, st, &st->seats[i]));
    return COP_OK;
}

/* The worker of a seat is gone: what it had is to be done again, unless it was complete. */
static void
vacate(board *st, seat *at)
{
    at->worker = COP_PID_NONE;
    if (at->is_complete)
        return;
    if (at->file != NO_FILE) {
        st->job->files[at->file].state = FILE_WAITING;
        if ((size_t)at->file < st->next)
            st->next = (size_t)at->file;
    }
    at->file = NO_FILE;
    word_table_fini(&at->words);
}

/* --------------------------------------------------------------------------- handlers */

COP_HANDLER(board, cop_start)
{
    st->job = *(job *const *)msg->arg;
    for (size_t i = 0; i < WORKERS_MAX; i++)
        st->seats[i].file = NO_FILE;
    screen_init(&st->screen, st->job->count);
    return end_if_over(me, st);
}

static cop_err
watch_tree(cop_actor *me, board *st)
{
    if (st->is_watching)
        return COP_OK;
    st->is_watching = true;
    return cop_supervisor_watch(me, cop_whereis(me, "workers"));
}

COP_HANDLER(board, worker_ready)
{
    seat *at = seat_named(st, msg->name);

    COP_REQUIRE(me, at != NULL);
    COP_TRY(watch_tree(me, st));
    vacate(st, at);
    if (was_hit(st, at->os_pid)) {
        st->recovered++;
        screen_line(&st->screen, "%s is back (process %d)", at->name, msg->os_pid);
    }
    at->worker = cop_sender(me);
    at->os_pid = msg->os_pid;
    COP_TRY(cop_monitor(me, at->worker, &at->monitor));
    /* There may be work that was given back when nobody was free. */
    return give_all(me, st);
}

COP_HANDLER(board, counted_words)
{
    seat *at = seat_of(st, cop_sender(me));

    if (at == NULL || at->file != (int64_t)msg->file)
        return COP_OK; /* from a worker that we have given up */
    for (size_t i = 0; i < msg->words.count; i++) {
        const word_total *word = &msg->words.items[i];
        if (!word_table_add(&at->words, word->word.data, word->word.size, word->count))
            return COP_E_NOMEM;
    }
    return COP_OK;
}

COP_HANDLER(board, counted_file)
{
    seat *at = seat_of(st, cop_sender(me));

    if (at == NULL || at->file != (int64_t)msg->file || at->is_complete)
        return COP_OK;
    job_file *file = &st->job->files[at->file];
    file->state = msg->is_readable ? FILE_COUNTED : FILE_UNREADABLE;
    if (!msg->is_readable)
        screen_line(&st->screen, "cannot read %s", file->path);
    at->is_complete = true;
    return cop_send(me, cop_self(me), merge_on);
}

static cop_err
file_done(cop_actor *me, board *st, seat *at)
{
    at->is_complete = false;
    at->file = NO_FILE;
    screen_progress(&st->screen, ++st->done);
    return give_work(me, st, at);
}

/* What is complete is added up piece by piece, so that no handler takes long. */
COP_HANDLER(board, merge_on)
{
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        seat *at = &st->seats[i];
        if (!at->is_complete)
            continue;
        switch (word_table_merge(&st->job->words, &at->words)) {
        case READ_MORE: return cop_send(me, cop_self(me), merge_on);
        case READ_DONE: COP_TRY(file_done(me, st, at)); break;
        case READ_FAILED: return COP_E_NOMEM;
        }
    }
    return COP_OK;
}

/* Is the process that runs under the seat's name still the one that went silent? */
COP_REPLY(board, cop_process_id)
{
    for (size_t i = 0; err == COP_OK && i < WORKERS_MAX; i++) {
        const seat *at = &st->seats[i];
        if (cop_pid_is_none(at->worker) && at->os_pid == msg->os_pid) {
            screen_line(&st->screen, "killing %s (process %d), which is silent", at->name,
                        at->os_pid);
            return hit(me, at, SIGKILL);
        }
    }
    return COP_OK;
}

COP_HANDLER(board, cop_down)
{
    char why[200];
    seat *at = seat_of(st, msg->who);

    if (at == NULL || st->job->is_complete)
        return COP_OK;
    screen_line(&st->screen, "%s is down: %s", at->name,
                cop_exit_print(&msg->why, why, sizeof why));
    vacate(st, at);
    COP_TRY(unless_gone(cop_ask(me, cop_whereis(me, at->name), CALL_MS,
                                COP_THEN(board, cop_process_id), cop_process_info)));
    return give_all(me, st);
}

/* ------------------------------------------------------------------------- the tree */

COP_REPLY(board, cop_tree)
{
    char text[200];

    for (size_t i = 0; err == COP_OK && i < msg->lines.count; i++)
        screen_line(&st->screen, "  %s",
                    cop_tree_line_print(&msg->lines.items[i], text, sizeof text));
    return COP_OK;
}

COP_HANDLER(board, cop_child_event)
{
    if (st->job->is_complete)
        return COP_OK;
    if (msg->what != COP_NEWS_STARTED)
        screen_line(&st->screen, "tree: %.*s %s%s%.*s", (int)msg->name.size, msg->name.data,
                    cop_child_news_name((cop_child_news)msg->what),
                    msg->reason.size > 0 ? ": " : "", (int)msg->reason.size, msg->reason.data);
    if (msg->what != COP_NEWS_RESTARTED)
        return COP_OK;
    return cop_supervisor_tree(me, cop_whereis(me, "workers"), CALL_MS,
                               COP_THEN(board, cop_tree));
}

static void
board_dispose(void *state)
{
    board *st = state;

    for (size_t i = 0; i < WORKERS_MAX; i++)
        word_table_fini(&st->seats[i].words);
}

const cop_behaviour board_b = {
    .name = "board",
    .state_size = sizeof(board),
    .handlers = COP_HANDLERS(COP_ON(board, cop_start), COP_ON(board, worker_ready),
                             COP_ON(board, counted_words), COP_ON(board, counted_file),
                             COP_ON(board, merge_on), COP_ON(board, cop_down),
                             COP_ON(board, cop_child_event)),
    .dispose = board_dispose,
};
