/* Classifies a handwritten digit with integers only, in C.
 *
 *   classify_c FOLDER     FOLDER: a quantized digits network, for example models/digits
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "digit.h"
#include "integra/integra.h"

/* Every function returns a status; integra_last_error() has the words. */
static void Check(integra_status status) {
  if (status == INTEGRA_OK) return;
  fprintf(stderr, "%s\n", integra_last_error());
  exit(status);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: classify_c FOLDER\n");
    return 2;
  }

  /* A network is loaded once. Any number of sessions, one for each thread, can share it. */
  integra_network* network = NULL;
  integra_session* session = NULL;
  Check(integra_network_load(argv[1], &network));
  Check(integra_session_create(network, NULL, &session));

  /* This network has one input, [1, 8, 8, 1], and one output, [1, 10]. */
  integra_tensor_info in = {sizeof(in)};
  integra_tensor_info out = {sizeof(out)};
  Check(integra_session_input(session, 0, &in));
  Check(integra_session_output(session, 0, &out));
  uint8_t image[64];
  uint8_t scores[10];
  if (in.bytes != sizeof(image) || out.bytes != sizeof(scores) || in.scale_count != 1) {
    fprintf(stderr, "%s is not a quantized digits network\n", argv[1]);
    return 2;
  }

  /* real = scale * (q - zero_point). The network takes pixels from 0 to 255. */
  for (int i = 0; i < 64; ++i) {
    const long q = lround(kDigit[i] * 255 / 16.0 / in.scales[0]) + in.zero_points[0];
    const long least = in.dtype == INTEGRA_INT8 ? -128 : 0;
    image[i] = (uint8_t)(q < least ? least : q > least + 255 ? least + 255 : q);
  }

  /* Run: one buffer for each input and output, all of them the caller's. */
  const integra_const_buffer inputs[] = {{image, sizeof(image)}};
  const integra_buffer outputs[] = {{scores, sizeof(scores)}};
  Check(integra_session_run(session, inputs, 1, outputs, 1));

  /* The largest score is the digit. Comparing needs no dequantization. */
  int best = 0;
  for (int i = 1; i < 10; ++i) {
    const int flip = out.dtype == INTEGRA_INT8 ? 0x80 : 0; /* orders int8 like uint8 */
    if ((scores[i] ^ flip) > (scores[best] ^ flip)) best = i;
  }
  printf("digit: %d\n", best);

  Check(integra_session_free(session));
  Check(integra_network_free(network));
  return 0;
}
