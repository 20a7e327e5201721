/* Loaded before a process's own libraries (LD_PRELOAD): has every so manieth write to a database of SQLite fail, and
   the clock stand elsewhere. What is to be done stands in a file, whose name is in BREAKING, so that it can change
   while the process runs: the number of writes to one failure (0: none fails), and by how many seconds the clock is
   wrong. Compiled and driven by scripts/breakable.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long *orders; /* every, seconds, how many writes there were, how many failed */

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("BREAKING");
    int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *found = mmap(NULL, 4 * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (found != MAP_FAILED) orders = found;
        close(file);
    }
}

static int fails(int file) {
    char link[32], path[4096];
    if (!orders || !orders[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!strstr(path, ".sqlite3")) return 0;
    if (__sync_add_and_fetch(&orders[2], 1) % orders[0]) return 0;
    __sync_add_and_fetch(&orders[3], 1);
    return 1;
}

#define OWN(type, name, ...) static type (*own)(__VA_ARGS__); if (!own) own = dlsym(RTLD_NEXT, name)

ssize_t write(int file, const void *data, size_t size) {
    OWN(ssize_t, "write", int, const void *, size_t);
    if (fails(file)) { errno = ENOSPC; return -1; }
    return own(file, data, size);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t place) {
    OWN(ssize_t, "pwrite", int, const void *, size_t, off_t);
    if (fails(file)) { errno = ENOSPC; return -1; }
    return own(file, data, size, place);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t place) {
    OWN(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (fails(file)) { errno = ENOSPC; return -1; }
    return own(file, data, size, place);
}

int fsync(int file) {
    OWN(int, "fsync", int);
    if (fails(file)) { errno = EIO; return -1; }
    return own(file);
}

int fdatasync(int file) {
    OWN(int, "fdatasync", int);
    if (fails(file)) { errno = EIO; return -1; }
    return own(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    OWN(int, "clock_gettime", clockid_t, struct timespec *);
    int status = own(clock, now);
    if (!status && orders && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += orders[1];
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    OWN(int, "gettimeofday", struct timeval *restrict, void *restrict);
    int status = own(now, zone);
    if (!status && orders) now->tv_sec += orders[1];
    return status;
}

time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}
