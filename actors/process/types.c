/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "message/local.h"
#include "process/process.h"

const cop_type copi_process_rung_type = COPI_LOCAL("coppice", copi_process_rung);
const cop_type cop_process_await_room_type = COPI_LOCAL("coppice", cop_process_await_room);
const cop_type cop_process_room_type = COPI_LOCAL("coppice", cop_process_room);
const cop_type cop_process_refused_type = COPI_LOCAL("coppice", cop_process_refused);
const cop_type cop_process_close_input_type = COPI_LOCAL("coppice", cop_process_close_input);
const cop_type cop_process_signal_type = COPI_LOCAL("coppice", cop_process_signal);
const cop_type cop_process_info_type = COPI_LOCAL("coppice", cop_process_info);
const cop_type cop_process_id_type = COPI_LOCAL("coppice", cop_process_id);

static const cop_field output_fields[] = {
    {.name = "stream",
     .offset = offsetof(cop_process_output, stream),
     .number = 1,
     .kind = COP_FIELD_I32},
    {.name = "line",
     .offset = offsetof(cop_process_output, line),
     .number = 2,
     .kind = COP_FIELD_BYTES},
    {0},
};

const cop_type cop_process_output_type = {
    .protocol = "coppice",
    .name = "cop_process_output",
    .fields = output_fields,
    .size = sizeof(cop_process_output),
    .field_count = 2,
};

static const cop_field input_fields[] = {
    {.name = "data",
     .offset = offsetof(cop_process_input, data),
     .number = 1,
     .kind = COP_FIELD_BYTES},
    {0        },
};

const cop_type cop_process_input_type = {
    .protocol = "coppice",
    .name = "cop_process_input",
    .fields = input_fields,
    .size = sizeof(cop_process_input),
    .field_count = 1,
};
