/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_fuzz.c - any bytes are a frame and records that can be written again as they were
 * read, or are refused.
 *
 * Without libFuzzer the program runs the files that it is given, or makes up inputs: half
 * of them noise, half of them damaged frames.  COPPICE_SEED repeats a run.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "wire/frame.h"
#include "wire/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_hello(const copi_frame *frame)
{
    uint8_t bytes[COPI_HELLO_MAX];
    copi_hello hello;

    if (copi_hello_read(frame->payload, frame->size, &hello) != COP_OK)
        return;
    COPI_CHECK(memchr(hello.name, 0, sizeof hello.name) != NULL);
    COPI_CHECK(memchr(hello.address, 0, sizeof hello.address) != NULL);
    if (frame->size > COPI_HELLO_MAX)
        return; /* room for auth that we do not write */
    COPI_CHECK(copi_hello_write(bytes, &hello) == frame->size);
    COPI_CHECK(memcmp(bytes, frame->payload, frame->size) == 0);
}

static void
check_why(const uint8_t *bytes, size_t size)
{
    uint8_t again[COPI_WHY_MAX];
    cop_exit why;

    if (!copi_why_read(bytes, size, &why))
        return;
    COPI_CHECK(memchr(why.text, 0, sizeof why.text) != NULL);
    COPI_CHECK(memchr(why.path, 0, sizeof why.path) != NULL);
    COPI_CHECK(copi_why_write(again, &why) == size);
    COPI_CHECK(memcmp(again, bytes, size) == 0);
}

static void
check_records(const uint8_t *bytes, size_t size)
{
    copi_record record;

    while (size > 0) {
        uint8_t head[COPI_SIGNAL_HEAD];
        const uint8_t *begin = bytes;
        size_t left = size;
        if (copi_record_read(&bytes, &size, &record) != COPI_READ_ONE)
            return;
        COPI_CHECK(size < left && record.body + record.size == bytes);
        size_t head_size = copi_record_write(head, &record);
        COPI_CHECK(head_size + record.size == left - size);
        COPI_CHECK(memcmp(head, begin, head_size) == 0);
        if (record.kind == COPI_RECORD_DOWN)
            check_why(record.body, record.size);
        if (record.kind == COPI_RECORD_EXIT && record.size > 0)
            check_why(record.body + 1, record.size - 1);
    }
}

static void
check_small(const copi_frame *frame)
{
    uint64_t taken;
    uint16_t version;
    cop_err why;

    (void)copi_ack_read(frame, &taken);
    (void)copi_refuse_read(frame, &version, &why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Exactly as big as it is, so that a sanitizer sees a step beyond its end. */
    uint8_t *bytes = malloc(size + (size == 0));
    copi_frame frame;

    COPI_CHECK(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    if (copi_frame_read(bytes, size, &frame)) {
        uint8_t head[COPI_FRAME_HEAD];
        copi_frame_write(head, frame.type, frame.link, frame.counter);
        COPI_CHECK(memcmp(head, bytes, sizeof head) == 0);
        COPI_CHECK(frame.payload + frame.size == bytes + size);
        check_hello(&frame);
        check_records(frame.payload, frame.size);
        check_small(&frame);
    }
    free(bytes);
    return 0;
}

#ifndef COPPICE_LIBFUZZER

enum {
    INPUTS = 300000,
    INPUT_MAX = 4096
};

static uint8_t input[INPUT_MAX];

static size_t
noise(copi_rng *rng)
{
    size_t size = copi_rng_below(rng, 80);

    for (size_t i = 0; i < size; i++)
        input[i] = (uint8_t)copi_rng_below(rng, copi_rng_below(rng, 2) == 0 ? 12 : 256);
    if (size >= 4 && copi_rng_below(rng, 4) > 0)
        input[1] = input[2] = input[3] = 0;
    return size;
}

static size_t
put_hello(uint8_t *at)
{
    const copi_hello hello = {.version = COPI_PROTOCOL_VERSION,
                              .incarnation = 7,
                              .name = "node",
                              .address = "tcp://127.0.0.1:7001"};

    return copi_hello_write(at, &hello);
}

static size_t
put_records(copi_rng *rng, uint8_t *at)
{
    static const cop_exit why = {.kind = COP_EXIT_ERROR, .text = "boom", .cause_count = 1};
    uint8_t body[1 + COPI_WHY_MAX] = {1};
    size_t used = 0, size = copi_why_write(body + 1, &why);

    for (uint32_t i = copi_rng_below(rng, 6); i > 0; i--) {
        copi_record record = {.kind = COPI_RECORD_EXIT, .from = 1, .to = 2, .ref = 3};
        if (copi_rng_below(rng, 2) == 0)
            record.kind = (copi_record_kind)(1 + copi_rng_below(rng, 11));
        record.body = record.kind == COPI_RECORD_DOWN ? body + 1 : body;
        record.size = record.kind == COPI_RECORD_EXIT ? 1 + size : size;
        used += copi_record_write(at + used, &record);
        memcpy(at + used, record.body, record.size);
        used += record.size;
    }
    return used;
}

static size_t
damaged(copi_rng *rng)
{
    bool is_hello = copi_rng_below(rng, 4) == 0;
    copi_frame_type type = is_hello ? COPI_FRAME_HELLO : COPI_FRAME_DATA;

    copi_frame_write(input, type, copi_rng_next(rng), 1);
    size_t size = COPI_FRAME_HEAD + (is_hello ? put_hello(input + COPI_FRAME_HEAD)
                                              : put_records(rng, input + COPI_FRAME_HEAD));
    for (uint32_t i = copi_rng_below(rng, 4); i > 0; i--)
        input[copi_rng_below(rng, (uint32_t)size)] = (uint8_t)copi_rng_next(rng);
    return copi_rng_below(rng, 4) == 0 ? copi_rng_below(rng, (uint32_t)size) : size;
}

static void
run_file(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");

    COPI_CHECK(file != NULL);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    (void)LLVMFuzzerTestOneInput(bytes, size);
}

int
main(int argc, char **argv)
{
    const char *wanted = getenv("COPPICE_SEED");
    copi_rng rng = {wanted == NULL ? copi_rng_entropy() : strtoull(wanted, NULL, 0)};

    for (int i = 1; i < argc; i++)
        run_file(argv[i]);
    if (argc > 1)
        return 0;

    printf("COPPICE_SEED=%#llx\n", (unsigned long long)rng.state);
    fflush(stdout);
    for (int i = 0; i < INPUTS; i++)
        (void)LLVMFuzzerTestOneInput(input, i % 2 == 0 ? noise(&rng) : damaged(&rng));
    return 0;
}

#endif /* COPPICE_LIBFUZZER */
