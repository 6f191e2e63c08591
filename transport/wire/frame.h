/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - what a carrier carries: a header and a payload.
 *
 *      u8 type | 3 x 0 | u64 link | u64 counter | payload
 *
 * `link` names one attempt to connect one way, `counter` counts the frames of it from 0:
 * a frame that is missing, repeated or strange ends the session.  Answers go back along
 * the same link and repeat its number.
 *
 *      caller                        listener
 *      HELLO    who I am        ->
 *                               <-   WELCOME who I am, or REFUSE why not
 *      DATA     records         ->
 *      BEAT                     ->
 *                               <-   ACK     how much I have taken, or RESET
 *      BYE                      ->
 *                               <-   BYE
 *
 * PROOF is kept for a handshake with keys, for which HELLO and WELCOME have room as well.
 */
#ifndef COPPICE_WIRE_FRAME_H
#define COPPICE_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/err.h>

enum {
    COPI_PROTOCOL_VERSION = 3,
    COPI_FRAME_HEAD = 20,
    COPI_FRAME_MAX = 64 * 1024,  /* with its head */
    COPI_FRAME_FILL = 60 * 1024, /* records in one frame */
    COPI_NODE_NAME_MAX = 64,     /* with the terminating zero, as the next */
    COPI_ADDRESS_MAX = 128,
    COPI_HELLO_MAX = 512,
};

typedef enum copi_frame_type {
    COPI_FRAME_HELLO = 1,
    COPI_FRAME_WELCOME,
    COPI_FRAME_PROOF,
    COPI_FRAME_DATA,
    COPI_FRAME_BEAT,
    COPI_FRAME_ACK,
    COPI_FRAME_RESET,
    COPI_FRAME_BYE,
    COPI_FRAME_REFUSE,
} copi_frame_type;

typedef struct copi_frame {
    copi_frame_type type;
    uint64_t link;
    uint64_t counter;
    const uint8_t *payload; /* borrowed from what was read */
    size_t size;
} copi_frame;

/* What HELLO and WELCOME say. */
typedef struct copi_hello {
    uint16_t version;
    uint64_t incarnation;
    uint32_t message_max;
    char name[COPI_NODE_NAME_MAX];
    char address[COPI_ADDRESS_MAX]; /* where it listens */
    const uint8_t *auth;            /* borrowed; nothing in this version */
    uint8_t auth_size;
} copi_hello;

void copi_frame_write(uint8_t head[COPI_FRAME_HEAD], copi_frame_type type, uint64_t link,
                      uint64_t counter);
/* False if it is no frame. */
bool copi_frame_read(const uint8_t *bytes, size_t size, copi_frame *out);

/* The payload of HELLO and WELCOME; how long it is. */
size_t copi_hello_write(uint8_t payload[COPI_HELLO_MAX], const copi_hello *hello);
/* COP_E_VERSION if only the version could be read, COP_E_BAD_MESSAGE if nothing. */
COP_MUST_USE cop_err copi_hello_read(const uint8_t *payload, size_t size, copi_hello *out);

/* The payload of REFUSE, 6 bytes, and of ACK, 8 bytes. */
void copi_refuse_write(uint8_t payload[6], cop_err why);
bool copi_refuse_read(const copi_frame *frame, uint16_t *version, cop_err *why);
void copi_ack_write(uint8_t payload[8], uint64_t taken);
bool copi_ack_read(const copi_frame *frame, uint64_t *taken);

#endif /* COPPICE_WIRE_FRAME_H */
