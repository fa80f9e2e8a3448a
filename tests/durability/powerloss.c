/* A program's files on a disk that the test can take the power from.

   Loaded with LD_PRELOAD, it writes down what a program does to the files under POWERLOSS_ROOT, in order, into
   POWERLOSS_LOG, which must lie elsewhere. The program's own reads and writes go on as ever; fsync does nothing but write
   itself down, after POWERLOSS_FSYNC_US microseconds, so that no real disk has a say. disk.py reads the log, and tells
   what a disk may hold when the power goes at any moment of it.

   Each record is written before its call returns: whatever a program promises because a call returned is in the log
   before the promise is given. Not seen are mmap, sendfile and FILE*. disk.py finds out when they were used: then its
   files are not those of the folder.

   System calls are made directly, so that no dlsym is needed; the *at calls because all architectures have them.
   Other works of this kind: LazyFS (a FUSE file system), SQLite's own test6.c, ALICE. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FILES 65536

struct record {
    uint32_t kind;         /* a letter, see disk.py */
    uint32_t first, second; /* the bytes that follow: a path, data; a second path */
    uint32_t process;
    uint64_t handle; /* of an opened file, counted for each process */
    int64_t at;      /* a place or length in the file, or flags */
};

static char root[PATH_MAX];
static size_t root_length;
static int log_file = -1;
static useconds_t fsync_takes;
static uint64_t last_handle;
static uint64_t handles[MOST_FILES]; /* by file descriptor; 0: not ours */
static char appends[MOST_FILES];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("POWERLOSS_ROOT"), *log = getenv("POWERLOSS_LOG"), *takes = getenv("POWERLOSS_FSYNC_US");
    if (!folder || !log)
        return;
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    fsync_takes = takes ? (useconds_t)atoi(takes) : 0;
    int low = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    /* Out of the way of programs that expect the lowest numbers. */
    log_file = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 200);
    if (low >= 0)
        syscall(SYS_close, low);
    if (log_file < 0) {
        perror("powerloss: POWERLOSS_LOG");
        abort();
    }
}

static void note(char kind, uint64_t handle, int64_t at, const void *first, size_t first_size, const char *second) {
    struct record record = {(uint32_t)kind, (uint32_t)first_size, second ? (uint32_t)strlen(second) : 0,
                            (uint32_t)getpid(), handle, at};
    struct iovec parts[3] = {{&record, sizeof record}, {(void *)first, first_size}, {(void *)second, record.second}};
    ssize_t whole = (ssize_t)(sizeof record + first_size + record.second);
    int error = errno;
    if (syscall(SYS_writev, log_file, parts, 3) != whole) {
        static const char said[] = "powerloss: the log cannot be written\n";
        syscall(SYS_write, 2, said, sizeof said - 1);
        abort();
    }
    errno = error;
}

/* For the program under test: "this is promised now". */
void powerloss_note(const char *text) {
    pthread_mutex_lock(&one_at_a_time);
    if (log_file >= 0)
        note('n', 0, 0, text, strlen(text), NULL);
    pthread_mutex_unlock(&one_at_a_time);
}

/* Whether the path lies under the root; full is then its absolute form. */
static int ours(int folder, const char *path, char *full) {
    if (log_file < 0 || !path)
        return 0;
    full[0] = 0;
    if (path[0] != '/') {
        char link[64];
        if (folder == AT_FDCWD) {
            if (syscall(SYS_getcwd, full, PATH_MAX) < 0)
                return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, full, PATH_MAX - 1);
            if (length < 0)
                return 0;
            full[length] = 0;
        }
        if (strlen(full) + strlen(path) + 2 > PATH_MAX)
            return 0;
        strcat(full, "/");
        strcat(full, path);
    } else {
        if (strlen(path) >= PATH_MAX)
            return 0;
        strcpy(full, path);
    }
    return !strncmp(full, root, root_length) && (full[root_length] == '/' || full[root_length] == 0);
}

static uint64_t handle_of(int file) { return file >= 0 && file < MOST_FILES && log_file >= 0 ? handles[file] : 0; }

/* ---- opening and closing ---- */

static int open_file(int folder, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    if (!ours(folder, path, full))
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    pthread_mutex_lock(&one_at_a_time);
    int file, created = 0;
    for (;;) {
        /* Whether it is this call that makes the file, must be known. */
        int first = flags & O_EXCL ? flags : flags & ~O_CREAT;
        file = (int)syscall(SYS_openat, folder, path, first, mode);
        created = file >= 0 && (first & O_CREAT);
        if (file >= 0 || errno != ENOENT || first == flags)
            break;
        file = (int)syscall(SYS_openat, folder, path, flags | O_EXCL, mode);
        created = file >= 0;
        if (file >= 0 || errno != EEXIST)
            break;
    }
    if (file >= 0 && file < MOST_FILES) {
        handles[file] = ++last_handle;
        appends[file] = (flags & O_APPEND) != 0;
        int emptied = (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY;
        note('o', handles[file], created | emptied << 1, full, strlen(full), NULL);
    }
    pthread_mutex_unlock(&one_at_a_time);
    return file;
}

#define WITH_MODE(flags, mode)                        \
    mode_t mode = 0;                                  \
    if ((flags) & O_CREAT) {                          \
        va_list more;                                 \
        va_start(more, flags);                        \
        mode = (mode_t)va_arg(more, unsigned);        \
        va_end(more);                                 \
    }

int open(const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return open_file(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return open_file(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return open_file(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    WITH_MODE(flags, mode)
    return open_file(folder, path, flags, mode);
}
/* What a compiler makes of open() under _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int file) {
    if (handle_of(file))
        handles[file] = 0;
    return (int)syscall(SYS_close, file);
}

/* ---- writing ---- */

ssize_t pwrite(int file, const void *data, size_t size, off_t at) {
    if (!handle_of(file))
        return syscall(SYS_pwrite64, file, data, size, at);
    pthread_mutex_lock(&one_at_a_time);
    ssize_t written = syscall(SYS_pwrite64, file, data, size, at);
    if (written > 0)
        note('w', handles[file], at, data, (size_t)written, NULL);
    pthread_mutex_unlock(&one_at_a_time);
    return written;
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) { return pwrite(file, data, size, at); }

ssize_t write(int file, const void *data, size_t size) {
    if (!handle_of(file))
        return syscall(SYS_write, file, data, size);
    pthread_mutex_lock(&one_at_a_time);
    off_t at = lseek(file, 0, appends[file] ? SEEK_END : SEEK_CUR);
    ssize_t written = syscall(SYS_write, file, data, size);
    if (written > 0 && at >= 0)
        note('w', handles[file], at, data, (size_t)written, NULL);
    pthread_mutex_unlock(&one_at_a_time);
    return written;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (!handle_of(file))
        return syscall(SYS_writev, file, parts, count);
    ssize_t whole = 0;
    for (int part = 0; part < count; part++) {
        ssize_t written = write(file, parts[part].iov_base, parts[part].iov_len);
        if (written < 0)
            return whole ? whole : written;
        whole += written;
        if ((size_t)written < parts[part].iov_len)
            break;
    }
    return whole;
}

int ftruncate(int file, off_t size) {
    if (!handle_of(file))
        return (int)syscall(SYS_ftruncate, file, size);
    pthread_mutex_lock(&one_at_a_time);
    int failed = (int)syscall(SYS_ftruncate, file, size);
    if (!failed)
        note('t', handles[file], size, NULL, 0, NULL);
    pthread_mutex_unlock(&one_at_a_time);
    return failed;
}
int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }

/* ---- making it last ---- */

static int sync_file(int file, long call) {
    uint64_t handle = handle_of(file);
    if (!handle)
        return (int)syscall(call, file);
    /* What is written while it is under way need not be on the disk when it ends. */
    pthread_mutex_lock(&one_at_a_time);
    note('f', handle, 0, NULL, 0, NULL);
    pthread_mutex_unlock(&one_at_a_time);
    if (fsync_takes)
        usleep(fsync_takes);
    pthread_mutex_lock(&one_at_a_time);
    note('F', handle, 0, NULL, 0, NULL);
    pthread_mutex_unlock(&one_at_a_time);
    return 0;
}
int fsync(int file) { return sync_file(file, SYS_fsync); }
int fdatasync(int file) { return sync_file(file, SYS_fdatasync); }

/* ---- names ---- */

static int named(char kind, long result, const char *path, const char *second) {
    if (!result)
        note(kind, 0, 0, path, strlen(path), second);
    pthread_mutex_unlock(&one_at_a_time);
    return (int)result;
}

int renameat(int from, const char *old, int to, const char *new) {
    char first[PATH_MAX], second[PATH_MAX];
    int leaves = ours(from, old, first), comes = ours(to, new, second);
    if (!leaves && !comes)
        return (int)syscall(SYS_renameat2, from, old, to, new, 0);
    pthread_mutex_lock(&one_at_a_time);
    return named('r', syscall(SYS_renameat2, from, old, to, new, 0), first, second);
}
int rename(const char *old, const char *new) { return renameat(AT_FDCWD, old, AT_FDCWD, new); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
    char first[PATH_MAX], second[PATH_MAX];
    if (!ours(to, new, second))
        return (int)syscall(SYS_linkat, from, old, to, new, flags);
    ours(from, old, first);
    pthread_mutex_lock(&one_at_a_time);
    return named('l', syscall(SYS_linkat, from, old, to, new, flags), first, second);
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int unlinkat(int folder, const char *path, int flags) {
    char full[PATH_MAX];
    if (!ours(folder, path, full))
        return (int)syscall(SYS_unlinkat, folder, path, flags);
    pthread_mutex_lock(&one_at_a_time);
    return named('u', syscall(SYS_unlinkat, folder, path, flags), full, NULL);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char full[PATH_MAX];
    if (!ours(folder, path, full))
        return (int)syscall(SYS_mkdirat, folder, path, mode);
    pthread_mutex_lock(&one_at_a_time);
    return named('m', syscall(SYS_mkdirat, folder, path, mode), full, NULL);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
