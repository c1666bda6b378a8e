// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the module's own objects as a program: emulators don't know the instruction that the kernel puts in place of a trap at boot, processors know the
 * one that the compilers write. A thread of the kernel is a process here, and a trap the signal that ends it.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The kernel's own code aligns the stack less. */
#define CALLED_BY_KERNEL __attribute__((force_align_arg_pointer))

int init_module(void);

CALLED_BY_KERNEL int _printk(const char *format, ...)
{
	va_list list;

	/* The level is two characters before the text. */
	va_start(list, format);
	vprintf(format + 2, list);
	va_end(list);
	fflush(stdout);
	return 0;
}

CALLED_BY_KERNEL void *kthread_create_on_node(int (*thread)(void *data), void *data, int node, const char *name, ...)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		thread(data);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	if (WIFSIGNALED(status))
		printf("planted: ended by %s\n", WTERMSIG(status) == SIGILL ? "a trap" : "a signal");
	fflush(stdout);
	return &init_module;
}

int wake_up_process(void *task)
{
	return 1;
}

void msleep(unsigned int time)
{
}

__asm__(".globl __x86_indirect_thunk_r11, __x86_return_thunk\n"
	"__x86_indirect_thunk_r11: jmp *%r11\n"
	"__x86_return_thunk: ret\n");

int main(void)
{
	return init_module();
}
