/* Integra's C interface: load a quantized network, make a session, run it with integers only.
 *
 *   integra_network* network = NULL;
 *   integra_session* session = NULL;
 *   if (integra_network_load("models/digits", &network) != INTEGRA_OK ||
 *       integra_session_create(network, NULL, &session) != INTEGRA_OK) {
 *     fprintf(stderr, "%s\n", integra_last_error());
 *   }
 *
 * Rules that hold for every function here:
 * - It returns a status; INTEGRA_OK is 0. On failure integra_last_error() says what was wrong, and
 *   what the function would have written through its pointers is left as it was.
 * - No C++ exception leaves it, and misuse gives INTEGRA_INVALID_ARGUMENT, never undefined
 *   behaviour: null pointers, a handle that was freed or is of the other kind, buffers of the wrong
 *   number or size, one session run by two threads at once. (What cannot be checked is whether
 *   a pointer that is not null points to as many bytes as were stated.)
 * - It may be called from any thread. A network may be used by any number of threads at the same
 *   time; a session by one at a time.
 * - Strings are UTF-8 and end with a zero byte. Memory that is returned belongs to the handle it
 *   was asked of and lives until that handle is freed.
 * - Structures that may grow begin with struct_size, which the caller sets to their sizeof; newer
 *   libraries accept older, smaller structures.
 */
#ifndef INTEGRA_INTEGRA_H_
#define INTEGRA_INTEGRA_H_

#include <stddef.h>
#include <stdint.h>

#include "integra/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Raised by 1 with every addition to this file; nothing in it changes its meaning within one major
 * version of the library. */
#define INTEGRA_API_VERSION 5

/* INTEGRA_API_VERSION of the library that is linked: at least the header's for the program to run
 * as compiled. */
INTEGRA_API int32_t integra_api_version(void);

/* "major.minor.patch" of the library that is linked. */
INTEGRA_API const char* integra_version(void);

typedef enum integra_status {
  INTEGRA_OK = 0,
  INTEGRA_INVALID_ARGUMENT = 2, /* the call is wrong */
  INTEGRA_INVALID_FILE = 3,     /* a file is damaged, inconsistent or hostile */
  INTEGRA_UNSUPPORTED = 4,      /* valid, but Integra cannot do it; the message names the node */
  INTEGRA_SYSTEM = 5,           /* memory, disk, permissions */
  INTEGRA_CANCELLED = 6,        /* should_stop ended the run */
  INTEGRA_INTERNAL = 70         /* a bug in Integra: please report the message */
} integra_status;

/* What the last failed call of this thread complained about: file, node or tensor, cause, remedy.
 * "" where none has failed. Valid until the thread's next failing call. */
INTEGRA_API const char* integra_last_error(void);

typedef enum integra_dtype {
  INTEGRA_FLOAT32 = 0,
  INTEGRA_INT8 = 1,
  INTEGRA_UINT8 = 2,
  INTEGRA_INT16 = 3,
  INTEGRA_INT32 = 4,
  INTEGRA_INT64 = 5,
  INTEGRA_BOOL = 6
} integra_dtype;

/* A tensor that goes in or comes out. real = scales[c] * (q - zero_points[c]), c being the index
 * along `axis`, or 0 where there is one scale for the whole tensor. */
typedef struct integra_tensor_info {
  size_t struct_size; /* set by the caller */
  const char* name;
  integra_dtype dtype;
  int32_t rank;
  const int64_t* shape; /* `rank` dimensions, outermost first; pictures are [N, H, W, C] */
  size_t bytes;         /* of a dense buffer that holds the tensor */
  int32_t scale_count;  /* 0: not quantized; 1: one scale for the tensor; else per channel */
  int32_t axis;
  const float* scales;
  const int32_t* zero_points;
} integra_tensor_info;

/* --- Networks: loaded once, immutable, shared by sessions and threads. --- */

typedef struct integra_network integra_network;

/* Loads a network file, or network.json in a folder, and checks all of it. */
INTEGRA_API integra_status integra_network_load(const char* path, integra_network** network);

/* Frees the handle; null is allowed. Sessions made from the network go on working. */
INTEGRA_API integra_status integra_network_free(integra_network* network);

INTEGRA_API integra_status integra_network_name(const integra_network* network, const char** name);

/* --- Threads that any number of sessions share. --- */

typedef struct integra_thread_pool integra_thread_pool;

/* `threads` counts the one that calls integra_session_run(); 0: every processor that the process
 * may use (its affinity mask and the CPU quotas of its control groups). */
INTEGRA_API integra_status integra_thread_pool_create(int32_t threads, integra_thread_pool** pool);

/* Frees the handle; null is allowed. Sessions made with it go on using the threads. */
INTEGRA_API integra_status integra_thread_pool_free(integra_thread_pool* pool);

/* --- Sessions: the memory and the kernel choice of one run. --- */

typedef struct integra_session integra_session;

typedef struct integra_session_options {
  size_t struct_size;   /* set by integra_session_options_init() */
  int32_t threads;      /* that work on one run, the caller's included; 0: all that may be used */
  int32_t keep_tensors; /* not 0: integra_session_read_tensor() can read every tensor */
  int64_t batch;        /* samples per run: multiplies dimension 0 of every input and output */
  const char* max_isa;  /* "portable", "sse41", "avx2", "avx2_vnni", "avx512", "avx512_vnni";
                         * null: any */
  const char* gemm;     /* "onednn", "own", "reference"; null: the best one for each layer */
  int32_t profile;      /* not 0: measure every node for integra_session_profile() */
  const integra_thread_pool*
      pool; /* shared threads, instead of `threads`; null: the session's own */
  /* Since version 3. Asked before every node, with should_stop_context, by the thread that runs:
   * anything but 0 ends the run with INTEGRA_CANCELLED. The outputs then hold anything, and the
   * session can run again. Null: never asked. */
  int32_t (*should_stop)(void* context);
  void* should_stop_context;
  /* Since version 5. Path of a file of kernel choices, which is made or added to: where it has none
   * for this network, processor and number of threads yet, integra_session_create() measures which
   * kernels are the fastest, about a second (INTEGRA_CANCELLED where should_stop ends it). Outputs
   * are the same bits. Null: nothing is measured. */
  const char* tuning;
} integra_session_options;

/* Sets the defaults: one thread, batch 1, nothing kept, nothing capped, no profile, no stop, no
 * tuning. */
INTEGRA_API integra_status integra_session_options_init(integra_session_options* options);

/* Plans the network: chooses kernels, packs weights, lays out memory. `options` may be null. */
INTEGRA_API integra_status integra_session_create(const integra_network* network,
                                                  const integra_session_options* options,
                                                  integra_session** session);

/* Frees the handle; null is allowed. A run that is under way in another thread still finishes. */
INTEGRA_API integra_status integra_session_free(integra_session* session);

INTEGRA_API integra_status integra_session_input_count(const integra_session* session,
                                                       size_t* count);
INTEGRA_API integra_status integra_session_output_count(const integra_session* session,
                                                        size_t* count);

/* Describes input or output `index`, the batch size applied. info->struct_size must be set. */
INTEGRA_API integra_status integra_session_input(const integra_session* session, size_t index,
                                                 integra_tensor_info* info);
INTEGRA_API integra_status integra_session_output(const integra_session* session, size_t index,
                                                  integra_tensor_info* info);

/* The caller's memory: dense elements of the tensor's dtype. */
typedef struct integra_const_buffer {
  const void* data;
  size_t bytes;
} integra_const_buffer;

typedef struct integra_buffer {
  void* data;
  size_t bytes;
} integra_buffer;

/* Runs once, one buffer for every input and output, in the network's order and each of exactly the
 * size that its description says. Allocates nothing. Where an argument is wrong nothing has run.
 * Outputs may not overlap inputs or each other. */
INTEGRA_API integra_status integra_session_run(integra_session* session,
                                               const integra_const_buffer* inputs,
                                               size_t input_count, const integra_buffer* outputs,
                                               size_t output_count);

/* Copies tensor `name` as the last run left it (the last sample of a batch) to `data`, which holds
 * `capacity` bytes, and sets *bytes to its size. With `data` null only sets *bytes. Tensors other
 * than outputs need the option keep_tensors. */
INTEGRA_API integra_status integra_session_read_tensor(integra_session* session, const char* name,
                                                       void* data, size_t capacity, size_t* bytes);

/* Since version 4. The scale of a tensor with a dynamic range is, after a run (of the last sample
 * of a batch), its own one times *multiplier / 2^(31 + *shift). Of other tensors it is as the
 * network says: the ratio 1, multiplier 2^30 and shift -1. */
INTEGRA_API integra_status integra_session_read_ratio(integra_session* session, const char* name,
                                                      int32_t* multiplier, int32_t* shift);

typedef struct integra_memory_use {
  size_t struct_size; /* set by the caller */
  size_t arena_bytes; /* activations */
  size_t scratch_bytes;
  size_t packed_weights_bytes; /* shared with the network's other sessions */
} integra_memory_use;

INTEGRA_API integra_status integra_session_memory(const integra_session* session,
                                                  integra_memory_use* memory);

/* What was planned for one node, and how long it took so far. */
typedef struct integra_node_profile {
  const char* node;
  const char* op;
  const char* kernel; /* which kernel was chosen */
  uint64_t multiply_accumulates;
  uint64_t calls; /* 0 without the option `profile` */
  uint64_t total_ns;
  uint64_t best_ns;
} integra_node_profile;

/* Writes up to `capacity` nodes to `nodes` and sets *count to how many there are. The strings live
 * until the session's next call of this function. */
INTEGRA_API integra_status integra_session_profile(integra_session* session,
                                                   integra_node_profile* nodes, size_t capacity,
                                                   size_t* count);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* INTEGRA_INTEGRA_H_ */
