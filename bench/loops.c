/* The loops that the plans are held against, in C: loops sendfile LOG, or loops writev LOG INDEX, prints the seconds
 * that sending took.
 *
 * sendfile goes by the message of 1 KiB. writev gathers from a mapping what a ConsumeQueue names, messages that touch
 * taken together, as many stretches a call as the kernel allows. The receiver is a process of its own on loopback that
 * discards what it gets, as the bench's consumer does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 1024, RANGES = 1024, ENTRY = 20 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void receive(int listener)
{
    int connection = accept(listener, NULL, NULL);
    while (recv(connection, NULL, 1 << 18, MSG_TRUNC) > 0) {
    }
}

static void by_sendfile(int sock, int log, off_t size)
{
    off_t offset = 0;
    while (offset < size) {
        if (sendfile(sock, log, &offset, MESSAGE) <= 0)
            fail("sendfile");
    }
}

static const unsigned char *mapped(int file, off_t *size)
{
    struct stat status;
    if (fstat(file, &status) < 0)
        fail("fstat");
    *size = status.st_size;
    void *map = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        fail("mmap");
    return map;
}

static void gathered(int sock, struct iovec *ranges, int count)
{
    while (count) {
        ssize_t sent = writev(sock, ranges, count);
        if (sent <= 0)
            fail("writev");
        for (; count && (size_t)sent >= ranges->iov_len; ranges++, count--)
            sent -= ranges->iov_len;
        if (sent) {
            ranges->iov_base = (char *)ranges->iov_base + sent;
            ranges->iov_len -= sent;
        }
    }
}

static void by_writev(int sock, int log, int index)
{
    static struct iovec ranges[RANGES];
    off_t log_size, index_size;
    const unsigned char *map = mapped(log, &log_size), *entries = mapped(index, &index_size);
    int count = 0;
    for (off_t at = 0; at + ENTRY <= index_size; at += ENTRY) {
        uint64_t offset;
        uint32_t length;
        memcpy(&offset, entries + at, sizeof offset);
        memcpy(&length, entries + at + 8, sizeof length);
        unsigned char *message = (unsigned char *)map + be64toh(offset);
        length = be32toh(length);
        if (count && (unsigned char *)ranges[count - 1].iov_base + ranges[count - 1].iov_len == message) {
            ranges[count - 1].iov_len += length;
            continue;
        }
        if (count == RANGES) {
            gathered(sock, ranges, count);
            count = 0;
        }
        ranges[count].iov_base = message;
        ranges[count++].iov_len = length;
    }
    gathered(sock, ranges, count);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int index = argc > 3 ? open(argv[3], O_RDONLY) : -1;
    int log = open(argv[2], O_RDONLY);
    struct stat status;
    if (log < 0 || fstat(log, &status) < 0)
        fail(argv[2]);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0)
        fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    pid_t receiver = fork();
    if (receiver == 0) {
        receive(listener);
        return 0;
    }
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(sock, (struct sockaddr *)&address, length) < 0)
        fail("connect");
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (index >= 0)
        by_writev(sock, log, index);
    else
        by_sendfile(sock, log, status.st_size);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.6f\n", (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9);
    close(sock);
    waitpid(receiver, NULL, 0);
    return 0;
}
