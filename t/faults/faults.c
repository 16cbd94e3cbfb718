
/*
 * What an operating system does to a program on a bad day, for t/faults.t:
 * loaded into nginx with LD_PRELOAD.
 *
 * The file that TPL_FAULTS names is mapped when nginx starts, and so shared
 * with its workers and with the test, which writes to it:
 *
 *     armed    allocations are counted, and the one that makes "left" zero
 *              fails, once; 0 lets everything pass
 *     left     allocations until the failure; 0 only counts
 *     count    allocations since the test has written 0 here
 *     size     the most bytes that a call reads or writes; 0 is no limit
 *
 * A test arms it while its only worker answers one request, so that nothing
 * else is hit.  An edge-triggered epoll would not report again what a short
 * read has left, so with "size" it is made level-triggered.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>


typedef struct {
    volatile uint32_t  armed;
    volatile uint32_t  left;
    volatile uint32_t  count;
    volatile uint32_t  size;
} tpl_faults_t;


/* glibc's own, there since its first version */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);


static tpl_faults_t   tpl_faults_none;
static tpl_faults_t  *tpl_faults = &tpl_faults_none;


__attribute__((constructor))
static void
tpl_faults_init(void)
{
    int          fd;
    void        *p;
    const char  *name;

    name = getenv("TPL_FAULTS");

    if (name == NULL) {
        return;
    }

    fd = open(name, O_RDWR);
    if (fd == -1) {
        abort();
    }

    p = mmap(NULL, sizeof(tpl_faults_t), PROT_READ|PROT_WRITE, MAP_SHARED,
             fd, 0);
    if (p == MAP_FAILED) {
        abort();
    }

    (void) close(fd);

    tpl_faults = p;
}


static int
tpl_faults_hit(void)
{
    if (!tpl_faults->armed) {
        return 0;
    }

    tpl_faults->count++;

    if (tpl_faults->left == 0 || --tpl_faults->left != 0) {
        return 0;
    }

    errno = ENOMEM;

    return 1;
}


static size_t
tpl_faults_size(size_t size)
{
    return (tpl_faults->size && size > tpl_faults->size) ? tpl_faults->size
                                                         : size;
}


void *
malloc(size_t size)
{
    return tpl_faults_hit() ? NULL : __libc_malloc(size);
}


void *
calloc(size_t n, size_t size)
{
    return tpl_faults_hit() ? NULL : __libc_calloc(n, size);
}


void *
realloc(void *p, size_t size)
{
    return tpl_faults_hit() ? NULL : __libc_realloc(p, size);
}


void *
memalign(size_t alignment, size_t size)
{
    return tpl_faults_hit() ? NULL : __libc_memalign(alignment, size);
}


void *
aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}


int
posix_memalign(void **p, size_t alignment, size_t size)
{
    *p = memalign(alignment, size);

    return *p ? 0 : ENOMEM;
}


/* only memory: mapped files do not take part */

void *
mmap(void *address, size_t size, int protection, int flags, int fd,
    off_t offset)
{
    if ((flags & MAP_ANONYMOUS) && tpl_faults_hit()) {
        return MAP_FAILED;
    }

    return (void *) syscall(SYS_mmap, address, size, protection, flags, fd,
                            offset);
}


int
epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
    struct epoll_event  level;

    if (event && tpl_faults->size) {
        level = *event;
        level.events &= ~EPOLLET;
        event = &level;
    }

    return syscall(SYS_epoll_ctl, ep, op, fd, event);
}


ssize_t
recv(int fd, void *buf, size_t size, int flags)
{
    return syscall(SYS_recvfrom, fd, buf, tpl_faults_size(size), flags, NULL,
                   NULL);
}


ssize_t
send(int fd, const void *buf, size_t size, int flags)
{
    return syscall(SYS_sendto, fd, buf, tpl_faults_size(size), flags, NULL, 0);
}


ssize_t
readv(int fd, const struct iovec *iov, int n)
{
    struct iovec  one;

    if (tpl_faults->size == 0 || n < 1) {
        return syscall(SYS_readv, fd, iov, n);
    }

    one = iov[0];
    one.iov_len = tpl_faults_size(one.iov_len);

    return syscall(SYS_readv, fd, &one, 1);
}


ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    struct iovec  one;

    if (tpl_faults->size == 0 || n < 1) {
        return syscall(SYS_writev, fd, iov, n);
    }

    one = iov[0];
    one.iov_len = tpl_faults_size(one.iov_len);

    return syscall(SYS_writev, fd, &one, 1);
}


ssize_t
sendfile(int out, int in, off_t *offset, size_t size)
{
    return syscall(SYS_sendfile, out, in, offset, tpl_faults_size(size));
}


ssize_t
sendfile64(int out, int in, off_t *offset, size_t size)
{
    return sendfile(out, in, offset, size);
}
