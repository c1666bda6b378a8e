// Two processes that talk through a binder device: a service, which is the device's context manager, and a caller.
//
//   binder-calls ping|payload|death|freeze|measure DEVICE
//
// What was seen is printed in `prints:` lines, figures in `figure:` lines; at the first thing that is wrong it exits with 1.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/android/binder.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAPPED (4 << 20)
#define LARGEST (64 << 10)
#define COOKIE 0x6761746531ull
#define ROUNDS 5

enum { PING = B_PACK_CHARS('P', 'I', 'N', 'G'), TURN = B_PACK_CHARS('T', 'U', 'R', 'N') };

static pid_t service_process;

static void wrong(const char *what)
{
	printf("wrong: %s (%s)\n", what, strerror(errno));
	fflush(stdout);
	if (service_process > 0)
		kill(service_process, SIGKILL);
	_exit(1);
}

static void must(int holds, const char *what)
{
	if (!holds)
		wrong(what);
}

static int open_device(const char *device)
{
	struct binder_version version = { 0 };
	int fd = open(device, O_RDWR | O_CLOEXEC);

	must(fd >= 0, "the device can't be opened");
	must(ioctl(fd, BINDER_VERSION, &version) == 0, "BINDER_VERSION");
	must(version.protocol_version == BINDER_CURRENT_PROTOCOL_VERSION, "protocol version");
	must(mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0) != MAP_FAILED, "mmap");
	return fd;
}

// Commands that wait to be written.
struct commands {
	uint8_t bytes[256];
	size_t length;
};

static void put(struct commands *commands, const void *data, size_t length)
{
	must(commands->length + length <= sizeof(commands->bytes), "too many commands");
	memcpy(commands->bytes + commands->length, data, length);
	commands->length += length;
}

static void put_word(struct commands *commands, uint32_t word)
{
	put(commands, &word, sizeof(word));
}

static void put_transaction(struct commands *commands, uint32_t command, uint32_t code, void *data, size_t length)
{
	struct binder_transaction_data transaction = { 0 };

	transaction.target.handle = 0;
	transaction.code = code;
	transaction.data_size = length;
	transaction.data.ptr.buffer = (binder_uintptr_t)data;
	put_word(commands, command);
	put(commands, &transaction, sizeof(transaction));
}

static void put_free(struct commands *commands, binder_uintptr_t buffer)
{
	put_word(commands, BC_FREE_BUFFER);
	put(commands, &buffer, sizeof(buffer));
}

// What one read brought.
struct returns {
	uint8_t bytes[4096];
	size_t length, next;
};

static int exchange(int fd, struct commands *commands, struct returns *returns)
{
	struct binder_write_read both = { 0 };

	both.write_buffer = (binder_uintptr_t)commands->bytes;
	both.write_size = commands->length;
	if (returns) {
		both.read_buffer = (binder_uintptr_t)returns->bytes;
		both.read_size = sizeof(returns->bytes);
	}
	int result;
	do
		result = ioctl(fd, BINDER_WRITE_READ, &both);
	while (result < 0 && errno == EINTR);
	commands->length = 0;
	if (returns) {
		returns->length = both.read_consumed;
		returns->next = 0;
	}
	return result;
}

static void take(struct returns *returns, void *data, size_t length)
{
	must(returns->next + length <= returns->length, "a return is cut off");
	memcpy(data, returns->bytes + returns->next, length);
	returns->next += length;
}

// The next return that says anything, with its data.
static uint32_t next_return(int fd, struct commands *commands, struct returns *returns,
			    struct binder_transaction_data *transaction, binder_uintptr_t *cookie)
{
	for (;;) {
		uint32_t word;

		if (returns->next == returns->length)
			must(exchange(fd, commands, returns) == 0, "BINDER_WRITE_READ");
		if (returns->next == returns->length)
			continue;
		take(returns, &word, sizeof(word));
		switch (word) {
		case BR_NOOP:
		case BR_SPAWN_LOOPER:
		case BR_TRANSACTION_COMPLETE:
			continue;
		case BR_INCREFS:
		case BR_ACQUIRE: {
			struct binder_ptr_cookie node;

			take(returns, &node, sizeof(node));
			put_word(commands, word == BR_INCREFS ? BC_INCREFS_DONE : BC_ACQUIRE_DONE);
			put(commands, &node, sizeof(node));
			continue;
		}
		case BR_RELEASE:
		case BR_DECREFS: {
			struct binder_ptr_cookie node;

			take(returns, &node, sizeof(node));
			continue;
		}
		case BR_TRANSACTION:
		case BR_REPLY:
			take(returns, transaction, sizeof(*transaction));
			return word;
		case BR_DEAD_BINDER:
		case BR_CLEAR_DEATH_NOTIFICATION_DONE:
			take(returns, cookie, sizeof(*cookie));
			return word;
		default:
			return word;
		}
	}
}

static void turn(uint8_t *to, const uint8_t *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		to[i] = ~from[length - 1 - i];
}

// Answers calls until it is killed; `ready` is closed when it can be called.
static void serve(const char *device, int ready)
{
	static struct commands commands;
	static struct returns returns;
	static uint8_t answer[LARGEST];
	int fd = open_device(device);

	must(ioctl(fd, BINDER_SET_CONTEXT_MGR, 0) == 0, "BINDER_SET_CONTEXT_MGR");
	put_word(&commands, BC_ENTER_LOOPER);
	must(exchange(fd, &commands, NULL) == 0, "BC_ENTER_LOOPER");
	must(write(ready, "1", 1) == 1, "the caller is gone");
	close(ready);
	for (;;) {
		struct binder_transaction_data call;
		binder_uintptr_t cookie;
		size_t length = 0;

		if (next_return(fd, &commands, &returns, &call, &cookie) != BR_TRANSACTION)
			continue;
		if (call.code == TURN) {
			length = call.data_size;
			turn(answer, (const uint8_t *)call.data.ptr.buffer, length);
		}
		put_free(&commands, call.data.ptr.buffer);
		if (!(call.flags & TF_ONE_WAY)) {
			put_transaction(&commands, BC_REPLY, call.code, answer, length);
			must(exchange(fd, &commands, NULL) == 0, "BC_REPLY");
		}
	}
}

static int start_service(const char *device)
{
	int ready[2];
	char byte;

	must(pipe(ready) == 0, "pipe");
	fflush(stdout);
	service_process = fork();
	must(service_process >= 0, "fork");
	if (service_process == 0) {
		service_process = -1;
		close(ready[0]);
		serve(device, ready[1]);
	}
	close(ready[1]);
	must(read(ready[0], &byte, 1) == 1, "the service did not start");
	close(ready[0]);
	return open_device(device);
}

static struct commands commands;
static struct returns returns;

// Calls the service and returns what the driver answers, with the reply's data copied to `answer`.
static uint32_t call(int fd, uint32_t code, void *data, size_t length, uint8_t *answer, size_t *answered)
{
	struct binder_transaction_data reply;
	binder_uintptr_t cookie;

	put_transaction(&commands, BC_TRANSACTION, code, data, length);
	// All of the write is done before anything is read.
	must(exchange(fd, &commands, &returns) == 0, "BC_TRANSACTION");
	uint32_t word = next_return(fd, &commands, &returns, &reply, &cookie);
	if (word != BR_REPLY)
		return word;
	must(!(reply.flags & TF_STATUS_CODE), "the reply is a status");
	must(reply.code == code, "the reply has another code");
	*answered = reply.data_size;
	must(reply.data_size <= LARGEST, "the reply is longer than any call");
	memcpy(answer, (void *)reply.data.ptr.buffer, reply.data_size);
	put_free(&commands, reply.data.ptr.buffer);
	must(exchange(fd, &commands, NULL) == 0, "BC_FREE_BUFFER");
	return word;
}

static uint8_t sent[LARGEST], turned[LARGEST], answer[LARGEST];

static void ping_once(int fd)
{
	size_t answered = 1;

	must(call(fd, PING, NULL, 0, answer, &answered) == BR_REPLY, "no reply to a ping");
	must(answered == 0, "the reply to a ping has data");
}

static void payload_once(int fd, size_t length, uint32_t seed)
{
	size_t answered = 0;

	for (size_t i = 0; i < length; i++) {
		seed = seed * 1664525 + 1013904223;
		sent[i] = seed >> 24;
	}
	turn(turned, sent, length);
	must(call(fd, TURN, sent, length, answer, &answered) == BR_REPLY, "no reply to a call with payload");
	must(answered == length, "the reply has another length");
	must(memcmp(turned, answer, length) == 0, "the reply has other data");
}

static void ping(int fd)
{
	for (int i = 0; i < 100; i++)
		ping_once(fd);
	printf("prints: 100 pings answered\n");
}

static void payload(int fd)
{
	unsigned long long bytes = 0;
	int calls = 0;

	for (; calls < 4000; calls++) {
		size_t length = (calls * 37) % 4099;
		payload_once(fd, length, calls);
		bytes += length;
	}
	for (size_t length = 8192; length <= LARGEST; length *= 2, calls++) {
		payload_once(fd, length, calls);
		bytes += length;
	}
	printf("prints: %d calls with %llu bytes of payload answered\n", calls, bytes);
}

static void death(int fd)
{
	struct binder_handle_cookie wish = { .handle = 0, .cookie = COOKIE };
	struct binder_transaction_data transaction;
	binder_uintptr_t cookie = 0;
	size_t answered;

	ping_once(fd);
	// Work for the process, not for one of its calls, is brought to threads that have entered the loop.
	put_word(&commands, BC_ENTER_LOOPER);
	put_word(&commands, BC_ACQUIRE);
	put_word(&commands, 0);
	// Asked for, taken back, and asked for again.
	put_word(&commands, BC_REQUEST_DEATH_NOTIFICATION);
	put(&commands, &wish, sizeof(wish));
	put_word(&commands, BC_CLEAR_DEATH_NOTIFICATION);
	put(&commands, &wish, sizeof(wish));
	uint32_t word = next_return(fd, &commands, &returns, &transaction, &cookie);
	must(word == BR_CLEAR_DEATH_NOTIFICATION_DONE && cookie == COOKIE, "a wish that was taken back is not confirmed");
	put_word(&commands, BC_REQUEST_DEATH_NOTIFICATION);
	put(&commands, &wish, sizeof(wish));
	must(exchange(fd, &commands, NULL) == 0, "BC_REQUEST_DEATH_NOTIFICATION");
	ping_once(fd);
	printf("prints: alive until it is killed\n");
	kill(service_process, SIGKILL);
	must(waitpid(service_process, NULL, 0) == service_process, "waitpid");
	service_process = -1;
	cookie = 0;
	word = next_return(fd, &commands, &returns, &transaction, &cookie);
	must(word == BR_DEAD_BINDER && cookie == COOKIE, "no notification of the death");
	put_word(&commands, BC_DEAD_BINDER_DONE);
	put(&commands, &cookie, sizeof(cookie));
	must(exchange(fd, &commands, NULL) == 0, "BC_DEAD_BINDER_DONE");
	must(call(fd, PING, NULL, 0, answer, &answered) == BR_DEAD_REPLY, "a dead service answers");
	printf("prints: notified of the death, calls are answered by BR_DEAD_REPLY\n");
}

static int freeze_service(int fd, int enable)
{
	struct binder_freeze_info info = { .pid = service_process, .enable = enable, .timeout_ms = 1000 };

	return ioctl(fd, BINDER_FREEZE, &info);
}

static void freeze(int fd)
{
	struct binder_frozen_status_info status = { .pid = service_process };
	size_t answered;

	ping_once(fd);
	must(freeze_service(fd, 1) == 0, "BINDER_FREEZE");
	uint32_t word = call(fd, PING, NULL, 0, answer, &answered);
	must(word == BR_FROZEN_REPLY, "a call to a frozen service is not refused with BR_FROZEN_REPLY");
	must(ioctl(fd, BINDER_GET_FROZEN_INFO, &status) == 0, "BINDER_GET_FROZEN_INFO");
	printf("prints: frozen: sync_recv %u, async_recv %u\n", status.sync_recv, status.async_recv);
	must(status.sync_recv & 1, "the call while frozen is not in the status");
	must(freeze_service(fd, 0) == 0, "BINDER_FREEZE (off)");
	ping_once(fd);
	printf("prints: answers again\n");
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static void measure(int fd)
{
	for (int with_payload = 0; with_payload < 2; with_payload++) {
		for (int round = 0; round < ROUNDS; round++) {
			double start = now(), end;
			int calls = 0;
			do {
				for (int i = 0; i < 16; i++, calls++) {
					if (with_payload)
						payload_once(fd, 1024, calls);
					else
						ping_once(fd);
				}
				end = now();
			} while (end - start < 1);
			printf("figure: %s_per_second %.0f 1/s\n", with_payload ? "transactions_of_1024_bytes" : "pings",
			       calls / (end - start));
		}
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int fd);
	} modes[] = {
		{ "ping", ping }, { "payload", payload }, { "death", death }, { "freeze", freeze }, { "measure", measure },
	};

	if (argc != 3)
		return 2;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(argv[1], modes[i].name))
			continue;
		modes[i].run(start_service(argv[2]));
		if (service_process > 0)
			kill(service_process, SIGKILL);
		return 0;
	}
	return 2;
}
