/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - a small libevent server, as it was before anything of it was moved.
 *
 *      echo TEXT  ->  TEXT
 *      report     ->  a line of its statistics, or "off"
 *
 * It listens on the loopback and has a heartbeat.  All of it in the thread of its loop.
 */
#ifndef COPPICE_TESTS_SERVER_H
#define COPPICE_TESTS_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>

struct event_base;
typedef struct server server;

server *server_start(struct event_base *base);
/* Without its statistics. */
void server_free(server *self);
struct sockaddr_in server_address(const server *self);
unsigned server_beats(const server *self);

void server_start_stats(server *self, int probe, int report_ms);
void server_stop_stats(server *self);
/* Do they live, and if not, how have they ended? */
bool server_has_stats(const server *self);
bool server_stats_failed(const server *self);

#endif /* COPPICE_TESTS_SERVER_H */
