/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - counts the words of many files on several nodes, loses some of them on the way,
 * and compares the result with a count made without them.
 *
 *      coordinator --- board            gives out files, adds up what comes back
 *        (a node)  \-- workers          a supervisor
 *                      |-- worker-1     an OS process: a node of its own
 *                      |-- worker-2     ...
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coppice/coppice.h>

#include "board.h"
#include "cluster.h"
#include "job.h"
#include "worker.h"

enum {
    TOP = 20,
    DEFAULT_WORKERS = 3,
};

static const char usage[] =
    "usage: demo [--workers N] [--no-faults] [--files LIST] [DIR...]\n"
    "Counts the words of all regular files below the directories (default:\n"
    "/usr/share/common-licenses and /usr/share/doc) on N worker nodes, kills one of them and\n"
    "freezes another on the way, and compares the result with sort and uniq.\n"
    "  --workers N    1 to 32 worker processes (default 3)\n"
    "  --no-faults    nobody is killed or frozen\n"
    "  --files LIST   count the files that LIST names, one in a line\n";

typedef struct arguments {
    const char *worker; /* set: we are a worker of this name ... */
    const char *join;   /* ... and this is the coordinator's address */
    bool is_wrong;
    bool wants_help;
} arguments;

static bool
read_count(const char *text, unsigned *out)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*end != '\0' || end == text || value < 1 || value > WORKERS_MAX) {
        fprintf(stderr, "demo: --workers takes a number from 1 to %d, not '%s'\n", WORKERS_MAX,
                text);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

static bool
add_defaults(job *job)
{
    return job_add_tree(job, "/usr/share/common-licenses") &&
           job_add_tree(job, "/usr/share/doc");
}

static arguments
read_arguments(int argc, char **argv, job *job)
{
    static const struct option options[] = {
        {"workers",    required_argument, NULL, 'n'},
        {"no-faults",        no_argument, NULL, 'q'},
        {"files",            required_argument, NULL, 'f'},
        {"help",no_argument, NULL, 'h'},
        {"worker",         required_argument, NULL, 'w'},
        {"join",      required_argument, NULL, 'j'},
        {0       },
    };
    arguments out = {0};
    bool has_files = false;

    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 'n': out.is_wrong |= !read_count(optarg, &job->workers); break;
        case 'q': job->has_faults = false; break;
        case 'f':
            has_files = true;
            out.is_wrong |= !job_add_list(job, optarg);
            break;
        case 'w': out.worker = optarg; break;
        case 'j': out.join = optarg; break;
        case 'h': out.wants_help = true; break;
        default: out.is_wrong = true; break;
        }
    }
    if (out.worker != NULL || out.wants_help || out.is_wrong)
        return out;
    for (; optind < argc; optind++, has_files = true)
        out.is_wrong |= !job_add_tree(job, argv[optind]);
    if (!has_files)
        out.is_wrong |= !add_defaults(job);
    return out;
}

/* ------------------------------------------------------------------- the coordinator */

/* The tree of the coordinator; as long as the node. */
typedef struct forest {
    char names[WORKERS_MAX][24];
    const char *argv[WORKERS_MAX][7];
    cop_process_spec specs[WORKERS_MAX];
    cop_child workers[WORKERS_MAX + 1];
    cop_child children[3];
    cop_child root;
    job *job;
} forest;

static void
plant(forest *self, job *job, const char *address)
{
    self->job = job;
    for (unsigned i = 0; i < job->workers; i++) {
        const char *argv[] = {"/proc/self/exe", "--worker", self->names[i],
                              "--join",         address,    NULL};
        snprintf(self->names[i], sizeof self->names[i], "worker-%u", i + 1);
        memcpy(self->argv[i], argv, sizeof argv);
        self->specs[i] = (cop_process_spec){.argv = self->argv[i]};
        self->workers[i] = (cop_child){.name = self->names[i],
                                       .run = &cop_process,
                                       .arg = &self->specs[i],
                                       .stop_ms = 3000};
    }
    self->children[0] = (cop_child){.name = "board", .run = &board_b, .arg = &self->job};
    self->children[1] = (cop_child){
        .name = "workers", .sup = self->workers, .budget = {2 * WORKERS_MAX, 60}
    };
    self->root = (cop_child){
        .name = "wordcount",
        .sup = self->children,
        .budget = {COP_NO_RESTARTS, 1},
        .anonymous = true
    };
}

static int
coordinate(job *job)
{
    static forest trees;
    cop_cluster_opts cluster = cluster_opts();
    cop_node *node = NULL;

    cop_err err =
        cop_node_new(&node, &(cop_node_opts){.name = COORDINATOR, .unix_signals = true});
    if (err == COP_OK)
        err = cop_cluster_start(node, &cluster);
    if (err == COP_OK) {
        plant(&trees, job, cop_cluster_address(node));
        err = cop_node_start(node, &cop_supervisor,
                             &(cop_spawn_opts){.arg = &trees.root, .label = trees.root.name},
                             NULL);
    }
    if (err != COP_OK)
        fprintf(stderr, "demo: cannot start: %s\n", cop_err_text(err));
    int status = err == COP_OK ? cop_node_wait(node, NULL) : 1;
    cop_node_free(&node);
    return status;
}

static bool
print_top(const job *job)
{
    word_entry *sorted = word_table_sorted(&job->words);

    if (sorted == NULL)
        return false;
    printf("the top %d of %zu words:\n", TOP, job->words.count);
    for (size_t i = 0; i < TOP && i < job->words.count; i++)
        printf("%10llu %.*s\n", (unsigned long long)sorted[i].count,
               sorted[i].size > 60 ? 60 : (int)sorted[i].size, sorted[i].text);
    free(sorted);
    return true;
}

static int
run(job *job)
{
    if (job->count == 0)
        printf("there are no regular files; the result will be empty\n");
    printf("counting the words of %zu files with %u worker nodes\n", job->count, job->workers);
    fflush(stdout);
    int status = coordinate(job);
    if (status != 0)
        return status;
    if (!job->is_complete || !print_top(job)) {
        fprintf(stderr, "demo: not all files were counted\n");
        return 1;
    }
    printf("comparing with sort and uniq ...\n");
    fflush(stdout);
    bool is_same = job_verify(job);
    printf("result %s\n", is_same ? "matches" : "DIFFERS");
    return is_same ? 0 : 1;
}

int
main(int argc, char **argv)
{
    job job = {.workers = DEFAULT_WORKERS, .has_faults = true};
    char name[] = "demo"; /* for getopt's messages, whatever the program's path is */
    int status = 2;

    argv[0] = name;
    arguments given = read_arguments(argc, argv, &job);
    if (given.is_wrong)
        fputs("demo: --help tells how to use it\n", stderr);
    else if (given.wants_help)
        fputs(usage, stdout);
    if (given.wants_help && !given.is_wrong)
        status = 0;
    else if (given.worker != NULL && given.join != NULL)
        status = worker_main(given.worker, given.join);
    else if (!given.is_wrong && given.worker == NULL)
        status = run(&job);
    job_fini(&job);
    return status;
}
