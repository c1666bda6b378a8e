// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's /init on machines that the host's programs can't run on: loads the modules of /modules/list in their order, unloads them in
 * the opposite one, prints KTAP, and ends the machine. It is compiled by the kernel's own compiler against tools/include/nolibc, so it needs
 * no C library.
 *
 * A module that finds no device (ENODEV) is skipped, with the kernel's answer; whatever else fails is a failure.
 */
#include "nolibc.h"

#include <linux/reboot.h>

#define MODULES 256
#define LINE 256

static int kmsg = 1;

/* One line, whole among the kernel's own. */
static void say(const char *a, int number, const char *b, const char *c, int error)
{
	char line[LINE];
	size_t at = 0;

	at += strlcpy(line, a, sizeof(line));
	if (number >= 0) {
		at += utoa_r(number, line + at);
		line[at++] = ' ';
	}
	line[at] = 0;
	at = strlcat(line, b, sizeof(line) - 16);
	at = strlcat(line, c, sizeof(line) - 16);
	if (error)
		at += utoa_r(error, line + at);
	line[at++] = '\n';
	write(kmsg, line, at);
}

/* The file's bytes; its size is put into *size. */
static void *contents(const char *path, long *size)
{
	int file = open(path, O_RDONLY);
	char *bytes;
	long at = 0, got;

	if (file < 0)
		return NULL;
	*size = lseek(file, 0, SEEK_END);
	lseek(file, 0, SEEK_SET);
	bytes = malloc(*size + 1);
	while (bytes && at < *size && (got = read(file, bytes + at, *size - at)) > 0)
		at += got;
	close(file);
	if (!bytes || at < *size)
		return NULL;
	bytes[*size] = 0;
	return bytes;
}

/* 0, or the error's number. */
static int load(const char *name)
{
	char path[LINE];
	long size, answer;
	void *bytes;

	strlcpy(path, "/modules/", sizeof(path));
	strlcat(path, name, sizeof(path));
	strlcat(path, ".ko", sizeof(path));
	bytes = contents(path, &size);
	if (!bytes)
		return ENOENT;
	answer = syscall(__NR_init_module, bytes, size, "");
	free(bytes);
	return answer ? errno : 0;
}

static int unload(const char *name)
{
	return syscall(__NR_delete_module, name, O_NONBLOCK) ? errno : 0;
}

int main(void)
{
	static char *names[MODULES];
	static int errors[MODULES];
	int count = 0, failed = 0, number = 0, error, i;
	char *list, *word;
	long size = 0;

	i = open("/dev/kmsg", O_WRONLY);
	if (i >= 0)
		kmsg = i;
	list = contents("/modules/list", &size);
	for (word = list; word && *word && count < MODULES; count++) {
		names[count] = word;
		word = strchr(word, '\n');
		if (word)
			*word++ = 0;
	}
	say("KTAP version 1", -1, "", "", 0);
	say("1..1", -1, "", "", 0);
	say("    KTAP version 1", -1, "", "", 0);
	say("    # Subtest: load_modules", -1, "", "", 0);
	say("    1..", 2 * count, "", "", 0);
	for (i = 0; i < count; i++) {
		error = errors[i] = load(names[i]);
		failed += error && error != ENODEV;
		if (error == ENODEV)
			say("    ok ", ++number, names[i], "_loads # SKIP the kernel found no device: error ", error);
		else if (error)
			say("    not ok ", ++number, names[i], "_loads # error ", error);
		else
			say("    ok ", ++number, names[i], "_loads", 0);
	}
	for (i = count - 1; i >= 0; i--) {
		if (errors[i]) {
			say("    ok ", ++number, names[i], "_unloads # SKIP it was not loaded: error ", errors[i]);
			continue;
		}
		error = unload(names[i]);
		failed += error != 0;
		if (error)
			say("    not ok ", ++number, names[i], "_unloads # error ", error);
		else
			say("    ok ", ++number, names[i], "_unloads", 0);
	}
	say(failed || !count ? "not ok 1 load_modules" : "ok 1 load_modules", -1, "", "", 0);
	reboot(LINUX_REBOOT_CMD_RESTART);
	reboot(LINUX_REBOOT_CMD_POWER_OFF);
	for (;;)
		sleep(1);
}
