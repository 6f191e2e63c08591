/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster.h"
#include "protocol.h"
#include "table.h"

enum {
    WORDS_PER_MESSAGE = 256,
    BUSY_PAUSE_MS = 5,
};

typedef struct worker {
    cop_pid board;
    uint64_t file;
    bool is_open;
    bool is_readable;
    word_reader reader;
    word_table words;
    size_t sent; /* places of the table that have been sent */
} worker;

COP_HANDLER(worker, cop_start)
{
    return cop_watch_nodes(me);
}

COP_HANDLER(worker, cop_node_up)
{
    if (!cop_str_equal(msg->node, COORDINATOR))
        return COP_OK; /* another worker */
    st->board = cop_whereis(me, "board@" COORDINATOR);
    return cop_send(me, st->board, worker_ready,
                    .name = cop_str_from(cop_node_name(cop_node_of(me))),
                    .os_pid = (int32_t)getpid());
}

/* Without its coordinator a worker has nothing to do: its owner starts another. */
COP_HANDLER(worker, cop_node_down)
{
    return cop_str_equal(msg->node, COORDINATOR) ? cop_stop(me) : COP_OK;
}

/* The file of that name, or -1. */
static int
open_file(cop_str path)
{
    char name[4096];

    if (path.size >= sizeof name)
        return -1;
    memcpy(name, path.data, path.size);
    name[path.size] = '\0';
    return open(name, O_RDONLY | O_CLOEXEC);
}

static void
close_file(worker *st)
{
    if (st->is_open)
        close(st->reader.fd);
    st->is_open = false;
}

/* The next piece of the table; `next` is where the one after it begins. */
static size_t
piece(const worker *st, word_total *out, size_t *next)
{
    size_t count = 0, at = st->sent;

    for (; at < st->words.room && count < WORDS_PER_MESSAGE; at++) {
        const word_entry *entry = &st->words.places[at];
        if (entry->text != NULL)
            out[count++] = (word_total){
                {entry->text, entry->size},
                entry->count
            };
    }
    *next = at;
    return count;
}

/* COP_E_BUSY: the coordinator does not keep up. */
static cop_err
send_pieces(cop_actor *me, worker *st)
{
    while (st->sent < st->words.room) {
        word_total words[WORDS_PER_MESSAGE];
        size_t next, count = piece(st, words, &next);
        if (count > 0)
            COP_TRY(cop_send(me, st->board, counted_words, .file = st->file,
                             .words = {words, count}));
        st->sent = next;
    }
    return cop_send(me, st->board, counted_file, .file = st->file,
                    .is_readable = st->is_readable);
}

COP_HANDLER(worker, send_rest)
{
    cop_err err = send_pieces(me, st);

    if (err == COP_E_BUSY || err == COP_E_FULL)
        return cop_send_after(me, BUSY_PAUSE_MS, NULL, send_rest);
    if (err == COP_E_NOCONNECTION)
        return COP_OK; /* cop_node_down is on its way */
    word_table_fini(&st->words);
    return err;
}

/* A piece of the file at a time: a handler that takes long holds up its worker thread, and
 * a node that cannot beat is taken for dead. */
COP_HANDLER(worker, read_on)
{
    read_state state = st->is_open ? word_table_read(&st->words, &st->reader) : READ_FAILED;

    if (state == READ_MORE)
        return cop_send(me, cop_self(me), read_on);
    close_file(st);
    st->is_readable = state == READ_DONE;
    if (!st->is_readable)
        word_table_fini(&st->words);
    return cop_send(me, cop_self(me), send_rest);
}

COP_HANDLER(worker, count_file)
{
    close_file(st);
    word_table_fini(&st->words);
    st->file = msg->file;
    st->sent = 0;
    st->reader = (word_reader){.fd = open_file(msg->path)};
    st->is_open = st->reader.fd >= 0;
    return cop_send(me, cop_self(me), read_on);
}

static void
worker_dispose(void *state)
{
    worker *st = state;

    close_file(st);
    word_table_fini(&st->words);
}

static const cop_behaviour worker_b = {
    .name = "counter",
    .state_size = sizeof(worker),
    .handlers = COP_HANDLERS(COP_ON(worker, cop_start), COP_ON(worker, cop_node_up),
                             COP_ON(worker, cop_node_down), COP_ON(worker, count_file),
                             COP_ON(worker, read_on), COP_ON(worker, send_rest)),
    .dispose = worker_dispose,
};

int
worker_main(const char *name, const char *coordinator_address)
{
    cop_cluster_opts cluster = cluster_opts();
    cop_node *node = NULL;

    cluster.join = coordinator_address;
    cop_err err =
        cop_node_new(&node, &(cop_node_opts){.name = name, .workers = 2, .unix_signals = true});
    if (err == COP_OK)
        err = cop_cluster_start(node, &cluster);
    if (err == COP_OK)
        err = cop_node_start(node, &worker_b, NULL, NULL);
    if (err != COP_OK)
        fprintf(stderr, "%s: %s\n", name, cop_err_text(err));
    int status = err == COP_OK ? cop_node_wait(node, NULL) : 1;
    cop_node_free(&node);
    return status;
}
