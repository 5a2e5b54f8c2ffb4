/* SPDX-License-Identifier: MIT
 *
 * serve_bare.c: serve_bare PORT THREADS, a server of libmicrohttpd that reads each body and answers a constant: what
 * HTTP itself takes of the time of bio-serve. Ends with its standard input.
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As long as an answer of bio-serve about one record. */
static char answer[] =
    "{\"model\":{\"name\":\"model\",\"digest\":\"0123456789abcdef\"},\"request\":\"019aa7c0f3a1-9f3c21d8-0000002a\","
    "\"predictions\":[{\"name\":\"r\",\"class\":\"1\",\"probability\":0.98955997729749812,\"score\":4.5516136199261874}"
    "]}\n";

static enum MHD_Result on_request(void *job, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *bytes, size_t *length, void **state) {
  static int begun;
  (void)job, (void)path, (void)method, (void)version, (void)bytes;
  if (*state == NULL) {
    *state = &begun;
    return MHD_YES;
  }
  if (*length > 0) {
    *length = 0;
    return MHD_YES;
  }
  struct MHD_Response *response = MHD_create_response_from_buffer(sizeof answer - 1, answer, MHD_RESPMEM_PERSISTENT);
  if (response == NULL) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  const enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return queued;
}

int main(int argc, char **argv) {
  char rest[64];
  if (argc != 3) return 1;
  const unsigned threads = (unsigned)atoi(argv[2]);
  struct MHD_Daemon *daemon =
      MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, (uint16_t)atoi(argv[1]), NULL, NULL, on_request,
                       NULL, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0, MHD_OPTION_END);
  if (daemon == NULL) return 1;
  while (read(0, rest, sizeof rest) > 0) continue;
  MHD_stop_daemon(daemon);
  return 0;
}
