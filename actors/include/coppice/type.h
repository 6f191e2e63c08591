/* SPDX-License-Identifier: Apache-2.0 */
/*
 * type.h - what the runtime knows of a message type.
 *
 * Written by the macros of message.h, read by the codec, the printer, the matcher and
 * the dispatcher.  A type is the same in every file that includes its protocol: the
 * descriptor is one weak symbol, and its address is its identity within a process.
 * Between processes the wire id is.
 */
#ifndef COPPICE_TYPE_H
#define COPPICE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coppice/api.h>
#include <coppice/pid.h>

/* Text in a message; not terminated.  The message owns the bytes. */
typedef struct cop_str {
    const char *data;
    size_t size;
} cop_str;

/* Bytes in a message.  The message owns them. */
typedef struct cop_bytes {
    const void *data;
    size_t size;
} cop_bytes;

/* Bytes that messages share; see buf.h.  A message holds references. */
typedef struct cop_buf cop_buf;

typedef enum cop_field_kind {
    COP_FIELD_BOOL,
    COP_FIELD_I32,
    COP_FIELD_I64,
    COP_FIELD_U32,
    COP_FIELD_U64,
    COP_FIELD_F64,
    COP_FIELD_STR,
    COP_FIELD_BYTES,
    COP_FIELD_BUF, /* cop_buf *; NULL is the empty one */
    COP_FIELD_PID,
    COP_FIELD_MSG,  /* a nested message, by value */
    COP_FIELD_LIST, /* struct { T const *items; size_t count; } */
} cop_field_kind;

struct cop_type;

typedef struct cop_field {
    const char *name;
    const struct cop_type *nested; /* of MSG, and of LIST with item MSG */
    uint32_t offset;               /* in the message's struct */
    uint16_t number;               /* on the wire: place in the list, from 1 */
    uint8_t kind;                  /* cop_field_kind */
    uint8_t item;                  /* cop_field_kind of the items of a LIST */
} cop_field;

typedef struct cop_type {
    const char *protocol;
    const char *name;
    const cop_field *fields;
    uint32_t number;  /* of the message in its protocol */
    uint32_t wire_id; /* from protocol and number; 0: never leaves the process */
    uint32_t size;    /* of the struct */
    uint16_t field_count;
    bool flat;     /* no strings, bytes, buffers or lists anywhere: a plain copy is enough */
    bool has_bufs; /* there may be buffers in it, or in lists of messages, of whatever type */
} cop_type;

#endif /* COPPICE_TYPE_H */
