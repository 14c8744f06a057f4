/* Makes every flush of a process last FSYNC_EXTRA_MS longer, as on a worn memory card. For LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int descriptor) {
  const char *extra = getenv("FSYNC_EXTRA_MS");
  long ms = extra ? atol(extra) : 0;
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
  int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  return flush(descriptor);
}

int fsync(int descriptor) { return slowly("fsync", descriptor); }

int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
