/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.h - how values look in memory: what the walkers over messages share.
 */
#ifndef COPPICE_MESSAGE_SHAPE_H
#define COPPICE_MESSAGE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <coppice/type.h>

/*
 * How deep messages and lists may lie in each other, the outermost message included.  What
 * is deeper is neither copied nor decoded, so no walk can run out of stack.
 */
enum {
    COPI_DEPTH_MAX = 32
};

/* What cop_str, cop_bytes and all lists look like. */
typedef struct copi_span {
    const void *data;
    size_t count;
} copi_span;

/* What one value is, be it a field or an item of a list. */
typedef struct copi_value {
    const cop_type *nested; /* of MSG, and of LIST with item MSG */
    cop_field_kind kind;
    cop_field_kind item; /* of LIST */
} copi_value;

static inline copi_value
copi_value_of(const cop_field *field)
{
    return (copi_value){field->nested, (cop_field_kind)field->kind,
                        (cop_field_kind)field->item};
}

static inline copi_value
copi_value_item(copi_value list)
{
    return (copi_value){list.nested, list.item, COP_FIELD_BOOL};
}

/* By memcpy: a list of int64_t is another type than the span that we see it as. */
static inline copi_span
copi_span_at(const void *place)
{
    copi_span span;

    memcpy(&span, place, sizeof span);
    return span;
}

/* The buffer that a field or an item points to, or NULL. */
static inline cop_buf *
copi_buf_at(const void *place)
{
    cop_buf *buf;

    memcpy(&buf, place, sizeof buf);
    return buf;
}

/* The i-th item of a span. */
static inline const void *
copi_span_item(copi_span span, size_t size, size_t i)
{
    return (const char *)span.data + i * size;
}

/* The characters or bytes of a str, of bytes or of a buffer. */
copi_span copi_value_bytes(copi_value value, const void *place);

/* Bytes of a value in its struct or list. */
size_t copi_value_size(copi_value value);

/* Is a plain copy of these bytes a copy of the value? */
bool copi_value_is_flat(copi_value value);

/* May it hold references to buffers?  False is certain; see cop_type. */
bool copi_value_has_bufs(copi_value value);

/* Zero, empty, or a message of only such. */
bool copi_value_is_default(copi_value value, const void *place);

#endif /* COPPICE_MESSAGE_SHAPE_H */
