/* Counts the calls that change files, and lets one of them be the last, or it and all after it fail.

   Loaded in front of libc and armed from within the process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int armed, count, target, failure;
static char trace[1 << 16];
static size_t traced;

/* Call number `at` is never made: the process is killed there or, with an errno, it and all later
   ones fail. 0 lets every call pass. */
void disk_arm(int at, int error) {
  armed = 1;
  count = 0;
  target = at;
  failure = error;
  traced = 0;
}

void disk_disarm(void) { armed = 0; }

const char *disk_trace(void) {
  trace[traced] = 0;
  return trace;
}

static int fails(const char *what, const char *path, const char *other) {
  if (!armed) return 0;
  count++;
  if (traced < sizeof trace - 1) {
    int length = snprintf(trace + traced, sizeof trace - traced, "%s\t%s\t%s\n", what, path, other);
    traced = traced + length < sizeof trace ? traced + length : sizeof trace - 1;
  }
  if (!target || count < target) return 0;
  if (!failure) {
    kill(getpid(), SIGKILL);
    pause();
  }
  errno = failure;
  return 1;
}

static const char *name_of(int handle) {
  static char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = 0;
  return path;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

int open64(const char *path, int flags, ...) {
  REAL(int, open64, const char *, int, ...);
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) && fails("open", path, "")) return -1;
  return real(path, flags, mode);
}

ssize_t write(int handle, const void *data, size_t size) {
  REAL(ssize_t, write, int, const void *, size_t);
  if (armed && handle > 2) {
    /* Half of what was to be written is there: the worst that a full disk or a kill leaves. */
    if (target && count + 1 == target && size > 1 && real(handle, data, size / 2) < 0) return -1;
    if (fails("write", name_of(handle), "")) return -1;
  }
  return real(handle, data, size);
}

int fsync(int handle) {
  REAL(int, fsync, int);
  return armed && fails("fsync", name_of(handle), "") ? -1 : real(handle);
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  return fails("rename", from, to) ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  return fails("mkdir", path, "") ? -1 : real(path, mode);
}

int unlink(const char *path) {
  REAL(int, unlink, const char *);
  return fails("unlink", path, "") ? -1 : real(path);
}

int unlinkat(int folder, const char *path, int flags) {
  REAL(int, unlinkat, int, const char *, int);
  return fails("unlinkat", path, "") ? -1 : real(folder, path, flags);
}

int rmdir(const char *path) {
  REAL(int, rmdir, const char *);
  return fails("rmdir", path, "") ? -1 : real(path);
}
