// Reads and writes a block device: checks that requests complete as they must, and measures how many do in a second.
//
//   block-io check DEVICE MIB BLOCK     prints what it saw, for comparison; exits with 1 at the first thing that is wrong
//   block-io measure DEVICE NAME        prints `figure:` lines
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PIECE 4096
#define REQUESTS 256
#define ROUNDS 5

static void wrong(const char *what)
{
	printf("wrong: %s (%s)\n", what, strerror(errno));
	exit(1);
}

static void must(int holds, const char *what)
{
	if (!holds)
		wrong(what);
}

static void fill(unsigned char *data, size_t length, uint32_t seed)
{
	for (size_t i = 0; i < length; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = seed >> 24;
	}
}

// Requests and sectors that the device has completed, as in Documentation/block/stat.rst.
struct stat_line {
	unsigned long long reads, read_sectors, writes, written_sectors;
};

static struct stat_line statistics(const char *device)
{
	char path[256];
	struct stat_line now;
	const char *name = strrchr(device, '/') + 1;

	snprintf(path, sizeof(path), "/sys/class/block/%s/stat", name);
	FILE *file = fopen(path, "r");
	must(file != NULL, "no statistics of the device");
	must(fscanf(file, "%llu %*u %llu %*u %llu %*u %llu", &now.reads, &now.read_sectors, &now.writes,
		    &now.written_sectors) == 4,
	     "statistics of another shape");
	fclose(file);
	return now;
}

static void *piece(size_t length)
{
	void *data;

	must(posix_memalign(&data, PIECE, length) == 0, "no memory");
	return data;
}

static void check(const char *device, uint64_t bytes, int block)
{
	uint64_t size = 0;
	int logical = 0;
	unsigned short rotational = 9;
	int fd = open(device, O_RDWR | O_DIRECT);

	must(fd >= 0, "the device can't be opened");
	must(ioctl(fd, BLKGETSIZE64, &size) == 0 && size == bytes, "size");
	must(ioctl(fd, BLKSSZGET, &logical) == 0 && logical == block, "logical block size");
	must(ioctl(fd, BLKROTATIONAL, &rotational) == 0, "rotational");
	printf("size %llu, block %d, rotational %u\n", (unsigned long long)size, logical, rotational);

	unsigned char *data = piece(PIECE);
	struct stat_line before = statistics(device);
	for (int i = 0; i < REQUESTS; i++) {
		// Spread over the device, the last one at its very end.
		off_t at = (size - PIECE) / (REQUESTS - 1) * i / PIECE * PIECE;
		if (i == REQUESTS - 1)
			at = size - PIECE;
		fill(data, PIECE, i);
		must(pwrite(fd, data, PIECE, at) == PIECE, "a write is not complete");
		must(pread(fd, data, PIECE, at) == PIECE, "a read is not complete");
	}
	struct stat_line after = statistics(device);
	printf("direct: %llu reads of %llu sectors, %llu writes of %llu sectors\n", after.reads - before.reads,
	       after.read_sectors - before.read_sectors, after.writes - before.writes,
	       after.written_sectors - before.written_sectors);
	must(after.reads - before.reads == REQUESTS && after.writes - before.writes == REQUESTS,
	     "the device did not count each request once");

	must(pread(fd, data, PIECE, size) == 0, "a read behind the end gives something");
	must(pwrite(fd, data, PIECE, size) == -1 && errno == ENOSPC, "a write behind the end is not refused");
	must(pread(fd, data, PIECE, 1) == -1 && errno == EINVAL, "an offset inside of a block is not refused");
	must(pread(fd, data, block, size - block) == block, "the last block can't be read by itself");
	must(fsync(fd) == 0, "fsync");
	printf("limits kept\n");

	// Through the page cache: what was written is read back, byte for byte, before and after it was sent to the device.
	int cached = open(device, O_RDWR);
	must(cached >= 0, "the device can't be opened without O_DIRECT");
	size_t length = 4 << 20;
	unsigned char *written = piece(length), *read_back = piece(length);
	fill(written, length, 7);
	for (int round = 0; round < 2; round++) {
		if (round == 0)
			must(pwrite(cached, written, length, 0) == (ssize_t)length, "a cached write is not complete");
		else
			must(fsync(cached) == 0, "fsync through the cache");
		memset(read_back, 0, length);
		must(pread(cached, read_back, length, 0) == (ssize_t)length, "a cached read is not complete");
		must(memcmp(written, read_back, length) == 0, "what is read back is not what was written");
	}
	struct stat_line flushed = statistics(device);
	must(flushed.written_sectors - after.written_sectors == length / 512, "fsync did not write each sector once");
	printf("cached: read back alike, %llu sectors written\n", flushed.written_sectors - after.written_sectors);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static void measure(const char *device, const char *name)
{
	uint64_t size = 0;
	int fd = open(device, O_RDWR | O_DIRECT);

	must(fd >= 0 && ioctl(fd, BLKGETSIZE64, &size) == 0, "the device can't be opened");
	unsigned char *data = piece(PIECE);
	for (int writes = 0; writes < 2; writes++) {
		for (int round = 0; round < ROUNDS; round++) {
			uint64_t seed = 1, done = 0;
			double start = now(), end;
			do {
				for (int i = 0; i < 64; i++, done++) {
					seed = seed * 6364136223846793005u + 1442695040888963407u;
					off_t at = (seed >> 33) % (size / PIECE) * PIECE;
					ssize_t got = writes ? pwrite(fd, data, PIECE, at) : pread(fd, data, PIECE, at);
					must(got == PIECE, "a request is not complete");
				}
				end = now();
			} while (end - start < 1);
			printf("figure: %s_%s_per_second %.0f 1/s\n", name, writes ? "writes" : "reads", done / (end - start));
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "check"))
		check(argv[2], (uint64_t)atoi(argv[3]) << 20, atoi(argv[4]));
	else if (argc == 4 && !strcmp(argv[1], "measure"))
		measure(argv[2], argv[3]);
	else
		return 2;
	return 0;
}
