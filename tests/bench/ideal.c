/* SPDX-License-Identifier: Apache-2.0 */

/* What an actor runtime cannot do without, and nothing else: mailboxes that
 * any thread may push to, a run queue, a list of free messages, a function
 * pointer per actor.  No pids, links, timeouts, statistics, second worker.
 * It is the bound the other programs are held against, not a competitor. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FRAME        (64 * 1024)

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "ideal: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *
must_alloc(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    if (memory == NULL)
        die("out of memory");
    return memory;
}

static double
now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Messages and actors. */

typedef struct actor actor;
typedef struct message message;

struct message {
    _Atomic(message *) next;
    actor *from;
    uint64_t tag;
    uint64_t value;
};

struct actor {
    /* Senders: the newest message; ASLEEP is set while the owner is in no queue. */
    alignas(64) _Atomic(uintptr_t) newest;

    /* Owner: the message handled last, whose `next` is the one to handle now. */
    alignas(64) message *handled;
    void (*run)(actor *self);
    bool (*on_message)(actor *self, message *msg); /* False: it has crashed. */
    actor *next_ready; /* In the run queue, or in the list of free records. */

    /* The state of the actor. */
    actor *peer;
    uint64_t left;
    uint64_t total;

    message first; /* What a new mailbox holds, handled before it begins. */
    char rest[96]; /* The records measured by `idle` have the size of a real one. */
};

static_assert(sizeof(actor) == 256, "the size that the README states");

enum {
    ASLEEP = 1,
    SLICE = 64,   /* Messages a producer sends before others get their turn. */
    BUDGET = 1024 /* Messages handled before that: more than eight producers send. */
};

static message *free_messages;

static void
refill_messages(void)
{
    const size_t count = 1024;
    message *chunk = must_alloc(count * sizeof *chunk);

    for (size_t i = 0; i < count; i++) {
        atomic_init(&chunk[i].next, free_messages);
        free_messages = &chunk[i];
    }
}

static message *
take_message(void)
{
    if (free_messages == NULL)
        refill_messages();
    message *msg = free_messages;
    free_messages = atomic_load_explicit(&msg->next, memory_order_relaxed);
    return msg;
}

static void
give_message(message *msg)
{
    atomic_store_explicit(&msg->next, free_messages, memory_order_relaxed);
    free_messages = msg;
}

static struct {
    actor *head, *tail;
} ready;

static void
make_ready(actor *self)
{
    self->next_ready = NULL;
    if (ready.head == NULL)
        ready.head = self;
    else
        ready.tail->next_ready = self;
    ready.tail = self;
}

static void
post(actor *to, actor *from, uint64_t tag, uint64_t value)
{
    message *msg = take_message();
    msg->from = from;
    msg->tag = tag;
    msg->value = value;
    atomic_store_explicit(&msg->next, NULL, memory_order_relaxed);

    /* Release: what is in the message.  Acquire: the one before it is complete. */
    const uintptr_t before =
        atomic_exchange_explicit(&to->newest, (uintptr_t)msg, memory_order_acq_rel);
    message *older = (message *)(before & ~(uintptr_t)ASLEEP);
    /* Pairs with the acquire in run_mail. */
    atomic_store_explicit(&older->next, msg, memory_order_release);
    if (before & ASLEEP)
        make_ready(to);
}

static bool
fall_asleep(actor *self)
{
    uintptr_t expected = (uintptr_t)self->handled;
    /* Release: whoever wakes it up must see the owner's fields as they are now. */
    return atomic_compare_exchange_strong_explicit(&self->newest, &expected, expected | ASLEEP,
                                                   memory_order_release, memory_order_relaxed);
}

static void restart(actor *self);

static void
run_mail(actor *self)
{
    for (int budget = BUDGET; budget > 0; budget--) {
        message *msg = atomic_load_explicit(&self->handled->next, memory_order_acquire);
        if (msg == NULL && fall_asleep(self))
            return;
        if (msg == NULL)
            break; /* A sender is half-way through. */
        if (self->handled != &self->first)
            give_message(self->handled);
        self->handled = msg;
        if (!self->on_message(self, msg)) {
            self->run = restart;
            break;
        }
    }
    make_ready(self);
}

static void
actor_init(actor *self, bool (*on_message)(actor *, message *), actor *peer, uint64_t left)
{
    atomic_init(&self->first.next, NULL);
    atomic_init(&self->newest, (uintptr_t)&self->first | ASLEEP);
    self->handled = &self->first;
    self->run = run_mail;
    self->on_message = on_message;
    self->peer = peer;
    self->left = left;
    self->total = 0;
}

static actor *
actor_new(bool (*on_message)(actor *, message *), actor *peer, uint64_t left)
{
    actor *self = must_alloc(sizeof *self);
    actor_init(self, on_message, peer, left);
    return self;
}

/* Runs until nobody has anything to do; returns nanoseconds. */
static double
run_all(void)
{
    const double begin = now_ns();

    while (ready.head != NULL) {
        actor *self = ready.head;
        ready.head = self->next_ready;
        self->run(self);
    }
    return now_ns() - begin;
}

static double
millions_per_second(uint64_t count, double ns)
{
    return (double)count / ns * 1e3;
}

/* One case after the other. */

enum {
    GO,
    REPLY
};

static bool
ping(actor *self, message *msg)
{
    if (self->left-- > 0)
        post(self->peer, self, GO, msg->value + 1);
    return true;
}

static bool
pong(actor *self, message *msg)
{
    post(msg->from, self, REPLY, msg->value);
    return true;
}

static double
ping_pong(void)
{
    const uint64_t trips = 20000000;
    actor *server = actor_new(pong, NULL, 0);
    actor *client = actor_new(ping, server, trips);

    post(client, NULL, GO, 0);
    return run_all() / (double)trips;
}

/* A call that cannot fail is a pair of messages. */
static double
call(void)
{
    return 1e3 / ping_pong();
}

/* A slice, then to the end of the run queue, so that the consumer keeps up. */
static void
run_producer(actor *self)
{
    for (int i = 0; i < SLICE; i++)
        post(self->peer, self, GO, 1);
    self->left -= SLICE;
    if (self->left > 0)
        make_ready(self);
}

static bool
consume(actor *self, message *msg)
{
    self->total += msg->value;
    return true;
}

static double
fan_in(int producers)
{
    const uint64_t each = (uint64_t)(64000000 / producers);
    actor *consumer = actor_new(consume, NULL, 0);

    for (int i = 0; i < producers; i++) {
        actor *producer = actor_new(NULL, consumer, each);
        producer->run = run_producer;
        make_ready(producer);
    }
    const double ns = run_all();
    if (consumer->total != each * (uint64_t)producers)
        die("messages were lost");
    return millions_per_second(consumer->total, ns);
}

static double
one_to_one(void)
{
    return fan_in(1);
}

static double
eight_to_one(void)
{
    return fan_in(8);
}

static bool
pass_on(actor *self, message *msg)
{
    if (msg->value > 0)
        post(self->peer, self, GO, msg->value - 1);
    return true;
}

static double
ring(void)
{
    const int members = 503;
    const uint64_t hops = 30000000;
    actor *first = actor_new(pass_on, NULL, 0), *last = first;

    for (int i = 1; i < members; i++)
        last = last->peer = actor_new(pass_on, NULL, 0);
    last->peer = first;
    post(first, NULL, GO, hops);
    return millions_per_second(hops, run_all());
}

static actor *free_actors;

/* The whole life of a child: tell the parent, be gone. */
static void
run_child(actor *self)
{
    post(self->peer, self, REPLY, 0);
    self->next_ready = free_actors;
    free_actors = self;
}

static bool
spawn_next(actor *self, message *msg)
{
    (void)msg;
    if (self->left-- == 0)
        return true;
    actor *child = free_actors;
    if (child != NULL)
        free_actors = child->next_ready;
    else
        child = must_alloc(sizeof *child);
    actor_init(child, NULL, self, 0);
    child->run = run_child;
    make_ready(child);
    return true;
}

static double
spawn(void)
{
    const uint64_t children = 20000000;

    post(actor_new(spawn_next, NULL, children), NULL, GO, 0);
    return millions_per_second(children, run_all());
}

static bool
crash(actor *self, message *msg)
{
    (void)self;
    return msg->tag != GO;
}

/* What remains of a supervisor: a new state in the old record, and a report. */
static void
restart(actor *self)
{
    self->left = self->total = 0;
    self->on_message = crash;
    self->run = run_mail;
    post(self->peer, self, REPLY, 0);
    run_mail(self);
}

static double
restarts(void)
{
    const uint64_t crashes = 10000000;
    actor *child = actor_new(crash, NULL, 0);
    actor *driver = actor_new(ping, child, crashes);

    child->peer = driver;
    post(driver, NULL, GO, 0);
    return millions_per_second(crashes, run_all());
}

static double
resident_bytes(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    if (statm == NULL || fscanf(statm, "%*d %ld", &pages) != 1)
        die("/proc/self/statm");
    fclose(statm);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double
idle(void)
{
    const size_t actors = 1000000;
    const double before = resident_bytes();
    actor *all = must_alloc(actors * sizeof *all);

    for (size_t i = 0; i < actors; i++) {
        actor_init(&all[i], consume, NULL, 0);
        memset(all[i].rest, 0, sizeof all[i].rest);
    }
    return (resident_bytes() - before) / (double)actors;
}

/* Timers: a heap with four children per node, and where each timer is. */

enum {
    TIMERS = 1000000,
    TIMER_ROUNDS = 3
};

typedef struct entry {
    uint64_t due;
    uint64_t timer;
} entry;

typedef struct timer_times {
    double arm_ns;
    double cancel_ns;
} timer_times;

static struct {
    entry *at;
    uint32_t *where;
    size_t size;
} heap;

static void
place(size_t slot, entry what)
{
    heap.at[slot] = what;
    heap.where[what.timer] = (uint32_t)slot;
}

static void
rise(size_t slot, entry what)
{
    while (slot > 0 && heap.at[(slot - 1) / 4].due > what.due) {
        place(slot, heap.at[(slot - 1) / 4]);
        slot = (slot - 1) / 4;
    }
    place(slot, what);
}

static size_t
earliest_child(size_t slot)
{
    size_t best = slot * 4 + 1;

    for (size_t i = best + 1; i < slot * 4 + 5 && i < heap.size; i++)
        if (heap.at[i].due < heap.at[best].due)
            best = i;
    return best;
}

static void
sink(size_t slot, entry what)
{
    while (slot * 4 + 1 < heap.size) {
        const size_t child = earliest_child(slot);
        if (heap.at[child].due >= what.due)
            break;
        place(slot, heap.at[child]);
        slot = child;
    }
    place(slot, what);
}

static void
timer_arm(uint64_t timer, uint64_t due)
{
    rise(heap.size++, (entry){due, timer});
}

static void
timer_cancel(uint64_t timer)
{
    const size_t slot = heap.where[timer];
    const entry last = heap.at[--heap.size];

    if (slot == heap.size)
        return;
    if (slot > 0 && heap.at[(slot - 1) / 4].due > last.due)
        rise(slot, last);
    else
        sink(slot, last);
}

/* Between 10 and 60 seconds, in nanoseconds; the same ones each time. */
static uint64_t
some_delay(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return 10000000000u + (*seed >> 33) * 50000000000u / (1u << 31);
}

static timer_times
timers(void)
{
    timer_times sum = {0, 0};
    uint64_t seed = 1;

    heap.at = must_alloc(TIMERS * sizeof *heap.at);
    heap.where = must_alloc(TIMERS * sizeof *heap.where);
    /* Page faults would be most of it. */
    memset(heap.at, 1, TIMERS * sizeof *heap.at);
    memset(heap.where, 1, TIMERS * sizeof *heap.where);

    for (int round = 0; round < TIMER_ROUNDS; round++) {
        const double begin = now_ns();
        for (uint64_t i = 0; i < TIMERS; i++)
            timer_arm(i, some_delay(&seed));
        const double armed = now_ns();
        for (uint64_t i = 0; i < TIMERS; i++)
            timer_cancel(i);
        sum.arm_ns += (armed - begin) / TIMERS / TIMER_ROUNDS;
        sum.cancel_ns += (now_ns() - armed) / TIMERS / TIMER_ROUNDS;
    }
    return sum;
}

static double
timers_armed(void)
{
    return timers().arm_ns;
}

static double
timers_cancelled(void)
{
    return timers().cancel_ns;
}

/* Two processes: bare TCP on the loopback interface. */

typedef struct packet {
    uint32_t length;
    char bytes[64];
} packet;

static void
write_all(int fd, const void *from, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = write(fd, (const char *)from + done, size - done);
        if (n < 0)
            die("write");
        done += (size_t)n;
    }
}

static void
read_all(int fd, void *into, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = read(fd, (char *)into + done, size - done);
        if (n <= 0)
            die("read");
        done += (size_t)n;
    }
}

static int
listen_somewhere(struct sockaddr_in *where)
{
    socklen_t size = sizeof *where;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *where =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)where, size) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)where, &size) != 0)
        die("listen");
    return fd;
}

static int
without_delay(int fd)
{
    const int on = 1;

    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        die("connection");
    return fd;
}

/* Runs `serve` in a process of its own; returns a connection to it. */
static int
start_server(void (*serve)(int fd, uint64_t count), uint64_t count)
{
    struct sockaddr_in where;
    const int listener = listen_somewhere(&where);
    const pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(without_delay(accept(listener, NULL, NULL)), count);
        _exit(0);
    }
    close(listener);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof where) != 0)
        die("connect");
    return without_delay(fd);
}

static void
end_server(int fd)
{
    int status = 0;

    close(fd);
    if (wait(&status) < 0 || status != 0)
        die("the other process failed");
}

/* Handles the complete packets in the buffer; returns the bytes they take. */
static size_t
handle_packets(const char *buffer, size_t size, uint64_t *next)
{
    size_t used = 0;
    uint32_t length;

    while (size - used >= sizeof(packet)) {
        uint64_t number;
        memcpy(&length, buffer + used, sizeof length);
        memcpy(&number, buffer + used + sizeof length, sizeof number);
        if (length != 64 || number != *next) {
            errno = EPROTO;
            die("out of order");
        }
        ++*next;
        used += sizeof length + length;
    }
    return used;
}

static void
serve_stream(int fd, uint64_t count)
{
    static char buffer[FRAME];
    size_t have = 0;

    for (uint64_t next = 0; next < count;) {
        const ssize_t n = read(fd, buffer + have, sizeof buffer - have);
        if (n <= 0)
            die("read");
        have += (size_t)n;
        const size_t used = handle_packets(buffer, have, &next);
        memmove(buffer, buffer + used, have - used);
        have -= used;
    }
    write_all(fd, "", 1);
}

static double
node_to_node(void)
{
    static packet frame[FRAME / sizeof(packet)];
    const uint64_t count = 20000 * COUNT(frame);
    char end;
    const int fd = start_server(serve_stream, count);

    const double begin = now_ns();
    for (uint64_t number = 0; number < count;) {
        for (size_t i = 0; i < COUNT(frame); i++, number++) {
            frame[i].length = sizeof frame[i].bytes;
            memset(frame[i].bytes, (int)number, sizeof frame[i].bytes);
            memcpy(frame[i].bytes, &number, sizeof number);
        }
        write_all(fd, frame, sizeof frame);
    }
    read_all(fd, &end, 1);
    const double ns = now_ns() - begin;
    end_server(fd);
    return millions_per_second(count, ns);
}

static void
serve_echo(int fd, uint64_t count)
{
    packet msg;

    for (uint64_t i = 0; i < count; i++) {
        read_all(fd, &msg, sizeof msg);
        write_all(fd, &msg, sizeof msg);
    }
}

static double
node_rtt(void)
{
    const uint64_t trips = 6000;
    packet msg = {.length = sizeof msg.bytes};
    const int fd = start_server(serve_echo, trips);

    const double begin = now_ns();
    for (uint64_t i = 0; i < trips; i++) {
        write_all(fd, &msg, sizeof msg);
        read_all(fd, &msg, sizeof msg);
    }
    const double ns = now_ns() - begin;
    end_server(fd);
    return ns / (double)trips / 1e3;
}

/* Which case. */

static const struct {
    const char *name;
    const char *unit;
    double (*measure)(void);
} cases[] = {
    {"ping-pong",    "ns",  ping_pong       },
    {"one-to-one",   "M/s", one_to_one      },
    {"8-to-one",     "M/s", eight_to_one    },
    {"ring",         "M/s", ring            },
    {"spawn",        "M/s", spawn           },
    {"idle",         "B",   idle            },
    {"call",         "M/s", call            },
    {"restart",      "M/s", restarts        },
    {"timer-arm",    "ns",  timers_armed    },
    {"timer-cancel", "ns",  timers_cancelled},
    {"node-to-node", "M/s", node_to_node    },
    {"node-rtt",     "us",  node_rtt        },
};

static _Noreturn void
usage(void)
{
    fputs("usage: ideal [--workers N] CASE, with CASE one of", stderr);
    for (size_t i = 0; i < COUNT(cases); i++)
        fprintf(stderr, " %s", cases[i].name);
    fputs("\n", stderr);
    exit(2);
}

/* Four digits that mean something, and never an exponent. */
static int
decimals(double value)
{
    int digits = 3;

    for (; value >= 10 && digits > 0; digits--)
        value /= 10;
    for (; value < 1 && digits < 6; digits++)
        value *= 10;
    return digits;
}

int
main(int argc, char **argv)
{
    /* There is one thread here, whatever the number of workers asked for. */
    if (argc == 4 && strcmp(argv[1], "--workers") == 0 && atoi(argv[2]) > 0) {
        argv += 2;
        argc -= 2;
    }
    if (argc != 2)
        usage();
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (strcmp(argv[1], cases[i].name) != 0)
            continue;
        const double value = cases[i].measure();
        printf("%s ideal 1 %.*f %s\n", argv[1], decimals(value), value, cases[i].unit);
        return 0;
    }
    fprintf(stderr, "ideal: there is no case \"%s\"\n", argv[1]);
    usage();
}
